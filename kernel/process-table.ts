/**
 * ProcessTable: the processes of one kernel, by serial.
 *
 *   slots   [ · ][ 9 ─▷ 1 ][ · ][ 3 ][ · ] ...      a power of two; serial & (slots - 1), chained through the processes
 *
 * Cost: serials are given out one after the other, so chains stay short; add and delete are a store or two, without
 * allocation, where a Map of as many would rehash now and then. It doubles when it has more processes than slots, and
 * halves when it has eight times fewer.
 */
import type { Process } from "./process.ts";

export class ProcessTable {
  #slots: (Process | undefined)[] = new Array<Process | undefined>(leastSlots).fill(undefined);
  size = 0;

  get(serial: number): Process | undefined {
    let process = this.#slots[serial & (this.#slots.length - 1)];
    while (process !== undefined && process.pid.serial !== serial) process = process.nextInTable;
    return process;
  }

  add(process: Process): void {
    if (this.size === this.#slots.length) this.#resize(this.size * 2);
    this.#put(process);
    this.size += 1;
  }

  /** It must be there. */
  delete(process: Process): void {
    const slots = this.#slots;
    const slot = process.pid.serial & (slots.length - 1);
    const first = slots[slot]!;
    if (first === process) slots[slot] = process.nextInTable;
    else {
      let before = first;
      while (before.nextInTable !== process) before = before.nextInTable!;
      before.nextInTable = process.nextInTable;
    }
    process.nextInTable = undefined;
    this.size -= 1;
    if (slots.length > leastSlots && this.size * 8 < slots.length) this.#resize(slots.length / 2);
  }

  /** All of them, the oldest first: a copy. */
  all(): Process[] {
    const all: Process[] = [];
    for (const first of this.#slots) {
      for (let process = first; process !== undefined; process = process.nextInTable) all.push(process);
    }
    return all.sort((one, other) => one.pid.serial - other.pid.serial);
  }

  #put(process: Process): void {
    const slot = process.pid.serial & (this.#slots.length - 1);
    process.nextInTable = this.#slots[slot];
    this.#slots[slot] = process;
  }

  #resize(length: number): void {
    const old = this.#slots;
    this.#slots = new Array<Process | undefined>(length).fill(undefined);
    for (const first of old) {
      for (let process = first; process !== undefined; ) {
        const next: Process | undefined = process.nextInTable;
        this.#put(process);
        process = next;
      }
    }
  }
}

const leastSlots = 64;
