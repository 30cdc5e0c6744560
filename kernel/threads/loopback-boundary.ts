/** A pair of boundaries between two kernels of one thread: what `schedulers: 0` runs on, with nothing else different. */
import type { Boundary, World } from "../world.ts";

export function loopbackPair(world: World): [Boundary, Boundary] {
  const left = new Loopback(world);
  const right = new Loopback(world);
  left.other = right;
  right.other = left;
  return [left, right];
}

class Loopback implements Boundary {
  other: Loopback | undefined;
  readonly #world: World;
  #onSlab: ((slab: Uint8Array) => void) | undefined;
  #kept: Uint8Array[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  post(slab: Uint8Array): void {
    this.#world.microtask(() => this.other?.arrive(slab));
  }

  listen(onSlab: (slab: Uint8Array) => void): void {
    this.#onSlab = onSlab;
    for (const slab of this.#kept.splice(0)) onSlab(slab);
  }

  close(): void {
    if (this.other !== undefined) this.other.other = undefined;
    this.other = undefined;
  }

  arrive(slab: Uint8Array): void {
    if (this.#onSlab === undefined) this.#kept.push(slab);
    else this.#onSlab(slab);
  }
}
