/**
 * Child specs: what a supervisor needs to know to start a child, to restart it, and to stop it.
 *
 *   Sampler                                                 a definition, when all is as usual
 *   childSpec(Stock, 100, { name: "acme" })                 with its argument, and options
 *   childSpec({ start: Sampler, name: "sampler" })          the same, by name: for one that takes no argument
 *   { id: "ticker", start: (self) => self.spawnLink(tick) } by hand; what is left out has OTP's defaults
 *
 * Source: Erlang/OTP, supervisor, "Child specification"; S3, S6, S8, S9 of the feature map.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import { behavioursNamed, nameOf } from "../kernel/crossing/behaviours.ts";
import { shown } from "../kernel/errors.ts";
import type { Placement, StartOptions } from "../kernel/kernel-options.ts";
import type { Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import type { Payload } from "../kernel/protocol.ts";
import { type BackoffOptions, backoffMistake } from "./backoff.ts";
import { ChildSpecError } from "./errors.ts";

/** permanent: always started again. transient: only after a crash. temporary: never. */
export type Restart = "permanent" | "transient" | "temporary";

/** `brutalKill`: killed at once. Milliseconds: told `shutdown`, killed if it is still there after so long. */
export type Shutdown = "brutalKill" | "infinity" | number;

/**
 * Does the end of significant children end their supervisor? never: such children are refused. anySignificant: the first
 * of them. allSignificant: the last of them.
 */
export type AutoShutdown = "never" | "anySignificant" | "allSignificant";

/** @typeParam Extra what a dynamic supervisor hands to each `start`, beside itself (`extraArguments`) */
export interface ChildSpec<Extra extends readonly unknown[] = readonly []> {
  /** Unique among its siblings; of a dynamic supervisor's children only shown. */
  readonly id: string;
  /**
   * Starts the child, linked to the supervisor (if it is not, it will be).
   *
   * @returns undefined: there is nothing to do (`ignore`), which is no failure
   */
  readonly start: (
    supervisor: Process,
    ...extraArguments: Extra
  ) => Pid | undefined | Promise<Pid> | Promise<Pid | undefined>;
  /** Default "permanent"; "temporary" for a Task. */
  readonly restart?: Restart;
  /** Default 5,000 ms for a worker, "infinity" for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Default "worker". */
  readonly type?: "worker" | "supervisor";
  /** Counts for `autoShutdown`. Default false; not for a permanent child. */
  readonly significant?: boolean;
  /** Wait before a restart, longer each time. Default: restarted at once, as in OTP. */
  readonly backoff?: BackoffOptions;
}

/** A child spec in which nothing is missing, and nothing wrong. */
export interface CheckedChildSpec<Extra extends readonly unknown[] = readonly []> extends ChildSpec<Extra> {
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: "worker" | "supervisor";
  readonly significant: boolean;
  /** @internal What `childSpec` made it of; absent: it was written by hand. */
  readonly madeOf?: MadeOf;
}

/** @internal */
export interface MadeOf {
  readonly startable: Startable<unknown>;
  readonly arg: unknown;
  readonly options: StartOptions;
  /** The spec's own, unless somebody has put another in its place. */
  readonly start: ChildSpec["start"];
}

/** What can be started as a child: a `genServer`, a `supervisor`, an `Agent`, ... */
export interface Startable<Arg> {
  readonly label: string;
  readonly childType?: "worker" | "supervisor";
  /** Its default in a child spec: "temporary" for a Task, which has done its work when it ends. Else "permanent". */
  readonly childRestart?: Restart;
  startLink(self: Process, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid | undefined>;
}

/** What a list of children may hold: a spec, or a definition that takes no argument. */
export type ChildEntry<Extra extends readonly unknown[] = readonly []> = ChildSpec<Extra> | Startable<undefined>;

/** How a child is started (its name, its mailbox, ...), and what its supervisor does with it. */
export interface ChildOptions
  extends Pick<ChildSpec, "restart" | "shutdown" | "significant" | "backoff">,
    Omit<StartOptions, "link"> {
  /** Default: `name`, or else the name of the definition. */
  readonly id?: string;
}

/** A child by name: its definition, its argument if it takes one, its options. */
export type ChildOf<Arg> = ChildOptions & { readonly start: Startable<Arg> } & ([Arg] extends [undefined]
    ? { readonly arg?: undefined }
    : unknown extends Arg
      ? { readonly arg?: Arg }
      : { readonly arg: Arg });

/**
 * Makes a child spec.
 *
 * @throws {ChildSpecError} naming the child and the field
 *
 * @example
 * const Stock = genServer({ name: "Stock", init: (price: number) => ({ price }) });
 * const Clock = genServer({ name: "Clock", init: () => ({ ticks: 0 }) });
 * const Shop = supervisor([
 *   childSpec(Stock, 100, { name: "stock", restart: "transient" }),
 *   childSpec({ start: Clock, name: "clock" }),
 * ]);
 * await Shop.start(new Kernel());
 */
export function childSpec<Arg>(
  startable: Startable<Arg>,
  ...rest: [...Payload<NoInfer<Arg>>, options?: ChildOptions]
): CheckedChildSpec;
export function childSpec<Arg>(child: ChildOf<Arg>): CheckedChildSpec;
/** Checks a spec that was written by hand, and fills in what it left out. */
export function childSpec<Extra extends readonly unknown[]>(spec: ChildSpec<Extra>): CheckedChildSpec<Extra>;
export function childSpec(
  first: Startable<unknown> | ChildOf<unknown> | ChildSpec<readonly unknown[]>,
  arg?: unknown,
  options: ChildOptions = {},
): CheckedChildSpec<readonly unknown[]> {
  if (isStartable(first)) return specOf(first, arg, options);
  if (typeof first !== "object" || first === null || !isStartable((first as ChildOf<unknown>).start)) {
    return checkChildSpec(first as ChildSpec<readonly unknown[]>);
  }
  const { start, arg: named, ...others } = first as ChildOf<unknown>;
  return specOf(start, named, others);
}

function isStartable(value: unknown): value is Startable<unknown> {
  // A class may be one, too: Task.
  return typeof (value as Startable<unknown> | null | undefined)?.startLink === "function";
}

function specOf(startable: Startable<unknown>, arg: unknown, options: ChildOptions): CheckedChildSpec {
  const { id: given, restart = startable.childRestart, shutdown, significant, backoff, ...others } = options;
  const id = given ?? others.name?.toString() ?? startable.label;
  checkSpecKeys(id, others, [...specKeys, ...startKeys]);
  if (others.name !== undefined && (typeof others.name === "object" ? others.name === null : !isText(others.name))) {
    throw new ChildSpecError(
      `Child spec ${shown(id)}: expected name to be a string with at least one character, or a registry's via, got ${shown(others.name)}.`,
    );
  }
  checkPlacement(id, startable, others.on);
  const start: ChildSpec["start"] = (supervisor) => startable.startLink(supervisor, arg, others);
  const madeOf: MadeOf = { startable, arg, options: others, start };
  return checkChildSpec<readonly []>({
    id,
    start,
    madeOf,
    type: startable.childType ?? "worker",
    ...(restart === undefined ? {} : { restart }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(significant === undefined ? {} : { significant }),
    ...(backoff === undefined ? {} : { backoff }),
  } as CheckedChildSpec);
}

/** @internal A spec as data, for another thread; undefined when it holds functions, or a definition without a name. */
export function specToData(spec: CheckedChildSpec): SpecData | undefined {
  const { id, restart, shutdown, significant, backoff, madeOf } = spec;
  if (madeOf === undefined || madeOf.start !== spec.start) return undefined;
  const definition = nameOf(madeOf.startable as unknown as Behaviour<never>);
  if (definition === undefined) return undefined;
  const kept = { id, restart, shutdown, significant, ...(backoff === undefined ? {} : { backoff }) };
  return { definition, arg: madeOf.arg, options: { ...madeOf.options, ...kept } };
}

/** @internal */
export interface SpecData {
  /** Its name. */
  readonly definition: string;
  readonly arg: unknown;
  readonly options: ChildOptions;
}

/** @internal The spec again; undefined when this thread does not know the definition, or several of that name. */
export function specFromData({ definition, arg, options }: SpecData): CheckedChildSpec | undefined {
  const [found, another] = behavioursNamed(definition);
  return isStartable(found) && another === undefined ? specOf(found, arg, options) : undefined;
}

/** @throws {ChildSpecError} when the child could never be started there */
function checkPlacement(id: string, startable: Startable<unknown>, on: Placement | undefined): void {
  if (on === undefined || on === "same") return;
  if (on !== "anywhere" && on !== "spread" && !(typeof on === "number" && Number.isInteger(on) && on >= 0)) {
    throw new ChildSpecError(
      `Child spec ${shown(id)}: expected on to be "same", "anywhere", "spread" or the number of a scheduler, got ${shown(on)}.`,
    );
  }
  const isBehaviour = "handle" in startable && typeof startable.handle === "function";
  if (isBehaviour && nameOf(startable as unknown as Behaviour<never>) === undefined) {
    throw new ChildSpecError(
      `Child spec ${shown(id)}: expected its definition to have a name, by which other threads find their own copy, since on is ${shown(on)}. Pass { name } to ${shown(startable.label)}.`,
    );
  }
}

/** @internal @throws {ChildSpecError} naming the child and the field */
export function checkChildSpec<Extra extends readonly unknown[] = readonly []>(
  spec: ChildSpec<Extra>,
): CheckedChildSpec<Extra> {
  if (typeof spec !== "object" || spec === null) {
    throw new ChildSpecError(
      `Child spec: expected { id, start, ... }, or a definition such as a genServer, got ${shown(spec)}.`,
    );
  }
  checkSpecKeys(spec.id, spec, ["madeOf", "type", ...specKeys]);
  const { id, start, restart = "permanent", type = "worker", significant = false, backoff } = spec;
  const { shutdown = type === "supervisor" ? "infinity" : 5000 } = spec;
  const expected = (field: string, what: string, got: unknown): never => {
    throw new ChildSpecError(`Child spec ${shown(id)}: expected ${field} to be ${what}, got ${shown(got)}.`);
  };
  if (!isText(id)) expected("id", "a string with at least one character", id);
  if (typeof start !== "function") expected("start", "a function", start);
  if (!["permanent", "transient", "temporary"].includes(restart)) {
    expected("restart", '"permanent", "transient" or "temporary"', restart);
  }
  if (!isShutdown(shutdown)) expected("shutdown", '"brutalKill", "infinity" or milliseconds above 0', shutdown);
  if (type !== "worker" && type !== "supervisor") expected("type", '"worker" or "supervisor"', type);
  if (typeof significant !== "boolean") expected("significant", "a boolean", significant);
  if (significant && restart === "permanent") {
    expected("significant", "false for a permanent child, which never ends for good", significant);
  }
  const mistake = backoff === undefined ? undefined : backoffMistake(backoff);
  if (mistake !== undefined) expected(mistake.option, mistake.what, mistake.got);
  return { ...spec, restart, shutdown, type, significant };
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** A misspelled option would be ignored in silence, or be found only at the start. */
function checkSpecKeys(id: unknown, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new ChildSpecError(
    `Child spec ${shown(id)}: there is no option ${shown(unknown)}, expected one of ${known.filter((key) => key !== "madeOf").join(", ")}.`,
  );
}

const specKeys: readonly string[] = ["id", "start", "restart", "shutdown", "significant", "backoff"];
const startKeys = Object.keys({
  name: 0,
  on: 0,
  timeout: 0,
  trapExit: 0,
  label: 0,
  priority: 0,
  mailbox: 0,
  maxStateBytes: 0,
} satisfies Record<keyof Omit<StartOptions, "link">, 0>);

/** @internal */
export function isShutdown(shutdown: unknown): shutdown is Shutdown {
  return shutdown === "brutalKill" || shutdown === "infinity" || (typeof shutdown === "number" && shutdown > 0);
}

/** @internal A spec from whatever may stand for one in a list of children. */
export function toChildSpec<Extra extends readonly unknown[]>(entry: ChildEntry<Extra>): CheckedChildSpec<Extra> {
  return checkChildSpec(isStartable(entry) ? (specOf(entry, undefined, {}) as ChildSpec<readonly unknown[]>) : entry);
}

/**
 * Checks a list of children, as a supervisor does before it starts anything. Erlang's `check_childspecs/2`.
 *
 * @param autoShutdown the supervisor's; undefined: whether it allows significant children is not looked at
 * @returns the specs, with what they left out
 * @throws {ChildSpecError} naming the child and the field, or the id that two children have
 */
export function checkChildSpecs(entries: readonly ChildEntry[], autoShutdown?: AutoShutdown): CheckedChildSpec[] {
  if (!Array.isArray(entries)) {
    throw new ChildSpecError(`Child specs: expected a list of them, got ${shown(entries)}.`);
  }
  const seen = new Set<string>();
  return entries.map((entry) => {
    const spec = toChildSpec(entry);
    if (seen.has(spec.id)) {
      throw new ChildSpecError(
        `Child spec ${shown(spec.id)}: expected ids to differ, got this one twice. Pass { id }.`,
      );
    }
    seen.add(spec.id);
    const mistake = autoShutdown === undefined ? undefined : significanceMistake(spec, autoShutdown);
    if (mistake !== undefined) throw new ChildSpecError(mistake);
    return spec;
  });
}

/** @internal What is wrong with a significant child under such a supervisor; undefined: nothing. */
export function significanceMistake(
  { id, significant }: Pick<CheckedChildSpec, "id" | "significant">,
  auto: AutoShutdown,
): string | undefined {
  if (!significant || auto !== "never") return undefined;
  return `Child spec ${shown(id)}: expected significant to be false under a supervisor whose autoShutdown is "never", got true. Pass { autoShutdown } to the supervisor.`;
}
