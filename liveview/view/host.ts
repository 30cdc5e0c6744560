/**
 * Host: what a scheduler thread does for live views. A process that starts one process a view and one a page, is told
 * when they end, and answers for them.
 *
 *   record from the endpoint ─▷ request: deadRender        ends ─▷ crashed: 500
 *                            ─▷ join: verify, view process  ends ─▷ crashed: phx_error, or "join crashed" before its reply
 *                            ─▷ frame, gone: to the view's mailbox
 *
 * The host traps exits: a view is linked to it, temporary in a supervisor's words. The browser brings it back, by a join.
 */

import type { Behaviour } from "../../kernel/behaviour.ts";
import type { ExitReason } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { stat } from "../../kernel/observe/stats.ts";
import { type Pid, processOf } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { ExitMessage } from "../../kernel/system-messages.ts";
import type { App } from "../app/app.ts";
import { nested } from "../app/nested-text.ts";
import { type ChildIdentity, ChildTokens } from "../nested/child-tokens.ts";
import type { TokenSigner } from "../session/token.ts";
import { verifyViewTokens } from "../session/view-tokens.ts";
import { decodeFrame } from "../wire/decode-frame.ts";
import { frameWriter, type OutgoingFrame } from "../wire/frame-writer.ts";
import { closeFrame, errorFrame, replyFrame } from "../wire/frames.ts";
import {
  type RequestHead,
  type ResponseHead,
  type ResponseHeaders,
  record,
  splitLine,
  type Visitor,
} from "../wire/records.ts";
import { deadRender } from "./dead-render.ts";
import { type Flash, noFlash, signFlash, verifyFlash } from "./flash.ts";
import { Lingering } from "./lingering.ts";
import { isPatchable, liveUrl } from "./live-url.ts";
import { redirected } from "./view-navigation.ts";
import { ClientFrame, ClientGone, left, orphaned, viewBehaviour } from "./view-process.ts";
import type { ViewJoin } from "./view-state.ts";

/** The endpoint's thread. */
const endpoint = 0;

interface HostedView {
  readonly channel: number;
  readonly topic: string;
  readonly joinRef: string;
  /** Of the join. */
  readonly ref: string | null;
  /** The join has been answered. */
  answered: boolean;
}

/** Which view is joined, with what. */
interface JoinTarget extends Pick<ViewJoin, "view" | "parent" | "url" | "session" | "flash" | "isNavigation"> {
  readonly label: string;
}

export interface HostOptions {
  /** A name that no other runtime has, nor this one after a restart. */
  readonly runtime: string;
  readonly maxFrameBytes: number;
  /** Milliseconds that a callback may go on after its client has gone. */
  readonly maxLingerMs: number;
}

export class Host {
  readonly #kernel: Kernel;
  readonly #app: App;
  readonly #signer: TokenSigner;
  readonly #childTokens: ChildTokens;
  readonly #maxFrameBytes: number;
  readonly #byChannel = new Map<number, Process>();
  readonly #views = new Map<Pid, HostedView>();
  /** Pages not answered yet: who renders, for which request. */
  readonly #pages = new Map<Pid, number>();
  readonly #maxLingerMs: number;
  readonly #lingering: Lingering;
  #self: Process | undefined;
  /** The last view has gone, and somebody waits for that. */
  #onEmpty: (() => void) | undefined;

  constructor(kernel: Kernel, app: App, signer: TokenSigner, options: HostOptions) {
    this.#kernel = kernel;
    this.#app = app;
    this.#signer = signer;
    this.#childTokens = new ChildTokens(signer, options.runtime);
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#maxLingerMs = options.maxLingerMs;
    this.#lingering = new Lingering(kernel.world, options.maxLingerMs, (pid) => this.#outstayed(pid));
  }

  /** Starts the host's process and listens to the endpoint. */
  async start(): Promise<void> {
    const behaviour: Behaviour = {
      label: "LiveViewHost",
      init: (self) => {
        self.trapExit = true;
        this.#self = self;
      },
      handle: (_self, message) => {
        if (message instanceof ExitMessage) this.#ended(message);
      },
    };
    await this.#kernel.start(undefined, behaviour, undefined);
    const { peers } = this.#kernel;
    peers.onRecord(record.request, (_thread, number, body) => this.#request(number, body));
    peers.onRecord(record.join, (_thread, number, body) => this.#join(number, body));
    peers.onRecord(record.frame, (_thread, number, body) => this.#frame(number, body));
    peers.onRecord(record.gone, (_thread, channel) => this.#gone(channel));
    peers.onRecord(record.leaving, (_thread, channel) => this.#leaving(channel));
    peers.onRecord(record.late, (_thread, request) => this.#late(request));
  }

  #request(request: number, body: Buffer): void {
    const head = JSON.parse(body.toString()) as RequestHead;
    if (this.#kernel.stats[stat.full] === 1) return this.#respond(request, 503, later, "Service unavailable\n");
    const page = this.#kernel.spawnBy(
      this.#self,
      deadRender,
      {
        app: this.#app,
        signer: this.#signer,
        head,
        respond: (status, headers, text) => {
          this.#pages.delete(page.pid);
          this.#respond(request, status, headers, text);
        },
      },
      { link: true },
    );
    this.#pages.set(page.pid, request);
  }

  /** Nobody waits for a page any more, and it may be in a mount that never ends. */
  #late(request: number): void {
    for (const [pid, number] of this.#pages) {
      if (number !== request) continue;
      this.#pages.delete(pid);
      this.#end(pid, { shutdown: "late" }, true);
    }
  }

  #respond(request: number, status: number, headers: ResponseHeaders, text: string): void {
    const head: ResponseHead = { status, headers };
    this.#kernel.peers.write(endpoint, record.response, request, `${JSON.stringify(head)}\n${text}`);
  }

  #join(channel: number, body: Buffer): void {
    const [visitorJson, frame] = splitLine(body);
    const visitor = visitorJson === "" ? undefined : (JSON.parse(visitorJson) as Visitor);
    const { joinRef: givenJoinRef, ref, topic, payload } = decodeFrame(frame.toString());
    const joinRef = (givenJoinRef ?? ref)!; // the endpoint has seen to it that there is one,
    if (topic === undefined) return; //         and that a join is not compact
    const refuse = (response: object): void => {
      this.#send(channel, replyFrame(joinRef, ref, topic, "error", JSON.stringify(response)));
      this.#forget(channel);
    };
    if (payload === undefined) return refuse({ reason: "malformed frame" });
    if (visitor === undefined) return refuse({ reason: "stale" });
    const id = topic.slice("lv:".length);
    const target = this.#target(payload, id, visitor);
    if (typeof target === "string") return refuse({ reason: target });
    const { label, view: definition, parent, url, session, flash, isNavigation } = target;
    const { quarantine } = this.#kernel;
    if (quarantine.has(label, "mount") || quarantine.has(label, "params")) return refuse({ reason: "quarantined" });
    if (this.#kernel.stats[stat.full] === 1) return refuse({ reason: "overloaded" });
    const view = this.#kernel.spawnBy(
      this.#self,
      viewBehaviour,
      {
        // One by one: spread, each join would have a shape of its own, and all that is done with it be slow.
        view: definition,
        joinRef,
        ref,
        topic,
        id,
        parent,
        url,
        session,
        flash,
        isNavigation,
        connectParams: isRecord(payload["params"]) ? payload["params"] : {},
        acknowledges: payload["ack"] === true,
        maxFrameBytes: this.#maxFrameBytes,
        locate: (to, base) => {
          const found = liveUrl(this.#app.routes, to, { base, origin: visitor.origin });
          return found !== undefined && target.url !== null && isPatchable(target.url.route, found.route)
            ? found
            : undefined;
        },
        signFlash: (flash) => signFlash(this.#signer, flash),
        signChild: (parent, use) => this.#childTokens.sign(use, parent, visitor.binding),
        frames: frameWriter(payload["frames"], joinRef, topic),
        send: (outgoing) => {
          hosted.answered = true;
          this.#send(channel, outgoing);
        },
      },
      { link: true, label },
    );
    const hosted: HostedView = { channel, topic, joinRef, ref, answered: false };
    this.#byChannel.set(channel, view);
    this.#views.set(view.pid, hosted);
    this.#kernel.stats[stat.views]! += 1;
  }

  /** What is joined; or why it is refused. */
  #target(payload: Readonly<Record<string, unknown>>, id: string, visitor: Visitor): JoinTarget | string {
    const tokens = { session: payload["session"], static: payload["static"] };
    const identity = verifyViewTokens(this.#signer, tokens, id, visitor.binding);
    if (identity === undefined) {
      const child = this.#childTokens.verify(tokens, id, visitor.binding);
      return child === undefined ? "stale" : this.#childTarget(child);
    }
    const isNavigation = typeof payload["redirect"] === "string";
    const url = liveUrl(this.#app.routes, isNavigation ? payload["redirect"] : payload["url"], {
      origin: visitor.origin,
    });
    if (url === undefined || url.route.liveSession.name !== identity.liveSession) return "unauthorized";
    const { view, path } = url.route;
    // A page shows the view that it was made for, at whichever of that view's URLs it has come to.
    if (!isNavigation && this.#app.routes.find(({ path }) => path === identity.route)?.view !== view) {
      return "unauthorized";
    }
    const flash = this.#flash(payload, identity.flash, isNavigation);
    return { label: `LiveView ${path}`, view, parent: null, url, session: visitor.session, flash, isNavigation };
  }

  /** What the client brings along; or, for the page's first join, what the page had. */
  #flash(payload: Readonly<Record<string, unknown>>, ofPage: Flash, isNavigation: boolean): Flash {
    if (payload["flash"] !== undefined) return verifyFlash(this.#signer, payload["flash"]);
    const params = payload["params"];
    const isFirst = !isNavigation && isRecord(params) && params["_mounts"] === 0;
    return isFirst ? ofPage : noFlash;
  }

  #childTarget({ view, name, parent, session }: ChildIdentity): JoinTarget {
    const pid = this.#kernel.peers.pid(parent.thread, parent.serial);
    return { label: `LiveView ${name}`, view, parent: pid, url: null, session, flash: noFlash, isNavigation: false };
  }

  #frame(channel: number, body: Buffer): void {
    const view = this.#byChannel.get(channel);
    if (view !== undefined) this.#kernel.deliver(view, new ClientFrame(body.toString()));
  }

  #gone(channel: number): void {
    const view = this.#byChannel.get(channel);
    this.#byChannel.delete(channel);
    if (view === undefined) return;
    // One that has not joined yet may be in a mount that never ends: it would not read its mailbox.
    if (this.#views.get(view.pid)?.answered === true) {
      this.#lingering.add(view.pid);
      this.#kernel.deliver(view, gone);
    } else this.#kernel.end(view, { shutdown: "closed" }, true);
  }

  #leaving(channel: number): void {
    const view = this.#byChannel.get(channel);
    if (view !== undefined) this.#lingering.add(view.pid);
  }

  /** A view's client has gone long ago. */
  #outstayed(pid: Pid): void {
    const label = this.#kernel.processInfo(pid)?.label ?? "LiveView";
    const detail = `${label} ${pid}: still in a callback ${this.#maxLingerMs} ms after its client has gone, and killed`;
    this.#kernel.report({ kind: "thread", thread: this.#kernel.thread, event: "lingering", detail });
    this.#end(pid, "killed", true);
  }

  #ended({ from, reason }: ExitMessage): void {
    const request = this.#pages.get(from);
    if (request !== undefined) {
      // For whatever reason, and be it "normal": it has not answered.
      this.#pages.delete(from);
      this.#respond(request, 500, plain, "Internal server error\n");
      return;
    }
    const hosted = this.#views.get(from);
    if (hosted === undefined) return;
    const { channel, topic, joinRef, ref, answered } = hosted;
    this.#views.delete(from);
    this.#lingering.delete(from);
    if (this.#views.size === 0) this.#onEmpty?.();
    this.#kernel.stats[stat.views]! -= 1;
    if (!this.#byChannel.has(channel)) return;
    if (!answered) {
      const why = reason === orphaned ? "stale" : "join crashed";
      this.#send(channel, replyFrame(joinRef, ref, topic, "error", `{"reason":"${why}"}`));
    } else if (reason === orphaned) this.#send(channel, closeFrame(joinRef, topic));
    else if (reason !== left && reason !== redirected) this.#send(channel, errorFrame(joinRef, topic));
    this.#forget(channel);
  }

  #send(channel: number, frame: OutgoingFrame): void {
    const kind = typeof frame === "string" ? record.send : record.sendBinary;
    this.#kernel.peers.write(endpoint, kind, channel, frame);
  }

  #forget(channel: number): void {
    this.#byChannel.delete(channel);
    this.#kernel.peers.write(endpoint, record.ended, channel, "");
  }

  /**
   * Ends all views, as for a stop of the program, and waits for them: their `terminate` runs, their clients join elsewhere.
   *
   * @param limitMs for all of them; who has not ended by then is reported, and killed
   */
  async stop(limitMs: number): Promise<void> {
    for (const pid of this.#views.keys()) this.#end(pid, "shutdown", false);
    if (this.#views.size === 0) return;
    await new Promise<void>((resolve) => {
      const alarm = this.#kernel.world.alarm(limitMs, () => {
        const detail = `not stopped within ${limitMs} ms, and killed: ${this.viewsLeft()}`;
        this.#kernel.report({ kind: "thread", thread: this.#kernel.thread, event: "stopTimeout", detail });
        for (const pid of this.#views.keys()) this.#end(pid, "killed", true);
        resolve();
      });
      this.#onEmpty = () => {
        alarm.cancel();
        resolve();
      };
    });
  }

  /** The views that there are, for an operator. */
  viewsLeft(): string {
    const names = this.#namesOfViews().map((name) => `view ${name}`);
    const more = this.#views.size - names.length;
    return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more} more`;
  }

  /** The host and its views, as text. */
  tree(): string {
    const names = this.#namesOfViews().map((name) => `${name}  temporary`);
    const more = this.#views.size - names.length;
    const texts = more === 0 ? names : [...names, `… ${more} more`];
    return nested(`LiveViewHost ${this.#self?.pid ?? ""}  ${this.#views.size} views`, texts);
  }

  #namesOfViews(): string[] {
    const pids = [...this.#views.keys()].slice(0, shownViews);
    return pids.map((pid) => `${this.#kernel.processInfo(pid)?.label ?? "LiveView"} ${pid}`);
  }

  #end(pid: Pid, reason: ExitReason, bySignal: boolean): void {
    const view = processOf(pid);
    if (view === undefined || (view.terminating && !bySignal)) return; // it ends already: a second order would cut that short
    this.#kernel.end(view, reason, bySignal);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Views that are named, in a report or a tree. */
const shownViews = 50;
const gone = new ClientGone();
const plain = { "content-type": "text/plain; charset=utf-8" };
const later = { ...plain, "retry-after": "1" };
