/**
 * Where the app runs: on scheduler threads, or, with `schedulers: 0`, on a second kernel of the main thread. Either way
 * what gives up or ends is replaced under a new number, and the endpoint is told. An application that gives up more often
 * than it may is not booted again: whoever waits for it is told why.
 */
import { ThreadError } from "../../kernel/errors.ts";
import { crashReason, reasonText } from "../../kernel/exit-reason.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { stopRuntimePool } from "../../kernel/pool/task-pool.ts";
import type { Booted } from "../../kernel/threads/control.ts";
import { loopbackPair } from "../../kernel/threads/loopback-boundary.ts";
import type { Safeguards } from "../../kernel/threads/safeguards.ts";
import { Schedulers, type SchedulersOptions } from "../../kernel/threads/schedulers.ts";
import { startVitals } from "../../kernel/threads/vitals.ts";
import type { Alarm } from "../../kernel/world.ts";
import { RestartWindow } from "../../supervisor/restart-window.ts";
import { type BootData, boot, load } from "./scheduler-boot.ts";

export interface Runtime {
  /** Numbers of the threads that are up. */
  readonly threads: readonly number[];
  /** Those of them that have memory left for more; all, if none has: they refuse for themselves. */
  readonly roomy: readonly number[];
  /** The process of a thread; undefined when there is no such thread. */
  pidOf(thread: number): Pid | undefined;
  /** @throws {ThreadError} when there is no such thread, or none that could be ended */
  kill(thread: number): Promise<void>;
  /** Ends what runs there, in order, and starts it from fresh modules. @throws {ThreadError} when they do not load */
  reload(timeoutMs: number): Promise<void>;
  /** Stops what runs there, in order; what does not stop within `timeoutMs` is reported by name, and left. */
  stop(timeoutMs: number): Promise<void>;
}

/** Who is told, when a thread has come or gone. */
export interface RuntimeEvents {
  readonly onUp: (thread: number) => void;
  readonly onDown: (thread: number) => void;
  /** The application gave up once more than it may. It is not booted again; `stop` is for the caller. */
  readonly onGiveUp: (why: string) => void;
}

/** How often the application may give up, or fail to boot again: `maxRestarts` within `maxSeconds`. */
export interface RootRestarts {
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}

/** Counts the times that the application gave up. */
class RootWindow {
  readonly #kernel: Kernel;
  readonly #limit: RootRestarts;
  readonly #window: RestartWindow;
  readonly #onGiveUp: (why: string) => void;

  constructor(kernel: Kernel, limit: RootRestarts, onGiveUp: (why: string) => void) {
    this.#kernel = kernel;
    this.#limit = limit;
    this.#window = new RestartWindow(limit.maxRestarts, limit.maxSeconds);
    this.#onGiveUp = onGiveUp;
  }

  /** @returns may it be booted again? */
  gaveUp(why: string): boolean {
    if (this.#window.record(this.#kernel.world.monotonicMs())) return true;
    const { maxRestarts, maxSeconds } = this.#limit;
    this.#onGiveUp(`the application gave up more than ${maxRestarts} times within ${maxSeconds} s; at last: ${why}`);
    return false;
  }
}

/** @throws {ThreadError} when a thread could not boot */
export async function runOnThreads(
  kernel: Kernel,
  data: BootData,
  options: Safeguards & Pick<SchedulersOptions, "count"> & RuntimeEvents & { readonly rootRestarts: RootRestarts },
): Promise<Runtime> {
  const { rootRestarts, onGiveUp, ...others } = options;
  const root = new RootWindow(kernel, rootRestarts, onGiveUp);
  const schedulers = await Schedulers.start(kernel, {
    ...others,
    onGaveUp: (why) => root.gaveUp(why),
    boot: new URL("./scheduler-boot.js", import.meta.url),
    bootData: data,
  });
  return {
    get threads() {
      return schedulers.threads;
    },
    get roomy() {
      return schedulers.roomy;
    },
    pidOf: (thread) => schedulers.pidOf(thread),
    kill: (thread) => schedulers.kill(thread),
    reload: (timeoutMs) => schedulers.reload(timeoutMs),
    stop: (timeoutMs) => schedulers.close(timeoutMs),
  };
}

/** @throws {ThreadError} when the app could not boot */
export async function runHere(
  main: Kernel,
  data: BootData,
  events: RuntimeEvents & { readonly rootRestarts: RootRestarts },
): Promise<Runtime> {
  const runtime = new HereRuntime(main, data, events, new RootWindow(main, events.rootRestarts, events.onGiveUp));
  await runtime.boot();
  return runtime;
}

class HereRuntime implements Runtime {
  readonly #main: Kernel;
  readonly #data: BootData;
  readonly #events: RuntimeEvents;
  readonly #root: RootWindow;
  #here: { kernel: Kernel; booted: Booted; stopVitals: () => void } | undefined;
  #lastThread = 0;
  #failures = 0;
  #retry: Alarm | undefined;
  #stopping = false;

  constructor(main: Kernel, data: BootData, events: RuntimeEvents, root: RootWindow) {
    this.#main = main;
    this.#root = root;
    this.#data = data;
    this.#events = events;
  }

  get roomy(): readonly number[] {
    return this.threads;
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
      await load(kernel, this.#data);
      kernel.hosts.open();
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

  pidOf(): undefined {}

  async kill(): Promise<void> {
    throw new ThreadError("killThread: with schedulers: 0 there is no thread to end. Ask for at least one scheduler.");
  }

  async reload(): Promise<void> {
    throw new ThreadError(
      "reload: with schedulers: 0 the app's modules are those of this thread, which forgets none. Ask for at least one scheduler.",
    );
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#retry?.cancel();
    await this.#here?.booted.stop(timeoutMs);
    await stopRuntimePool(this.#main);
    this.#end();
  }

  /** What a thread does by ending: everything on this kernel goes, and a new one is booted. */
  #failed(thread: number, why: string): void {
    if (this.#stopping || this.#here?.kernel.thread !== thread) return;
    this.#main.report({ kind: "thread", thread, event: "failed", detail: why });
    this.#end();
    this.#main.peers.disconnect(thread);
    this.#events.onDown(thread);
    if (this.#root.gaveUp(why)) this.#bootAgain();
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
          if (!this.#stopping && this.#root.gaveUp(detail)) this.#bootAgain();
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
