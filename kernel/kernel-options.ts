/** What a kernel, a process that is spawned, and a message can be given beside what they are. */
import type { CrossingLimits } from "./crossing/crossing.ts";
import { OptionError, shown } from "./errors.ts";
import type { MailboxOptions } from "./mailbox-options.ts";
import type { ViaName } from "./names/via.ts";
import type { Reporter } from "./observe/report.ts";
import type { StatsTable } from "./observe/stats.ts";
import { checkFlag, checkKeys, checkNumber } from "./options.ts";
import type { Name } from "./pid.ts";
import type { Priority } from "./process-status.ts";
import type { World } from "./world.ts";

export interface KernelOptions {
  /** Clocks, randomness, event loop; default the machine's own. */
  readonly world?: World;
  /** Number of this thread, part of every pid; default 0. */
  readonly thread?: number;
  /** Processes alive at one time; beyond it `spawn` throws. Default 1,048,576, as on the BEAM. */
  readonly maxProcesses?: number;
  /**
   * Messages that may wait for one process; default 100,000. What comes beyond is dropped and counted (`dropped` of the
   * stats), a call fails with `mailboxFull`; signals, `down` and exit messages always pass.
   */
  readonly maxMailbox?: number;
  /** How much may be on its way to another thread, and what then: crossing.ts. */
  readonly crossing?: Partial<CrossingLimits>;
  /** Milliseconds that processes may run before the event loop gets its turn; default 0.25. */
  readonly sliceMs?: number;
  /** Where reports go; default standard error. */
  readonly report?: Reporter;
  /**
   * A promise that a process made and forgot, and that rejects, ends that process (rejections.ts). Default true; false
   * leaves it to Node, which ends the program.
   */
  readonly chargeRejections?: boolean;
  /** Where the counters of all threads are kept; default: a table for this kernel alone. */
  readonly statsTable?: StatsTable;
  /** This kernel's row in the table; default 0. */
  readonly statsRow?: number;
}

/**
 * On which thread a process is started.
 *
 *   "same"       its parent's: the default
 *   "anywhere"   the one that has the least to do
 *   "spread"     the next one, in turn: each parent counts for itself
 *   a number     that scheduler, from 1: its place, which it keeps when its thread is replaced. 0 is the main thread
 *
 * All but "same" need a behaviour that has a name (behaviours.ts), and an argument that is data.
 */
export type Placement = "same" | "anywhere" | "spread" | number;

export interface SpawnOptions {
  /** On which thread; default "same". */
  readonly on?: Placement;
  /** Link the new process to the one that spawns it. */
  readonly link?: boolean;
  /** Register it under this name, before it runs. */
  readonly name?: Name | ViaName;
  /** Trap exits from the first moment. Default false. */
  readonly trapExit?: boolean;
  /** Shown in reports; default the behaviour's label. */
  readonly label?: string;
  /** Its place in the run queue; default "normal". */
  readonly priority?: Priority;
  /** How many messages may wait for it, and what happens to one more; default the kernel's `maxMailbox`, "dropNewest". */
  readonly mailbox?: MailboxOptions;
  /**
   * Bytes that its state may take, by estimate (state-size.ts), looked at every 64 turns; beyond, it is killed, with a
   * report. Default Infinity. The BEAM's `max_heap_size`, as far as one heap for all allows it: messages that wait are
   * not counted (`mailbox.max` bounds them), nor is what a plain process has in its variables.
   */
  readonly maxStateBytes?: number;
}

export interface SendOptions {
  /** Through an alias that allows it: before every message that waits. Default false. */
  readonly priority?: boolean;
}

export interface StartOptions extends SpawnOptions {
  /** Milliseconds that `init` may take; then the process is killed and the start fails. Default Infinity. */
  readonly timeout?: number;
}

/** @internal @throws {OptionError} unless the value is a number above 0 */
export function positive(which: string, value: number): number {
  if (typeof value === "number" && value > 0) return value;
  throw new OptionError(`${which}: expected a number above 0, got ${shown(value)}.`);
}

/** @internal Is it asked for on a thread that may be another one? */
export function isPlaced(options: SpawnOptions | undefined): options is SpawnOptions {
  return options?.on !== undefined && options.on !== "same";
}

/** @internal @throws {OptionError} naming the option */
export function checkKernelOptions(options: KernelOptions): void {
  checkKeys("Kernel", options, kernelOptions);
  const { report, thread, statsTable, statsRow = 0 } = options;
  checkNumber("Kernel", "thread", thread, { least: 0, whole: true });
  checkNumber("Kernel", "statsRow", statsRow, { least: 0, whole: true });
  if (report !== undefined && typeof report !== "function") {
    throw new OptionError(`Kernel: expected report to be a function, got ${shown(report)}.`);
  }
  if (statsRow >= (statsTable?.rows ?? 1)) {
    throw new OptionError(
      `Kernel: expected statsRow to be one of the statsTable's ${statsTable?.rows ?? 1} rows, from 0, got ${statsRow}.`,
    );
  }
}

/** @internal What most processes are spawned with: it needs no check. */
export const noOptions: SpawnOptions = {};
/** @internal */
export const linkOnly: SpawnOptions = { link: true };

/** @internal @throws {OptionError} naming the option */
export function checkSpawnOptions(options: StartOptions, whose: string): void {
  if (options === noOptions || options === linkOnly) return;
  checkKeys(whose, options, spawnOptions);
  const { link, trapExit, label, timeout } = options;
  checkFlag(whose, "link", link);
  checkFlag(whose, "trapExit", trapExit);
  checkNumber(whose, "timeout", timeout, { least: 0 });
  if (label !== undefined && typeof label !== "string") {
    throw new OptionError(`${whose}: expected label to be a string, got ${shown(label)}.`);
  }
}

const kernelOptions = Object.keys({
  world: 0,
  thread: 0,
  maxProcesses: 0,
  maxMailbox: 0,
  sliceMs: 0,
  report: 0,
  chargeRejections: 0,
  statsTable: 0,
  statsRow: 0,
  crossing: 0,
} satisfies Record<keyof KernelOptions, 0>);

const spawnOptions = Object.keys({
  on: 0,
  link: 0,
  name: 0,
  trapExit: 0,
  label: 0,
  priority: 0,
  mailbox: 0,
  maxStateBytes: 0,
  timeout: 0,
} satisfies Record<keyof StartOptions, 0>);
