/**
 * GenServer: a process that holds a state and answers, one message at a time.
 *
 *   call ──▷ calls[name](state, request, context) ──▷ reply(value, state) | noreply(state) | stop(reason, state, value)
 *   cast ──▷ casts[name](state, payload, context) ──▷ noreply(state) | stop(reason, state)
 *   other ─▷ info(state, message, context)        ──▷ the same
 *
 * The definition is written once: its types are those of `call` and `cast`. A handler may be async: the next message
 * waits. A handler that throws ends the server with `{ error }`, after `terminate`.
 * Source: Erlang/OTP, gen_server; G1 to G8 of the feature map.
 */

import type { Behaviour } from "../behaviour.ts";
import { CallMessage, CastMessage, type From } from "../calls.ts";
import { OptionError, shown } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { isPromise } from "../is-promise.ts";
import type { Kernel, StartOptions } from "../kernel.ts";
import { declareLeaf } from "../message.ts";
import { checkFlag, checkKeys } from "../options.ts";
import type { Name, Pid } from "../pid.ts";
import { type Process, ProcessExit } from "../process.ts";
import type { Payload } from "../protocol.ts";
import { isParentsExit } from "../system-messages.ts";
import type { Timer } from "../timer-wheel.ts";
import { Ignored, Outcome, ReturnError } from "./outcome.ts";
import { Startable } from "./startable.ts";

export interface ServerContext {
  readonly self: Process;
}

export interface CallContext extends ServerContext {
  /** Where the reply goes: keep it to answer later. */
  readonly from: From;
}

type Returned<T> = T | Promise<T>;
type StateOf<R> = StateIn<Awaited<R>>;
/** Of every member of a union: `init` may return a state here and an outcome there. */
type StateIn<R> = R extends Outcome<infer S, unknown> ? S : R extends Ignored ? never : R;
type StartedOf<Init, P> = [Extract<Awaited<Init>, Ignored>] extends [never] ? Pid<P> : Pid<P> | undefined;
// biome-ignore lint/suspicious/noExplicitAny: the one place where every handler's shape is matched, never seen by users
type AnyHandler = (state: any, payload: any, context: any) => unknown;
type RequestOf<H extends AnyHandler> = Parameters<H> extends [unknown, infer R, ...unknown[]] ? R : undefined;
type ReplyOf<H extends AnyHandler> =
  Awaited<ReturnType<H>> extends infer O ? (O extends Outcome<unknown, infer V> ? V : never) : never;

export type CallHandler<State> = (
  state: State,
  request: never,
  context: CallContext,
) => Returned<Outcome<State, unknown> | Outcome<State>>;
export type CastHandler<State> = (state: State, payload: never, context: ServerContext) => Returned<Outcome<State>>;

export interface GenServerDefinition<Arg, Init, Calls, Casts, Info> {
  /** Shown in reports, and how other threads know it. Default "GenServer". */
  readonly name?: string;
  /** Makes the state; the start waits for it. Returns the state, or `ok(state, next)`, `ignore()`, `stop(reason)`. */
  readonly init: (arg: Arg, self: Process) => Init;
  readonly calls?: Calls & Readonly<Record<string, CallHandler<StateOf<Init>>>>;
  readonly casts?: Casts & Readonly<Record<string, CastHandler<StateOf<Init>>>>;
  /** Any other message. Without it they are dropped. */
  readonly info?: (state: StateOf<Init>, message: Info, context: ServerContext) => Returned<Outcome<StateOf<Init>>>;
  /** What `next.continue` asked for. */
  readonly continue?: (state: StateOf<Init>, what: unknown, context: ServerContext) => Returned<Outcome<StateOf<Init>>>;
  /** Runs before the server ends by `stop`, by a handler that threw, or by its parent's exit when it traps exits. */
  readonly terminate?: (state: StateOf<Init>, reason: ExitReason, context: ServerContext) => Returned<void>;
  /** For `sys.getStatus` and crash reports: the state without its secrets. */
  readonly formatStatus?: (state: StateOf<Init>) => unknown;
  /** For `sys.changeCode`: the state in its new form. */
  readonly codeChange?: (state: StateOf<Init>, extra: unknown) => StateOf<Init>;
  /** Default false: exit signals end the server. */
  readonly trapExit?: boolean;
}

/** The protocol of a definition: what `call`, `cast` and `send` know of the server. */
export interface ServerProtocol<Calls, Casts, Info> {
  readonly calls: {
    readonly [K in keyof Calls]: Calls[K] extends AnyHandler
      ? { readonly request: RequestOf<Calls[K]>; readonly reply: ReplyOf<Calls[K]> }
      : never;
  };
  readonly casts: { readonly [K in keyof Casts]: Casts[K] extends AnyHandler ? RequestOf<Casts[K]> : never };
  readonly info: Info;
}

export interface GenServer<Arg, P, Started = Pid<P>> extends Behaviour<Arg> {
  /** Starts a server and waits for its `init`; not linked to anybody. Undefined if `init` returned `ignore()`. */
  start(by: Process | Kernel, ...arg: StartArguments<Arg>): Promise<Started>;
  /** Starts a server linked to the process, and waits for its `init`. Undefined if `init` returned `ignore()`. */
  startLink(self: Process, ...arg: StartArguments<Arg>): Promise<Started>;
  /** A registered name, with this server's protocol. */
  named(name: string): Name<P>;
}

type StartArguments<Arg> = [...Payload<Arg>, options?: StartOptions];

/**
 * Defines a server.
 *
 * @example
 * const Stock = genServer({
 *   init: (opening: number) => ({ price: opening }),
 *   calls: { price: (state) => reply(state.price, state) },
 *   casts: { trade: (_state, price: number) => noreply({ price }) },
 * });
 * const kernel = new Kernel();
 * const stock = await Stock.start(kernel, 100);
 * kernel.cast(stock, "trade", 101);
 * const price: number = await kernel.call(stock, "price");
 */
export function genServer<
  Init,
  Calls extends Readonly<Record<string, CallHandler<StateOf<Init>>>> = Record<never, never>,
  Casts extends Readonly<Record<string, CastHandler<StateOf<Init>>>> = Record<never, never>,
  Arg = undefined,
  Info = unknown,
>(
  definition: GenServerDefinition<Arg, Init, Calls, Casts, Info>,
): GenServer<Arg, ServerProtocol<Calls, Casts, Info>, StartedOf<Init, ServerProtocol<Calls, Casts, Info>>> {
  checkDefinition(definition as unknown as Definition);
  return new Server(definition as unknown as Definition) as unknown as GenServer<
    Arg,
    ServerProtocol<Calls, Casts, Info>,
    StartedOf<Init, ServerProtocol<Calls, Casts, Info>>
  >;
}

/** A definition as the process sees it: types are the compiler's. */
interface Definition {
  readonly name?: string;
  readonly init: (arg: unknown, self: Process) => unknown;
  readonly calls?: Readonly<Record<string, Handler>>;
  readonly casts?: Readonly<Record<string, Handler>>;
  readonly info?: Handler;
  readonly continue?: Handler;
  readonly terminate?: (state: unknown, reason: ExitReason, context: ServerContext) => Returned<void>;
  readonly formatStatus?: (state: unknown) => unknown;
  readonly codeChange?: (state: unknown, extra: unknown) => unknown;
  readonly trapExit?: boolean;
}

type Handler = (state: unknown, payload: unknown, context: CallContext) => unknown;

/** `process.state` of a server. */
interface Held {
  state: unknown;
  context: ServerContext;
  /** The name of the call or cast that is handled. */
  request: string | undefined;
  /** The timeout that the last outcome asked for. */
  idle: { readonly timer: Timer; readonly message: IdleTimeout; readonly ms: number } | undefined;
}

/** In the mailbox: nothing else has come for a while. One that was overtaken by another message means nothing. */
class IdleTimeout {}

declareLeaf(IdleTimeout);

class Server extends Startable {
  readonly #definition: Definition;

  constructor(definition: Definition) {
    super(definition.name, "GenServer");
    this.#definition = definition;
  }

  init(self: Process, arg: unknown): void | Promise<void> {
    if (this.#definition.trapExit === true) self.trapExit = true;
    const held: Held = { state: undefined, context: { self }, request: undefined, idle: undefined };
    self.state = held;
    const made = this.#definition.init(arg, self);
    return isPromise(made) ? made.then((state) => this.#begin(self, held, state)) : this.#begin(self, held, made);
  }

  handle(self: Process, message: unknown): void | Promise<void> {
    const held = self.state as Held;
    const { idle } = held;
    if (message instanceof IdleTimeout) {
      if (message !== idle?.message) return;
      message = "timeout";
    }
    if (idle !== undefined) {
      self.cancelTimer(idle.timer);
      held.idle = undefined;
    }
    if (message instanceof CallMessage) {
      const handler = own(this.#definition.calls, message.name);
      if (handler === undefined) throw this.#unknown("call", message.name, this.#definition.calls);
      held.request = message.name;
      const returned = handler(held.state, message.request, { self, from: message.from });
      return this.#settle(self, held, returned, `call "${message.name}"`, message.from);
    }
    if (message instanceof CastMessage) {
      const handler = own(this.#definition.casts, message.name);
      if (handler === undefined) throw this.#unknown("cast", message.name, this.#definition.casts);
      held.request = message.name;
      const returned = handler(held.state, message.payload, held.context as CallContext);
      return this.#settle(self, held, returned, `cast "${message.name}"`);
    }
    if (isParentsExit(self, message)) throw new ProcessExit(message.reason);
    const { info } = this.#definition;
    if (info === undefined) return;
    return this.#settle(self, held, info(held.state, message, held.context as CallContext), "info");
  }

  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    const held = self.state as Held;
    held.request = undefined;
    return this.#definition.terminate?.(held.state, reason, held.context);
  }

  request(self: Process): string | undefined {
    return (self.state as Held | undefined)?.request;
  }

  sysRequested(self: Process): void {
    const held = self.state as Held;
    if (held.idle === undefined) return;
    self.cancelTimer(held.idle.timer);
    wait(self, held, held.idle.ms);
  }

  getState(self: Process): unknown {
    return (self.state as Held).state;
  }

  replaceState(self: Process, state: unknown): void {
    (self.state as Held).state = state;
  }

  formatStatus(self: Process): unknown {
    const { state } = self.state as Held;
    return this.#definition.formatStatus === undefined ? state : this.#definition.formatStatus(state);
  }

  codeChange(self: Process, extra: unknown): unknown {
    const { codeChange } = this.#definition;
    if (codeChange === undefined) throw new ReturnError(`${this.label} has no codeChange. Add it to its definition.`);
    return codeChange((self.state as Held).state, extra);
  }

  #begin(self: Process, held: Held, made: unknown): void | Promise<void> {
    if (made instanceof Ignored) {
      self.kernel.initAck(self, undefined);
      throw new ProcessExit("normal");
    }
    if (!(made instanceof Outcome)) {
      held.state = made;
      return;
    }
    if (made.kind === "stop") throw new ProcessExit(made.reason);
    if (made.hasContinue) self.kernel.initAck(self, self.pid);
    return this.#next(self, held, made);
  }

  #settle(self: Process, held: Held, returned: unknown, what: string, from?: From): void | Promise<void> {
    if (isPromise(returned)) {
      return returned.then((outcome) => this.#apply(self, held, outcome, what, from));
    }
    return this.#apply(self, held, returned, what, from);
  }

  #apply(self: Process, held: Held, outcome: unknown, what: string, from?: From): void | Promise<void> {
    if (!(outcome instanceof Outcome) || (outcome.kind === "reply" && from === undefined)) {
      throw new ReturnError(
        `${this.label} ${self.pid}, ${what}: expected it to return ${from === undefined ? "" : "reply(value, state), "}noreply(state) or stop(reason, state), got ${shown(outcome)}.`,
      );
    }
    if (from !== undefined && outcome.hasValue) self.kernel.reply(from, outcome.value);
    if (outcome.kind === "stop") {
      if (outcome.state !== undefined) held.state = outcome.state;
      throw new ProcessExit(outcome.reason);
    }
    return this.#next(self, held, outcome);
  }

  #next(self: Process, held: Held, outcome: Outcome<unknown, unknown>): void | Promise<void> {
    held.state = outcome.state;
    if (outcome.hasContinue) {
      const proceed = this.#definition.continue;
      if (proceed === undefined) {
        throw new ReturnError(
          `${this.label} ${self.pid}: a handler asked to continue with ${shown(outcome.continue)}, but the definition has no \`continue\`. Add it.`,
        );
      }
      return this.#settle(self, held, proceed(held.state, outcome.continue, held.context as CallContext), "continue");
    }
    held.request = undefined;
    if (outcome.timeout !== undefined) wait(self, held, outcome.timeout);
  }

  #unknown(kind: string, name: string, known: object | undefined): ReturnError {
    return new ReturnError(
      `${this.label} has no ${kind} "${name}": expected one of ${shown(Object.keys(known ?? {}))}. Add it to \`${kind}s\`, or correct the caller.`,
    );
  }
}

/** From now on: what was set before is of no effect, though its message may be in the mailbox. */
function wait(self: Process, held: Held, ms: number): void {
  const message = new IdleTimeout();
  held.idle = { message, ms, timer: self.sendAfter(ms, message) };
}

function own(handlers: Readonly<Record<string, Handler>> | undefined, name: string): Handler | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}

function checkDefinition(definition: Definition): void {
  const whose = definition?.name === undefined ? "genServer" : `genServer ${shown(definition.name)}`;
  checkKeys(whose, definition, definitionKeys);
  const refuse = (key: string, what: string, got: unknown): never => {
    throw new OptionError(`${whose}: expected ${key} to be ${what}, got ${shown(got)}.`);
  };
  const { name, trapExit } = definition;
  if (name !== undefined && (typeof name !== "string" || name === ""))
    refuse("name", "a string with at least one character", name);
  checkFlag(whose, "trapExit", trapExit);
  if (typeof definition.init !== "function") refuse("init", "a function", definition.init);
  for (const key of definitionKeys) {
    const value: unknown = definition[key];
    if (value === undefined || key === "name" || key === "trapExit") continue;
    if (key !== "calls" && key !== "casts") {
      if (typeof value !== "function") refuse(key, "a function", value);
      continue;
    }
    if (typeof value !== "object" || value === null) refuse(key, "handlers by name", value);
    for (const [handler, run] of Object.entries(value as object)) {
      if (typeof run !== "function") refuse(`${key}.${handler}`, "a function", run);
    }
  }
}

const definitionKeys: readonly (keyof Definition)[] = [
  "name",
  "init",
  "calls",
  "casts",
  "info",
  "continue",
  "terminate",
  "formatStatus",
  "codeChange",
  "trapExit",
];
