/**
 * Selective receive, for plain processes: takes the oldest message that matches and leaves the others in their order.
 *
 *   mailbox   m1  m2  m3 │ m4          scanned: m1..m3 did not match and are not looked at again while this receive waits
 *                        ▲ from here on when more arrives
 *
 * Source: Erlang reference manual, "Receive".
 */
import type { Process } from "./process.ts";
import type { Timer } from "./timer-wheel.ts";

export interface ReceiveOptions<T> {
  /** Says whether a message is the one; default: any is. */
  readonly match?: (message: unknown) => message is T;
  /** Milliseconds to wait; 0 looks at what is there. Default Infinity. Then the promise resolves to `timedOut`. */
  readonly after?: number;
}

/** What `receive` resolves to when `after` has passed. */
export const timedOut: unique symbol = Symbol("timedOut");

/** @internal A receive that waits. */
export interface Receiving {
  readonly match: ((message: unknown) => boolean) | undefined;
  readonly resolve: (message: unknown) => void;
  timer: Timer | undefined;
  /** Messages before this position have been looked at. */
  scanned: number;
}

/** @internal Behind `self.receive`. */
export function receive<T>(self: Process, options: ReceiveOptions<T> = {}): Promise<T> {
  const match = options.match as ((message: unknown) => boolean) | undefined;
  const after = options.after ?? Number.POSITIVE_INFINITY;
  return new Promise<T>((resolve) => {
    const receiving: Receiving = {
      match,
      resolve: resolve as (message: unknown) => void,
      timer: undefined,
      scanned: 0,
    };
    if (take(self, receiving)) return;
    if (after <= 0) {
      receiving.resolve(timedOut);
      return;
    }
    const rare = self.ensureRare();
    if (rare.receiving !== undefined) throw new Error("A process can wait in one receive at a time.");
    rare.receiving = receiving;
    if (after !== Number.POSITIVE_INFINITY) {
      receiving.timer = self.kernel.timers.set(after, () => {
        rare.receiving = undefined;
        self.kernel.resume(self, () => receiving.resolve(timedOut));
      });
    }
  });
}

/** @internal Looks for the message that a waiting receive wants; called when more has arrived. */
export function tryReceive(self: Process): void {
  const receiving = self.rare?.receiving;
  if (receiving !== undefined && take(self, receiving)) {
    self.rare!.receiving = undefined;
    if (receiving.timer !== undefined) self.kernel.timers.cancel(receiving.timer);
  }
}

function take(self: Process, receiving: Receiving): boolean {
  const mailbox = self.mailbox;
  if (mailbox === undefined) return false;
  for (let i = receiving.scanned; i < mailbox.length; i++) {
    const message = mailbox.at(i);
    if (receiving.match === undefined || receiving.match(message)) {
      receiving.resolve(mailbox.removeAt(i));
      return true;
    }
  }
  receiving.scanned = mailbox.length;
  return false;
}
