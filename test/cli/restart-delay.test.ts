import { describe, expect, test } from "vitest";
import { RestartDelay } from "../../cli/restart-delay.ts";

describe("RestartDelay", () => {
  test("three ends within 10 s are made good at once; beyond, the wait doubles up to 30 s", () => {
    const delay = new RestartDelay();
    let nowMs = 0;
    const waits = Array.from({ length: 10 }, () => {
      const waitMs = delay.ended(nowMs);
      nowMs += waitMs + 500;
      return waitMs;
    });
    expect(waits).toEqual([0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test("an end now and then never waits", () => {
    const delay = new RestartDelay();
    expect([0, 4000, 8000, 12_000, 16_000].map((nowMs) => delay.ended(nowMs))).toEqual([0, 0, 0, 0, 0]);
  });

  test("a minute without an end is forgiven", () => {
    const delay = new RestartDelay();
    for (let i = 0; i < 6; i++) delay.ended(i);
    expect(delay.ended(59_000)).toBe(8000);
    expect(delay.ended(59_000 + 60_001)).toBe(0);
  });
});
