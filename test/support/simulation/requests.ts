/**
 * Requests: calls. Each settles once: with its own reply, or with a reason that is true, at the time when it became true.
 */
import { CallError } from "../../../kernel/errors.ts";
import type { Pid } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { SimWorld } from "../../../kernel/testing/index.ts";
import { type Lives, reasonKey } from "./lives.ts";
import { idOf, pidText, type Violations } from "./violations.ts";

interface Request {
  readonly n: number;
  readonly owner: number;
  readonly server: number;
  readonly local: boolean;
  readonly askedMs: number;
  readonly timeoutMs: number;
  /** Somebody has replied to it, at a time when nobody had before. */
  answered: boolean;
}

export class Requests {
  readonly #violations: Violations;
  readonly #world: SimWorld;
  readonly #lives: Lives;
  readonly #open = new Map<number, Request>();
  readonly #endedMs = new Map<number, number>();
  #last = 0;
  /** Milliseconds by which a timeout may be late. */
  lateMs = 5;
  events = 0;

  constructor(violations: Violations, world: SimWorld, lives: Lives) {
    this.#violations = violations;
    this.#world = world;
    this.#lives = lives;
  }

  /** The number to send as the next request, and to get as its reply. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** @returns settles when the call does, and never rejects */
  asked(self: Process, server: Pid, n: number, timeoutMs: number, reply: Promise<number>): Promise<void> {
    const local = self.pid.thread === server.thread;
    const ids = { owner: idOf(self.pid), server: idOf(server) };
    const request: Request = { n, ...ids, local, askedMs: this.#world.nowMs, timeoutMs, answered: false };
    this.#open.set(n, request);
    return reply.then(
      (value) => {
        this.events += 1;
        if (!this.#open.delete(n)) this.#violations.add(`call ${n} settled twice`);
        if (value !== n) this.#violations.add(`call ${n} got the reply to ${value}`);
        if (!request.answered) this.#violations.add(`call ${n} got a reply that nobody gave`);
      },
      (thrown: unknown) => {
        this.events += 1;
        if (!this.#open.delete(n)) this.#violations.add(`call ${n} settled twice`);
        if (!(thrown instanceof CallError)) this.#violations.add(`call ${n} failed with ${thrown}`);
        else this.#checkReason(request, reasonKey(thrown.reason));
      },
    );
  }

  answered(n: number): void {
    const request = this.#open.get(n);
    if (request !== undefined) request.answered = true;
  }

  /** A process has ended: its callers must hear of it. */
  ended(id: number): void {
    this.#endedMs.set(id, this.#world.nowMs);
  }

  /** To be asked when nothing is under way. @param lossless no thread has ended, and taken a reply with it */
  check(alive: ReadonlyMap<number, Process>, lossless: boolean): void {
    for (const { n, owner, server, timeoutMs, answered } of this.#open.values()) {
      if (!alive.has(owner)) continue;
      const mayWait = timeoutMs === Number.POSITIVE_INFINITY && alive.has(server) && !(answered && lossless);
      if (!mayWait) this.#violations.add(`call ${n} of ${pidText(owner)} to ${pidText(server)} never settled`);
    }
  }

  #checkReason(request: Request, reason: string): void {
    const { n, server, local, askedMs, timeoutMs } = request;
    const endedMs = this.#endedMs.get(server);
    if (reason === "timeout") {
      const lateMs = this.#world.nowMs - askedMs - timeoutMs;
      if (lateMs < -1e-6 || lateMs > this.lateMs) this.#violations.add(`call ${n} timed out ${lateMs} ms late`);
      if (local && endedMs !== undefined && endedMs < this.#world.nowMs - this.lateMs) {
        this.#violations.add(`call ${n} timed out, but its server ended before`);
      }
      return;
    }
    if (!this.#lives.hasEnded(server)) {
      this.#violations.add(`call ${n} failed with ${reason}, but its server lives`);
      return;
    }
    const actual = this.#lives.reasonOf(server);
    if (actual === undefined || reason === actual || (reason === "schedulerDown" && !local)) return;
    const wasGone = reason === "noproc" && !(local && endedMs !== undefined && endedMs > askedMs);
    if (!wasGone) this.#violations.add(`call ${n} failed with ${reason}, but its server ended with ${actual}`);
  }
}
