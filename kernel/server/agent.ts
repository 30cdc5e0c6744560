/**
 * Agent: a process that holds a state, for when a server of one's own would be nothing but get and set.
 *
 *   get            fn(state) ──▷ value                      each fn runs inside the agent, one after the other:
 *   update         fn(state) ──▷ state                      nobody sees a state that is half changed,
 *   getAndUpdate   fn(state) ──▷ [value, state]             and long work in one of them holds up all the others
 *   cast           fn(state) ──▷ state, nobody waits
 *
 * A function cannot leave its thread, so an agent serves the processes of its own; what others need, ask a `genServer`
 * for. A function that throws ends the agent, as a handler that throws ends a server.
 * Source: Elixir, Agent; G13 of the feature map.
 */

import type { Behaviour } from "../behaviour.ts";
import { CallMessage, CastMessage } from "../calls.ts";
import { MessageError, shown } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { isPromise } from "../is-promise.ts";
import { Kernel, type StartOptions } from "../kernel.ts";
import { declareLeaf } from "../message.ts";
import { type Address, type Name, Pid } from "../pid.ts";
import { type Process, ProcessExit } from "../process.ts";
import { isParentsExit } from "../system-messages.ts";
import { ReturnError } from "./outcome.ts";

declare const stateOf: unique symbol;

/** What an agent's pid or name knows: the type of the state. */
export interface AgentProtocol<State> {
  readonly calls: Record<never, never>;
  readonly casts: Record<never, never>;
  readonly info: never;
  readonly [stateOf]: State;
}

export interface AgentCallOptions {
  /** Milliseconds or Infinity; default 5000. */
  readonly timeout?: number;
}

type Returned<T> = T | Promise<T>;

/**
 * Holds a state that processes of one thread share. Never change a state in place: return a new one. What `get` hands
 * out is frozen, as any message is.
 *
 * @example
 * const kernel = new Kernel();
 * const visits = await Agent.start(kernel, () => new Map<string, number>());
 * kernel.spawn(async (self) => {
 *   await Agent.update(self, visits, (counts) => new Map(counts).set("/", (counts.get("/") ?? 0) + 1));
 *   const total: number = await Agent.get(self, visits, (counts) => [...counts.values()].reduce((a, b) => a + b, 0));
 *   console.log(total);
 * });
 */
export const Agent = {
  label: "Agent",

  /**
   * Starts an agent that is not linked to anybody, and waits for its state.
   *
   * @param init makes the state, inside the agent; may be async
   * @throws {StartError} when `init` fails, or the name is taken
   */
  start<State>(
    by: Process | Kernel,
    init: () => Returned<State>,
    options: StartOptions = {},
  ): Promise<Pid<AgentProtocol<State>>> {
    const [kernel, parent] = by instanceof Kernel ? [by, undefined] : [by.kernel, by];
    return kernel.start(parent, agentBehaviour, init, options) as Promise<Pid<AgentProtocol<State>>>;
  },

  /** Like `start`, linked: for a supervisor's child, `childSpec(Agent, () => ({}), { name: "settings" })`. */
  startLink<State>(
    self: Process,
    init: () => Returned<State>,
    options: StartOptions = {},
  ): Promise<Pid<AgentProtocol<State>>> {
    return Agent.start(self, init, { ...options, link: true });
  },

  /** A registered name, with the type of the agent's state. */
  named<State>(name: string): Name<AgentProtocol<State>> {
    return name as Name<AgentProtocol<State>>;
  },

  /**
   * Computes something from the state. Do so inside the function: what it returns is frozen or copied, so return little.
   *
   * @throws {CallError} as `call`: `timeout`, `noproc`, ...; or the reason that the function ended the agent with
   * @throws {MessageError} when the agent lives on another thread
   */
  get<State, R>(
    by: Process | Kernel,
    agent: Address<AgentProtocol<State>>,
    fn: (state: State) => R,
    options: AgentCallOptions = {},
  ): Promise<Awaited<R>> {
    return ask(by, agent, "get", fn, options) as Promise<Awaited<R>>;
  },

  /** Replaces the state by what the function makes of it, and waits for that. @throws as `get` */
  update<State>(
    by: Process | Kernel,
    agent: Address<AgentProtocol<State>>,
    fn: (state: State) => Returned<NoInfer<State>>,
    options: AgentCallOptions = {},
  ): Promise<void> {
    return ask(by, agent, "update", fn, options) as Promise<void>;
  },

  /**
   * Both at once, so that nothing comes between: `(n) => [n, n + 1]` takes a number.
   *
   * @param fn returns `[value, state]`; anything else ends the agent with a ReturnError
   * @throws as `get`
   */
  getAndUpdate<State, R>(
    by: Process | Kernel,
    agent: Address<AgentProtocol<State>>,
    fn: (state: State) => Returned<readonly [value: R, state: NoInfer<State>]>,
    options: AgentCallOptions = {},
  ): Promise<R> {
    return ask(by, agent, "getAndUpdate", fn, options) as Promise<R>;
  },

  /**
   * Replaces the state, without waiting. Never fails for an agent that is not there.
   *
   * @throws {MessageError} when the agent lives on another thread
   */
  cast<State>(
    by: Process | Kernel,
    agent: Address<AgentProtocol<State>>,
    fn: (state: State) => Returned<NoInfer<State>>,
  ): void {
    const kernel = kernelOf(by);
    kernel.castTo(agent as Address, "cast", requestFor(kernel, agent as Address, "cast", fn));
  },

  /**
   * Ends the agent, from any thread, and waits until it has.
   *
   * @param reason default "normal"
   * @param options.timeout milliseconds or Infinity; default Infinity
   * @throws {CallError} `noproc` when it is not there
   */
  stop(
    by: Process | Kernel,
    agent: Address<AgentProtocol<never>> | Address,
    reason: ExitReason = "normal",
    options: AgentCallOptions = {},
  ): Promise<void> {
    const timeout = options.timeout ?? Number.POSITIVE_INFINITY;
    const owner = by instanceof Kernel ? undefined : by;
    return kernelOf(by).callBy(owner, agent as Address, "stop", { reason }, { timeout }) as Promise<void>;
  },
} as const;

/** A function on its way to an agent of this thread. */
class AgentRequest {
  readonly fn: (state: unknown) => unknown;

  constructor(fn: (state: never) => unknown) {
    this.fn = fn as AgentRequest["fn"];
  }
}

declareLeaf(AgentRequest);

const agentBehaviour: Behaviour<() => unknown> = {
  label: "Agent",
  init(self, init) {
    return withResult(init(), (state) => {
      self.state = state;
    });
  },
  handle(self, message) {
    if (message instanceof CastMessage && message.payload instanceof AgentRequest) {
      return withResult(message.payload.fn(self.state), (state) => {
        self.state = state;
      });
    }
    if (isParentsExit(self, message)) throw new ProcessExit(message.reason);
    if (!(message instanceof CallMessage)) return; // not meant for an agent
    const { from, name, request } = message;
    if (name === "stop") {
      self.kernel.reply(from, undefined); // heard when this turn, and the agent with it, is over
      throw new ProcessExit((request as { reason: ExitReason }).reason);
    }
    if (!(request instanceof AgentRequest)) {
      throw new ReturnError(
        `Agent ${self.pid} has no call ${shown(name)}: expected Agent.get, update, getAndUpdate or stop. Ask by one of those.`,
      );
    }
    return withResult(request.fn(self.state), (returned) => {
      const [value, state] = parts(self, name, returned);
      self.kernel.reply(from, value);
      self.state = state;
    });
  },
};

/** What a function's return value means: the reply, and the state. */
function parts(self: Process, name: string, returned: unknown): readonly unknown[] {
  if (name === "get") return [returned, self.state];
  if (name === "update") return [undefined, returned];
  if (Array.isArray(returned) && returned.length === 2) return returned;
  throw new ReturnError(
    `Agent ${self.pid}, getAndUpdate: expected the function to return [value, state], got ${shown(returned)}.`,
  );
}

function withResult(result: unknown, use: (result: unknown) => void): void | Promise<void> {
  return isPromise(result) ? result.then(use) : use(result);
}

async function ask(
  by: Process | Kernel,
  agent: Address<AgentProtocol<never>> | Address,
  name: string,
  fn: (state: never) => unknown,
  options: AgentCallOptions,
): Promise<unknown> {
  const kernel = kernelOf(by);
  const owner = by instanceof Kernel ? undefined : by;
  return kernel.callBy(owner, agent as Address, name, requestFor(kernel, agent as Address, name, fn), options);
}

function kernelOf(by: Process | Kernel): Kernel {
  if (by instanceof Kernel) return by;
  by.assertAlive();
  return by.kernel;
}

/** @throws {MessageError} when it is no function, or would have to leave its thread */
function requestFor(kernel: Kernel, agent: Address, name: string, fn: (state: never) => unknown): AgentRequest {
  if (typeof fn !== "function") throw new MessageError(`Agent.${name}: expected a function, got ${shown(fn)}.`);
  const pid = agent instanceof Pid ? agent : kernel.names.whereis(agent);
  if (pid !== undefined && pid.thread !== kernel.thread) {
    throw new MessageError(
      `Agent.${name}: expected an agent of thread ${kernel.thread}, got ${pid}: a function cannot go to another thread. Use a genServer with a call for it, or an agent on each thread.`,
    );
  }
  return new AgentRequest(fn);
}
