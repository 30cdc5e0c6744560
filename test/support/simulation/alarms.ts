/**
 * Alarms: timers and intervals. Each message comes once, not early, not late, and in the order in which it was due.
 *
 * The world may stand still for a while: what was due meanwhile is late by as much (`lateMs`).
 */
import type { Process } from "../../../kernel/process.ts";
import type { SimWorld } from "../../../kernel/testing/index.ts";
import { idOf, pidText, type Violations } from "./violations.ts";

interface Timing {
  readonly owner: number;
  readonly dueMs: number;
  state: "set" | "rung" | "cancelled";
}

interface Interval {
  readonly owner: number;
  readonly sinceMs: number;
  readonly everyMs: number;
  beats: number;
  /** Beats that may come after it was cancelled: one, which may be in the mailbox. */
  left: number;
}

export class Alarms {
  readonly #violations: Violations;
  readonly #world: SimWorld;
  readonly #timers: Timing[] = [];
  readonly #intervals: Interval[] = [];
  readonly #lastDueMs = new Map<number, number>();
  /** How much later than it is due a message may be handled. */
  lateMs = 5;
  events = 0;

  constructor(violations: Violations, world: SimWorld) {
    this.#violations = violations;
    this.#world = world;
  }

  /** @returns its number, to be sent as its message */
  set(owner: Process, delayMs: number): number {
    this.#timers.push({ owner: idOf(owner.pid), dueMs: this.#world.nowMs + delayMs, state: "set" });
    return this.#timers.length - 1;
  }

  rang(self: Process, number: number): void {
    const timer = this.#timers[number]!;
    const owner = idOf(self.pid);
    if (timer.state !== "set" || timer.owner !== owner) {
      this.#violations.add(`a timer of ${pidText(timer.owner)} rang at ${self.pid} that had been ${timer.state}`);
    }
    timer.state = "rung";
    this.events += 1;
    this.#checkTime(`a timer of ${self.pid}`, timer.dueMs);
    // Ticks are whole milliseconds: those of the same one ring in the order in which they were set.
    const last = this.#lastDueMs.get(owner) ?? 0;
    if (timer.dueMs < last - 1.1) {
      this.#violations.add(`a timer of ${self.pid} due at ${timer.dueMs} rang after one due at ${last}`);
    }
    this.#lastDueMs.set(owner, Math.max(last, timer.dueMs));
  }

  /** @param leftMs what `cancelTimer` said; false: it has rung, or is in the mailbox */
  cancelled(number: number, leftMs: number | false): void {
    if (leftMs === false) return;
    const timer = this.#timers[number]!;
    if (timer.state !== "set") this.#violations.add(`a timer was cancelled that had been ${timer.state}`);
    timer.state = "cancelled";
    const expectedMs = Math.max(0, timer.dueMs - this.#world.nowMs);
    if (Math.abs(leftMs - expectedMs) > 2) {
      this.#violations.add(`a timer was cancelled with ${leftMs} ms left: it was ${expectedMs}`);
    }
  }

  every(owner: Process, everyMs: number): number {
    const left = Number.POSITIVE_INFINITY;
    this.#intervals.push({ owner: idOf(owner.pid), sinceMs: this.#world.nowMs, everyMs, beats: 0, left });
    return this.#intervals.length - 1;
  }

  /** @returns how often it has come, this time included */
  beat(self: Process, number: number): number {
    const interval = this.#intervals[number]!;
    interval.beats += 1;
    this.events += 1;
    interval.left -= 1;
    if (interval.left < 0) this.#violations.add(`an interval of ${self.pid} went on after it was cancelled`);
    this.#checkTime(`beat ${interval.beats} of ${self.pid}`, interval.sinceMs + interval.beats * interval.everyMs);
    return interval.beats;
  }

  stopped(number: number): void {
    this.#intervals[number]!.left = 1;
  }

  /** To be asked when nothing is under way. */
  check(alive: ReadonlyMap<number, Process>): void {
    for (const { owner, dueMs, state } of this.#timers) {
      if (state === "set" && alive.has(owner)) {
        this.#violations.add(`a timer of ${pidText(owner)} that was due at ${dueMs} never rang`);
      }
    }
    for (const { owner, left } of this.#intervals) {
      if (left > 1 && alive.has(owner)) this.#violations.add(`an interval of ${pidText(owner)} just stopped`);
    }
  }

  #checkTime(what: string, dueMs: number): void {
    const { nowMs } = this.#world;
    if (nowMs >= dueMs - roundingMs && nowMs < dueMs + this.lateMs) return;
    this.#violations.add(`${what} rang at ${nowMs} that was due at ${dueMs}`);
  }
}

const roundingMs = 1e-6;
