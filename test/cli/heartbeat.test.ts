import { describe, expect, test } from "vitest";
import { Heartbeat } from "../../cli/heartbeat.ts";

/** Beats and checks as they come: `{ 250: "check", 300: 1 }` is a check at 250 ms and a beat of slot 1 at 300 ms. */
function hungOf(heartbeat: Heartbeat, times: readonly (readonly [ms: number, what: number | "check"])[]): string[] {
  return times.flatMap(([ms, what]) => {
    if (what === "check") return [...heartbeat.check(ms)].map(([slot, forMs]) => `${slot} at ${ms}: ${forMs}`);
    heartbeat.beat(what, ms);
    return [];
  });
}

describe("Heartbeat", () => {
  const checks = (untilMs: number) =>
    Array.from({ length: untilMs / 250 }, (_, i) => [250 * (i + 1), "check"] as const);

  test("who has not beaten for longer than hangMs hangs, and is told of once", () => {
    const heartbeat = new Heartbeat(1000, 0);
    for (const slot of [1, 2]) {
      heartbeat.started(slot, 0);
      heartbeat.beat(slot, 0);
    }
    const times = [...checks(2000), [200, 1], [700, 1], [1200, 1], [1700, 1]] as const;
    expect(
      hungOf(
        heartbeat,
        [...times].sort(([a], [b]) => a - b),
      ),
    ).toEqual(["2 at 1250: 1250"]);
  });

  test("one that starts has half a minute for its first beat", () => {
    const heartbeat = new Heartbeat(1000, 0);
    heartbeat.started(1, 0);
    expect(hungOf(heartbeat, checks(30_500))).toEqual(["1 at 30250: 30250"]);
  });

  test("one that has ended does not hang", () => {
    const heartbeat = new Heartbeat(1000, 0);
    heartbeat.started(1, 0);
    heartbeat.beat(1, 0);
    heartbeat.ended(1);
    heartbeat.beat(1, 10); // was still on its way
    expect(hungOf(heartbeat, checks(3000))).toEqual([]);
  });

  test("a check that comes late proves nothing", () => {
    const heartbeat = new Heartbeat(1000, 0);
    heartbeat.started(1, 0);
    heartbeat.beat(1, 0);
    expect(
      hungOf(heartbeat, [
        [250, "check"],
        [60_000, "check"],
        [60_250, "check"],
      ]),
    ).toEqual([]);
    const inTime = [60_500, 60_750, 61_000, 61_250].map((ms) => [ms, "check"] as const);
    expect(hungOf(heartbeat, inTime)).toEqual(["1 at 61250: 1250"]);
  });

  test("with 0, nobody hangs", () => {
    const heartbeat = new Heartbeat(0, 0);
    heartbeat.started(1, 0);
    expect(hungOf(heartbeat, [[1e9, "check"]])).toEqual([]);
  });
});
