/** What is measured between two threads: each figure with its gate, and both sides' way to get it. */
import { frames, mapOfTen, oneWay, type Pair, roundTrips } from "../kernel/lintel/threads.ts";
import { perSecond } from "../kernel/program.ts";
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

const repeats = 3;
const tagged = (n: number): unknown => ({ tag: "message", n });
const millions = async (run: Parameters<typeof perSecond>[0], size: number): Promise<readonly number[]> => [
  (await perSecond(run, size, repeats)) / 1e6,
];
const us = (samples: readonly number[], ...percents: number[]): number[] =>
  percents.map((percent) => percentile(samples, percent) / 1000);

const frame = new Uint8Array(300).fill(7);

export const items: readonly Item[] = [
  {
    name: "send",
    size: 500_000,
    quickSize: 20_000,
    figures: [{ title: "{tag, n}", unit: "M/s", gate: 2 }],
    lintel: (pair, size) => millions(oneWay(pair, tagged), size),
    raw: (raw, size) => millions(raw.oneWay(tagged, 1), size),
  },
  {
    name: "send-arrays",
    size: 500_000,
    quickSize: 20_000,
    figures: [{ title: "{tag, n}, postMessage of arrays of 64", unit: "M/s" }],
    lintel: (pair, size) => millions(oneWay(pair, tagged), size),
    raw: (raw, size) => millions(raw.oneWay(tagged, 64), size),
  },
  {
    name: "map",
    size: 300_000,
    quickSize: 20_000,
    figures: [{ title: "map of 10 keys", unit: "M/s", gate: 0.9 }],
    lintel: (pair, size) => millions(oneWay(pair, mapOfTen), size),
    raw: (raw, size) => millions(raw.oneWay(mapOfTen, 1), size),
  },
  {
    name: "frames",
    size: 500_000,
    quickSize: 20_000,
    figures: [{ title: "frames of 300 B, 16 a flush", unit: "M/s", gate: 2.5 }],
    lintel: (pair, size) => millions(frames(pair), size),
    raw: (raw, size) =>
      millions(
        raw.oneWay(() => frame.slice(), 16),
        size,
      ),
  },
  {
    name: "asleep",
    size: 1_500,
    quickSize: 50,
    figures: [
      { title: "round trip after 2 ms asleep, p50", unit: "µs", gate: 130 },
      { title: "... p99", unit: "µs" },
    ],
    lintel: async (pair, size) => us(await roundTrips(pair, size, 2), 50, 99),
    raw: async (raw, size) => us(await raw.roundTrips(size, 2), 50, 99),
  },
  {
    name: "awake",
    size: 5_000,
    quickSize: 100,
    figures: [
      { title: "round trip back to back, p50", unit: "µs" },
      { title: "... p99", unit: "µs" },
    ],
    lintel: async (pair, size) => us(await roundTrips(pair, size, 0), 50, 99),
    raw: async (raw, size) => us(await raw.roundTrips(size, 0), 50, 99),
  },
  {
    name: "loaded",
    size: 1_500,
    quickSize: 50,
    figures: [
      { title: "round trip while the other thread is busy, p50", unit: "µs" },
      { title: "... p99", unit: "µs" },
    ],
    lintel: async (pair, size) => {
      await setLoad(pair, true);
      const samples = await roundTrips(pair, size, 0);
      await setLoad(pair, false);
      return us(samples, 50, 99);
    },
    raw: async (raw, size) => {
      raw.load(sliceMs);
      const samples = await raw.roundTrips(size, 0);
      raw.load(0);
      return us(samples, 50, 99);
    },
  },
];

/** As long as a slice of the kernel's run queue. */
const sliceMs = 0.4;
