/**
 * Random use of a stream, as data, and what a page shows after it: an array of ids.
 *
 *   cycle   what is done between two renders: a reset or none, then deletions, then inserts; no id is inserted twice
 */
import fc from "fast-check";
import type { InsertOptions } from "../../liveview/diff/stream.ts";

export interface StreamCycle {
  readonly reset: readonly number[] | null;
  readonly deletes: readonly number[];
  /** Of an id that is deleted too: it moves. */
  readonly inserts: readonly ({ readonly id: number; readonly text: string } & InsertOptions)[];
}

const ids = fc.uniqueArray(fc.nat(9), { maxLength: 6 });

export const streamCycle: fc.Arbitrary<StreamCycle> = fc
  .record({
    reset: fc.option(ids, { freq: 6 }),
    deletes: ids,
    inserts: fc.uniqueArray(
      fc.record({
        id: fc.nat(9),
        text: fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 3 }),
        at: fc.constantFrom(-1, -1, 0, 1, 2, 5),
        limit: fc.constantFrom(null, null, 4, -4, 0),
        updateOnly: fc.boolean(),
      }),
      { selector: ({ id }) => id, maxLength: 6 },
    ),
    // With a limit in the same cycle, the official client takes what the limit has just removed for what is there.
    limited: fc.boolean(),
  })
  .map(({ limited, inserts, ...rest }) => ({
    ...rest,
    inserts: inserts
      .filter(({ id }) => rest.reset?.includes(id) !== true)
      .map((insert) => (limited ? { ...insert, updateOnly: false } : { ...insert, limit: null })),
  }));

/** A stream's methods, or a model's. */
export interface StreamUse {
  reset(ids: readonly number[]): void;
  delete(id: number): void;
  insert(id: number, text: string, options: InsertOptions): void;
}

export function runCycle({ reset, deletes, inserts }: StreamCycle, use: StreamUse): void {
  if (reset !== null) use.reset(reset);
  for (const id of deletes) use.delete(id);
  for (const { id, text, ...options } of inserts) use.insert(id, text, options);
}

/** What the page shows: one operation after the other on an array. */
export class StreamModel implements StreamUse {
  items: { readonly id: number; readonly text: string }[] = [];

  reset(ids: readonly number[]): void {
    this.items = ids.map((id) => ({ id, text: "reset" }));
  }

  delete(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
  }

  insert(id: number, text: string, { at = -1, limit = null, updateOnly = false }: InsertOptions): void {
    const known = this.items.findIndex((item) => item.id === id);
    if (known !== -1) {
      this.items[known] = { id, text };
      return;
    }
    if (updateOnly) return;
    this.items.splice(at === -1 ? this.items.length : at, 0, { id, text });
    if (limit !== null) this.items = limit < 0 ? this.items.slice(limit) : this.items.slice(0, limit);
  }
}
