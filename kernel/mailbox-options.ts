/**
 * Bounded mailboxes: how many messages may wait for a process, and what happens to one more.
 *
 *   dropNewest   it is dropped                                              (default)
 *   dropOldest   the oldest ordinary message is dropped in its place
 *   reject       it is dropped, and who sent it by `send`, to a pid or name of its own thread, gets a MailboxError
 *   exit         the process ends with reason "mailboxFull"
 *   coalesce     a message replaces the one with the same key that waits, at its place, full or not; else as dropNewest
 *
 * Whatever the policy: exit and `down` messages, results of tasks and sys requests always pass; a call that finds no room
 * fails at once with `mailboxFull`; what is dropped is counted (`dropped` of the kernel's stats and of `processInfo`), and
 * what was replaced, too (`coalesced` of `processInfo`). OTP has no bound (G22).
 */
import { OptionError, shown } from "./errors.ts";
import { Mailbox } from "./mailbox.ts";
import { checkKeys } from "./options.ts";

export interface MailboxOptions {
  /** Messages that may wait; default the kernel's `maxMailbox`. */
  readonly max?: number;
  readonly overflow?: "dropNewest" | "dropOldest" | "reject" | "exit" | Coalesce;
}

export interface Coalesce {
  /**
   * A message's key; undefined: it is not coalesced. A cast comes as `{ name, payload }`; calls, urgent messages and what
   * the kernel itself sends are never coalesced. It runs in the turn of who sends, so it must be quick and pure. If it
   * throws, the process that it belongs to ends with `{ error }`.
   */
  readonly coalesce: (message: unknown) => unknown;
}

/** @throws {OptionError} naming the option */
export function checkMailboxOptions(options: MailboxOptions, whose: string): void {
  checkKeys(`${whose}: mailbox`, options, ["max", "overflow"]);
  const { max, overflow } = options;
  if (max !== undefined && !(typeof max === "number" && max >= 1)) {
    throw new OptionError(`${whose}: expected mailbox.max to be a number of at least 1, got ${shown(max)}.`);
  }
  const isKnown =
    overflow === undefined ||
    ["dropNewest", "dropOldest", "reject", "exit"].includes(overflow as string) ||
    (typeof overflow === "object" && overflow !== null && typeof overflow.coalesce === "function");
  if (!isKnown) {
    throw new OptionError(
      `${whose}: expected mailbox.overflow to be "dropNewest", "dropOldest", "reject", "exit" or { coalesce }, got ${shown(overflow)}.`,
    );
  }
}

/** A mailbox in which a newer message takes the place of an older one with the same key. */
export class CoalescingMailbox extends Mailbox {
  readonly keyOf: (message: unknown) => unknown;
  readonly #waiting = new Map<unknown, Keyed>();

  constructor(limit: number, keyOf: (message: unknown) => unknown) {
    super(limit);
    this.keyOf = keyOf;
  }

  /** @returns whether the message took the place of one that waits */
  replace(key: unknown, message: unknown): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    waiting.message = message;
    return true;
  }

  /** @param key undefined: it is not coalesced. The caller has seen that none with this key waits */
  override push(message: unknown, key?: unknown): void {
    if (key === undefined) return super.push(message);
    const keyed = new Keyed(key, message);
    this.#waiting.set(key, keyed);
    super.push(keyed);
  }

  override shift(): unknown {
    return this.#opened(super.shift());
  }

  override at(index: number): unknown {
    const slot = super.at(index);
    return slot instanceof Keyed ? slot.message : slot;
  }

  override removeAt(index: number): unknown {
    // `removeAt(0)` of the base shifts, and so has opened it already.
    return index === 0 ? this.shift() : this.#opened(super.removeAt(index));
  }

  override clear(): void {
    super.clear();
    this.#waiting.clear();
  }

  #opened(slot: unknown): unknown {
    if (!(slot instanceof Keyed)) return slot;
    this.#waiting.delete(slot.key);
    return slot.message;
  }
}

/** A message in a slot, with its key. */
class Keyed {
  readonly key: unknown;
  message: unknown;

  constructor(key: unknown, message: unknown) {
    this.key = key;
    this.message = message;
  }
}
