/**
 * Channel: one topic on the socket, joined, and joined again until it is left.
 *
 *               join()            reply ok
 *   closed ─────────────▶ joining ─────────▶ joined ──leave()──▶ closed
 *                           ▲  │ refused,      │ phx_error,
 *            rejoin timer,  │  ▼ no answer     ▼ socket closed
 *            socket opened  └──────── errored ◀┘
 *
 * Invariants: a message whose join_ref is not this channel's present one is dropped, so what an earlier join still had
 * under way cannot reach a later one; each push ends in exactly one of its handlers, or in none when its join ended.
 * Cost: one timer per unanswered push.
 */
import type { Frame, ReplyPayload, ReplyResponse } from "../liveview/protocol.ts";
import type { Backoff } from "./backoff.ts";
import type { ReceivedFrame } from "./frame.ts";

/** What a channel needs of the socket it lives on. */
export interface ChannelLink {
  isOpen(): boolean;
  /** A ref that this socket has not used yet. */
  nextRef(): string;
  /** @returns how many bytes the frame has, if more than `maxBytes`: then it was not sent; else 0 */
  send(frame: Frame, isCompact?: boolean, maxBytes?: number): number;
  /** The channel has been left, and wants no more messages. */
  forget(channel: Channel): void;
}

/** What happens to a channel. `leave()` may be called from any of them. */
export interface ChannelHandlers {
  /** Payload of the join, asked for anew each time. */
  joinPayload(): unknown;
  joined(response: ReplyResponse): void;
  /** The join was refused, or not answered in time (`{ reason: "timeout" }`). It is tried again, unless left. */
  refused(response: ReplyResponse): void;
  /** The channel was joined or joining, and no longer is: it crashed, or the socket closed. It is joined again. */
  lost(cause: "server" | "socket"): void;
  /** The server ended the channel for good. */
  closed(): void;
  message(event: string, payload: unknown): void;
  /** What has come was put off: the server is not to be told that it was applied before `caughtUp`. */
  isBehind(): boolean;
}

/** How a push ended. */
export interface PushHandlers {
  ok?(response: ReplyResponse): void;
  error?(response: ReplyResponse): void;
  timeout?(): void;
}

export interface ChannelTiming {
  /** Wait for the answer to a join; milliseconds. */
  joinTimeout: number;
  rejoinAfterMs: Backoff;
}

interface PendingPush {
  handlers: PushHandlers;
  timer: ReturnType<typeof setTimeout>;
}

export class Channel {
  readonly topic: string;
  readonly #link: ChannelLink;
  readonly #handlers: ChannelHandlers;
  readonly #timing: ChannelTiming;
  readonly #pending = new Map<string, PendingPush>();
  #state: "closed" | "joining" | "joined" | "errored" = "closed";
  #joinRef: string | null = null;
  #failedJoins = 0;
  /** Frames of this join that have come, how many of them the server has heard so of, and after how many it wants to; 0: never. */
  #received = 0;
  #acknowledged = 0;
  #ackEvery = 0;
  /** The server has agreed to a shorter way to write frames of this join. */
  #isCompact = false;
  /** For a larger frame the server would close the socket. */
  #maxBytes = Number.POSITIVE_INFINITY;
  #rejoinTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(topic: string, link: ChannelLink, handlers: ChannelHandlers, timing: ChannelTiming) {
    this.topic = topic;
    this.#link = link;
    this.#handlers = handlers;
    this.#timing = timing;
  }

  /** Joined on an open socket: a push will travel. */
  isJoined(): boolean {
    return this.#state === "joined" && this.#link.isOpen();
  }

  /** Joins now, or as soon as the socket opens. */
  join(): void {
    clearTimeout(this.#rejoinTimer);
    if (!this.#link.isOpen()) {
      this.#state = "errored";
      return;
    }
    this.#state = "joining";
    const ref = (this.#joinRef = this.#link.nextRef());
    this.#isCompact = false;
    this.#send(ref, "phx_join", this.#handlers.joinPayload(), this.#timing.joinTimeout, {
      ok: (response) => {
        this.#state = "joined";
        this.#failedJoins = 0;
        this.#ackEvery = response.ack ?? 0;
        this.#maxBytes = response.max ?? Number.POSITIVE_INFINITY;
        this.#isCompact = response.frames !== undefined && response.frames !== "json";
        this.#received = -1; // this very reply is counted as none
        this.#acknowledged = 0;
        this.#handlers.joined(response);
      },
      error: (response) => this.#joinFailed(response),
      timeout: () => {
        // A join that the server is still busy with would otherwise live on there, unknown to us.
        this.#link.send([ref, this.#link.nextRef(), this.topic, "phx_leave", {}]);
        this.#joinFailed({ reason: "timeout" });
      },
    });
  }

  /**
   * Sends a message that is answered by one reply.
   *
   * @param timeout milliseconds to wait for the reply
   * @returns its ref; null when the channel is not joined: nothing was sent, and no handler will be called
   */
  push(event: string, payload: unknown, timeout: number, handlers: PushHandlers): string | null {
    if (!this.isJoined()) return null;
    const ref = this.#link.nextRef();
    this.#send(ref, event, payload, timeout, handlers);
    return ref;
  }

  /** Leaves for good. No handler is called from now on. */
  leave(): void {
    clearTimeout(this.#rejoinTimer);
    this.#dropPending();
    if (this.#link.isOpen() && (this.#state === "joined" || this.#state === "joining")) {
      this.#link.send([this.#joinRef, this.#link.nextRef(), this.topic, "phx_leave", {}]);
    }
    this.#state = "closed";
    this.#joinRef = null;
    this.#link.forget(this);
  }

  /** What was put off has been applied. */
  caughtUp(): void {
    this.#acknowledge();
  }

  /** Ends this join as if it had crashed, and joins again by the table: our state can no longer be trusted. */
  fail(): void {
    if (this.#state !== "joined") return;
    this.#lose("server");
    this.#rejoinLater();
  }

  /** For the socket: it is open (again). */
  socketOpened(): void {
    if (this.#state === "errored") this.join();
  }

  /** For the socket: it closed, and all that was under way is lost. */
  socketClosed(): void {
    clearTimeout(this.#rejoinTimer);
    if (this.#state === "joined" || this.#state === "joining") this.#lose("socket");
  }

  /** For the socket: a frame with this topic, or with none. */
  receive(frame: ReceivedFrame): void {
    const [joinRef] = frame;
    if (this.#state === "closed" || (joinRef !== null && joinRef !== this.#joinRef)) return;
    this.#apply(frame);
    if (joinRef !== this.#joinRef) return;
    this.#received += 1;
    this.#acknowledge();
  }

  /** Tells the server how far this page has come, so that it does not run ahead of a slow one. */
  #acknowledge(): void {
    if (this.#ackEvery === 0 || !this.isJoined() || this.#handlers.isBehind()) return;
    if (this.#received - this.#acknowledged < this.#ackEvery) return;
    this.#acknowledged = this.#received;
    this.#link.send([this.#joinRef, null, this.topic, "ack", { seq: this.#received }], this.#isCompact);
  }

  #apply([, ref, , event, payload]: ReceivedFrame): void {
    switch (event) {
      case "phx_reply":
        this.#receiveReply(ref, payload as ReplyPayload);
        return;
      case "phx_error":
        if (this.#state === "errored") return;
        this.#lose("server");
        this.#rejoinLater();
        return;
      case "phx_close":
        this.#dropPending();
        this.#state = "closed";
        this.#link.forget(this);
        this.#handlers.closed();
        return;
      default:
        if (this.#state === "joined") this.#handlers.message(event, payload);
    }
  }

  #receiveReply(ref: string | null, payload: ReplyPayload): void {
    const pending = ref === null ? undefined : this.#pending.get(ref);
    if (ref === null || !pending) return;
    this.#pending.delete(ref);
    clearTimeout(pending.timer);
    const response = payload?.response ?? {};
    if (payload?.status === "ok") pending.handlers.ok?.(response);
    else pending.handlers.error?.(response);
  }

  #send(ref: string, event: string, payload: unknown, timeout: number, handlers: PushHandlers): void {
    const timer = setTimeout(() => {
      this.#pending.delete(ref);
      handlers.timeout?.();
    }, timeout);
    this.#pending.set(ref, { handlers, timer });
    const size = this.#link.send([this.#joinRef, ref, this.topic, event, payload], this.#isCompact, this.#maxBytes);
    if (size === 0) return;
    clearTimeout(timer);
    this.#pending.delete(ref);
    handlers.error?.({ reason: `too large: expected at most ${this.#maxBytes} bytes, got ${size}` });
  }

  #joinFailed(response: ReplyResponse): void {
    this.#dropPending();
    this.#state = "errored";
    this.#rejoinLater(); // first, so that the handler can call it off by leaving
    this.#handlers.refused(response);
  }

  #lose(cause: "server" | "socket"): void {
    this.#dropPending();
    this.#state = "errored";
    this.#handlers.lost(cause);
  }

  #rejoinLater(): void {
    if (this.#state !== "errored") return;
    clearTimeout(this.#rejoinTimer);
    this.#failedJoins += 1;
    this.#rejoinTimer = setTimeout(() => this.join(), this.#timing.rejoinAfterMs(this.#failedJoins));
  }

  #dropPending(): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }
}
