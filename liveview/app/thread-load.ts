/** ThreadLoad: how many views and pages each thread has; the next one goes to the thread that has the fewest. */

/** No thread's number: what waits for one. */
export const noThread = -1;

export class ThreadLoad {
  readonly #threads: () => readonly number[];
  readonly #load = new Map<number, number>();

  /** @param threads those that have booted, and have room */
  constructor(threads: () => readonly number[]) {
    this.#threads = threads;
  }

  /** @returns undefined when there is no thread at all */
  least(): number | undefined {
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const thread of this.#threads()) {
      const load = this.#load.get(thread) ?? 0;
      if (load < least) {
        best = thread;
        least = load;
      }
    }
    return best;
  }

  add(thread: number): void {
    this.#load.set(thread, (this.#load.get(thread) ?? 0) + 1);
  }

  /** Nothing to do for a thread that has ended: its load went with it. */
  remove(thread: number): void {
    const load = this.#load.get(thread);
    if (load !== undefined) this.#load.set(thread, load - 1);
  }

  /** The thread has ended. */
  forget(thread: number): void {
    this.#load.delete(thread);
  }
}
