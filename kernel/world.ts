/**
 * World: everything that a kernel takes from outside, so that a run can be replayed from a seed.
 *
 *              ┌ real-world.ts             the machine's clocks, event loop, randomness; worker threads
 *   World  ◁───┤
 *              └ testing/sim-world.ts      virtual time, a seeded order of turns and of randomness; threads as objects
 *
 * No product code reads a clock, draws randomness or schedules a callback in any other way
 * (test/architecture/determinism.test.ts keeps it so). Durations are milliseconds.
 */
export interface World {
  /** Milliseconds of a clock that never goes back, with fractions. For durations and timers; its origin means nothing. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as the wall clock shows them: it may jump. For tokens and for people. */
  systemMs(): number;
  /** A number in [0, 1), for decisions (jitter, sampling). Not for secrets. */
  random(): number;
  /** Bytes that nobody can guess, for secrets and ids (in a simulated world: from the seed). */
  randomBytes(size: number): Uint8Array;
  /** Runs the callback in a later turn of the event loop, after I/O had its chance. */
  nextTurn(run: () => void): void;
  /**
   * Like `nextTurn`, from a place of the event loop where what runs can be cut off without harm to anything else
   * (runaway.ts). A world that has no such place has not got it.
   */
  nextSlice?(run: () => void): void;
  /** Runs the callback when the current call stack is empty, before I/O. */
  microtask(run: () => void): void;
  /** Runs the callback once, `delayMs` from now at the earliest. It keeps the program alive only if `keepAlive`. */
  alarm(delayMs: number, run: () => void, keepAlive?: boolean): Alarm;
}

export interface Alarm {
  /** No effect when it has rung already. */
  cancel(): void;
  /** Whether the program lives on for it. A world in which that means nothing has not got it. */
  keepAlive?(keep: boolean): void;
}

/**
 * One end of the way to another thread. Bytes arrive whole and in order, or not at all once either thread has ended.
 * What is posted belongs to the boundary from then on (a real one transfers it).
 */
export interface Boundary {
  post(slab: Uint8Array): void;
  /** At most one listener; slabs that come before it is set are kept. */
  listen(onSlab: (slab: Uint8Array) => void): void;
  /** Hands over, at once, what has come and waits in an event queue. One that has no such queue has not got it. */
  drain?(): void;
  close(): void;
}
