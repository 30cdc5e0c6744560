/**
 * Schedulers: the threads that host the processes, seen from the main thread.
 *
 *   slot 1   thread 1 ✗ ─▷ thread 3 ─▷ ...        a thread that ends is replaced at once; its number, and so its pids,
 *   slot 2   thread 2                             never come back
 *
 * - Every pair of threads has a MessageChannel of its own; a replacement is introduced to all.
 * - A thread that ends: its peers' processes hear of it by exit signals and `down` messages (`schedulerDown`).
 * - Safeguards: what takes a thread for itself is cut off, or its thread replaced (watchdog.ts, memory-watch.ts), and
 *   refused for a while when that happens again and again (runaway-record.ts).
 * - Threads that end again and again are replaced with a growing delay (replacement-delay.ts). One that gave up or could not
 *   boot is replaced only if whoever started the schedulers still wants it.
 * What happens between one thread and the main thread is in scheduler.ts.
 */
import { ThreadError } from "../errors.ts";
import type { Look } from "../guard/runaway.ts";
import type { Kernel } from "../kernel.ts";
import { stat } from "../observe/stats.ts";
import type { Pid } from "../pid.ts";
import { startRuntimePool, stopRuntimePool, type TaskPoolOptions } from "../pool/task-pool.ts";
import type { Alarm } from "../world.ts";
import { checkBoot } from "./check-boot.ts";
import { ReplacementDelay } from "./replacement-delay.ts";
import { RunawayRecord } from "./runaway-record.ts";
import { memoryLimits, type Safeguards } from "./safeguards.ts";
import { bootTimeoutMs, Scheduler, type SchedulerOwner } from "./scheduler.ts";
import { Watchdog } from "./watchdog.ts";

export interface SchedulersOptions extends Safeguards {
  /** How many, at least 1. */
  readonly count: number;
  /** Module that every thread loads; it exports `boot` (control.ts). */
  readonly boot: URL;
  /** Handed to `boot`. */
  readonly bootData: unknown;
  /**
   * Megabytes of a thread's young generation; default 24. With less, what lives for half a second, as most states do, grows
   * old, and V8 marks the whole heap again and again: 1,000 pages with 2,000 events a second had a p99 of 20 ms with 4, and
   * have 2 with 24. With more, pauses are longer where 100,000 processes change: up to 14 ms with 4, 23 with 24, 32 with 48.
   */
  readonly youngGenerationMb?: number;
  /** Of the pool behind `Task.pool`, on the main thread. */
  readonly pool?: TaskPoolOptions;
  readonly onUp: (thread: number) => void;
  /** The thread has ended, and everybody tied to its processes has been told. */
  readonly onDown: (thread: number) => void;
  /** A thread gave itself up, or could not boot in its predecessor's place. @returns is it to be replaced? Default: yes */
  readonly onGaveUp?: (why: string) => boolean;
}

export class Schedulers {
  readonly #kernel: Kernel;
  readonly #options: SchedulersOptions;
  readonly #bySlot = new Map<number, Scheduler>();
  readonly #owner: SchedulerOwner;
  readonly #replacementDelay = new ReplacementDelay();
  /** Of the threads that are replaced later. */
  readonly #alarms = new Set<Alarm>();
  readonly #watchdog: Watchdog;
  readonly #runaways: RunawayRecord;
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
    this.#runaways = new RunawayRecord(kernel, options.quarantine ?? {}, (what, forMs) => {
      for (const scheduler of this.#living()) scheduler.tell({ type: "quarantine", what, forMs });
    });
    this.#watchdog = new Watchdog(
      kernel,
      options,
      () => this.#ready(),
      ({ slot, thread }, forMs, seen) => {
        const scheduler = this.#bySlot.get(slot);
        if (scheduler?.thread === thread) this.#stuck(scheduler, forMs, seen);
      },
    );
    this.#owner = {
      ready: (scheduler) => {
        options.onUp(scheduler.thread);
        scheduler.announce("up");
      },
      runaway: (report) => this.#runaways.add(report),
      condemned: (scheduler) => this.#watchdog.condemned(scheduler),
      outOfMemory: (scheduler) => this.#runaways.addThread(scheduler, undefined, "it ran out of memory"),
      exited: (scheduler, code) => {
        this.#zombies.delete(scheduler);
        if (!scheduler.ended) this.#ended(scheduler, `code ${code}`, scheduler.ready);
      },
    };
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
      await schedulers.#startAll();
    } catch (error) {
      await schedulers.close(0);
      throw error;
    }
    return schedulers;
  }

  /** Threads that have booted. */
  get threads(): number[] {
    return this.#ready().map(({ thread }) => thread);
  }

  /** Those of them that have memory left for more (memory-watch.ts); all of them, if none has. */
  get roomy(): number[] {
    const ready = this.#ready();
    const roomy = ready.filter(({ slot }) => this.#kernel.statsTable.row(slot)[stat.full] === 0);
    return (roomy.length > 0 ? roomy : ready).map(({ thread }) => thread);
  }

  /** The process of a thread (scheduler-process.ts), on the main thread; undefined when there is none such. */
  pidOf(thread: number): Pid | undefined {
    return this.#living().find((scheduler) => scheduler.thread === thread)?.pid;
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
    await scheduler.terminate();
  }

  /** Stops what runs on the threads, the first one last, each within `timeoutMs`; then ends them. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    // The watchdog goes on: a thread that stands still will not stop.
    await this.#stopAll(timeoutMs);
    for (const scheduler of this.#bySlot.values()) {
      if (!this.#zombies.has(scheduler)) await scheduler.terminate();
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
        return this.#zombies.has(scheduler) ? undefined : scheduler.terminate();
      }),
    );
    const [first] = await this.#startAll();
    first!.report("reloaded", `fresh threads: ${this.threads.join(", ")}`);
  }

  #living(): Scheduler[] {
    return [...this.#bySlot.values()].filter(({ ended }) => !ended);
  }

  #ready(): Scheduler[] {
    return [...this.#bySlot.values()].filter(({ ready }) => ready);
  }

  /** A thread in every slot. @returns when all have booted */
  async #startAll(): Promise<Scheduler[]> {
    const started = Array.from({ length: this.#options.count }, (_, i) => this.#start(i + 1));
    // All load at the same time, and can be sent processes. Then they boot one after the other: the first one hosts the
    // app's children, and who comes later finds them.
    await Promise.all(started.map(({ loaded }) => loaded));
    for (const scheduler of started) await scheduler.boot();
    return started;
  }

  /** Stops what runs on the threads, the first one last: what it stops, in order, may live on the others. */
  async #stopAll(timeoutMs: number): Promise<void> {
    const stop = async (scheduler: Scheduler): Promise<void> => {
      if (scheduler.ready && timeoutMs > 0) await scheduler.stop(timeoutMs);
    };
    const [first, ...others] = [...this.#bySlot.values()].sort((one, other) => one.slot - other.slot);
    await Promise.all(others.map(stop));
    if (first !== undefined) await stop(first);
  }

  /** @returns a thread that begins to load, and is known to the others */
  #start(slot: number): Scheduler {
    this.#lastThread += 1;
    const thread = this.#lastThread;
    const { boot, bootData, count, memory = {}, turnLimitMs, youngGenerationMb = 24 } = this.#options;
    const scheduler = new Scheduler(
      this.#kernel,
      {
        thread,
        slot,
        name: `lintel-scheduler-${thread}${this.#instance === 1 ? "" : ` of runtime ${this.#instance}`}`,
        guarded: turnLimitMs !== Number.POSITIVE_INFINITY,
        memory: memoryLimits(memory, count),
        youngGenerationMb,
        boot,
        bootData,
      },
      this.#owner,
    );
    for (const other of this.#living()) scheduler.meet(other);
    this.#bySlot.set(slot, scheduler);
    for (const [what, forMs] of this.#runaways.refused()) scheduler.tell({ type: "quarantine", what, forMs });
    return scheduler;
  }

  /** @param wasReady it had booted */
  #ended(scheduler: Scheduler, how: string, wasReady: boolean): void {
    scheduler.end(how);
    for (const other of this.#living()) other.tell({ type: "peerDown", thread: scheduler.thread });
    this.#kernel.peers.disconnect(scheduler.thread);
    scheduler.endProcess();
    this.#options.onDown(scheduler.thread);
    scheduler.announce("down");
    if (this.#closing || scheduler.retired) return;
    const gaveUp = scheduler.gaveUp ?? (wasReady ? undefined : `it ended while it booted (${how})`);
    const goesOn = gaveUp === undefined || this.#options.onGaveUp?.(gaveUp) !== false;
    const place = goesOn ? "a new thread takes its place" : "its place stays empty";
    scheduler.report("ended", wasReady ? `${how}; ${place}` : `${how}, while it booted`);
    if (goesOn) this.#replace(scheduler);
  }

  #replace({ slot, wanted }: Scheduler): void {
    const { world } = this.#kernel;
    const start = (): void => {
      if (this.#closing || this.#bySlot.get(slot)?.ended === false) return; // a reload has been here
      const scheduler = this.#start(slot);
      scheduler.loaded
        .then(() => scheduler.boot())
        .catch(() => {
          // Reported already; its exit leads here again.
        });
    };
    const delayMs = wanted ? 0 : this.#replacementDelay.record(world.monotonicMs());
    if (delayMs === 0) {
      start();
      return;
    }
    const alarm = world.alarm(delayMs, () => {
      this.#alarms.delete(alarm);
      start();
    });
    this.#alarms.add(alarm);
  }

  /** A thread stands still: level 2 of the watchdog. It is ended without waiting: nothing interrupts native code. */
  #stuck(scheduler: Scheduler, forMs: number, seen: Look | undefined): void {
    this.#runaways.addThread(scheduler, seen, `its event loop stood still for ${Math.round(forMs)} ms`);
    scheduler.ready = false;
    void scheduler.terminate();
    if (this.#zombies.size >= maxZombies) return; // then its place is free when it has gone
    this.#zombies.add(scheduler);
    this.#ended(scheduler, "terminated", true);
  }
}

/** Runtimes that this program has started. */
let instances = 0;

/** Threads in native code that have been given up; one more, and its place is filled only when it has gone. */
const maxZombies = 8;
