/**
 * Backoff: how long a child waits before it is started again.
 *
 *   failure    1st      2nd        3rd            ...     maxMs, for ever
 *   delay    |minMs|  |─2 minMs─|  |───4 minMs───|        each shortened by up to `jitter` of itself, by chance,
 *                                                         so that a thousand clients of one server do not come back at once
 *   a run of resetAfterMs: the next failure is a first one again
 *
 * An option beyond OTP, which restarts at once. A restart that waits counts for the intensity like any other, when the
 * child fails: with the defaults, one child that never comes up stays below 3 in 5 s for ever.
 * S18 of the feature map.
 */
export interface BackoffOptions {
  /** Milliseconds before the first restart; default 1,000. */
  readonly minMs?: number;
  /** Milliseconds that a restart waits at the most; default 30,000. */
  readonly maxMs?: number;
  /** How much of a delay may be left out, by chance: 0 to 1. Default 0.2. */
  readonly jitter?: number;
  /** Milliseconds of running after which a failure is a first one again; default `maxMs`. */
  readonly resetAfterMs?: number;
}

export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #jitter: number;
  readonly #resetAfterMs: number;
  #failures = 0;

  constructor({ minMs = 1000, maxMs = 30_000, jitter = 0.2, resetAfterMs = maxMs }: BackoffOptions = {}) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#jitter = jitter;
    this.#resetAfterMs = resetAfterMs;
  }

  /**
   * The child has failed.
   *
   * @param ranMs how long it had run; 0 when it did not start
   * @param random a number in [0, 1)
   * @returns milliseconds to wait
   */
  failed(ranMs: number, random: number): number {
    if (ranMs >= this.#resetAfterMs) this.#failures = 0;
    const delayMs = Math.min(this.#maxMs, this.#minMs * 2 ** this.#failures);
    this.#failures += 1;
    return delayMs * (1 - this.#jitter * random);
  }
}

/** @internal What is wrong with the options; undefined: nothing. */
export function backoffMistake(options: BackoffOptions): { option: string; what: string; got: unknown } | undefined {
  if (typeof options !== "object" || options === null) return { option: "backoff", what: "options", got: options };
  const { minMs = 1000, maxMs = 30_000, jitter = 0, resetAfterMs = maxMs } = options;
  const isMs = (value: unknown): boolean => typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY;
  if (!isMs(minMs)) return { option: "backoff.minMs", what: "milliseconds above 0", got: minMs };
  if (!isMs(maxMs) || maxMs < minMs) {
    return { option: "backoff.maxMs", what: `milliseconds, minMs (${minMs}) or more`, got: maxMs };
  }
  if (!(jitter >= 0 && jitter <= 1)) return { option: "backoff.jitter", what: "a number from 0 to 1", got: jitter };
  if (!isMs(resetAfterMs)) return { option: "backoff.resetAfterMs", what: "milliseconds above 0", got: resetAfterMs };
  return undefined;
}
