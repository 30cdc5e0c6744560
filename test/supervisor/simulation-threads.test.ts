import { afterEach, describe, expect, test, vi } from "vitest";
import { NameNews } from "../../kernel/names/name-news.ts";
import { Signals } from "../../kernel/signals.ts";
import { seeds } from "../../kernel/testing/index.ts";
import { Supervision } from "../../supervisor/supervision.ts";
import { expectFound, testRepeats } from "../support/seed-tests.ts";
import { Forest } from "../support/trees/forest.ts";

const seedCount = 2500;

async function play(seed: number): Promise<Forest> {
  const forest = new Forest(seed);
  await forest.play();
  return forest;
}

describe("random supervision trees over threads that end", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test(`K37, S1, S3 to S7, S11, S13: children = spec, and nothing is half supervised: ${seedCount} seeds`, {
    timeout: 300_000,
  }, async () => {
    let [events, threadEnds, away] = [0, 0, 0];
    await seeds(seedCount, async (seed) => {
      const forest = await play(seed);
      events += forest.events;
      threadEnds += forest.threadEnds;
      away += forest.away;
    });
    expect(events / seedCount, "starts and ends in a run").toBeGreaterThan(30);
    expect(threadEnds / seedCount, "threads that ended in a run").toBeGreaterThan(0.7);
    expect(away / seedCount, "children that were started on another thread in a run").toBeGreaterThan(5);
  });

  testRepeats(play);

  test.each<[string, RegExp, () => void]>([
    [
      "does not try again",
      /has left \w+ down/,
      () => vi.spyOn(Supervision.prototype as unknown as { tryAgain(): void }, "tryAgain").mockImplementation(() => {}),
    ],
    [
      "does not hear of the end of a thread",
      /does not know of the end of|has no supervisor|is nobody's child/,
      () => vi.spyOn(Signals.prototype, "threadDown").mockImplementation(() => {}),
    ],
    [
      "does not wait for a name that is about to be free",
      /is in the way of its name/,
      () => vi.spyOn(NameNews.prototype, "released").mockImplementation(() => false),
    ],
  ])("finds a runtime that %s, and a seed that shows it again", (_what, sentence, breakIt) =>
    expectFound(play, 1000, sentence, breakIt),
  );
});
