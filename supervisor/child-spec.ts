/**
 * Child specs: what a supervisor needs to know to start a child, to restart it, and to stop it.
 * Source: Erlang/OTP, supervisor, "Child specification"; S3, S6, S9 of the feature map.
 */
import { shown } from "../kernel/errors.ts";
import type { StartOptions } from "../kernel/kernel.ts";
import type { Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import type { Payload } from "../kernel/protocol.ts";
import { ChildSpecError } from "./errors.ts";

/** permanent: always started again. transient: only after a crash. temporary: never. */
export type Restart = "permanent" | "transient" | "temporary";

/** `brutalKill`: killed at once. Milliseconds: told `shutdown`, killed if it is still there after so long. */
export type Shutdown = "brutalKill" | "infinity" | number;

export interface ChildSpec {
  /** Unique among its siblings. */
  readonly id: string;
  /** Starts the child, linked to the supervisor. Undefined: there is nothing to do (`ignore`), which is no failure. */
  readonly start: (supervisor: Process) => Promise<Pid | undefined>;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: "worker" | "supervisor";
}

export interface ChildOptions {
  /** Default: `name`, or else the name of the definition. */
  readonly id?: string;
  /** Registered under this name. */
  readonly name?: StartOptions["name"];
  /** Default "permanent". */
  readonly restart?: Restart;
  /** Default 5,000 ms for a worker, "infinity" for a supervisor. */
  readonly shutdown?: Shutdown;
}

/** What can be started as a child: a `genServer`, a `supervisor`. */
export interface Startable<Arg> {
  readonly label: string;
  readonly childType?: "worker" | "supervisor";
  startLink(self: Process, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid | undefined>;
}

/**
 * Makes a child spec.
 *
 * @example
 * const Stock = genServer({ name: "Stock", init: (price: number) => ({ price }) });
 * const Shop = supervisor([childSpec(Stock, 100, { name: "stock", restart: "transient" })]);
 * await Shop.start(new Kernel());
 */
export function childSpec<Arg>(
  startable: Startable<Arg>,
  ...rest: [...Payload<Arg>, options?: ChildOptions]
): ChildSpec {
  const [arg, options = {}] = rest as unknown as [Arg, ChildOptions?];
  const start = startable.startLink as unknown as (
    self: Process,
    arg: Arg,
    options: StartOptions,
  ) => Promise<Pid | undefined>;
  const type = startable.childType ?? "worker";
  return checkChildSpec({
    id: options.id ?? options.name?.toString() ?? startable.label,
    start: (supervisor) =>
      start.call(startable, supervisor, arg, options.name === undefined ? {} : { name: options.name }),
    restart: options.restart ?? "permanent",
    shutdown: options.shutdown ?? (type === "supervisor" ? "infinity" : 5000),
    type,
  });
}

/** @throws {ChildSpecError} naming the child and the field */
export function checkChildSpec(spec: ChildSpec): ChildSpec {
  const expected = (field: keyof ChildSpec, what: string): never => {
    throw new ChildSpecError(
      `Child spec ${shown(spec.id)}: expected ${field} to be ${what}, got ${shown(spec[field])}.`,
    );
  };
  if (typeof spec.id !== "string" || spec.id === "") expected("id", "a string with at least one character");
  if (typeof spec.start !== "function") expected("start", "a function");
  if (!["permanent", "transient", "temporary"].includes(spec.restart)) {
    expected("restart", '"permanent", "transient" or "temporary"');
  }
  const { shutdown } = spec;
  if (shutdown !== "brutalKill" && shutdown !== "infinity" && !(typeof shutdown === "number" && shutdown > 0)) {
    expected("shutdown", '"brutalKill", "infinity" or milliseconds above 0');
  }
  if (spec.type !== "worker" && spec.type !== "supervisor") expected("type", '"worker" or "supervisor"');
  return spec;
}

/** @throws {ChildSpecError} when two children have the same id */
export function checkChildSpecs(specs: readonly ChildSpec[]): void {
  const seen = new Set<string>();
  for (const spec of specs) {
    checkChildSpec(spec);
    if (seen.has(spec.id)) {
      throw new ChildSpecError(
        `Child spec ${shown(spec.id)}: expected ids to differ, got this one twice. Pass { id }.`,
      );
    }
    seen.add(spec.id);
  }
}
