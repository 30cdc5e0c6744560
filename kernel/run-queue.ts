/**
 * RunQueue: which process runs next, for how long, and when the event loop gets its turn.
 *
 *   event loop turn   ┌ slice ≤ 0.4 ms ────────────────┐
 *     I/O, timers ──▷ │ turn A │ turn B │ turn A │ ... │ ──▷ I/O, timers ──▷ next slice, if anybody is left
 *                     └────────────────────────────────┘
 *   turn              one process, at most `reductions` of them: a message is one, and so is each message it sends
 *
 * - The queue is first in, first out, through `process.next`: no allocation.
 * - A promise that brings a process back within the slice continues it by a microtask, otherwise in the next event loop
 *   turn (`setImmediate`): quick round trips, and I/O is never starved.
 * - The clock (50 ns) is read every 64 reductions, or every turn once turns get slow.
 * Figures behind these choices: research, kernel-baseline 3a.
 */
import { exited, type Process } from "./process.ts";
import type { World } from "./world.ts";

export class RunQueue {
  readonly #world: World;
  readonly #turn: (process: Process) => void;
  readonly #afterSlice: () => void;
  readonly #sliceMs: number;
  #first: Process | undefined;
  #last: Process | undefined;
  #scheduled = false;
  #running = false;
  #sliceEndMs = 0;
  /** Processes in the queue. */
  length = 0;
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
    if (this.#last === undefined) this.#first = process;
    else this.#last.next = process;
    this.#last = process;
    this.length += 1;
    if (!this.#running && !this.#scheduled) this.#schedule();
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
    for (let process = this.#first; process !== undefined; process = this.#first) {
      this.#first = process.next;
      if (this.#first === undefined) this.#last = undefined;
      process.next = undefined;
      process.inQueue = false;
      this.length -= 1;
      if (process.status === exited) continue;
      this.reductions = turnReductions;
      this.#turn(process);
      untilClock -= 1 + turnReductions - this.reductions;
      if (untilClock <= 0) {
        const leftMs = this.#sliceEndMs - this.#world.monotonicMs();
        if (leftMs <= 0) break;
        untilClock = leftMs < slowMs ? 1 : clockEvery;
      }
    }
    this.#running = false;
    this.#afterSlice();
    if (this.#first !== undefined && !this.#scheduled) {
      this.#scheduled = true;
      this.#world.nextTurn(this.#slice);
    }
  };
}

/** Reductions of one turn. Anything from 200 to 2,000 measured the same; 20 starves who sends much. */
const turnReductions = 500;
const clockEvery = 64;
const slowMs = 0.05;
