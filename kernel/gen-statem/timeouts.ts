/**
 * Timeouts: the clocks of one state machine. One per kind, and one per name.
 *
 *   start ─┬─▷ timer ──▷ its message, in the mailbox ─┬─▷ elapsed: an event
 *          └─▷ 0 ms: the zero queue ──────────────────┘
 *   cancel, start again: whatever of it is on its way, in the mailbox too, means nothing any more
 *
 * A timeout of 0 ms takes no timer and no way through the mailbox: it comes after the events that the machine has in
 * hand, and before the next message.
 * Source: Erlang/OTP, gen_statem, `timeout_action`.
 */
import { shown } from "../errors.ts";
import { declareLeaf } from "../message.ts";
import type { Process } from "../process.ts";
import { ReturnError } from "../server/outcome.ts";
import { OwnTimeout } from "../system-messages.ts";
import type { Timer } from "../timer-wheel.ts";
import type { StatemEvent } from "./events.ts";

/**
 * Starts a timeout, again if it runs; or does something with the one that runs:
 *
 *   300                        milliseconds from now; `Infinity` cancels it
 *   { after: 300, content }    the same, with something for its handler
 *   { at: 12_000, content }    at a moment of the kernel's monotonic clock, `self.kernel.world.monotonicMs()`
 *   { update: content }        other content for the one that runs; if none does, it elapses at once
 *   "cancel"                   not any more
 */
export type Timeout =
  | number
  | { readonly after: number; readonly content?: unknown }
  | { readonly at: number; readonly content?: unknown }
  | { readonly update: unknown }
  | "cancel";

export const eventTimeout: unique symbol = Symbol("timeout");
export const stateTimeout: unique symbol = Symbol("stateTimeout");
/** Which timeout: a name is a generic one. */
export type TimeoutKey = typeof eventTimeout | typeof stateTimeout | string;

/** @internal A timeout that was started: in the mailbox, it says that it has elapsed. */
export class RunningTimeout extends OwnTimeout {
  readonly key: TimeoutKey;
  content: unknown;
  /** Undefined: 0 ms. */
  timer: Timer | undefined;

  constructor(key: TimeoutKey, content: unknown) {
    super();
    this.key = key;
    this.content = content;
  }
}

declareLeaf(RunningTimeout);

/** @internal */
export class Timeouts {
  readonly #self: Process;
  readonly #running = new Map<TimeoutKey, RunningTimeout>();
  /** Those of 0 ms, the oldest first. */
  readonly #zero: RunningTimeout[] = [];

  constructor(self: Process) {
    this.#self = self;
  }

  /** @throws {ReturnError} when it is none of the forms of `Timeout` */
  start(key: TimeoutKey, timeout: Timeout): void {
    if (timeout === "cancel") return this.cancel(key);
    if (typeof timeout === "number") return this.#startAfter(key, timeout, undefined);
    if (typeof timeout === "object" && timeout !== null) {
      if ("after" in timeout) return this.#startAfter(key, timeout.after, timeout.content);
      if ("at" in timeout) return this.#startAt(key, timeout.at, timeout.content);
      if ("update" in timeout) return this.#update(key, timeout.update);
    }
    throw this.#unknown(key, timeout);
  }

  cancel(key: TimeoutKey): void {
    const running = this.#running.get(key);
    if (running !== undefined) this.#forget(running);
  }

  /** @returns the event, if the timeout has not been cancelled or started again since */
  elapsed(running: RunningTimeout): StatemEvent | undefined {
    if (this.#running.get(running.key) !== running) return undefined;
    this.#running.delete(running.key);
    return eventOf(running);
  }

  /** Takes the oldest one of 0 ms. */
  takeZero(): StatemEvent | undefined {
    const running = this.#zero[0];
    if (running === undefined) return undefined;
    this.#forget(running);
    return eventOf(running);
  }

  #startAfter(key: TimeoutKey, afterMs: number, content: unknown): void {
    if (afterMs === Number.POSITIVE_INFINITY) return this.cancel(key);
    if (typeof afterMs !== "number" || !(afterMs >= 0)) throw this.#unknown(key, afterMs);
    if (afterMs > 0) this.#startTimer(key, afterMs, content);
    else this.#startZero(key, content);
  }

  #startAt(key: TimeoutKey, atMs: number, content: unknown): void {
    if (!Number.isFinite(atMs)) throw this.#unknown(key, atMs);
    this.#startTimer(key, Math.max(0, atMs - this.#self.kernel.world.monotonicMs()), content);
  }

  #update(key: TimeoutKey, content: unknown): void {
    const running = this.#running.get(key);
    if (running === undefined) this.#startZero(key, content);
    else running.content = content;
  }

  #startTimer(key: TimeoutKey, afterMs: number, content: unknown): void {
    const running = this.#begin(key, content);
    running.timer = this.#self.sendAfter(afterMs, running);
  }

  #startZero(key: TimeoutKey, content: unknown): void {
    this.#zero.push(this.#begin(key, content));
  }

  #begin(key: TimeoutKey, content: unknown): RunningTimeout {
    this.cancel(key);
    const running = new RunningTimeout(key, content);
    this.#running.set(key, running);
    return running;
  }

  #forget(running: RunningTimeout): void {
    this.#running.delete(running.key);
    if (running.timer !== undefined) this.#self.cancelTimer(running.timer);
    else this.#zero.splice(this.#zero.indexOf(running), 1);
  }

  #unknown(key: TimeoutKey, timeout: unknown): ReturnError {
    const which = typeof key === "string" ? `timeout "${key}"` : key.description;
    return new ReturnError(
      `${this.#self.label} ${this.#self.pid}, ${which}: expected milliseconds of at least 0, { after }, { at }, { update } or "cancel", got ${shown(timeout)}.`,
    );
  }
}

function eventOf({ key, content }: RunningTimeout): StatemEvent {
  if (key === eventTimeout) return { type: "timeout", content };
  if (key === stateTimeout) return { type: "stateTimeout", content };
  return { type: "genericTimeout", name: key, content };
}
