import { afterEach, describe, expect, test, vi } from "vitest";
import { seeds } from "../../kernel/testing/index.ts";
import { RestartWindow } from "../../supervisor/restart-window.ts";
import { Supervision } from "../../supervisor/supervision.ts";
import { expectFound, testRepeats } from "../support/seed-tests.ts";
import { Grove } from "../support/trees/grove.ts";

/** With those of simulation-threads.test.ts 10,000. */
const seedCount = 7500;

async function play(seed: number): Promise<Grove> {
  const grove = new Grove(seed);
  await grove.play();
  return grove;
}

describe("random supervision trees, shaken", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test(`S1, S3 to S8, S11, S13, S18: children = spec, unless restarting or given up: ${seedCount} seeds`, {
    timeout: 300_000,
  }, async () => {
    let events = 0;
    let deepest = 0;
    await seeds(seedCount, async (seed) => {
      const grove = await play(seed);
      events += grove.events;
      deepest = Math.max(deepest, grove.depth);
    });
    expect(events / seedCount, "starts and ends in a run").toBeGreaterThan(40);
    expect(deepest).toBe(4);
  });

  testRepeats(play);

  test.each<[string, RegExp, () => void]>([
    [
      "restarts too often",
      /restarts \w+ too often/,
      () => vi.spyOn(RestartWindow.prototype, "record").mockImplementation(() => true),
    ],
    [
      "does not try again",
      /has left \w+ down/,
      () => vi.spyOn(Supervision.prototype as unknown as { tryAgain(): void }, "tryAgain").mockImplementation(() => {}),
    ],
  ])("finds a supervisor that %s, and a seed that shows it again", (_what, sentence, breakIt) =>
    expectFound(play, 500, sentence, breakIt),
  );
});
