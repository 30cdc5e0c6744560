/**
 * Schedulers: the threads that host the processes, seen from the main thread.
 *
 *   slot 1   thread 1 ✗ ─▷ thread 3 ─▷ ...        a thread that ends is replaced at once; its number, and so its pids,
 *   slot 2   thread 2                             never come back
 *
 * - Every pair of threads has a MessageChannel of its own; a replacement is introduced to all.
 * - A thread that ends: its peers' processes hear of it by exit signals and `down` messages (`schedulerDown`).
 * - Safeguards: what takes a thread for itself is cut off, or its thread replaced (watchdog.ts, memory-watch.ts), and
 *   refused for a while when that happens again and again (strikes.ts).
 * - Threads that end again and again are replaced with a growing delay, up to 5 s. One that gave up or could not boot is
 *   replaced only if whoever started the schedulers still wants it.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { ThreadError } from "../errors.ts";
import type { ErrorData } from "../exit-reason.ts";
import { Note } from "../guard/note.ts";
import { quarantineKey } from "../guard/quarantine.ts";
import type { Look } from "../guard/runaway.ts";
import type { Kernel } from "../kernel.ts";
import type { Report } from "../observe/report.ts";
import { stat } from "../observe/stats.ts";
import type { Pid } from "../pid.ts";
import { startRuntimePool, stopRuntimePool, type TaskPoolOptions } from "../pool/task-pool.ts";
import type { Alarm } from "../world.ts";
import { checkBoot } from "./check-boot.ts";
import type { FromScheduler, SchedulerData, ToScheduler } from "./control.ts";
import { PortBoundary } from "./port-boundary.ts";
import { memoryLimits, type Safeguards } from "./safeguards.ts";
import {
  endSchedulerProcess,
  type SchedulerEvent,
  schedulerEvents,
  spawnSchedulerProcess,
} from "./scheduler-process.ts";
import { Strikes } from "./strikes.ts";
import { Verdict } from "./verdict.ts";
import { Watchdog } from "./watchdog.ts";

type Runaway = Extract<Report, { kind: "runaway" }>;

export interface SchedulersOptions extends Safeguards {
  /** How many, at least 1. */
  readonly count: number;
  /** Module that every thread loads; it exports `boot` (control.ts). */
  readonly boot: URL;
  /** Handed to `boot`. */
  readonly bootData: unknown;
  /** Megabytes of a thread's young generation; default 4: short pauses with many processes (research 3a, GC). */
  readonly youngGenerationMb?: number;
  /** Of the pool behind `Task.pool`, on the main thread. */
  readonly pool?: TaskPoolOptions;
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
  /** Of the worker, unique in the program. */
  readonly name: string;
  readonly note: SharedArrayBuffer;
  readonly verdict: SharedArrayBuffer;
  /** Its end was asked for: no sign that anything is wrong. */
  wanted: boolean;
  /** Others take its place by `reload`. */
  retired: boolean;
  /** It has stopped what it had, because it was told to. */
  drained: boolean;
  readonly pid: Pid;
  settled: { resolve(): void; reject(error: Error): void } | undefined;
}

export class Schedulers {
  readonly #kernel: Kernel;
  readonly #options: SchedulersOptions;
  readonly #bySlot = new Map<number, Scheduler>();
  readonly #endsMs: number[] = [];
  readonly #alarms = new Set<Alarm>();
  readonly #watchdog: Watchdog;
  readonly #strikes: Strikes;
  /** Which runtime of this program it is. */
  readonly #instance: number;
  /** Ended, but not gone: in native code still. */
  readonly #zombies = new Set<Scheduler>();
  #lastThread = 0;
  #closing = false;

  private constructor(kernel: Kernel, options: SchedulersOptions) {
    this.#kernel = kernel;
    this.#options = options;
    instances += 1;
    this.#instance = instances;
    this.#strikes = new Strikes(kernel.world, options.quarantine ?? {});
    this.#watchdog = new Watchdog(
      kernel,
      options,
      () => [...this.#bySlot.values()].filter(({ ready }) => ready),
      ({ slot, thread }, forMs, seen) => {
        const scheduler = this.#bySlot.get(slot);
        if (scheduler?.thread === thread) this.#stuck(scheduler, forMs, seen);
      },
    );
  }

  /**
   * Starts the threads and waits until all have booted.
   *
   * @param kernel the main thread's
   * @throws {ThreadError} when one of them could not boot; none is left then
   */
  static async start(kernel: Kernel, options: SchedulersOptions): Promise<Schedulers> {
    const schedulers = new Schedulers(kernel, options);
    startRuntimePool(kernel, options.pool);
    await schedulers.#watchdog.start();
    try {
      // All load at the same time, and can be sent processes. Then they boot one after the other: the first one hosts the
      // app's children, and who comes later finds them.
      const loaded = await Promise.all(schedulers.#slots().map((slot) => schedulers.#start(slot)));
      for (const scheduler of loaded) await schedulers.#boot(scheduler);
    } catch (error) {
      await schedulers.close(0);
      throw error;
    }
    return schedulers;
  }

  /** Threads that have booted. */
  get threads(): number[] {
    return [...this.#bySlot.values()].filter(({ ready }) => ready).map(({ thread }) => thread);
  }

  /** Those of them that have memory left for more (memory-watch.ts); all of them, if none has. */
  get roomy(): number[] {
    const ready = [...this.#bySlot.values()].filter(({ ready }) => ready);
    const roomy = ready.filter(({ slot }) => this.#kernel.statsTable.row(slot)[stat.full] === 0);
    return (roomy.length > 0 ? roomy : ready).map(({ thread }) => thread);
  }

  /** The process of a thread (scheduler-process.ts), on the main thread; undefined when there is none such. */
  pidOf(thread: number): Pid | undefined {
    return [...this.#bySlot.values()].find((scheduler) => scheduler.thread === thread && !scheduler.ended)?.pid;
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
    scheduler.wanted = true;
    await scheduler.worker.terminate();
  }

  /** Stops what runs on the threads, the first one last, each within `timeoutMs`; then ends them. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    // The watchdog goes on: a thread that stands still will not stop.
    await this.#stopAll(timeoutMs);
    for (const scheduler of this.#bySlot.values()) {
      if (!this.#zombies.has(scheduler)) await scheduler.worker.terminate();
    }
    for (const alarm of this.#alarms) alarm.cancel();
    this.#watchdog.stop();
    await stopRuntimePool(this.#kernel);
  }

  /**
   * Fresh threads, with the modules as they are on disk now: what runs on the old ones stops in order, within `timeoutMs`,
   * and starts anew on theirs. For development, where code changes; a thread never forgets a module that it has loaded.
   *
   * @param timeoutMs default 5000
   * @throws {ThreadError} when the modules do not load: then the old threads have gone on; or when something does not
   *   start from them: then it is tried again, as after any end of a thread
   */
  async reload(timeoutMs = 5000): Promise<void> {
    const memory = memoryLimits(this.#options.memory ?? {}, this.#options.count);
    const { boot, bootData } = this.#options;
    await checkBoot(this.#kernel.world, { boot, bootData, memory, timeoutMs: bootTimeoutMs });
    if (this.#closing) throw new ThreadError("Cannot reload: the schedulers are being closed.");
    const old = [...this.#bySlot.values()];
    await this.#stopAll(timeoutMs);
    await Promise.all(
      old.map((scheduler) => {
        scheduler.retired = true;
        return this.#zombies.has(scheduler) ? undefined : scheduler.worker.terminate();
      }),
    );
    const loaded = await Promise.all(this.#slots().map((slot) => this.#start(slot)));
    for (const scheduler of loaded) await this.#boot(scheduler);
    this.#report(loaded[0]!, "reloaded", `fresh threads: ${this.threads.join(", ")}`);
  }

  #slots(): number[] {
    return Array.from({ length: this.#options.count }, (_, i) => i + 1);
  }

  /** Stops what runs on the threads, the first one last: what it stops, in order, may live on the others. */
  async #stopAll(timeoutMs: number): Promise<void> {
    const stop = async (scheduler: Scheduler): Promise<void> => {
      if (scheduler.ready && timeoutMs > 0) await this.#stop(scheduler, timeoutMs);
    };
    const [first, ...others] = [...this.#bySlot.values()].sort((one, other) => one.slot - other.slot);
    await Promise.all(others.map(stop));
    if (first !== undefined) await stop(first);
  }

  /** @returns a thread that has loaded what it needs to boot */
  #start(slot: number): Promise<Scheduler> {
    this.#lastThread += 1;
    const thread = this.#lastThread;
    const { port1, port2 } = new MessageChannel();
    const data: SchedulerData = {
      thread,
      slot,
      stats: this.#kernel.statsTable.buffer,
      note: new SharedArrayBuffer(Note.bytes),
      verdict: new SharedArrayBuffer(Verdict.bytes),
      guarded: this.#options.turnLimitMs !== Number.POSITIVE_INFINITY,
      memory: memoryLimits(this.#options.memory ?? {}, this.#options.count),
      main: port2,
      boot: this.#options.boot.href,
      bootData: this.#options.bootData,
    };
    const name = `lintel-scheduler-${thread}${this.#instance === 1 ? "" : ` of runtime ${this.#instance}`}`;
    const worker = new Worker(new URL("./scheduler-main.js", import.meta.url), {
      workerData: data,
      transferList: [port2],
      name,
      resourceLimits: {
        maxYoungGenerationSizeMb: this.#options.youngGenerationMb ?? 4,
        maxOldGenerationSizeMb: data.memory.heapMb * headroom,
      },
    });
    const scheduler: Scheduler = {
      thread,
      slot,
      worker,
      ready: false,
      ended: false,
      gaveUp: undefined,
      name,
      note: data.note,
      verdict: data.verdict,
      wanted: false,
      retired: false,
      drained: false,
      pid: spawnSchedulerProcess(this.#kernel, {
        thread,
        drain: () => void this.#drain(scheduler),
        terminate: () => void worker.terminate(),
      }),
      settled: undefined,
    };
    for (const other of this.#bySlot.values()) if (!other.ended) introduce(scheduler, other);
    this.#bySlot.set(slot, scheduler);
    const loaded = this.#settles(scheduler, "loaded");
    this.#kernel.peers.connect(thread, new PortBoundary(port1));
    worker.on("message", (message: FromScheduler) => this.#told(scheduler, message));
    worker.on("error", (error: Error) => {
      if (codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY") this.#endedBy(scheduler, undefined, "it ran out of memory");
      else this.#report(scheduler, "error", error.message);
    });
    worker.on("exit", (code) => {
      this.#zombies.delete(scheduler);
      if (!scheduler.ended) this.#ended(scheduler, `code ${code}`, scheduler.ready);
    });
    for (const [what, forMs] of this.#strikes.current()) {
      worker.postMessage({ type: "quarantine", what, forMs } satisfies ToScheduler);
    }
    return loaded.then(() => scheduler);
  }

  #boot(scheduler: Scheduler): Promise<void> {
    const booted = this.#settles(scheduler, "booted");
    if (scheduler.ended)
      scheduler.settled?.reject(new ThreadError(`Scheduler thread ${scheduler.thread} ended before it booted.`));
    else scheduler.worker.postMessage({ type: "boot" } satisfies ToScheduler);
    return booted;
  }

  /** The thread says that it has got so far, or fails, or is ended for taking too long. */
  #settles(scheduler: Scheduler, what: "loaded" | "booted"): Promise<void> {
    const late = this.#after(bootTimeoutMs, () => {
      this.#report(scheduler, "bootTimeout", `it has not ${what} within ${bootTimeoutMs} ms`);
      void scheduler.worker.terminate();
    });
    return new Promise<void>((resolve, reject) => {
      scheduler.settled = { resolve, reject };
    }).finally(() => late.cancel());
  }

  #told(scheduler: Scheduler, message: FromScheduler): void {
    if (scheduler.ended) return;
    switch (message.type) {
      case "loaded":
        scheduler.settled?.resolve();
        return;
      case "ready":
        scheduler.ready = true;
        scheduler.settled?.resolve();
        this.#options.onUp(scheduler.thread);
        this.#announce(scheduler, "up");
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
        if (message.report.kind === "runaway") this.#runaway(message.report);
        else this.#kernel.report(message.report);
        return;
      case "condemned":
        this.#watchdog.condemned(scheduler);
        return;
      case "full":
        void this.#recycle(scheduler, message.why);
        return;
      case "stopped":
        scheduler.settled?.resolve();
        return;
    }
  }

  /** @param wasReady it had booted */
  #ended(scheduler: Scheduler, how: string, wasReady: boolean): void {
    scheduler.ended = true;
    scheduler.ready = false;
    if (scheduler.settled !== undefined) {
      scheduler.settled.reject(new ThreadError(`Scheduler thread ${scheduler.thread} ended while it booted (${how}).`));
      scheduler.settled = undefined;
    }
    for (const other of this.#bySlot.values()) {
      if (other !== scheduler && !other.ended) {
        other.worker.postMessage({ type: "peerDown", thread: scheduler.thread } satisfies ToScheduler);
      }
    }
    this.#kernel.peers.disconnect(scheduler.thread);
    endSchedulerProcess(this.#kernel, scheduler.pid, scheduler.drained ? "shutdown" : "schedulerDown");
    this.#options.onDown(scheduler.thread);
    this.#announce(scheduler, "down");
    if (this.#closing || scheduler.retired) return;
    const gaveUp = scheduler.gaveUp ?? (wasReady ? undefined : `it ended while it booted (${how})`);
    const goesOn = gaveUp === undefined || this.#options.onGaveUp?.(gaveUp) !== false;
    const place = goesOn ? "a new thread takes its place" : "its place stays empty";
    this.#report(scheduler, "ended", wasReady ? `${how}; ${place}` : `${how}, while it booted`);
    if (goesOn) this.#replace(scheduler);
  }

  #replace({ slot, wanted }: Scheduler): void {
    const nowMs = this.#kernel.world.monotonicMs();
    if (!wanted) this.#endsMs.push(nowMs);
    while (this.#endsMs.length > 0 && this.#endsMs[0]! < nowMs - calmMs) this.#endsMs.shift();
    const tooMany = this.#endsMs.length - quickReplacements;
    const start = (): void => {
      if (this.#closing || this.#bySlot.get(slot)?.ended === false) return; // a reload has been here
      this.#start(slot)
        .then((scheduler) => this.#boot(scheduler))
        .catch(() => {
          // Reported already; its exit leads here again.
        });
    };
    if (wanted || tooMany <= 0) start();
    else this.#after(Math.min(maxDelayMs, 100 * 2 ** tooMany), start);
  }

  /** The thread itself keeps the time, and names what is late; a little later it is taken for dumb. */
  async #stop(scheduler: Scheduler, timeoutMs: number): Promise<void> {
    this.#announce(scheduler, "draining");
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
    scheduler.drained = true;
  }

  /** As its process was told to. */
  async #drain(scheduler: Scheduler): Promise<void> {
    if (!scheduler.ready || scheduler.wanted) return;
    scheduler.wanted = true;
    await this.#stop(scheduler, orderlyMs);
    scheduler.ready = false;
    await scheduler.worker.terminate();
  }

  #announce({ thread, slot }: Scheduler, event: SchedulerEvent["event"]): void {
    this.#kernel.broadcast(schedulerEvents, { event, thread, slot });
  }

  /** A thread stands still: level 2 of the watchdog. */
  #stuck(scheduler: Scheduler, forMs: number, seen: Look | undefined): void {
    this.#endedBy(scheduler, seen, `its event loop stood still for ${Math.round(forMs)} ms`);
    this.#abandon(scheduler);
  }

  /** Says who has cost the thread its life, as far as that is known. */
  #endedBy(scheduler: Scheduler, seen: Look | undefined, how: string): void {
    const { thread } = scheduler;
    const serial = this.#kernel.statsTable.row(scheduler.slot)[stat.running]!;
    const noted = new Note(scheduler.note).read(serial);
    const who: Pick<Look, "pid" | "label" | "activity" | "stack"> =
      seen?.pid !== undefined || seen?.stack !== undefined
        ? seen
        : { ...(serial === 0 ? {} : { pid: `<${thread}.${serial}>` }), ...splitKey(noted) };
    const { pid, label, activity, stack } = who;
    this.#runaway({
      kind: "runaway",
      measure: "thread",
      thread,
      ...(pid === undefined ? {} : { pid }),
      ...(label === undefined ? {} : { label }),
      ...(activity === undefined ? {} : { activity }),
      reason: "schedulerDown",
      detail: pid === undefined ? `${how}; no process is known to have run` : how,
      ...(stack === undefined || stack === "" ? {} : { stack }),
    });
  }

  /** Ends a thread without waiting for it: it may be in native code, which nothing interrupts. */
  #abandon(scheduler: Scheduler): void {
    scheduler.ready = false;
    void scheduler.worker.terminate();
    if (this.#zombies.size >= maxZombies) return; // then its place is free when it has gone
    this.#zombies.add(scheduler);
    this.#ended(scheduler, "terminated", true);
  }

  /** Reports, and counts: what takes threads for itself again and again is refused for a while. */
  #runaway(report: Runaway): void {
    this.#kernel.report(report);
    const { label, activity } = report;
    if (label === undefined || activity === undefined) return;
    const what = quarantineKey(label, activity);
    const forMs = this.#strikes.record(what);
    if (forMs === undefined) return;
    this.#kernel.report({
      kind: "thread",
      thread: report.thread,
      event: "quarantine",
      detail: `${what}: refused on all threads for ${forMs} ms`,
    });
    for (const { ended, worker } of this.#bySlot.values()) {
      if (!ended) worker.postMessage({ type: "quarantine", what, forMs } satisfies ToScheduler);
    }
  }

  /** A thread's memory is all but used up: what runs there may end in order, if it is quick. */
  async #recycle(scheduler: Scheduler, why: string): Promise<void> {
    this.#report(scheduler, "full", why);
    if (scheduler.ready) await this.#stop(scheduler, drainMs);
    scheduler.ready = false;
    await scheduler.worker.terminate();
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

/** Runtimes that this program has started. */
let instances = 0;

/** An app module that never gets done with its import must not hold up the others for ever. */
const bootTimeoutMs = 30_000;
/** For a thread to say that its time to stop is over. */
const answerMs = 1000;
/** Ends within `calmMs` that are made good at once; beyond, with a delay. */
const quickReplacements = 5;
const calmMs = 10_000;
const maxDelayMs = 5000;
/** V8's own limit, in limits of ours: when V8 finds its limit reached it may abort the program, so we must be first. */
const headroom = 2;
/** Threads in native code that have been given up; one more, and its place is filled only when it has gone. */
const maxZombies = 8;
/** For what runs on a thread whose process is told to end. */
const orderlyMs = 5000;
/** For the processes of a thread without memory to end in order. */
const drainMs = 500;

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** What a note says, in its parts. */
function splitKey(noted: string | undefined): { label?: string; activity?: string } {
  const [label, activity] = noted?.split(", ", 2) ?? [];
  return label === undefined || activity === undefined ? {} : { label, activity };
}

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
