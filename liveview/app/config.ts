/**
 * Config: what an app is told from outside, such as addresses, sizes and keys, checked by the app's own schema.
 *
 *   defaults ◁─ environments[...] ◁─ variables ─▷ schema ─▷ values        each overrides those before it
 *   in the code  LINTEL_ENV          of the system
 *
 *   boot    ─▷ all keys are checked ─▷ the first child starts             or nothing does: the error names the keys
 *   changed ─▷ every thread checks ─▷ every thread has it ─▷ configChange or nothing has changed
 *
 * Invariant: the values that a kernel holds have been accepted by the schema, all of them together.
 * Source: Elixir, Application (`get_env`, `compile_env`) and Config; O2 of the feature map. What a BEAM bakes in at compile
 * time and compares at boot is here a key that is `fixed`: a change of it at run time is refused.
 */

import { isDeepStrictEqual } from "node:util";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { LintelError, OptionError, shown } from "../../kernel/errors.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";

/** Environment variables: `process.env`, or what a file of them holds. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What one place may say of the keys: what the schema takes. */
type Given<Schema extends StandardSchemaV1> = Partial<StandardSchemaV1.InferInput<Schema>>;

export interface ConfigOptions<Schema extends StandardSchemaV1> {
  /** Of an object, from any library with Standard Schema: zod, valibot, arktype, ... What comes from variables is text. */
  readonly schema: Schema;
  /** Values that are known when the code is written. */
  readonly defaults?: Given<Schema>;
  /** Other defaults for an environment: that of LINTEL_ENV, else NODE_ENV, else "development". */
  readonly environments?: Readonly<Record<string, Given<Schema>>>;
  /** The environment variable of each key that has one. An empty one counts as not set. */
  readonly variables?: { readonly [Key in keyof StandardSchemaV1.InferInput<Schema>]?: string };
  /** Keys that a running app cannot take over anew: a change of them is refused. Default: none. */
  readonly fixed?: readonly (keyof StandardSchemaV1.InferOutput<Schema>)[];
}

/** A value that the schema does not accept, or a key that cannot change. The sentence names each of them, and no value. */
export class ConfigError extends LintelError {
  override readonly name = "ConfigError";
  readonly code = "ERR_CONFIG";
}

/** What a change of the config was. */
export interface ConfigChange<Values extends object = object> {
  /** Keys whose values differ: new ones and those that have gone, too. At least one. */
  readonly changed: readonly (keyof Values & string)[];
  readonly before: Values;
  readonly now: Values;
}

/** Made by `defineConfig`. */
export class Config<Values extends object = object> {
  readonly #options: ConfigOptions<StandardSchemaV1>;
  /** Several kernels may live in one thread, each with an app of its own. */
  readonly #values = new WeakMap<Kernel, Values>();

  /** @internal */
  constructor(options: ConfigOptions<StandardSchemaV1>) {
    this.#options = options;
  }

  /**
   * The values, the same object until they change: frozen, and to be read anew where a change is to be noticed.
   *
   * @param by a process of the app, or the kernel of one of its threads
   * @throws {ConfigError} on a kernel whose app does not have this config
   */
  get(by: Process | Kernel): Values {
    const kernel = by instanceof Kernel ? by : by.kernel;
    const values = this.#values.get(kernel);
    if (values !== undefined) return values;
    throw new ConfigError(
      `Config: thread ${kernel.thread} has no values of it. Pass it to defineApp({ config }) of the app that runs there.`,
    );
  }

  /** @internal Checks, and changes nothing. @throws {ConfigError} */
  async read(kernel: Kernel, variables: Variables): Promise<Values> {
    const { schema, variables: names = {} } = this.#options;
    const result = await schema["~standard"].validate(this.#given(variables));
    if (result.issues !== undefined) {
      const issues = result.issues.map(({ message, path }) => {
        const [key] = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
        const where = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
        const variable = key === undefined ? undefined : (names as Readonly<Record<string, string>>)[key];
        return `${where || "the whole"}${variable === undefined ? "" : ` (environment variable ${variable})`}: ${message}`;
      });
      throw new ConfigError(`Config: ${issues.join("; ")}.`);
    }
    const values = result.value;
    if (typeof values !== "object" || values === null) {
      throw new ConfigError(`Config: expected its schema to be that of an object, got ${shown(values)}.`);
    }
    const before = this.#values.get(kernel);
    const changed = before === undefined ? [] : changedKeys(before, values);
    const { fixed = [] } = this.#options;
    const refused = changed.filter((key) => (fixed as readonly string[]).includes(key));
    if (refused.length > 0) {
      throw new ConfigError(`Config: ${refused.join(", ")}: cannot change while the app runs. Start it anew.`);
    }
    return deepFreeze(values) as Values;
  }

  /** @internal From now on these count. @param values of `read` @returns what is new; undefined: nothing */
  take(kernel: Kernel, values: Values): ConfigChange<Values> | undefined {
    const before = this.#values.get(kernel);
    const changed = before === undefined ? [] : changedKeys(before, values);
    if (before !== undefined && changed.length === 0) return undefined;
    this.#values.set(kernel, values);
    return before === undefined ? undefined : { changed: changed as never, before, now: values };
  }

  #given(variables: Variables): object {
    const { defaults = {}, environments = {}, variables: names = {} } = this.#options;
    const environment = variables["LINTEL_ENV"] || variables["NODE_ENV"] || "development";
    const own = Object.hasOwn(environments, environment) ? environments[environment] : {};
    const given: Record<string, unknown> = { ...(defaults as object), ...(own as object) };
    for (const [key, name] of Object.entries(names as Readonly<Record<string, string>>)) {
      if (variables[name] !== undefined && variables[name] !== "") given[key] = variables[name];
    }
    return given;
  }
}

/**
 * Defines what an app can be told from outside. Nothing is read before the app boots.
 *
 * @throws {OptionError} when an option makes no sense
 *
 * @example
 * import { z } from "zod";
 *
 * const config = defineConfig({
 *   schema: z.object({ database: z.url(), pageSize: z.coerce.number().int().min(1) }),
 *   defaults: { pageSize: 50 },
 *   environments: { development: { database: "postgres://localhost/shop" } },
 *   variables: { database: "DATABASE_URL", pageSize: "PAGE_SIZE" },
 *   fixed: ["database"],
 * });
 * const Pages = genServer({ name: "Pages", init: (_none: undefined, self) => config.get(self).pageSize });
 * const Shop = defineApp({ config, children: [Pages], routes: [] });
 */
export function defineConfig<Schema extends StandardSchemaV1<unknown, object>>(
  options: ConfigOptions<Schema>,
): Config<Readonly<StandardSchemaV1.InferOutput<Schema>>> {
  const { schema, variables = {} } = options;
  const standard: unknown = (schema as Partial<Schema> | null | undefined)?.["~standard"];
  if (typeof (standard as Schema["~standard"] | undefined)?.validate !== "function") {
    throw new OptionError(`defineConfig: expected schema to be a Standard Schema of an object, got ${shown(schema)}.`);
  }
  for (const [key, name] of Object.entries(variables)) {
    if (typeof name === "string" && name !== "") continue;
    throw new OptionError(`defineConfig: expected variables.${key} to be the name of a variable, got ${shown(name)}.`);
  }
  return new Config(options as unknown as ConfigOptions<StandardSchemaV1>);
}

function changedKeys(before: object, now: object): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  const at = (values: object, key: string): unknown => (values as Readonly<Record<string, unknown>>)[key];
  return [...keys].filter((key) => !isDeepStrictEqual(at(before, key), at(now, key)));
}

/** Processes share the values: nobody may change them. Objects of classes are left to those who made them. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
