/**
 * DynamicSupervisor: children that come and go at run time, as many as need be: a process per connection, room, job.
 *
 *   startChild(spec) ─▷ pid          no ids: a child is known by its pid
 *   terminateChild(pid)
 *   stop                             all at once: no order, and the slowest says how long it takes
 *
 * Each child has its own spec, and is restarted alone. Looking for one costs O(1), whatever their number.
 * Source: Elixir, DynamicSupervisor (Erlang's simple_one_for_one); S2 of the feature map. Other than in OTP, a child
 * shows the id of its spec in listings and reports.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import type { CallMessage } from "../kernel/calls.ts";
import { shown } from "../kernel/errors.ts";
import type { StartOptions } from "../kernel/kernel.ts";
import type { Address, Name, Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import { type SupervisionCalls, SupervisorBehaviour, unknownCall } from "./behaviour.ts";
import { Child, type ChildCounts, type ChildInfo, type KeptSpec } from "./child.ts";
import { type ChildEntry, type Startable, toChildSpec } from "./child-spec.ts";
import { ask, type By, find, order, parcel, specIn } from "./requests.ts";
import { endedAsAsked, stopTogether } from "./stopping.ts";
import {
  checkSupervisionOptions,
  type Outcome,
  Supervision,
  type SupervisionOptions,
  type SupervisorStatus,
  wrongOption,
} from "./supervision.ts";

export interface DynamicSupervisorOptions<Extra extends readonly unknown[] = readonly []> extends SupervisionOptions {
  /** Children at one time, those that are restarting counted; one more is refused with `maxChildren`. Default: any number. */
  readonly maxChildren?: number;
  /** What each child's `start` gets, after the supervisor: `start: (supervisor, pool) => ...`. Default: nothing. */
  readonly extraArguments?: readonly [...Extra];
}

declare const extraOf: unique symbol;

export interface DynamicSupervisorProtocol<Extra extends readonly unknown[] = readonly unknown[]> {
  readonly calls: SupervisionCalls & {
    readonly terminateChild: { readonly request: Pid; readonly reply: Outcome };
  };
  readonly casts: Record<never, never>;
  readonly info: never;
  /** For the compiler alone. */
  readonly [extraOf]?: Extra;
}

export interface DynamicSupervisorDefinition<Extra extends readonly unknown[] = readonly []>
  extends Startable<undefined>,
    Behaviour<undefined> {
  /** Starts the supervisor, without children, not linked to anybody. */
  start(by: By, arg?: undefined, options?: StartOptions): Promise<Pid<DynamicSupervisorProtocol<Extra>>>;
  /** Like `start`, linked. */
  startLink(self: Process, arg?: undefined, options?: StartOptions): Promise<Pid<DynamicSupervisorProtocol<Extra>>>;
  /** A registered name, with the supervisor's protocol. */
  named(name: string): Name<DynamicSupervisorProtocol<Extra>>;
}

/**
 * Defines a dynamic supervisor.
 *
 * @throws {OptionError} at once, when an option makes no sense
 *
 * @example
 * const Session = genServer({ name: "Session", init: (user: string) => ({ user }) });
 * const Sessions = dynamicSupervisor({ name: "Sessions", maxChildren: 10_000 });
 * const kernel = new Kernel();
 * const sessions = await Sessions.start(kernel);
 * const ann = await DynamicSupervisor.startChild(kernel, sessions, childSpec(Session, "ann", { restart: "temporary" }));
 * if (ann !== undefined) await DynamicSupervisor.terminateChild(kernel, sessions, ann);
 */
export function dynamicSupervisor<Extra extends readonly unknown[] = readonly []>(
  options: DynamicSupervisorOptions<Extra> = {},
): DynamicSupervisorDefinition<Extra> {
  const { name = "DynamicSupervisor", maxChildren = Number.POSITIVE_INFINITY, extraArguments = [] } = options;
  checkSupervisionOptions(options, name, ["maxChildren", "extraArguments"]);
  if (!(maxChildren >= 0)) throw wrongOption(name, "maxChildren", "a number of at least 0", maxChildren);
  if (!Array.isArray(extraArguments)) throw wrongOption(name, "extraArguments", "an array", extraArguments);
  return new DynamicBehaviour(options, name) as unknown as DynamicSupervisorDefinition<Extra>;
}

/** What may be asked of a dynamic supervisor, by a process or by a kernel. Each waits for as long as it takes. */
export const DynamicSupervisor = {
  /** @throws {CallError} as `call`, but for `timeout` */
  whichChildren(by: By, supervisor: Address<DynamicSupervisorProtocol>): Promise<readonly ChildInfo[]> {
    return ask(by, supervisor, "whichChildren") as Promise<readonly ChildInfo[]>;
  },

  /** `specs` are the children, running or restarting. @throws {CallError} as `call`, but for `timeout` */
  countChildren(by: By, supervisor: Address<DynamicSupervisorProtocol>): Promise<ChildCounts> {
    return ask(by, supervisor, "countChildren") as Promise<ChildCounts>;
  },

  /**
   * Starts a child. From another thread the spec must be one that `childSpec` made of a definition with a name.
   *
   * @returns its pid; undefined when its start says that there is nothing to do: then it is no child
   * @throws {ChildSpecError} when the spec is wrong, or significant
   * @throws {StartError} when it does not start
   * @throws {SupervisorError} `maxChildren`, `otherThread`, `notSupervisor`
   * @throws {CallError} as `call`, but for `timeout`
   */
  async startChild<Extra extends readonly unknown[]>(
    by: By,
    supervisor: Address<DynamicSupervisorProtocol<Extra>>,
    child: NoInfer<ChildEntry<Extra>>,
  ): Promise<Pid | undefined> {
    const spec = toChildSpec(child);
    const pid = find(by, supervisor, "startChild", DynamicSupervision);
    // Its `start` gets what the supervisor was made with: that the types agree is what `Extra` is for.
    return order(by, pid, "startChild", parcel(by, pid, "startChild", spec as unknown as KeptSpec), shown(spec.id));
  },

  /**
   * Stops a child within its `shutdown`, and waits for that; from any thread. It is not restarted, and forgotten. One that
   * is restarting is known by the pid that it had.
   *
   * @throws {SupervisorError} `notFound`
   */
  async terminateChild(by: By, supervisor: Address<DynamicSupervisorProtocol>, child: Pid): Promise<void> {
    await order(by, supervisor, "terminateChild", child, String(child));
  },
} as const;

class DynamicBehaviour extends SupervisorBehaviour<undefined, DynamicSupervisorProtocol, DynamicSupervision> {
  readonly #options: DynamicSupervisorOptions<readonly unknown[]>;

  constructor(options: DynamicSupervisorOptions<readonly unknown[]>, label: string) {
    super(options.name, label);
    this.#options = options;
  }

  protected override begin(self: Process): void {
    self.state = new DynamicSupervision(self, this.#options);
  }

  protected override answer(held: DynamicSupervision, call: CallMessage): unknown {
    if (call.name === "terminateChild") return held.terminateChild(call.request as Pid);
    if (call.name !== "startChild") return unknownCall;
    const spec = specIn(call);
    return "start" in spec ? held.startChild(spec) : spec;
  }
}

/** @internal `process.state` of a dynamic supervisor. */
export class DynamicSupervision extends Supervision {
  /** By the pid that they have; those that restart, by the pid that they had. */
  readonly #children = new Map<Pid, Child>();
  readonly #maxChildren: number;

  constructor(self: Process, options: DynamicSupervisorOptions<readonly unknown[]>) {
    super(self, options, options.extraArguments ?? []);
    this.#maxChildren = options.maxChildren ?? Number.POSITIVE_INFINITY;
  }

  async startChild(spec: KeptSpec): Promise<Outcome> {
    if (spec.significant) {
      return {
        invalid: `Child spec ${shown(spec.id)}: expected significant to be false under a dynamic supervisor, which never shuts down by itself, got true.`,
      };
    }
    if (this.#children.size >= this.#maxChildren) return { refused: "maxChildren" };
    const child = new Child(spec);
    const started = await this.start(child);
    return started.type === "failed" ? { failed: started.reason } : { pid: child.pid };
  }

  async terminateChild(pid: Pid): Promise<Outcome> {
    const child = this.#children.get(pid);
    if (child === undefined) return { refused: "notFound" };
    await this.#stop([child]);
    return { pid: undefined };
  }

  override infos(): ChildInfo[] {
    return Array.from(this.#children.values(), (child) => child.info);
  }

  override status(): SupervisorStatus {
    const { maxRestarts, maxSeconds } = this;
    return { strategy: "oneForOne", maxRestarts, maxSeconds, children: this.infos() };
  }

  override stopAll(): Promise<void> {
    return this.#stop([...this.#children.values()]);
  }

  protected override childOf(pid: Pid): Child | undefined {
    const child = this.#children.get(pid);
    return child?.pid === pid ? child : undefined;
  }

  protected override wentUp(child: Child, pid: Pid): void {
    this.#children.set(pid, child);
  }

  protected override wentDown(): void {
    // It keeps its entry until it is up again, or forgotten: it counts for maxChildren.
  }

  protected override over(child: Child): void {
    this.#children.delete(child.lastPid!);
  }

  protected override async bringUp(child: Child): Promise<void> {
    const before = child.lastPid!;
    const started = await this.start(child);
    if (started.type === "failed") {
      this.report("startError", child, started.reason);
      this.tryAgain(child, started);
    } else this.#children.delete(before);
  }

  protected override async bringDown(): Promise<void> {
    // Nobody is restarted with it.
  }

  async #stop(children: readonly Child[]): Promise<void> {
    const running = new Map<Pid, Child>();
    for (const child of children) {
      this.settle(child);
      if (child.pid !== undefined) running.set(child.pid, child);
    }
    const reasons = await stopTogether(this.self, new Map([...running].map(([pid, { spec }]) => [pid, spec.shutdown])));
    for (const [pid, { spec }] of running) {
      const reason = reasons.get(pid);
      if (!endedAsAsked(reason, spec.shutdown, spec.restart)) this.report("shutdownError", running.get(pid)!, reason);
    }
    for (const child of children) {
      this.down(child);
      this.over(child);
    }
  }
}
