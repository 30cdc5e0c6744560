/** Readings of a machine that follows a script, for tests of the demo's sampler. */
import { type Kernel, statNames } from "lintel/kernel";
import type { Reading } from "../../examples/demo/reading.ts";

type ThreadReading = Reading["threads"][number];

export function threadReading(figures: Partial<ThreadReading> = {}): ThreadReading {
  return { ...(Object.fromEntries(statNames.map((name) => [name, 0])) as ThreadReading), ...figures };
}

export function reading(figures: Partial<Reading> = {}): Reading {
  return {
    monotonicMs: 0,
    systemMs: 0,
    cores: [{ busyMs: 0, idleMs: 0 }],
    totalBytes: 1000,
    availableBytes: 400,
    load: 0.5,
    program: { cpuMs: 0, residentBytes: 100, uptimeSeconds: 1 },
    threads: [threadReading()],
    ...figures,
  };
}

/** One core that is busy for a quarter of the time, read by the clock of the kernel's world. */
export function quarterBusy(kernel: Kernel): Reading {
  const nowMs = kernel.world.monotonicMs();
  return reading({
    monotonicMs: nowMs,
    systemMs: kernel.world.systemMs(),
    cores: [{ busyMs: nowMs / 4, idleMs: (nowMs * 3) / 4 }],
  });
}
