import { describe, expect, test } from "vitest";
import { Random, SimThread, SimulationError, SimWorld, seeds, simBoundaryPair } from "../../kernel/testing/index.ts";

describe("Random", () => {
  test("follows from its seed, the same everywhere", () => {
    const random = new Random(1);
    const first = [random.uint32(), random.uint32(), random.uint32()];
    const again = new Random(1);
    expect([again.uint32(), again.uint32(), again.uint32()]).toEqual(first);
    expect(new Random(2).uint32()).not.toBe(first[0]);
  });

  test("spreads evenly, from seeds next to each other too", () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 1000; seed++) {
      const random = new Random(seed);
      for (let i = 0; i < 10; i++) counts[random.below(10)]! += 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe("SimWorld", () => {
  test("time jumps to the next alarm, which rings in order of time", () => {
    const world = new SimWorld(1, { readingMs: 0 });
    const log: unknown[] = [];
    for (const delayMs of [3600_000, 5, 100]) world.alarm(delayMs, () => log.push(world.nowMs));
    world.alarm(50, () => log.push("cancelled")).cancel();
    world.run({ forMs: 99 });
    expect([log, world.nowMs]).toEqual([[5], 99]);
    world.run();
    expect(log).toEqual([5, 100, 3600_000]);
  });

  test("chooses by the seed among what is ready, and runs microtasks before anything else", () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const run = (): string => {
        const world = new SimWorld(seed);
        const log: string[] = [];
        for (const name of ["a", "b", "c"]) {
          world.nextTurn(() => {
            log.push(name);
            world.microtask(() => world.microtask(() => log.push(name.toUpperCase())));
          });
        }
        world.run();
        return log.join("");
      };
      expect(run()).toBe(run());
      orders.add(run());
    }
    expect(orders).toEqual(new Set(["aAbBcC", "aAcCbB", "bBaAcC", "bBcCaA", "cCaAbB", "cCbBaA"]));
  });

  test("time may pass in which nothing runs: what was due meanwhile comes after it, in any order", () => {
    const world = new SimWorld(1, { readingMs: 0 });
    const log: unknown[] = [];
    for (const delayMs of [10, 20, 100]) world.alarm(delayMs, () => log.push([delayMs, world.nowMs]));
    world.alarm(5, () => world.stall(50));
    world.run();
    expect(log.slice(0, 2).sort()).toEqual([
      [10, 55],
      [20, 55],
    ]);
    expect(log[2]).toEqual([100, 100]);
  });

  test("a reading of the clock takes time, so that a slice of work ends", () => {
    const world = new SimWorld(1, { readingMs: 0.5 });
    expect([world.monotonicMs(), world.monotonicMs(), world.nowMs]).toEqual([0.5, 1, 1]);
  });

  test("the wall clock may jump; the monotonic one does not", () => {
    const world = new SimWorld(1, { systemMs: 1000, readingMs: 0 });
    world.jumpSystemClock(-400);
    world.run({ forMs: 50 });
    expect([world.systemMs(), world.nowMs]).toEqual([650, 50]);
  });

  test("an endless run is an error that names the seed", () => {
    const world = new SimWorld(77);
    const again = (): void => world.nextTurn(again);
    again();
    expect(() => world.run({ maxSteps: 100 })).toThrow(
      "Simulated world 77: expected nothing to be left to do after 100 steps",
    );
    const running = new SimWorld(78);
    const forever = (): void => running.nextTurn(() => running.monotonicMs() > 0 && forever());
    forever();
    running.run({ forMs: 1 });
    expect(running.nowMs).toBeLessThan(1.1);
  });

  test("until runs as far as a promise needs, and says so when it never settles", async () => {
    const world = new SimWorld(1);
    const rang: string[] = [];
    const promise = new Promise<string>((resolve) => world.alarm(10, () => resolve("done")));
    world.alarm(1000, () => rang.push("later"));
    expect(await world.until(promise)).toBe("done");
    expect(rang).toEqual([]);
    await expect(world.until(new Promise(() => {}))).rejects.toThrow(SimulationError);
    expect(rang).toEqual(["later"]);
  });
});

describe("SimThread", () => {
  test("does nothing any more once it is stopped, in the middle of whatever was to come", () => {
    const world = new SimWorld(1);
    const thread = new SimThread(world);
    const log: string[] = [];
    thread.alarm(1, () => {
      log.push("first");
      thread.nextTurn(() => log.push("turn"));
      thread.microtask(() => log.push("microtask"));
      thread.alarm(1, () => log.push("alarm"));
      thread.stop();
    });
    world.run();
    expect(log).toEqual(["first"]);
  });
});

describe("simBoundaryPair", () => {
  test("keeps the order each way, delays by the seed, keeps what comes before the listener, and takes the slab", () => {
    const tookMs = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const world = new SimWorld(seed);
      const [a, b] = simBoundaryPair(world);
      const got: number[] = [];
      const sent = new Uint8Array([0]);
      a.post(sent);
      expect(sent.byteLength).toBe(0);
      for (let n = 1; n < 10; n++) a.post(new Uint8Array([n]));
      b.listen((slab) => got.push(slab[0]!));
      world.run();
      expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      tookMs.add(world.nowMs);
    }
    expect(tookMs.size).toBe(20);
  });

  test("what is under way when an end closes arrives up to a place that the seed chooses, or not at all", () => {
    const arrived = new Set<number>();
    for (let seed = 1; seed <= 100; seed++) {
      const world = new SimWorld(seed);
      const [a, b] = simBoundaryPair(world);
      const got: number[] = [];
      b.listen((slab) => got.push(slab[0]!));
      a.listen(() => expect.fail("its end is closed"));
      for (let n = 0; n < 4; n++) a.post(new Uint8Array([n]));
      b.post(new Uint8Array([9]));
      a.close();
      a.post(new Uint8Array([99]));
      world.run();
      expect(got).toEqual([0, 1, 2, 3].slice(0, got.length));
      arrived.add(got.length);
    }
    expect(arrived).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});

describe("seeds", () => {
  test("names the seed that failed, so that it can be replayed", async () => {
    const ran: number[] = [];
    const failing = seeds(10, (seed) => {
      ran.push(seed);
      if (seed === 4) throw new Error("an invariant broke");
    });
    await expect(failing).rejects.toThrow("Seed 4 failed: an invariant broke\nReplay it with seeds(1, run, 4).");
    expect(ran).toEqual([1, 2, 3, 4]);
    await seeds(2, async (seed) => void ran.push(seed), 20);
    expect(ran.slice(4)).toEqual([20, 21]);
  });
});
