/**
 * RunawayRecord: who took a thread for itself, or cost it its life. Every case is reported and counted (strikes.ts); what did
 * so too often is refused on all threads for a while.
 */
import type { Note } from "../guard/note.ts";
import { quarantineKey } from "../guard/quarantine.ts";
import type { Look } from "../guard/runaway.ts";
import type { Kernel } from "../kernel.ts";
import type { Report } from "../observe/report.ts";
import { stat } from "../observe/stats.ts";
import type { QuarantineOptions } from "./safeguards.ts";
import { Strikes } from "./strikes.ts";

export type RunawayReport = Extract<Report, { kind: "runaway" }>;

/** A thread that was ended. */
export interface LostThread {
  readonly thread: number;
  readonly slot: number;
  /** Written by the thread: what its last process was at. */
  readonly note: Note;
}

export class RunawayRecord {
  readonly #kernel: Kernel;
  readonly #strikes: Strikes;
  readonly #refuse: (what: string, forMs: number) => void;

  /**
   * @param kernel the main thread's
   * @param refuse to have something refused on every thread from now on, for so many milliseconds
   */
  constructor(kernel: Kernel, options: QuarantineOptions, refuse: (what: string, forMs: number) => void) {
    this.#kernel = kernel;
    this.#strikes = new Strikes(kernel.world, options);
    this.#refuse = refuse;
  }

  /** Something was cut off on its thread, or cost it its life. */
  add(report: RunawayReport): void {
    this.#kernel.report(report);
    const { label, activity } = report;
    if (label === undefined || activity === undefined) return;
    const what = quarantineKey(label, activity);
    const forMs = this.#strikes.record(what);
    if (forMs === undefined) return;
    this.#kernel.report({
      kind: "thread",
      thread: report.thread,
      event: "quarantine",
      detail: `${what}: refused on all threads for ${forMs} ms`,
    });
    this.#refuse(what, forMs);
  }

  /**
   * A thread was ended from outside: the report says who ran on it, as far as that is known.
   *
   * @param seen by the watchdog, before the end
   * @param how for the report: "it ran out of memory"
   */
  addThread({ thread, slot, note }: LostThread, seen: Look | undefined, how: string): void {
    const serial = this.#kernel.statsTable.row(slot)[stat.running]!;
    const who: Pick<Look, "pid" | "label" | "activity" | "request" | "stack"> =
      seen?.pid !== undefined || seen?.stack !== undefined
        ? seen
        : { ...(serial === 0 ? {} : { pid: `<${thread}.${serial}>` }), ...splitKey(note.read(serial)) };
    const { pid, label, activity, request, stack } = who;
    this.add({
      kind: "runaway",
      measure: "thread",
      thread,
      ...(pid === undefined ? {} : { pid }),
      ...(label === undefined ? {} : { label }),
      ...(activity === undefined ? {} : { activity }),
      ...(request === undefined ? {} : { request }),
      reason: "schedulerDown",
      detail: pid === undefined ? `${how}; no process is known to have run` : how,
      ...(stack === undefined || stack === "" ? {} : { stack }),
    });
  }

  /** What is refused now, and for how many milliseconds still: for a thread that starts. */
  refused(): [what: string, forMs: number][] {
    return this.#strikes.current();
  }
}

/** What a note says, in its parts. */
function splitKey(noted: string | undefined): { label?: string; activity?: string } {
  const [label, activity] = noted?.split(", ", 2) ?? [];
  return label === undefined || activity === undefined ? {} : { label, activity };
}
