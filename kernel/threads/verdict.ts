/**
 * Verdict: a thread that interrupts what it runs asks the watchdog to terminate that, and stands still until the order is on
 * its way: nothing of what was interrupted runs in between.
 *
 *   thread     0 ─ asked ─▷ ...waits... ─▷ ordered: returns, and the order behind it is carried out
 *   watchdog             └─▷ judging ─ sends the order ─▷ ordered
 *
 * The order is the inspector's `Runtime.terminateExecution`: sent while the thread still answers the question before, it is
 * taken up as soon as that answer is given.
 */
export class Verdict {
  readonly #cell: Int32Array;

  readonly #nowMs: () => number;

  /** @param memory `Verdict.bytes` of it */
  constructor(memory: SharedArrayBuffer, nowMs: () => number) {
    this.#cell = new Int32Array(memory);
    this.#nowMs = nowMs;
  }

  /** On the thread, which stands still for it. @returns false when no order came in time: none will */
  ask(tell: () => void): boolean {
    Atomics.store(this.#cell, 0, asked);
    tell();
    // It spins: what was interrupted may be an `Atomics.wait`, and V8 has room for one in a thread.
    const endMs = this.#nowMs() + patienceMs;
    while (Atomics.load(this.#cell, 0) === asked && this.#nowMs() < endMs);
    if (Atomics.compareExchange(this.#cell, 0, asked, none) === asked) return false;
    while (Atomics.load(this.#cell, 0) === judging);
    Atomics.store(this.#cell, 0, none);
    return true;
  }

  /** On the main thread: sends the order, unless the thread has given up waiting for it. */
  give(order: () => void): void {
    if (Atomics.compareExchange(this.#cell, 0, asked, judging) !== asked) return;
    order();
    Atomics.store(this.#cell, 0, ordered);
  }

  static readonly bytes: number = 4;
}

const none = 0;
const asked = 1;
const judging = 2;
const ordered = 3;
const patienceMs = 200;
