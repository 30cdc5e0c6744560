/** What the two threads of threads.ts say to each other. */
import type { Name, Pid } from "lintel/kernel";

export const counterName = "bench.counter" as Name;
export const echoName = "bench.echo" as Name;
export const frameCounterName = "bench.frameCounter" as Name;

/** Told true, processes there begin to keep their thread busy; false ends it. */
export const loadName = "bench.load" as Name;

/** Kind of the records that frames travel as; those below 16 are the kernel's. */
export const frameKind = 99;

/** Messages that are counted before the producer is told. */
export const ackEvery = 10_000;

/** Begins a new count: `from` is told how many have come, every `ackEvery` and at `size`. */
export interface ToCounter {
  readonly tag: "count";
  readonly from: Pid;
  readonly size: number;
}
