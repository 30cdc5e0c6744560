/**
 * Scheduler: one thread that hosts processes, seen from the main thread, from its start to its end.
 *
 *   new ─▷ loaded ─ boot() ─▷ ready ─ stop() ─▷ drained ─ terminate() ─▷ ended
 *     └───────┴─────────────────┴── it fails, gives up, runs out of memory, or is terminated ──△
 *
 * It knows of itself alone. What its end means for the others, and who takes its place, is its owner's (schedulers.ts).
 */

import { MessageChannel, Worker } from "node:worker_threads";
import { ThreadError } from "../errors.ts";
import type { ErrorData } from "../exit-reason.ts";
import { Note } from "../guard/note.ts";
import type { Kernel } from "../kernel.ts";
import type { Pid } from "../pid.ts";
import type { FromScheduler, SchedulerData, ToScheduler } from "./control.ts";
import { inheritedArgv } from "./inherited.ts";
import { PortBoundary } from "./port-boundary.ts";
import type { RunawayReport } from "./runaway-record.ts";
import type { MemoryLimits } from "./safeguards.ts";
import {
  endSchedulerProcess,
  type SchedulerEvent,
  schedulerEvents,
  spawnSchedulerProcess,
} from "./scheduler-process.ts";
import { Verdict } from "./verdict.ts";
import type { WatchedThread } from "./watchdog.ts";

export interface SchedulerOptions {
  /** Number of the thread, never used again. */
  readonly thread: number;
  /** Its place among the schedulers, from 1. */
  readonly slot: number;
  /** Of the worker, unique in the program. */
  readonly name: string;
  /** Its slices can be cut off (slice-port.ts). */
  readonly guarded: boolean;
  readonly memory: MemoryLimits;
  /** Megabytes. */
  readonly youngGenerationMb: number;
  /** Module that exports `boot` (control.ts). */
  readonly boot: URL;
  readonly bootData: unknown;
}

/** Who hears what becomes of a thread. */
export interface SchedulerOwner {
  /** It has booted. */
  ready(scheduler: Scheduler): void;
  runaway(report: RunawayReport): void;
  /** It waits for its verdict (verdict.ts). */
  condemned(scheduler: Scheduler): void;
  /** V8 ends it; `exited` follows. */
  outOfMemory(scheduler: Scheduler): void;
  /** The thread is gone. */
  exited(scheduler: Scheduler, code: number): void;
}

export class Scheduler implements WatchedThread {
  readonly thread: number;
  readonly slot: number;
  readonly name: string;
  readonly verdict = new SharedArrayBuffer(Verdict.bytes);
  /** What its process is at. */
  readonly note: Note;
  /** Its process, on the main thread (scheduler-process.ts). */
  readonly pid: Pid;
  /** Settles when it has loaded what it needs to boot, or cannot. */
  readonly loaded: Promise<void>;
  ready = false;
  ended = false;
  /** Why it gave itself up, or could not boot. */
  gaveUp: string | undefined = undefined;
  /** Its end was asked for: no sign that anything is wrong. */
  wanted = false;
  /** Others take its place by `reload`. */
  retired = false;
  /** It has stopped what it had, because it was told to. */
  drained = false;

  readonly #kernel: Kernel;
  readonly #owner: SchedulerOwner;
  readonly #worker: Worker;
  /** Of the step that it takes: to load, to boot, to stop. */
  #settled: { resolve(): void; reject(error: Error): void } | undefined = undefined;
  #stopping: Promise<void> | undefined = undefined;

  /** @param kernel the main thread's, which is tied to this thread from now on */
  constructor(kernel: Kernel, options: SchedulerOptions, owner: SchedulerOwner) {
    this.#kernel = kernel;
    this.#owner = owner;
    this.thread = options.thread;
    this.slot = options.slot;
    this.name = options.name;
    const note = new SharedArrayBuffer(Note.bytes);
    this.note = new Note(note);
    const { port1, port2 } = new MessageChannel();
    const data: SchedulerData = {
      thread: options.thread,
      slot: options.slot,
      stats: kernel.statsTable.buffer,
      note,
      verdict: this.verdict,
      guarded: options.guarded,
      memory: options.memory,
      main: port2,
      boot: options.boot.href,
      bootData: options.bootData,
    };
    this.#worker = new Worker(new URL("./scheduler-main.js", import.meta.url), {
      ...inheritedArgv(),
      workerData: data,
      transferList: [port2],
      name: options.name,
      resourceLimits: {
        maxYoungGenerationSizeMb: options.youngGenerationMb,
        maxOldGenerationSizeMb: options.memory.heapMb * headroom,
      },
    });
    this.pid = spawnSchedulerProcess(kernel, {
      thread: options.thread,
      drain: () => void this.#drain(),
      terminate: () => void this.terminate(),
    });
    this.loaded = this.#settles("loaded");
    kernel.peers.connect(options.thread, new PortBoundary(port1));
    this.#worker.on("message", (message: FromScheduler) => this.#told(message));
    this.#worker.on("error", (error: Error) => {
      if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") owner.outOfMemory(this);
      else this.report("error", error.message);
    });
    this.#worker.on("exit", (code) => owner.exited(this, code));
  }

  /** Boots what has loaded. @returns when it has; rejects with a ThreadError when it cannot */
  boot(): Promise<void> {
    const booted = this.#settles("booted");
    if (this.ended) this.#settled?.reject(new ThreadError(`Scheduler thread ${this.thread} ended before it booted.`));
    else this.tell({ type: "boot" });
    return booted;
  }

  /**
   * Stops what runs there, in order. The thread itself keeps the time, and names what is late; a little later it is taken for
   * dumb. Whoever asks again, while it stops, waits for the same.
   *
   * @returns when it has stopped, or ended, or is late
   */
  stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  /** Ends it at once, whatever it does. @returns when it is gone */
  terminate(): Promise<number> {
    return this.#worker.terminate();
  }

  /** It has ended, or is given up: whoever waits for it does so no longer. Its process ends later (`endProcess`). */
  end(how: string): void {
    this.ended = true;
    this.ready = false;
    this.#settled?.reject(new ThreadError(`Scheduler thread ${this.thread} ended while it booted (${how}).`));
    this.#settled = undefined;
  }

  /** Whoever watches the thread's process hears of its end. */
  endProcess(): void {
    endSchedulerProcess(this.#kernel, this.pid, this.drained ? "shutdown" : "schedulerDown");
  }

  /** Gives this thread and another a way to each other. */
  meet(other: Scheduler): void {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ type: "peer", thread: other.thread, port: port1 } satisfies ToScheduler, [port1]);
    other.#worker.postMessage({ type: "peer", thread: this.thread, port: port2 } satisfies ToScheduler, [port2]);
  }

  tell(message: ToScheduler): void {
    this.#worker.postMessage(message);
  }

  /** Tells every thread what has become of this one. */
  announce(event: SchedulerEvent["event"]): void {
    this.#kernel.broadcast(schedulerEvents, { event, thread: this.thread, slot: this.slot });
  }

  report(event: string, detail: string): void {
    this.#kernel.report({ kind: "thread", thread: this.thread, event, detail });
  }

  #told(message: FromScheduler): void {
    if (this.ended) return;
    switch (message.type) {
      case "loaded":
        this.#settled?.resolve();
        return;
      case "ready":
        this.ready = true;
        this.#settled?.resolve();
        this.#owner.ready(this);
        return;
      case "failed":
        this.#settled?.reject(bootError(this.thread, message.error));
        this.#settled = undefined;
        this.gaveUp = message.error.message;
        this.report("bootFailed", message.error.stack ?? message.error.message);
        void this.terminate();
        return;
      case "gaveUp":
        this.gaveUp = message.why;
        this.report("failed", message.why);
        return;
      case "report":
        if (message.report.kind === "runaway") this.#owner.runaway(message.report);
        else this.#kernel.report(message.report);
        return;
      case "condemned":
        this.#owner.condemned(this);
        return;
      case "full":
        this.report("full", message.why);
        void this.#leave(drainMs);
        return;
      case "stopped":
        this.#settled?.resolve();
        return;
    }
  }

  /** The thread says that it has got so far, or fails, or is ended for taking too long. */
  #settles(what: "loaded" | "booted"): Promise<void> {
    const late = this.#kernel.world.alarm(bootTimeoutMs, () => {
      this.report("bootTimeout", `it has not ${what} within ${bootTimeoutMs} ms`);
      void this.terminate();
    });
    return new Promise<void>((resolve, reject) => {
      this.#settled = { resolve, reject };
    }).finally(() => late.cancel());
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.announce("draining");
    await new Promise<void>((resolve) => {
      const late = this.#kernel.world.alarm(timeoutMs + answerMs, () => {
        this.report("stopTimeout", `did not stop within ${timeoutMs} ms, and did not say what is late`);
        resolve();
      });
      const settle = (): void => {
        late.cancel();
        resolve();
      };
      this.#settled = { resolve: settle, reject: settle };
      this.tell({ type: "stop", timeoutMs });
    });
    this.#settled = undefined;
    this.drained = true;
  }

  /** As its process was told to. */
  async #drain(): Promise<void> {
    if (!this.ready || this.wanted) return;
    this.wanted = true;
    await this.#leave(orderlyMs);
  }

  /** Stops what runs there, then ends. */
  async #leave(timeoutMs: number): Promise<void> {
    if (this.ready) await this.stop(timeoutMs);
    this.ready = false;
    await this.terminate();
  }
}

/** An app module that never gets done with its import must not hold up the others for ever. */
export const bootTimeoutMs = 30_000;
/** For a thread to say that its time to stop is over. */
const answerMs = 1000;
/** V8's own limit, in limits of ours: when V8 finds its limit reached it may abort the program, so we must be first. */
const headroom = 2;
/** For what runs on a thread whose process is told to end. */
const orderlyMs = 5000;
/** For what runs on a thread without memory. */
const drainMs = 500;

function bootError(thread: number, error: ErrorData): ThreadError {
  const failed = new ThreadError(`Scheduler thread ${thread} could not boot: ${error.name}: ${error.message}`);
  if (error.stack !== undefined) failed.stack = `${failed.message}\n${error.stack}`;
  return failed;
}
