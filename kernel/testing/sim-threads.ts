/**
 * SimThreads: kernels on threads of one simulated world, each joined to each, that come and go by order of the test.
 *
 *   add() ─▷ kernel 4 ⇄ kernels 1, 3        its number is new: a thread's is never used again. Its place, for `{ on: 2 }`,
 *                                           is the first that is free
 *   end() ─▷ kernel 2 stands still in the middle of what it did; what it had posted is cut at a place that the seed
 *            chooses, and the others hear of it one by one, a little later
 */
import { OptionError } from "../errors.ts";
import { Kernel, type KernelOptions } from "../kernel.ts";
import { StatsTable } from "../observe/stats.ts";
import type { Pid } from "../pid.ts";
import type { Boundary } from "../world.ts";
import type { Random } from "./random.ts";
import { simBoundaryPair } from "./sim-boundary.ts";
import { SimThread } from "./sim-thread.ts";
import type { SimWorld } from "./sim-world.ts";

export interface SimThreadsOptions {
  /** The longest time that anything takes from one thread to another, in milliseconds; default 2. */
  readonly maxDelayMs?: number;
  /** The longest time until the others hear that a thread has ended, in milliseconds; default 5. */
  readonly maxTellMs?: number;
  /** For every kernel. */
  readonly kernel?: Omit<KernelOptions, "world" | "thread">;
}

interface Thread {
  readonly kernel: Kernel;
  readonly sim: SimThread;
  /** As which scheduler it is known: `{ on: 2 }`. */
  readonly slot: number;
  readonly boundaries: Boundary[];
}

export class SimThreads {
  readonly #world: SimWorld;
  readonly #random: Random;
  readonly #options: SimThreadsOptions;
  readonly #stats: StatsTable;
  readonly #threads: Thread[] = [];
  readonly #ended = new Set<number>();

  /** @param count threads at the start, numbered from 1 */
  constructor(world: SimWorld, count: number, options: SimThreadsOptions = {}) {
    this.#world = world;
    this.#random = world.fork();
    this.#options = options;
    this.#stats = new StatsTable(Math.max(count, leastSlots) + 1);
    for (let i = 0; i < count; i++) this.add();
  }

  /** Those of the threads that have not ended. */
  get kernels(): Kernel[] {
    return this.#running.map(({ kernel }) => kernel);
  }

  /** Numbers of the threads that have ended. */
  get ended(): ReadonlySet<number> {
    return this.#ended;
  }

  /**
   * A thread comes.
   *
   * @returns its kernel
   * @throws {OptionError} when there are as many as at the start already, and more than seven
   */
  add(): Kernel {
    const sim = new SimThread(this.#world);
    const number = this.#threads.length + 1;
    const slot = this.#freeSlot();
    const kernel = new Kernel({
      ...this.#options.kernel,
      world: sim,
      thread: number,
      statsTable: this.#stats,
      statsRow: slot,
    });
    kernel.hosts.open();
    const thread: Thread = { kernel, sim, slot, boundaries: [] };
    for (const other of this.#running) {
      const { maxDelayMs = 2 } = this.#options;
      const [here, there] = simBoundaryPair(this.#world, { maxDelayMs });
      thread.boundaries.push(here);
      other.boundaries.push(there);
      kernel.peers.connect(other.kernel.thread, here);
      other.kernel.peers.connect(number, there);
    }
    this.#threads.push(thread);
    return kernel;
  }

  /** Ends a thread, as `worker.terminate()` does. No effect when none is left. @param kernel default: one, by the seed */
  end(kernel?: Kernel): void {
    const running = this.#running;
    const ended =
      kernel === undefined ? this.#random.pick(running) : running.find((thread) => thread.kernel === kernel);
    if (ended === undefined) return;
    const { thread } = ended.kernel;
    ended.sim.stop();
    this.#ended.add(thread);
    for (const boundary of ended.boundaries) boundary.close();
    for (const { kernel: other, sim } of this.#running) {
      sim.alarm(this.#random.number() * (this.#options.maxTellMs ?? 5), () => other.peers.disconnect(thread));
    }
  }

  /** The same process, as another thread knows it: pids that travel in messages need no help. */
  at(kernel: Kernel, pid: Pid): Pid {
    return kernel.peers.pid(pid.thread, pid.serial);
  }

  /** Closes every kernel. */
  close(): void {
    for (const { kernel } of this.#threads) kernel.close();
  }

  #freeSlot(): number {
    const taken = new Set(this.#running.map(({ slot }) => slot));
    for (let slot = 1; slot < this.#stats.rows; slot++) if (!taken.has(slot)) return slot;
    throw new OptionError(`SimThreads: expected at most ${this.#stats.rows - 1} threads at one time. Begin with more.`);
  }

  get #running(): Thread[] {
    return this.#threads.filter(({ sim }) => !sim.stopped);
  }
}

const leastSlots = 7;
