/**
 * TaskPool: worker threads for what would keep a scheduler thread busy: an image, a hash, a large document. Behind
 * `Task.pool`, over Piscina.
 *
 *   thread 1   task process ── call "run" ──▷ ┐ main thread          ┌▷ worker: import(module)[name](...args)
 *   thread 2   task process ── call "run" ──▷ ┴ TaskPool ─▷ queue ───┴▷ worker
 *                    └──────── monitor ◁────────┘
 *
 * - It lives on the main thread: scheduler threads may be ended at any moment, and a program needs one pool, not one for
 *   each of them. Arguments and results pass through it as bytes.
 * - It watches who asked. When that process ends (its owner ended, its time is over, its thread died) the computation is
 *   ended with the worker under it, or taken from the queue. JavaScript cannot be stopped in any other way.
 * - Bounded: `maxThreads` run, `maxQueue` wait, one more is refused. Counted in the stats of the main thread (`poolTasks`,
 *   `poolRefused`), reported once, and told to a `kernel.systemMonitor({ longPoolQueue })`.
 * - Piscina is loaded, and workers are started, with the first job. Idle workers end after a while, and never keep the
 *   program alive.
 */

import { availableParallelism } from "node:os";
import type { Piscina } from "piscina";
import type { From } from "../calls.ts";
import { OptionError } from "../errors.ts";
import { crashReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { stat } from "../observe/stats.ts";
import { checkKeys, checkNumber } from "../options.ts";
import type { Pid, Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import { genServer } from "../server/gen-server.ts";
import { noreply, reply } from "../server/outcome.ts";
import { DownMessage, type ExitMessage } from "../system-messages.ts";
import { inheritedArgv } from "../threads/inherited.ts";
import type { PoolAnswer, PoolJob } from "./pool-job.ts";

export interface TaskPoolOptions {
  /** Workers at one time; default: one less than the machine has cores, at least 1. */
  readonly maxThreads?: number;
  /** Jobs that may wait for a worker; default 1,000. One more is refused. */
  readonly maxQueue?: number;
  /** Milliseconds for which a worker waits for more work before it ends; default 10,000. */
  readonly idleMs?: number;
  /** Megabytes of a worker's heap: beyond, it ends, and its job with it. Default: Node's own limit. */
  readonly maxHeapMb?: number;
}

/** What a pool does at this moment. */
export interface TaskPoolStatus {
  readonly running: number;
  readonly queued: number;
  /** Since it was started. */
  readonly completed: number;
  readonly refused: number;
  /** Ended because nobody waited for them any more. */
  readonly aborted: number;
  readonly maxThreads: number;
  readonly maxQueue: number;
}

/** @internal A task process's request. */
export interface PoolRequest {
  readonly task: Pid;
  readonly job: PoolJob;
}

/** @internal */
export type PoolReply = PoolAnswer | { readonly refused: TaskPoolStatus };

/**
 * A pool of one's own, beside the runtime's: a child of a supervisor on the main thread, closed with it.
 *
 * @example
 * const Shop = supervisor([childSpec(TaskPool, { maxThreads: 1, maxQueue: 10 }, { name: "thumbnails" })]);
 * const kernel = new Kernel();
 * const shop = await Shop.start(kernel);
 * const { queued } = await kernel.call(TaskPool.named("thumbnails"), "status");
 * if (queued !== 0) throw new Error("nobody has asked for anything");
 * kernel.exit(shop, "shutdown");
 */
export const TaskPool = genServer({
  name: "TaskPool",
  trapExit: true,
  init: (options: TaskPoolOptions, self) => self.own(new Pool(self, options)),
  calls: {
    /** @internal Behind `Task.pool`. */
    run: (pool, { task, job }: PoolRequest, { from }) => {
      const refused = pool.run(from, task, job);
      if (refused === undefined) return noreply(pool);
      return reply({ refused } as PoolReply, pool);
    },
    status: (pool) => reply(pool.status, pool),
  },
  info: (pool, message: DownMessage) => {
    if (message instanceof DownMessage) pool.abort(message.ref);
    return noreply(pool);
  },
  terminate: (pool) => pool[Symbol.asyncDispose](),
  formatStatus: (pool) => pool.status,
});

class Pool implements AsyncDisposable {
  readonly #self: Process;
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  readonly #options: TaskPoolOptions;
  /** By the monitor of who asked for it. Piscina gets no more than can run: what it queues it may forget when a worker ends. */
  readonly #running = new Map<Ref, AbortController>();
  /** The same, the oldest first. */
  readonly #waiting = new Map<Ref, { readonly from: From; readonly job: PoolJob }>();
  #piscina: Promise<Piscina> | undefined;
  #completed = 0;
  #refused = 0;
  #aborted = 0;
  /** It has been full, and not half empty since: that is reported once. */
  #reported = false;

  constructor(self: Process, options: TaskPoolOptions) {
    checkPoolOptions(options, self.label);
    if (self.kernel.thread !== 0) {
      throw new OptionError(
        `${self.label} ${self.pid}: expected to be started on the main thread, got thread ${self.kernel.thread}, which may be ended at any moment. Use the runtime's pool, from any thread, by Task.pool.`,
      );
    }
    this.#self = self;
    this.#options = options;
    this.#maxThreads = options.maxThreads ?? Math.max(1, availableParallelism() - 1);
    this.#maxQueue = options.maxQueue ?? 1000;
  }

  get status(): TaskPoolStatus {
    return {
      running: this.#running.size,
      queued: this.#waiting.size,
      completed: this.#completed,
      refused: this.#refused,
      aborted: this.#aborted,
      maxThreads: this.#maxThreads,
      maxQueue: this.#maxQueue,
    };
  }

  /**
   * Takes a job; its answer goes to the call.
   *
   * @returns what the pool has to do already, when there is no room for it
   */
  run(from: From, task: Pid, job: PoolJob): TaskPoolStatus | undefined {
    const isFree = this.#running.size < this.#maxThreads;
    if (!isFree && this.#waiting.size >= this.#maxQueue) return this.#refuse();
    const ref = this.#self.monitor(task);
    this.#self.kernel.stats[stat.poolTasks]! += 1;
    if (isFree) this.#begin(ref, from, job);
    else {
      this.#waiting.set(ref, { from, job });
      this.#queueChanged();
    }
    return undefined;
  }

  /** Who asked has ended. */
  abort(ref: Ref): void {
    const controller = this.#running.get(ref);
    if (controller === undefined && !this.#waiting.has(ref)) return;
    this.#aborted += 1;
    controller?.abort();
    this.#over(ref);
  }

  /** Ends all workers, whatever they do. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const ref of [...this.#waiting.keys(), ...this.#running.keys()]) this.abort(ref);
    const opened = this.#piscina;
    if (opened === undefined) return;
    this.#piscina = undefined;
    // Workers that end do not keep the program alive, and whoever waits for this may be all that is left of it.
    const alarm = this.#self.kernel.world.alarm(maxCloseMs, () => {}, true);
    await (await opened).destroy();
    alarm.cancel();
  }

  #begin(ref: Ref, from: From, job: PoolJob): void {
    const controller = new AbortController();
    this.#running.set(ref, controller);
    void this.#work(job, controller.signal).then((answer) => {
      if (!this.#running.has(ref)) return; // aborted
      this.#completed += 1;
      this.#self.demonitor(ref, { flush: true });
      this.#self.kernel.reply(from, answer);
      this.#over(ref);
    });
  }

  /** It runs or waits no more: the oldest that waits has its place. */
  #over(ref: Ref): void {
    this.#self.kernel.stats[stat.poolTasks]! -= 1;
    if (this.#waiting.delete(ref)) this.#queueChanged();
    if (!this.#running.delete(ref)) return;
    for (const [next, { from, job }] of this.#waiting) {
      this.#waiting.delete(next);
      this.#begin(next, from, job);
      this.#queueChanged();
      return;
    }
  }

  #queueChanged(): void {
    if (this.#waiting.size <= this.#maxQueue / 2) this.#reported = false;
    this.#self.kernel.observer?.poolQueued(this.#self, this.#waiting.size);
  }

  async #work(job: PoolJob, signal: AbortSignal): Promise<PoolAnswer> {
    try {
      this.#piscina ??= this.#open();
      return (await (await this.#piscina).run(job, { signal })) as PoolAnswer;
    } catch (thrown) {
      return { error: crashReason(thrown).error };
    }
  }

  async #open(): Promise<Piscina> {
    const { Piscina } = await import("piscina");
    const { idleMs = 10_000, maxHeapMb } = this.#options;
    const piscina = new Piscina({
      ...inheritedArgv(),
      filename: new URL("./pool-worker.js", import.meta.url).href,
      minThreads: 0,
      maxThreads: this.#maxThreads,
      idleTimeout: idleMs,
      // A worker's own event loop goes on between two jobs, so that what a job has left open can close.
      atomics: "disabled",
      ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    });
    piscina.on("error", (thrown: unknown) => {
      const { kernel, label, pid } = this.#self;
      kernel.report({
        kind: "error",
        where: `a worker of ${label} ${pid}, between two jobs`,
        reason: crashReason(thrown),
      });
    });
    return piscina;
  }

  #refuse(): TaskPoolStatus {
    const { kernel, label, pid } = this.#self;
    this.#refused += 1;
    kernel.stats[stat.poolRefused]! += 1;
    if (!this.#reported) {
      this.#reported = true;
      kernel.report({
        kind: "poolFull",
        pid: pid.toString(),
        label,
        maxThreads: this.#maxThreads,
        maxQueue: this.#maxQueue,
      });
    }
    return this.status;
  }
}

/** Longer than any worker takes to end. */
const maxCloseMs = 60_000;

/** @internal @throws {OptionError} naming the option */
export function checkPoolOptions(options: TaskPoolOptions, whose: string): void {
  checkKeys(whose, options, ["maxThreads", "maxQueue", "idleMs", "maxHeapMb"]);
  const { maxThreads, maxQueue, idleMs, maxHeapMb } = options;
  checkNumber(whose, "maxThreads", maxThreads, { least: 1, whole: true });
  checkNumber(whose, "maxQueue", maxQueue, { least: 0, whole: true });
  checkNumber(whose, "idleMs", idleMs, { least: 0 });
  checkNumber(whose, "maxHeapMb", maxHeapMb, { least: 8 });
}

/** @internal The name of the runtime's pool. */
export const poolName = TaskPool.named("lintel.TaskPool");

const keepers = new WeakMap<Kernel, Pid>();

/**
 * @internal Starts the runtime's pool, on the main thread; there is one.
 *
 * @throws {OptionError} naming the option
 */
export function startRuntimePool(kernel: Kernel, options: TaskPoolOptions = {}): void {
  checkPoolOptions(options, "Option pool");
  const keeper = keepers.get(kernel);
  if (keeper !== undefined && kernel.isAlive(keeper)) return;
  keepers.set(kernel, kernel.spawn(keepPool, options));
}

/** @internal Ends the runtime's pool, and waits until its workers have ended. */
export function stopRuntimePool(kernel: Kernel): Promise<void> {
  const keeper = keepers.get(kernel);
  if (keeper === undefined || !kernel.isAlive(keeper)) return Promise.resolve();
  return new Promise((resolve) => {
    kernel.spawn(async (self) => {
      self.monitor(keeper);
      self.exit(keeper, "shutdown");
      await self.receive();
      resolve();
    });
  });
}

/** Nobody supervises the main thread: a pool that was killed is started again here. */
async function keepPool(self: Process, options: TaskPoolOptions): Promise<void> {
  self.trapExit = true;
  for (;;) {
    const pool = await TaskPool.startLink(self, options, { name: poolName });
    const { from, reason } = await self.receive<ExitMessage>();
    if (from === pool) continue;
    self.exit(pool, reason);
    await self.receive({ match: (message): message is unknown => (message as ExitMessage).from === pool });
    return;
  }
}
