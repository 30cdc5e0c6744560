/** Tasks: what else an owner does with them (yield, shutdown, ignore, many at once), and those without an owner. */
import { describe, expect, test } from "vitest";
import { ancestorsOf, callersOf } from "../../kernel/ancestry.ts";
import type { TaskError } from "../../kernel/errors.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import { sleep } from "../../kernel/sleep.ts";
import { Task } from "../../kernel/task/task.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { actor, scene, simKernel } from "../support/kernels.ts";
import { boom, late, leftOf, nothing, reasonOf } from "../support/tasks.ts";

describe("Task.yield", () => {
  test("G14: may be repeated until the task is done", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const task = Task.async(self, (task) => late(task, 100, "done"));
      seen.push(await Task.yield(self, task, { timeout: 0 }), await Task.yield(self, task, { timeout: 50 }));
      seen.push(self.monitors?.size, await Task.yield(self, task), leftOf(sim.kernel, self), self.mailbox?.length ?? 0);
    });
    expect(seen).toEqual([undefined, undefined, 1, { type: "ok", value: "done" }, nothing, 0]);
  });

  test("G14: between two looks the result comes to the mailbox, and a failure as exit", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.asyncNolink(self, (task) => late(task, 20, "done"));
      const bad = Task.asyncNolink(self, (task) => task.exit("bad"));
      seen.push(await Task.yield(self, task, { timeout: 10 }));
      await sleep(self, 50);
      seen.push(await Task.yield(self, task, { timeout: 0 }), await Task.yield(self, bad, { timeout: 0 }));
      seen.push(self.mailbox?.length, self.monitors?.size);
    });
    expect(seen).toEqual([undefined, { type: "ok", value: "done" }, { type: "exit", reason: "bad" }, 0, 0]);
  });
});

describe("Task.shutdown", () => {
  test("G14: stops the task, unlinked, and says nothing when it stopped", async () => {
    const sim = simKernel();
    const { seen, pid } = await scene(sim, async (self, seen) => {
      for (const how of [1000, "brutalKill", 0] as const) {
        const task = Task.async(self, (task) => sleep(task, Number.POSITIVE_INFINITY));
        await sleep(self, 10);
        seen.push(await Task.shutdown(self, task, how), sim.kernel.isAlive(task.pid!), self.links?.size);
      }
      seen.push(self.mailbox?.length ?? 0, leftOf(sim.kernel, self));
    });
    expect(seen).toEqual([undefined, false, 0, undefined, false, 0, undefined, false, 0, 0, nothing]);
    expect(sim.reports).toEqual([]);
    expect(sim.kernel.isAlive(pid)).toBe(false);
  });

  test.each([5000, "brutalKill"] as const)(
    "G14: with %s gives the result when the task had replied already",
    async (how) => {
      const { seen } = await scene(simKernel(), async (self, seen) => {
        const task = Task.async(self, () => "done");
        const failed = Task.asyncNolink(self, (task) => task.exit("bad"));
        await sleep(self, 10);
        seen.push(await Task.shutdown(self, task, how), await Task.shutdown(self, failed, how), self.mailbox?.length);
        seen.push(await Task.shutdown(self, task, how));
      });
      expect(seen).toEqual([
        { type: "ok", value: "done" },
        { type: "exit", reason: "bad" },
        0,
        { type: "exit", reason: "noproc" },
      ]);
    },
  );

  test("G14: a task that traps exits may reply in time; else it is killed when the time is over", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    kernel.spawn(async (self) => {
      const stubborn = (ms: number) => async (task: Process) => {
        task.trapExit = true;
        await task.receive();
        return late(task, ms, "cleaned up");
      };
      for (const ms of [100, 1000]) {
        const task = Task.async(self, stubborn(ms));
        await sleep(self, 10);
        const startMs = world.nowMs;
        seen.push(await Task.shutdown(self, task, 200), Math.round((world.nowMs - startMs) / 100));
      }
    });
    await world.runAsync();
    expect(seen).toEqual([{ type: "ok", value: "cleaned up" }, 1, undefined, 2]);
  });

  test("G14: an end of its own, in between, is an exit", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.async(self, async (task) => {
        task.trapExit = true;
        await task.receive();
        task.exit("my own reason");
      });
      await sleep(self, 10);
      seen.push(await Task.shutdown(self, task));
    });
    expect(seen).toEqual([{ type: "exit", reason: "my own reason" }]);
  });
});

describe("Task.ignore", () => {
  test("G14: the task goes on, unlinked, and its result is dropped", async () => {
    const sim = simKernel();
    const done: string[] = [];
    const { seen } = await scene(sim, async (self, seen) => {
      const task = Task.async(self, async (task) => {
        await sleep(task, 100);
        done.push("went on");
        boom();
      });
      seen.push(Task.ignore(self, task), await reasonOf(Task.await(self, task)));
      await sleep(self, 200);
      seen.push(self.mailbox?.length ?? 0, leftOf(sim.kernel, self));
    });
    expect(seen).toEqual([undefined, "taken", 0, nothing]);
    expect(done).toEqual(["went on"]);
  });

  test("G14: gives what there is already", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const tasks = [Task.asyncNolink(self, () => 1), Task.asyncNolink(self, (task) => task.exit("bad"))];
      await sleep(self, 10);
      for (const task of tasks) seen.push(Task.ignore(self, task), Task.ignore(self, task));
      seen.push(self.mailbox?.length);
    });
    expect(seen).toEqual([{ type: "ok", value: 1 }, undefined, { type: "exit", reason: "bad" }, undefined, 0]);
  });
});

describe("Task.awaitMany", () => {
  test("G16: gives all results in the order of the tasks", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const tasks = [30, 10, 20].map((ms) => Task.async(self, (task) => late(task, ms, ms)));
      await sleep(self, 15); // one of them lies in the mailbox
      seen.push(await Task.awaitMany(self, tasks), await Task.awaitMany(self, []), leftOf(sim.kernel, self));
    });
    expect(seen).toEqual([[30, 10, 20], [], nothing]);
  });

  test("G16: one deadline for all of them, 5 s unless it is given", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    kernel.spawn(async (self) => {
      for (const timeout of [undefined, 100]) {
        const startMs = world.nowMs;
        const tasks = [40, 80, 6000].map((ms) => Task.async(self, (task) => late(task, ms, ms)));
        seen.push(await reasonOf(Task.awaitMany(self, tasks, timeout === undefined ? {} : { timeout })));
        seen.push(Math.round((world.nowMs - startMs) / 10) * 10, self.monitors?.size);
      }
    });
    await world.runAsync();
    expect(seen).toEqual(["timeout", 5000, 0, "timeout", 100, 0]);
  });

  test("G16: the first failure fails it at once; a linked one takes the owner along", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const startMs = sim.world.nowMs;
      const slow = Task.asyncNolink(self, (task) => late(task, 1000, 1));
      const bad = Task.asyncNolink(self, async (task) => task.exit(await late(task, 10, "bad")));
      seen.push(await reasonOf(Task.awaitMany(self, [slow, bad])), sim.world.nowMs - startMs < 20);
      seen.push(await Task.await(self, slow)); // it can still be had
    });
    expect(seen).toEqual(["bad", true, 1]);
    const linked = await scene(sim, async (self, seen) => {
      await Task.awaitMany(self, [Task.async(self, boom)]).catch(() => seen.push("went on"));
    });
    expect(linked.seen).toEqual([]);
  });

  test("refuses one task twice", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const task = Task.async(self, () => 1);
      seen.push(await reasonOf(Task.awaitMany(self, [task, task])), await Task.await(self, task));
    });
    expect(seen).toEqual(["duplicate", 1]);
  });
});

describe("Task.yieldMany", () => {
  const times = [30, 10, 500];
  const start = (self: Process): Task<number>[] => times.map((ms) => Task.async(self, (task) => late(task, ms, ms)));

  test("G16: gives what there is at one deadline, and may be repeated for the others", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const tasks = [...start(self), Task.asyncNolink(self, (task) => task.exit("bad"))];
      const outcomes = await Task.yieldMany(self, tasks, { timeout: 100 });
      seen.push(...outcomes, await Task.yieldMany(self, [tasks[2]!]));
    });
    expect(seen).toEqual([
      { type: "ok", value: 30 },
      { type: "ok", value: 10 },
      undefined,
      { type: "exit", reason: "bad" },
      [{ type: "ok", value: 500 }],
    ]);
  });

  test("G16: `limit` returns after so many, in the order in which they ended, and does nothing to the others", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const tasks = start(self);
      seen.push(await Task.yieldMany(self, tasks, { limit: 1, onTimeout: "killTask" }), sim.world.nowMs < 20);
      await sleep(self, 1000); // both others lie in the mailbox: the one that ended first is taken
      const [first, , last] = tasks as [Task<number>, Task<number>, Task<number>];
      seen.push(await Task.yieldMany(self, [last, first], { limit: 1 }), await Task.await(self, last));
      seen.push(self.mailbox?.length);
    });
    const ok = (value: number): object => ({ type: "ok", value });
    expect(seen).toEqual([[undefined, ok(10), undefined], true, [undefined, ok(30)], 500, 0]);
  });

  test.each([
    ["nothing", [true, "ok"]],
    ["ignore", [true, "taken"]],
    ["killTask", [false, "taken"]],
  ] as const)("G16: onTimeout %s", async (onTimeout, expected) => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const tasks = start(self);
      const outcomes = await Task.yieldMany(self, tasks, { timeout: 100, onTimeout });
      expect(outcomes).toEqual([{ type: "ok", value: 30 }, { type: "ok", value: 10 }, undefined]);
      seen.push(sim.kernel.isAlive(tasks[2]!.pid!));
      const again = Task.yield(self, tasks[2]!);
      seen.push(onTimeout === "nothing" ? (await again)?.type : await reasonOf(again));
    });
    expect(seen).toEqual(expected);
  });

  test.each([{ limit: -1 }, { limit: 0.5 }, { onTimeout: "kill" as never }, { timeout: -1 }])(
    "refuses %j",
    async (options) => {
      const { seen } = await scene(simKernel(), async (self, seen) => {
        seen.push(await Task.yieldMany(self, [], options).catch((error) => error.code));
      });
      expect(seen).toEqual(["ERR_OPTION"]);
    },
  );
});

describe("callers and ancestors", () => {
  test("K19, G14: a task knows on whose behalf it runs, and so do its own tasks", async () => {
    const sim = simKernel();
    const parent = actor(sim.kernel);
    const pids: Pid[] = [];
    let chains: unknown;
    const owner = parent.self.spawn(async (self) => {
      const task = Task.async(self, async (outer) => {
        pids.push(outer.pid);
        const inner = Task.async(outer, (task) => [
          task.dictionary.get("$callers"),
          callersOf(task),
          ancestorsOf(task),
        ]);
        return Task.await(outer, inner);
      });
      chains = await Task.await(self, task);
    });
    await sim.world.runAsync();
    const callers = [...pids, owner];
    const ancestors = [...callers, parent.pid];
    expect(chains).toEqual([callers, callers, ancestors]);
    expect([callersOf(parent.self), ancestorsOf(parent.self)]).toEqual([[], []]);
  });

  test("K19: at most 32 are kept", async () => {
    const sim = simKernel();
    let chains: number[] = [];
    const nest = async (self: Process, depth: number): Promise<void> => {
      if (depth === 0) chains = [callersOf(self).length, ancestorsOf(self).length];
      else await Task.await(self, Task.async(self, nest, depth - 1));
    };
    await scene(sim, (self) => nest(self, 50));
    expect(chains).toEqual([32, 32]);
  });
});

describe("Task.start and startLink", () => {
  test("run for their effect; nobody gets a message", async () => {
    const { world, kernel } = simKernel();
    const starter = actor(kernel);
    const seen: unknown[] = [];
    Task.start(kernel, () => seen.push("from outside"));
    Task.start(starter.self, (task) => seen.push(callersOf(task)[0] === starter.pid));
    Task.start(starter.self, boom);
    await world.runAsync();
    expect(seen).toEqual(["from outside", true]);
    expect([starter.messages, kernel.isAlive(starter.pid)]).toEqual([[], true]);
    await Task.startLink(starter.self, boom);
    await world.runAsync();
    expect(kernel.isAlive(starter.pid)).toBe(false);
  });

  test("a task is a child of a supervisor", async () => {
    const { world, kernel } = simKernel();
    const seen: string[] = [];
    const warmUp = (): void => void seen.push("warm");
    await world.until(supervisor([childSpec(Task, warmUp)]).start(kernel));
    await world.runAsync();
    expect(seen).toEqual(["warm"]);
  });
});

test("a server that does not await takes the result in info", async () => {
  const { world, kernel } = simKernel();
  const Loads = genServer({
    init: () => ({ task: undefined as Task<string> | undefined, result: "none" }),
    calls: { result: (state) => reply(state.result, state) },
    casts: {
      load: (state, _: undefined, { self }) =>
        noreply({ ...state, task: Task.asyncNolink(self, async () => "loaded") }),
    },
    info: (state, message) => noreply(state.task?.isReply(message) ? { ...state, result: message.value } : state),
  });
  const loads = await world.until(Loads.start(kernel));
  kernel.cast(loads, "load");
  await world.runAsync();
  expect(await world.until(kernel.call(loads, "result"))).toBe("loaded");
});

test("whatever is done with tasks, in whatever order: nothing is left, and no owner waits for ever (300 seeds)", async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const sim = simKernel({}, seed);
    const random = sim.world.fork();
    const ends = async (task: Process, ms: number): Promise<number> => {
      await sleep(task, ms);
      if (ms % 5 === 0) task.exit("unlucky");
      return ms;
    };
    const { seen } = await scene(sim, async (self, seen) => {
      for (let i = 0; i < 8; i++) {
        const start = random.chance(0.5) ? Task.async : Task.asyncNolink;
        const task = start(self, ends, random.below(30)) as Task<number>;
        const timeout = random.below(30);
        if (random.chance(0.3)) await sleep(self, timeout);
        const use = random.below(5);
        if (use === 0) await Task.await(self, task, { timeout }).catch((error: TaskError) => error.reason);
        else if (use === 1) while ((await Task.yield(self, task, { timeout: timeout + 1 })) === undefined);
        else if (use === 2) await Task.shutdown(self, task, random.chance(0.5) ? timeout : "brutalKill");
        else if (use === 3) Task.ignore(self, task);
        else {
          self.exit(task.pid!, random.chance(0.5) ? "shutdown" : "kill");
          await Task.yield(self, task, { timeout: 0 });
        }
      }
      await sleep(self, 100);
      seen.push(self.monitors?.size ?? 0, self.rare?.calls?.size ?? 0, self.mailbox?.length ?? 0);
    });
    // An owner that was linked to a task without luck has ended with it.
    if (seen.length > 0) expect(seen, `seed ${seed}`).toEqual([0, 0, 0]);
    expect([sim.kernel.processes(), sim.kernel.timers.size], `seed ${seed}`).toEqual([[], 0]);
  }
});
