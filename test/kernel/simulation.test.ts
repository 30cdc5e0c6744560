import { describe, expect, test } from "vitest";
import { SimWorld, seeds } from "../../kernel/testing/index.ts";
import { Troupe } from "../support/troupe.ts";

/** Seeds per run. A release wants more of them: they are cheap. */
const seedCount = 1000;

describe("a simulated world", () => {
  test("keeps order, fires each monitor once, and leaves nothing behind, whatever the seed", async () => {
    const total = { messages: 0, downs: 0, exits: 0, replies: 0, failures: 0, shouts: 0, timers: 0 };
    await seeds(seedCount, async (seed) => {
      const troupe = await play(seed);
      expect(troupe.ledger.violations).toEqual([]);
      for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += troupe.ledger.counts[what];
    });
    // A world in which nothing happens would keep every law.
    for (const count of Object.values(total)) expect(count).toBeGreaterThan(5 * seedCount);
  });

  test("repeats a run exactly when it gets the same seed", async () => {
    const [first, second] = [await play(7), await play(7)];
    expect(second.ledger.counts).toEqual(first.ledger.counts);
    expect(second.world.steps).toBe(first.world.steps);
    expect(second.world.nowMs).toBe(first.world.nowMs);
    expect((await play(8)).world.steps).not.toBe(first.world.steps);
  });
});

async function play(seed: number): Promise<Troupe> {
  const world = new SimWorld(seed);
  const random = world.fork();
  const kernels = random.pick([1, 2, 2, 3, 3, 3]);
  const troupe = new Troupe(world, { kernels, actors: 3 + random.below(12), maxActors: 24, ticks: 16 });
  if (kernels > 1 && random.chance(0.3)) world.alarm(random.number() * 60, () => troupe.endThread(random));
  world.run();
  troupe.checkQuiescence();
  await new Promise((resolve) => setImmediate(resolve)); // calls settle by native promises
  troupe.checkCalls();
  troupe.killAll();
  world.run();
  troupe.checkNothingIsLeft();
  return troupe;
}
