/** Errors of the transports. Bad options are the kernel's `OptionError`. */
import { LintelError } from "../../kernel/errors.ts";

/** The address cannot be bound: taken, not ours, or not permitted. */
export class ListenError extends LintelError {
  override readonly name = "ListenError";
  readonly code = "ERR_LISTEN";
}

/** The transport that was asked for cannot run here. The sentence says why, and what to do. */
export class TransportError extends LintelError {
  override readonly name = "TransportError";
  readonly code = "ERR_TRANSPORT";
}

/** A handler gave an answer that cannot be put on the wire. The peer got a 500 in its place. */
export class AnswerError extends LintelError {
  override readonly name = "AnswerError";
  readonly code = "ERR_ANSWER";
}
