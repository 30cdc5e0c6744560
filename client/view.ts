/**
 * View: one live view on the page: its container, its channel, its tree, and what is under way between them.
 *
 *                 join ok              events, diffs
 *   joining ───────────────▶ live ◀──────────────────▶
 *      ▲                      │
 *      │      phx_error,      ▼
 *      └──── socket closed ── lost      the page stays as it is, with the class phx-error
 *
 * After a rejoin the forms are recovered before the new tree is shown; diffs that come meanwhile wait.
 *
 * Invariant: `#tree` describes what is on the page, or in the copies of locked elements beside it. A diff that cannot
 * be applied breaks it, and so costs a rejoin.
 */
import type { EventPayload, FrameEncoding, JoinPayload, ReplyResponse, WireTree } from "../liveview/protocol.ts";
import type { Channel, ChannelHandlers } from "./channel.ts";
import { focusNewWraps } from "./focus-wrap.ts";
import { submitNatively } from "./forms.ts";
import { leaveCookie } from "./one-request-cookie.ts";
import { Patcher, type PatchOutcome } from "./patch.ts";
import { recoverableForms, recoveryEvents } from "./recovery.ts";
import { type Hold, Refs } from "./refs.ts";
import type { Reloads } from "./reload.ts";
import { type Patch, Tree } from "./tree.ts";

/** Wait for the reply to an event; milliseconds. Without one the page is loaded again. */
const EVENT_TIMEOUT_MS = 30_000;
/** A view that is not the page's main one gives up after so many failed joins in a row. */
const MAX_JOIN_ATTEMPTS = 3;
const STATE_CLASSES = ["phx-connected", "phx-loading", "phx-error", "phx-client-error", "phx-server-error"] as const;

/** The page as its views see it. */
export interface Page {
  readonly reloads: Reloads;
  /** Address of the page, after patches. */
  href: string;
  /** The encoding that joins ask for. */
  readonly frames: FrameEncoding;
  params(container: Element): Record<string, unknown>;
  channel(topic: string, handlers: ChannelHandlers): Channel;
  /** Elements came or went: joins new views, destroys those whose container is gone. */
  sync(): void;
  destroyChildren(view: View): void;
  destroy(view: View): void;
  /** Closes the socket for good: the page is about to go. */
  unload(): void;
  isUnloaded(): boolean;
  /** Moves the focus without that counting as the user's doing. */
  silently(move: () => void): void;
}

/** A diff, apart from what goes beside the tree. */
interface Update {
  tree: WireTree;
  events: NonNullable<WireTree["e"]>;
  title: string | undefined;
}

export class View {
  readonly el: HTMLElement;
  readonly id: string;
  readonly parent: View | null;
  readonly refs: Refs;
  readonly #page: Page;
  readonly #patcher: Patcher;
  readonly #channel: Channel;
  #tree: Tree | null = null;
  /** Updates that wait for the recovery of forms; null when they need not. */
  #queue: Update[] | null = null;
  /** Counts joins, so that what belongs to an earlier one can be told. */
  #generation = 0;
  #mounts = 0;
  #attempts = 0;
  #destroyed = false;

  constructor(el: HTMLElement, parent: View | null, page: Page) {
    this.el = el;
    this.id = el.id;
    this.parent = parent;
    this.#page = page;
    this.refs = new Refs(el);
    this.#patcher = new Patcher(el, this.refs);
    el.setAttribute("data-phx-root-id", this.root.id);
    this.#channel = page.channel(`lv:${el.id}`, {
      joinPayload: () => this.#joinPayload(),
      joined: (response) => this.#attempt(() => this.#joined(response)),
      refused: (response) => this.#refused(response),
      lost: (cause) => this.#lost(cause),
      closed: () => page.destroyChildren(this),
      message: (event, payload) => this.#attempt(() => this.#receive(event, payload)),
    });
  }

  get root(): View {
    return this.parent?.root ?? this;
  }

  isMain(): boolean {
    return this.el.hasAttribute("data-phx-main");
  }

  /** Live: an event would be sent, and what it refers to is on the server. */
  isConnected(): boolean {
    return this.#tree !== null && this.#queue === null && this.#channel.isJoined();
  }

  join(): void {
    this.#show("phx-loading");
    if (this.isMain()) this.#pageLoading("start", "initial");
    this.#channel.join();
  }

  /** Leaves the channel. The page is not touched. */
  destroy(): void {
    this.#destroyed = true;
    this.#generation += 1;
    this.#channel.leave();
    this.refs.releaseAll();
    this.#patcher.removeTeleported();
  }

  /**
   * Sends an event. The elements are held until it is answered.
   *
   * @param done called after the reply has been applied
   * @returns false when the view is not connected: the event is dropped
   */
  push(payload: EventPayload, holds: readonly Hold[], done?: () => void): boolean {
    if (!this.isConnected()) return false;
    const ref = this.refs.hold(holds);
    const answered = (apply: () => void) => {
      this.#attempt(() => {
        this.#release(ref);
        apply();
      });
      done?.();
    };
    return this.#channel.push("event", payload, EVENT_TIMEOUT_MS, {
      ok: (response) => answered(() => this.#receiveReply(response)),
      error: (response) =>
        answered(() => console.error(`View "${this.id}": event "${payload.event}" was refused.`, response)),
      timeout: () => this.#reloadLater(),
    });
  }

  /** As `push`, with the focus taken away until the reply: what was entered is with the server now, and may change. */
  pushWithoutFocus(payload: EventPayload, holds: readonly Hold[]): boolean {
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || active === document.body) return this.push(payload, holds);
    this.#page.silently(() => active.blur());
    return this.push(payload, holds, () => {
      if (active.isConnected && document.activeElement === document.body) {
        this.#page.silently(() => active.focus({ preventScroll: true }));
      }
    });
  }

  // --- joining ---------------------------------------------------------------------------------------------------

  #joinPayload(): JoinPayload {
    const sticky = this.el.hasAttribute("data-phx-sticky");
    const payload: JoinPayload = {
      params: {
        ...this.#page.params(this.el),
        ...trackedStatics(),
        _mounts: this.#mounts,
        _mount_attempts: this.#attempts,
      },
      session: this.el.getAttribute("data-phx-session") ?? "",
      static: this.el.getAttribute("data-phx-static") || null,
      sticky,
      ack: true,
      frames: this.#page.frames,
    };
    this.#attempts += 1;
    return this.parent || sticky ? payload : { url: this.#page.href, ...payload };
  }

  #joined(response: ReplyResponse): void {
    if (!response.rendered) throw new Error(`Join reply of view "${this.id}": expected it to have rendered, got none.`);
    const generation = ++this.#generation;
    const { tree, events, title } = extract(response.rendered);
    this.refs.releaseAll();
    this.#tree = new Tree(this.id, tree);
    const patch = this.#tree.toHtml();
    this.#queue = [];
    const show = () => {
      const queued = this.#queue ?? [];
      this.#queue = null;
      this.#mounts += 1;
      this.#attempts = 0;
      this.#page.reloads.succeeded();
      this.#show("phx-connected");
      this.#applyAround(events, title, () => this.#applyPatches([patch], true));
      if (this.isMain()) this.#pageLoading("stop", this.#mounts === 1 ? "initial" : "error");
      for (const update of queued) this.#apply(update);
      if (response["live_patch"]) this.#changeUrl(response["live_patch"]);
    };
    const forms = this.#mounts > 0 ? recoverableForms(this.el) : [];
    if (forms.length === 0) show();
    else {
      this.#recover(forms, patch.html, () => {
        if (generation === this.#generation) this.#attempt(show);
      });
    }
  }

  #recover(forms: HTMLFormElement[], html: string, done: () => void): void {
    const payloads = recoveryEvents(forms, this.#patcher.parse(html), this.id);
    let unanswered = payloads.length;
    const answered = () => {
      unanswered -= 1;
      if (unanswered === 0) done();
    };
    for (const payload of payloads) {
      this.#channel.push("event", payload, EVENT_TIMEOUT_MS, {
        ok: (response) => {
          this.#receiveReply(response);
          answered();
        },
        error: answered,
        timeout: answered,
      });
    }
    if (payloads.length === 0) done();
  }

  #refused(response: ReplyResponse): void {
    if (Array.isArray(response["events"])) dispatch(response["events"] as Update["events"]);
    const { reason } = response;
    const elsewhere = response.redirect ?? response.live_redirect;
    if (elsewhere) {
      this.#channel.leave();
      this.#page.reloads.visit(elsewhere.to, elsewhere.flash);
    } else if (reason === "stale" || reason === "unauthorized" || reason === "reload") {
      if (reason === "reload") leaveCookie("__phoenix_reload_status__", String(response["token"])); // the page to show
      this.#channel.leave();
      this.#page.reloads.refresh();
    } else {
      this.#giveUpOrRetry();
    }
  }

  #giveUpOrRetry(): void {
    this.#show("phx-server-error");
    if (this.isMain()) {
      this.#reloadLater();
      this.#page.unload();
    } else if (this.#attempts >= MAX_JOIN_ATTEMPTS) {
      this.root.#show("phx-server-error");
      this.#page.destroy(this);
    }
  }

  #lost(cause: "server" | "socket"): void {
    this.#generation += 1;
    this.#tree = null;
    this.#queue = null;
    if (this.#page.isUnloaded()) return;
    this.#page.destroyChildren(this);
    this.#show(cause === "server" ? "phx-server-error" : "phx-client-error");
    if (this.isMain()) this.#pageLoading("start", "error");
  }

  // --- messages --------------------------------------------------------------------------------------------------

  #receive(event: string, payload: unknown): void {
    switch (event) {
      case "diff":
        this.#receiveDiff(payload as WireTree);
        return;
      case "live_patch":
        this.#changeUrl(payload);
        return;
      case "redirect":
      case "live_redirect": {
        const { to, flash } = payload as { to: string; flash?: string };
        this.#page.reloads.visit(to, flash);
        return;
      }
      default: // from a server newer than this client
    }
  }

  #receiveReply({ diff, redirect, live_redirect: liveRedirect }: ReplyResponse): void {
    if (diff) this.#receiveDiff(diff);
    const elsewhere = redirect ?? liveRedirect;
    if (elsewhere) this.#page.reloads.visit(elsewhere.to, elsewhere.flash);
  }

  #receiveDiff(diff: WireTree): void {
    const update = extract(diff);
    if (this.#queue) this.#queue.push(update);
    else this.#apply(update);
  }

  #changeUrl(change: unknown): void {
    const { to, kind } = change as { to: string; kind?: string };
    if (kind === "push") history.pushState({}, "", to);
    else history.replaceState(history.state, "", to);
    this.#page.href = window.location.href;
  }

  // --- the page --------------------------------------------------------------------------------------------------

  #apply({ tree, events, title }: Update): void {
    if (!this.#tree) return;
    this.#applyAround(events, title, () => {
      if (Object.keys(tree).length === 0) return;
      this.#applyPatches(this.#tree!.update(tree, (mark) => this.#patcher.find(mark) !== null));
    });
  }

  #applyAround(events: Update["events"], title: string | undefined, patch: () => void): void {
    dispatch(events.filter(([, , before]) => before === true));
    patch();
    setTitle(title);
    dispatch(events.filter(([, , before]) => before !== true));
  }

  #applyPatches(patches: Iterable<Patch>, join = false): void {
    this.#page.silently(() => {
      const outcomes = Array.from(patches, (patch) => this.#patcher.apply(patch, join));
      // The page had lost something that the tree took for shown. Shown in full, it is right again.
      if (outcomes.some(({ incomplete }) => incomplete)) outcomes.push(this.#patcher.apply(this.#tree!.toHtml()));
      this.#patched(outcomes);
    });
  }

  #release(ref: number): void {
    const outcomes: PatchOutcome[] = [];
    this.#page.silently(() => {
      this.refs.release(ref, (el, copy) => outcomes.push(this.#patcher.unlock(el, copy)));
    });
    if (outcomes.length > 0) this.#patched(outcomes);
  }

  #patched(outcomes: readonly PatchOutcome[]): void {
    document.dispatchEvent(new Event("phx:update"));
    focusNewWraps();
    this.#forgetComponents(new Set(outcomes.flatMap(({ removedCids }) => [...removedCids])));
    this.#page.sync();
    const form = outcomes.find(({ triggered }) => triggered)?.triggered;
    if (form) {
      this.#page.unload();
      submitNatively(form);
    }
  }

  /** Only the page knows when a component has left it. The server is told, and may object by rendering it again. */
  #forgetComponents(removed: Set<number>): void {
    const cids = [...removed].filter((cid) => !this.#hasComponent(cid));
    if (cids.length === 0) return;
    const generation = this.#generation;
    for (const cid of cids) this.#tree?.resetComponent(cid);
    this.#channel.push("cids_will_destroy", { cids }, EVENT_TIMEOUT_MS, {
      ok: () => {
        const gone = cids.filter((cid) => !this.#hasComponent(cid));
        if (gone.length === 0 || generation !== this.#generation) return;
        this.#channel.push("cids_destroyed", { cids: gone }, EVENT_TIMEOUT_MS, {
          ok: (response) => this.#tree?.pruneComponents(response["cids"] as number[]),
        });
      },
    });
  }

  #hasComponent(cid: number): boolean {
    return document.querySelector(`[data-phx-component="${cid}"][data-phx-view="${CSS.escape(this.id)}"]`) !== null;
  }

  #show(state: "phx-connected" | "phx-loading" | "phx-client-error" | "phx-server-error"): void {
    this.el.classList.remove(...STATE_CLASSES);
    this.el.classList.add(state);
    if (state.endsWith("error")) this.el.classList.add("phx-loading", "phx-error");
  }

  #pageLoading(stage: "start" | "stop", kind: "initial" | "error"): void {
    window.dispatchEvent(new CustomEvent(`phx:page-loading-${stage}`, { detail: { to: this.#page.href, kind } }));
  }

  #reloadLater(): void {
    this.#page.reloads.later(() => !this.#destroyed && !(this.isConnected() && this.#mounts > 0));
  }

  /** A message that cannot be applied leaves tree and page at odds: the view is joined anew. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      console.error(`View "${this.id}": a message could not be applied; joining again.`, error);
      this.#channel.fail();
    }
  }
}

function extract({ e, r: _reply, t, ...tree }: WireTree): Update {
  return { tree, events: e ?? [], title: typeof t === "string" ? t : undefined };
}

function dispatch(events: Update["events"]): void {
  for (const [name, detail] of events) window.dispatchEvent(new CustomEvent(`phx:${name}`, { detail }));
}

function setTitle(title: string | undefined): void {
  if (title === undefined) return;
  const { prefix = "", suffix = "", default: fallback } = document.querySelector("title")?.dataset ?? {};
  const text = title || fallback;
  if (text) document.title = prefix + text + suffix;
}

function trackedStatics(): { _track_static?: string[] } {
  const urls = [...document.querySelectorAll<HTMLScriptElement & HTMLLinkElement>("[phx-track-static]")]
    .map((el) => el.src || el.href)
    .filter((url) => typeof url === "string" && url !== "");
  return urls.length > 0 ? { _track_static: urls } : {};
}
