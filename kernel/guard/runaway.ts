/**
 * RunawayGuard: cuts off the handler that runs, from within its own thread, and nothing else of it. Level 1 of the watchdog
 * (threads/watchdog.ts); how and why: docs/decisions/0008.
 *
 *   watchdog ─ look(turn, cut) ─▷ interrupts the loop: runs on top of its stack, so that what is seen here is true
 *                                   │ is it that turn? in a slice of ours? in code of the user's?
 *                                   ▼
 *                    sentence ─▷ condemned, execution is terminated ─▷ the stack unwinds, past every catch and finally
 *   slice port ◁─ rescue ───────────┘
 *     └─▷ recover: the process ends with `killed`, the run queue goes on
 *
 * Invariant: the kernel's own tables, and Node's, are never cut in the middle of a change. `look` refuses while one of their
 * functions is on the stack above user code; from then on the first operation of the kernel that is entered parks.
 */
import type { Kernel } from "../kernel.ts";
import { stat } from "../observe/stats.ts";
import type { Process } from "../process.ts";
import { currentProcess } from "./rejections.ts";

/** What was seen of the code that runs on a thread. */
export interface Look {
  /**
   * - `running`: that turn runs, and can be cut
   * - `cut`: it is cut off
   * - `past`: it is over
   * - `unsafe`: the kernel or Node is at work on its behalf: ask again in a moment
   * - `uncuttable`: what runs cannot be cut: the code after an `await`, the callback of a timer, the `init` that a starter waits for
   */
  readonly outcome: "running" | "cut" | "past" | "unsafe" | "uncuttable";
  /** Whose code runs, when that is known. */
  readonly pid?: string;
  readonly label?: string;
  /** What that process is at, as its behaviour says. */
  readonly activity?: string;
  /** The name of the request that it handles. */
  readonly request?: string;
  readonly stack?: string;
  /** The thread's memory is all but used up: this handler must not go on for as long as others may. */
  readonly isFull?: boolean;
}

export interface GuardOptions {
  /** Is the thread's memory all but used up? */
  readonly isFull: () => boolean;
  /**
   * Asks the watchdog to terminate what this thread executes, and waits until it has: it takes effect when `look` has
   * returned, before what was interrupted goes on. @returns false: there was no answer, and none will come
   */
  readonly sentence: () => boolean;
  /** Makes `recover` run in a later turn of the event loop. */
  readonly rescue: () => void;
}

interface Wanted {
  readonly process: Process;
  /** For how long its handler has run. */
  readonly ms: number;
}

export class RunawayGuard {
  readonly #kernel: Kernel;
  readonly #options: GuardOptions;
  /** What is to be cut off as soon as it is met where it may be. */
  #wanted: Wanted | undefined;
  #condemned: (Wanted & { readonly look: Look }) | undefined;

  constructor(kernel: Kernel, options: GuardOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  /**
   * Called in the middle of whatever runs.
   *
   * @param turn which turn is meant: `stat.turns`; undefined: whatever runs
   * @param cutAfterMs cuts it off, and says in the report that it has run for so long
   */
  look(turn?: number, cutAfterMs?: number): Look {
    const kernel = this.#kernel;
    if (turn !== undefined && this.#condemned !== undefined) {
      // The order may have been swallowed: V8 takes it back when it hits another question instead (decision 8).
      if (cutAfterMs !== undefined && readStack(this.look, true).isSafe) this.#options.sentence();
      return this.#condemned.look;
    }
    const process = kernel.turns.running;
    if (turn !== undefined && (process === undefined || kernel.stats[stat.turns] !== turn)) return { outcome: "past" };
    const { stack, isSafe } = readStack(this.look);
    const look = { ...describe(process ?? currentProcess()), stack };
    if (process === undefined || !kernel.queue.isGuarded || process.rare?.started !== undefined) {
      return { outcome: "uncuttable", ...look };
    }
    kernel.turns.isWatched = true;
    if (cutAfterMs === undefined) return { outcome: "running", ...look, isFull: this.#options.isFull() };
    if (!isSafe || !this.#options.sentence()) {
      // It may be in the kernel all the time: then it is cut off where it next calls upon it.
      this.#wanted = { process, ms: cutAfterMs };
      kernel.turns.condemned = this;
      return { outcome: "unsafe", ...look };
    }
    this.#options.rescue();
    this.#condemned = { process, look: { outcome: "cut", ...look }, ms: cutAfterMs };
    kernel.turns.condemned = this;
    return this.#condemned.look;
  }

  /**
   * Something of the kernel is about to begin: not within what is condemned; after it, all is put right first.
   *
   * @param isFirst nothing of it has begun: what calls upon the kernel may be cut off here
   */
  halt(isFirst: boolean): void {
    if (this.#condemned !== undefined) {
      if (readStack(this.halt).hasEnd) this.#park();
      else this.recover();
    } else if (isFirst && this.#wanted !== undefined) this.#cutHere(this.#wanted);
  }

  /** The handler has returned after all, or the order to cut it off is on its way. */
  turnEnds(): void {
    if (this.#condemned !== undefined) this.#park();
    this.#wanted = undefined;
    this.#kernel.turns.condemned = undefined;
  }

  #cutHere({ process, ms }: Wanted): void {
    const { stack, isSafe } = readStack(this.halt, true);
    if (!isSafe || this.#kernel.turns.running !== process) return;
    // Before the order is asked for: here it is carried out as soon as it comes.
    this.#options.rescue();
    this.#condemned = { process, look: { outcome: "cut", ...describe(process), stack }, ms };
    if (this.#options.sentence()) this.#park();
    this.#condemned = undefined;
  }

  /** Waits for the end, which is on its way; or not, see `look`. */
  #park(): never {
    for (;;) {
      Atomics.wait(cell, 0, 0, againMs);
      this.#options.sentence();
    }
  }

  /** The stack has unwound: the process that was cut off ends, the others go on. */
  recover(): void {
    const condemned = this.#condemned;
    if (condemned === undefined) return;
    this.#condemned = this.#wanted = undefined;
    const { process, look, ms } = condemned;
    const kernel = this.#kernel;
    kernel.turns.cutOff(process);
    kernel.report({
      kind: "runaway",
      measure: "process",
      thread: kernel.thread,
      pid: process.pid.toString(),
      label: process.label,
      ...(look.activity === undefined ? {} : { activity: look.activity }),
      ...(look.request === undefined ? {} : { request: look.request }),
      reason: "killed",
      detail: `its handler had run for ${Math.round(ms)} ms`,
      ...(look.stack === undefined ? {} : { stack: look.stack }),
    });
    kernel.ends.finish(process, "killed", false);
    kernel.queue.recover();
  }
}

function describe(process: Process | undefined): Pick<Look, "pid" | "label" | "activity" | "request"> {
  if (process === undefined) return {};
  const { behaviour, kernel, pid, label } = process;
  const activity = behaviour.activity?.(process) ?? kernel.note?.activity(pid.serial);
  const name: unknown = behaviour.request?.(process);
  const request = typeof name === "string" ? name.slice(0, maxRequestLength) : undefined;
  return {
    pid: pid.toString(),
    label,
    ...(activity === undefined ? {} : { activity }),
    ...(request === undefined ? {} : { request }),
  };
}

/**
 * The stack of what was interrupted, and whether it may be cut there:
 *
 *   turns.ts run ─▷ gen-server.ts ─▷ user's handler ─▷ ... ─▷ user's code        may be cut
 *   turns.ts run ─▷ gen-server.ts ─▷ user's handler ─▷ kernel's send ─▷ ...      may not, and neither within Node
 *
 * @param isBeginning the innermost function of the kernel has not done anything yet
 * @returns `hasEnd`: a turn runs
 */
function readStack(
  above: (...args: never[]) => unknown,
  isBeginning = false,
): { stack: string; isSafe: boolean; hasEnd: boolean } {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  let sites: NodeJS.CallSite[];
  try {
    Error.stackTraceLimit = maxFrames;
    Error.prepareStackTrace = (_error, callSites) => callSites;
    Error.captureStackTrace(holder, above);
    sites = holder.stack ?? [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
  const frames: NodeJS.CallSite[] = [];
  let isSafe: boolean | undefined;
  let sawKernel = false;
  let sawUser = false;
  let hasEnd = false;
  for (const site of sites) {
    const file = site.getFileName() ?? "";
    if (file === "" || file === watchedFile) continue; // built in, or the watchdog's own question
    if (file === turnsFile && site.getFunctionName() === "run") {
      hasEnd = true;
      break;
    }
    const isKernel = file.startsWith(kernelFolder) || file.startsWith(supervisorFolder);
    isSafe ??= !file.startsWith("node:");
    if (isKernel) sawKernel = sawUser || !isBeginning;
    else if (!file.startsWith("node:")) {
      sawUser = true;
      if (sawKernel) isSafe = false;
    }
    if (frames.length < shownFrames) frames.push(site);
  }
  return {
    stack: frames.map((frame) => `    at ${frame}`).join("\n"),
    isSafe: hasEnd && sawUser && isSafe === true,
    hasEnd,
  };
}

/** Who calls a machine may name a request as it likes, where no compiler looks also by what is no text. */
const maxRequestLength = 100;

/** A stack that is deeper than this is not cut, for its bottom is not seen. */
const maxFrames = 20_000;
const shownFrames = 20;
const kernelFolder = new URL("../", import.meta.url).href;
const supervisorFolder = new URL("../../supervisor", import.meta.url).href;
const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
const watchedFile = new URL(`../threads/watched${ending}`, import.meta.url).href;
const turnsFile = new URL(`../turns${ending}`, import.meta.url).href;

const cell = new Int32Array(new SharedArrayBuffer(4));

/** After this an order that should have come is asked for again. */
const againMs = 50;
