import { describe, expect, test } from "vitest";
import { sleep } from "../../kernel/sleep.ts";
import { actor, simKernel } from "../support/kernels.ts";

describe("sleep", () => {
  test("K40: stops its own process and nobody else", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    const sleeper = kernel.spawn(async (self) => {
      await sleep(self, 1000);
      seen.push(["awake", Math.round(world.nowMs / 100)], await self.receive({ after: 0 }));
    });
    kernel.send(sleeper, "waits"); // takes no message
    kernel.spawn(async (self) => {
      await sleep(self, 500);
      seen.push("sibling");
    });
    await world.runAsync();
    expect(seen).toEqual(["sibling", ["awake", 10], "waits"]);
  });

  test("K40: is killable at any moment, also one for ever, and leaves no timer", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    const pids = [1000, Number.POSITIVE_INFINITY].map((ms) =>
      kernel.spawn(async (self) => {
        await sleep(self, ms);
        seen.push("never");
      }),
    );
    await world.runAsync({ forMs: 100 });
    for (const pid of pids) kernel.exit(pid, "over");
    expect(pids.map((pid) => kernel.isAlive(pid))).toEqual([false, false]);
    expect(kernel.timers.size).toBe(0);
    await world.runAsync();
    expect(seen).toEqual([]);
  });

  test.each([-1, Number.NaN, "5" as never])("refuses %s milliseconds", (ms) => {
    const { kernel } = simKernel();
    expect(() => sleep(actor(kernel).self, ms)).toThrow(
      "expected duration to be milliseconds of at least 0, or Infinity",
    );
  });
});
