/**
 * Sample: what happened in one second, as numbers to show. It is published to every open page, so it is small, and
 * rounded to what a page can show.
 */
import type { Reading } from "./reading.ts";

export interface Sample {
  /** When it was taken, in milliseconds since 1970; tells samples apart. */
  readonly takenAtMs: number;
  /** Pid of the process that took it. */
  readonly takenBy: string;
  /** Percent of all cores together. */
  readonly cpu: number;
  /** Percent of each core. */
  readonly cores: readonly number[];
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly load: number;
  /** Percent of all cores that this program took. */
  readonly programCpu: number;
  readonly programBytes: number;
  readonly uptimeSeconds: number;
  readonly threads: readonly ThreadSample[];
}

/** One thread of the runtime. */
export interface ThreadSample {
  readonly thread: number;
  /** Percent of the time that its event loop was busy. */
  readonly busy: number;
  /** Milliseconds by which its event loop was late, at its worst. */
  readonly delayMs: number;
  readonly heapBytes: number;
  readonly processes: number;
  readonly views: number;
  /** Per second: messages put into mailboxes, and turns begun. */
  readonly messages: number;
  readonly turns: number;
  /** Processes that have ended by a thrown error since the thread began. */
  readonly crashes: number;
}

type ThreadReading = Reading["threads"][number];

/** What happened from one reading to a later one. */
export function sampleBetween(before: Reading, now: Reading, takenBy: string): Sample {
  const elapsedMs = Math.max(1, now.monotonicMs - before.monotonicMs);
  const busyMs = now.cores.map((core, i) => Math.max(0, core.busyMs - (before.cores[i]?.busyMs ?? 0)));
  const idleMs = now.cores.map((core, i) => Math.max(0, core.idleMs - (before.cores[i]?.idleMs ?? 0)));
  return {
    takenAtMs: now.systemMs,
    takenBy,
    cpu: percent(total(busyMs), total(busyMs) + total(idleMs)),
    cores: busyMs.map((busy, i) => percent(busy, busy + idleMs[i]!)),
    usedBytes: now.totalBytes - now.availableBytes,
    totalBytes: now.totalBytes,
    load: now.load,
    programCpu: percent(now.program.cpuMs - before.program.cpuMs, elapsedMs * Math.max(1, now.cores.length)),
    programBytes: now.program.residentBytes,
    uptimeSeconds: Math.floor(now.program.uptimeSeconds),
    threads: now.threads.map((thread, i) => threadBetween(before.threads[i], thread, elapsedMs)),
  };
}

function threadBetween(before: ThreadReading | undefined, now: ThreadReading, elapsedMs: number): ThreadSample {
  // A thread that took another's place counts from nothing.
  const same = before?.thread === now.thread;
  const perSecond = (counter: "messages" | "turns"): number =>
    Math.round((Math.max(0, now[counter] - (same ? before[counter] : 0)) / elapsedMs) * 1000);
  return {
    thread: now.thread,
    busy: tenths(now.busyPercent),
    delayMs: tenths(now.loopDelayMs),
    heapBytes: now.heapUsed,
    processes: now.processes,
    views: now.views,
    messages: perSecond("messages"),
    turns: perSecond("turns"),
    crashes: now.crashed,
  };
}

/** Of all threads together. */
export function sum({ threads }: Sample, what: "views" | "processes" | "crashes" | "messages"): number {
  return total(threads.map((thread) => thread[what]));
}

function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : tenths(Math.min(100, Math.max(0, (part / whole) * 100)));
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function total(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
