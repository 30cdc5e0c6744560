import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RestartWindow } from "../../supervisor/restart-window.ts";

describe("RestartWindow", () => {
  test("S4: allows so many restarts within the window, and not one more", () => {
    const window = new RestartWindow(3, 5);
    expect([0, 1000, 2000, 3000].map((nowMs) => window.record(nowMs))).toEqual([true, true, true, false]);
  });

  test("forgets restarts older than the window; one exactly as old still counts", () => {
    const window = new RestartWindow(1, 5);
    window.record(0);
    expect(window.record(5001)).toBe(true);
    expect(window.record(10_001)).toBe(false);
  });

  test("with 0 allows none", () => {
    expect(new RestartWindow(0, 5).record(0)).toBe(false);
  });

  test("agrees with counting the restarts of the last seconds, whatever their times", () => {
    const restarts = fc.array(fc.nat({ max: 3000 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 5 }), restarts, (maxRestarts, maxSeconds, gapsMs) => {
        const window = new RestartWindow(maxRestarts, maxSeconds);
        const atMs: number[] = [];
        let nowMs = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          atMs.push(nowMs);
          const within = atMs.filter((ms) => ms >= nowMs - maxSeconds * 1000).length;
          const allowed = within <= maxRestarts;
          expect(window.record(nowMs)).toBe(allowed);
          if (!allowed) return; // the supervisor gives up here
        }
      }),
    );
  });
});
