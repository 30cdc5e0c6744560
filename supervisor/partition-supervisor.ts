/**
 * PartitionSupervisor: one process is too slow, so run N copies of it, and give each key to one of them.
 *
 *   via("counters", 42)       ─▷ 42 rem 3      ─▷ partition 0        an integer: its remainder
 *   via("counters", "lobby")  ─▷ hash rem 3    ─▷ partition 2        any other key: its hash, the same in every run
 *
 *   resize(5)   starts partitions 3 and 4         Keys move to other partitions then, and nothing of what the
 *   resize(2)   stops the last ones, in reverse   partitions hold moves with them.
 *
 * The partitions are children of a supervisor with ids "0", "1", ...; `{ on: "spread" }` in their spec gives each thread its
 * share. They are addressed from any thread: their pids are published (kernel/names/rosters.ts).
 * Source: Elixir, PartitionSupervisor; S12 of the feature map. Other than there, it can become larger than it was.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import type { CallMessage } from "../kernel/calls.ts";
import { NameError, type OptionError, shown } from "../kernel/errors.ts";
import { crashReason } from "../kernel/exit-reason.ts";
import type { Kernel, StartOptions } from "../kernel/kernel.ts";
import { type Key, keyId } from "../kernel/names/key.ts";
import type { Via } from "../kernel/names/via.ts";
import { type Address, type Name, Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import { type SupervisionCalls, unknownCall } from "./behaviour.ts";
import type { Child, ChildCounts, ChildInfo } from "./child.ts";
import { type CheckedChildSpec, type ChildEntry, type Startable, toChildSpec } from "./child-spec.ts";
import { ChildSpecError } from "./errors.ts";
import { OrderedBehaviour } from "./ordered-behaviour.ts";
import { OrderedSupervision } from "./ordered-supervision.ts";
import { ask, type By, order, whom } from "./requests.ts";
import { type Strategy, strategies } from "./strategy.ts";
import { checkSupervisionOptions, type Outcome, type SupervisionOptions, wrongOption } from "./supervision.ts";

export interface PartitionSupervisorOptions extends SupervisionOptions {
  /** How many copies there are at the start: 1 to 65,536. Default: as many as there are scheduler threads. */
  readonly partitions?: number;
  /** Default "oneForOne". */
  readonly strategy?: Strategy;
}

export interface PartitionSupervisorProtocol {
  readonly calls: SupervisionCalls & {
    readonly partitions: { readonly request: undefined; readonly reply: number };
    readonly resize: { readonly request: number; readonly reply: Outcome };
  };
  readonly casts: Record<never, never>;
  readonly info: never;
}

export interface PartitionSupervisorDefinition extends Startable<undefined>, Behaviour<undefined> {
  /** Starts the supervisor and its partitions. @throws {StartError} when one of them does not start */
  start(by: By, arg?: undefined, options?: StartOptions): Promise<Pid<PartitionSupervisorProtocol>>;
  /** Like `start`, linked. */
  startLink(self: Process, arg?: undefined, options?: StartOptions): Promise<Pid<PartitionSupervisorProtocol>>;
  /** A registered name, with the supervisor's protocol. */
  named(name: string): Name<PartitionSupervisorProtocol>;
}

/**
 * Defines a partition supervisor.
 *
 * @param child what each partition runs; a function gets the partition's number, from 0. Its id is that number
 * @throws {ChildSpecError} at once when the child is wrong, {OptionError} when an option is
 *
 * @example
 * const Counter = genServer({
 *   name: "Counter",
 *   init: () => new Map<string, number>(),
 *   casts: { count: (counts, page: string) => noreply(new Map(counts).set(page, (counts.get(page) ?? 0) + 1)) },
 * });
 * const Tallies = partitionSupervisor(Counter, { name: "Tallies", partitions: 4 });
 * const kernel = new Kernel();
 * await Tallies.start(kernel, undefined, { name: "counters" });
 * kernel.cast(PartitionSupervisor.via<ProtocolOf<typeof Counter>>("counters", "/home"), "count", "/home");
 */
export function partitionSupervisor(
  child: ChildEntry | ((partition: number) => ChildEntry),
  options: PartitionSupervisorOptions = {},
): PartitionSupervisorDefinition {
  const { name = "PartitionSupervisor", partitions, strategy } = options;
  checkSupervisionOptions(options, name, ["partitions", "strategy"]);
  if (partitions !== undefined && (!isSize(partitions) || partitions === 0)) {
    throw wrongOption(name, "partitions", `a whole number from 1 to ${maxPartitions}`, partitions);
  }
  if (strategy !== undefined && !strategies.includes(strategy)) {
    throw wrongOption(name, "strategy", '"oneForOne", "oneForAll" or "restForOne"', strategy);
  }
  const make = (partition: number): CheckedChildSpec => {
    const spec = toChildSpec(typeof child === "function" ? child(partition) : child);
    if (spec.restart !== "temporary") return { ...spec, id: String(partition) };
    throw new ChildSpecError(
      `${name}, child spec ${shown(spec.id)}: expected restart to be "permanent" or "transient", got "temporary": the keys of a partition that is gone would have nowhere to go.`,
    );
  };
  make(0);
  return new PartitionBehaviour(make, options, name) as unknown as PartitionSupervisorDefinition;
}

type PartitionAddress = Address<PartitionSupervisorProtocol>;

/** How partitions are addressed, and what may be asked of their supervisor. */
export const PartitionSupervisor = {
  /**
   * The address of the partition that a key belongs to, wherever a pid or a name can stand: `send`, `call`, `cast`,
   * `monitor`. It is looked up each time, so it may be kept over restarts and resizes.
   *
   * Using it throws a NameError when there are no partitions.
   */
  via<P = unknown>(supervisor: PartitionAddress, key: Key): Via<P> {
    return new PartitionVia<P>(supervisor, key);
  },

  /** How many there are. @throws {CallError} as `call`, but for `timeout` */
  partitions(by: By, supervisor: PartitionAddress): Promise<number> {
    return ask(by, supervisor, "partitions") as Promise<number>;
  },

  /**
   * Starts or stops partitions until there are so many; from any thread.
   *
   * @param partitions 0 to 65,536
   * @throws {StartError} when one of them does not start: those that were started for this are stopped again
   * @throws {OptionError} when the number makes no sense
   */
  async resize(by: By, supervisor: PartitionAddress, partitions: number): Promise<void> {
    if (!isSize(partitions)) throw wrongSize(whom(supervisor), partitions);
    await order(by, supervisor, "resize", partitions, `to ${shown(partitions)}`);
  },

  /** By partition: ids are "0", "1", .... @throws {CallError} as `call`, but for `timeout` */
  whichChildren(by: By, supervisor: PartitionAddress): Promise<readonly ChildInfo[]> {
    return ask(by, supervisor, "whichChildren") as Promise<readonly ChildInfo[]>;
  },

  /** @throws {CallError} as `call`, but for `timeout` */
  countChildren(by: By, supervisor: PartitionAddress): Promise<ChildCounts> {
    return ask(by, supervisor, "countChildren") as Promise<ChildCounts>;
  },
} as const;

/**
 * @internal The partition of a key.
 *
 * @param partitions at least 1
 */
export function partitionOf(key: Key, partitions: number): number {
  if (typeof key === "bigint") return Number((key < 0n ? -key : key) % BigInt(partitions));
  if (typeof key === "number" && Number.isInteger(key)) return Math.abs(key) % partitions;
  return hash(String(keyId([key], "PartitionSupervisor"))) % partitions;
}

/** FNV-1a over the code units, then a mixing step, for the low bits alone would decide. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  return (value ^ (value >>> 15)) >>> 0;
}

class PartitionVia<P> implements Via<P> {
  readonly #supervisor: PartitionAddress;
  readonly #key: Key;

  constructor(supervisor: PartitionAddress, key: Key) {
    this.#supervisor = supervisor;
    this.#key = key;
  }

  whereis(kernel: Kernel): Pid<P> | undefined {
    const pid = this.#supervisor instanceof Pid ? this.#supervisor : kernel.names.whereis(this.#supervisor);
    const partitions = pid === undefined ? undefined : kernel.rosters.of(pid);
    if (partitions === undefined) return undefined; // nobody, ended, or not up yet
    if (partitions.length === 0) throw new NameError(`${this}: it has no partitions. Resize it first.`);
    return partitions[partitionOf(this.#key, partitions.length)] as Pid<P> | undefined;
  }

  toString(): string {
    return `PartitionSupervisor ${String(this.#supervisor)}, key ${shown(this.#key)}`;
  }
}

/** Its children's pids are for everybody to know. */
class PartitionSupervision extends OrderedSupervision {
  protected override wentUp(child: Child, pid: Pid): void {
    super.wentUp(child, pid);
    this.self.kernel.rosters.set(this.self, Number(child.spec.id), pid);
  }

  protected override wentDown(child: Child, pid: Pid): void {
    super.wentDown(child, pid);
    this.self.kernel.rosters.set(this.self, Number(child.spec.id), undefined);
  }
}

/** Its argument, within: how many partitions there are at first. */
class PartitionBehaviour extends OrderedBehaviour<number, PartitionSupervisorProtocol> {
  readonly #make: (partition: number) => CheckedChildSpec;
  readonly #partitions: number | undefined;

  constructor(make: (partition: number) => CheckedChildSpec, options: PartitionSupervisorOptions, label: string) {
    super((partitions) => Array.from({ length: partitions }, (_, partition) => make(partition)), options, label);
    this.#make = make;
    this.#partitions = options.partitions;
  }

  protected override begin(self: Process): Promise<void> {
    const { kernel } = self;
    const partitions = this.#partitions ?? Math.max(1, kernel.statsTable.rows - 1); // row 0 is the main thread's
    kernel.rosters.resize(self, partitions);
    return super.begin(self, partitions);
  }

  protected override supervision(...args: ConstructorParameters<typeof OrderedSupervision>): OrderedSupervision {
    return new PartitionSupervision(...args);
  }

  protected override answer(held: OrderedSupervision, call: CallMessage): unknown {
    if (call.name === "partitions") return held.size;
    return call.name === "resize" ? this.#resize(held, call.request as number) : unknownCall;
  }

  async #resize(held: OrderedSupervision, partitions: number): Promise<Outcome> {
    if (!isSize(partitions)) return { invalid: wrongSize(this.label, partitions).message };
    const before = held.size;
    while (held.size < partitions) {
      const outcome = await this.#grow(held);
      publishSize(held);
      if ("pid" in outcome) continue;
      await shrink(held, before);
      return outcome;
    }
    await shrink(held, partitions);
    return { pid: undefined };
  }

  async #grow(held: OrderedSupervision): Promise<Outcome> {
    try {
      return await held.startChild(this.#make(held.size));
    } catch (thrown) {
      held.self.assertAlive();
      return { failed: crashReason(thrown) }; // the function that makes the children
    }
  }
}

function wrongSize(whose: string, partitions: unknown): OptionError {
  return wrongOption(whose, "partitions", `a whole number from 0 to ${maxPartitions}`, partitions);
}

function publishSize({ self, size }: OrderedSupervision): void {
  self.kernel.rosters.resize(self, size);
}

async function shrink(held: OrderedSupervision, partitions: number): Promise<void> {
  while (held.size > partitions) {
    const id = String(held.size - 1);
    await held.terminateChild(id);
    held.deleteChild(id);
    publishSize(held);
  }
}

const maxPartitions = 65_536;

function isSize(partitions: unknown): partitions is number {
  return (
    typeof partitions === "number" && Number.isInteger(partitions) && partitions >= 0 && partitions <= maxPartitions
  );
}
