/**
 * RegistryLocks: who may run a locked function now, and who waits, by key.
 *
 *   key ─▷ holder, waiter, waiter, ...     first come, first served; the next one's turn comes when the holder's function
 *                                          has settled, or when the holder has ended, whichever is first
 */
import { RegistryError } from "../errors.ts";
import type { Process } from "../process.ts";

interface Turn {
  readonly process: Process;
  readonly begin: () => void;
}

export class RegistryLocks {
  /** By key's id: the first turn is the holder's. No list is empty. */
  readonly #turns = new Map<unknown, Turn[]>();

  /** @param what the lock, for the error's sentence */
  async run<T>(process: Process, id: unknown, what: string, locked: () => T | PromiseLike<T>): Promise<T> {
    const turns = this.#turns.get(id) ?? [];
    if (turns.some((turn) => turn.process === process)) {
      throw new RegistryError(
        `Process ${process.pid} would wait for itself: it holds or awaits ${what} already. Do both things inside one lock.`,
        "callingSelf",
      );
    }
    this.#turns.set(id, turns);
    await new Promise<void>((begin) => {
      turns.push({ process, begin });
      if (turns.length === 1) begin();
    });
    try {
      process.assertAlive();
      return await locked();
    } finally {
      this.#leave(id, process);
    }
  }

  /** The process has ended: it holds no lock and waits for none. */
  release(process: Process): void {
    for (const id of [...this.#turns.keys()]) this.#leave(id, process);
  }

  #leave(id: unknown, process: Process): void {
    const turns = this.#turns.get(id);
    const at = turns === undefined ? -1 : turns.findIndex((turn) => turn.process === process);
    if (turns === undefined || at === -1) return;
    turns.splice(at, 1);
    if (turns.length === 0) this.#turns.delete(id);
    else if (at === 0) turns[0]!.begin();
  }
}
