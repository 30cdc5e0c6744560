/**
 * Schedulers: the threads that host the processes, seen from the main thread.
 *
 *   slot 1   thread 1 ✗ ─▷ thread 3 ─▷ ...        a thread that ends is replaced at once; its number, and so its pids,
 *   slot 2   thread 2                             never come back
 *
 * - Every pair of threads has a MessageChannel of its own; a replacement is introduced to all.
 * - A thread that ends: its peers' processes hear of it by exit signals and `down` messages (`schedulerDown`).
 * - Watchdog: a thread whose event loop has stood still for `stuckMs` is ended. What ran there is named in the report.
 * - Threads that end again and again are replaced with a growing delay, up to 5 s. One that gave up or could not boot is
 *   replaced only if whoever started the schedulers still wants it.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { ThreadError } from "../errors.ts";
import type { ErrorData } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { stat } from "../stats.ts";
import type { Alarm } from "../world.ts";
import type { FromScheduler, SchedulerData, ToScheduler } from "./control.ts";
import { PortBoundary } from "./port-boundary.ts";
import { beatMs } from "./vitals.ts";

export interface SchedulersOptions {
  /** How many, at least 1. */
  readonly count: number;
  /** Module that every thread loads; it exports `boot` (control.ts). */
  readonly boot: URL;
  /** Handed to `boot`. */
  readonly bootData: unknown;
  /** Milliseconds for which an event loop may stand still; default 1,000. Infinity turns the watchdog off. */
  readonly stuckMs?: number;
  /** Megabytes of a thread's young generation; default 4: short pauses with many processes (research 3a, GC). */
  readonly youngGenerationMb?: number;
  readonly onUp: (thread: number) => void;
  /** The thread has ended, and everybody tied to its processes has been told. */
  readonly onDown: (thread: number) => void;
  /** A thread gave itself up, or could not boot in its predecessor's place. @returns is it to be replaced? Default: yes */
  readonly onGaveUp?: (why: string) => boolean;
}

interface Scheduler {
  readonly thread: number;
  readonly slot: number;
  readonly worker: Worker;
  ready: boolean;
  ended: boolean;
  /** Why it gave itself up, or could not boot. */
  gaveUp: string | undefined;
  beat: number;
  beatAtMs: number;
  settled: { resolve(): void; reject(error: Error): void } | undefined;
}

export class Schedulers {
  readonly #kernel: Kernel;
  readonly #options: SchedulersOptions;
  readonly #bySlot = new Map<number, Scheduler>();
  readonly #endsMs: number[] = [];
  readonly #alarms = new Set<Alarm>();
  #lastThread = 0;
  #lastPollMs = 0;
  #closing = false;

  private constructor(kernel: Kernel, options: SchedulersOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  /**
   * Starts the threads and waits until all have booted.
   *
   * @param kernel the main thread's
   * @throws {ThreadError} when one of them could not boot; none is left then
   */
  static async start(kernel: Kernel, options: SchedulersOptions): Promise<Schedulers> {
    const schedulers = new Schedulers(kernel, options);
    try {
      // One after the other: the first one hosts the app's children, and who comes later finds them.
      for (let slot = 1; slot <= options.count; slot++) await schedulers.#start(slot);
    } catch (error) {
      await schedulers.close(0);
      throw error;
    }
    schedulers.#watch();
    return schedulers;
  }

  /** Threads that have booted. */
  get threads(): number[] {
    return [...this.#bySlot.values()].filter(({ ready }) => ready).map(({ thread }) => thread);
  }

  /** The thread in a slot (from 1), when it has booted. */
  inSlot(slot: number): number | undefined {
    const scheduler = this.#bySlot.get(slot);
    return scheduler?.ready === true ? scheduler.thread : undefined;
  }

  /** Ends a thread from outside, whatever it does. A new one takes its place. @returns when it is gone */
  async kill(thread: number): Promise<void> {
    const scheduler = [...this.#bySlot.values()].find((candidate) => candidate.thread === thread);
    if (scheduler === undefined) {
      throw new ThreadError(`Cannot end thread ${thread}: expected one of ${this.threads.join(", ")}.`);
    }
    await scheduler.worker.terminate();
  }

  /** Stops what runs on the threads, the last one first, each within `timeoutMs`; then ends them. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    // The watchdog goes on: a thread that stands still will not stop.
    for (const scheduler of [...this.#bySlot.values()].reverse()) {
      if (scheduler.ready && timeoutMs > 0) await this.#stop(scheduler, timeoutMs);
      await scheduler.worker.terminate();
    }
    for (const alarm of this.#alarms) alarm.cancel();
  }

  #start(slot: number): Promise<void> {
    this.#lastThread += 1;
    const thread = this.#lastThread;
    const { port1, port2 } = new MessageChannel();
    const data: SchedulerData = {
      thread,
      slot,
      stats: this.#kernel.statsTable.buffer,
      main: port2,
      boot: this.#options.boot.href,
      bootData: this.#options.bootData,
    };
    const worker = new Worker(new URL("./scheduler-main.js", import.meta.url), {
      workerData: data,
      transferList: [port2],
      name: `lintel-scheduler-${thread}`,
      resourceLimits: { maxYoungGenerationSizeMb: this.#options.youngGenerationMb ?? 4 },
    });
    const scheduler: Scheduler = {
      thread,
      slot,
      worker,
      ready: false,
      ended: false,
      gaveUp: undefined,
      beat: 0,
      beatAtMs: this.#kernel.world.monotonicMs(),
      settled: undefined,
    };
    for (const other of this.#bySlot.values()) if (!other.ended) introduce(scheduler, other);
    this.#bySlot.set(slot, scheduler);
    this.#after(bootTimeoutMs, () => {
      if (scheduler.ready || scheduler.ended) return;
      this.#report(scheduler, "bootTimeout", `it has not booted within ${bootTimeoutMs} ms`);
      void worker.terminate();
    });
    this.#kernel.peers.connect(thread, new PortBoundary(port1));
    worker.on("message", (message: FromScheduler) => this.#told(scheduler, message));
    worker.on("error", (error: Error) => this.#report(scheduler, "error", error.message));
    worker.on("exit", (code) => this.#ended(scheduler, code));
    return new Promise((resolve, reject) => {
      scheduler.settled = { resolve, reject };
    });
  }

  #told(scheduler: Scheduler, message: FromScheduler): void {
    switch (message.type) {
      case "ready":
        scheduler.ready = true;
        scheduler.beatAtMs = this.#kernel.world.monotonicMs();
        scheduler.settled?.resolve();
        this.#options.onUp(scheduler.thread);
        return;
      case "failed":
        scheduler.settled?.reject(bootError(scheduler.thread, message.error));
        scheduler.settled = undefined;
        scheduler.gaveUp = message.error.message;
        this.#report(scheduler, "bootFailed", message.error.stack ?? message.error.message);
        void scheduler.worker.terminate();
        return;
      case "gaveUp":
        scheduler.gaveUp = message.why;
        this.#report(scheduler, "failed", message.why);
        return;
      case "report":
        this.#kernel.report(message.report);
        return;
      case "stopped":
        scheduler.settled?.resolve();
        return;
    }
  }

  #ended(scheduler: Scheduler, code: number): void {
    const wasReady = scheduler.ready;
    scheduler.ended = true;
    scheduler.ready = false;
    if (scheduler.settled !== undefined) {
      scheduler.settled.reject(
        new ThreadError(`Scheduler thread ${scheduler.thread} ended while it booted (code ${code}).`),
      );
      scheduler.settled = undefined;
    }
    for (const other of this.#bySlot.values()) {
      if (other !== scheduler && !other.ended) {
        other.worker.postMessage({ type: "peerDown", thread: scheduler.thread } satisfies ToScheduler);
      }
    }
    this.#kernel.peers.disconnect(scheduler.thread);
    this.#options.onDown(scheduler.thread);
    if (this.#closing) return;
    const gaveUp = scheduler.gaveUp ?? (wasReady ? undefined : `it ended while it booted (code ${code})`);
    const goesOn = gaveUp === undefined || this.#options.onGaveUp?.(gaveUp) !== false;
    const place = goesOn ? "a new thread takes its place" : "its place stays empty";
    this.#report(scheduler, "ended", wasReady ? `code ${code}; ${place}` : `code ${code}, while it booted`);
    if (goesOn) this.#replace(scheduler.slot);
  }

  #replace(slot: number): void {
    const nowMs = this.#kernel.world.monotonicMs();
    this.#endsMs.push(nowMs);
    while (this.#endsMs[0]! < nowMs - calmMs) this.#endsMs.shift();
    const tooMany = this.#endsMs.length - quickReplacements;
    const start = (): void => {
      if (this.#closing) return;
      this.#start(slot).catch(() => {
        // Reported already; its exit leads here again.
      });
    };
    if (tooMany <= 0) start();
    else this.#after(Math.min(maxDelayMs, 100 * 2 ** tooMany), start);
  }

  /** The thread itself keeps the time, and names what is late; a little later it is taken for dumb. */
  async #stop(scheduler: Scheduler, timeoutMs: number): Promise<void> {
    let late: Alarm | undefined;
    await new Promise<void>((resolve) => {
      scheduler.settled = { resolve, reject: () => resolve() };
      late = this.#after(timeoutMs + answerMs, () => {
        this.#report(scheduler, "stopTimeout", `did not stop within ${timeoutMs} ms, and did not say what is late`);
        resolve();
      });
      scheduler.worker.postMessage({ type: "stop", timeoutMs } satisfies ToScheduler);
    });
    late?.cancel();
    scheduler.settled = undefined;
  }

  /** Looks at every thread's beat. A poll that is late itself proves nothing: then the whole program stood still. */
  #watch(): void {
    const stuckMs = this.#options.stuckMs ?? 1000;
    if (stuckMs === Number.POSITIVE_INFINITY) return;
    this.#lastPollMs = this.#kernel.world.monotonicMs();
    const poll = (): void => {
      const nowMs = this.#kernel.world.monotonicMs();
      const late = nowMs - this.#lastPollMs > beatMs * 3;
      this.#lastPollMs = nowMs;
      for (const scheduler of this.#bySlot.values()) {
        if (!scheduler.ready) continue;
        const stats = this.#kernel.statsTable.row(scheduler.slot);
        const beat = stats[stat.beat]!;
        if (beat !== scheduler.beat || late) {
          scheduler.beat = beat;
          scheduler.beatAtMs = nowMs;
        } else if (nowMs - scheduler.beatAtMs > stuckMs) {
          const serial = stats[stat.running]!;
          const who =
            serial === 0 ? "no process's handler was running" : `process <${scheduler.thread}.${serial}> was running`;
          this.#report(
            scheduler,
            "stuck",
            `its event loop stood still for ${Math.round(nowMs - scheduler.beatAtMs)} ms; ${who}`,
          );
          scheduler.ready = false;
          void scheduler.worker.terminate();
        }
      }
      this.#after(beatMs / 2, poll);
    };
    this.#after(beatMs / 2, poll);
  }

  #after(delayMs: number, run: () => void): Alarm {
    const alarm = this.#kernel.world.alarm(delayMs, () => {
      this.#alarms.delete(alarm);
      run();
    });
    this.#alarms.add(alarm);
    return alarm;
  }

  #report(scheduler: Scheduler, event: string, detail: string): void {
    this.#kernel.report({ kind: "thread", thread: scheduler.thread, event, detail });
  }
}

/** An app module that never gets done with its import must not hold up the others for ever. */
const bootTimeoutMs = 30_000;
/** For a thread to say that its time to stop is over. */
const answerMs = 1000;
/** Ends within `calmMs` that are made good at once; beyond, with a delay. */
const quickReplacements = 5;
const calmMs = 10_000;
const maxDelayMs = 5000;

function introduce(one: Scheduler, other: Scheduler): void {
  const { port1, port2 } = new MessageChannel();
  one.worker.postMessage({ type: "peer", thread: other.thread, port: port1 } satisfies ToScheduler, [port1]);
  other.worker.postMessage({ type: "peer", thread: one.thread, port: port2 } satisfies ToScheduler, [port2]);
}

function bootError(thread: number, error: ErrorData): ThreadError {
  const failed = new ThreadError(`Scheduler thread ${thread} could not boot: ${error.name}: ${error.message}`);
  if (error.stack !== undefined) failed.stack = `${failed.message}\n${error.stack}`;
  return failed;
}
