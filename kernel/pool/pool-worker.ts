/**
 * What a worker of a task pool runs (Piscina calls it): one exported function of the user's, with its arguments.
 * There is no kernel here. A pid is but a value: it may come in an argument, and go back in the result.
 */
import { From } from "../calls.ts";
import { decode, encode, type Resolver } from "../crossing/codec.ts";
import { TaskError } from "../errors.ts";
import { crashReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import { Pid } from "../pid.ts";
import type { PoolAnswer, PoolJob } from "./pool-job.ts";

export default async function work({ module, name, args }: PoolJob): Promise<PoolAnswer> {
  try {
    const run: unknown = ((await import(module)) as Readonly<Record<string, unknown>>)[name];
    if (typeof run !== "function") {
      throw new TaskError(
        `Task.pool: expected ${module} to export a function "${name}", got ${typeof run}.`,
        "noFunction",
      );
    }
    const result: unknown = await run(...(decode(args, nobody) as unknown[]));
    return { value: encode(seal(result), nobody) };
  } catch (thrown) {
    return { error: crashReason(thrown).error };
  }
}

const nobody: Resolver = {
  pid: (thread, serial) => new Pid(undefined as unknown as Kernel, thread, serial),
  from: (thread, ref) => new From(thread, ref, undefined),
  expose: () => {},
};
