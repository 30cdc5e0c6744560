/**
 * RunQueue: which process runs next, for how long, and when the event loop gets its turn.
 *
 *   event loop turn   ┌ slice ≤ 0.25 ms ───────────────┐
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
 * - A process that waits in `receive` may go on as soon as its message comes, without a turn, when no other is in the
 *   queue: some times in a row, then the clock is looked at. It may take what is there already as long as the slice lasts,
 *   and so often as there are reductions in a turn; then it waits in the queue.
 * - The clock (45 ns) is read every 64 reductions, or oftener, so that a quarter of a slice is between two
 *   looks at the most: once turns get slow, after every one. Timers that were set meanwhile get their place then.
 * Figures behind these choices: research, kernel-baseline 3a.
 */

import { currentProcess } from "./guard/rejections.ts";
import type { Process } from "./process.ts";
import { exited, type PriorityLevel, priorityLevels } from "./process-status.ts";
import type { TimerWheel } from "./timer-wheel.ts";
import type { World } from "./world.ts";

export class RunQueue {
  readonly #world: World;
  readonly #timers: TimerWheel;
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
  /** When the clock was last looked at, */
  #lookedMs = 0;
  /** how many reductions then were to come before the next look, */
  #step = clockEvery;
  /** and how many of them are left. */
  #untilLook = clockEvery;
  /** How often a `receive` may go on without a turn before the next look, */
  #shortcuts = 0;
  /** and how often it might after the last one: none when what ran was slow. */
  #shortcutsEach = 0;
  /** How many receives may take what waits for them before the next look of theirs, */
  #takes = 0;
  /** how many might after the last one, */
  #takesEach = 0;
  /** when that was, */
  #takeLookedMs = 0;
  /** and how many of them there were since the queue had its turn. */
  #taken = 0;
  #sinceLow = 0;
  /** Processes in the queue. */
  length = 0;
  /** Processes in it whose priority is not normal. */
  #special = 0;
  /** Those whose turn must not come within a microtask. */
  readonly #exposed: Process[] = [];
  /** A slice runs that can be cut off. */
  isGuarded = false;
  /** Reductions that the running process has left; sends take from it too. */
  reductions = 0;

  constructor(
    world: World,
    timers: TimerWheel,
    sliceMs: number,
    turn: (process: Process) => void,
    afterSlice: () => void,
  ) {
    this.#world = world;
    this.#timers = timers;
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

  /**
   * Is it time for the event loop's turn? A clock reading: ask once in a while, every `messagesPerLook` messages of one
   * turn.
   */
  isSliceOver(): boolean {
    const nowMs = this.#world.monotonicMs();
    this.#timers.placeAt(nowMs);
    return nowMs >= this.#sliceEndMs;
  }

  /** Slow handlers must not make a long turn of it. */
  get messagesPerLook(): number {
    return Math.min(this.#step, mostMessagesPerLook);
  }

  /** May a process that waits in `receive` have its message without a turn of its own? Uses up one time of a few. */
  takeShortcut(): boolean {
    if (this.#shortcuts === 0 || this.length > 0 || this.#running) return false;
    this.#shortcuts -= 1;
    return true;
  }

  /**
   * Who is pushed from here on waits for `release`, in the callback of a port: there a slice can be cut off as in the place
   * that is made for it (slice-port.ts), and two turns of the event loop are saved.
   *
   * @returns false: a slice is on its way, or runs, or slices here have no such place. Then there is nothing to release
   */
  hold(): boolean {
    if (this.#world.nextSlice === undefined || this.#scheduled || this.#running) return false;
    this.#scheduled = true;
    return true;
  }

  /** Runs a slice, if anybody was pushed: the last thing that its caller does. */
  release(): void {
    this.#shortcuts = 0;
    this.#shortcutsEach = 0;
    if (this.length > 0) this.#slice();
    else this.#scheduled = false;
  }

  /**
   * May a `receive` take a message that is there already? What goes on with it is a microtask: neither the event loop nor
   * the queue has a turn before. So a slice is as long for it as for the others, and it waits in the queue like them.
   */
  mayTake(): boolean {
    this.#taken += 1;
    if (this.#taken > turnReductions) return false;
    if (this.#takes > 0) {
      this.#takes -= 1;
      return true;
    }
    const nowMs = this.#world.monotonicMs();
    const isQuick = nowMs - this.#takeLookedMs < this.#sliceMs / looksPerSlice;
    this.#takesEach = isQuick ? Math.min(2 * this.#takesEach + 1, mostShortcuts) : 0;
    this.#takes = this.#takesEach;
    this.#takeLookedMs = nowMs;
    return nowMs < this.#sliceEndMs;
  }

  /** The slice that ran was cut off (runaway.ts): the next one goes on with the others. */
  recover(): void {
    this.#running = false;
    this.isGuarded = false;
    this.#afterSlice();
    this.#timers.placeNow();
    if (this.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#nextSlice();
    }
  }

  /** From here on the event loop has had its turn. */
  #nextSlice(): void {
    this.#shortcuts = 0;
    if (this.#world.nextSlice === undefined) this.#world.nextTurn(this.#slice);
    else this.#world.nextSlice(this.#slice);
  }

  #schedule(): void {
    this.#scheduled = true;
    // Where slices can be cut off, only a promise goes on by a microtask, in which nothing can.
    if (this.#sliceEndMs > 0 && (this.#world.nextSlice === undefined || currentProcess() !== undefined)) {
      const nowMs = this.#world.monotonicMs();
      if (nowMs < this.#sliceEndMs) {
        const isQuick = nowMs - this.#lookedMs < this.#sliceMs / looksPerSlice;
        this.#shortcutsEach = isQuick ? Math.min(2 * this.#shortcutsEach + 1, mostShortcuts) : 0;
        this.#lookedMs = nowMs;
        this.#timers.placeLater();
        this.#world.microtask(this.#continue);
        return;
      }
    }
    this.#shortcutsEach = 0;
    this.#nextSlice();
  }

  readonly #slice = (): void => {
    this.#lookedMs = this.#world.monotonicMs();
    this.#sliceEndMs = this.#lookedMs + this.#sliceMs;
    this.#untilLook = this.#step;
    this.#takes = 0;
    this.isGuarded = this.#world.nextSlice !== undefined;
    this.#continue();
    this.isGuarded = false;
  };

  readonly #continue = (): void => {
    this.#scheduled = false;
    this.#running = true;
    this.#taken = 0;
    this.#timers.placeLater();
    while (this.length > 0) {
      const process = this.#special === 0 ? this.#normal.shift()! : this.#pick();
      process.inQueue = false;
      this.length -= 1;
      if (process.status === exited) continue;
      if (!this.isGuarded && process.behaviour.activity !== undefined && this.#world.nextSlice !== undefined) {
        this.#exposed.push(process); // within a microtask: it waits for a slice in which it can be cut off
        continue;
      }
      if (process.debt >= turnReductions) {
        process.debt -= turnReductions;
        this.push(process);
        this.#untilLook -= 1;
      } else {
        this.reductions = turnReductions - process.debt;
        process.debt = 0;
        this.#turn(process);
        if (this.reductions < 0) process.debt = -this.reductions;
        this.#untilLook -= 1 + turnReductions - this.reductions;
      }
      if (this.#untilLook <= 0 && this.#look()) break;
    }
    for (const process of this.#exposed) this.push(process);
    this.#exposed.length = 0;
    this.#running = false;
    this.#shortcuts = this.#shortcutsEach;
    this.#afterSlice();
    this.#timers.placeNow();
    if (this.length > 0 && !this.#scheduled) {
      this.#scheduled = true;
      this.#nextSlice();
    }
  };

  /** @returns whether the slice is over */
  #look(): boolean {
    const nowMs = this.#world.monotonicMs();
    const aim = this.#sliceMs / looksPerSlice;
    const tookMs = nowMs - this.#lookedMs;
    const did = this.#step - this.#untilLook;
    this.#step = tookMs <= aim ? Math.min(this.#step * 2, clockEvery) : Math.max(1, Math.floor((did * aim) / tookMs));
    this.#lookedMs = nowMs;
    this.#untilLook = this.#step;
    this.#timers.placeAt(nowMs);
    return nowMs >= this.#sliceEndMs;
  }

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

/**
 * Reductions of one turn. From 200 to 2,000 throughput is the same, within 3 %; 20 starves who sends much. The fewer, the
 * sooner a process has its turn among others that all have long mailboxes: 1,000 of them take 20 ms a round, 40 ms with 500.
 */
const turnReductions = 200;
/** Reductions between two looks at the clock, at the most. */
const clockEvery = 64;
/** Looks at the clock in one slice, at the least, as far as handlers let us. */
const looksPerSlice = 4;
const mostMessagesPerLook = 16;
const mostShortcuts = 31;
const turnsPerLow = 8;
