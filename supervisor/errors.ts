/** Errors that supervisors throw. Every code is stable and listed in docs/errors.md. */
import { LintelError } from "../kernel/errors.ts";
import type { Pid } from "../kernel/pid.ts";

/** A child spec that a supervisor cannot accept. Thrown before any child has started. */
export class ChildSpecError extends LintelError {
  override readonly name = "ChildSpecError";
  readonly code = "ERR_CHILD_SPEC";
}

/** Why a supervisor did not do what it was asked for, in OTP's words. */
export type Refusal =
  | "notFound"
  | "running"
  | "restarting"
  | "alreadyPresent"
  | { readonly alreadyStarted: Pid }
  | "maxChildren"
  /** What was asked for takes a function, and functions cannot leave their thread. */
  | "otherThread"
  /** Who was asked is no supervisor, or not one of this kind. */
  | "notSupervisor";

/** A supervisor that refuses what it was asked for. */
export class SupervisorError extends LintelError {
  override readonly name = "SupervisorError";
  readonly code = "ERR_SUPERVISOR";
  readonly reason: Refusal;

  constructor(message: string, reason: Refusal) {
    super(message);
    this.reason = reason;
  }
}
