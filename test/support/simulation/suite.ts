/** The seeds of a run, in parts: each part is a test file of its own, so that all cores play. */
import { expect, test } from "vitest";
import { seeds } from "../../../kernel/testing/index.ts";
import { type PlayName, playSeed } from "./play.ts";

/** Seeds of a run, over all parts. More: `node scripts/simulate.mjs --count 1000000`. */
export const seedCount = 10_000;
const parts = 4;

/** The least that happens in a play, on the average: letters, ends, replies; messages; starts; reductions. */
const leastEvents: Readonly<Record<PlayName, number>> = { troupe: 150, inbox: 20, family: 3, rush: 10_000 };

/** @param part 1 to 4 */
export function testSeeds(part: 1 | 2 | 3 | 4): void {
  const count = seedCount / parts;
  const first = 1 + (part - 1) * count;
  test(`no law is broken under seeds ${first} to ${first + count - 1}`, { timeout: 180_000 }, async () => {
    const played: Record<string, number> = {};
    const events: Record<string, number> = {};
    await seeds(
      count,
      async (seed) => {
        const result = await playSeed(seed);
        played[result.play] = (played[result.play] ?? 0) + 1;
        events[result.play] = (events[result.play] ?? 0) + result.events;
      },
      first,
    );
    for (const [play, least] of Object.entries(leastEvents)) {
      expect(events[play]! / played[play]!, `events in "${play}"`).toBeGreaterThan(least);
    }
  });
}
