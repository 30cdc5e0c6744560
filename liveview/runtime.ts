/**
 * Where the app runs: on scheduler threads, or, with `schedulers: 0`, on a second kernel of the main thread. Either way
 * what gives up or ends is replaced under a new number, and the endpoint is told.
 */
import { ThreadError } from "../kernel/errors.ts";
import { crashReason, reasonText } from "../kernel/exit-reason.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Booted } from "../kernel/threads/control.ts";
import { loopbackPair } from "../kernel/threads/loopback-boundary.ts";
import { Schedulers, type SchedulersOptions } from "../kernel/threads/schedulers.ts";
import { startVitals } from "../kernel/threads/vitals.ts";
import type { Alarm } from "../kernel/world.ts";
import { type BootData, boot } from "./scheduler-boot.ts";

export interface Runtime {
  /** Numbers of the threads that are up. */
  readonly threads: readonly number[];
  /** @throws {ThreadError} when there is no such thread, or none that could be ended */
  kill(thread: number): Promise<void>;
  /** Stops what runs there, in order. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 10_000;

/** Who is told, when a thread has come or gone. */
export interface RuntimeEvents {
  readonly onUp: (thread: number) => void;
  readonly onDown: (thread: number) => void;
}

/** @throws {ThreadError} when a thread could not boot */
export async function runOnThreads(
  kernel: Kernel,
  data: BootData,
  options: Pick<SchedulersOptions, "count" | "stuckMs"> & RuntimeEvents,
): Promise<Runtime> {
  const schedulers = await Schedulers.start(kernel, {
    ...options,
    boot: new URL("./scheduler-boot.js", import.meta.url),
    bootData: data,
  });
  return {
    get threads() {
      return schedulers.threads;
    },
    kill: (thread) => schedulers.kill(thread),
    stop: () => schedulers.close(stopTimeoutMs),
  };
}

/** @throws {ThreadError} when the app could not boot */
export async function runHere(main: Kernel, data: BootData, events: RuntimeEvents): Promise<Runtime> {
  const runtime = new HereRuntime(main, data, events);
  await runtime.boot();
  return runtime;
}

class HereRuntime implements Runtime {
  readonly #main: Kernel;
  readonly #data: BootData;
  readonly #events: RuntimeEvents;
  #here: { kernel: Kernel; booted: Booted; stopVitals: () => void } | undefined;
  #lastThread = 0;
  #failures = 0;
  #retry: Alarm | undefined;
  #stopping = false;

  constructor(main: Kernel, data: BootData, events: RuntimeEvents) {
    this.#main = main;
    this.#data = data;
    this.#events = events;
  }

  get threads(): readonly number[] {
    return this.#here === undefined ? [] : [this.#here.kernel.thread];
  }

  async boot(): Promise<void> {
    this.#lastThread += 1;
    const thread = this.#lastThread;
    const { world, report, statsTable, peers } = this.#main;
    const kernel = new Kernel({ world, report, statsTable, statsRow: 1, thread });
    const [ours, theirs] = loopbackPair(world);
    peers.connect(thread, ours);
    kernel.peers.connect(0, theirs);
    const stopVitals = startVitals(world, kernel.stats);
    try {
      const booted = await boot(kernel, this.#data, 1, (why) => this.#failed(thread, why));
      this.#here = { kernel, booted, stopVitals };
      this.#events.onUp(thread);
    } catch (error) {
      stopVitals();
      kernel.close();
      peers.disconnect(thread);
      throw error;
    }
  }

  async kill(): Promise<void> {
    throw new ThreadError("killThread: with schedulers: 0 there is no thread to end. Ask for at least one scheduler.");
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#retry?.cancel();
    await this.#here?.booted.stop();
    this.#end();
  }

  /** What a thread does by ending: everything on this kernel goes, and a new one is booted. */
  #failed(thread: number, why: string): void {
    if (this.#stopping || this.#here?.kernel.thread !== thread) return;
    this.#main.report({ kind: "thread", thread, event: "failed", detail: why });
    this.#end();
    this.#main.peers.disconnect(thread);
    this.#events.onDown(thread);
    this.#bootAgain();
  }

  #bootAgain(): void {
    const delayMs = Math.min(5000, 50 * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = this.#main.world.alarm(delayMs, () => {
      this.boot().then(
        () => {
          this.#retry = this.#main.world.alarm(calmMs, () => {
            this.#failures = 0;
          });
        },
        (thrown: unknown) => {
          const detail = reasonText(crashReason(thrown));
          this.#main.report({ kind: "thread", thread: this.#lastThread, event: "bootFailed", detail });
          if (!this.#stopping) this.#bootAgain();
        },
      );
    });
  }

  #end(): void {
    this.#here?.stopVitals();
    this.#here?.kernel.close();
    this.#here = undefined;
  }
}

/** Without a failure for so long, the next one is made good at once again. */
const calmMs = 10_000;
