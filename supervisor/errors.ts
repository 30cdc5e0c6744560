/** Errors that supervisors throw. Every code is stable and listed in docs/errors.md. */
import { LintelError } from "../kernel/errors.ts";

/** A child spec that a supervisor cannot accept. Thrown before any child has started. */
export class ChildSpecError extends LintelError {
  override readonly name = "ChildSpecError";
  readonly code = "ERR_CHILD_SPEC";
}
