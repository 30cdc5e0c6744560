/**
 * simBoundaryPair: the way between two threads of a simulated world.
 *
 *   a.post ─▷ ▒ ▒ ▒ ─▷ b's listener         each slab whole, in order, after a delay of its own from the seed
 *   a's listener ◁─ ▒ ◁─ b.post             the two directions know nothing of each other
 *
 * When an end closes, as the end of its thread does, it hears nothing more; what it has posted and is still under way is
 * cut at a place that the seed chooses: everything before it arrives, everything after it is lost.
 */
import type { Boundary } from "../world.ts";
import type { Random } from "./random.ts";
import type { SimWorld } from "./sim-world.ts";

export interface SimBoundaryOptions {
  /** The longest delay of a slab, in milliseconds; default 2. With 0 a slab arrives in a later turn. */
  readonly maxDelayMs?: number;
}

/** @returns both ends; give each to the `peers.connect` of its kernel */
export function simBoundaryPair(world: SimWorld, options: SimBoundaryOptions = {}): [Boundary, Boundary] {
  const maxDelayMs = options.maxDelayMs ?? 2;
  const a = new SimBoundary(world, maxDelayMs);
  const b = new SimBoundary(world, maxDelayMs);
  a.join(b);
  b.join(a);
  return [a, b];
}

class SimBoundary implements Boundary {
  readonly #world: SimWorld;
  readonly #random: Random;
  readonly #maxDelayMs: number;
  #other: SimBoundary | undefined;
  #listener: ((slab: Uint8Array) => void) | undefined;
  /** Posted by the other end, and on their way to this one. */
  readonly #coming: Uint8Array[] = [];
  #underWay = false;
  #closed = false;

  constructor(world: SimWorld, maxDelayMs: number) {
    this.#world = world;
    this.#random = world.fork();
    this.#maxDelayMs = maxDelayMs;
  }

  join(other: SimBoundary): void {
    this.#other = other;
  }

  post(slab: Uint8Array): void {
    // Transferred, as a real thread would: who touches the slab after this finds it empty.
    const moved = structuredClone(slab, { transfer: [slab.buffer as ArrayBuffer] });
    if (!this.#closed) this.#other?.comes(moved);
  }

  listen(onSlab: (slab: Uint8Array) => void): void {
    this.#listener = onSlab;
    this.#carry();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#coming.length = 0;
    this.#other?.cut();
  }

  comes(slab: Uint8Array): void {
    if (this.#closed) return;
    this.#coming.push(slab);
    this.#carry();
  }

  /** The other end has closed. */
  cut(): void {
    this.#coming.length = this.#random.below(this.#coming.length + 1);
  }

  /** One slab at a time, so that none overtakes another. */
  #carry(): void {
    if (this.#underWay || this.#listener === undefined || this.#coming.length === 0) return;
    this.#underWay = true;
    this.#world.alarm(this.#random.number() * this.#maxDelayMs, () => {
      this.#underWay = false;
      const slab = this.#coming.shift();
      if (slab === undefined || this.#closed) return;
      this.#carry();
      this.#listener?.(slab);
    });
  }
}
