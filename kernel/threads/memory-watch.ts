/**
 * MemoryWatch: level 3 of the safeguards. A scheduler thread looks at its own heap and buffers, ten times a second or more
 * often when they are small, and four times as often once half of them is in use:
 *
 *   0 ─────────── refuseAt ───────── killAt ──────────── recycleAt ─── limit
 *                 0.70               0.85                0.95          V8 ends the thread, or aborts the program
 *                 no more mounts     the process that    the thread is
 *                                    holds the most      drained and
 *                                    is killed           replaced
 *
 * - Garbage is no use of memory: beyond the first mark all is collected before it counts, once in a while.
 * - What a process holds is an estimate (state-size.ts): its state and the messages that wait for it. What its closures hold
 *   is not seen; if nobody holds much, nobody is killed, and the thread is replaced when its time comes. It is not replaced
 *   as long as there is somebody to kill.
 */
import { getHeapStatistics } from "node:v8";
import type { Kernel } from "../kernel.ts";
import { sampledBytes } from "../observe/state-size.ts";
import { stat } from "../observe/stats.ts";
import type { Process } from "../process.ts";
import type { Alarm } from "../world.ts";
import type { MemoryLimits } from "./safeguards.ts";

export interface MemoryWatchOptions {
  readonly limits: MemoryLimits;
  /** Collects this thread's garbage at once; without it, garbage counts. */
  readonly collect: (() => void) | undefined;
  /** The thread cannot go on. Called once. */
  readonly onFull: (why: string) => void;
}

export class MemoryWatch {
  readonly #kernel: Kernel;
  readonly #options: MemoryWatchOptions;
  #alarm: Alarm | undefined;
  /** Not before: collecting may take long, and must not be all that the thread does. */
  #collectAtMs = 0;
  #isFull = false;

  constructor(kernel: Kernel, options: MemoryWatchOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.#next(0);
  }

  stop(): void {
    this.#alarm?.cancel();
  }

  #next(used: number): void {
    const { heapMb, buffersMb } = this.#options.limits;
    const calmMs = Math.min(mostPauseMs, Math.max(4, Math.min(heapMb, buffersMb) / fastestMbPerMs / 8));
    const delayMs = used > alertAt ? calmMs / 4 : calmMs;
    this.#alarm = this.#kernel.world.alarm(delayMs, () => {
      const nowUsed = this.#check();
      if (!this.#isFull) this.#next(nowUsed);
    });
  }

  /** @returns part of the memory that is in use */
  #check(): number {
    const { limits, collect, onFull } = this.#options;
    const { stats, world } = this.#kernel;
    let used = usedPart(limits);
    if (used < limits.refuseAt) {
      stats[stat.full] = 0;
      return used;
    }
    if (collect !== undefined) {
      const nowMs = world.monotonicMs();
      if (nowMs < this.#collectAtMs && used < limits.recycleAt) return used;
      collect();
      const tookMs = world.monotonicMs() - nowMs;
      this.#collectAtMs = world.monotonicMs() + Math.max(leastPauseMs, tookMs * pauses);
      used = usedPart(limits);
    }
    stats[stat.full] = used >= limits.refuseAt ? 1 : 0;
    if (used < limits.killAt || this.#killLargest(used) || used < limits.recycleAt) return used;
    this.#isFull = true;
    onFull(`${percent(used)} of its memory is in use, beyond recycleAt`);
    return used;
  }

  /** @returns whether there was one that is worth it */
  #killLargest(used: number): boolean {
    const { limits } = this.#options;
    let largest: Process | undefined;
    let most = worthPart * Math.min(limits.heapMb, limits.buffersMb) * 2 ** 20;
    const deadlineMs = this.#kernel.world.monotonicMs() + searchMs;
    for (const process of this.#kernel.localProcesses()) {
      const bytes = heldBytes(process);
      if (bytes > most) {
        most = bytes;
        largest = process;
      }
      if (this.#kernel.world.monotonicMs() > deadlineMs) break;
    }
    if (largest === undefined) return false;
    this.#collectAtMs = 0;
    const { kernel, pid, label, behaviour } = largest;
    const activity = behaviour.activity?.(largest);
    kernel.report({
      kind: "runaway",
      measure: "memory",
      thread: kernel.thread,
      pid: pid.toString(),
      label,
      ...(activity === undefined ? {} : { activity }),
      reason: "killed",
      detail: `${percent(used)} of the thread's memory is in use, and it holds the most: about ${Math.round(most / 2 ** 20)} MB`,
    });
    kernel.ends.end(largest, "killed", true);
    return true;
  }
}

/** @returns part of the heap or of the buffers that is in use, whichever is more; garbage counts */
export function usedPart({ heapMb, buffersMb }: MemoryLimits): number {
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  return Math.max(heap / (heapMb * 2 ** 20), buffers / (buffersMb * 2 ** 20));
}

/** Its state, and the messages that wait for it. */
function heldBytes(process: Process): number {
  const { behaviour, mailbox } = process;
  let bytes = 0;
  try {
    bytes = sampledBytes(behaviour.getState === undefined ? process.state : behaviour.getState(process));
  } catch {
    // A getter of its state throws: it counts for what it has in its mailbox.
  }
  const length = mailbox?.length ?? 0;
  const sampled = Math.min(length, sampledMessages);
  let waiting = 0;
  for (let i = 0; i < sampled; i++) waiting += sampledBytes(mailbox!.at(Math.floor((i * length) / sampled)));
  return sampled === 0 ? bytes : bytes + (waiting / sampled) * length;
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

const mostPauseMs = 100;
/** So fast does a handler fill the heap; an eighth of it between two looks is early enough. */
const fastestMbPerMs = 1;
const alertAt = 0.5;
/** Collecting takes a tenth of the time at the most. */
const pauses = 9;
const leastPauseMs = 250;
/** Who holds less than this part is not worth killing: it would not help. */
const worthPart = 0.05;
/** It is worth a stall: without it the whole thread goes. */
const searchMs = 500;
const sampledMessages = 8;
