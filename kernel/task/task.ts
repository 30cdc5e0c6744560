/**
 * Task: one function in a process of its own, and its result.
 *
 *   owner ── async ──▷ task process ── run(task, arg) ──▷ result ──▷ owner: await, yield, or a TaskReply message
 *     └───────link + monitor───┘
 *
 * Against a bare promise: a task can be killed, and takes its `signal`, timers and processes along; when it fails its
 * owner fails with it (or hears of it, with `asyncNolink`); when its owner fails, it does not go on for nobody.
 * The function runs on the owner's thread. Take what it needs from `arg`, which is frozen as a message is, rather than
 * from variables around it: those it would share with its owner. Work for the CPU belongs on another thread.
 * Source: Elixir, Task; G14 to G16 of the feature map.
 */
import { Kernel, type SpawnOptions } from "../kernel.ts";
import { checkKeys } from "../options.ts";
import type { Pid, Ref } from "../pid.ts";
import {
  type PoolFunction,
  type PoolModule,
  type PoolTaskOptions,
  poolTask,
  type UntypedModule,
} from "../pool/pool-task.ts";
import type { Process } from "../process.ts";
import { TaskReply } from "../system-messages.ts";
import { awaitMany, type OutcomesOf, type ResultsOf, type YieldManyOptions, yieldMany } from "./task-many.ts";
import { spawnTask, type TaskFunction, type TaskOutcome, TaskRun } from "./task-process.ts";
import { asyncStream, ownTasks, type TaskStreamOptions, type TaskStreamOutcome } from "./task-stream.ts";
import { awaitTask, ignoreTask, shutdownTask, yieldTask } from "./task-wait.ts";

declare const resultOf: unique symbol;

/**
 * A task that was started: whoever started it is its owner, and may take its result, once.
 *
 * @example
 * const kernel = new Kernel();
 * kernel.spawn(async (self) => {
 *   const slow = Task.async(self, async (task) => {
 *     await sleep(task, 20); // or: await fetch(url, { signal: task.signal })
 *     return "slow";
 *   });
 *   const quick = Task.async(self, (_task, n: number) => n * n, 7);
 *   const [text, square] = await Task.awaitMany(self, [slow, quick]);
 *   console.log(text.toUpperCase(), square + 1);
 * });
 */
export class Task<R = unknown> {
  /** For the compiler. Never there at run time. */
  declare readonly [resultOf]: R;
  /** Shown in reports, and how a supervisor knows it: `childSpec(Task, run)`. */
  static readonly label = "Task";
  /** It is done when it has ended: a supervisor does not start it again, unless its spec says so. As with Elixir. */
  static readonly childRestart = "temporary";
  /** Undefined for a task that never ran: `Task.completed`. */
  readonly pid: Pid | undefined;
  /** Of the owner's monitor, of the `TaskReply` and of the `DownMessage`. */
  readonly ref: Ref;
  readonly owner: Pid;
  /** Of its function; "" for one without. */
  readonly name: string;

  /** @internal Tasks are made by `Task.async` and the like. */
  constructor(pid: Pid | undefined, ref: Ref, owner: Pid, name: string) {
    this.pid = pid;
    this.ref = ref;
    this.owner = owner;
    this.name = name;
    Object.freeze(this);
  }

  /** @internal A task process has been started: its owner watches it. */
  static of<R>(owner: Process, process: Process, run: TaskRun): Task<R> {
    run.ref = owner.monitor(process.pid);
    return new Task<R>(process.pid, run.ref, owner.pid, run.name);
  }

  /** Is a message this task's result? For a server that does not await its tasks: the result comes to `info`. */
  isReply(message: unknown): message is TaskReply<R> {
    return message instanceof TaskReply && message.ref === this.ref;
  }

  toString(): string {
    return `Task ${this.name === "" ? "" : `${this.name} `}${this.pid ?? "without a process"}`;
  }

  /**
   * Starts a task, linked to its owner and monitored by it: if it fails, so does the owner, unless that traps exits; if
   * the owner fails, so does the task. Await it, or take its `TaskReply` and `DownMessage` in `info`.
   *
   * @param run gets the task's own process, and `arg`; may be async. Its result is a message: it must be data
   * @param arg anything that is data; it is frozen, or copied
   * @throws {MessageError} when `arg` is not data
   */
  static async<R>(self: Process, run: TaskFunction<undefined, R>): Task<Awaited<R>>;
  static async<Arg, R>(self: Process, run: TaskFunction<Arg, R>, arg: Arg): Task<Awaited<R>>;
  static async(self: Process, run: TaskFunction<never>, arg?: unknown): Task {
    return own(self, run, arg, true);
  }

  /**
   * Like `async`, without the link: when the task fails the owner hears of it (`await` throws, `down` arrives), and when
   * the owner ends the task goes on. To have such tasks stopped with your program, start them under a TaskSupervisor.
   */
  static asyncNolink<R>(self: Process, run: TaskFunction<undefined, R>): Task<Awaited<R>>;
  static asyncNolink<Arg, R>(self: Process, run: TaskFunction<Arg, R>, arg: Arg): Task<Awaited<R>>;
  static asyncNolink(self: Process, run: TaskFunction<never>, arg?: unknown): Task {
    return own(self, run, arg, false);
  }

  /**
   * Runs a function that a module exports on a thread of its own, out of a pool: for what keeps a CPU busy. The task is like
   * any other: linked, awaited once, its result a message. When it ends early (its owner ended, `Task.shutdown`, the
   * `timeout`, the `signal`), the computation is ended, too, in the middle of whatever it does.
   *
   * An error that the function throws is the task's failure, with name, message, stack and code. The exit reasons of its
   * own are `timeout`, `aborted`, and `poolFull`: as many jobs wait as may; a TaskError with `noPool`: this thread was
   * started without one, or it has ended. See pool/task-pool.ts.
   *
   * @param module its URL, of a file that Node can import; `poolModule` gives it types. A worker imports it once
   * @param args data, copied; a pid among them is a value, nothing can be sent there
   * @throws {MessageError} when the arguments are not data
   * @throws {OptionError} naming the argument or the option
   *
   * @example
   * const kernel = new Kernel();
   * kernel.spawn(async (self) => {
   *   const zlib = poolModule<typeof import("node:zlib")>(new URL("node:zlib"));
   *   const packed = Task.pool(self, zlib, "gzipSync", ["a long text"], { timeout: 5000 });
   *   console.log((await Task.await(self, packed)).length);
   * });
   */
  static pool<Exports, Name extends PoolFunction<Exports>>(
    self: Process,
    module: PoolModule<Exports>,
    name: Name,
    args: Exports[Name] extends (...args: infer Args) => unknown ? Readonly<Args> : never,
    options?: PoolTaskOptions,
  ): Task<Exports[Name] extends (...args: never) => infer R ? Awaited<R> : never>;
  static pool(
    self: Process,
    module: UntypedModule,
    name: string,
    args?: readonly unknown[],
    options?: PoolTaskOptions,
  ): Task;
  static pool(
    self: Process,
    module: URL | string,
    name: string,
    args: readonly unknown[] = [],
    options: PoolTaskOptions = {},
  ): Task {
    self.assertAlive();
    const { run, arg } = poolTask(self, module, name, args, options);
    return own(self, run as TaskFunction<never>, arg, options.link !== false);
  }

  /** A task that is done already, for where a task is expected and the value is at hand. No process is started. */
  static completed<R>(self: Process, value: R): Task<R> {
    self.assertAlive();
    const task = new Task<R>(undefined, self.makeRef(), self.pid, "");
    self.kernel.deliver(self, new TaskReply(task.ref, value));
    return task;
  }

  /** Runs a function in a process of its own, for its effect: nobody waits for it, nobody fails with it. */
  static start(by: Process | Kernel, run: TaskFunction, options: SpawnOptions = {}): Pid {
    const caller = by instanceof Kernel ? undefined : by;
    caller?.assertAlive();
    const kernel = by instanceof Kernel ? by : by.kernel;
    return spawnTask(kernel, caller, new TaskRun(run, undefined, caller), options).pid;
  }

  /** Like `start`, linked: for a supervisor's child, `childSpec(Task, warmUp)`, which is temporary by default. */
  static async startLink(self: Process, run: TaskFunction, options: SpawnOptions = {}): Promise<Pid> {
    return Task.start(self, run, { ...options, link: true });
  }

  /**
   * Waits for the result. Only the owner may, and once.
   *
   * @param options.timeout milliseconds or Infinity; default 5000
   * @throws {TaskError} `timeout`: the task is given up, a late result is dropped; not caught, it ends the owner and with
   *   it the task, if that is linked. With the task's exit reason, when that ended without a result and did not take the
   *   owner along (it is not linked, or the owner traps exits). `notOwner`, `taken`, `awaited`: see the sentence
   */
  static await<R>(self: Process, task: Task<R>, options: { timeout?: number } = {}): Promise<R> {
    return awaitTask(self, task, timeoutOf("Task.await", self, options));
  }

  /**
   * Waits for a while, and may be repeated: the task goes on.
   *
   * @param options.timeout milliseconds, or Infinity; default 5000. 0 looks only, and lets nobody else run: not for a loop
   * @returns `{ type: "ok", value }`, `{ type: "exit", reason }`, or undefined: it still runs
   * @throws {TaskError} as `await`, but for its `timeout` and the task's own end
   */
  static yield<R>(
    self: Process,
    task: Task<R>,
    options: { timeout?: number } = {},
  ): Promise<TaskOutcome<R> | undefined> {
    return yieldTask(self, task, timeoutOf("Task.yield", self, options));
  }

  /**
   * Unlinks the task, tells it to end with `shutdown`, and waits for that.
   *
   * @param how milliseconds until it is killed, or Infinity; "brutalKill": at once. Default 5000
   * @returns undefined when it was stopped; its outcome when it had ended, or replied before it did. A task whose outcome
   *   was taken earlier gives `{ type: "exit", reason: "noproc" }`
   */
  static shutdown<R>(
    self: Process,
    task: Task<R>,
    how: number | "brutalKill" = 5000,
  ): Promise<TaskOutcome<R> | undefined> {
    return shutdownTask(self, task, how);
  }

  /**
   * Lets go of a task: it goes on, but is not linked any more, and its result is dropped.
   *
   * @returns the outcome, if there was one already
   */
  static ignore<R>(self: Process, task: Task<R>): TaskOutcome<R> | undefined {
    return ignoreTask(self, task);
  }

  /**
   * Waits for all results, with one deadline for all.
   *
   * @param options.timeout milliseconds or Infinity; default 5000
   * @returns the results, in the order of the tasks
   * @throws {TaskError} with the first failure, or `timeout`: then all that still run are given up
   */
  static awaitMany<const Tasks extends readonly Task[]>(
    self: Process,
    tasks: Tasks,
    options: { timeout?: number } = {},
  ): Promise<ResultsOf<Tasks>> {
    return awaitMany(self, tasks, timeoutOf("Task.awaitMany", self, options)) as Promise<ResultsOf<Tasks>>;
  }

  /**
   * Waits for a while, with one deadline for all, and may be repeated for those that still run.
   *
   * @returns what is known of each, in the order of the tasks; undefined: it still runs, or was stopped
   */
  static yieldMany<const Tasks extends readonly Task[]>(
    self: Process,
    tasks: Tasks,
    options: YieldManyOptions = {},
  ): Promise<OutcomesOf<Tasks>> {
    return yieldMany(self, tasks, options) as Promise<OutcomesOf<Tasks>>;
  }

  /**
   * Runs the function once per input, some at a time, and hands out the outcomes as they are asked for. See TaskStreamOptions.
   * Linked: when a task fails, so does the owner, unless that traps exits; then it gets `{ type: "exit", reason, input }`.
   * Leaving the loop kills what still runs.
   */
  static asyncStream<I, R>(
    self: Process,
    inputs: Iterable<I> | AsyncIterable<I>,
    run: TaskFunction<I, R>,
    options: TaskStreamOptions = {},
  ): AsyncIterable<TaskStreamOutcome<I, Awaited<R>>> {
    return asyncStream(self, inputs, run, options, ownTasks(self, true));
  }
}

function own(self: Process, run: TaskFunction<never>, arg: unknown, link: boolean): Task {
  self.assertAlive();
  const taskRun = new TaskRun(run, arg, self);
  return Task.of(self, spawnTask(self.kernel, self, taskRun, { link }), taskRun);
}

function timeoutOf(what: string, self: Process, options: { timeout?: number }): number {
  checkKeys(() => `${what} of ${self.pid}`, options, ["timeout"]);
  return options.timeout ?? 5000;
}
