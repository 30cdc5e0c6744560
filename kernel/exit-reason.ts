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
  try {
    return Object.freeze({ error: errorData(thrown, 0) });
  } catch {
    // A proxy or a getter that throws: even what cannot be looked at ends one process, not the program.
    return Object.freeze({ error: Object.freeze({ name: "thrown", message: "a value that cannot be read" }) });
  }
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
  if (isCrash(reason)) return `${reason.error.name}: ${reason.error.message}`;
  const failed = failedStart(reason);
  if (failed !== undefined)
    return `child ${JSON.stringify(failed.failedToStart)} did not start: ${reasonText(failed.reason)}`;
  try {
    const inside = (_key: string, value: unknown): unknown => (isCrash(value) ? reasonText(value) : value);
    return JSON.stringify(reason, inside) ?? String(reason);
  } catch {
    return String(reason);
  }
}

function isCrash(reason: unknown): reason is CrashReason {
  if (typeof reason !== "object" || reason === null || !("error" in reason)) return false;
  const { error } = reason;
  return typeof error === "object" && error !== null && "message" in error;
}

/** What a supervisor ends with that could not start all its children. */
function failedStart(reason: unknown): { failedToStart: string; reason: ExitReason } | undefined {
  const why = typeof reason === "object" && reason !== null ? (reason as { shutdown?: unknown }).shutdown : undefined;
  if (typeof why !== "object" || why === null || !("failedToStart" in why)) return undefined;
  return why as { failedToStart: string; reason: ExitReason };
}

/** A reason's text within a sentence that ends after it. */
export function reasonInSentence(reason: ExitReason): string {
  return reasonText(reason).replace(/\.$/, "");
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
