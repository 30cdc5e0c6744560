/**
 * ReadTurns: how much of what has come from other threads is read in one turn of the event loop, so that processes get to
 * handle it before there is more of it. Mailboxes stay short, and messages die young (research 3a).
 *
 *   crossing A  ▒ ▒ ▒ ┐
 *   crossing B  ▒     ├─▷ a slab of each in turn, until the budget is used ─▷ next turn
 *   crossing C  ▒ ▒   ┘
 *
 * Where a process has more than 10,000 messages waiting, what comes from there waits too, until half of them are handled, but
 * for 20 ms a slab at the most. So its senders are slowed down by the crossing before its mailbox is full.
 */
import type { Kernel } from "../kernel.ts";

/** Somebody for whom slabs have come. */
export interface SlabReader {
  /** Reads the next slab, if there is one. @returns its bytes */
  readNext(): number;
  readonly hasMore: boolean;
  /** A process that it read for has to catch up first. */
  readonly waits: boolean;
}

export class ReadTurns {
  readonly #kernel: Kernel;
  #waiting: SlabReader[] = [];
  #left = idleBytes;
  #scheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * A slab has come: it is read at once, if this turn has something left. For the first one of a turn, what it woke runs at
   * once, too: one slice.
   */
  arrived(reader: SlabReader): void {
    const holds = !this.#scheduled && this.#kernel.queue.hold();
    if (this.#left > 0 && this.#waiting.length === 0 && !reader.waits) this.#left -= reader.readNext();
    if (reader.hasMore && !this.#waiting.includes(reader)) this.#waiting.push(reader);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#kernel.world.nextTurn(this.#turn);
    }
    if (holds) this.#kernel.queue.release();
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#left = this.#kernel.queue.length > 0 ? busyBytes : idleBytes;
    let waiting = 0;
    while (this.#left > 0 && waiting < this.#waiting.length) {
      const reader = this.#waiting.shift()!;
      if (reader.waits) {
        waiting += 1;
        this.#waiting.push(reader);
      } else {
        this.#left -= reader.readNext();
        if (reader.hasMore) this.#waiting.push(reader);
      }
    }
    if (this.#waiting.length === 0) return;
    this.#scheduled = true;
    if (waiting === this.#waiting.length) this.#kernel.world.alarm(catchUpMs, this.#turn);
    else this.#kernel.world.nextTurn(this.#turn);
  };
}

/** Bytes of a turn when no process waits for its own, */
const idleBytes = 128 * 1024;
/** and when some do: about as many messages as a slice handles. */
const busyBytes = 16 * 1024;
/** Milliseconds until it is looked at again whether all have caught up for whom there is something to read. */
const catchUpMs = 1;
