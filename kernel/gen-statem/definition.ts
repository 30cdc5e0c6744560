/**
 * How a state machine is written down, for the compiler: both forms of a definition, and what they say of the machine.
 *
 *   init's return type ──▷ Data            the keys of `states` ──▷ State          handlers ──▷ protocol of the pid
 *
 * A call that several states handle takes what all of them take, and is answered with what any of them answers.
 */
import type { ExitReason } from "../exit-reason.ts";
import type { Pid } from "../pid.ts";
import type { Process } from "../process.ts";
import type { GenServer } from "../server/gen-server.ts";
import type { Ignored, Outcome, Stopped } from "../server/outcome.ts";
import type { CallEvent, CastEvent, InfoEvent, ReplyTo, StatemCallContext, StatemContext } from "./events.ts";
import type { Transition } from "./transitions.ts";

type Returned<T> = T | Promise<T>;

/** What the handler of an event may return. */
export type StatemResult<State, Data, Value = never> = Returned<
  Transition<State, Data, Value, "event" | "enter"> | Stopped<Data, Value>
>;
/** What `enter` may return: nothing that leaves the state. */
export type StatemEnterResult<Data> = Returned<Transition<never, Data, never, "enter"> | Stopped<Data>>;

export type StatemCallHandler<State, Data> = (
  data: Data,
  request: never,
  context: StatemCallContext<never, State>,
) => StatemResult<State, Data, unknown>;

export type StatemCastHandler<State, Data> = (
  data: Data,
  payload: never,
  context: StatemContext<State>,
) => StatemResult<State, Data>;

/** What comes with it has the type that the handler says: it is the machine's own. */
type ContentHandler<State, Data> = {
  handler(data: Data, content: unknown, context: StatemContext<State>): StatemResult<State, Data>;
}["handler"];

/** The handlers of a state; or, as `common`, of every state that has none of its own for the event. */
export interface StateHandlers<State, Data> {
  /**
   * The state enter call: runs when the machine comes into the state from another one, in the first state too (then
   * `from` is this state), and on `repeatState`; before any event.
   */
  readonly enter?: (data: Data, from: State, context: StatemContext<State>) => StatemEnterResult<Data>;
  readonly calls?: Readonly<Record<string, StatemCallHandler<State, Data>>>;
  readonly casts?: Readonly<Record<string, StatemCastHandler<State, Data>>>;
  /** Events of type `internal`, from `nextEvents`. */
  readonly internal?: Readonly<Record<string, StatemCastHandler<State, Data>>>;
  /** Any other message. */
  readonly info?: ContentHandler<State, Data>;
  /** The event timeout. */
  readonly timeout?: ContentHandler<State, Data>;
  readonly stateTimeout?: ContentHandler<State, Data>;
  /** The timeouts with names. */
  readonly timeouts?: Readonly<Record<string, ContentHandler<State, Data>>>;
}

/** What both forms have. */
interface StatemBasics<Arg, Init, State, Data> {
  /** Shown in reports, and how other threads know it. Default "GenStatem". */
  readonly name?: string;
  /**
   * Makes the first state and the data: `nextState(state, data, actions)`; or returns `ignore()`, `stop(reason)`. The
   * start waits for it, and not for the `enter` of the first state.
   */
  readonly init: (arg: Arg, self: Process) => Init;
  /** Runs before the machine ends by `stop`, by a handler that threw, or by its parent's exit when it traps exits. */
  readonly terminate?: (data: Data, reason: ExitReason, context: StatemContext<State>) => Returned<void>;
  /** For `sys.getStatus` and crash reports: state and data without their secrets. */
  readonly formatStatus?: (status: StatemStatus<State, Data>) => unknown;
  /** For `sys.changeCode`: state and data in their new form. */
  readonly codeChange?: (status: StatemStatus<State, Data>, extra: unknown) => StatemStatus<State, Data>;
  /** Default false: exit signals end the machine. */
  readonly trapExit?: boolean;
  /**
   * Events that may be postponed at one time; default 100,000. What is postponed beyond is dropped as by a full mailbox:
   * counted, reported once, and a call fails with `mailboxFull`.
   */
  readonly maxPostponed?: number;
}

/** What `sys.getState` of a machine shows, and `sys.replaceState` takes. */
export interface StatemStatus<State, Data> {
  readonly state: State;
  readonly data: Data;
}

/**
 * A definition has either `states`, or `handleEvent`.
 *
 * @typeParam Name of a state in `states`
 * @typeParam State of `handleEvent`: any data
 */
export interface StatemDefinition<Arg, Init, Name extends string, States, Common, State, Event>
  extends StatemBasics<
    Arg,
    Init & FirstState<Init, StateOf<NoInfer<Name>, NoInfer<State>>>,
    StateOf<NoInfer<Name>, NoInfer<State>>,
    DataOf<Init>
  > {
  /** The states by name. Every state that is gone to must be here. */
  readonly states?: States & Readonly<Record<Name, StateHandlers<NoInfer<Name>, DataOf<Init>>>>;
  /** With `states`: in every state that has no handler of its own for the event. */
  readonly common?: Common & StateHandlers<NoInfer<Name>, DataOf<Init>>;
  /**
   * Every event, in every state. The annotations of its first two parameters are the protocol of the machine and the type
   * of its state. A state is any data; it changes when it is not equal, member by member: return a new one.
   */
  readonly handleEvent?: (
    event: Event,
    state: State,
    data: DataOf<Init>,
    context: StatemContext<NoInfer<State>>,
  ) => StatemResult<NoInfer<State>, DataOf<Init>, unknown>;
  /** With `handleEvent`, and written after it: the state enter call, as `enter` of a state. */
  readonly enter?: (
    state: NoInfer<State>,
    data: DataOf<Init>,
    from: NoInfer<State>,
    context: StatemContext<NoInfer<State>>,
  ) => StatemEnterResult<DataOf<Init>>;
}

/** Of a machine with `states`, their names; else what `handleEvent` says. */
export type StateOf<Name, State> = [Name] extends [never] ? State : Name;

declare const machineOf: unique symbol;

/** Never there at run time: what `changeDefinition` and `pushDefinition` go by. */
export interface StatemOf<State, Data> {
  readonly [machineOf]?: { readonly state: State; readonly data: Data };
}

export interface GenStatem<Arg, P, State, Data, Started = Pid<P>>
  extends GenServer<Arg, P, Started>,
    StatemOf<State, Data> {}

export type DataOf<Init> =
  Awaited<Init> extends infer T ? (T extends Transition<unknown, infer D, unknown, "event"> ? D : never) : never;
export type StartedOf<Init, P> = [Extract<Awaited<Init>, Ignored>] extends [never] ? Pid<P> : Pid<P> | undefined;
/** `unknown` when `init` goes to a state that there is; else what it should have returned. */
type FirstState<Init, State> =
  Awaited<Init> extends Transition<State, unknown, never, "event"> | Ignored | Stopped<never>
    ? unknown
    : Transition<State, unknown, never, "event">;

// biome-ignore lint/suspicious/noExplicitAny: the one place where every handler's shape is matched, never seen by users
type AnyHandler = (data: any, payload: any, context: any) => unknown;
type MapIn<Handlers, Kind extends string> = Handlers extends { readonly [K in Kind]: infer M } ? M : never;
type NamesIn<Maps> = Maps extends unknown ? keyof Maps & string : never;
type HandlerIn<Maps, Name> = Maps extends unknown ? (Name extends keyof Maps ? Maps[Name] : never) : never;

/** Of all states' handlers of a name: what each of them takes. Those that look at no request take any. */
type RequestOf<H> = [H extends AnyHandler ? (Takes<H> extends never ? never : true) : never] extends [never]
  ? undefined
  : (H extends AnyHandler ? (taken: Takes<H> extends [infer R] ? R : unknown) => void : never) extends (
        taken: infer R,
      ) => void
    ? R
    : never;
type Takes<H extends AnyHandler> = Parameters<H> extends [unknown, infer R, ...unknown[]] ? [R] : never;

type RepliesOf<H> = H extends AnyHandler
  ?
      | ValueIn<Awaited<ReturnType<H>>>
      | (Parameters<H> extends [unknown, unknown, infer C, ...unknown[]] ? LaterOf<C> : never)
  : never;
type ValueIn<R> =
  R extends Transition<unknown, unknown, infer V, "event" | "enter">
    ? V
    : R extends Outcome<unknown, infer V>
      ? V
      : never;
type LaterOf<Context> = Context extends StatemCallContext<infer V, infer _S> ? V : never;
/** A call whose handlers all leave the reply to later, without saying of which type. */
type OrUnknown<T> = [T] extends [never] ? unknown : T;

/** The protocol of a machine: what `call`, `cast` and `send` know of it. */
export type StatemProtocol<States, Common, Event> = unknown extends States
  ? EventsProtocol<Event>
  : StatesProtocol<States[keyof States] | Common>;

/** Of a definition with `states`: what all of them together answer to. */
interface StatesProtocol<Handlers> {
  readonly calls: {
    readonly [K in NamesIn<MapIn<Handlers, "calls">>]: {
      readonly request: RequestOf<HandlerIn<MapIn<Handlers, "calls">, K>>;
      readonly reply: OrUnknown<RepliesOf<HandlerIn<MapIn<Handlers, "calls">, K>>>;
    };
  };
  readonly casts: {
    readonly [K in NamesIn<MapIn<Handlers, "casts">>]: RequestOf<HandlerIn<MapIn<Handlers, "casts">, K>>;
  };
  readonly info: OrUnknown<
    MapIn<Handlers, "info"> extends infer H ? (H extends AnyHandler ? Parameters<H>[1] : never) : never
  >;
}

/** Of a definition with `handleEvent`, by the annotation of its event. */
interface EventsProtocol<Event> {
  readonly calls: {
    readonly [E in Event as E extends CallEvent ? E["name"] : never]: E extends {
      readonly request: infer Request;
      readonly from: ReplyTo<infer Value>;
    }
      ? { readonly request: Request; readonly reply: Value }
      : never;
  };
  readonly casts: {
    readonly [E in Event as E extends CastEvent ? E["name"] : never]: E extends { readonly payload: infer P }
      ? P
      : never;
  };
  readonly info: OrUnknown<Event extends InfoEvent<infer Message> ? Message : never>;
}
