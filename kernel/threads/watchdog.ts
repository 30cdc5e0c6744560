/**
 * Watchdog: on the main thread, looks at every scheduler thread's stats and finds who takes a thread for itself.
 *
 *   level 1   the same turn runs for half of `turnLimitMs` ─▷ look: is it JavaScript that runs, and not the garbage collector?
 *             and for the other half since that answer     ─▷ cut it off: that process ends, its neighbours go on (runaway.ts)
 *   level 2   the event loop stands still for `stuckMs`     ─▷ look, for the report ─▷ the thread is ended and replaced
 *
 * - What level 1 cannot cut (after an `await`, in a timer's callback, in native code) level 2 ends.
 * - The time for which a thread waited for a processor is not counted (run-delay.ts), nor a poll that is late itself.
 * - While a debugger is attached (`--inspect`) nothing is cut or ended: a breakpoint is no runaway.
 * Cost: a poll reads four numbers a thread, 50 to 100 times a second; nothing on the threads (decision 0008).
 */

import type { Look } from "../guard/runaway.ts";
import type { Kernel } from "../kernel.ts";
import { stat } from "../observe/stats.ts";
import type { Alarm } from "../world.ts";
import { LookSession } from "./look-session.ts";
import { runDelayMs } from "./run-delay.ts";
import { Verdict } from "./verdict.ts";

export interface WatchdogOptions {
  /**
   * Milliseconds that one handler may run before it yields; then its process is killed, alone. Default 100. Infinity: level 1
   * is off. What takes longer on purpose belongs into `Task.pool`.
   */
  readonly turnLimitMs?: number;
  /** Milliseconds for which an event loop may stand still; then its thread is replaced. Default 500. Infinity: never. */
  readonly stuckMs?: number;
}

/** A thread to be watched. */
export interface WatchedThread {
  readonly thread: number;
  readonly slot: number;
  /** Of the worker, unique in the program. */
  readonly name: string;
  /** Memory of its `Verdict`. */
  readonly verdict: SharedArrayBuffer;
}

interface Watch {
  readonly stats: Float64Array;
  turn: number;
  /** When the turn was first seen to run, and how long the thread had waited for a processor by then. */
  sinceMs: number;
  delayMs: number;
  phase: "new" | "asked" | "running" | "cutting" | "uncuttable";
  /** When it last proved that JavaScript runs. */
  provedMs: number;
  /** Turns and beats of the event loop so far, when that last changed, and how long it had waited for a processor then. */
  progress: number;
  progressAtMs: number;
  stillDelayMs: number;
  /** What was seen when half of `stuckMs` was over. */
  seen: Look | undefined;
  isAsked: boolean;
}

export class Watchdog {
  readonly #kernel: Kernel;
  readonly #threads: () => Iterable<WatchedThread>;
  readonly #onStuck: (thread: WatchedThread, forMs: number, seen: Look | undefined) => void;
  readonly #turnLimitMs: number;
  readonly #stuckMs: number;
  readonly #pollMs: number;
  readonly #watches = new Map<number, Watch>();
  #looks: LookSession | undefined;
  #lastPollMs = 0;
  #alarm: Alarm | undefined;

  /** @param onStuck a thread that is to be ended, and what was last seen of it */
  constructor(
    kernel: Kernel,
    options: WatchdogOptions,
    threads: () => Iterable<WatchedThread>,
    onStuck: (thread: WatchedThread, forMs: number, seen: Look | undefined) => void,
  ) {
    this.#kernel = kernel;
    this.#threads = threads;
    this.#onStuck = onStuck;
    this.#turnLimitMs = options.turnLimitMs ?? 100;
    this.#stuckMs = options.stuckMs ?? 500;
    this.#pollMs = Math.min(Math.max(Math.min(this.#turnLimitMs, this.#stuckMs) / 8, 5), 25);
  }

  /** Call it before the threads are started: it is tied to them as they start. */
  async start(): Promise<void> {
    if (this.#turnLimitMs === Number.POSITIVE_INFINITY && this.#stuckMs === Number.POSITIVE_INFINITY) return;
    this.#looks = await LookSession.open();
    this.#lastPollMs = this.#kernel.world.monotonicMs();
    const poll = (): void => {
      this.#poll();
      this.#alarm = this.#kernel.world.alarm(this.#pollMs, poll);
    };
    this.#alarm = this.#kernel.world.alarm(this.#pollMs, poll);
  }

  /** A thread has looked into itself, as it was asked to, and waits for the order to cut off what it runs. */
  condemned({ name, verdict }: WatchedThread): void {
    new Verdict(verdict, () => this.#kernel.world.monotonicMs()).give(() => this.#looks?.terminate(name));
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#looks?.close();
  }

  #poll(): void {
    const nowMs = this.#kernel.world.monotonicMs();
    const lateMs = nowMs - this.#lastPollMs - this.#pollMs;
    this.#lastPollMs = nowMs;
    const isDebugged = this.#looks?.isDebugged === true;
    const seen = new Set<number>();
    for (const thread of this.#threads()) {
      seen.add(thread.thread);
      const watch = this.#watch(thread, nowMs);
      if (isDebugged) Object.assign(watch, { turn: -1, progressAtMs: nowMs });
      else if (lateMs > lateAfterMs) {
        // This thread stood still, too: what it has not seen proves nothing.
        watch.sinceMs += lateMs;
        watch.progressAtMs += lateMs;
      }
      if (this.#turnLimitMs !== Number.POSITIVE_INFINITY && this.#looks !== undefined) {
        this.#watchTurn(thread, watch, this.#looks, nowMs);
      }
      if (this.#stuckMs !== Number.POSITIVE_INFINITY) this.#watchLoop(thread, watch, nowMs);
    }
    for (const thread of this.#watches.keys()) if (!seen.has(thread)) this.#watches.delete(thread);
  }

  #watch({ thread, slot }: WatchedThread, nowMs: number): Watch {
    let watch = this.#watches.get(thread);
    if (watch === undefined) {
      const stats = this.#kernel.statsTable.row(slot);
      watch = {
        stats,
        turn: -1,
        sinceMs: nowMs,
        delayMs: 0,
        phase: "new",
        provedMs: 0,
        progress: -1,
        progressAtMs: nowMs,
        stillDelayMs: Number.NaN,
        seen: undefined,
        isAsked: false,
      };
      this.#watches.set(thread, watch);
    }
    return watch;
  }

  // ---- level 1 -------------------------------------------------------------------------------------------------------

  #watchTurn(thread: WatchedThread, watch: Watch, looks: LookSession, nowMs: number): void {
    const { stats } = watch;
    const turn = stats[stat.turns]!;
    if (stats[stat.running] === 0) {
      watch.turn = -1;
      return;
    }
    if (turn !== watch.turn) {
      Object.assign(watch, { turn, sinceMs: nowMs, delayMs: Number.NaN, phase: "new" });
      return;
    }
    const half = this.#turnLimitMs / 2;
    if (watch.phase === "new") {
      if (Number.isNaN(watch.delayMs)) watch.delayMs = runDelayMs(stats[stat.systemThread]!);
      if (nowMs - watch.sinceMs < half - this.#pollMs) return;
      watch.phase = "asked";
      looks.look(thread.name, turn, undefined, (look) => {
        this.#looked(watch, turn, look);
        if (look?.isFull !== true || watch.turn !== turn) return;
        watch.phase = "cutting"; // what it allocates has to end now
        this.#cut(thread, watch, looks, this.#kernel.world.monotonicMs() - watch.sinceMs, mostTries);
      });
    } else if (watch.phase === "running" && nowMs - watch.provedMs >= half) {
      const ranMs = nowMs - watch.sinceMs - (runDelayMs(stats[stat.systemThread]!) - watch.delayMs);
      if (ranMs < this.#turnLimitMs - this.#pollMs) return;
      watch.phase = "cutting";
      this.#cut(thread, watch, looks, nowMs - watch.sinceMs, mostTries);
    }
  }

  #cut(thread: WatchedThread, watch: Watch, looks: LookSession, ranMs: number, tries: number): void {
    const { turn } = watch;
    looks.look(thread.name, turn, ranMs, (look) => {
      if (look?.outcome === "unsafe" && watch.turn === turn && tries > 1) {
        this.#cut(thread, watch, looks, ranMs, tries - 1);
      } else this.#looked(watch, turn, look);
    });
  }

  #looked(watch: Watch, turn: number, look: Look | undefined): void {
    if (watch.turn !== turn) return;
    switch (look?.outcome) {
      case "running":
        watch.phase = "running";
        watch.provedMs = this.#kernel.world.monotonicMs();
        return;
      case "unsafe":
        watch.phase = "running"; // and again, at the next poll
        return;
      case "uncuttable":
        watch.phase = "uncuttable";
        return;
      case undefined: // no room on the stack: ask again
        watch.phase = watch.phase === "asked" ? "new" : "running";
        return;
      case "cut":
        watch.phase = "running"; // if it should not be: again, in a while
        watch.provedMs = this.#kernel.world.monotonicMs();
        return;
      case "past":
        return;
    }
  }

  // ---- level 2 -------------------------------------------------------------------------------------------------------

  #watchLoop(thread: WatchedThread, watch: Watch, nowMs: number): void {
    const { stats } = watch;
    const progress = stats[stat.beat]! + stats[stat.turns]!;
    if (progress !== watch.progress) {
      Object.assign(watch, {
        progress,
        progressAtMs: nowMs,
        stillDelayMs: Number.NaN,
        seen: undefined,
        isAsked: false,
      });
      return;
    }
    const forMs = nowMs - watch.progressAtMs;
    if (forMs < this.#stuckMs / 4) return;
    const delayMs = runDelayMs(stats[stat.systemThread]!);
    if (Number.isNaN(watch.stillDelayMs)) watch.stillDelayMs = delayMs;
    // Asked at every poll until a process is known: between two continuations it is nobody's code that runs.
    if (!watch.isAsked && watch.seen?.pid === undefined && forMs > this.#stuckMs / 2) {
      watch.isAsked = true;
      this.#looks?.look(thread.name, undefined, undefined, (look) => {
        watch.isAsked = false;
        if (watch.progress === progress && look !== undefined) watch.seen = look;
      });
    }
    const ranMs = forMs - (delayMs - watch.stillDelayMs);
    if (ranMs <= this.#stuckMs && forMs <= this.#stuckMs * mostPatience) return;
    this.#onStuck(thread, forMs, watch.seen);
  }
}

/** However busy the machine is, a thread that stands still for so many times `stuckMs` is ended. */
const mostPatience = 20;
/** How often it is tried at once to find a thread at a place where it may be cut; then again at the next poll. */
const mostTries = 20;
/** A poll that is later than this says that the whole program, or machine, stood still. */
const lateAfterMs = 50;
