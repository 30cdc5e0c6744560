import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { Counters } from "../../kernel/observe/counters.ts";

describe("Counters", () => {
  test("K32: get, put, add, exchange and compareExchange", () => {
    const counters = new Counters(2);
    expect([counters.size, counters.get(0), counters.get(1)]).toEqual([2, 0, 0]);
    counters.put(0, 10);
    expect([counters.add(0), counters.add(0, -20), counters.get(0), counters.get(1)]).toEqual([11, -9, -9, 0]);
    expect([counters.exchange(0, 5), counters.get(0)]).toEqual([-9, 5]);
    expect([counters.compareExchange(0, 4, 7), counters.get(0)]).toEqual([false, 5]);
    expect([counters.compareExchange(0, 5, 7), counters.get(0)]).toEqual([true, 7]);
  });

  test("K32: nothing is lost when threads add at the same time", async () => {
    const counters = new Counters(1);
    const code = `
      const values = new BigInt64Array(require("node:worker_threads").workerData);
      for (let i = 0; i < 50_000; i++) Atomics.add(values, 0, 1n);`;
    const worker = new Worker(code, { eval: true, workerData: counters.buffer });
    const ended = new Promise((resolve) => worker.on("exit", resolve));
    for (let i = 0; i < 50_000; i++) counters.add(0);
    await ended;
    expect(new Counters(counters.buffer).get(0)).toBe(100_000);
  });

  test.each([0, 1.5, -1, Number.NaN, "2"])("refuses a size of %s", (size) => {
    expect(() => new Counters(size as number)).toThrow(OptionError);
  });

  test("refuses an index that is none, and what is no whole number", () => {
    const counters = new Counters(2);
    for (const index of [-1, 2, 0.5]) expect(() => counters.get(index)).toThrow(/index from 0 to 1/);
    for (const value of [0.5, 2 ** 60, "1" as never]) expect(() => counters.add(0, value)).toThrow(/a whole number/);
  });
});
