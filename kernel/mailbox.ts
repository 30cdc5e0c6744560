/**
 * Mailbox: the messages that wait for one process, oldest first.
 *
 *   slots  [ . . m3 m4 m5 . . . ]      head = 2, length = 3; a power of two, grown by doubling
 *
 * Cost: nothing until the first message; push and shift O(1); `removeAt` moves the shorter side. A large ring that has
 * been drained is dropped, so that a burst does not hold memory for ever (research: ring against linked nodes, 3a).
 * Urgent messages stand before all others, in the order in which they came.
 */
export class Mailbox {
  /** Messages that may wait; what happens beyond is up to the kernel (mailbox-options.ts). */
  readonly limit: number;
  #slots: unknown[] | undefined;
  #head = 0;
  length = 0;
  /** How many of the messages at the front are urgent. */
  urgent = 0;
  /** Ordinary messages that ever came: where a receive marker points (receive.ts). */
  pushed = 0;
  /** The most that waited at one time. */
  highWater = 0;

  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.limit = limit;
  }

  /** @param _key for a mailbox that coalesces */
  push(message: unknown, _key?: unknown): void {
    const slots = this.#roomy();
    slots[(this.#head + this.length) & (slots.length - 1)] = message;
    this.pushed += 1;
    this.#grew();
  }

  /** Puts a message before all that are not urgent. Cost: O(urgent messages that wait). */
  pushUrgent(message: unknown): void {
    const slots = this.#roomy();
    const mask = slots.length - 1;
    this.#head = (this.#head - 1) & mask;
    for (let i = 0; i < this.urgent; i++) slots[(this.#head + i) & mask] = slots[(this.#head + i + 1) & mask];
    slots[(this.#head + this.urgent) & mask] = message;
    this.urgent += 1;
    this.#grew();
  }

  #roomy(): unknown[] {
    const slots = this.#slots;
    if (slots === undefined) {
      this.#slots = [undefined, undefined, undefined, undefined];
      return this.#slots;
    }
    return this.length === slots.length ? this.#grow(slots) : slots;
  }

  #grew(): void {
    this.length += 1;
    if (this.length > this.highWater) this.highWater = this.length;
  }

  /** Takes the oldest message. The caller has checked that `length > 0`. */
  shift(): unknown {
    const slots = this.#slots!;
    const message = slots[this.#head];
    slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (slots.length - 1);
    this.length -= 1;
    if (this.urgent > 0) this.urgent -= 1;
    if (this.length === 0 && slots.length > maxKeptSlots) this.clear();
    return message;
  }

  /** The message at a position counted from the oldest. */
  at(index: number): unknown {
    const slots = this.#slots!;
    return slots[(this.#head + index) & (slots.length - 1)];
  }

  /** Takes the message at a position; what was skipped keeps its order. */
  removeAt(index: number): unknown {
    if (index === 0) return this.shift();
    if (index < this.urgent) this.urgent -= 1;
    const slots = this.#slots!;
    const mask = slots.length - 1;
    const message = slots[(this.#head + index) & mask];
    if (index < this.length / 2) {
      for (let i = index; i > 0; i--) slots[(this.#head + i) & mask] = slots[(this.#head + i - 1) & mask];
      slots[this.#head] = undefined;
      this.#head = (this.#head + 1) & mask;
    } else {
      for (let i = index; i < this.length - 1; i++) slots[(this.#head + i) & mask] = slots[(this.#head + i + 1) & mask];
      slots[(this.#head + this.length - 1) & mask] = undefined;
    }
    this.length -= 1;
    return message;
  }

  /** Among the ordinary messages: where the one that came as the n-th (`pushed` before it came) stands, or a little before. */
  positionOf(n: number): number {
    return Math.max(0, n - (this.pushed - (this.length - this.urgent)));
  }

  clear(): void {
    this.#slots = undefined;
    this.#head = 0;
    this.urgent = 0;
    this.length = 0;
  }

  #grow(slots: unknown[]): unknown[] {
    const grown: unknown[] = new Array(slots.length * 2);
    for (let i = 0; i < this.length; i++) grown[i] = slots[(this.#head + i) & (slots.length - 1)];
    for (let i = this.length; i < grown.length; i++) grown[i] = undefined;
    this.#slots = grown;
    this.#head = 0;
    return grown;
  }
}

const maxKeptSlots = 64;
