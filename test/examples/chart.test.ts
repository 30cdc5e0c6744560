import { renderToString } from "lintel/liveview";
import { describe, expect, test } from "vitest";
import { bars, chart, roundAbove } from "../../examples/demo/chart.ts";
import { emptyRing, newest, push, type Ring, ringSize } from "../../examples/demo/ring.ts";

const ringOf = (values: readonly number[]): Ring<number> => values.reduce<Ring<number>>(push, emptyRing);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("Ring", () => {
  test("keeps the newest, each in its slot", () => {
    const ring = ringOf(numbers(ringSize + 2));
    expect(ring.slots).toHaveLength(ringSize);
    expect(ring.slots.slice(0, 3)).toEqual([
      { at: 60, item: 60 },
      { at: 61, item: 61 },
      { at: 2, item: 2 },
    ]);
    expect(newest(ring)).toBe(61);
  });

  test("shares all slots but one with the ring before, so that one entry of a list has changed", () => {
    const before = ringOf(numbers(100));
    const after = push(before, 100);
    const changed = after.slots.filter((slot, i) => slot !== before.slots[i]);
    expect(changed).toEqual([{ at: 100, item: 100 }]);
  });

  test("has no newest while it is empty", () => {
    expect(newest(emptyRing)).toBeUndefined();
  });
});

describe("bars", () => {
  test("stand where their second is; the view box ends after the newest, and has the scale", () => {
    const drawn = renderToString(bars((value: number) => value)(ringOf([7, 30.5]), 100));
    expect(drawn).toContain('viewBox="-58 -100 60 100"');
    expect(drawn).toContain('<path d="M0.5 0V-7"></path><path d="M1.5 0V-30.5"></path></svg>');
  });

  test("are sixty at the most", () => {
    const drawn = renderToString(bars((value: number) => value)(ringOf(numbers(200)), 200));
    expect(drawn).toContain('viewBox="140 -200 60 200"');
    expect(drawn.match(/<path/g)).toHaveLength(ringSize);
  });
});

describe("chart", () => {
  const options = { title: "Load", value: (value: number) => value, label: (value: number) => `${value} of it` };

  test("shows the present value, and the scale from 0 to a round number above the highest bar", () => {
    const shown = renderToString(chart(options)(ringOf([3, 1])));
    expect(shown).toContain("<figcaption>Load <b>1 of it</b></figcaption>");
    expect(shown).toContain("<span>5 of it</span> <span>0 of it</span>");
  });

  test("takes its scale from the newest item when told to", () => {
    const shown = renderToString(chart({ ...options, top: (value) => value * 2 })(ringOf([100, 4])));
    expect(shown).toContain("<span>8 of it</span> <span>0 of it</span>");
  });

  test("is there before its first value", () => {
    const shown = renderToString(chart(options)(emptyRing));
    expect(shown).toContain("<figcaption>Load <b>…</b></figcaption>");
    expect(shown).not.toContain("<path");
  });
});

describe("roundAbove", () => {
  test.each([
    [0, 1],
    [0.3, 1],
    [1, 1],
    [1.1, 2],
    [4.2, 5],
    [5.01, 10],
    [30, 50],
    [1_500_000, 2_000_000],
  ])("%d gives %d", (value, top) => {
    expect(roundAbove(value)).toBe(top);
  });
});
