/** Latency: a histogram of durations, in microseconds inside, in milliseconds outside. */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Milliseconds. All are 0 when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const maxUs = 600_000_000;

export class Latency {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: maxUs, figures: 3 });

  /** @param ms below a microsecond counts as one (a histogram holds no zero), above ten minutes as ten minutes */
  record(ms: number): void {
    this.#histogram.record(Math.min(Math.max(Math.round(ms * 1000), 1), maxUs));
  }

  summary(): LatencySummary {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    const at = (percentile: number) => histogram.percentile(percentile) / 1000;
    return {
      count: histogram.count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.max / 1000,
    };
  }
}
