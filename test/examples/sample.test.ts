import { describe, expect, test } from "vitest";
import { lastMinute, withSample } from "../../examples/demo/last-minute.ts";
import { sampleBetween, sum } from "../../examples/demo/sample.ts";
import { reading, threadReading } from "./readings.ts";

describe("sampleBetween", () => {
  test("says how busy each core was between the readings, and all together", () => {
    const before = reading({
      cores: [
        { busyMs: 5000, idleMs: 9000 },
        { busyMs: 100, idleMs: 100 },
      ],
    });
    const now = reading({
      monotonicMs: 1000,
      cores: [
        { busyMs: 5500, idleMs: 9500 },
        { busyMs: 100, idleMs: 1100 },
      ],
    });
    expect(sampleBetween(before, now, "<1.2>")).toMatchObject({ cpu: 25, cores: [50, 0], takenBy: "<1.2>" });
  });

  test("counts messages and turns per second, whatever time has passed", () => {
    const before = reading({ threads: [threadReading({ messages: 100, turns: 50 })] });
    const now = reading({ monotonicMs: 2000, threads: [threadReading({ messages: 700, turns: 150 })] });
    expect(sampleBetween(before, now, "").threads).toMatchObject([{ messages: 300, turns: 50 }]);
  });

  test("counts a thread that took another's place from nothing", () => {
    const before = reading({ threads: [threadReading({ thread: 1, messages: 1_000_000 })] });
    const now = reading({ monotonicMs: 1000, threads: [threadReading({ thread: 3, messages: 7 })] });
    expect(sampleBetween(before, now, "").threads).toMatchObject([{ thread: 3, messages: 7 }]);
  });

  test("has a number for everything when no time has passed and no core has worked", () => {
    const { cpu, cores, programCpu, threads } = sampleBetween(reading(), reading(), "");
    expect([cpu, ...cores, programCpu, threads[0]!.messages]).toEqual([0, 0, 0, 0]);
  });

  test("shows memory in use, and what the program took of all cores", () => {
    const two = [
      { busyMs: 0, idleMs: 0 },
      { busyMs: 0, idleMs: 0 },
    ];
    const program = { cpuMs: 500, residentBytes: 77, uptimeSeconds: 3.9 };
    const now = reading({ monotonicMs: 1000, cores: two, program });
    expect(sampleBetween(reading({ cores: two }), now, "")).toMatchObject({
      usedBytes: 600,
      totalBytes: 1000,
      programCpu: 25,
      programBytes: 77,
      uptimeSeconds: 3,
    });
  });
});

describe("sum", () => {
  test("adds up a figure of all threads", () => {
    const now = reading({ threads: [threadReading({ views: 2 }), threadReading({ views: 5 })] });
    expect(sum(sampleBetween(reading(), now, ""), "views")).toBe(7);
  });
});

describe("withSample", () => {
  const sampleAt = (systemMs: number) => sampleBetween(reading(), reading({ systemMs }), "");

  test("takes a sample once, though it came with the history and by the topic", () => {
    const minute = lastMinute([sampleAt(1000), sampleAt(2000)]);
    expect(withSample(minute, sampleAt(2000))).toBe(minute);
    expect(withSample(minute, sampleAt(3000)).samples.last).toBe(2);
  });

  test("takes what comes after the wall clock was set back", () => {
    expect(withSample(lastMinute([sampleAt(9000)]), sampleAt(1000)).samples.last).toBe(1);
  });

  test("follows each core and each thread", () => {
    const { cores, threads } = lastMinute([sampleAt(1000), sampleAt(2000)]);
    expect(cores.map(({ last }) => last)).toEqual([1]);
    expect(threads.map(({ last }) => last)).toEqual([1]);
  });
});
