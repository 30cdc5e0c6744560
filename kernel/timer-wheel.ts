/**
 * TimerWheel: every timer of a kernel, over one alarm of its world.
 *
 *   level 0   256 slots of 1 ms       ├ 256 ms ┤
 *   level 1    64 slots of 256 ms     ├ 16.4 s ─────┤
 *   level 2    64 slots of 16.4 s     ├ 17.5 min ───────────┤       a timer sits in the lowest level whose span
 *   level 3    64 slots of 17.5 min   ├ 18.6 h ──────────────────┤  holds it, and moves down as its time comes
 *   beyond     in the last slot of level 3, placed anew when that slot comes up
 *
 *   unplaced  set since the run queue's last look at the clock ─▷ placed at the next one
 *
 * Cost: set and cancel O(1), without allocation beside the timer itself. The alarm rings only when a timer is due, or a
 * level has something to move down (three times at most for one timer): empty spans are skipped, an idle wheel has none.
 * A look at the clock costs as much as all the rest (45 ns). So while processes run, 15 timers of 16 wait, unplaced, for
 * the next look, which the run queue takes after a few turns anyway (every one, when turns are slow). A timer of a call
 * that is answered meanwhile never gets a place.
 * Precision: a timer never fires early, and late by up to 1 ms plus what the event loop adds. One that waited unplaced
 * counts from the look at the clock: its delay is longer by what processes went on running, 0.1 ms or one slow handler.
 * Timers due in the same millisecond fire in the order in which they were set (those that were beyond the last level: in
 * any order).
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
 */
import type { Alarm, World } from "./world.ts";

/** A timer that was set. It belongs to the wheel that made it. */
export abstract class Timer {
  /** @internal Links of the slot's ring; both undefined when not set. */
  next: Timer | undefined = undefined;
  /** @internal */ previous: Timer | undefined = undefined;
  /** @internal Tick (whole milliseconds of the wheel's clock) at which it fires; while unplaced, its delay. */
  tick = 0;
  /** @internal Which ring; -1 when it is not set. */
  slot = notSet;

  /** @internal Runs when it is due. It is not set any more then. */
  abstract fire(): void;
}

const notSet = -1;

class CallbackTimer extends Timer {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override fire(): void {
    this.#run();
  }
}

export class TimerWheel {
  readonly #world: World;
  readonly #originMs: number;
  readonly #slots: (Timer | undefined)[] = new Array<Timer | undefined>(unplaced + 1).fill(undefined);
  /** The last tick that was worked off. */
  #tick = 0;
  /** Timers that have a place, */
  #count = 0;
  /** and those that wait for one. */
  #unplaced = 0;
  /** May timers wait for their place? Somebody has promised to call `place` soon. */
  #placesLater = false;
  /** How many more may be set before the next look at the clock. */
  #unseen = 0;
  #alarm: Alarm | undefined;
  #alarmTick = Number.POSITIVE_INFINITY;
  #advancing = false;

  constructor(world: World) {
    this.#world = world;
    this.#originMs = world.monotonicMs();
  }

  /** How many timers are set. */
  get size(): number {
    return this.#count + this.#unplaced;
  }

  /** @param delayMs at least 0; longer than 2^31 ms is fine */
  set(delayMs: number, run: () => void): Timer {
    const timer = new CallbackTimer(run);
    this.start(timer, delayMs);
    return timer;
  }

  /** @internal Sets a timer that is not set. */
  start(timer: Timer, delayMs: number): void {
    if (this.#placesLater && this.#unseen > 0 && delayMs === (delayMs | 0)) {
      this.#unseen -= 1;
      this.#unplaced += 1;
      timer.tick = delayMs;
      this.#append(timer, unplaced);
      return;
    }
    const now = this.#world.monotonicMs();
    if (this.#unplaced > 0) this.#placeAll(now - this.#originMs);
    this.#unseen = unseenAtMost;
    this.#startAt(timer, now - this.#originMs, delayMs);
  }

  /** From now on timers may wait for their place, until `placeNow`. Who says so says that, too, and soon. */
  placeLater(): void {
    this.#placesLater = true;
  }

  /** @param nowMs what the world's monotonic clock has just said: those that wait get a place, and others may wait */
  placeAt(nowMs: number): void {
    this.#unseen = 0;
    if (this.#unplaced > 0) this.#placeAll(nowMs - this.#originMs);
  }

  /** Those that wait get a place, and none waits from now on. Reads the clock only if there are any. */
  placeNow(): void {
    this.#placesLater = false;
    if (this.#unplaced > 0) this.placeAt(this.#world.monotonicMs());
  }

  /** @returns milliseconds that were left, or false when it had fired or been cancelled */
  cancel(timer: Timer): number | false {
    const { slot } = timer;
    if (slot === notSet) return false;
    this.discard(timer);
    return slot === unplaced ? timer.tick : this.#left(timer);
  }

  /** Cancels, for those who do not care what was left: no clock is read. */
  discard(timer: Timer): void {
    const { slot } = timer;
    if (slot === notSet) return;
    this.#unlink(timer);
    if (slot === unplaced) this.#unplaced -= 1;
    else {
      this.#count -= 1;
      if (this.#count === 0 && !this.#advancing) this.#idle();
    }
  }

  /** @returns milliseconds left, or false when it has fired or been cancelled */
  read(timer: Timer): number | false {
    if (timer.slot === notSet) return false;
    return timer.slot === unplaced ? timer.tick : this.#left(timer);
  }

  /** Cancels all. */
  clear(): void {
    for (const first of this.#slots) {
      for (let timer = first; timer !== undefined && timer.slot !== notSet; timer = timer.next) timer.slot = notSet;
    }
    this.#slots.fill(undefined);
    this.#count = this.#unplaced = 0;
    this.#disarm();
  }

  #left(timer: Timer): number {
    return Math.max(0, timer.tick - (this.#world.monotonicMs() - this.#originMs));
  }

  #placeAll(now: number): void {
    for (let timer = this.#slots[unplaced]; timer !== undefined; timer = this.#slots[unplaced]) {
      this.#unlink(timer);
      this.#startAt(timer, now, timer.tick);
    }
    this.#unplaced = 0;
  }

  #startAt(timer: Timer, now: number, delayMs: number): void {
    if (this.#count === 0 && !this.#advancing) this.#tick = Math.floor(now);
    timer.tick = Math.max(Math.ceil(now + delayMs), this.#tick + 1);
    this.#place(timer);
    this.#count += 1;
    if (this.#advancing) return;
    if (timer.tick < this.#alarmTick) this.#arm(timer.tick);
    else if (this.#count === 1) this.#alarm!.keepAlive?.(true);
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
    this.#append(timer, slot);
    if (inFront) this.#slots[slot] = timer;
  }

  /** To the end of a slot's ring; who then makes it the first one has put it in front. */
  #append(timer: Timer, slot: number): void {
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
    timer.slot = notSet;
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
    const now = this.#world.monotonicMs() - this.#originMs;
    if (this.#unplaced > 0) this.#placeAll(now);
    const target = Math.floor(now);
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
      timer.fire();
    }
  }
}

/** The ring of those that wait for their place, behind the slots of the levels. */
const unplaced = 256 + 3 * 64;
/** Timers that may be set without a look at the clock. */
const unseenAtMost = 15;

/** Levels 1 to 3: ticks in a slot, and where their slots begin. */
const levels = [
  { span: 256, slots: 256 },
  { span: 16_384, slots: 320 },
  { span: 1_048_576, slots: 384 },
] as const;

/** What a timer of Node takes at the most. A longer wait is made of several alarms. */
const maxAlarmMs = 2 ** 31 - 1;
