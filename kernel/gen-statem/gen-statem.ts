/**
 * GenStatem: a process that is in one of several states, and does with an event what that state says.
 *
 *                      ┌──────────────── events ────────────────┐
 *   locked ──▷ enter   │ calls, casts, info, internal, timeouts │──▷ nextState("open", data, { stateTimeout: 5000 })
 *   open   ──▷ enter   │ the state's own handler, else common's │──▷ keepState(data) | repeatState(data) | postpone()
 *                      └────────────────────────────────────────┘──▷ stop(reason) | ...        (transitions.ts)
 *
 * Two ways to write one, OTP's two callback modes: `states`, handlers by the state's name; or `handleEvent`, one function
 * for everything, where a state may be any data. What happens in which order: machine.ts.
 *
 * As in OTP, a call, cast, internal event or timeout that the state has no handler for ends the machine; other messages
 * without `info` are dropped. A handler may be async: no other event of this machine is handled in the meantime.
 * Other than in OTP: `enter` is its own function, so there is no `state_enter` to switch on; `hibernate` compacts nothing
 * (there is no heap of its own); postponed events have a limit.
 * Source: Erlang/OTP, gen_statem; G18 of the feature map.
 */

import { CallMessage, CastMessage } from "../calls.ts";
import { OptionError, shown } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { isPromise } from "../is-promise.ts";
import { type Process, ProcessExit } from "../process.ts";
import { Ignored, Outcome, ReturnError } from "../server/outcome.ts";
import { Startable } from "../server/startable.ts";
import { isParentsExit } from "../system-messages.ts";
import { type Callbacks, type Definition, HandleEventFunction, StateFunctions } from "./callbacks.ts";
import type {
  DataOf,
  GenStatem,
  StartedOf,
  StatemDefinition,
  StatemProtocol,
  StatemStatus,
  StateOf,
} from "./definition.ts";
import type { StatemEvent } from "./events.ts";
import { Machine } from "./machine.ts";
import { RunningTimeout } from "./timeouts.ts";

/**
 * Defines a state machine.
 *
 * @example
 * const Door = genStatem({
 *   init: (code: string) => nextState("locked", { code, wrong: 0 }),
 *   states: {
 *     locked: {
 *       calls: {
 *         unlock: (data, code: string) =>
 *           code === data.code
 *             ? nextState("open", { ...data, wrong: 0 }, { reply: true })
 *             : keepState({ ...data, wrong: data.wrong + 1 }, { reply: false }),
 *       },
 *       casts: { walkThrough: postpone },
 *     },
 *     open: {
 *       enter: (data) => keepState(data, { stateTimeout: 5000 }),
 *       stateTimeout: (data) => nextState("locked", data),
 *       calls: { unlock: () => keepStateAndData({ reply: true }) },
 *       casts: { walkThrough: (data) => nextState("locked", data) },
 *     },
 *   },
 * });
 * const kernel = new Kernel();
 * const door = await Door.start(kernel, "1234");
 * kernel.cast(door, "walkThrough"); // waits until the door is open
 * const opened: boolean = await kernel.call(door, "unlock", "1234");
 */
export function genStatem<
  Init,
  Name extends string = never,
  States = unknown,
  Common = Record<never, never>,
  State = unknown,
  Event = StatemEvent,
  Arg = undefined,
>(
  definition: StatemDefinition<Arg, Init, Name, States, Common, State, Event>,
): GenStatem<
  Arg,
  StatemProtocol<States, Common, Event>,
  StateOf<Name, State>,
  DataOf<Init>,
  StartedOf<Init, StatemProtocol<States, Common, Event>>
> {
  return new Statem(definition as unknown as Definition) as never;
}

class Statem extends Startable {
  /** For machines, also those of another definition that change to this one. */
  readonly callbacks: Callbacks;

  constructor(definition: Definition) {
    super(definition.name, "GenStatem");
    this.callbacks = callbacksOf(definition, this.label);
  }

  init(self: Process, arg: unknown): void | Promise<void> {
    const { definition } = this.callbacks;
    if (definition.trapExit === true) self.trapExit = true;
    const machine = new Machine(self, this.callbacks);
    self.state = machine;
    const first = definition.init(arg, self);
    return isPromise(first) ? first.then((made) => this.#begin(machine, made)) : this.#begin(machine, first);
  }

  handle(self: Process, message: unknown): void | Promise<void> {
    const machine = self.state as Machine;
    if (message instanceof RunningTimeout) return machine.elapsed(message);
    if (message instanceof CallMessage) {
      return machine.receive({ type: "call", name: message.name, request: message.request, from: message.from });
    }
    if (message instanceof CastMessage) {
      return machine.receive({ type: "cast", name: message.name, payload: message.payload });
    }
    if (isParentsExit(self, message)) throw new ProcessExit(message.reason);
    return machine.receive({ type: "info", message });
  }

  terminate(self: Process, reason: ExitReason): void | Promise<void> {
    const machine = self.state as Machine;
    const { callbacks, data, context } = machine;
    machine.request = undefined;
    return callbacks.definition.terminate?.(data, reason, context);
  }

  request(self: Process): string | undefined {
    return (self.state as Machine | undefined)?.request;
  }

  getState(self: Process): StatemStatus<unknown, unknown> {
    const { state, data } = self.state as Machine;
    return { state, data };
  }

  replaceState(self: Process, status: unknown): void {
    const machine = self.state as Machine;
    if (typeof status !== "object" || status === null || !("state" in status) || !("data" in status)) {
      throw new ReturnError(`${this.label} ${self.pid}: expected { state, data }, got ${shown(status)}.`);
    }
    machine.callbacks.checkState(machine, status.state);
    machine.state = status.state;
    machine.data = status.data;
  }

  formatStatus(self: Process): unknown {
    const { formatStatus } = (self.state as Machine).callbacks.definition;
    const status = this.getState(self);
    return formatStatus === undefined ? status : formatStatus(status);
  }

  codeChange(self: Process, extra: unknown): unknown {
    const { codeChange } = (self.state as Machine).callbacks.definition;
    if (codeChange === undefined) throw new ReturnError(`${this.label} has no codeChange. Add it to its definition.`);
    return codeChange(this.getState(self), extra);
  }

  #begin(machine: Machine, made: unknown): void | Promise<void> {
    if (made instanceof Ignored) {
      machine.self.kernel.initAck(machine.self, undefined);
      throw new ProcessExit("normal");
    }
    if (made instanceof Outcome && made.kind === "stop") throw new ProcessExit(made.reason);
    return machine.begin(made);
  }
}

function callbacksOf(definition: Definition, label: string): Callbacks {
  const { states, handleEvent, maxPostponed } = definition;
  if (maxPostponed !== undefined && !(maxPostponed >= 1)) {
    throw new OptionError(`${label}: expected maxPostponed to be a number of at least 1, got ${shown(maxPostponed)}.`);
  }
  if (states !== undefined && handleEvent === undefined) return new StateFunctions(definition, states);
  if (handleEvent !== undefined && states === undefined) return new HandleEventFunction(definition, handleEvent);
  throw new OptionError(
    `${label}: expected either states or handleEvent, got ${states === undefined ? "none" : "both"}.`,
  );
}
