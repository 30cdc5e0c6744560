/**
 * RestartDelay: how long to wait before a process that has ended is started again.
 *
 *   ends within 10 s     1  2  3  4   5   6   ...          three are made good at once; beyond, the wait doubles,
 *   waits, in seconds    0  0  0  1   2   4   ... 30       and is forgotten after a minute without an end
 *
 * Invariant: at most four times are held.
 */
export class RestartDelay {
  readonly #endsMs: number[] = [];
  #waits = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /**
   * Records an end.
   *
   * @param nowMs monotonic milliseconds, not earlier than in the last call
   * @returns milliseconds to wait
   */
  ended(nowMs: number): number {
    if (nowMs - this.#lastMs > calmMs) this.#waits = 0;
    this.#lastMs = nowMs;
    this.#endsMs.push(nowMs);
    while (this.#endsMs[0]! < nowMs - windowMs || this.#endsMs.length > maxQuick + 1) this.#endsMs.shift();
    // Once it has begun to wait it goes on to, else waits alone would thin out the window.
    if (this.#waits === 0 && this.#endsMs.length <= maxQuick) return 0;
    this.#waits += 1;
    return Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#waits - 1));
  }
}

const maxQuick = 3;
const windowMs = 10_000;
const firstDelayMs = 1000;
const maxDelayMs = 30_000;
const calmMs = 60_000;
