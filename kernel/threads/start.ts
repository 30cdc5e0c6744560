/**
 * startSchedulers: processes on several threads, for a program without live views.
 *
 *   main thread   runtime.kernel ── Schedulers: starts, watches, replaces ──┐
 *   thread 1..n   a kernel each, filled by `start(kernel, { slot, data })` of the app's module ◁┘
 */
import { availableParallelism } from "node:os";
import { OptionError, shown } from "../errors.ts";
import { Kernel } from "../kernel.ts";
import type { KernelOptions } from "../kernel-options.ts";
import { StatsTable } from "../observe/stats.ts";
import { checkKeys, checkNumber } from "../options.ts";
import type { Pid } from "../pid.ts";
import type { TaskPoolOptions } from "../pool/task-pool.ts";
import { checkSafeguards, pickSafeguards, type Safeguards, safeguardNames } from "./safeguards.ts";
import { Schedulers } from "./schedulers.ts";
import type { StartData } from "./start-boot.ts";

export interface StartSchedulersOptions extends Safeguards {
  /** Threads that host processes, at least 1; default: one less than the machine has cores. */
  readonly schedulers?: number;
  /** Handed to each thread's `start`: anything that `structuredClone` accepts; a SharedArrayBuffer is shared. */
  readonly data?: unknown;
  /** Of the main thread's kernel. Its reporter gets the reports of all threads. */
  readonly kernel?: Omit<KernelOptions, "thread" | "statsTable" | "statsRow">;
  /** Of the pool behind `Task.pool`. */
  readonly pool?: TaskPoolOptions;
  /** A thread is there, and has started what it was to start. */
  readonly onUp?: (thread: number) => void;
  /** A thread has ended. Another one takes its place, under a new number. */
  readonly onDown?: (thread: number) => void;
}

/** A main kernel, and threads around it. */
export interface SchedulersRuntime extends AsyncDisposable {
  /** The main thread's: for calls, casts, spawns from outside. What may take long belongs on the other threads. */
  readonly kernel: Kernel;
  /** The threads that are up. */
  readonly threads: readonly number[];
  /** The process of a thread on the main thread: monitor it, or end the thread by an exit signal. */
  pidOf(thread: number): Pid | undefined;
  /** Ends a thread, whatever it does; another one takes its place. @throws {ThreadError} when there is none such */
  kill(thread: number): Promise<void>;
  /**
   * For development: fresh threads from the modules as they are on disk now; what runs stops in order first.
   *
   * @param timeoutMs for what runs to stop; default 5000
   * @throws {ThreadError} when the modules do not load: then all goes on as it was
   */
  reload(timeoutMs?: number): Promise<void>;
  /**
   * Stops what the threads' `start` returned, the last thread first, each within the time; then ends everything.
   *
   * @param timeoutMs default 5000
   */
  close(timeoutMs?: number): Promise<void>;
}

/**
 * Starts threads, each of which loads the module and runs its `start` (start-boot.ts), and waits until all have.
 *
 * @throws {OptionError} naming the option
 * @throws {ThreadError} when one of them does not start; none is left then
 */
export async function startSchedulers(module: URL, options: StartSchedulersOptions = {}): Promise<SchedulersRuntime> {
  const whose = "startSchedulers";
  checkKeys(whose, options, ["schedulers", "data", "kernel", "pool", "onUp", "onDown", ...safeguardNames]);
  checkSafeguards(whose, options);
  if (!(module instanceof URL)) {
    throw new OptionError(
      `${whose}: expected the URL of a module, got ${shown(module)}. Pass new URL("./app.js", import.meta.url).`,
    );
  }
  const { schedulers: count = Math.max(1, availableParallelism() - 1), data, pool } = options;
  checkNumber(whose, "schedulers", count, { least: 1, whole: true });
  const kernel = new Kernel({ ...options.kernel, statsTable: new StatsTable(count + 1) });
  const schedulers = await Schedulers.start(kernel, {
    count,
    boot: new URL("./start-boot.js", import.meta.url),
    bootData: { module: module.href, data } satisfies StartData,
    onUp: options.onUp ?? (() => {}),
    onDown: options.onDown ?? (() => {}),
    ...(pool === undefined ? {} : { pool }),
    ...pickSafeguards(options),
  }).catch((error: unknown) => {
    kernel.close();
    throw error;
  });
  const close = async (timeoutMs = 5000): Promise<void> => {
    await schedulers.close(timeoutMs);
    kernel.close();
  };
  return {
    kernel,
    get threads() {
      return schedulers.threads;
    },
    pidOf: (thread) => schedulers.pidOf(thread),
    kill: (thread) => schedulers.kill(thread),
    reload: (timeoutMs) => schedulers.reload(timeoutMs),
    close,
    [Symbol.asyncDispose]: close,
  };
}
