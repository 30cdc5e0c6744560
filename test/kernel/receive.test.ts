import { describe, expect, test } from "vitest";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { timedOut } from "../../kernel/receive.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel } from "../support/kernels.ts";

const even = (message: unknown): message is number => typeof message === "number" && message % 2 === 0;

describe("receive", () => {
  test("K6: takes the oldest message that matches; what was skipped keeps its order", async () => {
    const { world, kernel } = simKernel();
    const got: unknown[] = [];
    const pid = kernel.spawn(async (self) => {
      got.push(await self.receive({ match: even }));
      got.push(await self.receive({ match: even }));
      for (let i = 0; i < 3; i++) got.push(await self.receive());
    });
    for (const n of [1, 3, 4, 5, 6]) kernel.send(pid, n);
    await world.runAsync();
    expect(got).toEqual([4, 6, 1, 3, 5]);
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("K6: a receive that waits looks at each message once", async () => {
    const { world, kernel } = simKernel();
    const looked: unknown[] = [];
    const pid = kernel.spawn(async (self) => {
      const match = (message: unknown): message is string => looked.push(message) > 0 && message === "go";
      await self.receive({ match });
    });
    for (const message of [1, 2, 3, "go"]) {
      kernel.send(pid, message);
      await world.runAsync();
    }
    expect(looked).toEqual([1, 2, 3, "go"]);
  });

  test("K7: `after: 0` looks through the whole mailbox and then goes on", async () => {
    const { world, kernel } = simKernel();
    const got: unknown[] = [];
    const pid = kernel.spawn(async (self) => {
      await self.receive({ match: (message): message is string => message === "start" });
      got.push(await self.receive({ match: even, after: 0 }), await self.receive({ match: even, after: 0 }));
    });
    for (const message of [1, 3, 8, "start"]) kernel.send(pid, message);
    await world.runAsync();
    expect(got).toEqual([8, timedOut]);
    expect(world.nowMs).toBeLessThan(1);
  });

  test("K7: messages that do not match do not put the clock back", async () => {
    const { world, kernel } = simKernel();
    let timedOutMs = 0;
    const pid = kernel.spawn(async (self) => {
      expect(await self.receive({ match: even, after: 100 })).toBe(timedOut);
      timedOutMs = world.nowMs;
      for (let i = 0; i < 3; i++) expect(await self.receive({ after: 0 })).toBe(1); // all of them are still there
    });
    for (let i = 0; i < 3; i++) {
      await world.runAsync({ forMs: 40 });
      if (i < 3) kernel.send(pid, 1);
    }
    await world.runAsync();
    expect(timedOutMs).toBeGreaterThanOrEqual(100);
    expect(timedOutMs).toBeLessThan(102);
    expect(kernel.timers.size).toBe(0);
  });

  test("K7: the timer is gone when a message came in time, and without `after` there is none", async () => {
    const { world, kernel } = simKernel();
    const wait = async (self: Process, after: number): Promise<void> => {
      expect(await self.receive({ after })).toBe("hello");
      await self.receive();
    };
    const pid = kernel.spawn(wait, 1000);
    await world.runAsync({ forMs: 10 });
    expect(kernel.timers.size).toBe(1);
    kernel.send(pid, "hello");
    await world.runAsync();
    expect(kernel.timers.size).toBe(0);
    expect(world.nowMs).toBeLessThan(100);
    expect(kernel.isAlive(pid)).toBe(true);
  });

  test("a message that is there when the time is up counts, even if its turn has not come", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, kernel } = simKernel({}, seed);
      let got: unknown;
      const pid = kernel.spawn(async (self) => {
        got = await self.receive({ after: 50 });
      });
      await world.runAsync({ forMs: 1 });
      world.alarm(40, () => {
        kernel.send(pid, "in time");
        while (world.monotonicMs() < 60); // a slow handler: now both the turn and the timer are due, in either order
      });
      await world.runAsync();
      expect(got).toBe("in time");
    }
  });

  test("a `match` that throws ends its process, and nobody else", async () => {
    const { world, kernel, reports } = simKernel();
    const bad = kernel.spawn(async (self) => {
      await self.receive({
        match: (message): message is number => {
          throw new Error(`cannot judge ${String(message)}`);
        },
      });
    });
    const other = actor(kernel);
    await world.runAsync();
    kernel.send(bad, 1);
    kernel.send(other.pid, 2);
    await world.runAsync();
    expect(kernel.isAlive(bad)).toBe(false);
    expect(other.messages).toEqual([2]);
    expect(reports).toMatchObject([{ kind: "crash", reason: { error: { message: "cannot judge 1" } } }]);
  });

  test("one that nobody waits for any more does not steal a later message", async () => {
    const { world, kernel } = simKernel();
    const handled: unknown[] = [];
    const sleep = (): Promise<void> => new Promise((resolve) => world.alarm(5, resolve));
    const pid = kernel.spawn({
      label: "impatient",
      async handle(self: Process, message: unknown) {
        handled.push(message);
        if (message === "first") await Promise.race([self.receive({ match: even }), sleep()]);
        else await sleep();
      },
    });
    kernel.send(pid, "first");
    await world.runAsync();
    kernel.send(pid, 2);
    await world.runAsync({ forMs: 1 });
    kernel.send(pid, 4); // while the handler of 2 waits
    await world.runAsync();
    expect(handled).toEqual(["first", 2, 4]);
  });

  test("a handler that ends just as a message comes for its receive does not lose the others their turn", async () => {
    const { world, kernel } = simKernel();
    let giveUp: (() => void) | undefined;
    const handled: unknown[] = [];
    const pid = kernel.spawn({
      label: "giving up",
      async handle(self: Process, message: unknown) {
        handled.push(message);
        if (message !== "wait") return;
        const enough = new Promise<void>((resolve) => {
          giveUp = resolve;
        });
        await Promise.race([self.receive({ match: even }), enough]);
      },
    });
    const others = [actor(kernel), actor(kernel), actor(kernel)];
    kernel.send(pid, "wait");
    await world.runAsync();
    for (const to of [pid, others[0]!.pid, others[1]!.pid]) kernel.send(to, 1);
    giveUp!();
    for (let i = 0; i < 10; i++) await undefined; // the handler returns, while its process waits for its turn
    kernel.send(others[2]!.pid, 1);
    await world.runAsync();
    expect(handled).toEqual(["wait", 1]);
    for (const other of others) expect(other.messages).toEqual([1]);
  });

  test("a message that arrives as the handler's receive times out is handled once, and nobody loses their turn", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { world, kernel } = simKernel({}, seed);
      const handled: unknown[] = [];
      const pid = kernel.spawn({
        label: "timing out",
        async handle(self: Process, message: unknown) {
          handled.push(message);
          if (message === "wait") await self.receive({ match: even, after: 10 });
        },
      });
      const others = [actor(kernel), actor(kernel), actor(kernel)];
      kernel.send(pid, "wait");
      await world.runAsync({ forMs: 5 });
      // All of it becomes due in the same millisecond.
      for (const to of [pid, ...others.map((other) => other.pid)]) {
        world.alarm(5 + (seed % 3), () => kernel.send(to, 1));
      }
      await world.runAsync();
      expect(handled).toEqual(["wait", 1]);
      for (const other of others) expect(other.messages).toEqual([1]);
    }
  });

  test("only one at a time", async () => {
    const { world, kernel, reports } = simKernel();
    kernel.spawn(async (self) => {
      void self.receive();
      await self.receive();
    });
    await world.runAsync();
    expect(reports).toMatchObject([{ reason: { error: { message: expect.stringContaining("one at a time") } } }]);
  });

  test("K13: a down message flushed from under a waiting receive does not make it skip another", async () => {
    const { world, kernel } = simKernel();
    const other = actor(kernel);
    let got: unknown;
    const waiting = kernel.spawn(async (self, other: Pid) => {
      const ref = self.monitor(other);
      await self.receive({ match: (message): message is string => message === "start" });
      const wanted = self.receive({ match: (message): message is string => message === "wanted" });
      self.demonitor(ref, { flush: true });
      self.send(self.pid, "wanted");
      got = await wanted;
      expect(await self.receive({ after: 0 })).toBe(timedOut);
    }, other.pid);
    await world.runAsync();
    kernel.exit(other.pid, "kill");
    expect(kernel.localProcess(waiting.serial)!.mailbox!.at(0)).toBeInstanceOf(DownMessage);
    kernel.send(waiting, "start");
    await world.runAsync();
    expect(got).toBe("wanted");
  });
});
