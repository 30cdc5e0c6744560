import { describe, expect, test } from "vitest";
import { type Figure, type Item, passes, timesBetter } from "../../bench/kernel/figure.ts";
import { items } from "../../bench/kernel/items.ts";
import { figureResult, losses, report } from "../../bench/kernel/report.ts";
import { median, percentile } from "../../bench/support/statistics.ts";

const rate: Figure = { id: "rate", title: "a rate", unit: "M/s", gate: 5, overBeam: 2, overJs: 4 };
const time: Figure = { id: "time", title: "a time", unit: "µs", gate: 0.8, overBeam: 2 };
const item: Item = {
  name: "both",
  size: 1,
  quickSize: 1,
  rivals: ["lintel", "beam", "nact", "xstate"],
  figures: [rate, time],
};
const run = (rate: number, time: number) => ({ figures: { rate, time }, othersCpuPercent: 3 });

describe("figureResult", () => {
  const rounds = {
    lintel: [run(6e6, 900), run(8e6, 500), run(7e6, 700)],
    beam: [run(2e6, 1_400)],
    nact: [run(1e6, 7_000)],
    xstate: [run(3.5e6, 9_000)],
  };

  test("takes the median of the rounds, in the figure's unit, and keeps the spread", () => {
    expect(figureResult(item, rate, rounds).samples.lintel).toEqual({
      median: 7,
      lowest: 6,
      highest: 8,
      rounds: [6, 8, 7],
    });
  });

  test("counts more as better for a rate, and less for a time", () => {
    expect(figureResult(item, rate, rounds).overBeam).toBe(3.5);
    expect(figureResult(item, time, rounds).overBeam).toBe(2);
  });

  test("compares with the best of the JavaScript libraries, whichever that is for the figure", () => {
    expect(figureResult(item, rate, rounds)).toMatchObject({ bestJs: "xstate", overJs: 2 });
    expect(figureResult(item, time, rounds)).toMatchObject({ bestJs: "nact", overJs: 10 });
  });

  test("has no verdict when our own program failed", () => {
    const result = figureResult(item, rate, { beam: rounds.beam });
    expect(result.passes).toBeUndefined();
    expect(report([result])).toContain("failed");
  });
});

describe("report", () => {
  test("says which gates are missed, and which ratios are below what we want", () => {
    const missed = figureResult(item, rate, { lintel: [run(4e6, 500)], beam: [run(4e6, 500)] });
    expect(report([missed])).toContain("| MISSED |");
    expect(report([missed])).toContain("1.0x < 2");
    const passed = figureResult(item, time, { lintel: [run(4e6, 500)], beam: [run(4e6, 5_000)] });
    expect(report([passed])).toMatch(/\| met +\|/);
    expect(report([passed])).not.toContain("<");
  });
});

describe("losses", () => {
  test("says where the BEAM is quicker, by how much, and why", () => {
    const why: Figure = { ...rate, whyBelowBeam: "it is older." };
    const lost = (figure: Figure) => figureResult(item, figure, { lintel: [run(4e6, 500)], beam: [run(5e6, 500)] });
    expect(losses([lost(why), lost(time)])).toEqual(["a rate: 4 against 5 M/s, 0.80x: it is older."]);
    expect(losses([lost(rate)])[0]).toContain("we did not expect it");
  });
});

describe("items", () => {
  test("have a program of ours each, and figures with ids of their own", () => {
    const ids = items.flatMap(({ figures }) => figures.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { rivals } of items) expect(rivals).toContain("lintel");
  });

  test("reach a gate that is met exactly", () => {
    expect(passes(rate, 5)).toBe(true);
    expect(passes(time, 0.8)).toBe(true);
    expect(passes(time, 0.81)).toBe(false);
    expect(timesBetter(time, 1, 2)).toBe(2);
  });
});

describe("statistics", () => {
  test("sort by number, and leave the samples as they are", () => {
    const samples = [10, 9, 100, 1];
    expect(median(samples)).toBe(9.5);
    expect(percentile(samples, 50)).toBe(9);
    expect(percentile(samples, 99)).toBe(100);
    expect(percentile([7], 1)).toBe(7);
    expect(samples).toEqual([10, 9, 100, 1]);
  });
});
