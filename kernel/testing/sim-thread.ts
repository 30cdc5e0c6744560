/**
 * SimThread: the world as one thread of it sees it, up to the moment at which that thread is ended.
 *
 *   SimWorld ◁─ SimThread 1 ◁─ Kernel      stop(): nothing of this thread runs any more, in the middle of whatever it did
 *            ◁─ SimThread 2 ◁─ Kernel
 *
 * Whoever ends a thread also closes its boundaries, and tells the other kernels by `peers.disconnect`.
 */
import type { Alarm, World } from "../world.ts";
import type { SimWorld } from "./sim-world.ts";

export class SimThread implements World {
  readonly #world: SimWorld;
  #stopped = false;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends the thread, as `worker.terminate()` does. */
  stop(): void {
    this.#stopped = true;
  }

  monotonicMs(): number {
    return this.#world.monotonicMs();
  }

  systemMs(): number {
    return this.#world.systemMs();
  }

  random(): number {
    return this.#world.random();
  }

  randomBytes(size: number): Uint8Array {
    return this.#world.randomBytes(size);
  }

  nextTurn(run: () => void): void {
    this.#world.nextTurn(this.#whileAlive(run));
  }

  microtask(run: () => void): void {
    this.#world.microtask(this.#whileAlive(run));
  }

  alarm(delayMs: number, run: () => void): Alarm {
    return this.#world.alarm(delayMs, this.#whileAlive(run));
  }

  #whileAlive(run: () => void): () => void {
    return () => {
      if (!this.#stopped) run();
    };
  }
}
