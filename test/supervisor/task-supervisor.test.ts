import { describe, expect, test } from "vitest";
import { ancestorsOf, callersOf } from "../../kernel/ancestry.ts";
import { NameError, OptionError, StartError, TaskError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { sleep } from "../../kernel/sleep.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { Task } from "../../kernel/task/task.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { TaskSupervisor, type TaskSupervisorOptions } from "../../supervisor/task-supervisor.ts";
import { type Actor, actor, type SimKernel, scene, simKernel, simKernels } from "../support/kernels.ts";

interface Setup extends SimKernel {
  readonly tasks: Awaited<ReturnType<typeof TaskSupervisor.start>>;
  readonly owner: Actor;
}

async function setup(options: TaskSupervisorOptions = {}): Promise<Setup> {
  const sim = simKernel();
  const owner = actor(sim.kernel);
  return { ...sim, owner, tasks: await sim.world.until(TaskSupervisor.start(sim.kernel, options, { name: "tasks" })) };
}

const forEver = (task: Process): Promise<void> => sleep(task, Number.POSITIVE_INFINITY);
const boom = (): never => {
  throw new Error("boom");
};
async function stubborn(task: Process): Promise<void> {
  task.trapExit = true;
  for (;;) await task.receive();
}

describe("TaskSupervisor.asyncNolink", () => {
  test("G17: gives the result as a task does, by pid or by name", async () => {
    const sim = await setup();
    const { seen } = await scene(sim, async (self, seen) => {
      seen.push(
        await Task.await(
          self,
          TaskSupervisor.asyncNolink(self, sim.tasks, () => 1),
        ),
      );
      seen.push(
        await Task.await(
          self,
          TaskSupervisor.asyncNolink(self, "tasks", async (_task, n) => n + 1, 1),
        ),
      );
      seen.push(self.mailbox?.length ?? 0, self.links?.size ?? 0);
    });
    expect(seen).toEqual([1, 2, 0, 0]);
    expect(await sim.world.until(TaskSupervisor.children(sim.kernel, sim.tasks))).toEqual([]);
  });

  test("G17: a failure does not kill the owner, which sees a down; nor the supervisor", async () => {
    const { world, kernel, owner, tasks, reports } = await setup();
    const task = TaskSupervisor.asyncNolink(owner.self, tasks, boom);
    await world.runAsync();
    expect(owner.messages).toMatchObject([{ type: "down", ref: task.ref, reason: { error: { message: "boom" } } }]);
    expect([kernel.isAlive(owner.pid), kernel.isAlive(tasks)]).toEqual([true, true]);
    expect(reports).toMatchObject([{ kind: "crash", label: "Task boom" }]);
  });

  test("G17: the end of the owner is not the task's", async () => {
    const { world, kernel, owner, tasks } = await setup();
    const task = TaskSupervisor.asyncNolink(owner.self, tasks, (task) => sleep(task, 100));
    await world.runAsync({ forMs: 10 });
    kernel.exit(owner.pid, "over");
    expect(kernel.isAlive(task.pid!)).toBe(true);
    await world.runAsync();
    expect(kernel.processes()).toEqual([tasks]);
  });

  test("K19, G17: the supervisor is the task's ancestor, its owner the caller", async () => {
    const { world, owner, tasks } = await setup();
    let chains: unknown;
    TaskSupervisor.asyncNolink(owner.self, tasks, (task) => {
      chains = [callersOf(task), ancestorsOf(task)];
    });
    await world.runAsync();
    expect(chains).toEqual([[owner.pid], [tasks]]);
  });
});

describe("TaskSupervisor.async", () => {
  test("G17: owner and task end together", async () => {
    const { world, kernel, owner, tasks } = await setup();
    const other = actor(kernel);
    const task = TaskSupervisor.async(other.self, tasks, forEver);
    TaskSupervisor.async(owner.self, tasks, boom);
    await world.runAsync();
    expect(kernel.isAlive(owner.pid)).toBe(false);
    kernel.exit(other.pid, "over");
    expect(kernel.isAlive(task.pid!)).toBe(false);
    expect(kernel.isAlive(tasks)).toBe(true);
  });
});

describe("TaskSupervisor.startChild", () => {
  test("G17: temporary tasks are not started again", async () => {
    const { world, kernel, owner, tasks } = await setup();
    let runs = 0;
    const crash = (): never => {
      runs += 1;
      return boom();
    };
    TaskSupervisor.startChild(owner.self, tasks, crash);
    TaskSupervisor.startChild(kernel, "tasks", crash);
    await world.runAsync();
    expect([runs, owner.messages, kernel.isAlive(tasks)]).toEqual([2, [], true]);
  });

  test("G17: transient tasks are started again after a crash, with the same callers, until they end well", async () => {
    const { world, kernel, owner, tasks, reports } = await setup();
    const pids = new Set<Pid>();
    const callers: unknown[] = [];
    const first = TaskSupervisor.startChild(
      owner.self,
      tasks,
      async function flaky(task) {
        pids.add(task.pid);
        callers.push(callersOf(task));
        await sleep(task, 10);
        if (pids.size < 3) boom();
      },
      { restart: "transient" },
    );
    kernel.exit(owner.pid, "over");
    await world.runAsync();
    expect([...pids][0]).toBe(first);
    expect(callers).toEqual([[owner.pid], [owner.pid], [owner.pid]]);
    expect(reports.map(({ kind }) => kind)).toEqual(["crash", "supervisor", "crash", "supervisor"]);
    expect(reports[1]).toMatchObject({ event: "childTerminated", child: "flaky" });
    expect(await world.until(TaskSupervisor.children(kernel, tasks))).toEqual([]);
  });

  test("G17: permanent tasks are started again always; too often, and the supervisor gives up, with all its tasks", async () => {
    const { world, kernel, owner, tasks } = await setup({ maxRestarts: 5, maxSeconds: 5 });
    const watcher = actor(kernel);
    const ref = watcher.self.monitor(tasks);
    let runs = 0;
    const bystander = TaskSupervisor.startChild(owner.self, tasks, forEver);
    TaskSupervisor.startChild(owner.self, tasks, () => void runs++, { restart: "permanent" });
    await world.runAsync();
    expect(runs).toBe(6);
    expect(watcher.messages).toEqual([new DownMessage(ref, tasks as Pid, "shutdown")]);
    expect(kernel.isAlive(bystander)).toBe(false);
    expect(kernel.isAlive(owner.pid)).toBe(true);
  });

  test.each([{ restart: "always" as never }, { shutdown: 0 }, { shutdown: "kill" as never }])(
    "refuses %j",
    async (options) => {
      const { owner, tasks } = await setup();
      expect(() => TaskSupervisor.startChild(owner.self, tasks, boom, options)).toThrow(OptionError);
    },
  );
});

describe("TaskSupervisor's children", () => {
  test("G17: children, whichChildren and countChildren tell what runs", async () => {
    const { world, kernel, owner, tasks } = await setup();
    const pids = [
      TaskSupervisor.startChild(owner.self, tasks, forEver),
      TaskSupervisor.asyncNolink(owner.self, tasks, forEver).pid,
    ];
    expect(await world.until(TaskSupervisor.children(owner.self, tasks))).toEqual(pids);
    expect(await world.until(kernel.call(tasks, "whichChildren"))).toEqual(
      pids.map((pid) => ({ id: "forEver", pid, type: "worker" })),
    );
    expect(await world.until(kernel.call(tasks, "countChildren"))).toEqual({
      specs: 2,
      active: 2,
      supervisors: 0,
      workers: 2,
    });
  });

  test("G17: terminateChild waits for the end, within the task's shutdown, and does not restart it", async () => {
    const { world, kernel, owner, tasks } = await setup();
    const options = { restart: "permanent", shutdown: 300 } as const;
    const pids = [forEver, stubborn].map((run) => TaskSupervisor.startChild(owner.self, tasks, run, options));
    await world.runAsync({ forMs: 10 });
    const took: number[] = [];
    for (const pid of pids) {
      const startMs = world.nowMs;
      expect(await world.until(TaskSupervisor.terminateChild(kernel, tasks, pid))).toBe(true);
      expect(kernel.isAlive(pid)).toBe(false);
      took.push(Math.round((world.nowMs - startMs) / 100));
    }
    expect(took).toEqual([0, 3]);
    expect(await world.until(TaskSupervisor.terminateChild(kernel, tasks, pids[0]!))).toBe(false);
    expect(await world.until(TaskSupervisor.children(kernel, tasks))).toEqual([]);
  });

  test("G17: maxChildren is a limit on those that run", async () => {
    const { world, kernel, owner, tasks } = await setup({ maxChildren: 2 });
    const [first] = [1, 2].map(() => TaskSupervisor.startChild(owner.self, tasks, forEver));
    expect(() => TaskSupervisor.asyncNolink(owner.self, tasks, forEver)).toThrow(
      `TaskSupervisor ${tasks}: expected fewer than 2 tasks at one time.`,
    );
    kernel.exit(first!, "kill");
    TaskSupervisor.startChild(owner.self, tasks, forEver); // at once: the supervisor has not had its turn
    expect(await world.until(TaskSupervisor.children(kernel, tasks))).toHaveLength(2);
  });

  test("from another thread they are listed and stopped; starting one says why it cannot be", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const tasks = await world.until(TaskSupervisor.start(one, {}, { name: "tasks" }));
    const pid = TaskSupervisor.startChild(one, tasks, forEver);
    await world.runAsync();
    const far = at(two, tasks) as typeof tasks;
    expect(await world.until(TaskSupervisor.children(two, far))).toEqual([at(two, pid)]);
    expect(await world.until(TaskSupervisor.terminateChild(two, far, at(two, pid)))).toBe(true);
    expect(() => TaskSupervisor.startChild(two, "tasks", forEver)).toThrow(
      `TaskSupervisor ${far}: expected one of thread 2, for a function cannot go to another thread. Start one on each thread.`,
    );
  });

  test("says what is wrong with the address", async () => {
    const { kernel, owner, tasks } = await setup();
    expect(() => TaskSupervisor.asyncNolink(owner.self, "nobody", boom)).toThrow(NameError);
    expect(() => TaskSupervisor.asyncNolink(owner.self, owner.pid as Pid as never, boom)).toThrow(TaskError);
    kernel.exit(tasks, "kill");
    expect(() => TaskSupervisor.asyncNolink(owner.self, tasks, boom)).toThrow(
      `Process ${tasks}: expected a TaskSupervisor that runs`,
    );
  });
});

describe("a TaskSupervisor's end", () => {
  test("G17, S6, S14: tasks stop at the same time, each within its own shutdown; who had to be killed is reported", async () => {
    const { world, kernel, owner, tasks, reports } = await setup();
    const watcher = actor(kernel);
    const ref = watcher.self.monitor(tasks);
    const endedMs: number[] = [];
    const asked: (500 | 300 | "brutalKill" | "infinity")[] = [500, 300, 300, "brutalKill", "infinity"];
    for (const shutdown of asked) {
      const run = shutdown === "infinity" ? slowToEnd : stubborn;
      const pid = TaskSupervisor.startChild(owner.self, tasks, run, { shutdown });
      const process = kernel.localProcess(pid.serial)!;
      process.own({ [Symbol.dispose]: () => void endedMs.push(Math.round((world.nowMs - startMs) / 100)) });
    }
    async function slowToEnd(task: Process): Promise<void> {
      task.trapExit = true;
      await task.receive();
      await sleep(task, 900);
    }
    await world.runAsync({ forMs: 10 });
    const startMs = world.nowMs;
    kernel.exit(tasks, "shutdown");
    await world.runAsync();
    expect(endedMs).toEqual([0, 3, 3, 5, 9]);
    expect(kernel.processes()).toEqual([owner.pid, watcher.pid]);
    expect(watcher.messages).toEqual([new DownMessage(ref, tasks as Pid, "shutdown")]);
    const late = { kind: "supervisor", event: "shutdownError", child: "stubborn", reason: "killed" };
    expect(reports).toMatchObject([300, 300, 500].map((shutdown) => ({ ...late, shutdown })));
  });

  test("no task is started while it stops", async () => {
    const { world, kernel, owner, tasks } = await setup();
    TaskSupervisor.startChild(owner.self, tasks, stubborn);
    await world.runAsync({ forMs: 10 });
    kernel.exit(tasks, "shutdown");
    await world.runAsync({ forMs: 10 });
    expect(() => TaskSupervisor.startChild(owner.self, tasks, forEver)).toThrow("expected a TaskSupervisor that runs");
    await world.runAsync();
    expect(kernel.processes()).toEqual([owner.pid]);
  });

  test("a thousand tasks stop with their tree", async () => {
    const { world, kernel } = simKernel();
    const tree = supervisor([childSpec(TaskSupervisor, {}, { name: "loads" })]);
    const top = await world.until(tree.start(kernel));
    for (let i = 0; i < 1000; i++) TaskSupervisor.startChild(kernel, "loads", forEver);
    await world.runAsync({ forMs: 10 });
    expect(kernel.processes()).toHaveLength(1002);
    kernel.exit(top, "shutdown");
    await world.runAsync();
    expect(kernel.processes()).toEqual([]);
  });
});

describe("TaskSupervisor.start", () => {
  test.each([{ maxChildren: 0 }, { maxRestarts: -1 }, { maxSeconds: 0 }])("refuses %j", async (options) => {
    await expect(TaskSupervisor.start(simKernel().kernel, options)).rejects.toThrow(OptionError);
  });

  test("fails when the name is taken", async () => {
    const { kernel, tasks } = await setup();
    const again = TaskSupervisor.start(kernel, {}, { name: "tasks" });
    await expect(again).rejects.toMatchObject({ reason: { alreadyStarted: tasks } });
    await expect(again).rejects.toThrow(StartError);
  });
});

describe("TaskSupervisor's streams", () => {
  const evenOnly = (task: Process, n: number): number => (n % 2 === 0 ? n : task.exit(`odd ${n}`));

  test("G17, G15: asyncStreamNolink gives failures as outcomes", async () => {
    const sim = await setup();
    const { seen } = await scene(sim, async (self, seen) => {
      for await (const outcome of TaskSupervisor.asyncStreamNolink(self, "tasks", [2, 3, 4], evenOnly))
        seen.push(outcome);
    });
    expect(seen).toEqual([
      { type: "ok", value: 2 },
      { type: "exit", reason: "odd 3", input: 3 },
      { type: "ok", value: 4 },
    ]);
    expect(sim.kernel.isAlive(sim.tasks)).toBe(true);
  });

  test("G17, G15: asyncStream shares them with its owner; its tasks are the supervisor's", async () => {
    const sim = await setup({ maxChildren: 1 });
    const { seen, pid } = await scene(sim, async (self, seen) => {
      const parents = TaskSupervisor.asyncStream(self, "tasks", [1], (task) => task.parent);
      for await (const outcome of parents) seen.push(outcome);
      for await (const _ of TaskSupervisor.asyncStream(self, "tasks", [3], evenOnly)) seen.push("never");
      seen.push("never");
    });
    expect(seen).toEqual([{ type: "ok", value: sim.tasks }]);
    expect([sim.kernel.isAlive(pid), sim.kernel.isAlive(sim.tasks)]).toEqual([false, true]);
  });

  test("a stream needs as many places as the supervisor allows", async () => {
    const sim = await setup({ maxChildren: 1 });
    const { seen } = await scene(sim, async (self, seen) => {
      const run = async (): Promise<void> => {
        for await (const _ of TaskSupervisor.asyncStreamNolink(self, "tasks", [1, 2], (task) => sleep(task, 10)))
          seen.push("no");
      };
      seen.push(await run().catch((error) => error.reason), sim.kernel.timers.size);
    });
    expect(seen).toEqual(["maxChildren", 0]);
  });
});
