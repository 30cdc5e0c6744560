/**
 * TimerWheel: every timer of a kernel, over one alarm of its world.
 *
 *   level 0   256 slots of 1 ms       ├ 256 ms ┤
 *   level 1    64 slots of 256 ms     ├ 16.4 s ─────┤
 *   level 2    64 slots of 16.4 s     ├ 17.5 min ───────────┤       a timer sits in the lowest level whose span
 *   level 3    64 slots of 17.5 min   ├ 18.6 h ──────────────────┤  holds it, and moves down as its time comes
 *   beyond     in the last slot of level 3, placed anew when that slot comes up
 *
 * Cost: set and cancel O(1), without allocation beside the timer itself. The alarm rings only when a timer is due, or a
 * level has something to move down (three times at most for one timer): empty spans are skipped, an idle wheel has none.
 * Precision: a timer never fires early, and late by up to 1 ms plus what the event loop adds. Timers due in the same
 * millisecond fire in the order in which they were set (those that were beyond the last level: in any order).
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
 */
import type { Alarm, World } from "./world.ts";

/** A timer that was set. It belongs to the wheel that made it. */
export class Timer {
  /** Links of the slot's ring; both undefined when not set. */
  next: Timer | undefined;
  previous: Timer | undefined;
  /** Tick (whole milliseconds of the wheel's clock) at which it fires. */
  tick = 0;
  slot = 0;
  run: (() => void) | undefined;

  constructor(run: (() => void) | undefined) {
    this.run = run;
  }
}

export class TimerWheel {
  readonly #world: World;
  readonly #originMs: number;
  readonly #slots: (Timer | undefined)[] = new Array<Timer | undefined>(256 + 3 * 64).fill(undefined);
  /** The last tick that was worked off. */
  #tick = 0;
  #count = 0;
  #alarm: Alarm | undefined;
  #alarmTick = Number.POSITIVE_INFINITY;
  #advancing = false;

  constructor(world: World) {
    this.#world = world;
    this.#originMs = world.monotonicMs();
  }

  /** How many timers are set. */
  get size(): number {
    return this.#count;
  }

  /** @param delayMs at least 0; longer than 2^31 ms is fine */
  set(delayMs: number, run: () => void): Timer {
    const timer = new Timer(run);
    const now = this.#world.monotonicMs() - this.#originMs;
    if (this.#count === 0 && !this.#advancing) this.#tick = Math.floor(now);
    timer.tick = Math.max(Math.ceil(now + delayMs), this.#tick + 1);
    this.#place(timer);
    this.#count += 1;
    if (this.#advancing) return timer;
    if (timer.tick < this.#alarmTick) this.#arm(timer.tick);
    else if (this.#count === 1) this.#alarm!.keepAlive?.(true);
    return timer;
  }

  /** @returns milliseconds that were left, or false when it had fired or been cancelled */
  cancel(timer: Timer): number | false {
    if (timer.run === undefined) return false;
    this.discard(timer);
    return Math.max(0, timer.tick - (this.#world.monotonicMs() - this.#originMs));
  }

  /** Cancels, for those who do not care what was left: no clock is read. */
  discard(timer: Timer): void {
    if (timer.run === undefined) return;
    timer.run = undefined;
    this.#unlink(timer);
    this.#count -= 1;
    if (this.#count === 0 && !this.#advancing) this.#idle();
  }

  /** @returns milliseconds left, or false when it has fired or been cancelled */
  read(timer: Timer): number | false {
    if (timer.run === undefined) return false;
    return Math.max(0, timer.tick - (this.#world.monotonicMs() - this.#originMs));
  }

  /** Cancels all. */
  clear(): void {
    for (const first of this.#slots) {
      for (let timer = first; timer?.run !== undefined; timer = timer.next) timer.run = undefined;
    }
    this.#slots.fill(undefined);
    this.#count = 0;
    this.#disarm();
  }

  /** @param inFront before what is in the slot already, instead of behind it */
  #place(timer: Timer, inFront = false): void {
    const delta = timer.tick - this.#tick;
    let slot: number;
    if (delta < 256) slot = timer.tick & 255;
    else if (delta < 1 << 14) slot = 256 + (Math.floor(timer.tick / 256) & 63);
    else if (delta < 1 << 20) slot = 320 + (Math.floor(timer.tick / 16_384) & 63);
    else if (delta < 1 << 26) slot = 384 + (Math.floor(timer.tick / 1_048_576) & 63);
    else slot = 384 + (Math.floor((this.#tick + (1 << 26) - 1_048_576) / 1_048_576) & 63);
    const first = this.#slots[slot];
    if (first === undefined) {
      timer.next = timer;
      timer.previous = timer;
      this.#slots[slot] = timer;
    } else {
      const last = first.previous!;
      last.next = timer;
      timer.previous = last;
      timer.next = first;
      first.previous = timer;
      if (inFront) this.#slots[slot] = timer;
    }
    timer.slot = slot;
  }

  #unlink(timer: Timer): void {
    if (timer.next === timer) this.#slots[timer.slot] = undefined;
    else {
      timer.previous!.next = timer.next;
      timer.next!.previous = timer.previous;
      if (this.#slots[timer.slot] === timer) this.#slots[timer.slot] = timer.next;
    }
    timer.next = timer.previous = undefined;
  }

  #arm(tick: number): void {
    this.#alarm?.cancel();
    this.#alarmTick = tick;
    const delayMs = Math.max(0, tick - (this.#world.monotonicMs() - this.#originMs));
    const ring = (): void => {
      this.#alarm = undefined;
      this.#alarmTick = Number.POSITIVE_INFINITY;
      this.#advance();
    };
    // A program lives on while one of its processes has a timer, as with Node's own.
    this.#alarm = this.#world.alarm(Math.min(delayMs, maxAlarmMs), ring, true);
  }

  /** Nothing is set. The alarm stays, for a call sets and cancels a timer each time; but nothing waits for it. */
  #idle(): void {
    if (this.#alarm?.keepAlive === undefined) this.#disarm();
    else this.#alarm.keepAlive(false);
  }

  #disarm(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#alarmTick = Number.POSITIVE_INFINITY;
  }

  /** Works off every tick up to now, then sets the alarm for the next one that holds anything. */
  #advance(): void {
    const target = Math.floor(this.#world.monotonicMs() - this.#originMs);
    this.#advancing = true;
    let threw = true;
    try {
      while (this.#tick < target && this.#count > 0) {
        const next = this.#nextTick(target);
        this.#tick = next;
        if ((next & 255) === 0) this.#cascade(next);
        this.#fire(next & 255);
      }
      threw = false;
    } finally {
      this.#advancing = false;
      // After a throw, the rest of that tick's timers are still to come.
      this.#tick = threw ? this.#tick - 1 : Math.max(this.#tick, target);
      if (this.#count === 0) this.#disarm();
      else this.#arm(this.#nextTick(Number.MAX_SAFE_INTEGER));
    }
  }

  /** The next tick with work: an occupied slot of level 0, or a boundary at which a higher level has something to move. */
  #nextTick(limit: number): number {
    const boundary = (Math.floor(this.#tick / 256) + 1) * 256;
    for (let tick = this.#tick + 1; tick < boundary; tick++) {
      if (tick >= limit) return limit;
      if (this.#slots[tick & 255] !== undefined) return tick;
    }
    let next = limit;
    for (let tick = boundary; tick < Math.min(next, this.#tick + 256); tick++) {
      if (this.#slots[tick & 255] !== undefined) next = tick;
    }
    for (const { span, slots } of levels) {
      const block = Math.floor(this.#tick / span);
      for (let i = 1; i <= 64 && (block + i) * span < next; i++) {
        if (this.#slots[slots + ((block + i) & 63)] !== undefined) next = (block + i) * span;
      }
    }
    return next;
  }

  /** The lowest level first: what is in a higher one was set earlier, and goes in front. */
  #cascade(tick: number): void {
    for (const { span, slots } of levels) {
      if (tick % span !== 0) return;
      this.#moveDown(slots + (Math.floor(tick / span) & 63));
    }
  }

  #moveDown(slot: number): void {
    const first = this.#slots[slot];
    if (first === undefined) return;
    this.#slots[slot] = undefined;
    for (let timer = first.previous!; ; ) {
      const previous: Timer = timer.previous!;
      this.#place(timer, true);
      if (timer === first) return;
      timer = previous;
    }
  }

  #fire(slot: number): void {
    for (let timer = this.#slots[slot]; timer !== undefined; timer = this.#slots[slot]) {
      if (timer.tick > this.#tick) return; // set for the next round by a timer that has just run
      this.#unlink(timer);
      this.#count -= 1;
      const run = timer.run!;
      timer.run = undefined;
      run();
    }
  }
}

/** Levels 1 to 3: ticks in a slot, and where their slots begin. */
const levels = [
  { span: 256, slots: 256 },
  { span: 16_384, slots: 320 },
  { span: 1_048_576, slots: 384 },
] as const;

/** What a timer of Node takes at the most. A longer wait is made of several alarms. */
const maxAlarmMs = 2 ** 31 - 1;
