/**
 * Errors that the kernel throws at its callers. An exit reason is something else: a value that says why a process
 * ended (exit-reason.ts). Every code is stable and listed in docs/errors.md; the wording may get better.
 */

/** The root of every error that Lintel throws on purpose. */
export abstract class LintelError extends Error {
  /** Stable, for programs: `ERR_...`. */
  abstract readonly code: string;
}

/** A call that got no reply. `reason` says why, in OTP's words. */
export class CallError extends LintelError {
  override readonly name = "CallError";
  readonly code = "ERR_CALL";
  /** `noproc`, `timeout`, `callingSelf`, `mailboxFull`, or the server's own exit reason when it died before its reply. */
  readonly reason: unknown;

  constructor(message: string, reason: unknown) {
    super(message);
    this.reason = reason;
  }
}

/** A process that could not be started: its `init` failed, refused, or its name was taken. */
export class StartError extends LintelError {
  override readonly name = "StartError";
  readonly code = "ERR_START";
  /**
   * What `init` failed with, or `{ alreadyStarted: pid }`, `timeout`, `processLimit`; on another thread also `schedulerDown`,
   * `{ unknownBehaviour: name }`, `{ ambiguousBehaviour: name }`.
   */
  readonly reason: unknown;
  /** Number of the thread on which it was to start, when that is another one and there was one. */
  readonly thread: number | undefined;

  constructor(message: string, reason: unknown, options?: ErrorOptions & { readonly thread?: number }) {
    super(message, options);
    this.reason = reason;
    this.thread = options?.thread;
  }
}

/** A message that cannot be sent, because it is not data. The sentence names the path inside the message. */
export class MessageError extends LintelError {
  override readonly name = "MessageError";
  readonly code = "ERR_MESSAGE";
}

/** A name that cannot be registered, or that nobody has. */
export class NameError extends LintelError {
  override readonly name = "NameError";
  readonly code = "ERR_NAME";
}

/** A message that found the mailbox full, of a process whose overflow is "reject". */
export class MailboxError extends LintelError {
  override readonly name = "MailboxError";
  readonly code = "ERR_MAILBOX";
}

/** An entry that a registry cannot take: its key has an owner already, or the registry is full. */
export class RegistryError extends LintelError {
  override readonly name = "RegistryError";
  readonly code = "ERR_REGISTRY";
  /** `{ alreadyRegistered: pid }`, `entryLimit`, or `callingSelf` for a lock inside the same lock. */
  readonly reason: unknown;

  constructor(message: string, reason: unknown) {
    super(message);
    this.reason = reason;
  }
}

/** A process that cannot join a process group: it lives on another thread, or has joined too often. */
export class GroupError extends LintelError {
  override readonly name = "GroupError";
  readonly code = "ERR_GROUP";
}

/** A process that is to wait in two receives at one time. */
export class ReceiveError extends LintelError {
  override readonly name = "ReceiveError";
  readonly code = "ERR_RECEIVE";
}

/** An option with a value that makes no sense, or one that does not exist. */
export class OptionError extends LintelError {
  override readonly name = "OptionError";
  readonly code = "ERR_OPTION";
}

/** A task that gave no result to whoever waited for it, or a use of a task that its rules do not allow. */
export class TaskError extends LintelError {
  override readonly name = "TaskError";
  readonly code = "ERR_TASK";
  /**
   * `timeout`, or the task's own exit reason when it ended without a result; `notOwner`, `awaited`, `taken` and
   * `duplicate` are the caller's mistakes, `otherThread`, `noproc` and `maxChildren` a task supervisor's answers;
   * `poolFull`, `aborted`, `noPool` and `noFunction` are those of `Task.pool`.
   */
  readonly reason: unknown;

  constructor(message: string, reason: unknown, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A process that cannot be started where it was to be: what it does has no name there, or the thread is not there. */
export class PlacementError extends LintelError {
  override readonly name = "PlacementError";
  readonly code = "ERR_PLACEMENT";
}

/** A message for another thread, which has not read what was sent before: there is no room on the way for more. */
export class CrossingError extends LintelError {
  override readonly name = "CrossingError";
  readonly code = "ERR_CROSSING";
}

/** A scheduler thread that could not be started, or was asked for and does not exist. */
export class ThreadError extends LintelError {
  override readonly name = "ThreadError";
  readonly code = "ERR_THREAD";
}

/** Shows a value in an error's sentence: short, on one line. */
export function shown(value: unknown): string {
  let text: string;
  try {
    if (typeof value === "string") text = JSON.stringify(value);
    else if (typeof value === "number") text = String(value);
    else if (typeof value === "function") text = `a function${value.name ? ` "${value.name}"` : ""}`;
    else if (
      typeof value === "object" &&
      value !== null &&
      String(value) !== "[object Object]" &&
      !Array.isArray(value)
    )
      text = String(value);
    else text = JSON.stringify(value) ?? String(value);
  } catch {
    text = `a ${typeof value}`;
  }
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
