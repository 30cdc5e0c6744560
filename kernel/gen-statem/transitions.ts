/**
 * Transitions: what a state machine's handler returns. Where it goes, with which data, and what else is to be done.
 *
 *   nextState(state, data, actions?)     a new state                     also from `init`: the first state
 *   keepState(data, actions?)            the same state, new data        keepStateAndData(actions?)
 *   repeatState(data, actions?)          as keepState, and `enter` runs again      repeatStateAndData(actions?)
 *   postpone()                           keepStateAndData({ postpone: true }), to stand for a handler
 *   stop(reason, data?, value?)          the end                         stopAndReply(reason, replies, data?)
 *   changeDefinition, pushDefinition, popDefinition                      other handlers from now on
 *
 * The types say which of them may be returned from where: `enter` cannot leave the state that is being entered, nor
 * postpone, nor insert events; only the handler of a call has somebody to `reply` to.
 * Source: Erlang/OTP, gen_statem, `event_handler_result` and `action`.
 */
import type { ExitReason } from "../exit-reason.ts";
import type { StatemOf } from "./definition.ts";
import type { ReplyTo, StatemEvent } from "./events.ts";
import type { Timeout } from "./timeouts.ts";

/** Actions of every handler, `enter` too. Keys are worked off in the order in which they are written. */
export interface EnterActions {
  /** Answers calls, in order: `replyTo(from, value)`. */
  readonly replies?: readonly Reply[];
  /** Event timeout: `timeout` runs after so long, unless any event comes first. It is gone with every event. */
  readonly timeout?: Timeout;
  /** State timeout: `stateTimeout` runs after so long, unless the state changes first. */
  readonly stateTimeout?: Timeout;
  /** Timeouts by name: they outlive events and state changes, until they are cancelled or set anew. */
  readonly timeouts?: Readonly<Record<string, Timeout>>;
  /**
   * `self.hibernate()` once there is nothing left to do: gives back what the process holds for speed alone. Unlike on the
   * BEAM there is no heap of its own to compact. Default false.
   */
  readonly hibernate?: boolean;
}

/** Actions of every handler but `enter`. */
export interface EventActions<Value = never> extends EnterActions {
  /** Answers the call that is being handled. */
  readonly reply?: Value;
  /** Keeps this event, and handles it again after the next change of state. Default false. */
  readonly postpone?: boolean;
  /** Events to handle next, in this order, before everything that waits: postponed events and the mailbox too. */
  readonly nextEvents?: readonly StatemEvent[];
}

/** What `enter` must not ask for. */
interface NoEventActions {
  readonly reply?: never;
  readonly postpone?: never;
  readonly nextEvents?: never;
}

/** A reply on its way: made by `replyTo`. */
export interface Reply {
  readonly to: ReplyTo;
  readonly value: unknown;
}

/** Answers a call, of this or an earlier event, as one of `replies`. */
export function replyTo<Value>(from: ReplyTo<Value>, value: [Value] extends [never] ? unknown : Value): Reply {
  return { to: from, value };
}

declare const replied: unique symbol;
declare const allowed: unique symbol;

/**
 * What a handler returns. The parameters are for the compiler alone: the state it goes to, the data, the value it
 * replies with, and whether only the handler of an event may return it, or `enter` too.
 */
export class Transition<State, Data, Value = never, Where extends "event" | "enter" = "enter"> {
  declare readonly [replied]: Value;
  declare readonly [allowed]: Where;
  readonly kind: "next" | "keep" | "repeat" | "stop";
  readonly state: State | undefined;
  readonly data: Data | undefined;
  readonly hasData: boolean;
  readonly actions: EventActions<unknown> | undefined;
  readonly definition: DefinitionChange | undefined;
  /** Of `stop`. */
  readonly reason: ExitReason;

  /** @internal Made by `nextState` and the others. */
  constructor(
    kind: Transition<State, Data>["kind"],
    parts: {
      readonly state?: State;
      readonly data?: Data;
      readonly actions?: EventActions<unknown> | undefined;
      readonly definition?: DefinitionChange;
      readonly reason?: ExitReason;
    },
  ) {
    this.kind = kind;
    this.state = parts.state;
    this.data = parts.data;
    this.hasData = "data" in parts;
    this.actions = parts.actions;
    this.definition = parts.definition;
    this.reason = parts.reason;
  }
}

/** @internal */
export interface DefinitionChange {
  readonly kind: "change" | "push" | "pop";
  readonly to: unknown;
}

/**
 * Goes to a state: postponed events are handled again, the state timeout is cancelled, and its `enter` runs, all that
 * only if it is another state than now. From `init`: the first state, whose `enter` always runs.
 */
export function nextState<const State, Data, Value = never>(
  state: State,
  data: Data,
  actions?: EventActions<Value>,
): Transition<State, Data, NoInfer<Value>, "event"> {
  return new Transition<State, Data, Value, "event">("next", { state, data, actions });
}

/** Stays in the state, with new data. */
export function keepState<Data>(data: Data, actions?: EnterActions & NoEventActions): Transition<never, Data>;
export function keepState<Data, Value = never>(
  data: Data,
  actions: EventActions<Value>,
): Transition<never, Data, NoInfer<Value>, "event">;
export function keepState<Data>(data: Data, actions?: EventActions<unknown>): Transition<never, Data, never, never> {
  return new Transition<never, Data, never, never>("keep", { data, actions });
}

/** Stays in the state, with the same data. */
export function keepStateAndData(actions?: EnterActions & NoEventActions): Transition<never, never>;
export function keepStateAndData<Value = never>(
  actions: EventActions<Value>,
): Transition<never, never, NoInfer<Value>, "event">;
export function keepStateAndData(actions?: EventActions<unknown>): Transition<never, never, never, never> {
  return new Transition<never, never, never, never>("keep", { actions });
}

/** Stays in the state, with new data, and runs its `enter` again. No change of state: nothing postponed is retried. */
export function repeatState<Data>(data: Data, actions?: EnterActions & NoEventActions): Transition<never, Data>;
export function repeatState<Data, Value = never>(
  data: Data,
  actions: EventActions<Value>,
): Transition<never, Data, NoInfer<Value>, "event">;
export function repeatState<Data>(data: Data, actions?: EventActions<unknown>): Transition<never, Data, never, never> {
  return new Transition<never, Data, never, never>("repeat", { data, actions });
}

/** `repeatState` with the same data. */
export function repeatStateAndData(actions?: EnterActions & NoEventActions): Transition<never, never>;
export function repeatStateAndData<Value = never>(
  actions: EventActions<Value>,
): Transition<never, never, NoInfer<Value>, "event">;
export function repeatStateAndData(actions?: EventActions<unknown>): Transition<never, never, never, never> {
  return new Transition<never, never, never, never>("repeat", { actions });
}

/** Keeps the event until the state has changed. Stands for a whole handler: `calls: { open: postpone }`. */
export function postpone(): Transition<never, never, never, "event"> {
  return keepStateAndData<never>({ postpone: true });
}

/** Answers calls, in order, and ends the machine with the reason, after `terminate`. */
export function stopAndReply<Data = never>(
  reason: ExitReason,
  replies: readonly Reply[],
  ...data: [] | [Data]
): Transition<never, Data> {
  const actions = { replies };
  return new Transition<never, Data>(
    "stop",
    data.length === 0 ? { reason, actions } : { reason, actions, data: data[0] },
  );
}

/** `nextState` into another definition, which handles everything from now on. Its `init` does not run. */
export function changeDefinition<State, Data, Value = never>(
  definition: StatemOf<State, Data>,
  state: NoInfer<State>,
  data: NoInfer<Data>,
  actions?: EventActions<Value>,
): Transition<never, never, NoInfer<Value>, "event"> {
  return intoDefinition({ kind: "change", to: definition }, state, data, actions);
}

/** `changeDefinition`, and remembers this one: `popDefinition` comes back. */
export function pushDefinition<State, Data, Value = never>(
  definition: StatemOf<State, Data>,
  state: NoInfer<State>,
  data: NoInfer<Data>,
  actions?: EventActions<Value>,
): Transition<never, never, NoInfer<Value>, "event"> {
  return intoDefinition({ kind: "push", to: definition }, state, data, actions);
}

/**
 * `nextState` back into the definition that was left by `pushDefinition`. The types do not know which one that is:
 * state and data must be right for it.
 */
export function popDefinition<Value = never>(
  state: unknown,
  data: unknown,
  actions?: EventActions<Value>,
): Transition<never, never, NoInfer<Value>, "event"> {
  return intoDefinition({ kind: "pop", to: undefined }, state, data, actions);
}

function intoDefinition<Value>(
  definition: DefinitionChange,
  state: unknown,
  data: unknown,
  actions: EventActions<Value> | undefined,
): Transition<never, never, NoInfer<Value>, "event"> {
  return new Transition<never, never, Value, "event">("next", {
    state: state as never,
    data: data as never,
    actions,
    definition,
  });
}
