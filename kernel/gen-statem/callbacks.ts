/**
 * Callbacks: which function of a definition handles an event. One class for each of OTP's callback modes.
 *
 *   StateFunctions        states[state].calls[name] ?? common.calls[name] ?? the end
 *   HandleEventFunction   handleEvent(event, state, data, context)
 */
import { shown } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Process } from "../process.ts";
import { ReturnError } from "../server/outcome.ts";
import type { StatemStatus } from "./definition.ts";
import { eventText, type StatemCallContext, type StatemContext, type StatemEvent } from "./events.ts";
import type { Machine } from "./machine.ts";
import { keepStateAndData } from "./transitions.ts";

/** A definition as its process sees it: types were the compiler's. */
export interface Definition {
  readonly name?: string;
  readonly init: (arg: unknown, self: Process) => unknown;
  readonly states?: Readonly<Record<string, Handlers>>;
  readonly common?: Handlers;
  readonly handleEvent?: (event: StatemEvent, state: unknown, data: unknown, context: StatemContext) => unknown;
  readonly enter?: (state: unknown, data: unknown, from: unknown, context: StatemContext) => unknown;
  readonly terminate?: (data: unknown, reason: ExitReason, context: StatemContext) => void | Promise<void>;
  readonly formatStatus?: (status: StatemStatus<unknown, unknown>) => unknown;
  readonly codeChange?: (status: StatemStatus<unknown, unknown>, extra: unknown) => StatemStatus<unknown, unknown>;
  readonly trapExit?: boolean;
  readonly maxPostponed?: number;
}

type Handler = (data: unknown, payload: unknown, context: StatemContext) => unknown;
type HandlerMap = Readonly<Record<string, Handler>>;

interface Handlers {
  readonly enter?: Handler;
  readonly calls?: HandlerMap;
  readonly casts?: HandlerMap;
  readonly internal?: HandlerMap;
  readonly info?: Handler;
  readonly timeout?: Handler;
  readonly stateTimeout?: Handler;
  readonly timeouts?: HandlerMap;
}

/** What a machine asks of its definition. */
export interface Callbacks {
  readonly definition: Definition;
  /** @throws {ReturnError} when there is no such state */
  checkState(machine: Machine, state: unknown): void;
  hasEnter(state: unknown): boolean;
  /** The state enter call. */
  enter(machine: Machine, from: unknown): unknown;
  handle(machine: Machine, event: StatemEvent): unknown;
}

export class StateFunctions implements Callbacks {
  readonly definition: Definition;
  readonly #states: Readonly<Record<string, Handlers>>;
  readonly #common: Handlers;

  constructor(definition: Definition, states: Readonly<Record<string, Handlers>>) {
    this.definition = definition;
    this.#states = states;
    this.#common = definition.common ?? {};
  }

  checkState(machine: Machine, state: unknown): void {
    if (typeof state === "string" && Object.hasOwn(this.#states, state)) return;
    throw new ReturnError(
      `${machine.self.label} ${machine.self.pid} has no state ${shown(state)}: expected one of ${shown(Object.keys(this.#states))}. Add it to \`states\`, or correct the transition.`,
    );
  }

  hasEnter(state: unknown): boolean {
    return this.#of(state).enter !== undefined || this.#common.enter !== undefined;
  }

  enter(machine: Machine, from: unknown): unknown {
    const enter = this.#of(machine.state).enter ?? this.#common.enter;
    return enter?.(machine.data, from, machine.context);
  }

  handle(machine: Machine, event: StatemEvent): unknown {
    const { data, context } = machine;
    const handler = handlerOf(this.#of(machine.state), event) ?? handlerOf(this.#common, event);
    if (handler === undefined) {
      if (event.type === "info") return keepStateAndData();
      throw this.#unhandled(machine, event);
    }
    switch (event.type) {
      case "call": {
        const callContext: StatemCallContext = { self: context.self, state: machine.state, from: event.from as never };
        return handler(data, event.request, callContext);
      }
      case "cast":
      case "internal":
        return handler(data, event.payload, context);
      case "info":
        return handler(data, event.message, context);
      case "timeout":
      case "stateTimeout":
      case "genericTimeout":
        return handler(data, event.content, context);
      default:
        throw this.#unhandled(machine, event);
    }
  }

  #of(state: unknown): Handlers {
    return this.#states[state as string]!;
  }

  #unhandled({ self, state }: Machine, event: StatemEvent): ReturnError {
    return new ReturnError(
      `${self.label} ${self.pid}, state ${shown(state)}, has no handler for ${eventText(event)}: expected one in the state, or in \`common\`. Add it, or postpone there.`,
    );
  }
}

function handlerOf(handlers: Handlers, event: StatemEvent): Handler | undefined {
  switch (event.type) {
    case "call":
      return own(handlers.calls, event.name);
    case "cast":
      return own(handlers.casts, event.name);
    case "internal":
      return own(handlers.internal, event.name);
    case "genericTimeout":
      return own(handlers.timeouts, event.name);
    case "info":
    case "timeout":
    case "stateTimeout":
      return handlers[event.type];
    default:
      return undefined; // what `nextEvents` was given is no event
  }
}

function own(handlers: HandlerMap | undefined, name: string): Handler | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}

export class HandleEventFunction implements Callbacks {
  readonly definition: Definition;
  readonly #handleEvent: NonNullable<Definition["handleEvent"]>;

  constructor(definition: Definition, handleEvent: NonNullable<Definition["handleEvent"]>) {
    this.definition = definition;
    this.#handleEvent = handleEvent;
  }

  checkState(): void {
    // A state is any data.
  }

  hasEnter(): boolean {
    return this.definition.enter !== undefined;
  }

  enter(machine: Machine, from: unknown): unknown {
    return this.definition.enter?.(machine.state, machine.data, from, machine.context);
  }

  handle(machine: Machine, event: StatemEvent): unknown {
    return this.#handleEvent(event, machine.state, machine.data, machine.context);
  }
}
