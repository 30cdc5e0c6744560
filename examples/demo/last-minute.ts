/** LastMinute: the samples of the last minute, sorted by what their charts show. A value: `withSample` makes a new one. */
import { emptyRing, push, type Ring } from "./ring.ts";
import type { Sample, ThreadSample } from "./sample.ts";

export interface LastMinute {
  readonly samples: Ring<Sample>;
  readonly cores: readonly Ring<number>[];
  readonly threads: readonly Ring<ThreadSample>[];
}

const nothing: LastMinute = { samples: emptyRing, cores: [], threads: [] };

export function lastMinute(samples: readonly Sample[]): LastMinute {
  return samples.reduce(withSample, nothing);
}

/** A sample that is there already changes nothing: it came both with the history and by the topic. */
export function withSample(minute: LastMinute, sample: Sample): LastMinute {
  if (minute.samples.slots.some(({ item }) => item.takenAtMs === sample.takenAtMs)) return minute;
  return {
    samples: push(minute.samples, sample),
    cores: sample.cores.map((busy, i) => push(minute.cores[i] ?? emptyRing, busy)),
    threads: sample.threads.map((thread, i) => push(minute.threads[i] ?? emptyRing, thread)),
  };
}
