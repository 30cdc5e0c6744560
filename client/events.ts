/**
 * Events: from what the browser reports to the binding that says what to do about it.
 *
 * One set of listeners on `window` serves all views. The element that counts is the nearest with the binding for
 * clicks, the element itself for keys and focus, the form or the input itself for changes.
 */
import { type CommandHost, type FormInput, runBinding, type Trigger } from "./commands.ts";
import { forgetUsed } from "./forms.ts";
import { containsThroughPortals } from "./portals.ts";
import { RateLimiter } from "./rate-limit.ts";

/** What the listeners need of the page. */
export interface EventHost extends CommandHost {
  /** Focus is being moved by us, not by the user. */
  isSilent(): boolean;
}

/** Starts listening, for the life of the page. */
export function bindEvents(host: EventHost): void {
  const events = new Events(host);
  window.addEventListener("mousedown", (event) => events.pressed(event), true);
  window.addEventListener("click", (event) => events.clicked(event));
  for (const type of ["input", "change"] as const) {
    window.addEventListener(type, (event) => events.changed(event));
  }
  window.addEventListener("submit", (event) => events.submitted(event));
  window.addEventListener("reset", (event) => events.reset(event));
  for (const type of ["keydown", "keyup"] as const) {
    window.addEventListener(type, (event) => events.key(type, event));
  }
  window.addEventListener("focusin", (event) => events.focus("focus", event));
  window.addEventListener("focusout", (event) => events.focus("blur", event));
  for (const type of ["focus", "blur"] as const) {
    window.addEventListener(type, (event) => {
      if (event.target === window) events.everywhere(`phx-window-${type}`, { type, data: {} });
    });
  }
}

class Events {
  readonly #host: EventHost;
  readonly #limiter = new RateLimiter();
  #pressedOn: Element | null = null;
  /** The input whose "input" event was the last change seen: the "change" that follows says nothing new. */
  #lastInput: EventTarget | null = null;

  constructor(host: EventHost) {
    this.#host = host;
  }

  pressed(event: MouseEvent): void {
    this.#pressedOn = event.target instanceof Element ? event.target : null;
  }

  clicked(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    // Enter in a field makes the browser click a button, with no mouse involved.
    const startedOn = event.detail === 0 ? event.target : (this.#pressedOn ?? event.target);
    this.#pressedOn = null;
    this.#clickedAway(startedOn);
    const link = this.#host.navigator.clicked(event);
    const el = event.target.closest("[phx-click]:not([disabled])");
    if (!el || (link && el !== link)) return; // what a live link is in does not get its clicks
    if (el.getAttribute("href") === "#") event.preventDefault();
    const view = this.#host.ownerOf(el);
    if (!view || (!link && view.refs.isHeld(el))) return;
    this.#run(el, "phx-click", { type: "click", data: {} });
  }

  changed(event: Event): void {
    const input = event.target;
    if (!isFormInput(input)) return;
    const repeated = event.type === "change" && this.#lastInput === input;
    this.#lastInput = event.type === "input" ? input : null;
    if (repeated || (input.type === "number" && input.validity.badInput)) return;
    const dispatcher = input.hasAttribute("phx-change") ? input : input.form;
    if (!dispatcher?.hasAttribute("phx-change")) return;
    if (!input.form) console.error("phx-change: expected the input to be in a form.", input);
    else this.#run(dispatcher, "phx-change", { type: "change", input }, input);
  }

  submitted(event: SubmitEvent): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("phx-submit") || !this.#host.ownerOf(form)) return;
    event.preventDefault();
    for (const input of form.elements) this.#limiter.cancel(input); // the submit says it all
    this.#run(form, "phx-submit", { type: "submit", submitter: event.submitter });
  }

  reset(event: Event): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    forgetUsed(form);
    const button = [...form.elements].find((el) => (el as HTMLInputElement).type === "reset");
    // The fields have their first values only after this event.
    if (button) requestAnimationFrame(() => button.dispatchEvent(new Event("input", { bubbles: true })));
  }

  key(type: "keydown" | "keyup", event: KeyboardEvent): void {
    // A browser that fills in a form fires key events without a key.
    if (typeof event.key !== "string" || !(event.target instanceof Element)) return;
    const trigger: Trigger = { type, data: { key: event.key } };
    if (event.target.hasAttribute(`phx-${type}`)) this.#keyOn(event.target, `phx-${type}`, trigger, event.key);
    else for (const el of bound(`phx-window-${type}`)) this.#keyOn(el, `phx-window-${type}`, trigger, event.key);
  }

  focus(type: "focus" | "blur", { target }: FocusEvent): void {
    if (!(target instanceof Element) || this.#host.isSilent()) return;
    if (type === "blur") {
      this.#limiter.flush(target);
      this.#lastInput = null;
    }
    if (target.hasAttribute(`phx-${type}`)) this.#run(target, `phx-${type}`, { type, data: {} });
  }

  everywhere(binding: string, trigger: Trigger): void {
    for (const el of bound(binding)) this.#run(el, binding, trigger);
  }

  /** Where the pointer went down decides: a drag that ends outside of a dialog does not close it. */
  #clickedAway(startedOn: Element): void {
    for (const el of bound("phx-click-away")) {
      if (containsThroughPortals(el, startedOn) || !isVisible(startedOn) || !isVisible(el) || !isInViewport(el))
        continue;
      this.#run(el, "phx-click-away", { type: "click", data: {} });
    }
  }

  #keyOn(el: Element, binding: string, trigger: Trigger, key: string): void {
    const wanted = el.getAttribute("phx-key");
    if (wanted !== null && wanted.toLowerCase() !== key.toLowerCase()) return;
    this.#run(el, binding, trigger, el, trigger.type === "keydown" ? key : undefined);
  }

  /** @param rated the element whose `phx-debounce` and `phx-throttle` count */
  #run(el: Element, binding: string, trigger: Trigger, rated: Element = el, key?: string): void {
    const run = () => {
      const value = el.getAttribute(binding);
      if (value && el.isConnected && this.#host.ownerOf(el)) runBinding(this.#host, el, value, trigger);
    };
    if (trigger.type === "blur") {
      run();
      return;
    }
    const rate = { debounce: rated.getAttribute("phx-debounce"), throttle: rated.getAttribute("phx-throttle") };
    this.#limiter.limit(rated, binding, rate, run, key);
  }
}

function bound(binding: string): Element[] {
  return [...document.querySelectorAll(`[${binding}]`)];
}

/** A reset button stands in for its form when that was reset. */
function isFormInput(target: EventTarget | null): target is FormInput {
  return target instanceof Element && "form" in target && "type" in target && "name" in target;
}

function isVisible(el: Element): boolean {
  return el.getClientRects().length > 0;
}

function isInViewport(el: Element): boolean {
  const { top, left, bottom, right } = el.getBoundingClientRect();
  return bottom >= 0 && right >= 0 && left <= window.innerWidth && top <= window.innerHeight;
}
