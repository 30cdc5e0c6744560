/**
 * Counters: whole numbers that every thread of the program reads and changes, without a message. Erlang's `counters` and
 * `atomics`; of ETS, `update_counter`. Each operation is atomic; there are as many as were asked for, 8 bytes each.
 *
 * They are shared by their memory, which goes to a thread as it starts: `data` of `startSchedulers`, or `workerData`.
 * Not in a message: a process of another thread would share something that can change.
 *
 * @example
 * const visits = new Counters(2);
 * visits.add(0, 1);
 * const same = new Counters(visits.buffer); // as another thread makes it
 * if (same.get(0) !== 1) throw new Error("not shared");
 */
import { OptionError, shown } from "../errors.ts";

export class Counters {
  /** Give this to another thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #values: BigInt64Array;

  /** @param size how many, all 0; or the memory of counters that exist */
  constructor(size: number | SharedArrayBuffer) {
    if (size instanceof SharedArrayBuffer) this.buffer = size;
    else if (Number.isInteger(size) && size >= 1 && size <= maxCounters) this.buffer = new SharedArrayBuffer(size * 8);
    else {
      throw new OptionError(
        `Counters: expected a whole number of them from 1 to ${maxCounters}, or the buffer of others, got ${shown(size)}.`,
      );
    }
    this.#values = new BigInt64Array(this.buffer);
  }

  get size(): number {
    return this.#values.length;
  }

  get(index: number): number {
    return Number(Atomics.load(this.#values, this.#checked(index)));
  }

  put(index: number, value: number): void {
    Atomics.store(this.#values, this.#checked(index), whole(value));
  }

  /** @param by may be negative @returns the new value */
  add(index: number, by = 1): number {
    const amount = whole(by);
    return Number(Atomics.add(this.#values, this.#checked(index), amount) + amount);
  }

  /** @returns the value that was there */
  exchange(index: number, value: number): number {
    return Number(Atomics.exchange(this.#values, this.#checked(index), whole(value)));
  }

  /** Puts a value where `expected` is. @returns whether it was */
  compareExchange(index: number, expected: number, value: number): boolean {
    const before = whole(expected);
    return Atomics.compareExchange(this.#values, this.#checked(index), before, whole(value)) === before;
  }

  #checked(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.size) return index;
    throw new OptionError(`Counters: expected an index from 0 to ${this.size - 1}, got ${shown(index)}.`);
  }
}

function whole(value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new OptionError(`Counters: expected a whole number, got ${shown(value)}.`);
}

const maxCounters = 2 ** 24;
