/**
 * Viewport bindings: lists that go on where the user has scrolled to their end.
 *
 *   <ul id="rows" phx-update="stream" phx-viewport-top="prev" phx-viewport-bottom="next">
 *     ┌─ row 40 ───┐ ▲ scrolled up, and the first row is in view:    "prev" { id: "rows-40" }
 *     │  row 41    │   scrolled up beyond the list, once:            "prev" { id: "rows-40", _overran: true }
 *     └─ row 42 ───┘ ▼ scrolled down, and the last row is in view:   "next" { id: "rows-42" }
 *
 * Until the answer has come the row that was asked for is held in view, so that nobody scrolls on into nothing. What counts
 * as beyond the list is its own top, or that of the element that `phx-viewport-overrun-target` names by id.
 * Each of the three comes at most every 500 ms. Cost: a look at the bound elements per scroll event.
 */
import { type CommandHost, runBinding } from "./commands.ts";

const THROTTLE_MS = 500;
const boundSelector = "[phx-viewport-top], [phx-viewport-bottom]";

/** What scrolls: an element, or null for the page. */
type Scroller = Element | null;

interface Bound {
  /** Where its scroller was at the last look. */
  before: number;
  overran: boolean;
  /** While an event is under way: keeps the row in view. */
  hold: () => void;
  readonly throttles: Record<"overrun" | "top" | "bottom", Throttle>;
}

/** Starts listening, for the life of the page. */
export function bindViewport(host: CommandHost): void {
  const viewport = new Viewport(host);
  viewport.look();
  document.addEventListener("phx:update", () => viewport.look());
  window.addEventListener("scroll", ({ target }) => viewport.scrolled(target), { capture: true, passive: true });
}

class Viewport {
  readonly #host: CommandHost;
  readonly #bound = new WeakMap<Element, Bound>();

  constructor(host: CommandHost) {
    this.#host = host;
  }

  /** Which way somebody scrolls shows only against where they were before: new elements are noted. */
  look(): void {
    for (const el of document.querySelectorAll(boundSelector)) this.#stateOf(el, scrollerOf(el));
  }

  scrolled(target: EventTarget | null): void {
    for (const el of document.querySelectorAll(boundSelector)) {
      if (target instanceof Element && !target.contains(el)) continue;
      const scroller = scrollerOf(el);
      if (scroller === (target instanceof Element ? target : null)) this.#elementScrolled(el, scroller);
    }
  }

  #elementScrolled(el: Element, scroller: Scroller): void {
    const state = this.#stateOf(el, scroller);
    const now = scrollTop(scroller);
    const [up, down] = [now < state.before, now > state.before];
    state.before = now;
    const view = this.#host.ownerOf(el);
    if (!view?.isConnected()) return;
    if (view.refs.isHeld(el)) return state.hold();
    const [first, last] = [el.firstElementChild, el.lastElementChild];
    if (up && first && el.hasAttribute("phx-viewport-top")) {
      const beyond = overrunTarget(el).getBoundingClientRect().top >= topOf(scroller);
      if (beyond && !state.overran) {
        state.overran = true;
        state.throttles.overrun.run(() => this.#push(el, "top", { id: first.id, _overran: true }));
      }
      if (isInView(first.getBoundingClientRect().top, scroller)) this.#ask(el, "top", first, scroller);
    } else if (down) {
      if (overrunTarget(el).getBoundingClientRect().top <= topOf(scroller)) state.overran = false;
      const atBottom = last && el.hasAttribute("phx-viewport-bottom");
      if (atBottom && isInView(last.getBoundingClientRect().bottom, scroller)) this.#ask(el, "bottom", last, scroller);
    }
  }

  #ask(el: Element, end: "top" | "bottom", row: Element, scroller: Scroller): void {
    const state = this.#stateOf(el, scroller);
    const show = () => row.scrollIntoView({ block: end === "top" ? "start" : "end" });
    state.throttles[end].run(() => {
      if (!row.isConnected) return;
      this.#push(el, end, { id: row.id }, () => {
        // The answer is shown by then.
        requestAnimationFrame(() => {
          if (row.isConnected && !isInView(row.getBoundingClientRect().top, scroller)) show();
        });
      });
      state.hold = show;
    });
  }

  #push(el: Element, end: "top" | "bottom", data: Record<string, unknown>, done: () => void = () => {}): void {
    const binding = el.getAttribute(`phx-viewport-${end}`);
    const state = this.#bound.get(el);
    if (state) state.hold = () => {};
    if (binding && el.isConnected) runBinding(this.#host, el, binding, { type: "js", data, done });
  }

  #stateOf(el: Element, scroller: Scroller): Bound {
    let state = this.#bound.get(el);
    if (!state) {
      const throttles = { overrun: new Throttle(), top: new Throttle(), bottom: new Throttle() };
      state = { before: scrollTop(scroller), overran: false, hold: () => {}, throttles };
      this.#bound.set(el, state);
    }
    return state;
  }
}

/** Runs at once, and of what comes in the time after that the last at its end. */
class Throttle {
  #isWaiting = false;
  #next: (() => void) | null = null;

  run(work: () => void): void {
    if (this.#isWaiting) {
      this.#next = work;
      return;
    }
    this.#isWaiting = true;
    setTimeout(() => {
      const next = this.#next;
      this.#next = null;
      this.#isWaiting = false;
      if (next) this.run(next);
    }, THROTTLE_MS);
    work();
  }
}

/** The nearest that scrolls of the element and what it is in. */
function scrollerOf(el: Element): Scroller {
  for (
    let at: Element | null = el;
    at && at !== document.body && at !== document.documentElement;
    at = at.parentElement
  ) {
    if (/^(?:auto|scroll)$/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}

function scrollTop(scroller: Scroller): number {
  return scroller ? scroller.scrollTop : window.scrollY;
}

function topOf(scroller: Scroller): number {
  return scroller ? scroller.getBoundingClientRect().top : 0;
}

function bottomOf(scroller: Scroller): number {
  return scroller ? scroller.getBoundingClientRect().bottom : window.innerHeight;
}

/** @param edge of an element, in the window's coordinates; fractions of a pixel do not count */
function isInView(edge: number, scroller: Scroller): boolean {
  return Math.ceil(edge) >= topOf(scroller) && Math.floor(edge) <= bottomOf(scroller);
}

function overrunTarget(el: Element): Element {
  const id = el.getAttribute("phx-viewport-overrun-target");
  const target = id === null ? el : document.getElementById(id);
  if (!target) console.error(`phx-viewport-overrun-target: expected an element with the id "${id}", got none.`, el);
  return target ?? el;
}
