/**
 * What happens to a state machine, as data: what `handleEvent` gets, and what `nextEvents` may insert.
 *
 *   from others        call, cast, info
 *   from itself        internal                                   only by `nextEvents`
 *   from its clock     timeout, stateTimeout, genericTimeout
 */
import type { From } from "../calls.ts";
import type { Process } from "../process.ts";

declare const replyOf: unique symbol;

/** Where the reply to a call goes, and of which type it is: give it to `replyTo`, now or in a later state. */
export type ReplyTo<Value = unknown> = From & { readonly [replyOf]?: Value };

/** A call. Its type parameters, as an annotation of `handleEvent`'s argument, are the protocol of the machine. */
export interface CallEvent<Name extends string = string, Request = unknown, Value = unknown> {
  readonly type: "call";
  readonly name: Name;
  readonly request: Request;
  readonly from: ReplyTo<Value>;
}

export interface CastEvent<Name extends string = string, Payload = unknown> {
  readonly type: "cast";
  readonly name: Name;
  readonly payload: Payload;
}

/** Any other message. */
export interface InfoEvent<Message = unknown> {
  readonly type: "info";
  readonly message: Message;
}

/** An event that the machine inserted itself: nobody else can send one. */
export interface InternalEvent<Name extends string = string, Payload = unknown> {
  readonly type: "internal";
  readonly name: Name;
  readonly payload?: Payload;
}

/** The event timeout: nothing else has happened for so long. */
export interface EventTimeoutEvent<Content = unknown> {
  readonly type: "timeout";
  readonly content: Content;
}

/** The state timeout: the machine has been in this state for so long. */
export interface StateTimeoutEvent<Content = unknown> {
  readonly type: "stateTimeout";
  readonly content: Content;
}

/** A timeout with a name of its own, which no other event cancels. */
export interface GenericTimeoutEvent<Name extends string = string, Content = unknown> {
  readonly type: "genericTimeout";
  readonly name: Name;
  readonly content: Content;
}

export type StatemEvent =
  | CallEvent
  | CastEvent
  | InfoEvent
  | InternalEvent
  | EventTimeoutEvent
  | StateTimeoutEvent
  | GenericTimeoutEvent;

export interface StatemContext<State = unknown> {
  readonly self: Process;
  /** The state that the machine is in; in a state enter call, the new one. */
  readonly state: State;
}

/** @typeParam Value annotate it where the reply is sent from elsewhere: it is then the type of the call's reply */
export interface StatemCallContext<Value = never, State = unknown> extends StatemContext<State> {
  /** Where the reply goes: keep it to answer later, with `replyTo`. */
  readonly from: ReplyTo<Value>;
}

/** An event as an error's sentence names it. */
export function eventText(event: StatemEvent): string {
  switch (event.type) {
    case "call":
    case "cast":
    case "internal":
      return `${event.type} "${event.name}"`;
    case "genericTimeout":
      return `timeout "${event.name}"`;
    case "info":
    case "timeout":
    case "stateTimeout":
      return event.type;
  }
}
