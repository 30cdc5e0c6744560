/**
 * ReplacementDelay: how soon a thread that has ended is replaced. At once, unless threads end again and again:
 *
 *   ends within 10 s    1 .. 5    6        7        8    ...
 *   delay               0         200 ms   400 ms   800 ms ... 5 s
 */
export class ReplacementDelay {
  readonly #endsMs: number[] = [];

  /**
   * Records an end that nobody asked for.
   *
   * @param nowMs monotonic milliseconds, not earlier than in the last call
   * @returns milliseconds until its replacement may start
   */
  record(nowMs: number): number {
    this.#endsMs.push(nowMs);
    while (this.#endsMs[0]! < nowMs - calmMs) this.#endsMs.shift();
    const tooMany = this.#endsMs.length - quickReplacements;
    return tooMany <= 0 ? 0 : Math.min(maxDelayMs, 100 * 2 ** tooMany);
  }
}

/** Ends within `calmMs` that are made good at once; beyond, with a delay. */
const quickReplacements = 5;
const calmMs = 10_000;
const maxDelayMs = 5000;
