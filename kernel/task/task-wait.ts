/**
 * Waiting for tasks: await, yield, shutdown, ignore, and `gather` under all of them, for one task or many.
 *
 *                  ended already                       still runs
 *   gather  ──┬─▷ reply or `down` in the mailbox   ──▷ watched (task-process.ts): settled without the mailbox
 *             └─▷ in neither: its result was taken earlier, which is an error here (Elixir waits in vain)
 *
 * A task is its owner's alone, and gives its result once. When a linked task fails, the owner ends by that link unless it
 * traps exits, and code that waits never goes on: that is why a failure is handed on one microtask late.
 * Source: Elixir, Task; G14, G16 of the feature map.
 */
import { TaskError } from "../errors.ts";
import { type ExitReason, reasonInSentence } from "../exit-reason.ts";
import type { Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import { flush } from "../receive.ts";
import { checkTimeout, ownedTimer } from "../sleep.ts";
import { DownMessage, TaskReply } from "../system-messages.ts";
import type { Task } from "./task.ts";
import { type TaskOutcome, type TaskRun, taskOf, unwatch, watch } from "./task-process.ts";

/** How long a wait is, and what ends it early. */
interface Wait {
  readonly timeout: number;
  /** Ends after so many outcomes; default: all. */
  readonly limit?: number;
  /** Ends with the first task that gave no result. */
  readonly failFast?: boolean;
}

/** @internal Behind `Task.await`. */
export async function awaitTask<R>(self: Process, task: Task<R>, timeout: number): Promise<R> {
  checkTimeout(`Task.await of ${self.pid}`, "timeout", timeout);
  const [outcome] = await gather(self, [task], { timeout });
  return resultOf(self, task, outcome, timeout);
}

/** @internal Behind `Task.yield`. */
export async function yieldTask<R>(self: Process, task: Task<R>, timeout: number): Promise<TaskOutcome<R> | undefined> {
  checkTimeout(`Task.yield of ${self.pid}`, "timeout", timeout);
  const [outcome] = await gather(self, [task], { timeout });
  return outcome;
}

/** @internal Behind `Task.shutdown`. */
export async function shutdownTask<R>(
  self: Process,
  task: Task<R>,
  how: number | "brutalKill",
): Promise<TaskOutcome<R> | undefined> {
  const brutal = how === "brutalKill";
  if (!brutal) checkTimeout(`Task.shutdown of ${self.pid}`, '"brutalKill", or the time,', how);
  checkOwner(self, task);
  const alive = taskOf(task.pid);
  if (alive === undefined || alive.run.replied) return takeOne(self, task) ?? { type: "exit", reason: "noproc" };
  const { pid } = alive.process;
  self.unlink(pid);
  const ended = gather(self, [task], { timeout: brutal ? Number.POSITIVE_INFINITY : how });
  self.exit(pid, brutal ? "kill" : "shutdown");
  let [outcome] = await ended;
  if (outcome === undefined) {
    const killed = gather(self, [task], { timeout: Number.POSITIVE_INFINITY });
    self.exit(pid, "kill");
    [outcome] = await killed;
  }
  const asked = outcome?.type === "exit" && (outcome.reason === "killed" || (!brutal && outcome.reason === "shutdown"));
  return asked ? undefined : outcome;
}

/** @internal Behind `Task.ignore`. */
export function ignoreTask<R>(self: Process, task: Task<R>): TaskOutcome<R> | undefined {
  checkOwner(self, task);
  const alive = taskOf(task.pid);
  if (task.pid !== undefined) self.unlink(task.pid);
  if (alive === undefined || alive.run.replied) return takeOne(self, task);
  checkFree(task, alive.run);
  release(self, task);
  return undefined;
}

/**
 * @internal Waits until enough of the tasks have ended, or time is over.
 *
 * @returns what is known by then, in the order of the tasks
 */
export function gather<R>(
  self: Process,
  tasks: readonly Task<R>[],
  { timeout, limit = tasks.length, failFast = false }: Wait,
): Promise<readonly (TaskOutcome<R> | undefined)[]> {
  self.assertAlive();
  const { kernel } = self;
  return new Promise((resolve) => {
    const { ended, alive } = sorted(self, tasks);
    const outcomes: (TaskOutcome<R> | undefined)[] = tasks.map(() => undefined);
    let missing = Math.min(limit, tasks.length);
    const note = (place: number, outcome: TaskOutcome<R>): void => {
      outcomes[place] = outcome;
      missing = failFast && outcome.type === "exit" ? 0 : missing - 1;
    };
    const found = takeArrived<R>(self, ended, (place, outcome) => {
      if (missing === 0) return false;
      note(place, outcome);
      return true;
    });
    for (const [ref, place] of ended) if (!found.has(ref)) throw taken(tasks[place]!);
    if (missing === 0 || timeout === 0) {
      resolve(outcomes);
      return;
    }

    const over = (failed: boolean): void => {
      for (const { run } of alive) unwatch(kernel, run);
      if (timer !== undefined) self.cancelTimer(timer);
      if (!failed) resolve(outcomes);
      else kernel.world.microtask(() => self.isAlive && resolve(outcomes));
    };
    const timer = ownedTimer(self, timeout, () => over(false));
    for (const { place, process, run } of alive) {
      watch(self, process, run, (outcome) => {
        self.demonitor(tasks[place]!.ref);
        note(place, outcome);
        if (missing === 0) over(outcome.type === "exit");
      });
    }
  });
}

/** @internal The result, or why there is none, as an error. A task that is still at it is given up. */
export function resultOf<R>(self: Process, task: Task<R>, outcome: TaskOutcome<R> | undefined, timeout: number): R {
  if (outcome?.type === "ok") return outcome.value;
  if (outcome !== undefined) throw failed(task, outcome.reason);
  release(self, task);
  throw new TaskError(
    `${task}: expected its result within ${timeout} ms, got none. Pass { timeout } for a longer wait, or use Task.yield to look again later.`,
    "timeout",
  );
}

/** @internal Nobody wants the result any more: no message of the task comes from now on. */
export function release(self: Process, task: Task): void {
  const alive = taskOf(task.pid);
  if (alive !== undefined) alive.run.ref = undefined;
  self.demonitor(task.ref, { flush: true });
}

function failed(task: Task, reason: ExitReason): TaskError {
  const why =
    reason === "poolFull"
      ? "its pool has no room for it. Ask for less at one time, or raise the pool's maxQueue"
      : reasonInSentence(reason);
  return new TaskError(`${task} ended without a result: ${why}.`, reason);
}

function taken(task: Task): TaskError {
  return new TaskError(
    `${task} has ended, and its result was taken: expected to wait for it once. Keep the result, or leave the message to whoever waits.`,
    "taken",
  );
}

/**
 * Tells tasks that have ended, and left a message, from those that still run.
 *
 * @throws {TaskError} when one cannot be waited for
 */
function sorted(
  self: Process,
  tasks: readonly Task[],
): { ended: Map<Ref, number>; alive: { place: number; process: Process; run: TaskRun }[] } {
  const ended = new Map<Ref, number>();
  const alive: { place: number; process: Process; run: TaskRun }[] = [];
  const seen = new Set<Ref>();
  for (const [place, task] of tasks.entries()) {
    checkOwner(self, task);
    if (seen.has(task.ref)) {
      throw new TaskError(`${task}: expected it once in the list, got it twice. A task has one result.`, "duplicate");
    }
    seen.add(task.ref);
    const found = taskOf(task.pid);
    if (found === undefined || found.run.replied) ended.set(task.ref, place);
    else {
      checkFree(task, found.run);
      alive.push({ place, ...found });
    }
  }
  return { ended, alive };
}

/**
 * Goes through what tasks have left in the mailbox, in the order in which it came.
 *
 * @param take says whether an outcome is taken; else its message stays where it is
 * @returns the tasks that had left something
 */
function takeArrived<R>(
  self: Process,
  ended: ReadonlyMap<Ref, number>,
  take: (place: number, outcome: TaskOutcome<R>) => boolean,
): ReadonlyMap<Ref, boolean> {
  const found = new Map<Ref, boolean>();
  if (ended.size === 0) return found;
  flush(self, (message) => {
    if (!(message instanceof TaskReply || message instanceof DownMessage)) return false;
    const place = ended.get(message.ref);
    if (place === undefined) return false;
    const known = found.get(message.ref);
    if (known !== undefined) return known; // the `down` behind a reply goes, or stays, with it
    const isTaken =
      message instanceof TaskReply
        ? take(place, { type: "ok", value: message.value as R })
        : take(place, { type: "exit", reason: message.reason });
    found.set(message.ref, isTaken);
    return isTaken;
  });
  for (const [ref, isTaken] of found) if (isTaken) self.demonitor(ref);
  return found;
}

/** What a task that has ended left, if nobody took it. */
function takeOne<R>(self: Process, task: Task<R>): TaskOutcome<R> | undefined {
  let taken: TaskOutcome<R> | undefined;
  takeArrived<R>(self, new Map([[task.ref, 0]]), (_place, outcome) => {
    taken = outcome;
    return true;
  });
  return taken;
}

function checkOwner(self: Process, task: Task): void {
  if (task.owner === self.pid) return;
  throw new TaskError(
    `${task} belongs to ${task.owner}: expected its owner to ask for its result, got ${self.pid}. Let the owner send it on.`,
    "notOwner",
  );
}

function checkFree(task: Task, run: TaskRun): void {
  if (run.waiting !== undefined) {
    throw new TaskError(`${task} is waited for already: expected one wait at a time. Await that one first.`, "awaited");
  }
  if (run.ref !== task.ref) throw taken(task); // given up: by a timeout of `await`, or by `ignore`
}
