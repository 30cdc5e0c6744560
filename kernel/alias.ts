/**
 * Aliases: addresses of a process that can be switched off, for answers that may come too late.
 *
 *   const alias = self.alias();            others: self.send(alias, message)     ─▷ mailbox, while it is active
 *   self.unalias(alias);                                                         ─▷ dropped before the mailbox
 *
 * An alias with `priority` is how a flooded process is told something at once: what comes through it, and was sent with
 * `{ priority: true }`, stands before everything that waits. The receiver opts in by making it, the sender by saying so.
 * `call` works the same way, without a mailbox in between (calls.ts).
 * Source: Erlang/OTP, `alias/1`, "Process Aliases"; OTP 28, "Adding Messages to the Message Queue" for priority.
 */
import { OptionError, shown } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { declareLeaf } from "./message.ts";
import { checkFlag, checkKeys } from "./options.ts";
import type { Ref } from "./pid.ts";
import type { Process } from "./process.ts";

declare const messageOf: unique symbol;

/** An address that its maker can switch off. A value: it can be sent, to other threads too. */
export class Alias<Message = unknown> {
  /** For the compiler. Never there at run time. */
  declare readonly [messageOf]: Message;
  readonly thread: number;
  readonly ref: Ref;

  /** @internal Made by `self.alias`. */
  constructor(thread: number, ref: Ref) {
    this.thread = thread;
    this.ref = ref;
    Object.freeze(this);
  }

  toString(): string {
    return `Alias<${this.thread}.${this.ref}>`;
  }
}

declareLeaf(Alias);

export interface AliasOptions {
  /** "explicitUnalias" (default): active until `unalias`, or the process's end. "reply": for one message. */
  readonly mode?: "explicitUnalias" | "reply";
  /** May messages through it be urgent? Default false. */
  readonly priority?: boolean;
}

/** How an alias that comes with a monitor ends: see `self.monitorWithAlias`. */
export type MonitorAliasMode = "explicitUnalias" | "demonitor" | "replyDemonitor";

interface Active {
  readonly process: Process;
  readonly once: boolean;
  readonly priority: boolean;
  /** The monitor that ends with the first message. */
  readonly monitor: Ref | undefined;
}

/** The active aliases of one kernel. */
export class Aliases {
  readonly #kernel: Kernel;
  readonly #active = new Map<Ref, Active>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get size(): number {
    return this.#active.size;
  }

  make<M>(process: Process, options: AliasOptions): Alias<M> {
    const whose = `Process ${process.pid}: alias`;
    checkKeys(whose, options, ["mode", "priority"]);
    const { mode = "explicitUnalias", priority = false } = options;
    checkFlag(whose, "priority", priority);
    if (mode !== "explicitUnalias" && mode !== "reply") {
      throw new OptionError(
        `Process ${process.pid}: expected an alias's mode to be "explicitUnalias" or "reply", got ${shown(mode)}.`,
      );
    }
    return this.#activate(process, this.#kernel.newRef(), {
      process,
      once: mode === "reply",
      priority,
      monitor: undefined,
    });
  }

  /** The alias of a monitor has the monitor's ref. */
  makeForMonitor<M>(process: Process, ref: Ref, mode: MonitorAliasMode): Alias<M> {
    const once = mode === "replyDemonitor";
    return this.#activate(process, ref, { process, once, priority: false, monitor: once ? ref : undefined });
  }

  /** @returns whether it was active */
  unmake(process: Process, ref: Ref): boolean {
    if (this.#active.get(ref)?.process !== process) return false;
    process.rare?.aliases?.delete(ref);
    return this.#active.delete(ref);
  }

  /** The process has ended. */
  unmakeAll(process: Process): void {
    for (const ref of process.rare?.aliases ?? []) this.#active.delete(ref);
  }

  /** A sealed message has come for an alias of this thread. */
  deliver(ref: Ref, message: unknown, urgent: boolean): void {
    const active = this.#active.get(ref);
    if (active === undefined) return;
    const { process, once, priority, monitor } = active;
    if (once) this.unmake(process, ref);
    if (monitor !== undefined) this.#kernel.signals.demonitor(process, monitor, false);
    this.#kernel.deliver(process, message, urgent && priority);
  }

  #activate<M>(process: Process, ref: Ref, active: Active): Alias<M> {
    this.#active.set(ref, active);
    const rare = process.ensureRare();
    rare.aliases ??= new Set();
    rare.aliases.add(ref);
    return new Alias<M>(this.#kernel.thread, ref);
  }
}
