/**
 * RestartWindow: has this supervisor restarted its children too often?
 *
 *      now - maxSeconds            now
 *   ─ ─ ─ ─ ─ ┼─────x────x───x──────┤     x = a restart; older ones have left the window
 *
 * Invariant: at most `maxRestarts + 1` times are held, since a supervisor stops at the first `false`.
 * Cost: O(restarts in the window) per restart, nothing in between; no timer.
 * Source: Erlang/OTP, supervisor, "Restart intensity and period".
 */
export class RestartWindow {
  readonly #maxRestarts: number;
  readonly #windowMs: number;
  readonly #restartsMs: number[] = [];

  /**
   * @param maxRestarts restarts allowed within the window; 0 allows none
   * @param maxSeconds length of the window, in seconds
   */
  constructor(maxRestarts: number, maxSeconds: number) {
    this.#maxRestarts = maxRestarts;
    this.#windowMs = maxSeconds * 1000;
  }

  /**
   * Records a restart.
   *
   * @param nowMs monotonic milliseconds, not earlier than in the last call
   * @returns false when this restart is one too many: the supervisor must stop with reason `shutdown`
   */
  record(nowMs: number): boolean {
    if (this.#maxRestarts === Number.POSITIVE_INFINITY) return true; // any number of them is not kept
    while (this.#restartsMs.length > 0 && this.#restartsMs[0]! < nowMs - this.#windowMs) this.#restartsMs.shift();
    this.#restartsMs.push(nowMs);
    return this.#restartsMs.length <= this.#maxRestarts;
  }
}
