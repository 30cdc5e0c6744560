/** Rare: what few processes have. An object of its own, made on first use, so that the others do not pay for it. */
import type { Lineage } from "./ancestry.ts";
import type { PendingCall } from "./calls.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { MailboxOptions } from "./mailbox-options.ts";
import type { OwnedTimer } from "./message-timers.ts";
import type { Pid, Ref } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Receiving } from "./receive.ts";
import type { SmallSet } from "./small-collections.ts";

export interface Rare {
  mailboxOptions?: MailboxOptions;
  /** Messages dropped at its full mailbox. */
  dropped?: number;
  /** Messages replaced by newer ones with the same key. */
  coalesced?: number;
  /** Its state may take so many bytes, and when that is looked at next. */
  stateLimit?: { readonly maxBytes: number; turnsToCheck: number };
  /** `suspend`s without their `resume`. */
  suspended?: number;
  /** Its aliases that are active. */
  aliases?: Set<Ref>;
  /** Those of them that end with the monitor of the same ref. */
  monitorAliases?: Set<Ref>;
  /** Refs that it made lately, and how many messages had come by then (receive.ts). */
  marks?: { ref: Ref; pushed: number }[];
  /** As which it is registered. */
  name?: string;
  /** Where it owns entries beside its names: registries, process groups. */
  tables?: Set<OwnedTable>;
  /** Row of the thread that its last child with `on: "spread"` went to. */
  spread?: number;
  topics?: Set<string>;
  /** The newest of the timers that end with it (message-timers.ts). */
  timers?: OwnedTimer | undefined;
  /** Its links whose exit messages go before all others. */
  urgentLinks?: Set<Pid>;
  /** Calls of this process that wait for a reply. */
  calls?: SmallSet<PendingCall>;
  /** Calls from other threads that this process has not answered: ref to thread. */
  remoteCalls?: Map<Ref, number>;
  /** Processes of other threads that this one has unlinked, until they say that they know: see signals.ts. */
  unlinking?: Map<Pid, Ref>;
  resources?: Set<Disposable | AsyncDisposable>;
  abort?: AbortController;
  receiving?: Receiving;
  /** It has slept, and goes on with this in its next turn. */
  goOn?: () => void;
  started?: { resolve(pid: Pid | undefined): void; reject(reason: ExitReason): void };
  dictionary?: Map<unknown, unknown>;
  /** Of its children (ancestry.ts). */
  lineage?: Lineage;
}

/** A table whose entries belong to processes. They go when their owner ends, before links and monitors hear of it. */
export interface OwnedTable {
  /** Must not throw: the rest of the end would be lost. */
  ownerEnded(owner: Process): void;
}
