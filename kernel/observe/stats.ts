/**
 * Stats: the counters of one kernel, as numbers in memory that every thread can read without a message.
 *
 * One writer (the kernel's own thread, by plain stores), any number of readers: a figure may be a moment old, never torn.
 * Counters only go up; gauges are what is true now. Cost: a store each (0 to 2 % of a turn, research 3a).
 */
export const statNames = [
  /** Turns begun. */ "turns",
  /** Gauge: serial of the process whose handler runs, 0 when none does. */ "running",
  /** Gauge: processes alive. */ "processes",
  /** Messages put into mailboxes. */ "messages",
  /** Processes spawned. */ "spawned",
  /** Processes that ended by a thrown error. */ "crashed",
  /** Messages dropped at a full mailbox. */ "dropped",
  /** Gauge: processes that wait for their turn. */ "runQueue",
  /** Gauge: bytes of the thread's heap in use. */ "heapUsed",
  /** Gauge: milliseconds by which the thread's event loop was late in the last second, at its worst. */ "loopDelayMs",
  /** Gauge: percent of the last second that the thread's event loop was busy. */ "busyPercent",
  /** Gauge: live views. */ "views",
  /** Gauge: number of the thread; it changes when the thread is replaced. */ "thread",
  /** Goes up ten times a second while the thread's event loop turns: what the watchdog looks at. */ "beat",
  /** Gauge: 1 when other threads may start processes here. */ "open",
  /** Gauge: the system's number of the thread, 0 when it is not known. */ "systemThread",
  /** Gauge: 1 while so much of the thread's memory is in use that it takes no more views. */ "full",
  /** Messages for processes that had ended, and those that still waited when one did. */ "deadLetters",
  /** Gauge, the main thread's: jobs that run in task pools, or wait there. */ "poolTasks",
  /** Jobs that a task pool refused, because as many waited as may. */ "poolRefused",
] as const;

export type StatName = (typeof statNames)[number];
export type Stats = Float64Array;

/** Bytes of one kernel's stats. */
export const statsBytes: number = statNames.length * 8;

/** Position of each figure. */
export const stat: Readonly<Record<StatName, number>> = Object.fromEntries(
  statNames.map((name, index) => [name, index]),
) as Record<StatName, number>;

/** The figures as an object, for people. */
export function readStats(stats: Stats): Record<StatName, number> {
  return Object.fromEntries(statNames.map((name, index) => [name, stats[index]!])) as Record<StatName, number>;
}

/**
 * The stats of all threads of a runtime: one row each, the main thread's first. A replaced thread takes its
 * predecessor's row.
 */
export class StatsTable {
  readonly buffer: SharedArrayBuffer;
  readonly rows: number;

  /** @param rows threads, or the memory of a table that another thread has made */
  constructor(rows: number | SharedArrayBuffer) {
    this.buffer = typeof rows === "number" ? new SharedArrayBuffer(rows * statsBytes) : rows;
    this.rows = this.buffer.byteLength / statsBytes;
  }

  row(index: number): Stats {
    return new Float64Array(this.buffer, index * statsBytes, statNames.length);
  }

  /** What is true now, a row per thread. */
  read(): Record<StatName, number>[] {
    return Array.from({ length: this.rows }, (_, index) => readStats(this.row(index)));
  }
}
