import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SimWorld } from "../../kernel/testing/index.ts";
import { type Timer, TimerWheel } from "../../kernel/timer-wheel.ts";
import type { World } from "../../kernel/world.ts";

const hour = 3600 * 1000;
const day = 24 * hour;

function wheelIn(world: SimWorld): { wheel: TimerWheel; alarms: number[] } {
  const alarms: number[] = [];
  const counting: World = Object.create(world, {
    alarm: {
      value: (delayMs: number, run: () => void) => {
        alarms.push(delayMs);
        return world.alarm(delayMs, run);
      },
    },
    monotonicMs: { value: () => world.monotonicMs() },
  });
  return { wheel: new TimerWheel(counting), alarms };
}

function still(): SimWorld {
  return new SimWorld(1, { readingMs: 0 });
}

describe("TimerWheel", () => {
  test.each([
    { longestMs: 4 * hour, inOrder: true },
    { longestMs: 3 * day, inOrder: false },
  ])(
    "fires each timer once and in time, whatever is set and cancelled: up to $longestMs ms",
    ({ longestMs, inOrder }) => {
      const delay = fc.oneof(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.nat({ max: 600 }),
        fc.nat({ max: 40_000 }),
        fc.nat({ max: 3_000_000 }),
        fc.nat({ max: longestMs }),
        fc.constantFrom(255, 256, 257, 16_383, 16_384, 16_385, 2 ** 20),
        fc.constantFrom(2 ** 26 - 1, 2 ** 26, 2 ** 26 + 1).map((ms) => Math.min(ms, longestMs)),
      );
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ set: delay, again: fc.option(delay, { nil: undefined }) }) },
        { weight: 1, arbitrary: fc.record({ cancel: fc.nat() }) },
        { weight: 3, arbitrary: fc.record({ wait: delay }) },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
          const world = still();
          const wheel = new TimerWheel(world);
          const waiting = new Map<number, { timer: Timer; dueMs: number }>();
          const fired: { id: number; atMs: number }[] = [];
          let ids = 0;
          const set = (delayMs: number, again: number | undefined): void => {
            const id = ids++;
            const dueMs = world.nowMs + delayMs;
            const timer = wheel.set(delayMs, () => {
              expect(waiting.delete(id)).toBe(true);
              expect(world.nowMs).toBeGreaterThanOrEqual(dueMs);
              expect(world.nowMs).toBeLessThanOrEqual(dueMs + 1);
              fired.push({ id, atMs: world.nowMs });
              if (again !== undefined) set(again, undefined);
            });
            waiting.set(id, { timer, dueMs });
          };
          for (const what of steps) {
            if ("set" in what) set(what.set, what.again);
            else if ("wait" in what) world.run({ forMs: what.wait });
            else if (waiting.size > 0) {
              const [id, { timer, dueMs }] = [...waiting][what.cancel % waiting.size]!;
              const leftMs = wheel.cancel(timer);
              expect(Math.abs(Number(leftMs) - (dueMs - world.nowMs))).toBeLessThanOrEqual(1);
              expect(wheel.cancel(timer)).toBe(false);
              waiting.delete(id);
            }
            expect(wheel.size).toBe(waiting.size);
          }
          world.run();
          expect(wheel.size).toBe(0);
          expect(waiting.size).toBe(0);
          const sorted = [...fired].sort((a, b) => a.atMs - b.atMs || a.id - b.id);
          if (inOrder) expect(fired).toEqual(sorted);
        }),
        { numRuns: 300 },
      );
    },
  );

  test("a timer that waits for its place never fires early, and counts from the next look at the clock at the latest", () => {
    const steps = fc.array(
      fc.record({
        sets: fc.array(fc.nat({ max: 40 }), { maxLength: 40 }),
        cancels: fc.array(fc.nat(), { maxLength: 5 }),
        handlerMs: fc.nat({ max: 5 }),
        how: fc.constantFrom("look" as const, "end" as const),
        thenMs: fc.nat({ max: 20 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, (todo) => {
        const world = still();
        const wheel = new TimerWheel(world);
        const waiting = new Map<number, { timer: Timer; fromMs: number; toMs: number; delayMs: number }>();
        const fired: { id: number; dueMs: number }[] = [];
        let ids = 0;
        let stalledToMs = 0;
        for (const { sets, cancels, handlerMs, how, thenMs } of todo) {
          wheel.placeLater();
          for (const delayMs of sets) {
            const id = ids++;
            const timer = wheel.set(delayMs, () => {
              const { fromMs, toMs } = waiting.get(id)!;
              expect(waiting.delete(id)).toBe(true);
              expect(world.nowMs).toBeGreaterThanOrEqual(fromMs + delayMs);
              expect(world.nowMs).toBeLessThanOrEqual(Math.max(toMs + delayMs + 1, stalledToMs));
              fired.push({ id, dueMs: toMs + delayMs });
            });
            waiting.set(id, { timer, fromMs: world.nowMs, toMs: world.nowMs + handlerMs, delayMs });
          }
          for (const which of cancels) {
            if (waiting.size === 0) break;
            const [id, { timer, fromMs, delayMs }] = [...waiting][which % waiting.size]!;
            const leftMs = wheel.read(timer);
            expect(wheel.cancel(timer)).toBe(leftMs);
            if (fromMs === world.nowMs) expect(Math.abs(Number(leftMs) - delayMs)).toBeLessThanOrEqual(1);
            expect(wheel.cancel(timer)).toBe(false);
            waiting.delete(id);
          }
          expect(wheel.size).toBe(waiting.size);
          world.stall(handlerMs);
          stalledToMs = world.nowMs;
          if (how === "look") wheel.placeAt(world.nowMs);
          wheel.placeNow();
          world.run({ forMs: thenMs });
          expect(wheel.size).toBe(waiting.size);
        }
        world.run();
        expect([wheel.size, waiting.size]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  test("timers of one turn fire in the order of setting, also when some of them wait for their place", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    const fired: number[] = [];
    wheel.placeLater();
    for (let i = 0; i < 50; i++) wheel.set(10, () => fired.push(i));
    wheel.set(9.5, () => fired.push(50)); // not of whole milliseconds: placed at once, with all before it
    wheel.placeNow();
    world.run();
    expect(fired).toEqual(Array.from({ length: 51 }, (_, i) => i));
  });

  test("clearing forgets those that wait for their place, too", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    wheel.placeLater();
    const timers = [1, 2, 3].map((ms) => wheel.set(ms, () => expect.fail("it was cleared")));
    wheel.clear();
    wheel.placeNow();
    expect([wheel.size, ...timers.map((timer) => wheel.cancel(timer))]).toEqual([0, false, false, false]);
    world.run();
  });

  test("keeps the order of setting between a timer set long ago and one set just now", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    const fired: string[] = [];
    wheel.set(20_000, () => fired.push("long ago"));
    world.run({ forMs: 19_000 });
    wheel.set(1000, () => fired.push("a second ago"));
    wheel.set(899, () => {}); // brings the wheel close to the time at which they are due
    world.run({ forMs: 900 });
    wheel.set(100, () => fired.push("just now"));
    world.run();
    expect(fired).toEqual(["long ago", "a second ago", "just now"]);
  });

  test("wakes up a few times at most for one timer far away, and not at all when none is set", () => {
    const world = still();
    const { wheel, alarms } = wheelIn(world);
    let firedMs = 0;
    wheel.set(3600 * 1000, () => {
      firedMs = world.nowMs;
    });
    world.run();
    expect(firedMs).toBe(3600 * 1000);
    expect(alarms.length).toBeLessThanOrEqual(4);
    expect(world.run({ forMs: day })).toBe(0);
  });

  test("never asks for an alarm longer than Node can set", () => {
    const world = still();
    const { wheel, alarms } = wheelIn(world);
    let firedMs = 0;
    wheel.set(60 * day, () => {
      firedMs = world.nowMs;
    });
    world.run();
    expect(firedMs).toBe(60 * day);
    expect(Math.max(...alarms)).toBeLessThan(2 ** 31);
  });

  test("goes on after a callback that throws, with the others of the same millisecond too", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    const fired: string[] = [];
    wheel.set(256, () => {
      throw new Error("a callback threw");
    });
    wheel.set(256, () => fired.push("same tick"));
    wheel.set(300, () => fired.push("later"));
    expect(() => world.run()).toThrow("a callback threw");
    world.run();
    expect(fired).toEqual(["same tick", "later"]);
    expect(wheel.size).toBe(0);
  });

  test("K18: tells what was left of a timer that is read or cancelled, and false when it has fired", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    const timer = wheel.set(100, () => {});
    world.run({ forMs: 30 });
    expect(wheel.read(timer)).toBe(70);
    expect(wheel.cancel(timer)).toBe(70);
    expect(wheel.read(timer)).toBe(false);
    const fired = wheel.set(10, () => {});
    world.run();
    expect(wheel.cancel(fired)).toBe(false);
  });

  test("forgets all timers when it is cleared; cancelling one of them later does nothing", () => {
    const world = still();
    const wheel = new TimerWheel(world);
    const timer = wheel.set(10, () => expect.fail("it was cleared"));
    wheel.clear();
    expect(wheel.cancel(timer)).toBe(false);
    expect(wheel.size).toBe(0);
    world.run();
  });
});
