/**
 * TaskSupervisor: a place in the supervision tree for tasks that come and go.
 *
 *   caller ── asyncNolink ──▷ task ◁── linked ── supervisor       a failure of the task is the caller's to hear of, not
 *     └────── monitors ────────┘                                  to share; the supervisor's end is the end of its tasks
 *
 * A task is started at once, by the caller's own turn: the supervisor may be busy, and a handler need not wait for it. So
 * a supervisor serves the processes of its thread; functions do not travel. Listing and stopping work from any thread.
 * At shutdown all tasks stop at the same time, each within its own `shutdown`.
 * Source: Elixir, Task.Supervisor; G17 of the feature map.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import { CallMessage } from "../kernel/calls.ts";
import { nameBehaviour } from "../kernel/crossing/behaviours.ts";
import { NameError, shown, TaskError } from "../kernel/errors.ts";
import { type ExitReason, isQuiet } from "../kernel/exit-reason.ts";
import { Kernel, type StartOptions } from "../kernel/kernel.ts";
import { type Address, type Name, Pid, processOf } from "../kernel/pid.ts";
import { type Process, ProcessExit } from "../kernel/process.ts";
import { ReturnError } from "../kernel/server/outcome.ts";
import { ExitMessage } from "../kernel/system-messages.ts";
import { Task } from "../kernel/task/task.ts";
import { spawnTask, type TaskFunction, TaskRun } from "../kernel/task/task-process.ts";
import {
  asyncStream,
  type StreamTasks,
  type TaskStreamOptions,
  type TaskStreamOutcome,
} from "../kernel/task/task-stream.ts";
import { isShutdown, type Restart, type Shutdown } from "./child-spec.ts";
import { reportChild, type SupervisorEvent, tooManyRestarts } from "./reports.ts";
import { RestartWindow } from "./restart-window.ts";
import { endedAsAsked, stopProcess, stopTogether } from "./stopping.ts";
import { checkSupervisionOptions, wrongOption } from "./supervision.ts";
import type { ChildInfo } from "./supervisor.ts";

export interface TaskSupervisorOptions {
  /** Tasks at one time; one more throws a TaskError with `maxChildren`. Default: as many as the kernel has processes. */
  readonly maxChildren?: number;
  /** Restarts, of tasks that `startChild` asked to be restarted, within `maxSeconds`; default 3. One more, and it gives up. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
}

export interface TaskChildOptions {
  /** Default "temporary": never. "transient": after a crash. "permanent": always. */
  readonly restart?: Restart;
  /** How it is stopped at the supervisor's end; default 5,000 ms. */
  readonly shutdown?: Shutdown;
}

export interface TaskSupervisorProtocol {
  readonly calls: {
    readonly whichChildren: { readonly request: undefined; readonly reply: readonly ChildInfo[] };
    readonly countChildren: {
      readonly request: undefined;
      readonly reply: {
        readonly specs: number;
        readonly active: number;
        readonly supervisors: number;
        readonly workers: number;
      };
    };
    readonly terminateChild: { readonly request: Pid; readonly reply: boolean };
  };
  readonly casts: Record<never, never>;
  readonly info: never;
}

type TaskSupervisorAddress = Address<TaskSupervisorProtocol>;

/**
 * Starts and holds tasks. For a supervisor's child: `childSpec(TaskSupervisor, {}, { name: "loads" })`.
 *
 * @example
 * const Shop = supervisor([childSpec(TaskSupervisor, { maxChildren: 100 }, { name: "loads" })]);
 * const kernel = new Kernel();
 * const shop = await Shop.start(kernel);
 * kernel.spawn(async (self) => {
 *   const price = TaskSupervisor.asyncNolink(self, "loads", async (task) => {
 *     await sleep(task, 5); // or: await fetch(url, { signal: task.signal })
 *     return 12.5;
 *   });
 *   const outcome = await Task.yield(self, price);
 *   if (outcome?.type === "ok") console.log(outcome.value.toFixed(2));
 *   kernel.exit(shop, "shutdown");
 * });
 */
export const TaskSupervisor = {
  label: "TaskSupervisor",
  childType: "supervisor",

  /** @throws {OptionError} when an option makes no sense @throws {StartError} when the name is taken */
  async start(
    by: Process | Kernel,
    options: TaskSupervisorOptions = {},
    start: StartOptions = {},
  ): Promise<Pid<TaskSupervisorProtocol>> {
    checkOptions(options);
    const [kernel, parent] = by instanceof Kernel ? [by, undefined] : [by.kernel, by];
    return (await kernel.start(parent, behaviour, options, start)) as Pid<TaskSupervisorProtocol>;
  },

  /** Like `start`, linked. */
  startLink(
    self: Process,
    options: TaskSupervisorOptions = {},
    start: StartOptions = {},
  ): Promise<Pid<TaskSupervisorProtocol>> {
    return TaskSupervisor.start(self, options, { ...start, link: true });
  },

  /** A registered name, with the protocol of a task supervisor. */
  named(name: string): Name<TaskSupervisorProtocol> {
    return name as Name<TaskSupervisorProtocol>;
  },

  /**
   * Starts a task that is linked to its owner as well: as `Task.async`, and it is stopped with the supervisor.
   *
   * @throws {TaskError} `otherThread`, `noproc`, `maxChildren`
   * @throws {NameError} when nobody has the name
   */
  async: startAsync as AsyncStarter,

  /** Starts a task whose failure its owner hears of and survives: as `Task.asyncNolink`. @throws as `async` */
  asyncNolink: startAsyncNolink as AsyncStarter,

  /**
   * Runs a function for its effect: nobody waits for it.
   *
   * @returns the pid, a new one after each restart
   * @throws as `async`
   */
  startChild(
    by: Process | Kernel,
    supervisor: TaskSupervisorAddress,
    run: TaskFunction,
    options: TaskChildOptions = {},
  ): Pid {
    const { restart = "temporary", shutdown = 5000 } = options;
    checkChildOptions(restart, shutdown);
    const held = resolve(by, supervisor);
    const taskRun = new TaskRun(run, undefined, by instanceof Kernel ? undefined : by);
    return held.add(taskRun, restart, shutdown).pid;
  },

  /** The pids of its tasks, from any thread. @throws {CallError} as `call` */
  async children(by: Process | Kernel, supervisor: TaskSupervisorAddress): Promise<Pid[]> {
    const infos = await by.call(supervisor as Address<TaskSupervisorProtocol>, "whichChildren");
    return infos.map(({ pid }) => pid).filter((pid) => pid instanceof Pid);
  },

  /**
   * Stops a task, from any thread, within its `shutdown`, and waits for that. It is not restarted.
   *
   * @returns false when the supervisor has no such task
   * @throws {CallError} as `call`, but for `timeout`
   */
  terminateChild(by: Process | Kernel, supervisor: TaskSupervisorAddress, task: Pid): Promise<boolean> {
    return by.call(supervisor, "terminateChild", task, { timeout: Number.POSITIVE_INFINITY });
  },

  /** `Task.asyncStream`, with the supervisor's tasks. */
  asyncStream<I, R>(
    self: Process,
    supervisor: TaskSupervisorAddress,
    inputs: Iterable<I> | AsyncIterable<I>,
    run: TaskFunction<I, R>,
    options: TaskStreamOptions = {},
  ): AsyncIterable<TaskStreamOutcome<I, Awaited<R>>> {
    return asyncStream(self, inputs, run, options, streamTasks(self, supervisor, true));
  },

  /** Like `asyncStream`: a task's failure is an outcome, and the owner lives whether it traps exits or not. */
  asyncStreamNolink<I, R>(
    self: Process,
    supervisor: TaskSupervisorAddress,
    inputs: Iterable<I> | AsyncIterable<I>,
    run: TaskFunction<I, R>,
    options: TaskStreamOptions = {},
  ): AsyncIterable<TaskStreamOutcome<I, Awaited<R>>> {
    return asyncStream(self, inputs, run, options, streamTasks(self, supervisor, false));
  },
} as const;

/** `(self, supervisor, run, arg?)`. */
interface AsyncStarter {
  <R>(self: Process, supervisor: TaskSupervisorAddress, run: TaskFunction<undefined, R>): Task<Awaited<R>>;
  <Arg, R>(self: Process, supervisor: TaskSupervisorAddress, run: TaskFunction<Arg, R>, arg: Arg): Task<Awaited<R>>;
}

function startAsync(self: Process, supervisor: TaskSupervisorAddress, run: TaskFunction<never>, arg?: unknown): Task {
  const task = startAsyncNolink(self, supervisor, run, arg);
  self.link(task.pid!);
  return task;
}

function startAsyncNolink(
  self: Process,
  supervisor: TaskSupervisorAddress,
  run: TaskFunction<never>,
  arg?: unknown,
): Task {
  const taskRun = new TaskRun(run, arg, self);
  return Task.of(self, resolve(self, supervisor).add(taskRun), taskRun);
}

function streamTasks(self: Process, supervisor: TaskSupervisorAddress, linked: boolean): StreamTasks {
  return { linked, spawn: (run) => resolve(self, supervisor).add(run) };
}

interface Child {
  readonly run: TaskRun;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
}

/** `process.state` of a task supervisor. */
class Held {
  readonly self: Process;
  readonly window: RestartWindow;
  readonly children = new Map<Pid, Child>();
  readonly #maxChildren: number;
  stopping = false;

  constructor(self: Process, options: TaskSupervisorOptions) {
    this.self = self;
    this.window = new RestartWindow(options.maxRestarts ?? 3, options.maxSeconds ?? 5);
    this.#maxChildren = options.maxChildren ?? Number.POSITIVE_INFINITY;
  }

  add(run: TaskRun, restart: Restart = "temporary", shutdown: Shutdown = 5000): Process {
    if (this.children.size >= this.#maxChildren) this.#forgetEnded();
    if (this.children.size >= this.#maxChildren) {
      throw new TaskError(
        `${this.self.label} ${this.self.pid}: expected fewer than ${this.#maxChildren} tasks at one time. Wait for some of them, or raise maxChildren.`,
        "maxChildren",
      );
    }
    return this.spawn({ run, restart, shutdown });
  }

  spawn(child: Child): Process {
    const process = spawnTask(this.self.kernel, this.self, child.run, { link: true });
    this.children.set(process.pid, child);
    return process;
  }

  /** The exit messages of these wait for the supervisor's next turn. */
  #forgetEnded(): void {
    for (const [pid, { restart }] of this.children) {
      if (restart === "temporary" && processOf(pid) === undefined) this.children.delete(pid);
    }
  }
}

const behaviour: Behaviour<TaskSupervisorOptions> = {
  label: "TaskSupervisor",

  init(self, options) {
    self.trapExit = true;
    self.state = new Held(self, options);
  },

  handle(self, message) {
    const held = self.state as Held;
    if (message instanceof ExitMessage) return exited(held, message);
    if (!(message instanceof CallMessage)) return;
    const { from, name, request } = message;
    if (name !== "terminateChild") return self.kernel.reply(from, answer(held, name));
    const child = held.children.get(request as Pid);
    if (child === undefined) return self.kernel.reply(from, false);
    held.children.delete(request as Pid);
    return stopProcess(self, request as Pid, child.shutdown).then((reason) => {
      reportEnd(self, request as Pid, child, reason);
      self.kernel.reply(from, true);
    });
  },

  async terminate(self) {
    const held = self.state as Held;
    held.stopping = true;
    const { children } = held;
    const reasons = await stopTogether(self, new Map([...children].map(([pid, { shutdown }]) => [pid, shutdown])));
    for (const [pid, reason] of reasons) reportEnd(self, pid, children.get(pid)!, reason);
  },
};

nameBehaviour("lintel.TaskSupervisor", behaviour);

function exited(held: Held, { from, reason }: ExitMessage): void {
  const { self, children } = held;
  const child = children.get(from);
  if (child === undefined) {
    if (from === self.parent || from === self.pid) throw new ProcessExit(reason);
    return;
  }
  children.delete(from);
  if (child.restart === "temporary" || (child.restart === "transient" && isQuiet(reason))) return;
  if (!isQuiet(reason)) report(self, "childTerminated", from, child, reason);
  if (!held.window.record(self.kernel.world.monotonicMs())) {
    report(self, "shutdown", from, child, tooManyRestarts);
    throw new ProcessExit("shutdown");
  }
  held.spawn(child);
}

function answer(held: Held, name: string): unknown {
  if (name === "whichChildren") {
    return [...held.children].map(([pid, { run }]): ChildInfo => ({ id: run.name || "task", pid, type: "worker" }));
  }
  if (name === "countChildren") {
    const { size } = held.children;
    return { specs: size, active: size, supervisors: 0, workers: size };
  }
  throw new ReturnError(
    `TaskSupervisor ${held.self.pid} has no call ${shown(name)}: expected whichChildren, countChildren or terminateChild.`,
  );
}

function resolve(by: Process | Kernel, address: TaskSupervisorAddress): Held {
  if (!(by instanceof Kernel)) by.assertAlive();
  const kernel = by instanceof Kernel ? by : by.kernel;
  const pid = address instanceof Pid ? address : kernel.names.whereis(address);
  if (pid === undefined) {
    throw new NameError(
      `TaskSupervisor "${address}": nobody has that name. Put it before its users in the supervision tree.`,
    );
  }
  if (pid.thread !== kernel.thread) {
    throw new TaskError(
      `TaskSupervisor ${pid}: expected one of thread ${kernel.thread}, for a function cannot go to another thread. Start one on each thread.`,
      "otherThread",
    );
  }
  const held = processOf(pid)?.state;
  if (!(held instanceof Held) || held.stopping) {
    throw new TaskError(`Process ${pid}: expected a TaskSupervisor that runs, got one that does not.`, "noproc");
  }
  return held;
}

function report(self: Process, event: SupervisorEvent, pid: Pid, { run, shutdown }: Child, reason: ExitReason): void {
  reportChild(self, event, run.name || "task", pid, reason, event === "shutdownError" ? shutdown : undefined);
}

/** It was told to end: did it? */
function reportEnd(self: Process, pid: Pid, child: Child, reason: ExitReason): void {
  if (!endedAsAsked(reason, child.shutdown, child.restart)) report(self, "shutdownError", pid, child, reason);
}

function checkOptions(options: TaskSupervisorOptions): void {
  checkSupervisionOptions(options, "TaskSupervisor", ["maxChildren"]);
  const { maxChildren = 1 } = options;
  if (!(maxChildren > 0)) throw wrongOption("TaskSupervisor", "maxChildren", "a number above 0", maxChildren);
}

function checkChildOptions(restart: Restart, shutdown: Shutdown): void {
  const where = "TaskSupervisor.startChild";
  if (!["permanent", "transient", "temporary"].includes(restart)) {
    throw wrongOption(where, "restart", '"permanent", "transient" or "temporary"', restart);
  }
  if (!isShutdown(shutdown)) {
    throw wrongOption(where, "shutdown", '"brutalKill", "infinity" or milliseconds above 0', shutdown);
  }
}
