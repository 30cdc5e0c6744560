import { expect, test } from "vitest";
import { seeds } from "../../kernel/testing/index.ts";
import { Grove } from "../support/grove.ts";

const count = Number(process.env["SEEDS"] ?? 500);

test(`S1 to S8, S11, S13, S18: random trees under ${count} seeds: children = spec, unless restarting or given up`, async () => {
  let events = 0;
  let steps = 0;
  await seeds(count, async (seed) => {
    const grove = new Grove(seed);
    await grove.play();
    events += grove.events;
    steps += grove.steps;
  });
  console.log(events / count, steps / count);
  expect(events / count).toBeGreaterThan(30);
}, 120_000);
