import { afterEach, describe, expect, test, vi } from "vitest";
import { Peers } from "../../kernel/crossing/peers.ts";
import { SimulationError, seeds } from "../../kernel/testing/index.ts";
import { playSeed } from "../support/simulation/play.ts";
import { seedCount } from "../support/simulation/suite.ts";

describe("the simulation", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("plays ten thousand seeds or more in every run", () => {
    expect(seedCount).toBeGreaterThanOrEqual(10_000);
  });

  test("repeats a run exactly when it gets the same seed", async () => {
    const runs: unknown[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const first = await playSeed(seed);
      expect(await playSeed(seed)).toEqual(first);
      runs.push(first);
    }
    expect(new Set(runs.map((run) => JSON.stringify(run))).size).toBe(40);
  });

  test("finds a kernel that loses signals, and a seed that shows it again", async () => {
    vi.spyOn(Peers.prototype, "down").mockImplementation(() => {});
    const failure: unknown = await seeds(200, async (seed) => void (await playSeed(seed))).catch((thrown) => thrown);
    expect(failure).toBeInstanceOf(SimulationError);
    const { seed, message } = failure as SimulationError;
    expect(message).toMatch(/^Seed \d+ failed: troupe: <\d+\.\d+> was never told that <\d+\.\d+> is down/);
    await expect(playSeed(seed)).rejects.toThrow(/was never told/);
    vi.restoreAllMocks();
    await playSeed(seed);
  });
});
