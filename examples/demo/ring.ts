/**
 * Ring: the last things that were seen, each in a slot that it keeps until something newer takes it.
 *
 *   at      57 58 59 │ 60 61          61 is the newest: it took the slot of 1
 *   slots   60 61  2  3 ...  58 59    a list keyed by slot: one entry changes, none moves
 *
 * A value: `push` makes a new ring, which shares all slots but one.
 */
export interface Ring<T> {
  readonly slots: readonly Slot<T>[];
  /** `at` of the newest; -1 while there is none. */
  readonly last: number;
}

export interface Slot<T> {
  /** Counts up from 0, over all that was ever pushed. */
  readonly at: number;
  readonly item: T;
}

/** How many a ring keeps. */
export const ringSize = 60;

export const emptyRing: Ring<never> = { slots: [], last: -1 };

export function push<T>(ring: Ring<T>, item: T): Ring<T> {
  const at = ring.last + 1;
  const slots = [...ring.slots];
  slots[at % ringSize] = { at, item };
  return { slots, last: at };
}

export function newest<T>(ring: Ring<T>): T | undefined {
  return ring.slots[ring.last % ringSize]?.item;
}

/** Which slot of its ring this is. */
export function slotIndex({ at }: Slot<unknown>): number {
  return at % ringSize;
}
