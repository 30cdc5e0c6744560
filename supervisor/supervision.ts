/**
 * Supervision: what all supervisors have in common, as the state of their process.
 *
 *   child ends ─▷ is it to be restarted? ──no──▷ over(child)
 *                         │ yes
 *                         ▼
 *   ┌──────▷ one restart more than allowed? ──yes──▷ the supervisor ends with "shutdown"
 *   │                     │ no
 *   │      no backoff ────┼──── backoff: bringDown(child), wait
 *   │                     ▼                         │
 *   │               bringUp(child) ◁────────────────┘
 *   │                     │ a child fails to start: it is "restarting"
 *   └── Retry ◁───────────┘ through the mailbox, so that others are heard in between: an order to stop above all
 *
 * Source: Erlang/OTP, supervisor; S3 to S5, S14, S18 of the feature map.
 */
import { OptionError, StartError, shown } from "../kernel/errors.ts";
import { crashReason, type ExitReason, isQuiet } from "../kernel/exit-reason.ts";
import { seal } from "../kernel/message.ts";
import { checkKeys } from "../kernel/options.ts";
import { Pid } from "../kernel/pid.ts";
import { type Process, ProcessExit } from "../kernel/process.ts";
import type { ExitMessage } from "../kernel/system-messages.ts";
import { type Child, type ChildInfo, Retry } from "./child.ts";
import { ChildSpecError, type Refusal } from "./errors.ts";
import { reportChild, type SupervisorEvent, tooManyRestarts } from "./reports.ts";
import { RestartWindow } from "./restart-window.ts";
import type { Strategy } from "./strategy.ts";

/** Options of every supervisor. */
export interface SupervisionOptions {
  /** Shown in reports. */
  readonly name?: string;
  /** Restarts allowed within `maxSeconds`, of all children together; default 3. One more, and the supervisor gives up. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
  /** Report every child that has started, too. Default false. */
  readonly reportProgress?: boolean;
}

/** What `sys.getState` tells of a supervisor. */
export interface SupervisorStatus {
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly children: readonly ChildInfo[];
}

export abstract class Supervision {
  readonly self: Process;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  /** It ends because of too many restarts. */
  gaveUp = false;
  readonly #window: RestartWindow;
  /** The last threads whose end has been counted as a restart. */
  readonly #threadsDown: number[] = [];
  readonly #reportProgress: boolean;
  readonly #extra: readonly unknown[];

  /** @param extra what each child's `start` gets, beside the supervisor */
  constructor(self: Process, options: SupervisionOptions, extra: readonly unknown[] = []) {
    this.self = self;
    this.maxRestarts = options.maxRestarts ?? 3;
    this.maxSeconds = options.maxSeconds ?? 5;
    this.#window = new RestartWindow(this.maxRestarts, this.maxSeconds);
    this.#reportProgress = options.reportProgress === true;
    this.#extra = extra;
  }

  /** All children, in order if there is one. */
  abstract infos(): ChildInfo[];
  /** The supervisor ends, and its children before it. */
  abstract stopAll(): Promise<void>;
  /** For `sys.getState` and `sys.getStatus`. */
  abstract status(): SupervisorStatus;
  /** Whose pid it is. */
  protected abstract childOf(pid: Pid): Child | undefined;
  /** It is up: from now on it is found by its pid. */
  protected abstract wentUp(child: Child, pid: Pid): void;
  /** It is down: its pid means nothing any more. */
  protected abstract wentDown(child: Child, pid: Pid): void;
  /** It has ended, and is not restarted. */
  protected abstract over(child: Child): void;
  /** Starts it again, and whoever is restarted with it. */
  protected abstract bringUp(child: Child): Promise<void>;
  /** Stops whoever is restarted with it. */
  protected abstract bringDown(child: Child): Promise<void>;

  /** Somebody who is linked to the supervisor has ended. */
  exited({ from, reason }: ExitMessage): void | Promise<void> {
    const child = this.childOf(from);
    if (child === undefined) {
      // Its parent's order to stop, or the kernel's own; that of anybody else is none.
      if (from === this.self.parent || from === this.self.pid) throw new ProcessExit(reason);
      return;
    }
    this.down(child);
    const { restart } = child.spec;
    if (restart === "permanent" || !isQuiet(reason)) this.report("childTerminated", child, reason);
    if (restart === "permanent" || (restart === "transient" && !isQuiet(reason))) {
      return this.#restart(child, this.#isCounted(from.thread, reason));
    }
    this.over(child);
  }

  /** The end of a thread is one failure, however many children it takes along. */
  #isCounted(thread: number | undefined, reason: ExitReason): boolean {
    const { kernel } = this.self;
    if (reason !== "schedulerDown" || thread === undefined) return true;
    if (thread === kernel.thread || kernel.peers.has(thread)) return true;
    if (this.#threadsDown.includes(thread)) return false;
    this.#threadsDown.push(thread);
    if (this.#threadsDown.length > 8) this.#threadsDown.shift();
    return true;
  }

  /** The supervisor's message to itself. One that was overtaken by something else means nothing. */
  retry(message: Retry): void | Promise<void> {
    const { child } = message;
    if (child.retry !== message) return;
    this.settle(child);
    child.restarting = true;
    return message.waited ? this.bringUp(child) : this.#restart(child, message.isCounted);
  }

  /**
   * Starts a child.
   *
   * @returns whether it is up, ignored (nothing to do), or failed, and why
   */
  protected async start(child: Child): Promise<Started> {
    const { self } = this;
    this.settle(child);
    try {
      const pid = await child.spec.start(self, ...(this.#extra as readonly never[]));
      if (pid === undefined) return { type: "ignored" };
      if (!(pid instanceof Pid)) throw notAPid(child, pid);
      if (!self.isAlive) self.kernel.signals.exit(pid, self.pid, "killed"); // we were, while it came up
      self.link(pid); // does nothing if `start` has linked it, as it should
      child.pid = child.lastPid = pid;
      child.upMs = self.kernel.world.monotonicMs();
      child.starts += 1;
      this.wentUp(child, pid);
      if (this.#reportProgress) this.report("progress", child, "started");
      return { type: "up", pid };
    } catch (thrown) {
      self.assertAlive();
      return {
        type: "failed",
        reason: startFailure(thrown),
        thread: (thrown as Partial<StartError> | undefined)?.thread,
      };
    }
  }

  /** A child that did not start is tried again, as a new restart. */
  protected tryAgain(child: Child, { thread, reason }: Failed): void {
    child.restarting = true;
    child.retry = new Retry(child, false, this.#isCounted(thread, reason));
    this.self.kernel.deliver(this.self, child.retry);
  }

  /** It does not run any more. */
  protected down(child: Child): void {
    if (child.pid === undefined) return;
    this.wentDown(child, child.pid);
    child.pid = undefined;
  }

  /** It is neither restarting any more, nor waiting for that. */
  protected settle(child: Child): void {
    child.restarting = false;
    child.retry = undefined;
    if (child.timer !== undefined) this.self.cancelTimer(child.timer);
    child.timer = undefined;
  }

  protected report(event: SupervisorEvent, child: Child, reason: ExitReason): void {
    const { id, shutdown } = child.spec;
    reportChild(this.self, event, id, child.lastPid, reason, event === "shutdownError" ? shutdown : undefined);
  }

  #restart(child: Child, isCounted: boolean): Promise<void> {
    const { world } = this.self.kernel;
    const nowMs = world.monotonicMs();
    if (isCounted && !this.#window.record(nowMs)) {
      this.gaveUp = true;
      this.report("shutdown", child, tooManyRestarts);
      this.settle(child);
      throw new ProcessExit("shutdown");
    }
    if (child.backoff === undefined) return this.bringUp(child);
    const ranMs = child.restarting ? 0 : nowMs - child.upMs;
    return this.#wait(child, child.backoff.failed(ranMs, world.random()));
  }

  /** Nobody who depends on the child runs while it waits. */
  async #wait(child: Child, delayMs: number): Promise<void> {
    await this.bringDown(child);
    child.restarting = true;
    child.retry = new Retry(child, true, false);
    child.timer = this.self.sendAfter(delayMs, child.retry);
  }
}

/** What a supervisor did that it was asked for, or why it did not: as data, for it may go to another thread. */
export type Outcome =
  | { readonly pid: Pid | undefined }
  | { readonly refused: Refusal }
  /** The child did not start. */
  | { readonly failed: ExitReason }
  /** What is wrong with the child spec. */
  | { readonly invalid: string };

/** What became of a start. */
export type Started = { readonly type: "up"; readonly pid: Pid } | { readonly type: "ignored" } | Failed;

export interface Failed {
  readonly type: "failed";
  readonly reason: ExitReason;
  /** On which thread, when that is another one. */
  readonly thread: number | undefined;
}

function startFailure(thrown: unknown): ExitReason {
  if (!(thrown instanceof StartError) && !(thrown instanceof ProcessExit)) return crashReason(thrown);
  try {
    return seal(thrown.reason); // whoever asked for the start is told
  } catch {
    return crashReason(thrown);
  }
}

function notAPid(child: Child, got: unknown): ChildSpecError {
  return new ChildSpecError(
    `Child spec ${shown(child.spec.id)}: expected start to give a pid, or undefined for nothing to do, got ${shown(got)}.`,
  );
}

/**
 * @param others that this kind of supervisor has
 * @throws {OptionError} when one makes no sense, or there is none of that name
 */
export function checkSupervisionOptions(options: SupervisionOptions, name: string, others: readonly string[]): void {
  checkKeys(name, options, ["name", "maxRestarts", "maxSeconds", "reportProgress", ...others]);
  const { maxRestarts = 3, maxSeconds = 5 } = options;
  if (!(maxRestarts >= 0)) throw wrongOption(name, "maxRestarts", "a number of at least 0", maxRestarts);
  if (!(maxSeconds > 0)) throw wrongOption(name, "maxSeconds", "a number above 0", maxSeconds);
}

export function wrongOption(name: string, option: string, what: string, got: unknown): OptionError {
  return new OptionError(`${name}: expected ${option} to be ${what}, got ${shown(got)}.`);
}
