/** What is measured between two threads: each figure with its gate, and both sides' way to get it. */
import { frames, mapOfTen, oneWay, type Pair, roundTrips } from "../kernel/lintel/threads.ts";
import { perSecond, type Timed } from "../kernel/program.ts";
import { percentile } from "../support/statistics.ts";
import { setLoad } from "./load.ts";
import type { Raw } from "./raw.ts";

export interface Figure {
  readonly title: string;
  readonly unit: "M/s" | "µs";
  /** At least so many M/s, at most so many µs. */
  readonly gate?: number;
}

export interface Item {
  readonly name: string;
  readonly size: number;
  readonly quickSize: number;
  readonly figures: readonly Figure[];
  /** One value for each figure. */
  lintel(pair: Pair, size: number): Promise<readonly number[]>;
  raw(raw: Raw, size: number): Promise<readonly number[]>;
}

/** As long as a slice of the kernel's run queue. */
const sliceMs = 0.4;
const frame = new Uint8Array(300).fill(7);
const tagged = (n: number): unknown => ({ tag: "message", n });

export const items: readonly Item[] = [
  stream("send", 500_000, { title: "{tag, n}", unit: "M/s", gate: 2 }, (pair) => oneWay(pair, tagged), {
    make: tagged,
    perPost: 1,
  }),
  stream(
    "send-arrays",
    500_000,
    { title: "{tag, n}, postMessage of arrays of 64", unit: "M/s" },
    (pair) => oneWay(pair, tagged),
    { make: tagged, perPost: 64 },
  ),
  stream("map", 300_000, { title: "map of 10 keys", unit: "M/s", gate: 0.9 }, (pair) => oneWay(pair, mapOfTen), {
    make: mapOfTen,
    perPost: 1,
  }),
  stream("frames", 500_000, { title: "frames of 300 B, 16 a flush", unit: "M/s", gate: 2.5 }, frames, {
    make: () => frame.slice(),
    perPost: 16,
  }),
  trips("asleep", 1_500, { title: "round trip after 2 ms asleep", pauseMs: 2, gate: 130 }),
  trips("awake", 5_000, { title: "round trip back to back", pauseMs: 0 }),
  {
    ...trips("loaded", 1_500, { title: "round trip while the other thread is busy", pauseMs: 0 }),
    lintel: async (pair, size) => {
      await setLoad(pair, true);
      const samples = await roundTrips(pair, size, 0);
      await setLoad(pair, false);
      return p50AndP99(samples);
    },
    raw: async (raw, size) => {
      raw.load(sliceMs);
      const samples = await raw.roundTrips(size, 0);
      raw.load(0);
      return p50AndP99(samples);
    },
  },
];

/** Messages one way, as fast as they go. @param raw what is posted, and how many of it in an array */
function stream(
  name: string,
  size: number,
  figure: Figure,
  lintel: (pair: Pair) => Timed,
  raw: { make: (n: number) => unknown; perPost: number },
): Item {
  const millions = async (run: Timed, count: number) => [(await perSecond(run, count, repeats)) / 1e6];
  return {
    name,
    size,
    quickSize: 20_000,
    figures: [figure],
    lintel: (pair, count) => millions(lintel(pair), count),
    raw: (rival, count) => millions(rival.oneWay(raw.make, raw.perPost), count),
  };
}

/** There and back, one after the other. */
function trips(name: string, size: number, of: { title: string; pauseMs: number; gate?: number }): Item {
  const { title, pauseMs, gate } = of;
  return {
    name,
    size,
    quickSize: Math.ceil(size / 40),
    figures: [
      { title: `${title}, p50`, unit: "µs", ...(gate === undefined ? {} : { gate }) },
      { title: "... p99", unit: "µs" },
    ],
    lintel: async (pair, count) => p50AndP99(await roundTrips(pair, count, pauseMs)),
    raw: async (raw, count) => p50AndP99(await raw.roundTrips(count, pauseMs)),
  };
}

/** @param samples nanoseconds @returns microseconds */
function p50AndP99(samples: readonly number[]): number[] {
  return [50, 99].map((percent) => percentile(samples, percent) / 1000);
}

const repeats = 3;
