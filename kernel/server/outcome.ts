/**
 * Outcome: what a GenServer's handler returns.
 *
 *   reply(value, state)          answers the call, and goes on with the state
 *   noreply(state)               goes on; a call is answered later
 *   ok(state), ignore()          from `init` alone
 *   stop(reason, state, value)   ends the server
 */
import { LintelError } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { checkKeys } from "../options.ts";

type OutcomeKind = "reply" | "noreply" | "stop";

/** What a handler may return. */
export class Outcome<State, Value = never, Kind extends OutcomeKind = OutcomeKind> {
  readonly kind: Kind;
  readonly state: State | undefined;
  readonly value: Value | undefined;
  readonly hasValue: boolean;
  readonly reason: ExitReason;
  readonly timeout: number | undefined;
  readonly continue: unknown;
  readonly hasContinue: boolean;

  /** @internal Made by `reply`, `noreply`, `stop` and `ok`. */
  constructor(
    kind: Kind,
    state: State | undefined,
    parts: { value?: Value; reason?: ExitReason; timeout?: number | undefined; continue?: unknown } = {},
  ) {
    this.kind = kind;
    this.state = state;
    this.value = parts.value;
    this.hasValue = "value" in parts;
    this.reason = parts.reason;
    this.timeout = parts.timeout;
    this.continue = parts.continue;
    this.hasContinue = parts.continue !== undefined;
  }
}

export interface NextOptions {
  /** Milliseconds after which `info` gets `"timeout"`, unless any message comes first. */
  readonly timeout?: number;
  /** `continue(state, this)` runs at once, before any message that waits. */
  readonly continue?: unknown;
}

const none: NextOptions = {};
const nextKeys: readonly string[] = ["timeout", "continue"];

/** Answers the call, and goes on with the state. */
export function reply<Value, State>(value: Value, state: State, next: NextOptions = none): Outcome<State, Value> {
  if (next !== none) checkKeys("reply", next, nextKeys);
  return new Outcome<State, Value>("reply", state, { value, timeout: next.timeout, continue: next.continue });
}

/** Goes on with the state; a call is answered later, by `self.kernel.reply(from, value)`. */
export function noreply<State>(state: State, next: NextOptions = none): Outcome<State> {
  if (next !== none) checkKeys("noreply", next, nextKeys);
  return new Outcome<State>("noreply", state, next);
}

/** From `init`: starts with the state, and with options. */
export function ok<State>(state: State, next: NextOptions = none): Outcome<State> {
  if (next !== none) checkKeys("ok", next, nextKeys);
  return new Outcome<State>("noreply", state, next);
}

/** Ends the server with the reason, after `terminate`; with a third argument, answers the call first. */
export function stop<State = never, Value = never>(
  reason: ExitReason,
  state?: State,
  ...value: [] | [Value]
): Stopped<State, NoInfer<Value>> {
  return new Outcome<State, Value, "stop">(
    "stop",
    state,
    value.length === 0 ? { reason } : { reason, value: value[0] },
  );
}

/** What `stop` returns. */
export type Stopped<State, Value = never> = Outcome<State, Value, "stop">;

/** From `init`: there is nothing to do; the process ends with `normal`, and its start resolves to undefined. */
export function ignore(): Ignored {
  return new Ignored();
}

/** What `ignore` returns. A server whose `init` may return it starts as a pid or as undefined. */
export class Ignored {
  readonly ignored = true;
}

/** A handler returned something that is none of the outcomes. The server ends with this error. */
export class ReturnError extends LintelError {
  override readonly name = "ReturnError";
  readonly code = "ERR_RETURN";
}
