/**
 * Exit reasons: values that say why a process ended. They travel in exit signals and `down` messages, are matched on,
 * and are data (they cross threads). Any value may be a reason; these have a meaning of their own:
 *
 *   "normal"            ended its work; ignored by linked processes that do not trap exits
 *   "shutdown"          told to stop; { shutdown: why } likewise. Not a crash: not reported
 *   "kill"              sent by `exit(pid, "kill")`: cannot be trapped; the victim's reason becomes "killed"
 *   "noproc"            a link or monitor found nobody there
 *   "schedulerDown"     its thread ended under it
 *   { error: ... }      a handler threw; the error as data, with its stack
 *
 * Source: Erlang/OTP, "Error handling" of the reference manual; K9, K11 of the feature map.
 */
export type ExitReason = unknown;

/** A thrown value as data: what of an Error survives a thread boundary. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: ErrorData;
}

/** The reason of a process whose handler threw. */
export interface CrashReason {
  readonly error: ErrorData;
}

/** The exit reason for a thrown value. */
export function crashReason(thrown: unknown): CrashReason {
  return Object.freeze({ error: errorData(thrown, 0) });
}

/** True for `normal`, `shutdown` and `{ shutdown: why }`: an end that nobody needs to hear of. */
export function isQuiet(reason: ExitReason): boolean {
  return (
    reason === "normal" ||
    reason === "shutdown" ||
    (typeof reason === "object" && reason !== null && "shutdown" in reason)
  );
}

/** A reason as one line of text, for people. */
export function reasonText(reason: ExitReason): string {
  if (typeof reason === "string") return reason;
  if (typeof reason === "object" && reason !== null && "error" in reason) {
    const error = (reason as CrashReason).error;
    return `${error.name}: ${error.message}`;
  }
  try {
    return JSON.stringify(reason) ?? String(reason);
  } catch {
    return String(reason);
  }
}

const maxCauses = 4;

function errorData(thrown: unknown, depth: number): ErrorData {
  if (!(thrown instanceof Error)) return Object.freeze({ name: "thrown", message: text(thrown) });
  const code: unknown = (thrown as { code?: unknown }).code;
  return Object.freeze({
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(typeof code === "string" ? { code } : {}),
    ...(thrown.cause === undefined || depth >= maxCauses ? {} : { cause: errorData(thrown.cause, depth + 1) }),
  });
}

function text(value: unknown): string {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}
