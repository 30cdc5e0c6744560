/**
 * Reading: what this machine and this runtime show at one moment. Counters only go up, so one reading says little; what
 * happened between two of them is in sample.ts.
 */
import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import type { Kernel, StatName } from "lintel/kernel";

export interface Reading {
  /** Of a clock that never goes back. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970. */
  readonly systemMs: number;
  /** Milliseconds that each core has worked, and has not. */
  readonly cores: readonly { readonly busyMs: number; readonly idleMs: number }[];
  readonly totalBytes: number;
  /** Memory that a program could still get. */
  readonly availableBytes: number;
  /** Programs that ran or waited for a core, averaged over a minute. Always 0 on Windows. */
  readonly load: number;
  /** This program, all its threads. */
  readonly program: { readonly cpuMs: number; readonly residentBytes: number; readonly uptimeSeconds: number };
  /** A row per thread of the runtime, the main thread's first. */
  readonly threads: readonly Readonly<Record<StatName, number>>[];
}

/** Reads everything, in a fraction of a millisecond. From any thread: the counters are in memory that all share. */
export function readSystem(kernel: Kernel): Reading {
  const own = process.cpuUsage();
  return {
    monotonicMs: kernel.world.monotonicMs(),
    systemMs: kernel.world.systemMs(),
    cores: cpus().map(({ times: { idle, user, nice, sys, irq } }) => ({
      busyMs: user + nice + sys + irq,
      idleMs: idle,
    })),
    totalBytes: totalmem(),
    availableBytes: freemem(), // on Linux this is MemAvailable, which counts what the page cache would give back
    load: loadavg()[0] ?? 0,
    program: {
      cpuMs: (own.user + own.system) / 1000,
      residentBytes: process.memoryUsage.rss(),
      uptimeSeconds: process.uptime(),
    },
    threads: kernel.statsTable.read(),
  };
}

/** For a page's small print. */
export const machine: string = `Node.js ${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`;
