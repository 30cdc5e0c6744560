/**
 * TimerWheel: every timer of a kernel, over one alarm of its world.
 *
 *   level 0   256 slots of 1 ms       ├ 256 ms ┤
 *   level 1    64 slots of 256 ms     ├ 16.4 s ─────┤
 *   level 2    64 slots of 16.4 s     ├ 17.5 min ───────────┤       a timer sits in the lowest level whose span
 *   level 3    64 slots of 17.5 min   ├ 18.6 h ──────────────────┤  holds it, and moves down as its time comes
 *   beyond     in the last slot of level 3, placed anew when that slot comes up
 *
 * Cost: set and cancel O(1), without allocation beside the timer itself; an idle wheel has no alarm.
 * Precision: a timer never fires early, and late by up to 1 ms plus what the event loop adds. Timers due in the same
 * millisecond fire in the order in which they were set.
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
    if (timer.tick < this.#alarmTick && !this.#advancing) this.#arm(timer.tick);
    return timer;
  }

  /** @returns milliseconds that were left, or false when it had fired or been cancelled */
  cancel(timer: Timer): number | false {
    if (timer.run === undefined) return false;
    timer.run = undefined;
    this.#unlink(timer);
    this.#count -= 1;
    if (this.#count === 0 && !this.#advancing) this.#disarm();
    return Math.max(0, timer.tick - (this.#world.monotonicMs() - this.#originMs));
  }

  /** @returns milliseconds left, or false when it has fired or been cancelled */
  read(timer: Timer): number | false {
    if (timer.run === undefined) return false;
    return Math.max(0, timer.tick - (this.#world.monotonicMs() - this.#originMs));
  }

  /** Cancels all. */
  clear(): void {
    this.#slots.fill(undefined);
    this.#count = 0;
    this.#disarm();
  }

  #place(timer: Timer): void {
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
    this.#alarm = this.#world.alarm(delayMs, () => {
      this.#alarm = undefined;
      this.#alarmTick = Number.POSITIVE_INFINITY;
      this.#advance();
    });
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
    try {
      while (this.#tick < target && this.#count > 0) {
        const next = this.#nextTick(target);
        this.#tick = next;
        if ((next & 255) === 0) this.#cascade(next);
        this.#fire(next & 255);
      }
    } finally {
      this.#advancing = false;
    }
    if (this.#count === 0) {
      this.#disarm();
      return;
    }
    if (this.#tick < target) this.#tick = target;
    this.#arm(this.#nextTick(Number.MAX_SAFE_INTEGER));
  }

  /** The next tick with work: an occupied slot of level 0, or the next boundary at which a higher level moves down. */
  #nextTick(limit: number): number {
    const boundary = (Math.floor(this.#tick / 256) + 1) * 256;
    for (let tick = this.#tick + 1; tick < boundary; tick++) {
      if (tick >= limit) return limit;
      if (this.#slots[tick & 255] !== undefined) return tick;
    }
    return Math.min(boundary, limit);
  }

  #cascade(tick: number): void {
    if (tick % 16_384 === 0) {
      if (tick % 1_048_576 === 0) this.#moveDown(384 + (Math.floor(tick / 1_048_576) & 63));
      this.#moveDown(320 + (Math.floor(tick / 16_384) & 63));
    }
    this.#moveDown(256 + (Math.floor(tick / 256) & 63));
  }

  #moveDown(slot: number): void {
    const first = this.#slots[slot];
    if (first === undefined) return;
    this.#slots[slot] = undefined;
    let timer = first;
    do {
      const next: Timer = timer.next!;
      this.#place(timer);
      timer = next;
    } while (timer !== first);
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
