/** What the heap holds of processes: in programs of their own, with the garbage collector at hand. */
import { describe, expect, test } from "vitest";
import { runProgram } from "../support/program.ts";

describe("the heap", () => {
  test("K24: a process that has ended frees everything, though its pid is still held", async () => {
    const { code, printed, stderr } = await runProgram("test/fixtures/kernel/heap.js", ["5000"], {
      nodeArgs: ["--expose-gc"],
    });
    expect([code, stderr]).toEqual([0, ""]);
    const [seen] = printed as [{ aliveBytes: number; afterBytes: number }];
    expect(seen).toMatchObject({
      made: 5000,
      left: 0,
      leftProcesses: 0,
      pids: 5000,
      processes: 1,
      timers: 0,
      names: 1,
    });
    expect(seen.aliveBytes).toBeGreaterThan(5000 * 1000); // a kilobyte of state alone
    expect(seen.afterBytes).toBeLessThan(5000 * 400);
  });

  test("G22: a flood of 5M messages to a stuck process grows the heap by no more than its limit", async () => {
    const max = 10_000;
    // 5M of them take 350 MB: what is not dropped at once ends the program here.
    const { code, printed, stderr } = await runProgram("test/fixtures/kernel/flood.js", ["5000000", String(max)], {
      nodeArgs: ["--expose-gc", "--max-old-space-size=48"],
      timeoutMs: 55_000,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(printed).toMatchObject([
      { name: "dropNewest", messageQueueLength: max, dropped: 5_000_000 - max },
      { name: "dropOldest", messageQueueLength: max, dropped: 5_000_000 - max },
      { name: "coalesce", messageQueueLength: max },
    ]);
    for (const { grown } of printed as { grown: number }[]) expect(grown).toBeLessThan(max * 300);
  });
});
