/**
 * SimWorld: a world in which time is a number and the order of events follows from a seed, so that a run can be replayed.
 *
 *   nextTurn ───────────▷ ready ┐
 *   alarms that are due ────────┼─▷ one of them, by the seed ─▷ its microtasks, to the end ─▷ the next one
 *   slabs that have arrived ────┘
 *                nothing is ready ─▷ time jumps to the next alarm or slab
 *
 * Time stands still but for those jumps and `readingMs` per look at the clock, which is what ends a slice of a run queue
 * that never gets empty. An hour of timers takes as long as the callbacks that they run.
 *
 * What it does not control: the order of native promises among each other, inside one step (it is the engine's, and the
 * same in every run); code that asks the machine for time, randomness or a turn instead of its world; garbage collection.
 * Threads here never run at the same moment: races on shared memory need real ones.
 */
import type { Alarm, World } from "../world.ts";
import { SimulationError } from "./errors.ts";
import { Random } from "./random.ts";

export interface SimWorldOptions {
  /** What the wall clock shows at the start, in milliseconds since 1970. Default 2026-01-01. */
  readonly systemMs?: number;
  /** Milliseconds that pass with every reading of the monotonic clock; default 0.001. */
  readonly readingMs?: number;
}

export interface RunOptions {
  /** Virtual milliseconds to run for; default until nothing is left to do. The clock then shows that much more. */
  readonly forMs?: number;
  /** Callbacks after which the run is taken for endless; default 1,000,000. */
  readonly maxSteps?: number;
}

export class SimWorld implements World {
  readonly seed: number;
  readonly #choices: Random;
  readonly #values: Random;
  readonly #readingMs: number;
  #nowMs = 0;
  #systemOffsetMs: number;
  readonly #ready: (() => void)[] = [];
  readonly #alarms = new AlarmHeap();
  #microtasks: (() => void)[] = [];
  #steps = 0;

  constructor(seed: number, options: SimWorldOptions = {}) {
    this.seed = seed;
    this.#choices = new Random(seed);
    this.#values = this.#choices.fork();
    this.#readingMs = options.readingMs ?? 0.001;
    this.#systemOffsetMs = options.systemMs ?? Date.UTC(2026, 0, 1);
  }

  // ---- World ----------------------------------------------------------------------------------------------------------

  monotonicMs(): number {
    this.#nowMs += this.#readingMs;
    return this.#nowMs;
  }

  systemMs(): number {
    return Math.floor(this.#nowMs + this.#systemOffsetMs);
  }

  random(): number {
    return this.#values.number();
  }

  randomBytes(size: number): Uint8Array {
    return this.#values.bytes(size);
  }

  nextTurn(run: () => void): void {
    this.#ready.push(run);
  }

  microtask(run: () => void): void {
    this.#microtasks.push(run);
  }

  alarm(delayMs: number, run: () => void): Alarm {
    const alarm = new SimAlarm(this.#nowMs + Math.max(0, delayMs), run);
    this.#alarms.push(alarm);
    return alarm;
  }

  // ---- for tests ------------------------------------------------------------------------------------------------------

  /** Virtual milliseconds since the start; looking does not take time. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Callbacks run so far. */
  get steps(): number {
    return this.#steps;
  }

  /** For a test's own decisions: drawn from the seed, apart from what the world itself draws. */
  fork(): Random {
    return this.#choices.fork();
  }

  /** Moves the wall clock, as an operator or NTP does; the monotonic clock does not notice. */
  jumpSystemClock(byMs: number): void {
    this.#systemOffsetMs += byMs;
  }

  /** Lets time pass in which nothing runs, as when the machine sleeps or one callback takes long. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /**
   * Runs until nothing is left to do, or for a while. Handlers that are async do not get on: see `runAsync`.
   *
   * @returns how many callbacks were run
   * @throws {SimulationError} after `maxSteps`
   */
  run(options: RunOptions = {}): number {
    const run = new Run(this, options);
    this.#drain();
    for (let next = this.#next(run.endMs); next !== undefined; next = this.#next(run.endMs)) {
      run.count();
      next();
      this.#drain();
    }
    if (run.endMs !== Number.POSITIVE_INFINITY) this.#nowMs = Math.max(this.#nowMs, run.endMs);
    return run.steps;
  }

  /** Like `run`, and lets native promises settle between any two callbacks: for async handlers and `receive`. */
  async runAsync(options: RunOptions = {}): Promise<number> {
    const run = new Run(this, options);
    await this.#drainPromises();
    for (let next = this.#next(run.endMs); next !== undefined; next = this.#next(run.endMs)) {
      run.count();
      next();
      await this.#drainPromises();
    }
    if (run.endMs !== Number.POSITIVE_INFINITY) this.#nowMs = Math.max(this.#nowMs, run.endMs);
    return run.steps;
  }

  /**
   * Runs until a promise has settled, and no further.
   *
   * @returns what it was fulfilled with; a rejection is thrown
   * @throws {SimulationError} when nothing is left to do and it has not settled
   */
  async until<T>(promise: Promise<T>, options: RunOptions = {}): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    const run = new Run(this, options);
    await this.#drainPromises();
    while (!settled) {
      const next = this.#next(run.endMs);
      if (next === undefined) {
        throw new SimulationError(
          `Simulated world ${this.seed}: expected the promise to settle, but nothing is left to do at ${this.#nowMs} ms.`,
          this.seed,
        );
      }
      run.count();
      next();
      await this.#drainPromises();
    }
    return promise;
  }

  /** @internal */
  countStep(): void {
    this.#steps += 1;
  }

  /** Takes one callback that may run now, after a jump in time if there is none. */
  #next(endMs: number): (() => void) | undefined {
    if (this.#nowMs > endMs) return undefined;
    for (let alarm = this.#alarms.due(this.#nowMs); alarm !== undefined; alarm = this.#alarms.due(this.#nowMs)) {
      this.#ready.push(ring(alarm));
    }
    if (this.#ready.length === 0) {
      const alarm = this.#alarms.due(endMs);
      if (alarm === undefined) return undefined;
      this.#nowMs = Math.max(this.#nowMs, alarm.dueMs);
      this.#ready.push(ring(alarm));
      return this.#next(endMs);
    }
    const index = this.#ready.length === 1 ? 0 : this.#choices.below(this.#ready.length);
    const chosen = this.#ready[index]!;
    const last = this.#ready.pop()!;
    if (index < this.#ready.length) this.#ready[index] = last;
    return chosen;
  }

  #drain(): void {
    while (this.#microtasks.length > 0) {
      const microtasks = this.#microtasks;
      this.#microtasks = [];
      for (const run of microtasks) run();
    }
  }

  async #drainPromises(): Promise<void> {
    do {
      this.#drain();
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#microtasks.length > 0);
  }
}

/** One `run`: where it ends. */
class Run {
  readonly #world: SimWorld;
  readonly #maxSteps: number;
  readonly endMs: number;
  steps = 0;

  constructor(world: SimWorld, options: RunOptions) {
    this.#world = world;
    this.#maxSteps = options.maxSteps ?? 1_000_000;
    this.endMs = world.nowMs + (options.forMs ?? Number.POSITIVE_INFINITY);
  }

  count(): void {
    this.steps += 1;
    this.#world.countStep();
    if (this.steps <= this.#maxSteps) return;
    throw new SimulationError(
      `Simulated world ${this.#world.seed}: expected nothing to be left to do after ${this.#maxSteps} steps (now ${this.#world.nowMs} ms). Is there an interval? Pass { forMs }.`,
      this.#world.seed,
    );
  }
}

class SimAlarm implements Alarm {
  readonly dueMs: number;
  run: (() => void) | undefined;

  constructor(dueMs: number, run: () => void) {
    this.dueMs = dueMs;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}

/** An alarm may be cancelled after it came due and before its turn came. */
function ring(alarm: SimAlarm): () => void {
  return () => {
    const { run } = alarm;
    alarm.run = undefined;
    run?.();
  };
}

/** The alarms that are set, the earliest on top: a binary heap. Cancelled ones leave when they get there. */
class AlarmHeap {
  readonly #alarms: SimAlarm[] = [];

  push(alarm: SimAlarm): void {
    const alarms = this.#alarms;
    let at = alarms.push(alarm) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (alarms[above]!.dueMs <= alarm.dueMs) break;
      alarms[at] = alarms[above]!;
      at = above;
    }
    alarms[at] = alarm;
  }

  /** Takes the earliest alarm, if it is due by then. */
  due(byMs: number): SimAlarm | undefined {
    while (this.#alarms.length > 0 && this.#alarms[0]!.run === undefined) this.#pop();
    if (this.#alarms.length === 0 || this.#alarms[0]!.dueMs > byMs) return undefined;
    return this.#pop();
  }

  #pop(): SimAlarm {
    const alarms = this.#alarms;
    const top = alarms[0]!;
    const moved = alarms.pop()!;
    if (alarms.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= alarms.length) break;
      if (below + 1 < alarms.length && alarms[below + 1]!.dueMs < alarms[below]!.dueMs) below += 1;
      if (alarms[below]!.dueMs >= moved.dueMs) break;
      alarms[at] = alarms[below]!;
      at = below;
    }
    alarms[at] = moved;
    return top;
  }
}
