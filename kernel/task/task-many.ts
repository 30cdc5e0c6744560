/**
 * Many tasks at once: one deadline for all of them, not one each.
 *
 *   awaitMany   all results, or the first failure
 *   yieldMany   what there is at the deadline, or as soon as `limit` of them have ended
 *
 * Source: Elixir, Task.await_many and Task.yield_many; G16 of the feature map.
 */
import { OptionError, shown } from "../errors.ts";
import { checkKeys } from "../options.ts";
import type { Process } from "../process.ts";
import { checkTimeout } from "../sleep.ts";
import type { Task } from "./task.ts";
import type { TaskOutcome } from "./task-process.ts";
import { gather, ignoreTask, release, resultOf, shutdownTask } from "./task-wait.ts";

export interface YieldManyOptions {
  /** Milliseconds for all of them together, or Infinity; default 5000. */
  readonly timeout?: number;
  /** Return as soon as so many have ended; default: all. Those beyond it keep what they have, for a later look. */
  readonly limit?: number;
  /**
   * What happens to those that are not done when the time is over: "nothing" (default; look again later), "ignore"
   * (`Task.ignore`), "killTask" (`Task.shutdown` with "brutalKill"). Reaching the limit does nothing to them.
   */
  readonly onTimeout?: "nothing" | "ignore" | "killTask";
}

/** The results of a list of tasks, each in its place. */
export type ResultsOf<Tasks extends readonly Task[]> = { [I in keyof Tasks]: ResultOf<Tasks[I]> };

/** What is known of a list of tasks, each in its place. */
export type OutcomesOf<Tasks extends readonly Task[]> = {
  [I in keyof Tasks]: TaskOutcome<ResultOf<Tasks[I]>> | undefined;
};

type ResultOf<T> = T extends Task<infer R> ? R : never;

/** @internal Behind `Task.awaitMany`. */
export async function awaitMany(self: Process, tasks: readonly Task[], timeout: number): Promise<unknown[]> {
  checkTimeout(`Task.awaitMany of ${self.pid}`, "timeout", timeout);
  const outcomes = await gather(self, tasks, { timeout, failFast: true });
  const failure = outcomes.findIndex((outcome) => outcome?.type === "exit");
  if (failure !== -1) resultOf(self, tasks[failure]!, outcomes[failure], timeout);
  for (const [place, task] of tasks.entries()) if (outcomes[place] === undefined) release(self, task);
  return tasks.map((task, place) => resultOf(self, task, outcomes[place], timeout));
}

/** @internal Behind `Task.yieldMany`. */
export async function yieldMany(
  self: Process,
  tasks: readonly Task[],
  options: YieldManyOptions,
): Promise<(TaskOutcome | undefined)[]> {
  const whose = `Task.yieldMany of ${self.pid}`;
  checkKeys(whose, options, ["timeout", "limit", "onTimeout"]);
  const { timeout = 5000, limit = tasks.length, onTimeout = "nothing" } = options;
  checkTimeout(whose, "timeout", timeout);
  if (!(Number.isInteger(limit) && limit >= 0)) {
    throw new OptionError(`${whose}: expected limit to be a whole number of at least 0, got ${shown(limit)}.`);
  }
  if (!["nothing", "ignore", "killTask"].includes(onTimeout)) {
    throw new OptionError(
      `${whose}: expected onTimeout to be "nothing", "ignore" or "killTask", got ${shown(onTimeout)}.`,
    );
  }
  const outcomes = [...(await gather(self, tasks, { timeout, limit }))];
  const known = outcomes.filter((outcome) => outcome !== undefined).length;
  if (onTimeout === "nothing" || known >= Math.min(limit, tasks.length)) return outcomes;
  const open = [...tasks.entries()].filter(([place]) => outcomes[place] === undefined);
  if (onTimeout === "ignore") for (const [place, task] of open) outcomes[place] = ignoreTask(self, task);
  else
    await Promise.all(
      open.map(async ([place, task]) => (outcomes[place] = await shutdownTask(self, task, "brutalKill"))),
    );
  return outcomes;
}
