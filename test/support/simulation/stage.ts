/**
 * Stage: kernels on threads of a simulated world, each joined to each, that come and go while the play is on.
 *
 *   addThread ─▷ kernel 4 ⇄ kernels 1, 3        its number is new: a thread's is never used again
 *   endThread ─▷ kernel 2 stands still in the middle of what it did; the others hear of it one by one, a little later
 */
import { Kernel, type KernelOptions } from "../../../kernel/kernel.ts";
import { type Random, SimThread, type SimWorld, simBoundaryPair } from "../../../kernel/testing/index.ts";
import type { Boundary } from "../../../kernel/world.ts";

interface Thread {
  readonly kernel: Kernel;
  readonly sim: SimThread;
  readonly boundaries: Boundary[];
}

export class Stage {
  readonly world: SimWorld;
  readonly #random: Random;
  readonly #maxDelayMs: number;
  readonly #options: KernelOptions;
  readonly #threads: Thread[] = [];
  /** Numbers of the threads that have been ended. */
  readonly ended = new Set<number>();

  /** How slow the way between threads is follows from the seed. */
  constructor(world: SimWorld, threads: number, options: KernelOptions = {}) {
    this.world = world;
    this.#random = world.fork();
    this.#maxDelayMs = this.#random.pick([0, 2, 2, 20]);
    this.#options = options;
    for (let i = 0; i < threads; i++) this.addThread();
  }

  /** Kernels of the threads that have not been ended. */
  get kernels(): Kernel[] {
    return this.#alive.map(({ kernel }) => kernel);
  }

  addThread(): Kernel {
    const sim = new SimThread(this.world);
    const number = this.#threads.length + 1;
    const kernel = new Kernel({
      chargeRejections: false,
      report: () => {},
      ...this.#options,
      world: sim,
      thread: number,
    });
    const thread: Thread = { kernel, sim, boundaries: [] };
    for (const other of this.#alive) {
      const [here, there] = simBoundaryPair(this.world, { maxDelayMs: this.#maxDelayMs });
      thread.boundaries.push(here);
      other.boundaries.push(there);
      kernel.peers.connect(other.kernel.thread, here);
      other.kernel.peers.connect(number, there);
    }
    this.#threads.push(thread);
    return kernel;
  }

  endThread(): void {
    const ended = this.#random.pick(this.#alive);
    const { thread } = ended.kernel;
    ended.sim.stop();
    this.ended.add(thread);
    for (const boundary of ended.boundaries) boundary.close();
    for (const { kernel, sim } of this.#alive) {
      sim.alarm(this.#random.number() * 5, () => kernel.peers.disconnect(thread));
    }
  }

  close(): void {
    for (const { kernel } of this.#threads) kernel.close();
  }

  get #alive(): Thread[] {
    return this.#threads.filter(({ sim }) => !sim.stopped);
  }
}
