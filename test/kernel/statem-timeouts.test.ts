import { describe, expect, test } from "vitest";
import { simKernel } from "../support/kernels.ts";
import { internal, machine, play, ruled } from "../support/statem.ts";

describe("event timeout", () => {
  const rules = { start: { timeout: 100 }, again: { timeout: { after: 100, content: "again" } } };

  test("G18: elapses when nothing has happened for so long", async () => {
    const { cast, pass, log, world } = await machine(rules);
    cast("start");
    await pass(99);
    expect(log).toEqual(["a start"]);
    await world.runAsync();
    expect(log).toEqual(["a start", "a timeout"]);
    expect(world.nowMs).toBeLessThan(103);
  });

  test.each(["cast", "info", "an inserted event", "another timeout"])("G18: %s cancels it", async (what) => {
    const { cast, pass, log, kernel, pid, world } = await machine({
      start: { timeout: 100, timeouts: what === "another timeout" ? { t: 50 } : {} },
      insert: { timeout: 100, nextEvents: internal("i") },
    });
    cast(what === "an inserted event" ? "insert" : "start");
    await pass(50);
    if (what === "cast") cast("x");
    if (what === "info") kernel.send(pid, "x");
    await world.runAsync();
    expect(log).toHaveLength(2);
    expect(log.join()).not.toContain("timeout");
    expect(kernel.timers.size).toBe(0);
  });

  test("G18: an event that is retried cancels it too", async () => {
    const { cast, log, world } = await machine({ "a p": { postpone: true }, go: { to: "b", timeout: 100 } });
    cast("p");
    cast("go");
    await world.runAsync();
    expect(log).toEqual(["a p", "a go", "b <a", "b p"]);
  });

  test("G18: a message that was in the mailbox first cancels it, though it has fired already", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, kernel } = simKernel({}, seed);
      const log: string[] = [];
      const pid = await world.until(ruled(rules, log).start(kernel, "a"));
      kernel.cast(pid, "start");
      await world.runAsync({ forMs: 50 });
      world.alarm(0, () => {
        kernel.cast(pid, "x");
        while (world.monotonicMs() < 200); // someone is slow: the timer fires before the message has its turn
      });
      await world.runAsync();
      expect(log).toEqual(["a <a", "a start", "a x"]);
    }
  });

  test("G18: one that was started again counts from then", async () => {
    const { cast, pass, log, world } = await machine(rules);
    cast("start");
    await pass(60);
    cast("again");
    await pass(60);
    expect(log).toEqual(["a start", "a again"]);
    await world.runAsync();
    expect(log.at(-1)).toBe("a timeout:again");
  });
});

describe("state timeout", () => {
  test("G18: outlives events, and is cancelled by a change of state alone", async () => {
    const { cast, pass, log, world } = await machine({
      start: { stateTimeout: 100 },
      same: { to: "a" },
      go: { to: "b" },
    });
    cast("start");
    await pass(50);
    cast("x");
    cast("same");
    await pass(60);
    expect(log).toEqual(["a start", "a x", "a same", "a stateTimeout"]);
    cast("start");
    cast("go");
    await world.runAsync();
    expect(log.slice(4)).toEqual(["a start", "a go", "b <a"]);
  });

  test("G18: one that is set by the transition that changes the state belongs to the new state", async () => {
    const { cast, log, world } = await machine({ start: { stateTimeout: 100 }, go: { to: "b", stateTimeout: 30 } });
    cast("start");
    cast("go");
    await world.runAsync();
    expect(log).toEqual(["a start", "a go", "b <a", "b stateTimeout"]);
  });

  test("G18: does not come in a later state, even when its message was in the mailbox first", async () => {
    const { cast, pass, log, world, kernel, pid } = await machine({ start: { stateTimeout: 50 }, go: { to: "b" } });
    cast("start");
    await pass(10);
    world.alarm(0, () => {
      kernel.cast(pid, "go");
      while (world.monotonicMs() < 200);
    });
    await world.runAsync();
    expect(log).toEqual(["a start", "a go", "b <a"]);
  });

  test("G18: of 0 ms comes before the mailbox, after the events in hand; a change of state cancels it there", async () => {
    const rules = {
      x: { stateTimeout: 0, nextEvents: internal("i") },
      z: { stateTimeout: 0, nextEvents: internal("go") },
      go: { to: "b" },
    };
    expect(await play(rules, ["x", "y", "z", "w"])).toBe("a x, a i, a stateTimeout, a y, a z, a go, b <a, b w");
  });
});

describe("timeouts by name", () => {
  test("G18: outlive events and changes of state; each name is its own", async () => {
    const { cast, world, log } = await machine({
      start: { timeouts: { slow: 200, quick: { after: 100, content: "!" } } },
      go: { to: "b" },
    });
    cast("start");
    cast("go");
    await world.runAsync();
    expect(log).toEqual(["a start", "a go", "b <a", "b @quick:!", "b @slow"]);
  });

  test("G18: started again, it counts from then; Infinity and cancel end it, in the mailbox too", async () => {
    const { cast, pass, world, log, kernel, pid } = await machine({
      start: { timeouts: { s: 100, t: 100, u: 100 } },
      stop: { timeouts: { s: "cancel", t: Number.POSITIVE_INFINITY } },
    });
    cast("start");
    await pass(60);
    cast("start");
    await pass(60);
    expect(log).toEqual(["a start", "a start"]);
    world.alarm(0, () => {
      kernel.cast(pid, "stop");
      while (world.monotonicMs() < 300); // they have fired when the message has its turn
    });
    await world.runAsync();
    expect(log.slice(2)).toEqual(["a stop", "a @u"]);
  });

  test("G18: update gives a running one other content and leaves its time; without one, it elapses at once", async () => {
    const { cast, pass, world, log } = await machine({
      start: { timeouts: { t: { after: 100, content: 1 } } },
      update: { timeouts: { t: { update: 2 } } },
    });
    cast("start");
    await pass(50);
    cast("update");
    await pass(40);
    expect(log).toEqual(["a start", "a update"]);
    await pass(12);
    expect(log.at(-1)).toBe("a @t:2");
    cast("update");
    cast("x");
    await world.runAsync();
    expect(log.slice(3)).toEqual(["a update", "a @t:2", "a x"]);
  });

  test("G18: those of 0 ms come in the order in which they were started; started again, at the new place", async () => {
    const rules = {
      x: { timeouts: { s: 0, t: 0, u: 0 }, nextEvents: internal("i") },
      i: { timeouts: { s: 0, u: "cancel" as const } },
    };
    expect(await play(rules, ["x", "y"])).toBe("a x, a i, a @t, a @s, a y");
  });

  test("G18: an event timeout of 0 ms comes only when nothing else is in hand", async () => {
    const rules = { x: { timeout: 0 }, z: { stateTimeout: 0, timeout: 0 }, w: { timeout: 0, stateTimeout: 0 } };
    expect(await play(rules, ["x", "y", "z", "w"])).toBe(
      "a x, a timeout, a y, a z, a stateTimeout, a w, a timeout, a stateTimeout",
    );
  });

  test("G18: { at } is a moment of the kernel's clock; one that is over elapses as soon as it can", async () => {
    const { cast, pass, log, world } = await machine({
      start: { timeouts: { soon: { at: 500, content: "500" }, past: { at: 0 } } },
    });
    await pass(100);
    cast("start");
    await pass(390);
    expect(log).toEqual(["a start", "a @past"]);
    await world.runAsync();
    expect(log.at(-1)).toBe("a @soon:500");
    expect(Math.round(world.nowMs)).toBeLessThan(503);
  });

  test.each([-1, Number.NaN, "5 s", { in: 5 }, { after: -1 }, { at: Number.POSITIVE_INFINITY }, null])(
    "a timeout of %j ends the machine, and says which",
    async (timeout) => {
      const { cast, world, reports } = await machine({ x: { timeouts: { t: timeout as number } } });
      cast("x");
      await world.runAsync();
      expect(reports).toMatchObject([
        {
          reason: {
            error: { name: "ReturnError", message: expect.stringMatching(/timeout "t": expected milliseconds/) },
          },
        },
      ]);
    },
  );

  test("a full mailbox does not lose a timeout", async () => {
    const { cast, pass, log, world } = await machine({ start: { stateTimeout: 50 } }, { maxMailbox: 3 });
    cast("start");
    await pass(10);
    world.alarm(0, () => {
      for (let i = 0; i < 5; i++) cast("x");
      while (world.monotonicMs() < 200);
    });
    await world.runAsync();
    expect(log).toEqual(["a start", "a x", "a x", "a x", "a stateTimeout"]);
  });
});
