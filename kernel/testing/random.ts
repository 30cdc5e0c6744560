/**
 * Random: numbers that look random and follow from a seed alone, the same on every machine.
 *
 * The generator is Chris Doty-Humphrey's sfc32 (128 bits of state, passes PractRand), seeded by rounds of a 32-bit
 * mixing function, so that seeds 1 and 2 have nothing in common. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any number; only its whole part counts */
  constructor(seed: number) {
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    this.#a = mix(low);
    this.#b = mix(this.#a ^ high);
    this.#c = mix(this.#b + low);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result;
    this.#c |= 0;
    return result >>> 0;
  }

  /** A number in [0, 1). */
  number(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.number() * below);
  }

  /** True as often as `probability` (0 to 1) says. */
  chance(probability: number): boolean {
    return this.number() < probability;
  }

  /** One element of an array that has at least one. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = this.uint32() & 255;
    return bytes;
  }

  /** A generator of its own: what is drawn from it does not change what this one draws later. */
  fork(): Random {
    return new Random(this.uint32() * 2 ** 20 + (this.uint32() >>> 12));
  }
}

/** Every bit of the result depends on every bit of the argument (Chris Wellons' lowbias32). */
function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
  return (value ^ (value >>> 15)) >>> 0;
}
