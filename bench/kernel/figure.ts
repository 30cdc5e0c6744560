/** A figure and the item that gives it: their shapes, and which of two values is better. */

export type RivalName = "lintel" | "beam" | "nact" | "xstate";

/** How a figure is shown; rivals print operations a second, nanoseconds, or bytes. */
export type Unit = "M/s" | "ns" | "µs" | "ms" | "B";

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** In `unit`: at least for `M/s`, at most for the others. */
  readonly gate?: number;
  /** How many times better than the BEAM it should be. Below 1: we know that we lose, and by how much. */
  readonly overBeam?: number;
  /** How many times better than the best JavaScript library. */
  readonly overJs?: number;
  /** What is not alike. */
  readonly note?: string;
  /** Why the BEAM is quicker here, where it is, and what would have to change. Printed only when a run says so. */
  readonly whyBelowBeam?: string;
}

export interface Item {
  readonly name: string;
  /** Operations of one timed run; the JavaScript libraries, being slower, do a tenth. */
  readonly size: number;
  /** With `--quick`: enough to see that it works. */
  readonly quickSize: number;
  readonly rivals: readonly RivalName[];
  /** 2: runs on any core, because it has two threads. Default 1: pinned. */
  readonly cores?: 2;
  /** The program is a server, measured from outside. */
  readonly client?: "echo";
  readonly figures: readonly Figure[];
}

const scale: Readonly<Record<Unit, number>> = { "M/s": 1e6, ns: 1, µs: 1e3, ms: 1e6, B: 1 };

/** What a rival printed, in the figure's unit. */
export function inUnit({ unit }: Figure, value: number): number {
  return value / scale[unit];
}

export function isMoreBetter({ unit }: Figure): boolean {
  return unit === "M/s";
}

/** How many times better `a` is than `b`, in whichever direction better is. */
export function timesBetter(figure: Figure, a: number, b: number): number {
  return isMoreBetter(figure) ? a / b : b / a;
}

/** Whether a value (in the figure's unit) reaches its gate; undefined without one. */
export function passes(figure: Figure, value: number): boolean | undefined {
  if (figure.gate === undefined) return undefined;
  return isMoreBetter(figure) ? value >= figure.gate : value <= figure.gate;
}
