import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { sleep } from "../../kernel/sleep.ts";
import { SimWorld } from "../../kernel/testing/index.ts";
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

  test("K21, K40: who has slept goes on behind those that are ready: children do not pile up", async () => {
    const world = new SimWorld(1, { readingMs: 0.01 });
    const kernel = new Kernel({ world });
    let most = 0;
    let ran = 0;
    const takesLong = (): void => {
      for (let i = 0; i < 5; i++) world.monotonicMs(); // 0.05 ms
      ran += 1;
    };
    kernel.spawn(async (self) => {
      for (let round = 0; round < 50; round++) {
        for (let i = 0; i < 100; i++) self.spawn(takesLong);
        most = Math.max(most, kernel.processes().length);
        await sleep(self, 0);
      }
    });
    await world.runAsync();
    expect(ran).toBe(5000);
    expect(most).toBeLessThanOrEqual(101 + 100);
  });

  test("K40: one that its handler has not waited for goes on all the same, one that was killed does not", async () => {
    const { world, kernel } = simKernel();
    const seen: string[] = [];
    const busy = actor(kernel);
    const sleeper = async (name: string, self: Process): Promise<void> => {
      await sleep(self, 10);
      seen.push(name);
    };
    const server = kernel.spawn({
      label: "server",
      async handle(self) {
        void sleeper("forgotten", self);
        await Promise.race([sleep(self, 10), new Promise<void>((resolve) => world.alarm(10, resolve))]);
        seen.push("handled");
      },
    });
    const killed = kernel.spawn((self) => sleeper("killed", self));
    world.alarm(10, () => {
      for (let i = 0; i < 10; i++) busy.self.send(busy.pid, i); // they are ready first
    });
    kernel.send(server, 1);
    world.alarm(9, () => kernel.exit(killed, "kill"));
    await world.runAsync();
    expect(seen.sort()).toEqual(["forgotten", "handled"]);
  });

  test.each([-1, Number.NaN, "5" as never])("refuses %s milliseconds", (ms) => {
    const { kernel } = simKernel();
    expect(() => sleep(actor(kernel).self, ms)).toThrow(
      "expected duration to be milliseconds of at least 0, or Infinity",
    );
  });
});
