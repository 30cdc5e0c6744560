/**
 * ReadTurns: how much of what has come from other threads is read in one turn of the event loop, so that processes get to
 * handle it before there is more of it. Mailboxes stay short, and messages die young (research 3a).
 *
 *   crossing A  ▒ ▒ ▒ ┐
 *   crossing B  ▒     ├─▷ a slab of each in turn, until the budget is used ─▷ next turn
 *   crossing C  ▒ ▒   ┘
 */
import type { Kernel } from "./kernel.ts";

/** Somebody for whom slabs have come. */
export interface SlabReader {
  /** Reads the next slab, if there is one. @returns its bytes */
  readNext(): number;
  readonly hasMore: boolean;
}

export class ReadTurns {
  readonly #kernel: Kernel;
  #waiting: SlabReader[] = [];
  #left = idleBytes;
  #scheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A slab has come: it is read at once, if this turn has something left. */
  arrived(reader: SlabReader): void {
    if (this.#left > 0 && this.#waiting.length === 0) this.#left -= reader.readNext();
    if (reader.hasMore && !this.#waiting.includes(reader)) this.#waiting.push(reader);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#kernel.world.nextTurn(this.#turn);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#left = this.#kernel.queue.length > 0 ? busyBytes : idleBytes;
    while (this.#left > 0) {
      const reader = this.#waiting.shift();
      if (reader === undefined) return;
      this.#left -= reader.readNext();
      if (reader.hasMore) this.#waiting.push(reader);
    }
    if (this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#kernel.world.nextTurn(this.#turn);
  };
}

/** Bytes of a turn when no process waits for its own, */
const idleBytes = 64 * 1024;
/** and when some do: about as many messages as a slice handles. */
const busyBytes = 16 * 1024;
