/**
 * Pool tasks: the process behind `Task.pool`. It lives where its owner does, asks the pool, and waits; its end is what
 * tells the pool that nobody wants the result any more (task-pool.ts).
 */
import { decode, encode } from "../crossing/codec.ts";
import { CallError, OptionError, shown, TaskError } from "../errors.ts";
import type { ErrorData } from "../exit-reason.ts";
import { checkKeys } from "../options.ts";
import type { Address } from "../pid.ts";
import type { Process } from "../process.ts";
import type { ProtocolOf } from "../protocol.ts";
import { checkTimeout, sleep } from "../sleep.ts";
import type { TaskFunction } from "../task/task-process.ts";
import { type PoolReply, poolName, startRuntimePool, type TaskPool } from "./task-pool.ts";

declare const exportsOf: unique symbol;
/** The URL of a module, with the types of what it exports. Made by `poolModule`. */
export type PoolModule<Exports = unknown> = URL & { readonly [exportsOf]?: Exports };

/** The URL of a module whose exports the compiler does not know. */
export type UntypedModule = string | (URL & { readonly [exportsOf]?: undefined });

/**
 * Gives a module's URL the types of its exports, for `Task.pool`.
 *
 * @example
 * const zlib = poolModule<typeof import("node:zlib")>(new URL("node:zlib")); // mostly new URL("./name.js", import.meta.url)
 */
export function poolModule<Exports>(url: URL): PoolModule<Exports> {
  return url as PoolModule<Exports>;
}

/** The functions among a module's exports. */
export type PoolFunction<Exports> = {
  [K in keyof Exports]: Exports[K] extends (...args: never) => unknown ? K : never;
}[keyof Exports] &
  string;

export interface PoolTaskOptions {
  /** Milliseconds that it may take, the time in the queue included; then it ends with the reason `timeout`. Default Infinity. */
  readonly timeout?: number;
  /** When it is aborted the task ends, with the reason `aborted`, and so does the computation. */
  readonly signal?: AbortSignal;
  /** Fail with each other, as with `Task.async`? Default true; false is `Task.asyncNolink`'s way. */
  readonly link?: boolean;
  /** A pool of one's own; default the runtime's. */
  readonly pool?: Address<ProtocolOf<typeof TaskPool>>;
}

/** @internal What a pool task is told; data. */
export interface PoolTaskArg {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * @internal The function that a pool task runs, and its argument.
 *
 * @throws {OptionError} naming the argument or the option
 */
export function poolTask(
  self: Process,
  module: URL | string,
  name: string,
  args: readonly unknown[],
  options: PoolTaskOptions,
): { readonly run: TaskFunction<PoolTaskArg>; readonly arg: PoolTaskArg } {
  const whose = `Task.pool of ${self.pid}`;
  checkKeys(whose, options, ["timeout", "signal", "link", "pool"]);
  const { timeout = Number.POSITIVE_INFINITY, signal } = options;
  checkTimeout(whose, "timeout", timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new OptionError(`${whose}: expected signal to be an AbortSignal, got ${shown(signal)}.`);
  }
  if (typeof name !== "string" || name === "") {
    throw new OptionError(`${whose}: expected the name of an exported function, got ${shown(name)}.`);
  }
  if (!Array.isArray(args)) throw new OptionError(`${whose}: expected a list of arguments, got ${shown(args)}.`);
  const { pool = poolName } = options;
  if (pool === poolName && self.kernel.thread === 0) startRuntimePool(self.kernel);

  const run = async (task: Process, job: PoolTaskArg): Promise<unknown> => {
    const { peers } = task.kernel;
    const request = { task: task.pid, job: { ...job, args: encode(job.args, peers) } };
    if (signal !== undefined) endWith(task, signal);
    if (pool === poolName) await whenThere(task);
    let answer: PoolReply;
    try {
      answer = await task.call(pool, "run", request, { timeout });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.reason === "timeout" || error.reason === "mailboxFull") return task.exit(error.reason);
      throw new TaskError(`${whose}: its pool is not there. ${error.message}`, "noPool", { cause: error });
    }
    if ("refused" in answer) return task.exit("poolFull");
    if ("error" in answer) throw restored(answer.error);
    return decode(answer.value, peers);
  };
  Object.defineProperty(run, "name", { value: name });
  return { run, arg: { module: moduleUrl(module, whose), name, args } };
}

function endWith(task: Process, signal: AbortSignal): void {
  if (signal.aborted) task.exit("aborted");
  const abort = (): void => task.kernel.end(task, "aborted", true);
  signal.addEventListener("abort", abort, { once: true, signal: task.signal });
}

/** The runtime's pool, by name. It may be known a moment later: as the thread starts, or when it is started again. */
async function whenThere(task: Process): Promise<void> {
  for (let delayMs = 1; delayMs <= 64; delayMs *= 2) {
    if (task.whereis(poolName) !== undefined) return;
    await sleep(task, delayMs);
  }
}

function moduleUrl(module: URL | string, whose: string): string {
  if (module instanceof URL) return module.href;
  if (typeof module === "string" && URL.canParse(module)) return module;
  throw new OptionError(
    `${whose}: expected the URL of a module, got ${shown(module)}. Pass new URL("./name.js", import.meta.url).`,
  );
}

/** The error that the function threw, as far as it is data. */
function restored({ name, message, stack, code, cause }: ErrorData): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: restored(cause) });
  Object.defineProperty(error, "name", { value: name });
  if (stack !== undefined) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
