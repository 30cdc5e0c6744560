/** What is tested of anything that is played from a seed: it can be repeated, and it finds what is broken. */
import { expect, test, vi } from "vitest";
import { SimulationError, seeds } from "../../kernel/testing/index.ts";

/** A play that has found nothing wrong. */
export interface Played {
  readonly steps: number;
  readonly events: number;
}

export type Play = (seed: number) => Promise<Played>;

export function testRepeats(play: Play): void {
  test("repeats a run exactly when it gets the same seed", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [one, other] = [await play(seed), await play(seed)];
      expect([one.steps, one.events]).toEqual([other.steps, other.events]);
    }
  });
}

/**
 * The code under test is broken by spies: one of so many seeds finds it, finds it again, and finds nothing once the spies are
 * gone.
 */
export async function expectFound(play: Play, count: number, sentence: RegExp, breakIt: () => void): Promise<void> {
  breakIt();
  const failure: unknown = await seeds(count, async (seed) => void (await play(seed))).catch((thrown) => thrown);
  expect(failure).toBeInstanceOf(SimulationError);
  const { seed, message } = failure as SimulationError;
  expect(message).toMatch(sentence);
  await expect(play(seed)).rejects.toThrow(sentence);
  vi.restoreAllMocks();
  await play(seed);
}
