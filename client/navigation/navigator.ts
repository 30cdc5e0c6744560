/**
 * Navigator: from one address to the next without loading a page.
 *
 *   live link, command,  ─▶ patch ───── live_patch ──▶ reply: same view ──────────────▶ history, scroll
 *   popstate                                │
 *                                           └────────▶ reply: another view's address
 *                                                            ▼
 *   live link, command,  ─▶ navigate ── leave, join ──▶ all arrived (arrival.ts) ─────▶ history, new container, scroll
 *   popstate, server                        └────────▶ refused: the page is loaded
 *
 * One is under way at a time: the next takes its place, and what was not done by then is not done any more. Where nothing
 * can be done live (no connection, no main view, another site) the browser loads the page.
 */
import type { LivePatchPayload } from "../../liveview/protocol.ts";
import { Arrival } from "../arrival.ts";
import { pageLoading } from "../page-loading.ts";
import type { Reloads } from "../reload.ts";
import type { View } from "../view.ts";
import { Entries, type EntryState, type EntryType, type Move } from "./entries.ts";
import { isPlainClick, liveLink } from "./links.ts";
import { keepScroll, scrollTo } from "./scroll.ts";

/** Navigations by the server in a row of which none arrives, before they count as going round in circles, and wait. */
const maxRedirects = 20;

/** What the navigator needs of the page. */
export interface NavigatedPage {
  readonly reloads: Reloads;
  /** Address of what the page shows. */
  href: string;
  main(): View | null;
  isConnected(): boolean;
  /** The connection was closed for good: only a page load helps. */
  isUnloaded(): boolean;
  /** Leaves the main view, and joins another one that will take its place, and that of its container. */
  replaceMain(arrival: Arrival<View>, outgoing: HTMLElement): void;
  /** Puts the container of the main view that has arrived into the page. */
  showMain(outgoing: HTMLElement): void;
}

/** How the server names an address to go to; `flash` is a token. */
export interface ServerTarget {
  to: string;
  kind: "push" | "replace";
  flash?: string;
}

/** What is known of a navigation from the start. */
interface Wish {
  /** Absolute address. */
  readonly to: string;
  /** What becomes of the entry that is left; null: nothing, the browser has moved or the server has overruled it. */
  history: "push" | "replace" | null;
  /** Shows that it waits. */
  readonly link?: Element | undefined;
  readonly flash?: string | undefined;
  /** How far the page is to be scrolled in the end. */
  readonly scroll?: number | undefined;
}

interface Underway extends Wish {
  /** Address that it was wished for on. */
  readonly referer: string;
  /** How far the page was scrolled. */
  readonly scrolled: number;
  arrival?: Arrival<View>;
  /** Ref of the patch that the server was asked for, and has not answered. */
  asked?: string | null;
  /** Tells the page that it is over. */
  loaded(): void;
}

export class Navigator {
  readonly #page: NavigatedPage;
  readonly #entries = new Entries(window.history, sessionStorageIfAllowed());
  #underway: Underway | null = null;
  #redirects = 0;

  constructor(page: NavigatedPage) {
    this.#page = page;
  }

  /** Starts listening, for the life of the page; with no main view there is nothing to navigate. */
  start(): void {
    const main = document.querySelector("[data-phx-main]");
    if (!main) return;
    this.#entries.begin(main.id);
    window.history.scrollRestoration = "manual";
    const { scroll } = this.#entries.current;
    if (scroll !== undefined) scrollTo(scroll);
    keepScroll((settled) => {
      if (!this.#underway) this.#entries.keepScroll(settled);
    });
    window.addEventListener("popstate", ({ state }) => this.#popped((state as EntryState | null) ?? {}));
  }

  /**
   * Follows the live link that was clicked on.
   *
   * @returns the link; null when the click is the browser's, or asks for what is under way
   */
  clicked(event: MouseEvent): Element | null {
    const el = event.target instanceof Element ? event.target.closest("[data-phx-link]") : null;
    if (!el || !isPlainClick(event) || !this.#page.isConnected() || !this.#page.main()) return null;
    const found = liveLink(el, document.baseURI);
    if (!found) return null;
    event.preventDefault();
    const { kind, href, history } = found;
    if (this.#underway?.history && this.#underway.to === href) return null;
    if (announce("before-navigate", href, kind)) this.go(kind, { to: href, history, link: el });
    return el;
  }

  /** To another address: of the same view, or of another one. Addresses of other sites, and what cannot be live, are loaded. */
  go(type: EntryType, { to: target, ...wish }: Wish): void {
    const to = new URL(target, window.location.href);
    const main = this.#page.main();
    if (!main || !this.#page.isConnected() || to.origin !== window.location.origin) {
      this.#page.reloads.visit(target, wish.flash);
    } else {
      this.#go(type, this.#begin(type, { ...wish, to: to.href }));
    }
  }

  /** The server has changed the address of the main view. */
  patched({ to, kind, ref }: LivePatchPayload): void {
    const underway = this.#underway;
    // What it did before it heard of the patch that is under way will not last. After a popstate it comes too late.
    const isEarlier = underway?.asked && underway.asked !== ref;
    if (isEarlier && !underway.history) return;
    if (underway && !isEarlier) underway.history = null;
    this.#record("patch", { to: new URL(to, window.location.href).href, history: kind, scrolled: window.scrollY });
    scrollTo(undefined);
  }

  /** The server wants another view. */
  redirected({ to, kind, flash }: ServerTarget): void {
    this.#redirects += 1;
    if (this.#redirects > maxRedirects) this.#page.reloads.later(() => true, to);
    else this.go("redirect", { to, history: kind, flash });
  }

  /** The main view was lost, and is joined again at the page's address: what else it was asked for is forgotten. */
  lost(): void {
    this.#underway?.loaded();
    this.#underway = null;
  }

  #popped(state: EntryState): void {
    const main = this.#page.main();
    const to = window.location.href;
    const referer = this.#page.href;
    if (!main || this.#page.isUnloaded()) {
      window.location.reload();
    } else if (withoutFragment(to) === withoutFragment(referer)) {
      this.#entries.movedWithin(main.id);
      this.#page.href = to;
      if (state.scroll !== undefined) scrollTo(state.scroll);
    } else {
      const move = this.#entries.moveTo(state);
      if (!announce("before-navigate", to, move.type, move)) {
        window.history.go(move.undo);
        return;
      }
      this.#entries.moved(state);
      this.#page.href = to;
      announce("navigate", to, move.type, move);
      const type = state.id === main.id ? move.type : "redirect";
      this.#go(type, this.#begin(type, { to, history: null, scroll: state.scroll }, referer));
    }
  }

  #begin(kind: EntryType, wish: Wish, referer = this.#page.href): Underway {
    this.#underway?.arrival?.cancel();
    this.#underway?.loaded();
    const stop = pageLoading({ to: wish.to, kind });
    const loaded = () => {
      wish.link?.classList.remove("phx-click-loading");
      stop();
    };
    this.#underway = { ...wish, referer, scrolled: window.scrollY, loaded };
    return this.#underway;
  }

  #go(type: EntryType, underway: Underway): void {
    const { to, link } = underway;
    const ifCurrent = (then: () => void) => () => {
      if (underway === this.#underway) then();
    };
    if (type === "patch") {
      const holds = link ? [{ el: link, loading: "phx-click-loading", lock: true }] : [];
      underway.asked = this.#page.main()!.pushPatch(to, holds, {
        patched: ifCurrent(() => {
          this.#record("patch", underway);
          this.#finish(underway);
        }),
        elsewhere: ifCurrent(() => this.#navigate(underway)),
        failed: () => this.#page.reloads.visit(window.location.href),
      });
    }
    if (!underway.asked) this.#navigate(underway);
  }

  #navigate(underway: Underway): void {
    const { to, referer, flash, link } = underway;
    const main = this.#page.main()!;
    const outgoing = main.outgoing ?? main.el;
    const arrival = new Arrival<View>(
      { to, referer, flash, outgoing },
      () => {
        this.#record("redirect", underway);
        this.#page.showMain(outgoing);
      },
      () => this.#finish(underway, 0),
    );
    underway.arrival = arrival;
    underway.asked = null;
    this.#page.replaceMain(arrival, outgoing);
    link?.classList.add("phx-click-loading");
  }

  /** @param top where to scroll to if nothing else is known */
  #finish(underway: Underway, top?: number): void {
    this.#underway = null;
    this.#redirects = 0;
    scrollTo(underway.scroll, top);
    underway.loaded();
  }

  #record(type: EntryType, { to, history, scrolled }: Pick<Underway, "to" | "history" | "scrolled">): void {
    if (!history) return;
    if (to !== window.location.href) {
      if (history === "push") this.#entries.keepScroll(scrolled);
      this.#entries.record(history, type, this.#page.main()!.id, to);
    }
    this.#page.href = to;
    announce("navigate", to, type);
  }
}

/**
 * Tells the page of a navigation: `phx:before-navigate`, which it can prevent, and `phx:navigate`.
 *
 * @param move of the browser within its history
 * @returns false when it was prevented
 */
function announce(event: "before-navigate" | "navigate", href: string, type: EntryType, move?: Move): boolean {
  const detail = { href, patch: type === "patch", pop: move !== undefined, direction: move?.direction ?? "forward" };
  return window.dispatchEvent(new CustomEvent(`phx:${event}`, { detail, cancelable: event === "before-navigate" }));
}

function withoutFragment(href: string): string {
  return href.split("#", 1)[0]!;
}

/** Browsers may forbid storage altogether. */
function sessionStorageIfAllowed(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
