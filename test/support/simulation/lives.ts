/**
 * Lives: who was spawned, who has ended, and why. No process may die of what does not concern it.
 *
 *   spawned ─▷ acts, acts, acts ─▷ [leaves ─▷ terminates] ─▷ ends      nothing after that, and no step of it twice
 *                                       by itself only
 */
import type { ExitReason } from "../../../kernel/exit-reason.ts";
import { type Pid, processOf } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import { idOf, pidText, threadOf, type Violations } from "./violations.ts";

interface Life {
  readonly process: Process;
  readonly signal: AbortSignal;
  /** Why it leaves of its own accord: by `exit`, or by a throw. */
  leaving: string | undefined;
  terminated: boolean;
  ended: boolean;
  /** Beginnings and ends in the order in which they came. */
  readonly beganAt: number;
  endedAt: number;
  /** Suspensions that it has confirmed and that nobody has asked to end. */
  suspended: number;
  /** Inside an async handler. */
  busy: boolean;
}

export class Lives {
  readonly #violations: Violations;
  readonly #lives = new Map<number, Life>();
  readonly #spawned = new Map<number, Pid>();
  readonly #lostThreads: ReadonlySet<number>;
  /** Exit signals that were sent: `victim reason`. */
  readonly #sentenced = new Set<string>();
  /** Pairs that were ever linked, both ways. */
  readonly #tied = new Map<number, Set<number>>();
  #events = 0;
  closed = false;

  constructor(violations: Violations, lostThreads: ReadonlySet<number>) {
    this.#violations = violations;
    this.#lostThreads = lostThreads;
  }

  get size(): number {
    return this.#spawned.size;
  }

  spawned(pid: Pid): void {
    const id = idOf(pid);
    if (this.#spawned.has(id)) this.#violations.add(`${pid} was given away twice`);
    this.#spawned.set(id, pid);
  }

  /** Its `init` runs. What it owns is disposed of when it ends, and tells us. */
  began(self: Process): void {
    const id = idOf(self.pid);
    if (this.#lives.has(id)) this.#violations.add(`${self.pid} began twice`);
    const life: Life = {
      process: self,
      signal: self.signal,
      leaving: undefined,
      terminated: false,
      ended: false,
      beganAt: this.#events++,
      endedAt: Number.POSITIVE_INFINITY,
      suspended: 0,
      busy: false,
    };
    this.#lives.set(id, life);
    self.own({ [Symbol.dispose]: () => this.#ends(id, life) });
  }

  /** It handles a message, or goes on after an `await`. */
  acts(self: Process, resumed = false): void {
    const life = this.#lives.get(idOf(self.pid));
    if (life === undefined) this.#violations.add(`${self.pid} acts before its init has run`);
    else if (life.ended || life.terminated || !self.isAlive) this.#violations.add(`${self.pid} acts after its end`);
    else if (life.busy && !resumed) this.#violations.add(`${self.pid} handles a message inside an async handler`);
    else if (life.suspended > 0 && !resumed)
      this.#violations.add(`${self.pid} handles a message while it is suspended`);
  }

  busy(self: Process, busy: boolean): void {
    this.#lives.get(idOf(self.pid))!.busy = busy;
  }

  suspended(pid: Pid, by: 1 | -1): void {
    const life = this.#lives.get(idOf(pid));
    if (life !== undefined) life.suspended += by;
  }

  leaves(self: Process, reason: ExitReason): void {
    this.#lives.get(idOf(self.pid))!.leaving = reasonKey(reason);
  }

  terminates(self: Process, reason: ExitReason): void {
    const life = this.#lives.get(idOf(self.pid))!;
    if (life.terminated || life.ended) this.#violations.add(`${self.pid} terminates twice`);
    if (life.leaving === undefined) this.#violations.add(`terminate of ${self.pid} ran, but a signal ended it`);
    else if (life.leaving !== reasonKey(reason)) {
      this.#violations.add(`${self.pid} terminates with ${reasonKey(reason)}, but left with ${life.leaving}`);
    }
    life.terminated = true;
  }

  /** An exit signal is on its way. */
  sentence(victim: Pid, reason: ExitReason): void {
    this.#sentenced.add(`${idOf(victim)} ${reason === "kill" ? "killed" : reasonKey(reason)}`);
  }

  tie(a: Pid, b: Pid): void {
    this.#tie(idOf(a), idOf(b));
    this.#tie(idOf(b), idOf(a));
  }

  hasEnded(id: number): boolean {
    if (this.isLost(id)) return true;
    const life = this.#lives.get(id);
    if (life !== undefined) return life.ended;
    const unborn = this.#spawned.get(id); // its init has not run, and will not if it has been killed
    return unborn !== undefined && processOf(unborn) === undefined;
  }

  /** Its thread has ended. */
  isLost(id: number): boolean {
    return this.#lostThreads.has(threadOf(id));
  }

  /** Why, as `reasonKey` has it; undefined while it lives, or if it went with its thread. */
  reasonOf(id: number): string | undefined {
    const life = this.#lives.get(id);
    return life?.signal.aborted === true ? reasonKey(life.signal.reason) : undefined;
  }

  /** Had one ended when the other began? Also if it never began. */
  endedBefore(ended: number, began: number): boolean {
    const endedAt = this.#lives.get(ended)?.endedAt ?? 0;
    return endedAt < this.#lives.get(began)!.beganAt;
  }

  /** Those that have not ended, by id. */
  alive(): Map<number, Process> {
    const alive = new Map<number, Process>();
    for (const [id, { ended, process }] of this.#lives) if (!ended && !this.isLost(id)) alive.set(id, process);
    return alive;
  }

  /** Every end has a cause, and every process that leaves has terminated. To be asked when nothing is under way. */
  check(): void {
    for (const [id, life] of this.#lives) {
      if (!life.ended || this.isLost(id)) continue;
      const reason = reasonKey(life.signal.reason);
      if (!life.signal.aborted) this.#violations.add(`the signal of ${pidText(id)} was not aborted at its end`);
      else if (!this.#isCause(id, life, reason)) {
        this.#violations.add(`${pidText(id)} ended with ${reason}, for no reason`);
      }
      if (life.leaving === reason && !life.terminated) {
        this.#violations.add(`${pidText(id)} left with ${reason}, and its terminate has not run`);
      }
    }
  }

  #isCause(id: number, life: Life, reason: string): boolean {
    if (life.leaving === reason || this.#sentenced.has(`${id} ${reason}`)) return true;
    if (reason.startsWith("nameConflict")) return true;
    for (const other of this.#tied.get(id) ?? []) {
      if (this.reasonOf(other) === reason || reason === "noproc") return true;
      if (!this.#lives.has(other) && this.#sentenced.has(`${other} ${reason}`)) return true;
      if (reason === "schedulerDown" && this.isLost(other)) return true;
    }
    return false;
  }

  #ends(id: number, life: Life): void {
    if (this.closed) return;
    if (life.ended) this.#violations.add(`${pidText(id)} ended twice`);
    life.ended = true;
    life.endedAt = this.#events++;
  }

  #tie(from: number, to: number): void {
    const tied = this.#tied.get(from);
    if (tied === undefined) this.#tied.set(from, new Set([to]));
    else tied.add(to);
  }
}

/** Reasons of actors are words, or carry one: what can be compared after a journey between threads. */
export function reasonKey(reason: ExitReason): string {
  if (typeof reason !== "object" || reason === null) return String(reason);
  if ("because" in reason) return String(reason.because);
  if ("nameConflict" in reason) return `nameConflict ${reason.nameConflict}`;
  if ("error" in reason) return (reason.error as { message: string }).message;
  return JSON.stringify(reason);
}
