/**
 * Selective receive, for plain processes: takes the oldest message that matches and leaves the others in their order.
 *
 *   mailbox   m1  m2  m3 │ m4          scanned: m1..m3 did not match and are not looked at again while this receive waits
 *                        ▲ from here on when more arrives
 *
 * Receive marker: a process that waits for the answer to a ref it has just made need not look at what came before.
 * `receive({ since: ref, match })` starts there, so that the answer is found in O(1) behind any backlog.
 *
 * Source: Erlang reference manual, "Receive".
 */
import { isSysRequest } from "./calls.ts";
import { OptionError, ReceiveError, shown } from "./errors.ts";
import type { Mailbox } from "./mailbox.ts";
import { checkKeys } from "./options.ts";
import type { Ref } from "./pid.ts";
import type { Process } from "./process.ts";
import { awaiting } from "./process-status.ts";
import { checkTimeout } from "./sleep.ts";
import type { Timer } from "./timer-wheel.ts";

export interface ReceiveOptions<T> {
  /** Says whether a message is the one; default: any is. */
  readonly match?: (message: unknown) => message is T;
  /**
   * A ref that this process made lately (`makeRef`, `monitor`): messages that were there before are not looked at.
   * Only for a `match` that they could not satisfy. The last 16 refs are remembered; an older one looks at all.
   */
  readonly since?: Ref;
  /** Milliseconds to wait; 0 looks at what is there. Default Infinity. Then the promise resolves to `timedOut`. */
  readonly after?: number;
}

/** What `receive` resolves to when `after` has passed. */
export const timedOut: unique symbol = Symbol("timedOut");

/** @internal A receive that waits. */
export interface Receiving {
  readonly match: ((message: unknown) => boolean) | undefined;
  readonly resolve: (message: unknown) => void;
  readonly reject: (error: unknown) => void;
  timer: Timer | undefined;
  /** So many of the urgent messages have been looked at, */
  scannedUrgent: number;
  /** and so many of the others. */
  scanned: number;
}

/** @internal Behind `self.receive`. */
export function receive<T>(self: Process, options: ReceiveOptions<T> = any): Promise<T> {
  if (options !== any) checkKeys(() => `receive of ${self.pid}`, options, known);
  const match = options.match as ((message: unknown) => boolean) | undefined;
  const after = options.after ?? Number.POSITIVE_INFINITY;
  return new Promise<T>((resolve, reject) => {
    if (match !== undefined && typeof match !== "function") {
      throw new OptionError(`Process ${self.pid}: expected receive's match to be a function, got ${shown(match)}.`);
    }
    if (!(typeof after === "number" && after >= 0)) checkTimeout(`Process ${self.pid}`, "receive's after", after);
    if (self.rare?.receiving !== undefined) {
      throw new ReceiveError(`Process ${self.pid} waits in a receive already: expected one at a time. Await it first.`);
    }
    const receiving: Receiving = {
      match,
      resolve: resolve as (message: unknown) => void,
      reject,
      timer: undefined,
      scannedUrgent: 0,
      scanned: options.since === undefined ? 0 : markedPosition(self, options.since),
    };
    const goesOn = after === 0 || (self.mailbox !== undefined && self.mailbox.length > 0);
    const mayTake = !goesOn || self.kernel.queue.mayTake();
    if (mayTake && take(self, receiving)) return;
    if (mayTake && after === 0) {
      receiving.resolve(timedOut);
      return;
    }
    const rare = self.ensureRare();
    rare.receiving = receiving;
    // Its turn comes when the others have had theirs; a handler that still runs is looked after when it returns.
    if (!mayTake && self.status === awaiting) self.kernel.turns.await(self);
    if (after !== Number.POSITIVE_INFINITY) {
      receiving.timer = self.kernel.timers.set(after, () => {
        tryReceive(self); // what came in time counts, even if its turn has not
        if (rare.receiving !== receiving) return;
        rare.receiving = undefined;
        receiving.resolve(timedOut);
      });
    }
  });
}

const any: ReceiveOptions<never> = {};
const known: readonly string[] = ["match", "since", "after"];

/** @internal Remembers how many messages had come when a ref was made. */
export function mark(self: Process, ref: Ref): void {
  const rare = self.ensureRare();
  rare.marks ??= [];
  if (rare.marks.length === maxMarks) rare.marks.shift();
  rare.marks.push({ ref, pushed: self.mailbox?.pushed ?? 0 });
}

const maxMarks = 16;

/** Among the ordinary messages: urgent ones are all looked at, for they may have come later than they stand. */
function markedPosition(self: Process, ref: Ref): number {
  const marked = self.rare?.marks?.find((candidate) => candidate.ref === ref);
  return marked === undefined ? 0 : (self.mailbox?.positionOf(marked.pushed) ?? 0);
}

/** @internal Looks for the message that a waiting receive wants; called when more has arrived. */
export function tryReceive(self: Process): void {
  const receiving = self.rare?.receiving;
  if (receiving === undefined) return;
  try {
    if (!take(self, receiving)) return;
  } catch (thrown) {
    receiving.reject(thrown); // the user's `match` threw: inside the process, as if it stood there
  }
  stopReceiving(self);
}

/** @internal Nobody waits for the message any more. */
export function stopReceiving(self: Process): void {
  const receiving = self.rare?.receiving;
  if (receiving === undefined) return;
  self.rare!.receiving = undefined;
  if (receiving.timer !== undefined) self.kernel.timers.discard(receiving.timer);
}

function take(self: Process, receiving: Receiving): boolean {
  const { mailbox } = self;
  if (mailbox === undefined || isHeldBack(self)) return false;
  for (; receiving.scannedUrgent < mailbox.urgent; receiving.scannedUrgent += 1) {
    // Sys requests are answered between two handlers, and are no message to anybody.
    if (isSysRequest(mailbox.at(receiving.scannedUrgent))) continue;
    if (takeAt(mailbox, receiving, receiving.scannedUrgent)) return true;
  }
  for (; mailbox.urgent + receiving.scanned < mailbox.length; receiving.scanned += 1) {
    if (takeAt(mailbox, receiving, mailbox.urgent + receiving.scanned)) return true;
  }
  return false;
}

/** It has sent more to another thread than is read there (crossing.ts). */
function isHeldBack({ rare }: Process): boolean {
  return rare?.suspended !== undefined && rare.suspended > 0;
}

function takeAt(mailbox: Mailbox, receiving: Receiving, index: number): boolean {
  if (receiving.match !== undefined && !receiving.match(mailbox.at(index))) return false;
  receiving.resolve(mailbox.removeAt(index));
  return true;
}

/** @internal Takes messages out of the mailbox, unread: all that match, or the first of them. */
export function flush(self: Process, matches: (message: unknown) => boolean, first = false): void {
  const { mailbox } = self;
  if (mailbox === undefined) return;
  for (let i = 0; i < mailbox.length; i++) {
    if (!matches(mailbox.at(i))) continue;
    removeUnread(self, mailbox, i);
    if (first) return;
    i -= 1;
  }
}

/** @internal Takes a message out of the mailbox, past a receive that waits: it goes on looking where it was. */
export function removeUnread(self: Process, mailbox: Mailbox, index: number): unknown {
  const receiving = self.rare?.receiving;
  if (receiving !== undefined) {
    if (index < mailbox.urgent) {
      if (index < receiving.scannedUrgent) receiving.scannedUrgent -= 1;
    } else if (index - mailbox.urgent < receiving.scanned) receiving.scanned -= 1;
  }
  return mailbox.removeAt(index);
}

/** @internal A message has changed where it stood: a receive that waits looks at all again, and no marker holds. */
export function forgetScanned(self: Process): void {
  const { rare } = self;
  if (rare === undefined) return;
  if (rare.receiving !== undefined) rare.receiving.scanned = 0;
  if (rare.marks !== undefined) delete rare.marks;
}
