/** Behaviour: what a process does. Written by hand it is the fast path; GenServer, Supervisor and live views are made of it. */
import type { ExitReason } from "./exit-reason.ts";
import type { Process } from "./process.ts";

/**
 * What a process does, as callbacks over `self.state`: the fast path under GenServer, Supervisor and live views.
 * A callback that throws ends the process with `{ error }`; one that returns a promise holds back the next message.
 */
export interface Behaviour<Arg = unknown> {
  /** Shown in reports and listings. */
  readonly label: string;
  /** It takes messages by `self.receive`, inside `init`. */
  readonly receives?: boolean;
  /** Runs first, in the process's first turn. `start` of the kernel waits for it. */
  init?(self: Process, arg: Arg): void | Promise<void>;
  /**
   * For reports of the watchdog, asked in the middle of a handler: what the process is at, such as "event save". One that has
   * this gets its turns only where its handlers can be cut off (runaway.ts).
   */
  activity?(self: Process): string | undefined;
  /**
   * For the same reports: the name of the request that it handles, if it has one; never what the request says. It decides
   * nothing, neither when turns are had nor what is refused.
   */
  request?(self: Process): string | undefined;
  /** One message. */
  handle(self: Process, message: unknown): void | Promise<void>;
  /** For `sys`: the state that it shows and takes; default `self.state`. */
  getState?(self: Process): unknown;
  replaceState?(self: Process, state: unknown): void;
  /** For `sys.getStatus` and crash reports: the state without its secrets. */
  formatStatus?(self: Process): unknown;
  /** For `sys.changeCode`: the state in its new form. */
  codeChange?(self: Process, extra: unknown): unknown;
  /** A sys request has come, and is about to be answered. */
  sysRequested?(self: Process): void;
  /** Runs when a callback threw or the process ended itself; not when it is killed by a signal that it did not trap. */
  terminate?(self: Process, reason: ExitReason): void | Promise<void>;
}

/** A plain process: it lives for as long as the function runs, and takes messages by `self.receive`. */
export type ProcessFunction<Arg = undefined> = (self: Process, arg: Arg) => void | Promise<void>;
