import { describe, expect, test } from "vitest";
import { reconnectAfterMs, rejoinAfterMs, spread } from "../../client/backoff.ts";

describe("backoff", () => {
  test("reconnects quickly at first, then every five seconds", () => {
    const waits = Array.from({ length: 12 }, (_, i) => reconnectAfterMs(i + 1));
    expect(waits).toEqual([10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000, 5000]);
  });

  test("rejoins within a second twice, then more patiently", () => {
    const waits = Array.from({ length: 7 }, (_, i) => rejoinAfterMs(i + 1));
    expect(waits).toEqual([50, 200, 1000, 2000, 5000, 10_000, 10_000]);
  });

  test("spreads a wait over half to one and a half of it", () => {
    expect(spread(100, 0)).toBe(50);
    expect(spread(100, 0.5)).toBe(100);
    expect(spread(100, 0.999)).toBeLessThan(150);
  });
});
