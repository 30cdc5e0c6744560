/** Tasks: one that is awaited. */
import { describe, expect, test } from "vitest";
import { MessageError } from "../../kernel/errors.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { reply } from "../../kernel/server/outcome.ts";
import { sleep } from "../../kernel/sleep.ts";
import { DownMessage, ExitMessage, TaskReply } from "../../kernel/system-messages.ts";
import { Task } from "../../kernel/task/task.ts";
import { actor, scene, simKernel } from "../support/kernels.ts";
import { boom, late, leftOf, nothing, reasonOf } from "../support/tasks.ts";

describe("Task.async and await", () => {
  test("G14: runs in a process of its own, sync or async, with its argument; nothing is left behind", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const square = Task.async(self, (_task, n: number) => n * n, 7);
      const slow = Task.async(self, async (task, { text }) => `${text} ${task.pid !== self.pid}`, { text: "own pid:" });
      seen.push(await Task.await(self, slow), await Task.await(self, square), leftOf(sim.kernel, self));
      seen.push(self.mailbox?.length ?? 0, self.links?.size);
    });
    expect(seen).toEqual(["own pid: true", 49, nothing, 0, 0]);
    expect(sim.kernel.processes()).toEqual([]);
  });

  test("several can be awaited at the same time", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const tasks = [30, 10, 20].map((ms) => Task.async(self, (task) => late(task, ms, ms)));
      seen.push(await Promise.all(tasks.map((task) => Task.await(self, task))));
    });
    expect(seen).toEqual([[30, 10, 20]]);
  });

  test("works inside an async handler of a server, whose mailbox waits meanwhile", async () => {
    const { world, kernel } = simKernel();
    const Loader = genServer({
      init: () => ({ loaded: 0 }),
      calls: {
        load: async (state, ms: number, { self }) => {
          const n = await Task.await(
            self,
            Task.async(self, (task) => late(task, ms, state.loaded + 1)),
          );
          return reply(n, { loaded: n });
        },
      },
    });
    const loader = await world.until(Loader.start(kernel));
    const loads = [100, 1].map((ms) => kernel.call(loader, "load", ms));
    expect(await world.until(Promise.all(loads))).toEqual([1, 2]);
  });

  test("G14: when nobody awaits it, a reply and a down come as messages", async () => {
    const { world, kernel } = simKernel();
    const owner = actor(kernel);
    const task = Task.async(owner.self, () => "hello");
    await world.runAsync();
    expect(owner.messages).toEqual([
      new TaskReply(task.ref, "hello"),
      new DownMessage(task.ref, task.pid as Pid, "normal"),
    ]);
    expect(task.isReply(owner.messages[0])).toBe(true);
    expect(Task.async(owner.self, () => 1).isReply(owner.messages[0])).toBe(false);
  });

  test("G14: an await that comes late takes reply and down out of the mailbox, and leaves the others in order", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.async(self, () => 1);
      self.send(self.pid, "a");
      await sleep(self, 10);
      self.send(self.pid, "b");
      seen.push(await Task.await(self, task), await self.receive(), await self.receive());
      seen.push(await Task.await(self, Task.completed(self, 2)), self.mailbox?.length);
    });
    expect(seen).toEqual([1, "a", "b", 2, 0]);
  });

  test("G14: a linked task that fails takes its owner along, with its reason; the owner's code never goes on", async () => {
    const sim = simKernel();
    const { world, kernel } = sim;
    const watcher = actor(kernel);
    const seen: string[] = [];
    const owner = kernel.spawn(async (self) => {
      await Task.await(self, Task.async(self, boom)).catch(() => seen.push("went on"));
    });
    watcher.self.monitor(owner);
    await world.runAsync();
    expect(watcher.messages).toMatchObject([{ type: "down", object: owner, reason: { error: { message: "boom" } } }]);
    expect(seen).toEqual([]);
    expect(sim.reports).toMatchObject([{ kind: "crash", label: "Task boom", parent: String(owner) }]);
    expect(kernel.timers.size).toBe(0);
  });

  test("G14: with an owner that traps exits await throws the reason, and the exit message arrives", async () => {
    const { seen } = await scene(
      simKernel(),
      async (self, seen) => {
        const task = Task.async(self, (task) => task.exit("too hot"));
        const error = await Task.await(self, task).catch((thrown: unknown) => thrown);
        seen.push(error, String(error), await self.receive(), self.mailbox?.length);
      },
      { trapExit: true },
    );
    expect(seen).toMatchObject([
      { reason: "too hot", code: "ERR_TASK" },
      expect.stringMatching(/^TaskError: Task <0.\d+> ended without a result: too hot\.$/),
      { type: "exit", reason: "too hot" },
      0,
    ]);
  });

  test("G14: asyncNolink: the owner lives, and hears of the failure", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const awaited = Task.asyncNolink(self, boom);
      seen.push(await reasonOf(Task.await(self, awaited)));
      const task = Task.asyncNolink(self, () => boom());
      const down = (await self.receive()) as DownMessage;
      seen.push(down.ref === task.ref, down.reason);
    });
    expect(seen).toMatchObject([{ error: { message: "boom" } }, true, { error: { message: "boom" } }]);
  });

  test("G14: when the owner ends, linked tasks end with its reason and others go on", async () => {
    const { world, kernel } = simKernel();
    const owner = actor(kernel);
    const signals: AbortSignal[] = [];
    const wait = async (task: Process): Promise<void> => {
      signals.push(task.signal);
      await sleep(task, 1000);
    };
    const [linked, free] = [Task.async(owner.self, wait), Task.asyncNolink(owner.self, wait)];
    await world.runAsync({ forMs: 10 });
    kernel.exit(owner.pid, "over");
    expect([kernel.isAlive(linked.pid!), kernel.isAlive(free.pid!)]).toEqual([false, true]);
    expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual([
      [true, "over"],
      [false, undefined],
    ]);
    await world.runAsync();
    expect(kernel.processes()).toEqual([]);
  });

  test("G14: the signal of a task is aborted with it, and what still runs of its function has no effect", async () => {
    const { world, kernel } = simKernel();
    const owner = actor(kernel, { trapExit: true });
    const seen: unknown[] = [];
    const task = Task.async(owner.self, async (task) => {
      const { signal } = task;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      seen.push(signal.reason);
      return "from the dead";
    });
    await world.runAsync();
    owner.self.exit(task.pid!, "enough");
    await world.runAsync();
    expect(seen).toEqual(["enough"]);
    expect(owner.messages).toEqual([
      new ExitMessage(task.pid!, "enough"),
      new DownMessage(task.ref, task.pid as Pid, "enough"),
    ]);
  });

  test("G14: a timeout that nobody catches ends the owner, and its task with it", async () => {
    const sim = simKernel();
    const { world, kernel } = sim;
    let task: Task | undefined;
    const owner = kernel.spawn(async (self) => {
      task = Task.async(self, function stuck(task) {
        return sleep(task, Number.POSITIVE_INFINITY);
      });
      await Task.await(self, task);
    });
    await world.runAsync({ forMs: 4999 });
    expect(kernel.isAlive(owner)).toBe(true);
    await world.runAsync({ forMs: 3 });
    expect(kernel.processes()).toEqual([]);
    expect(sim.reports).toMatchObject([
      {
        pid: String(owner),
        reason: {
          error: {
            message: `Task stuck ${task!.pid}: expected its result within 5000 ms, got none. Pass { timeout } for a longer wait, or use Task.yield to look again later.`,
          },
        },
      },
    ]);
  });

  test("G14: after a timeout that was caught the late result is dropped, and a second await says why", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const task = Task.async(self, (task) => late(task, 100, "late"));
      seen.push(await reasonOf(Task.await(self, task, { timeout: 10 })));
      seen.push(await reasonOf(Task.await(self, task)));
      await sleep(self, 200);
      seen.push(self.mailbox?.length ?? 0, sim.kernel.isAlive(task.pid!), leftOf(sim.kernel, self));
    });
    expect(seen).toEqual(["timeout", "taken", 0, false, nothing]);
  });

  test("G14: once: not twice, not two at a time, not after somebody has read the message", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.async(self, (task) => late(task, 10, 1));
      const first = Task.await(self, task);
      seen.push(await reasonOf(Task.await(self, task)), await first, await reasonOf(Task.await(self, task)));
      const read = Task.async(self, () => 2);
      seen.push(((await self.receive()) as TaskReply).value, ((await self.receive()) as DownMessage).reason);
      seen.push(await reasonOf(Task.yield(self, read)));
    });
    expect(seen).toEqual(["awaited", 1, "taken", 2, "normal", "taken"]);
  });

  test("G14: only the owner may", async () => {
    const sim = simKernel();
    const owner = actor(sim.kernel);
    const task = Task.async(owner.self, function load() {
      return 1;
    });
    const { seen } = await scene(sim, async (self, seen) => {
      for (const ask of [Task.await, Task.yield, Task.shutdown] as const) seen.push(await reasonOf(ask(self, task)));
      expect(() => Task.ignore(self, task)).toThrow(
        `Task load ${task.pid} belongs to ${owner.pid}: expected its owner to ask for its result, got ${self.pid}.`,
      );
    });
    expect(seen).toEqual(["notOwner", "notOwner", "notOwner"]);
    expect(owner.messages).toHaveLength(2); // nothing was taken from the owner
  });

  test("a result in the mailbox is frozen as any message", async () => {
    const { world, kernel } = simKernel();
    const owner = actor(kernel);
    Task.async(owner.self, () => [1]);
    await world.runAsync();
    expect(() => (owner.messages[0] as TaskReply<number[]>).value.push(2)).toThrow(TypeError);
  });

  test("a result is a message: frozen, or a copy; one that is not data is the task's failure", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const list = await Task.await(
        self,
        Task.async(self, () => [1, 2]),
      );
      expect(() => list.push(3)).toThrow(TypeError);
      seen.push(
        await reasonOf(
          Task.await(
            self,
            Task.asyncNolink(self, () => new URL("http://lintel.test")),
          ),
        ),
      );
      seen.push(
        await reasonOf(
          Task.await(
            self,
            Task.asyncNolink(self, async () => () => {}),
          ),
        ),
      );
      expect(() => Task.async(self, () => 1, boom)).toThrow(MessageError);
    });
    expect(seen).toMatchObject([{ error: { name: "MessageError" } }, { error: { name: "MessageError" } }]);
  });

  test("a full mailbox does not lose a result", async () => {
    const { world, kernel } = simKernel({ maxMailbox: 2 });
    const seen: unknown[] = [];
    const owner = kernel.spawn(async (self) => {
      const task = Task.async(self, () => "kept");
      await sleep(self, 10);
      seen.push(await Task.await(self, task));
    });
    for (let i = 0; i < 5; i++) kernel.send(owner, i);
    await world.runAsync();
    expect(seen).toEqual(["kept"]);
  });

  test.each([-1, Number.NaN, "1" as never])("refuses a timeout of %s", async (timeout) => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.async(self, () => 1);
      for (const ask of [Task.await, Task.yield])
        seen.push(await ask(self, task, { timeout }).catch((error) => error.code));
      seen.push(await Task.shutdown(self, task, timeout).catch((error) => error.code), await Task.await(self, task));
    });
    expect(seen).toEqual(["ERR_OPTION", "ERR_OPTION", "ERR_OPTION", 1]);
  });
});
