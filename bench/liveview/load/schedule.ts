/**
 * Schedule: when each event of an open loop is due. It does not wait for answers, and nothing is left out when the
 * sender was late: users do not wait for each other either.
 *
 *   due    |    |    |    |    |    |         start + i / rate
 *   sent   |    |           |||     |         the late ones go at once; their latency counts from where they were due
 */
export class Schedule {
  readonly #startMs: number;
  readonly #everyMs: number;
  #taken = 0;

  /**
   * @param startMs when the first event is due
   * @param rate events per second
   */
  constructor(startMs: number, rate: number) {
    if (!(rate > 0)) throw new Error(`Schedule: expected a rate above 0, got ${rate}.`);
    this.#startMs = startMs;
    this.#everyMs = 1000 / rate;
  }

  /** When the next event is due. Computed from the start each time, so that rounding does not add up. */
  get nextMs(): number {
    return this.#startMs + this.#taken * this.#everyMs;
  }

  /** Takes the next event if it is due. */
  take(nowMs: number): boolean {
    if (this.nextMs > nowMs) return false;
    this.#taken += 1;
    return true;
  }
}
