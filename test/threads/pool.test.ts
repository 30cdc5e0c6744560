/** Task pools: real workers, from the main thread and from scheduler threads. */
import {
  type DownMessage,
  Kernel,
  MessageError,
  OptionError,
  type Process,
  poolModule,
  type Report,
  readStats,
  type SystemEvent,
  startSchedulers,
  Task,
  type TaskError,
  TaskPool,
  type TaskPoolOptions,
  TaskReply,
} from "lintel/kernel";
import { afterEach, describe, expect, test } from "vitest";
import type { Worker } from "../fixtures/kernel/pool-app.ts";
import { runProgram } from "../support/program.ts";
import { until } from "../support/until.ts";
import { LifeLog, serveApp } from "./serving.ts";

const built = (file: string): URL => new URL(`../../build/test/fixtures/kernel/${file}.js`, import.meta.url);
const functions = poolModule<typeof import("../fixtures/kernel/pool-functions.ts")>(built("pool-functions"));

const kernels: Kernel[] = [];
afterEach(() => {
  for (const kernel of kernels.splice(0)) kernel.close();
});

function newKernel(reports: Report[] = []): Kernel {
  const kernel = new Kernel({ report: (report) => reports.push(report) });
  kernels.push(kernel);
  return kernel;
}

/** Runs the function in a process, and hands out what it returns or throws. */
function inProcess<T>(kernel: Kernel, run: (self: Process) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    kernel.spawn(async (self) => {
      self.trapExit = true;
      await run(self).then(resolve, reject);
    });
  });
}

/** A kernel, and a pool of one worker. */
async function onePool(options: TaskPoolOptions = {}, reports: Report[] = []) {
  const kernel = newKernel(reports);
  const pool = await TaskPool.start(kernel, { maxThreads: 1, ...options });
  return { kernel, pool, status: () => kernel.call(pool, "status") };
}

const failureOf = (promise: Promise<unknown>): Promise<TaskError> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as TaskError,
  );

describe("Task.pool", () => {
  test("runs an exported function on another thread; its result is awaited as any task's", async () => {
    const results = await inProcess(newKernel(), async (self) => {
      const sum = Task.pool(self, functions, "add", [20, 22]);
      const thread = Task.pool(self, functions, "where", []);
      return Task.awaitMany(self, [sum, thread]);
    });
    expect(results).toEqual([42, expect.any(Number)]);
    expect(results[1]).toBeGreaterThan(0);
  });

  test("the result is a message, followed by a down, when nobody awaits it", async () => {
    await inProcess(newKernel(), async (self) => {
      const task = Task.pool(self, functions, "same", [{ n: 1 }], { link: false });
      expect(await Task.yield(self, task, { timeout: 0 })).toBeUndefined();
      const message = await self.receive<TaskReply>();
      expect(message).toEqual(new TaskReply(task.ref, { n: 1 }));
      expect(await self.receive<DownMessage>()).toMatchObject({ ref: task.ref, reason: "normal" });
    });
  });

  test("arguments and results are data, copied: pids, bytes, Map, Date, nothing; not functions", async () => {
    await inProcess(newKernel(), async (self) => {
      const value = {
        pid: self.pid,
        bytes: new Uint8Array([1, 2]),
        map: new Map([["a", new Date(5)]]),
        none: undefined,
      };
      const back = await Task.await(self, Task.pool(self, functions, "same", [value]));
      expect(back).toEqual(value);
      expect((back as typeof value).pid).toBe(self.pid);
      expect(() => Task.pool(self, functions, "same", [() => {}])).toThrow(MessageError);
      const refused = await failureOf(
        Task.await(self, Task.pool(self, functions, "returnsAFunction", [], { link: false })),
      );
      expect(refused.message).toMatch(/MessageError: A message must be data: .* got a function/);
    });
  });

  test("an error keeps its name, message, stack, code and cause", async () => {
    await inProcess(newKernel(), async (self) => {
      const { reason } = await failureOf(
        Task.await(self, Task.pool(self, functions, "fails", ["too far"], { link: false })),
      );
      expect(reason).toEqual({
        error: {
          name: "RangeError",
          message: "too far",
          code: "E_POOL",
          stack: expect.stringContaining("pool-functions.js"),
          cause: expect.objectContaining({ name: "TypeError", message: "the cause" }),
        },
      });
    });
  });

  test("it is linked: a failure takes the owner along", async () => {
    const kernel = newKernel();
    const owner = kernel.spawn(async (self) => {
      await Task.await(self, Task.pool(self, functions, "fails", ["too far"]));
    });
    const reason = await inProcess(kernel, async (self) => {
      self.monitor(owner);
      return (await self.receive<DownMessage>()).reason;
    });
    expect(reason).toMatchObject({ error: { name: "RangeError", message: "too far" } });
  });

  test("says what is wrong with the module or the function", async () => {
    await inProcess(newKernel(), async (self) => {
      const why = async (module: URL, name: string): Promise<string> =>
        (await failureOf(Task.await(self, Task.pool(self, module, name, [], { link: false })))).message;
      expect(await why(functions, "subtract")).toMatch(
        /pool-functions.js to export a function "subtract", got undefined/,
      );
      expect(await why(functions, "notAFunction")).toMatch(/got number/);
      expect(await why(built("no-such-module"), "add")).toMatch(/no-such-module/);
    });
  });

  test.each([
    [["./here.js", "add", []], /URL of a module, got ".\/here.js"/],
    [[functions, "", []], /name of an exported function, got ""/],
    [[functions, "add", 1], /list of arguments, got 1/],
    [[functions, "add", [], { timeout: -1 }], /timeout to be milliseconds .* got -1/],
    [[functions, "add", [], { signal: {} }], /signal to be an AbortSignal, got {}/],
    [[functions, "add", [], { timeOut: 1 }], /no option "timeOut", expected one of timeout, signal, link, pool/],
  ])("refuses wrong arguments: %j", async (args, message) => {
    await inProcess(newKernel(), async (self) => {
      const pool = Task.pool as unknown as (...args: unknown[]) => Task;
      expect(() => pool(self, ...args)).toThrow(OptionError);
      expect(() => pool(self, ...args)).toThrow(message);
    });
  });
});

describe("the end of a pool task ends its computation", () => {
  /** With one worker, another job runs only when the endless one is gone. */
  const isFree = (kernel: Kernel, pool: Awaited<ReturnType<typeof onePool>>["pool"]): Promise<number> =>
    inProcess(kernel, (self) => Task.await(self, Task.pool(self, functions, "add", [1, 2], { pool })));

  test.each(["spin", "waits"] as const)("Task.shutdown: %s", async (endless) => {
    const { kernel, pool } = await onePool();
    await inProcess(kernel, async (self) => {
      const task = Task.pool(self, functions, endless, [], { pool });
      expect(await Task.yield(self, task, { timeout: 50 })).toBeUndefined();
      expect(await Task.shutdown(self, task)).toBeUndefined();
    });
    expect(await isFree(kernel, pool)).toBe(3);
  });

  test("the owner is killed", async () => {
    const { kernel, pool, status } = await onePool();
    const owner = kernel.spawn(async (self) => {
      Task.pool(self, functions, "spin", [], { pool });
      await self.receive();
    });
    await until("it runs", () => readStats(kernel.stats).poolTasks === 1);
    kernel.exit(owner, "kill");
    expect(await isFree(kernel, pool)).toBe(3);
    expect(await status()).toMatchObject({ running: 0, queued: 0, aborted: 1, completed: 1 });
    expect(readStats(kernel.stats)).toMatchObject({ poolTasks: 0 });
  });

  test("one that waited for the worker of another gets it, in order, when that is ended", async () => {
    const { kernel, pool } = await onePool();
    await inProcess(kernel, async (self) => {
      const endless = Task.pool(self, functions, "spin", [], { pool, link: false, timeout: 50 });
      const waiting = [1, 2, 3].map((n) => Task.pool(self, functions, "add", [n, n], { pool, link: false }));
      expect(await Task.awaitMany(self, waiting)).toEqual([2, 4, 6]);
      expect((await failureOf(Task.await(self, endless))).reason).toBe("timeout");
    });
  });

  test("its time is over", async () => {
    const { kernel, pool } = await onePool();
    await inProcess(kernel, async (self) => {
      const task = Task.pool(self, functions, "spin", [], { pool, timeout: 50, link: false });
      const error = await failureOf(Task.await(self, task));
      expect([error.name, error.reason]).toEqual(["TaskError", "timeout"]);
    });
    expect(await isFree(kernel, pool)).toBe(3);
  });

  test("its signal is aborted, before it starts or while it runs", async () => {
    const { kernel, pool } = await onePool();
    await inProcess(kernel, async (self) => {
      const early = Task.pool(self, functions, "spin", [], { pool, signal: AbortSignal.abort(), link: false });
      expect((await failureOf(Task.await(self, early))).reason).toBe("aborted");
      const controller = new AbortController();
      const task = Task.pool(self, functions, "spin", [], { pool, signal: controller.signal, link: false });
      expect(await Task.yield(self, task, { timeout: 20 })).toBeUndefined();
      controller.abort();
      expect((await failureOf(Task.await(self, task))).reason).toBe("aborted");
    });
    expect(await isFree(kernel, pool)).toBe(3);
  });
});

describe("TaskPool", () => {
  test("is bounded: one more is refused, which is counted, reported once, and told to a system monitor", async () => {
    const reports: Report[] = [];
    const { kernel, pool, status } = await onePool({ maxQueue: 2 }, reports);
    const events: SystemEvent[] = [];
    using _monitor = kernel.systemMonitor({ longPoolQueue: 2 }, (event) => events.push(event));
    await inProcess(kernel, async (self) => {
      const options = { pool, link: false };
      const endless = Array.from({ length: 3 }, () => Task.pool(self, functions, "waits", [], options));
      for (const _ of [1, 2]) {
        const error = await failureOf(Task.await(self, Task.pool(self, functions, "add", [1, 2], options)));
        expect([error.code, error.reason]).toEqual(["ERR_TASK", "poolFull"]);
        expect(error.message).toMatch(/its pool has no room.*maxQueue/);
      }
      expect(await status()).toMatchObject({ running: 1, queued: 2, refused: 2, completed: 0 });
      expect(readStats(kernel.stats)).toMatchObject({ poolTasks: 3, poolRefused: 2 });
      // One that waits leaves the queue, and one that runs its worker.
      for (const task of endless.reverse()) await Task.shutdown(self, task, "brutalKill");
      expect(await Task.await(self, Task.pool(self, functions, "add", [1, 2], options))).toBe(3);
    });
    expect(events).toEqual([{ type: "longPoolQueue", pid: pool, label: "TaskPool", length: 2 }]);
    expect(reports.filter(({ kind }) => kind === "poolFull")).toEqual([
      { kind: "poolFull", pid: pool.toString(), label: "TaskPool", maxThreads: 1, maxQueue: 2 },
    ]);
  });

  test("a worker that exits, or fills its heap, fails its own job, and another takes its place", async () => {
    const { kernel, pool } = await onePool({ maxHeapMb: 32 });
    await inProcess(kernel, async (self) => {
      const options = { pool, link: false };
      const exited = await failureOf(Task.await(self, Task.pool(self, functions, "exits", [], options)));
      expect(exited.message).toMatch(/exit/i);
      const full = await failureOf(
        Task.await(self, Task.pool(self, functions, "fillsTheHeap", [], options), { timeout: 30_000 }),
      );
      expect(full.reason).toMatchObject({ error: { code: "ERR_WORKER_OUT_OF_MEMORY" } });
      expect(await Task.await(self, Task.pool(self, functions, "add", [1, 2], options))).toBe(3);
    });
  });

  test("the runtime's own is there when it is asked for, once, and again after a kill", async () => {
    const kernel = newKernel();
    await inProcess(kernel, async (self) => {
      const tasks = [1, 2, 3].map((n) => Task.pool(self, functions, "add", [n, n]));
      expect(await Task.awaitMany(self, tasks)).toEqual([2, 4, 6]);
      const ref = self.monitor("lintel.TaskPool");
      self.exit(self.whereis("lintel.TaskPool")!, "kill");
      await self.receive({ match: (message): message is DownMessage => (message as DownMessage).ref === ref });
      expect(await Task.await(self, Task.pool(self, functions, "add", [4, 4]))).toBe(8);
    });
  });

  test("a job whose pool ends fails, and says so", async () => {
    const { kernel, pool } = await onePool();
    await inProcess(kernel, async (self) => {
      const task = Task.pool(self, functions, "spin", [], { pool, link: false });
      expect(await Task.yield(self, task, { timeout: 20 })).toBeUndefined();
      self.exit(pool, "kill");
      expect((await failureOf(Task.await(self, task))).message).toMatch(/its pool is not there.*ended: killed/);
    });
  });

  test.each([
    [{ maxThreads: 0 }, /maxThreads to be a whole number of at least 1, got 0/],
    [{ maxThreads: 1.5 }, /maxThreads/],
    [{ maxQueue: -1 }, /maxQueue/],
    [{ idleMs: "1 s" as never }, /idleMs/],
    [{ maxHeapMb: 1 }, /maxHeapMb/],
    [{ maxQueued: 1 } as object, /no option "maxQueued"/],
  ])("refuses %j", async (options, message) => {
    await expect(TaskPool.start(newKernel(), options)).rejects.toThrow(message);
  });

  test("is loaded when it is used, and its idle workers do not keep the program alive", async () => {
    const { code, printed, stderr } = await runProgram("test/fixtures/kernel/pool-program.js", ["idle"], {
      timeoutMs: 5000, // well under the 10 s for which a worker waits for more work
    });
    expect([code, printed, stderr]).toEqual([0, [false, 3, true], ""]);
  });

  test("S15: as a child it is closed with its supervisor, whatever its workers do", async () => {
    const { code, printed } = await runProgram("test/fixtures/kernel/pool-program.js", ["supervised"], {
      timeoutMs: 10_000,
    });
    expect([code, printed]).toEqual([0, [3, 2, "ERR_TASK", "ERR_TASK"]]);
  });

  test("closing a kernel ends its pools", async () => {
    const { code, printed } = await runProgram("test/fixtures/kernel/pool-program.js", ["closed"], {
      timeoutMs: 10_000,
    });
    expect([code, printed]).toEqual([0, [3]]);
  });
});

describe("startSchedulers", () => {
  const one = "worker 1" as ReturnType<(typeof Worker)["named"]>;
  const two = "worker 2" as typeof one;

  test("K37: fills each thread by the module's `start`, replaces one that ends, and stops them all", async () => {
    const reports: Report[] = [];
    const downs: number[] = [];
    await using runtime = await startSchedulers(built("pool-app"), {
      schedulers: 2,
      data: { shared: 1 },
      kernel: { report: (report) => reports.push(report) },
      onDown: (thread) => downs.push(thread),
    });
    const { kernel } = runtime;
    expect(runtime.threads).toEqual([1, 2]);
    expect(await kernel.call(two, "data")).toEqual({ shared: 1 });
    await runtime.kill(2);
    await until("its place is taken", () => runtime.threads.includes(3));
    expect(String(kernel.names.whereis(two))).toBe("<3.1>");
    // What `start` returned ends with a failure: the thread is given up.
    kernel.cast(one, "fail");
    await until("its place is taken, too", () => runtime.threads.includes(4));
    expect(await kernel.call(one, "data")).toEqual({ shared: 1 });
    expect(downs).toEqual([2, 1]);
    expect(reports.filter((report) => report.kind === "thread").map(({ event, detail }) => [event, detail])).toEqual([
      ["ended", expect.stringContaining("a new thread takes its place")],
      ["failed", "<1.1> ended: broken"],
      ["ended", expect.stringContaining("a new thread takes its place")],
    ]);
    reports.length = 0;
    await runtime.close();
    expect(reports).toEqual([]);
    expect(runtime.threads).toEqual([]);
  });

  test("fails when a thread does, and says why", async () => {
    const quiet = { report: () => {} };
    const options = { schedulers: 1, data: { fails: "no licence" }, kernel: quiet };
    await expect(startSchedulers(built("pool-app"), options)).rejects.toThrow(
      /thread 1 could not boot: Error: no licence/,
    );
    await expect(startSchedulers(built("pool-functions"), { schedulers: 1, kernel: quiet })).rejects.toThrow(
      /pool-functions.js: expected it to export start\(kernel, { slot, data }\), got undefined/,
    );
    await expect(startSchedulers(built("pool-app"), { threads: 2 } as object)).rejects.toThrow(/no option "threads"/);
    await expect(startSchedulers(built("pool-app"), { schedulers: 0 })).rejects.toThrow(
      /schedulers.*at least 1, got 0/,
    );
    await expect(startSchedulers("./app.js" as never)).rejects.toThrow(/URL of a module, got ".\/app.js"/);
  });

  test("Task.pool works from every thread, with errors as they were; the death of a thread ends its jobs", async () => {
    await using runtime = await startSchedulers(built("pool-app"), {
      schedulers: 2,
      data: {},
      kernel: { report: () => {} },
      pool: { maxThreads: 1 },
    });
    const { kernel } = runtime;
    const sums = await Promise.all(
      Array.from({ length: 100 }, (_, n) => kernel.call(n % 2 === 0 ? one : two, "add", [n, 1] as const)),
    );
    expect(sums).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    expect(await kernel.call(two, "fails", "too far")).toMatchObject({ error: { name: "RangeError", code: "E_POOL" } });

    kernel.cast(two, "spin");
    await until("it runs", () => readStats(kernel.stats).poolTasks === 1);
    await runtime.kill(2);
    expect(await kernel.call(one, "add", [1, 1] as const)).toBe(2); // on the only worker
    expect(await kernel.call(TaskPool.named("lintel.TaskPool"), "status")).toMatchObject({ aborted: 1, running: 0 });
  });

  test("closing it ends what its pool still does", async () => {
    const runtime = await startSchedulers(built("pool-app"), { schedulers: 1, data: {}, kernel: { report: () => {} } });
    runtime.kernel.cast(one, "spin");
    await until("it runs", () => readStats(runtime.kernel.stats).poolTasks === 1);
    await runtime.close();
    expect(runtime.kernel.processes()).toEqual([]);
  });

  test("a pool of one's own belongs to the main thread", () => {
    const kernel = new Kernel({ thread: 7, report: () => {} });
    kernels.push(kernel);
    return inProcess(kernel, async (self) => {
      await expect(TaskPool.start(self, {})).rejects.toThrow(/expected to be started on the main thread, got thread 7/);
      const task = Task.pool(self, functions, "add", [1, 2], { link: false });
      const error = await failureOf(Task.await(self, task));
      expect(error.reason).toMatchObject({
        error: { code: "ERR_TASK", message: expect.stringMatching(/pool is not there.*nobody/) },
      });
    });
  });
});

describe("the pool of a server", () => {
  test.each([0, 1])("is told its options by serve, and is there with %i schedulers", async (schedulers) => {
    using _life = new LifeLog(); // for the app's children
    const { server, ...served } = await serveApp("children", { schedulers, pool: { maxThreads: 1, maxQueue: 7 } });
    const { kernel } = server;
    const pool = TaskPool.named("lintel.TaskPool");
    expect(await kernel.call(pool, "status")).toMatchObject({ maxThreads: 1, maxQueue: 7 });
    expect(await inProcess(kernel, (self) => Task.await(self, Task.pool(self, functions, "add", [1, 2])))).toBe(3);
    await served[Symbol.asyncDispose]();
    expect(kernel.processes()).toEqual([]);
  });

  test("serve refuses wrong options of it", async () => {
    await expect(serveApp("children", { pool: { maxThread: 1 } as object })).rejects.toThrow(
      /Option pool: there is no option "maxThread"/,
    );
  });
});
