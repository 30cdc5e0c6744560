/**
 * Stats: the counters of one kernel, as numbers in memory that every thread can read without a message.
 *
 * One writer (the kernel's own thread, by plain stores), any number of readers: a figure may be a moment old, never torn.
 * Counters only go up; gauges are what is true now. Cost: a store each (0 to 2 % of a turn, research 3a).
 */
export const statNames = [
  /** Turns begun: the heartbeat that the watchdog looks at. */ "turns",
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
