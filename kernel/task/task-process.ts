/**
 * Task processes: a process that runs one function, hands its result to its owner, and ends with "normal".
 *
 *   owner waits for it     ──▷ the waiting is settled, nothing passes through the mailbox
 *   owner does not         ──▷ TaskReply { ref, value }, then DownMessage { ref, "normal" }, in the owner's mailbox
 *   nobody wants it        ──▷ dropped
 *   the function threw     ──▷ no result: the process's exit reason is what links and monitors carry
 *
 * A result is a message: frozen, or copied, as anything that goes from one process to another (message.ts).
 */

import { callersBelow, inherit } from "../ancestry.ts";
import type { Behaviour } from "../behaviour.ts";
import { PendingCall } from "../calls.ts";
import type { CallError } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { isPromise } from "../is-promise.ts";
import type { Kernel, SpawnOptions } from "../kernel.ts";
import { seal } from "../message.ts";
import { type Pid, processOf, type Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import { SmallSet } from "../small-collections.ts";
import { TaskReply } from "../system-messages.ts";

/**
 * What a task does. It runs in a process of its own: `task` is that process, `task.signal` is aborted when it ends, so
 * that `fetch(url, { signal: task.signal })` ends with it.
 */
export type TaskFunction<Arg = undefined, R = unknown> = (task: Process, arg: Arg) => R;

/** How a task ended: with its result, or without one. */
export type TaskOutcome<R = unknown> =
  | { readonly type: "ok"; readonly value: R }
  | { readonly type: "exit"; readonly reason: ExitReason };

/** @internal What a task process holds as its state. */
export class TaskRun {
  readonly run: TaskFunction<unknown>;
  readonly arg: unknown;
  /** Who asked for it, and gets the result. */
  readonly owner: Pid | undefined;
  readonly callers: readonly Pid[];
  /** The owner's monitor; undefined when nobody wants the result (any more). */
  ref: Ref | undefined = undefined;
  /** The owner waits at this moment. */
  waiting: PendingCall | undefined = undefined;
  /** The result lies in the owner's mailbox. */
  replied = false;

  /** @throws {MessageError} when the argument is not data */
  constructor(run: TaskFunction<never>, arg: unknown, caller: Process | undefined) {
    this.run = run as TaskFunction<unknown>;
    this.arg = seal(arg);
    this.owner = caller?.pid;
    this.callers = callersBelow(caller);
  }

  get name(): string {
    return this.run.name;
  }
}

const taskBehaviour: Behaviour<TaskRun> = {
  label: "Task",
  receives: true,
  init(self, run) {
    const result = run.run(self, run.arg);
    return isPromise(result) ? result.then((value) => finish(self, run, value)) : finish(self, run, result);
  },
  handle() {
    // Messages wait in the mailbox for `receive`: a task is inside `init` for as long as it lives.
  },
};

/**
 * @internal Starts a task process.
 *
 * @param parent whose child it is: the owner itself, or a task supervisor
 */
export function spawnTask(
  kernel: Kernel,
  parent: Process | undefined,
  run: TaskRun,
  options: SpawnOptions = {},
): Process {
  const label = run.name === "" ? taskBehaviour.label : `${taskBehaviour.label} ${run.name}`;
  const process = kernel.spawnBy(parent, taskBehaviour, run, { label, ...options });
  process.state = run;
  inherit(process, run.callers);
  return process;
}

/** @internal The task process, if it is alive. */
export function taskOf(pid: Pid | undefined): { readonly process: Process; readonly run: TaskRun } | undefined {
  const process = pid === undefined ? undefined : processOf(pid);
  return process === undefined ? undefined : { process, run: process.state as TaskRun };
}

function finish(self: Process, run: TaskRun, value: unknown): void {
  if (!self.isAlive) return;
  const { kernel } = self;
  if (run.waiting !== undefined) kernel.settle(run.waiting, seal(value), undefined);
  else if (run.ref !== undefined) {
    const owner = processOf(run.owner!);
    if (owner !== undefined) run.replied = kernel.deliver(owner, new TaskReply(run.ref, seal(value)));
  }
  self.ending ??= { reason: "normal" };
}

/**
 * @internal Calls back when a task that is alive ends, before links and monitors hear of it. It is a call without a
 * message (calls.ts): the task's end settles it, and the owner's makes it forgotten.
 */
export function watch(
  owner: Process,
  process: Process,
  run: TaskRun,
  onEnd: (outcome: TaskOutcome<never>) => void,
): void {
  const settled = (outcome: TaskOutcome): void => {
    run.waiting = undefined;
    onEnd(outcome as TaskOutcome<never>);
  };
  const pending = new PendingCall(
    owner.kernel.newRef(),
    owner,
    process.pid,
    "await",
    (value) => settled({ type: "ok", value }),
    (error) => settled({ type: "exit", reason: (error as CallError).reason }),
  );
  pending.server = process;
  pending.next = process.callers;
  if (process.callers !== undefined) process.callers.previous = pending;
  process.callers = pending;
  const rare = owner.ensureRare();
  rare.calls ??= new SmallSet();
  rare.calls.add(pending);
  run.waiting = pending;
}

/** @internal Does not wait any more. */
export function unwatch(kernel: Kernel, run: TaskRun): void {
  if (run.waiting !== undefined) kernel.settle(run.waiting, undefined, "forget");
  run.waiting = undefined;
}
