/**
 * InboxModel: what a mailbox must hold, as a plain array: the docstrings of kernel/mailbox-options.ts, once more, slowly.
 *
 *   [ u1 u2 | m1 d1 m2 ]      urgent ones first; d1: a message of the kernel itself, which always passes
 */
import type { MailboxOptions } from "../../../kernel/mailbox-options.ts";

export type EntryKind = "plain" | "urgent" | "call" | "system" | "sysRequest";

export interface Entry {
  readonly kind: EntryKind;
  readonly id: number;
  readonly tag: number;
  readonly key: number | undefined;
}

/** What became of a message. */
export type Fate = "waits" | "dropped" | "killed";

export class InboxModel {
  readonly #max: number;
  readonly #overflow: "dropNewest" | "dropOldest" | "reject" | "exit" | "coalesce";
  readonly entries: Entry[] = [];
  dropped = 0;
  coalesced = 0;
  /** Calls that found no room, or were dropped for another: they fail. */
  readonly failedCalls = new Set<number>();

  constructor(options: MailboxOptions) {
    this.#max = options.max ?? Number.POSITIVE_INFINITY;
    const { overflow = "dropNewest" } = options;
    this.#overflow = typeof overflow === "object" ? "coalesce" : overflow;
  }

  comes(entry: Entry): Fate {
    if (this.#overflow === "coalesce" && entry.kind === "plain" && entry.key !== undefined) {
      const waiting = this.entries.find(({ kind, key }) => kind === "plain" && key === entry.key);
      if (waiting !== undefined) {
        this.entries[this.entries.indexOf(waiting)] = entry;
        this.coalesced += 1;
        return "waits";
      }
    }
    if (this.entries.length >= this.#max && !isSystem(entry)) {
      this.dropped += 1;
      const oldest = this.entries.findIndex((waiting) => waiting.kind === "plain" || waiting.kind === "call");
      if (this.#overflow !== "dropOldest" || oldest < 0) {
        this.#drop(entry);
        return this.#overflow === "exit" ? "killed" : "dropped";
      }
      this.#drop(this.entries.splice(oldest, 1)[0]!);
    }
    if (!isUrgent(entry)) this.entries.push(entry);
    else {
      const ordinary = this.entries.findIndex((waiting) => !isUrgent(waiting));
      this.entries.splice(ordinary < 0 ? this.entries.length : ordinary, 0, entry);
    }
    return "waits";
  }

  /** Takes the first one that matches. */
  take(matches: (entry: Entry) => boolean): Entry | undefined {
    const index = this.entries.findIndex((entry) => entry.kind !== "sysRequest" && matches(entry));
    return index < 0 ? undefined : this.entries.splice(index, 1)[0];
  }

  /** Takes the one with this number, whatever it is. @returns whether it was there */
  remove(id: number): boolean {
    const index = this.entries.findIndex((entry) => entry.id === id);
    if (index >= 0) this.entries.splice(index, 1);
    return index >= 0;
  }

  toString(): string {
    return `[${this.entries.map(({ id, kind }) => `${kind} ${id}`).join(", ")}]`;
  }

  #drop({ kind, id }: Entry): void {
    if (kind === "call") this.failedCalls.add(id);
  }
}

function isSystem({ kind }: Entry): boolean {
  return kind === "system" || kind === "sysRequest";
}

function isUrgent({ kind }: Entry): boolean {
  return kind === "urgent" || kind === "sysRequest";
}
