/**
 * View: one live view on the page: its channel, what it shows, and what is under way between them.
 *
 *                 join ok              events, diffs
 *   joining ───────────────▶ live ◀──────────────────▶
 *      ▲                      │
 *      │      phx_error,      ▼
 *      └──── socket closed ── lost      the page stays as it is, with the class phx-error
 *
 * After a rejoin the forms are recovered before the new tree is shown; when it comes to the page a view is shown together
 * with its children (arrival.ts). What comes meanwhile waits, and the server for it to be applied. What the user does does
 * not: the page that was loaded works as soon as its view is joined.
 *
 * A message that cannot be applied leaves what is shown and what the server knows of it at odds, and so costs a rejoin.
 */
import type { EventPayload, JoinPayload, ReplyResponse, WireTree } from "../liveview/protocol.ts";
import type { Arrival, Entry } from "./arrival.ts";
import type { Channel, PushHandlers } from "./channel.ts";
import { type ContainerState, dressAs, showState } from "./container.ts";
import { joinPayload } from "./join-payload.ts";
import { leaveCookie } from "./one-request-cookie.ts";
import type { Page, PatchAnswers } from "./page.ts";
import { type PageLoad, pageLoading } from "./page-loading.ts";
import { recover, recoverableForms } from "./recovery.ts";
import type { Hold, Refs } from "./refs.ts";
import { type NewTree, Screen } from "./screen.ts";
import { applyAround, dispatch, type Update, updateFrom } from "./update.ts";

/** Wait for the reply to an event; milliseconds. Without one the page is loaded again. */
const EVENT_TIMEOUT_MS = 30_000;
/** A view that is not the page's main one gives up after so many failed joins in a row. */
const MAX_JOIN_ATTEMPTS = 3;

export class View {
  readonly id: string;
  readonly parent: View | null;
  readonly #page: Page;
  #channel: Channel;
  #screen: Screen;
  /** What has come and waits until the join's tree is shown; null when nothing needs to. */
  #queue: (() => void)[] | null = null;
  /** Set until this view is shown for the first time, unless its parent was by then. */
  #arrival: Arrival<View> | null;
  /** Address that live navigation came from; undefined: the view came with its page. */
  readonly #referer: string | undefined;
  /** For the first join that is shown. */
  #flash: string | undefined;
  /** Counts joins, so that what belongs to an earlier one can be told. */
  #generation = 0;
  #mounts = 0;
  #attempts = 0;
  #destroyed = false;
  /** The browser was sent to another page, and is still here. */
  #isLeaving = false;
  #loaded = () => {};

  constructor(el: HTMLElement, parent: View | null, page: Page, arrival: Arrival<View> | null = null) {
    this.id = el.id;
    this.parent = parent;
    this.#page = page;
    this.#arrival = arrival;
    if (!parent) {
      this.#referer = this.#entry?.referer;
      this.#flash = this.#entry?.flash;
    }
    this.#screen = this.#screenOn(el);
    el.setAttribute("data-phx-root-id", this.root.id);
    this.#channel = this.#newChannel();
  }

  #newChannel(): Channel {
    return this.#page.channel(`lv:${this.id}`, {
      joinPayload: () => this.#joinPayload(),
      joined: (response) => this.#attempt(() => this.#joined(response)),
      refused: (response) => this.#refused(response),
      lost: (cause) => this.#lost(cause),
      closed: () => this.#closed(),
      message: (event, payload) => this.#attempt(() => this.#receive(event, payload)),
      isBehind: () => this.#queue !== null,
    });
  }

  get el(): HTMLElement {
    return this.#screen.el;
  }

  get refs(): Refs {
    return this.#screen.refs;
  }

  get root(): View {
    return this.parent?.root ?? this;
  }

  /** Not shown yet: its container may not be on the page. */
  get isArriving(): boolean {
    return this.#arrival !== null;
  }

  /** The container on the page that this view is about to take the place of, if it is not there itself. */
  get outgoing(): HTMLElement | null {
    return this.#entry?.outgoing ?? null;
  }

  /** Set while live navigation brings this view. */
  get #entry(): Entry | null {
    return this.#arrival?.entry ?? null;
  }

  isMain(): boolean {
    return this.el.hasAttribute("data-phx-main");
  }

  /** Live: an event would be sent, and what it refers to is on the server. */
  isConnected(): boolean {
    const isAwaited = this.#queue !== null && !(this.isArriving && this.#entry === null);
    return this.#screen.isLive && !isAwaited && this.#channel.isJoined();
  }

  join(): void {
    this.#show("phx-loading");
    this.#arrival?.await(this);
    if (this.isMain() && !this.#entry) this.#startLoading(this.#mounts === 0 ? "initial" : "error");
    this.#channel.join();
  }

  /** Neither it nor its children are to be shown, if they are not yet. */
  cancelArrival(): void {
    this.#arrival?.cancel();
  }

  /** Leaves the channel. The page is not touched. */
  destroy(): void {
    this.#destroyed = true;
    this.#generation += 1;
    this.#channel.leave();
    this.#loaded();
    this.#screen.destroy();
    this.#arrival?.gone(this);
  }

  /**
   * Sends an event. The elements are held until it is answered.
   *
   * @param done called after the reply has been applied
   * @returns false when the view is not connected: the event is dropped
   */
  push(payload: EventPayload, holds: readonly Hold[], done = () => {}): boolean {
    const ref = this.#request("event", payload, holds, {
      ok: (response) => {
        this.#receiveReply(response);
        done();
      },
      error: (response) => {
        console.error(`View "${this.id}": event "${payload.event}" was refused.`, response);
        done();
      },
      timeout: () => this.#reloadLater(),
    });
    return ref !== null;
  }

  /**
   * Asks for another address of this view. Where the reply leads away from the page, none of the answers comes.
   *
   * @returns the ref of the request; null when the view is not connected, or not shown yet
   */
  pushPatch(url: string, holds: readonly Hold[], { patched, elsewhere, failed }: PatchAnswers): string | null {
    if (this.#queue) return null;
    return this.#request("live_patch", { url }, holds, {
      ok: (response) => {
        if (response.link_redirect) elsewhere();
        else if (this.#receiveReply(response)) patched();
      },
      error: failed,
      timeout: failed,
    });
  }

  #request(
    event: string,
    payload: unknown,
    holds: readonly Hold[],
    { ok, error, timeout }: Required<PushHandlers>,
  ): string | null {
    if (!this.isConnected()) return null;
    const ref = this.refs.hold(holds);
    const released = (handler: (response: ReplyResponse) => void) => (response: ReplyResponse) =>
      this.#attempt(() => {
        this.#screen.release(ref);
        handler(response);
      });
    return this.#channel.push(event, payload, EVENT_TIMEOUT_MS, { ok: released(ok), error: released(error), timeout });
  }

  // --- joining ---------------------------------------------------------------------------------------------------

  #joinPayload(): JoinPayload {
    const payload = joinPayload({
      container: this.el,
      params: this.#page.params(this.el),
      url: this.parent ? null : (this.#entry?.to ?? this.#page.href),
      referer: this.#referer,
      flash: this.#flash,
      mounts: this.#mounts,
      attempts: this.#attempts,
      frames: this.#page.frames,
    });
    this.#attempts += 1;
    return payload;
  }

  #joined(response: ReplyResponse): void {
    if (!response.rendered) throw new Error(`Join reply of view "${this.id}": expected it to have rendered, got none.`);
    const generation = ++this.#generation;
    this.#isLeaving = false;
    const update = updateFrom(response.rendered, this.isMain());
    if (response.container) this.#dress(...response.container);
    const next = this.#screen.begin(update.tree);
    this.#queue = [];
    const show = () => {
      if (generation === this.#generation) this.#attempt(() => this.#showJoined(response, update, next));
    };
    const forms = this.#mounts > 0 ? recoverableForms(this.el) : [];
    if (this.#arrival) {
      this.#page.joinNested(next.html, this, this.#arrival);
      this.#arrival.ready(this, show);
    } else if (forms.length > 0) {
      this.#recover(forms, next.html, show);
    } else {
      show();
    }
  }

  #showJoined({ live_patch: livePatch }: ReplyResponse, update: Update, next: NewTree): void {
    const queued = this.#queue ?? [];
    this.#queue = null;
    this.#arrival = null;
    this.#flash = undefined;
    this.#mounts += 1;
    this.#attempts = 0;
    this.#page.reloads.succeeded();
    this.#show("phx-connected");
    applyAround(update, () => this.#screen.show(next));
    this.#loaded();
    for (const work of queued) work();
    this.#channel.caughtUp();
    if (livePatch) this.#page.navigator.patched(livePatch);
  }

  #recover(forms: HTMLFormElement[], html: Element, done: () => void): void {
    const push = (payload: EventPayload, handlers: PushHandlers) =>
      this.#channel.push("event", payload, EVENT_TIMEOUT_MS, handlers);
    recover(forms, html, this.id, push, (response) => this.#receiveReply(response), done);
  }

  #refused(response: ReplyResponse): void {
    if (Array.isArray(response["events"])) dispatch(response["events"] as Update["events"]);
    const { reason } = response;
    if (response.redirect || response.live_redirect) {
      this.#channel.leave();
      this.#follow(response);
    } else if (reason === "stale" || reason === "unauthorized" || reason === "reload") {
      if (reason === "reload") leaveCookie("__phoenix_reload_status__", String(response["token"])); // the page to show
      this.#channel.leave();
      if (this.#entry) this.#page.reloads.visit(this.#entry.to, this.#flash);
      else this.#page.reloads.refresh();
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
      this.#page.giveUp(this);
      this.root.#show("phx-server-error"); // also if the page was not shown before, for want of this view
    }
  }

  #lost(cause: "server" | "socket"): void {
    this.#forget();
    this.#arrival?.await(this);
    if (this.#page.isUnloaded()) return;
    this.#page.destroyChildren(this);
    this.#show(cause === "server" ? "phx-server-error" : "phx-client-error");
    if (!this.isMain() || this.#entry) return;
    this.#page.navigator.lost();
    this.#startLoading("error");
  }

  /** The server has ended the view for the sake of another page, which has not come. */
  #comeBack(): void {
    if (this.#destroyed || !this.#isLeaving || this.#page.isUnloaded()) return;
    this.#forget();
    this.#page.destroyChildren(this);
    this.#channel.leave();
    this.#channel = this.#newChannel();
    this.join();
  }

  /** The server knows nothing any more of what is shown. */
  #forget(): void {
    this.#generation += 1;
    this.#screen.lost();
    this.#queue = null;
  }

  /** The server has ended the view for good. */
  #closed(): void {
    if (this.#isLeaving) this.#show("phx-loading");
    const entry = this.#entry;
    this.#arrival?.gone(this); // before its children, for whose going it would be shown
    if (this.parent) this.#arrival = null; // the others are shown without it, should it come back or not
    this.#page.destroyChildren(this);
    if (entry && this.isMain() && !this.#isLeaving) this.#page.reloads.visit(entry.to);
  }

  // --- messages --------------------------------------------------------------------------------------------------

  #receive(event: string, payload: unknown): void {
    switch (event) {
      case "diff":
        this.#receiveDiff(payload as WireTree);
        return;
      case "live_patch":
      case "redirect":
      case "live_redirect":
        this.#follow({ [event]: payload });
        return;
      default: // from a server newer than this client
    }
  }

  /** @returns whether the page stays */
  #receiveReply(response: ReplyResponse): boolean {
    if (response.diff) this.#receiveDiff(response.diff);
    return this.#follow(response);
  }

  #receiveDiff(diff: WireTree): void {
    const update = updateFrom(diff);
    this.#whenShown(() => applyAround(update, () => this.#screen.update(update.tree)));
  }

  /** Goes where the server wants the page to go. @returns whether it stays */
  #follow({ redirect, live_patch: livePatch, live_redirect: liveRedirect }: ReplyResponse): boolean {
    if (redirect) {
      this.#page.reloads.visit(redirect.to, redirect.flash);
      this.#isLeaving = true;
      // One that redirects as it is joined would do so again.
      if (this.#channel.isJoined()) this.#page.stay.orBack(() => this.#comeBack());
      return false;
    }
    if (livePatch) this.#whenShown(() => this.#page.navigator.patched(livePatch));
    if (liveRedirect) this.#page.navigator.redirected(liveRedirect);
    return !liveRedirect;
  }

  #whenShown(work: () => void): void {
    if (this.#queue) this.#queue.push(work);
    else work();
  }

  // --- the page --------------------------------------------------------------------------------------------------

  #screenOn(el: HTMLElement): Screen {
    return new Screen(el, this.#page, (event, payload, ok) => {
      this.#channel.push(event, payload, EVENT_TIMEOUT_MS, { ok });
    });
  }

  /** The container as the server wants it for this view: perhaps another element. */
  #dress(tag: string, attributes: Readonly<Record<string, string>>): void {
    const el = dressAs(this.el, tag, attributes);
    if (el === this.el) return;
    this.refs.releaseAll();
    this.#screen = this.#screenOn(el);
  }

  /** Shows how the view is, also on the container that is still in its place. */
  #show(state: ContainerState): void {
    showState(this.el, state);
    if (this.outgoing && state !== "phx-loading" && this.isMain()) showState(this.outgoing, state);
  }

  #startLoading(kind: PageLoad["kind"]): void {
    this.#loaded();
    this.#loaded = pageLoading({ to: this.#page.href, kind });
  }

  #reloadLater(): void {
    const stillNeeded = () => !this.#destroyed && !(this.isConnected() && this.#mounts > 0);
    this.#page.reloads.later(stillNeeded, this.#entry?.to);
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
