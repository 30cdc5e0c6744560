/**
 * RunQueue: which process runs next, for how long, and when the event loop gets its turn.
 *
 *   event loop turn   ┌ slice ≤ 0.4 ms ────────────────┐
 *     I/O, timers ──▷ │ turn A │ turn B │ turn A │ ... │ ──▷ I/O, timers ──▷ next slice, if anybody is left
 *                     └────────────────────────────────┘
 *   turn              one process, at most `reductions` of them: a message is one, and so is each message it sends
 *
 * - The queue of a priority is first in, first out, through `process.next`: no allocation. `max` and `high` go first;
 *   `low` gets one turn in eight while normal ones wait.
 * - A turn that went beyond its budget (a handler sends many messages) makes the next ones shorter: over time everybody
 *   gets the same, and who sends cannot outrun who receives.
 * - A promise that brings a process back within the slice continues it by a microtask, otherwise in the next event loop
 *   turn (`setImmediate`): quick round trips, and I/O is never starved.
 * - The clock (50 ns) is read every 64 reductions, or every turn once turns get slow.
 * Figures behind these choices: research, kernel-baseline 3a.
 */
import { exited, type PriorityLevel, type Process, priorityLevels } from "./process.ts";
import type { World } from "./world.ts";

export class RunQueue {
  readonly #world: World;
  readonly #turn: (process: Process) => void;
  readonly #afterSlice: () => void;
  readonly #sliceMs: number;
  readonly #normal = new Fifo();
  readonly #low = new Fifo();
  readonly #high = new Fifo();
  readonly #max = new Fifo();
  #scheduled = false;
  #running = false;
  #sliceEndMs = 0;
  #sinceLow = 0;
  /** Processes in the queue. */
  length = 0;
  /** Processes in it whose priority is not normal. */
  #special = 0;
  /** Reductions that the running process has left; sends take from it too. */
  reductions = 0;

  constructor(world: World, sliceMs: number, turn: (process: Process) => void, afterSlice: () => void) {
    this.#world = world;
    this.#sliceMs = sliceMs;
    this.#turn = turn;
    this.#afterSlice = afterSlice;
  }

  /** Puts a process at the end, unless it is in the queue already. The caller has set its status. */
  push(process: Process): void {
    if (process.inQueue) return;
    process.inQueue = true;
    if (process.level === priorityLevels.normal) this.#normal.push(process);
    else {
      this.#special += 1;
      this.#fifo(process.level).push(process);
    }
    this.length += 1;
    if (!this.#running && !this.#scheduled) this.#schedule();
  }

  /** Is it time for the event loop's turn? A clock reading: ask once in a while. */
  isSliceOver(): boolean {
    return this.#world.monotonicMs() >= this.#sliceEndMs;
  }

  #schedule(): void {
    this.#scheduled = true;
    if (this.#sliceEndMs > 0 && this.#world.monotonicMs() < this.#sliceEndMs) this.#world.microtask(this.#continue);
    else this.#world.nextTurn(this.#slice);
  }

  readonly #slice = (): void => {
    this.#sliceEndMs = this.#world.monotonicMs() + this.#sliceMs;
    this.#continue();
  };

  readonly #continue = (): void => {
    this.#scheduled = false;
    this.#running = true;
    let untilClock = clockEvery;
    while (this.length > 0) {
      const process = this.#special === 0 ? this.#normal.shift()! : this.#pick();
      process.inQueue = false;
      this.length -= 1;
      if (process.status === exited) continue;
      if (process.debt >= turnReductions) {
        process.debt -= turnReductions;
        this.push(process);
        untilClock -= 1;
      } else {
        this.reductions = turnReductions - process.debt;
        process.debt = 0;
        this.#turn(process);
        if (this.reductions < 0) process.debt = -this.reductions;
        untilClock -= 1 + turnReductions - this.reductions;
      }
      if (untilClock <= 0) {
        const leftMs = this.#sliceEndMs - this.#world.monotonicMs();
        if (leftMs <= 0) break;
        untilClock = leftMs < slowMs ? 1 : clockEvery;
      }
    }
    this.#running = false;
    this.#afterSlice();
    if (this.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#world.nextTurn(this.#slice);
    }
  };

  /** The next one when not all are of normal priority. */
  #pick(): Process {
    let fifo = this.#normal;
    if (this.#max.first !== undefined) fifo = this.#max;
    else if (this.#high.first !== undefined) fifo = this.#high;
    else if (this.#low.first !== undefined && (this.#normal.first === undefined || this.#sinceLow >= turnsPerLow - 1)) {
      fifo = this.#low;
    }
    this.#sinceLow = fifo === this.#low ? 0 : this.#sinceLow + 1;
    if (fifo !== this.#normal) this.#special -= 1;
    return fifo.shift()!;
  }

  #fifo(level: PriorityLevel): Fifo {
    return level === priorityLevels.low ? this.#low : level === priorityLevels.high ? this.#high : this.#max;
  }
}

/** A list through the processes themselves. */
class Fifo {
  first: Process | undefined;
  #last: Process | undefined;

  push(process: Process): void {
    if (this.#last === undefined) this.first = process;
    else this.#last.next = process;
    this.#last = process;
  }

  shift(): Process | undefined {
    const process = this.first;
    if (process === undefined) return undefined;
    this.first = process.next;
    if (this.first === undefined) this.#last = undefined;
    process.next = undefined;
    return process;
  }
}

/** Reductions of one turn. Anything from 200 to 2,000 measured the same; 20 starves who sends much. */
const turnReductions = 500;
const clockEvery = 64;
const slowMs = 0.05;
const turnsPerLow = 8;
