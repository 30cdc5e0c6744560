/**
 * Supervisor: starts children in order, starts again what ends, stops them in reverse order.
 *
 *   start   a ─▷ b ─▷ c          one after the other; a failure stops what has started, in reverse, and fails the start
 *   crash   b ✗ ─▷ b'            and whoever the strategy says (strategy.ts)
 *   stop    c ─▷ b ─▷ a          each within its own `shutdown`
 *   more than maxRestarts in maxSeconds: stops all, then itself with "shutdown"
 *
 * This file: what users see of it. Its process: ordered-behaviour.ts; its state: ordered-supervision.ts, supervision.ts.
 * Source: Erlang/OTP, supervisor; S1 to S11, S13, S16 of the feature map.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import { shown } from "../kernel/errors.ts";
import type { StartOptions } from "../kernel/kernel.ts";
import type { Address, Name, Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import type { Payload } from "../kernel/protocol.ts";
import type { SupervisionCalls } from "./behaviour.ts";
import type { ChildCounts, ChildInfo } from "./child.ts";
import { type CheckedChildSpec, type ChildEntry, checkChildSpecs, type Startable, toChildSpec } from "./child-spec.ts";
import { OrderedBehaviour } from "./ordered-behaviour.ts";
import { type OrderedOptions, OrderedSupervision } from "./ordered-supervision.ts";
import { ask, type By, find, order, orderSpec, parcel } from "./requests.ts";
import { strategies } from "./strategy.ts";
import { checkSupervisionOptions, type Outcome, wrongOption } from "./supervision.ts";

export type { ChildCounts, ChildInfo } from "./child.ts";

export interface SupervisorOptions extends OrderedOptions {
  /** Shown in reports. Default "Supervisor". */
  readonly name?: string;
}

export interface SupervisorProtocol {
  readonly calls: SupervisionCalls & {
    readonly terminateChild: { readonly request: string; readonly reply: Outcome };
    readonly restartChild: { readonly request: string; readonly reply: Outcome };
    readonly deleteChild: { readonly request: string; readonly reply: Outcome };
  };
  readonly casts: Record<never, never>;
  readonly info: never;
}

/** A supervisor's children: a list of them, or a function that makes it, of the argument that the supervisor is started with. */
export type ChildrenOf<Arg> = readonly ChildEntry[] | ((arg: Arg) => readonly ChildEntry[]);

export interface SupervisorDefinition<Arg = undefined> extends Startable<Arg>, Behaviour<Arg> {
  /** Starts the supervisor and its children, not linked to anybody. @throws {StartError} when a child does not start */
  start(by: By, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid<SupervisorProtocol>>;
  /** Like `start`, linked. */
  startLink(self: Process, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid<SupervisorProtocol>>;
  /** A registered name, with a supervisor's protocol. */
  named(name: string): Name<SupervisorProtocol>;
}

/**
 * Defines a supervisor.
 *
 * @param children in the order in which they start. A function is asked at every start, and after a change of code
 *   (`sys.changeCode`); it should do nothing else
 * @throws {ChildSpecError} at once, when a spec is wrong or two have the same id; for a function, its start fails with it
 * @throws {OptionError} at once, when an option makes no sense
 *
 * @example
 * const Room = genServer({ name: "Room", init: (name: string) => ({ name }) });
 * const Clock = genServer({ name: "Clock", init: () => 0 });
 * const House = supervisor((rooms: readonly string[]) => [Clock, ...rooms.map((name) => childSpec(Room, name, { name }))], {
 *   strategy: "oneForAll",
 * });
 * const kernel = new Kernel();
 * const house = await House.start(kernel, ["kitchen", "attic"]);
 * console.log(await Supervisor.countChildren(kernel, house));
 */
export function supervisor<Arg = undefined>(
  children: ChildrenOf<Arg>,
  options: SupervisorOptions = {},
): SupervisorDefinition<Arg> {
  const { name = "Supervisor", strategy, autoShutdown } = options;
  checkSupervisionOptions(options, name, ["strategy", "autoShutdown"]);
  if (strategy !== undefined && !strategies.includes(strategy)) {
    throw wrongOption(name, "strategy", '"oneForOne", "oneForAll" or "restForOne"', strategy);
  }
  if (autoShutdown !== undefined && !["never", "anySignificant", "allSignificant"].includes(autoShutdown)) {
    throw wrongOption(name, "autoShutdown", '"never", "anySignificant" or "allSignificant"', autoShutdown);
  }
  const specs = typeof children === "function" ? undefined : checkChildSpecs(children, autoShutdown ?? "never");
  const make = specs === undefined ? (children as (arg: Arg) => readonly ChildEntry[]) : () => specs;
  return new OrderedBehaviour<Arg, SupervisorProtocol>(make, options, name) as unknown as SupervisorDefinition<Arg>;
}

type SupervisorAddress = Address<SupervisorProtocol>;

/** What may be asked of a running supervisor, by a process or by a kernel. Each waits for as long as it takes, as in OTP. */
export const Supervisor = {
  /** Its children, in the order in which they are started. @throws {CallError} as `call`, but for `timeout` */
  whichChildren(by: By, supervisor: SupervisorAddress): Promise<readonly ChildInfo[]> {
    return ask(by, supervisor, "whichChildren") as Promise<readonly ChildInfo[]>;
  },

  /** @throws {CallError} as `call`, but for `timeout` */
  countChildren(by: By, supervisor: SupervisorAddress): Promise<ChildCounts> {
    return ask(by, supervisor, "countChildren") as Promise<ChildCounts>;
  },

  /**
   * Adds a child behind the others, and starts it. From another thread the spec must be one that `childSpec` made of a
   * definition with a name. A child must not ask this of its own supervisor in its `init`: that
   * waits for it.
   *
   * @returns its pid; undefined when its start says that there is nothing to do
   * @throws {ChildSpecError} when the spec is wrong
   * @throws {StartError} when it does not start: it is not added
   * @throws {SupervisorError} `{ alreadyStarted: pid }` or `alreadyPresent` when there is a child of that id, which runs
   *   or does not; `otherThread`, `notSupervisor`
   * @throws {CallError} as `call`, but for `timeout`
   */
  async startChild(by: By, supervisor: SupervisorAddress, child: ChildEntry): Promise<Pid | undefined> {
    const spec = toChildSpec(child);
    const pid = find(by, supervisor, "startChild", OrderedSupervision);
    return order(by, pid, "startChild", parcel(by, pid, "startChild", spec), shown(spec.id));
  },

  /**
   * Stops a child within its `shutdown`, and waits for that; from any thread. It is not restarted for it, and its siblings
   * are not touched. Its spec stays, unless it is temporary. Does nothing when it does not run.
   *
   * @throws {SupervisorError} `notFound`
   */
  async terminateChild(by: By, supervisor: SupervisorAddress, id: string): Promise<void> {
    await order(by, supervisor, "terminateChild", id, shown(id));
  },

  /**
   * Starts a child that does not run, at its place among the others; from any thread.
   *
   * @returns its pid; undefined when its start says that there is nothing to do
   * @throws {SupervisorError} `running`, `restarting`, `notFound`
   * @throws {StartError} when it does not start: it stays as it is
   */
  restartChild(by: By, supervisor: SupervisorAddress, id: string): Promise<Pid | undefined> {
    return order(by, supervisor, "restartChild", id, shown(id));
  },

  /** Forgets a child that does not run; from any thread. @throws {SupervisorError} `running`, `restarting`, `notFound` */
  async deleteChild(by: By, supervisor: SupervisorAddress, id: string): Promise<void> {
    await order(by, supervisor, "deleteChild", id, shown(id));
  },

  /** A child's spec. @throws {SupervisorError} `notFound`, `otherThread`, `notSupervisor` */
  async getChildSpec(by: By, supervisor: SupervisorAddress, id: string): Promise<CheckedChildSpec> {
    const pid = find(by, supervisor, "getChildSpec", OrderedSupervision);
    return (await orderSpec(by, pid, "getChildSpec", id, shown(id))) as CheckedChildSpec;
  },
} as const;
