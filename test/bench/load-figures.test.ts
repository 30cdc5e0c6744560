import { describe, expect, test } from "vitest";
import { failedResult } from "../../bench/liveview/load/event-loads.ts";
import { Latency } from "../../bench/liveview/load/latency.ts";
import type { LoadConfig, LoadResult } from "../../bench/liveview/load/load.ts";
import { Recorder } from "../../bench/liveview/load/recorder.ts";
import { eventReplyRef } from "../../bench/liveview/load/reply.ts";
import { Schedule } from "../../bench/liveview/load/schedule.ts";
import { medianRun, ratio, report } from "../../bench/liveview/report.ts";
import { cpuSeconds } from "../../bench/support/cpu.ts";

describe("Schedule", () => {
  test("spaces events evenly, and does not drift", () => {
    const schedule = new Schedule(1_000, 3_000);
    for (let i = 0; i < 3_000; i++) expect(schedule.take(1e9)).toBe(true);
    expect(schedule.nextMs).toBeCloseTo(2_000, 9);
  });

  test("has nothing to send before it is due", () => {
    const schedule = new Schedule(100, 10);
    expect([schedule.take(99.9), schedule.take(100), schedule.take(199), schedule.take(200)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  test("leaves nothing out when the sender was late", () => {
    const schedule = new Schedule(0, 1_000);
    const due: number[] = [];
    for (let dueMs = schedule.nextMs; schedule.take(5.5); dueMs = schedule.nextMs) due.push(dueMs);
    expect(due).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test.each([0, -1, Number.NaN])("refuses a rate of %s", (rate) => {
    expect(() => new Schedule(0, rate)).toThrow("rate above 0");
  });
});

describe("Latency", () => {
  test("sums up in milliseconds, to three figures", () => {
    const latency = new Latency();
    for (let i = 1; i <= 1_000; i++) latency.record(i / 10);
    const summary = latency.summary();
    expect(summary.count).toBe(1_000);
    expect(summary.p50).toBeCloseTo(50, 0);
    expect(summary.p90).toBeCloseTo(90, 0);
    expect(summary.p99).toBeCloseTo(99, 0);
    expect(summary.p999).toBeCloseTo(99.9, 0);
    expect(summary.max).toBeCloseTo(100, 0);
  });

  test("takes what is shorter than it can hold, and longer", () => {
    const latency = new Latency();
    latency.record(0);
    latency.record(1e9);
    expect(latency.summary()).toMatchObject({ count: 2, p50: 0.001 });
  });

  test("is zero when nothing was recorded", () => {
    expect(new Latency().summary()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});

describe("Recorder", () => {
  test("counts answers by when they came, and latency by when they were due", () => {
    const recorder = new Recorder(0, 1_000, 2_000, undefined);
    recorder.tick(1_000);
    recorder.record(999, 1_001, 100); // due in the warm-up, answered in the window
    recorder.record(1_500, 1_510, 200);
    recorder.record(2_999, 3_020, 300); // due in the window, answered after it
    recorder.record(3_001, 3_002, 400);
    recorder.tick(3_000);
    const result = recorder.result();
    expect(result).toMatchObject({ events: 2, eventsPerSecond: 1, bytesPerReply: 150 });
    expect(result.latencyMs.count).toBe(2);
    expect(result.latencyMs.max).toBeCloseTo(21, 1);
    expect(result.serverCpuPercent).toBeUndefined();
  });

  test("has no result before the window is over", () => {
    const recorder = new Recorder(0, 0, 1_000, undefined);
    recorder.tick(500);
    expect(() => recorder.result()).toThrow("not over");
  });
});

describe("cpuSeconds", () => {
  test.skipIf(process.platform !== "linux")("reads a process, and knows nothing of one that is not there", () => {
    expect(cpuSeconds(process.pid)).toBeGreaterThan(0);
    expect(cpuSeconds(2 ** 30)).toBeUndefined();
  });
});

describe("eventReplyRef", () => {
  test.each([
    ['["4","10000007","lv:phx-A","phx_reply",{}]', 10_000_007],
    ['[null,"101","phoenix","phx_reply",{}]', 101],
    ['["4",null,"lv:phx-A","diff",{}]', -1],
    ['["4","x1","lv:phx-A","diff",{}]', -1],
    ['["4","1', -1],
    ["", -1],
  ])("of %s is %i", (text, ref) => {
    const bytes = Buffer.from(`junk${text}`);
    expect(eventReplyRef(bytes, 4, bytes.length)).toBe(ref);
  });
});

describe("report", () => {
  const config: LoadConfig = {
    mode: "closed",
    page: "counter inc",
    host: "127.0.0.1",
    port: 1,
    connections: 1,
    outstanding: 1,
    warmupMs: 0,
    durationMs: 1,
  };
  const run = (eventsPerSecond: number, more: Partial<LoadResult> = {}): LoadResult => ({
    ...failedResult(config, []),
    eventsPerSecond,
    ...more,
  });

  test("takes the run in the middle, and a failed one only when there is no other", () => {
    const failed = run(9, { failures: ["the view ended"] });
    expect(medianRun([run(1), run(3), run(2)]).eventsPerSecond).toBe(2);
    expect(medianRun([failed, run(1)]).eventsPerSecond).toBe(1);
    expect(medianRun([failed])).toBe(failed);
  });

  test("compares throughput, or CPU time where the rate is given", () => {
    const baseline = { eventsPerSecond: 1_000, serverCpuPercent: 50 };
    expect(ratio(run(1_500), baseline)).toBe(1.5);
    const open = run(1_000, { config: { ...config, mode: "open", rate: 1_000 }, eventsPerCpuSecond: 6_000 });
    expect(ratio(open, baseline)).toBe(3);
    expect(ratio(run(1_500, { failures: ["x"] }), baseline)).toBeUndefined();
  });

  test("shows a line per scenario, with the baseline beside it, and says what failed", () => {
    const text = report([
      { name: "counter-closed", runs: [run(31_748)] },
      { name: "form-closed", runs: [run(0, { failures: ["/form: wrong fields"] })] },
    ]);
    expect(text).toMatch(/\| counter-closed +\| 31,748 +\| +\| 15,874 +\| 2\.00 /);
    expect(text).toMatch(/\| form-closed +\| FAILED: \/form: wrong fields \|/);
  });
});
