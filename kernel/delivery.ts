/**
 * Delivery: a message comes to a process of this thread. It goes into the mailbox, or what the mailbox's options say happens
 * to one too many (mailbox-options.ts), and wakes the process.
 *
 *   deliver ─▷ same key waits? replace it ─▷ full? make room, drop, exit ─▷ push ─▷ idle process: into the run queue
 */
import { CallMessage, isSysRequest } from "./calls.ts";
import { crashReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { Mailbox } from "./mailbox.ts";
import { CoalescingMailbox } from "./mailbox-options.ts";
import { type Stats, stat } from "./observe/stats.ts";
import type { Process } from "./process.ts";
import { awaiting, exited, idle, queued, receiving } from "./process-status.ts";
import { forgetScanned, removeUnread, tryReceive } from "./receive.ts";
import type { RunQueue } from "./run-queue.ts";
import { isSuspended, refuseSys } from "./server/sys.ts";
import { DownMessage, ExitMessage, OwnTimeout, TaskReply } from "./system-messages.ts";

export class Delivery {
  readonly #kernel: Kernel;
  readonly #queue: RunQueue;
  readonly #stats: Stats;
  readonly #maxMailbox: number;

  /** @param maxMailbox messages that may wait for a process whose options do not say */
  constructor(kernel: Kernel, maxMailbox: number) {
    this.#kernel = kernel;
    this.#queue = kernel.queue;
    this.#stats = kernel.stats;
    this.#maxMailbox = maxMailbox;
  }

  /**
   * Puts a sealed message into a mailbox of this thread.
   *
   * @returns false when it was dropped at a full mailbox
   */
  deliver(process: Process, message: unknown, urgent = false): boolean {
    if (process.status === exited) return true;
    this.#kernel.turns.condemned?.halt(false);
    // What will be dropped costs its sender as much: else who floods a full mailbox would have the thread for itself.
    this.#queue.reductions -= 1;
    const mailbox = (process.mailbox ??= this.#newMailbox(process));
    const key = mailbox instanceof CoalescingMailbox && !urgent ? this.#keyOf(process, mailbox, message) : undefined;
    if (key === undefined || !this.#coalesce(process, mailbox as CoalescingMailbox, key, message)) {
      if (mailbox.length >= mailbox.limit && !this.#makeRoom(process, mailbox, message)) return false;
      if (!urgent) mailbox.push(message, key);
      else if (process.behaviour.receives !== true || !isSysRequest(message)) mailbox.pushUrgent(message);
      else {
        refuseSys(process, message);
        return true;
      }
    }
    this.#kernel.observer?.delivered(process, message);
    this.#stats[stat.messages]! += 1;
    if (process.status === idle) {
      if (process.rare !== undefined && isSuspended(process) && !isSysRequest(message)) return true;
      process.status = queued;
      this.#queue.push(process);
    } else if (process.status === awaiting && process.rare?.receiving !== undefined) {
      // Only where no code of the user's runs on the sender's stack.
      if (process.rare.receiving.match === undefined && this.#queue.takeShortcut()) tryReceive(process);
      else {
        process.status = receiving;
        this.#queue.push(process);
      }
    }
    return true;
  }

  #newMailbox(process: Process): Mailbox {
    const options = process.rare?.mailboxOptions;
    const limit = options?.max ?? this.#maxMailbox;
    const overflow = options?.overflow;
    return typeof overflow === "object" ? new CoalescingMailbox(limit, overflow.coalesce) : new Mailbox(limit);
  }

  /** Of a message that may be coalesced. */
  #keyOf(process: Process, mailbox: CoalescingMailbox, message: unknown): unknown {
    if (message instanceof CallMessage || isSystem(message) || process.ending !== undefined) return undefined;
    try {
      return mailbox.keyOf(message);
    } catch (thrown) {
      // Not the sender's fault.
      const reason = crashReason(thrown);
      this.#kernel.report({
        kind: "error",
        where: `mailbox.overflow.coalesce of ${process.label} ${process.pid}`,
        reason,
      });
      this.#kernel.end(process, reason, true);
      return undefined;
    }
  }

  /** @returns whether the message took the place of one with the same key */
  #coalesce(process: Process, mailbox: CoalescingMailbox, key: unknown, message: unknown): boolean {
    if (!mailbox.replace(key, message)) return false;
    const rare = process.ensureRare();
    rare.coalesced = (rare.coalesced ?? 0) + 1;
    forgetScanned(process);
    return true;
  }

  /** At a full mailbox. @returns whether the message may go in */
  #makeRoom(process: Process, mailbox: Mailbox, message: unknown): boolean {
    if (isSystem(message)) return true;
    const rare = process.ensureRare();
    this.#stats[stat.dropped]! += 1;
    rare.dropped = (rare.dropped ?? 0) + 1;
    if (rare.dropped === 1) {
      const { pid, label } = process;
      this.#kernel.report({ kind: "mailboxFull", pid: pid.toString(), label, limit: mailbox.limit });
    }
    const overflow = rare.mailboxOptions?.overflow;
    if (overflow === "exit") {
      this.#drop(message);
      this.#kernel.end(process, "mailboxFull", true);
      return false;
    }
    if (overflow === "dropOldest") {
      const end = Math.min(mailbox.length, mailbox.urgent + maxPassedOver);
      for (let i = mailbox.urgent; i < end; i++) {
        if (isSystem(mailbox.at(i))) continue;
        this.#drop(removeUnread(process, mailbox, i));
        return true;
      }
    }
    this.#drop(message);
    return false;
  }

  /** A message will not be handled: who waits for its answer is told. */
  #drop(message: unknown): void {
    if (!(message instanceof CallMessage)) return;
    if (message.from.pending !== undefined)
      this.#kernel.settle(message.from.pending, undefined, { reason: "mailboxFull" });
    else this.#kernel.peers.failCall(message.from, "mailboxFull");
  }
}

/** What passes a full mailbox. */
function isSystem(message: unknown): boolean {
  return (
    message instanceof ExitMessage ||
    message instanceof DownMessage ||
    message instanceof TaskReply ||
    message instanceof OwnTimeout ||
    isSysRequest(message)
  );
}

/** Of a full mailbox so many of the kernel's own messages are looked at for an older one to drop; else the new one goes. */
const maxPassedOver = 64;
