/**
 * Turns: what a process does when the run queue (run-queue.ts) has come to it.
 *
 *   init, once ─▷ handle ─▷ handle ─▷ ...      until the mailbox is empty, the reductions are used up, or the slice is over
 *                   │
 *                   ├ returns a promise        no other message is handled until it settles (`receive` goes on taking)
 *                   ├ throws                   ends.crashed
 *                   └ is to end (`ending`)     ends.finish, as soon as it has returned
 */
import { isSysRequest } from "./calls.ts";
import { setCurrent } from "./guard/rejections.ts";
import type { RunawayGuard } from "./guard/runaway.ts";
import { isPromise } from "./is-promise.ts";
import type { Kernel } from "./kernel.ts";
import type { Mailbox } from "./mailbox.ts";
import { exceeds } from "./observe/state-size.ts";
import { type Stats, stat } from "./observe/stats.ts";
import { PlainBehaviour } from "./plain-process.ts";
import type { Process } from "./process.ts";
import { awaiting, exited, idle, queued, receiving, running } from "./process-status.ts";
import type { Rare } from "./rare.ts";
import { stopReceiving, tryReceive } from "./receive.ts";
import type { RunQueue } from "./run-queue.ts";
import { answerSys, isSuspended } from "./server/sys.ts";

export class Turns {
  readonly #kernel: Kernel;
  readonly #queue: RunQueue;
  readonly #stats: Stats;
  /** Whose handler runs. */
  running: Process | undefined = undefined;
  /** The watchdog has begun to count the time of this turn: it ends with the message that is handled. */
  isWatched = false;
  /** The turn is being cut off, by this guard: nothing of the kernel may begin before it has been asked. */
  condemned: RunawayGuard | undefined = undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#queue = kernel.queue;
    this.#stats = kernel.stats;
  }

  /** One turn: what it was woken for, then messages until its reductions are used up. */
  run(process: Process): void {
    if (process.status === receiving) {
      process.status = awaiting;
      this.#goOn(process);
      tryReceive(process);
      return;
    }
    if (process.status !== queued) return;
    this.#begins(process);
    let result: unknown;
    let handled = 0;
    try {
      if (process.starting !== undefined) {
        result = process.behaviour.init?.(process, process.starting.arg);
        if (!isPromise(result)) this.#started(process);
      }
      while (!isPromise(result) && process.ending === undefined) {
        const mailbox = process.mailbox;
        if (mailbox === undefined || mailbox.length === 0 || this.#queue.reductions <= 0) break;
        const at = isSuspended(process) ? firstSysRequest(mailbox) : 0;
        if (at < 0) break;
        this.#queue.reductions -= 1;
        const message = at === 0 ? mailbox.shift() : mailbox.removeAt(at);
        if (isSysRequest(message)) answerSys(process, message);
        else result = process.behaviour.handle(process, message);
        // Slow handlers must not make a long turn of it: the event loop waits.
        handled += 1;
        if (handled < this.#queue.messagesPerLook && !this.isWatched) continue;
        if (this.#queue.isSliceOver()) break;
        handled = 0;
      }
    } catch (thrown) {
      this.condemned?.turnEnds();
      this.#ends(process);
      this.#kernel.ends.crashed(process, thrown);
      return;
    }
    this.condemned?.turnEnds();
    this.#ends(process);
    if (isPromise(result)) this.#wait(process, result);
    if (process.ending !== undefined) this.#kernel.ends.finish(process, process.ending.reason, false);
    else if (!isPromise(result)) this.#rest(process);
  }

  /** Who has slept goes on when its turn comes, behind those that are ready already; at once when there are none. */
  wake(process: Process, goOn: () => void): void {
    const { rare } = process;
    if (this.#queue.length === 0 || process.status !== awaiting || rare === undefined || rare.goOn !== undefined)
      goOn();
    else {
      rare.goOn = goOn;
      process.status = receiving;
      this.#queue.push(process);
    }
  }

  #goOn({ rare }: Process): void {
    const goOn = rare?.goOn;
    if (goOn === undefined) return;
    delete rare!.goOn;
    goOn();
  }

  /** Before its code runs: everybody who wants to know whose turn it is. */
  #begins(process: Process): void {
    process.status = running;
    this.running = process;
    setCurrent(process);
    this.#stats[stat.turns]! += 1;
    this.#stats[stat.running] = process.pid.serial;
    this.#kernel.observer?.turnBegins();
  }

  /** Its code has returned, thrown, or goes on asynchronously. */
  #ends(process: Process): void {
    this.running = undefined;
    this.isWatched = false;
    setCurrent(undefined);
    this.#stats[stat.running] = 0;
    this.#kernel.observer?.turnEnds(process);
  }

  /** Its code was cut off: it has not returned, and never will. */
  cutOff(process: Process): void {
    this.condemned = undefined;
    this.#ends(process);
  }

  /** Idle, or queued again when there is more to do. */
  #rest(process: Process): void {
    if (process.rare?.stateLimit !== undefined && this.#isOverweight(process, process.rare.stateLimit)) return;
    const { mailbox } = process;
    if (mailbox !== undefined && (isSuspended(process) ? firstSysRequest(mailbox) >= 0 : mailbox.length > 0)) {
      process.status = queued;
      this.#queue.push(process);
    } else process.status = idle;
  }

  /** Now and then: is its state beyond its limit? Then that was its end. */
  #isOverweight(process: Process, limit: NonNullable<Rare["stateLimit"]>): boolean {
    limit.turnsToCheck -= 1;
    if (limit.turnsToCheck > 0) return false;
    limit.turnsToCheck = turnsPerStateCheck;
    const { pid, label, behaviour } = process;
    try {
      const state = behaviour.getState === undefined ? process.state : behaviour.getState(process);
      if (!exceeds(state, limit.maxBytes)) return false;
    } catch (thrown) {
      this.#kernel.ends.crashed(process, thrown); // a getter of its own state
      return true;
    }
    this.#kernel.report({ kind: "stateLimit", pid: pid.toString(), label, maxBytes: limit.maxBytes });
    this.#kernel.ends.finish(process, "killed", false);
    return true;
  }

  /** The handler goes on asynchronously: no other message is handled until its promise settles. */
  #wait(process: Process, promise: PromiseLike<unknown>): void {
    this.await(process);
    promise.then(
      () => {
        if (process.status === exited || process.terminating) return;
        stopReceiving(process);
        this.#goOn(process); // a sleep that the handler has not waited for
        if (process.starting !== undefined) this.#started(process);
        if (process.ending !== undefined) this.#kernel.ends.finish(process, process.ending.reason, false);
        else if (!this.#isOver(process)) this.#rest(process);
      },
      (thrown: unknown) => {
        if (process.status === exited || process.terminating) return;
        stopReceiving(process);
        this.#kernel.ends.crashed(process, thrown);
      },
    );
  }

  /** What came while the handler still ran may be what its `receive` waits for. */
  await(process: Process): void {
    process.status = awaiting;
    if (process.rare?.receiving !== undefined && process.mailbox !== undefined && process.mailbox.length > 0) {
      process.status = receiving;
      this.#queue.push(process);
    }
  }

  #started(process: Process): void {
    this.#kernel.initAck(process, process.pid);
    if (process.behaviour instanceof PlainBehaviour) process.ending ??= { reason: "normal" };
  }

  #isOver(process: Process): boolean {
    return (process.status as number) === exited;
  }
}

/** @returns its position, or -1. What is urgent for other reasons may stand before it */
function firstSysRequest(mailbox: Mailbox): number {
  for (let i = 0; i < mailbox.urgent; i++) if (isSysRequest(mailbox.at(i))) return i;
  return -1;
}

/** @internal Turns of a process between two looks at the size of its state. */
export const turnsPerStateCheck = 64;
