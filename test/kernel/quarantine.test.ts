/** What is counted, and refused, when something takes threads for itself again and again. */
import { describe, expect, test } from "vitest";
import { Note } from "../../kernel/guard/note.ts";
import { Quarantine, quarantineKey } from "../../kernel/guard/quarantine.ts";
import { sampledBytes } from "../../kernel/observe/state-size.ts";
import { realWorld } from "../../kernel/real-world.ts";
import { checkSafeguards, memoryLimits } from "../../kernel/threads/safeguards.ts";
import { Strikes } from "../../kernel/threads/strikes.ts";

function clock(): { world: typeof realWorld; nowMs: number } {
  const at = { nowMs: 0, world: realWorld };
  at.world = { ...realWorld, monotonicMs: () => at.nowMs };
  return at;
}

describe("Strikes", () => {
  test("the third within the time is one too many, and others are counted apart", () => {
    const at = clock();
    const strikes = new Strikes(at.world, { strikes: 3, withinMs: 1000, forMs: 500 });
    expect([strikes.record("a"), strikes.record("b"), strikes.record("a")]).toEqual([undefined, undefined, undefined]);
    expect(strikes.record("a")).toBe(500);
    expect(strikes.record("b")).toBeUndefined();
    at.nowMs = 200;
    expect(strikes.current()).toEqual([["a", 300]]);
    at.nowMs = 500;
    expect(strikes.current()).toEqual([]);
  });

  test("forgets those before its time", () => {
    const at = clock();
    const strikes = new Strikes(at.world, { strikes: 2, withinMs: 1000 });
    strikes.record("a");
    at.nowMs = 1000;
    expect(strikes.record("a")).toBeUndefined();
    at.nowMs = 1999;
    expect(strikes.record("a")).toBe(60_000);
  });

  test("holds a thousand names at the most", () => {
    const strikes = new Strikes(clock().world, { strikes: 2 });
    strikes.record("first");
    for (let i = 0; i < 1000; i++) strikes.record(`other ${i}`);
    expect(strikes.record("first")).toBeUndefined(); // forgotten: it is its first again
  });
});

describe("Quarantine", () => {
  test("refuses what was named, until its time is over", () => {
    const at = clock();
    const quarantine = new Quarantine(at.world);
    quarantine.check("LiveView /", "event a");
    quarantine.add(quarantineKey("LiveView /", "event a"), 100);
    expect(() => quarantine.check("LiveView /", "event a")).toThrow(
      expect.objectContaining({
        code: "ERR_QUARANTINE",
        message: expect.stringContaining("LiveView /, event a, is refused"),
      }),
    );
    quarantine.check("LiveView /", "event b");
    at.nowMs = 100;
    quarantine.check("LiveView /", "event a");
  });
});

describe("Note", () => {
  test("tells another reader of the memory what the process with that serial is at", () => {
    const memory = new SharedArrayBuffer(Note.bytes);
    const [writer, reader] = [new Note(memory), new Note(memory)];
    expect(reader.read(7)).toBeUndefined();
    writer.write(7, "LiveView /room", "event save");
    expect([reader.read(7), reader.activity(7)]).toEqual(["LiveView /room, event save", "event save"]);
    expect([reader.read(8), reader.read(0)]).toEqual([undefined, undefined]);
    writer.write(8, "x".repeat(1000), "event save");
    expect(reader.read(8)).toBe("x".repeat(200));
  });
});

describe("sampledBytes", () => {
  test("is near the truth for what is large and alike, at once", () => {
    const rows = Array.from({ length: 100_000 }, (_, id) => ({ id, name: "a name of twenty c" }));
    const bytes = sampledBytes({ rows });
    expect(bytes).toBeGreaterThan(100_000 * 60);
    expect(bytes).toBeLessThan(100_000 * 150);
    expect(sampledBytes(new Map(rows.map((row) => [row.id, row])))).toBeGreaterThan(100_000 * 60);
    expect(sampledBytes([new Float64Array(1e6), "x".repeat(1e6)])).toBeGreaterThan(9e6);
    expect(sampledBytes(undefined)).toBe(0);
  });
});

describe("the options", () => {
  test("a share of the machine's memory for each thread, within bounds", () => {
    const [one, many] = [memoryLimits({}, 1), memoryLimits({}, 1_000_000)];
    expect(one.heapMb).toBeGreaterThanOrEqual(many.heapMb);
    expect(many).toEqual({ heapMb: 128, buffersMb: 128, refuseAt: 0.7, killAt: 0.85, recycleAt: 0.95 });
    expect(memoryLimits({ heapMb: 64, killAt: 0.8 }, 4)).toMatchObject({ heapMb: 64, buffersMb: 64, killAt: 0.8 });
  });

  test("Infinity is a limit, nonsense is named", () => {
    checkSafeguards("here", { turnLimitMs: Number.POSITIVE_INFINITY, stuckMs: Number.POSITIVE_INFINITY });
    expect(() => checkSafeguards("here", { turnLimitMs: -1 })).toThrow(
      "here: expected turnLimitMs to be a number above 0, got -1.",
    );
    expect(() => checkSafeguards("here", { memory: { killAt: 0.5 } })).toThrow(/refuseAt <= killAt <= recycleAt/);
  });
});
