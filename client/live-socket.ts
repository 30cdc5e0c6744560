/**
 * LiveSocket: all live views of a page, on one websocket.
 *
 *   page                                   server
 *   <div data-phx-session ...>  ── View ── channel "lv:<id>" ─┐
 *   <div data-phx-session ...>  ── View ── channel "lv:<id>" ─┴─ one websocket
 */
import type { FrameEncoding } from "../liveview/protocol.ts";
import { Arrival } from "./arrival.ts";
import { type Backoff, reconnectAfterMs, rejoinAfterMs, spread } from "./backoff.ts";
import type { Channel, ChannelHandlers } from "./channel.ts";
import { type CommandHost, runBinding } from "./commands.ts";
import { socketUrl } from "./endpoint.ts";
import { bindEvents } from "./events.ts";
import { bindFocusWraps } from "./focus-wrap.ts";
import { submitNatively } from "./forms.ts";
import type { Encoding } from "./frame.ts";
import { bindMethodLinks } from "./method-links.ts";
import { type NavigatedPage, Navigator } from "./navigation/navigator.ts";
import { dropCookie } from "./one-request-cookie.ts";
import type { Page } from "./page.ts";
import { Reloads } from "./reload.ts";
import { Socket } from "./socket.ts";
import { Stay, submittedWithinMs } from "./stay.ts";
import { View } from "./view.ts";
import { bindViewport } from "./viewport.ts";

/** Version of this client. */
export const version = "0.1.0";

/** Params sent when connecting and with each join; a function is given the view's container, or null for the socket. */
export type Params = Record<string, unknown> | ((container: Element | null) => Record<string, unknown>);

export interface LiveSocketOptions {
  /** Default: none. Put the page's `_csrf_token` here. */
  params?: Params;
  /** Wait before the socket connects again; milliseconds. Default: 10, 50, 100 ... 5000, each spread by half. */
  reconnectAfterMs?: Backoff;
  /** Wait before a view joins again after it crashed; milliseconds. Default: 50, 200 ... 10000, each spread by half. */
  rejoinAfterMs?: Backoff;
  /** Default 30000. A connection that does not answer for as long again counts as closed. */
  heartbeatIntervalMs?: number;
  /** Wait for the answer to a join; milliseconds. Default 10000. */
  timeout?: number;
  /** Bounds of the wait before the page is loaded again; milliseconds. Defaults 5000 and 10000. */
  reloadJitterMin?: number;
  reloadJitterMax?: number;
  /** Page loads in a row at that pace. Default 10; from then on each waits for `failsafeJitter`. */
  maxReloads?: number;
  /** Milliseconds. Default 30000. */
  failsafeJitter?: number;
  /**
   * How the frames of views are written: "compact" text by default, "json" for a server or proxy that reads them, or
   * `msgpack` of `lintel/client/msgpack`.
   */
  encoding?: Encoding;
}

/** Close code of a server that says good-bye on purpose: it wants the page to be loaded again. */
const NORMAL_CLOSURE = 1000;

/**
 * Brings the live views of this page to life.
 *
 * @example
 * const csrf = document.querySelector("meta[name='csrf-token']").content;
 * new LiveSocket("/live", { params: { _csrf_token: csrf } }).connect();
 */
export class LiveSocket implements Page, NavigatedPage, CommandHost {
  /** @internal */
  readonly reloads: Reloads;
  /** @internal */
  readonly navigator: Navigator = new Navigator(this);
  /** @internal */
  readonly stay = new Stay();
  /** @internal */
  href = window.location.href;
  readonly #params: Params;
  readonly #encoding: Encoding;
  readonly #socket: Socket;
  readonly #views = new Map<string, View>();
  /** Containers of views that could not be joined. */
  #givenUp = new WeakSet<Element>();
  #started = false;
  #unloaded = false;
  #silent = 0;

  /** @param path path of the server's socket, `/live` by convention; or a full address */
  constructor(path: string, options: LiveSocketOptions = {}) {
    this.#params = options.params ?? {};
    this.#encoding = options.encoding ?? "compact";
    this.reloads = new Reloads({
      reloadJitterMin: options.reloadJitterMin ?? 5000,
      reloadJitterMax: options.reloadJitterMax ?? 10_000,
      maxReloads: options.maxReloads ?? 10,
      failsafeJitter: options.failsafeJitter ?? 30_000,
    });
    this.#socket = new Socket({
      url: () => socketUrl(path, this.params(null), window.location.href),
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? 30_000,
      reconnectAfterMs: options.reconnectAfterMs ?? spreading(reconnectAfterMs),
      channel: {
        joinTimeout: options.timeout ?? 10_000,
        rejoinAfterMs: options.rejoinAfterMs ?? spreading(rejoinAfterMs),
      },
      binary: typeof this.#encoding === "string" ? null : this.#encoding,
      onClose: (code) => this.#socketClosed(code),
    });
  }

  /** Connects and joins the page's views, as soon as the page has been read. */
  connect(): void {
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", () => this.connect(), { once: true });
      return;
    }
    this.#unloaded = false;
    if (!this.#started) this.#start();
    dropCookie("__phoenix_reload_status__"); // of a load that was interrupted
    this.#socket.connect();
    this.sync();
  }

  /** Closes the connection; the page stays as it is. `connect` brings it back. */
  disconnect(): void {
    this.#socket.disconnect();
  }

  isConnected(): boolean {
    return this.#socket.isOpen();
  }

  // --- for the views (see Page) and the navigator (see NavigatedPage) ----------------------------------------------------------------------------------

  /** @internal */
  params(container: Element | null): Record<string, unknown> {
    return typeof this.#params === "function" ? this.#params(container) : this.#params;
  }

  /** @internal */
  get frames(): FrameEncoding {
    return typeof this.#encoding === "string" ? this.#encoding : this.#encoding.name;
  }

  /** @internal */
  channel(topic: string, handlers: ChannelHandlers): Channel {
    return this.#socket.channel(topic, handlers);
  }

  /** @internal */
  sync(): void {
    for (const view of [...this.#views.values()]) if (!view.el.isConnected && !view.isArriving) this.#destroy(view);
    for (const el of document.querySelectorAll<HTMLElement>("[data-phx-session]")) {
      // A nested view has a session only once its parent was rendered on the connection.
      if (el.getAttribute("data-phx-session") === "" || !this.#isNew(el)) continue;
      const parentId = el.getAttribute("data-phx-parent-id");
      const parent = parentId === null ? null : this.#views.get(parentId);
      if (parent !== undefined) this.#join(new View(el, parent, this, parent ? null : new Arrival()));
    }
  }

  /** @internal */
  joinNested(html: Element, parent: View, arrival: Arrival<View>): void {
    const nested = `[data-phx-session]:not([data-phx-session=""])[data-phx-parent-id="${CSS.escape(parent.id)}"]`;
    for (const el of html.querySelectorAll<HTMLElement>(nested)) {
      if (this.#isNew(el)) this.#join(new View(onPage(el, parent.el), parent, this, arrival));
    }
  }

  /** @internal */
  destroyChildren(parent: View): void {
    this.#givenUp = new WeakSet();
    this.#destroyChildren(parent);
  }

  /** @internal */
  giveUp(view: View): void {
    this.#givenUp.add(view.el);
    this.#destroy(view);
  }

  #destroyChildren(parent: View): void {
    for (const view of [...this.#views.values()]) {
      if (view.parent !== parent) continue;
      this.#destroy(view);
      view.el.setAttribute("data-phx-session", ""); // the next render of the parent brings one that is valid
    }
  }

  #destroy(view: View): void {
    if (!view.parent) view.cancelArrival(); // before its children, which it does not await any more
    this.#destroyChildren(view);
    this.#views.delete(view.id);
    view.destroy();
  }

  /** @internal */
  main(): View | null {
    return [...this.#views.values()].find((view) => view.isMain()) ?? null;
  }

  /** @internal */
  replaceMain(arrival: Arrival<View>, outgoing: HTMLElement): void {
    dropCookie("__phoenix_reload_status__");
    this.#destroy(this.main()!);
    this.#join(new View(outgoing.cloneNode() as HTMLElement, null, this, arrival));
    for (const el of [outgoing, ...outgoing.querySelectorAll("[phx-remove]")]) {
      const binding = el.closest("[data-phx-sticky]") ? null : el.getAttribute("phx-remove");
      if (binding) runBinding(this, el, binding, { type: "remove", data: {} });
    }
  }

  /** @internal */
  showMain(outgoing: HTMLElement): void {
    const { el } = this.main()!;
    el.append(...outgoing.querySelectorAll("[data-phx-sticky]")); // to be found by the first patch, or else to go
    outgoing.replaceWith(el);
  }

  /** @internal */
  unload(): void {
    this.#unloaded = true;
    this.#socket.disconnect();
  }

  /** @internal */
  submit(form: HTMLFormElement): void {
    this.unload(); // what the server says from now on is not for this page any more
    submitNatively(form);
    this.stay.orBack(() => {
      if (!this.#unloaded) return;
      if (!this.main()?.outgoing) this.navigator.lost();
      for (const view of [...this.#views.values()]) if (!view.parent) this.destroyChildren(view);
      this.connect();
    }, submittedWithinMs);
  }

  /** @internal */
  isUnloaded(): boolean {
    return this.#unloaded;
  }

  /** @internal */
  silently(move: () => void): void {
    this.#silent += 1;
    try {
      move();
    } finally {
      this.#silent -= 1;
    }
  }

  /** @internal */
  isSilent(): boolean {
    return this.#silent > 0;
  }

  /** @internal */
  ownerOf(el: Element): View | null {
    return this.#views.get(ownerId(el) ?? "") ?? null;
  }

  #start(): void {
    this.#started = true;
    this.stay.start();
    bindFocusWraps();
    bindMethodLinks();
    this.navigator.start();
    bindViewport(this);
    bindEvents(this);
    window.addEventListener("pagehide", () => this.unload());
    // Back from the browser's cache: what the page shows is as old as the visit.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) window.location.reload();
    });
  }

  /** No view has this container, nor had one that was given up. */
  #isNew(el: Element): boolean {
    return el.id !== "" && !this.#views.has(el.id) && !this.#givenUp.has(el);
  }

  #join(view: View): void {
    this.#views.set(view.id, view);
    view.join();
  }

  #socketClosed(code: number): void {
    const main = this.main();
    if (main && code === NORMAL_CLOSURE) this.reloads.later(() => !main.isConnected());
  }
}

function spreading(backoff: Backoff): Backoff {
  return (tries) => spread(backoff(tries), Math.random());
}

/**
 * The container of a nested view that its parent's HTML wants: the one that the page was loaded with, which has the token
 * of what it shows, if there is one. A patch would not keep one of another tag.
 */
function onPage(el: HTMLElement, parent: HTMLElement): HTMLElement {
  const shown = parent.querySelector<HTMLElement>(`#${CSS.escape(el.id)}[data-phx-session]`);
  if (!shown) return el;
  if (shown.tagName === el.tagName) {
    shown.setAttribute("data-phx-session", el.getAttribute("data-phx-session")!);
    return shown;
  }
  const token = shown.getAttribute("data-phx-static");
  if (token !== null) el.setAttribute("data-phx-static", token);
  return el;
}

/** Id of the view that an element belongs to: what stands elsewhere by a portal belongs to the view of its template. */
function ownerId(el: Element): string | null {
  const owner = el.closest("[data-phx-session], [data-phx-teleported]");
  return owner && (owner.getAttribute("data-phx-teleported") ?? owner.id);
}
