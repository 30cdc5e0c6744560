import { describe, expect, test } from "vitest";
import { TaskError } from "../../kernel/errors.ts";
import type { Process } from "../../kernel/process.ts";
import { sleep } from "../../kernel/sleep.ts";
import { Task } from "../../kernel/task/task.ts";
import { scene, simKernel } from "../support/kernels.ts";

/** A task that takes as many milliseconds as its input says. */
async function take(task: Process, ms: number): Promise<number> {
  await sleep(task, ms);
  return ms;
}

/** Fails for odd numbers. */
async function evenOnly(task: Process, n: number): Promise<number> {
  await sleep(task, 10);
  if (n % 2 === 1) task.exit(`odd ${n}`);
  return n;
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const outcomes: T[] = [];
  for await (const outcome of stream) outcomes.push(outcome);
  return outcomes;
}

/** Inputs that know how many of them have been read, and whether they were let go. */
function counted(inputs: readonly number[]): Iterable<number> & { read: number; returned: boolean } {
  return {
    read: 0,
    returned: false,
    *[Symbol.iterator]() {
      try {
        for (const input of inputs) {
          this.read += 1;
          yield input;
        }
      } finally {
        this.returned = true;
      }
    },
  };
}

const values = (outcomes: readonly { readonly type: string }[]): unknown[] =>
  outcomes.map((outcome) => (outcome.type === "ok" ? (outcome as unknown as { value: unknown }).value : outcome));

describe("Task.asyncStream", () => {
  test("G15: gives an outcome for each input, in the order of the inputs", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      seen.push(await all(Task.asyncStream(self, [30, 10, 20], take)), await all(Task.asyncStream(self, [], take)));
      seen.push(
        self.mailbox?.length ?? 0,
        self.rare?.resources?.size,
        sim.kernel.timers.size,
        sim.kernel.processes().length,
      );
    });
    const ok = (value: number): object => ({ type: "ok", value });
    expect(seen).toEqual([[ok(30), ok(10), ok(20)], [], 0, 0, 0, 1]);
  });

  test("G15: unordered, as they come", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      seen.push(...values(await all(Task.asyncStream(self, [30, 10, 20], take, { ordered: false }))));
    });
    expect(seen).toEqual([10, 20, 30]);
  });

  test.each([
    [1, 100],
    [2, 50],
    [3, 40],
    [10, 10],
  ])(
    "G15: maxConcurrency %d runs so many at one time: ten tasks of 10 ms take %d ms",
    async (maxConcurrency, expectedMs) => {
      const { world, kernel } = simKernel();
      let [running, most, tookMs] = [0, 0, 0];
      kernel.spawn(async (self) => {
        const work = async (task: Process, ms: number): Promise<void> => {
          most = Math.max(most, ++running);
          await sleep(task, ms);
          running -= 1;
        };
        const startMs = world.nowMs;
        await all(Task.asyncStream(self, new Array(10).fill(10), work, { maxConcurrency }));
        tookMs = world.nowMs - startMs;
      });
      await world.runAsync();
      expect(most).toBe(maxConcurrency);
      expect(tookMs).toBeGreaterThanOrEqual(expectedMs);
      expect(tookMs).toBeLessThan(expectedMs + 11);
    },
  );

  test("G15: lazy: no input is read before somebody asks; a stream may be run again", async () => {
    const inputs = counted([1, 2, 3]);
    const { seen } = await scene(simKernel(), async (self, seen) => {
      const stream = Task.asyncStream(self, inputs, take);
      stream[Symbol.asyncIterator]();
      await sleep(self, 100);
      seen.push(inputs.read, values(await all(stream)), values(await all(stream)));
    });
    expect(seen).toEqual([0, [1, 2, 3], [1, 2, 3]]);
  });

  test.each([true, false])("G15: backpressure: a slow reader holds back the inputs (ordered: %s)", async (ordered) => {
    const inputs = counted(new Array(20).fill(1));
    const { seen } = await scene(simKernel(), async (self, seen) => {
      let taken = 0;
      for await (const _ of Task.asyncStream(self, inputs, take, { maxConcurrency: 3, ordered })) {
        taken += 1;
        await sleep(self, 50);
        seen.push(inputs.read - taken <= 3);
      }
    });
    expect(seen).toEqual(new Array(20).fill(true));
  });

  test("G15: an endless source is read as far as it is asked for, and let go with the loop", async () => {
    const sim = simKernel();
    const inputs = counted(Array.from({ length: 1000 }, () => 10));
    const { seen } = await scene(sim, async (self, seen) => {
      for await (const _ of Task.asyncStream(self, inputs, take, { maxConcurrency: 4 })) break;
      seen.push(inputs.read, inputs.returned, sim.kernel.processes().length, sim.kernel.timers.size);
    });
    expect(seen).toEqual([4, true, 1, 0]);
  });

  test("G15: reads an async source, and gives outcomes while it waits for more", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    kernel.spawn(async (self) => {
      async function* inputs(): AsyncGenerator<number> {
        yield 10;
        await sleep(self, 1000);
        yield 20;
      }
      for await (const outcome of Task.asyncStream(self, inputs(), take))
        seen.push([...values([outcome]), Math.round(world.nowMs / 10)]);
    });
    await world.runAsync();
    expect(seen).toEqual([
      [10, 1],
      [20, 102],
    ]);
  });

  test("G15: a source that fails, or an input that is not data, fails the loop and ends its tasks", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      function* broken(): Generator<number> {
        yield 1000;
        throw new Error("no more");
      }
      async function* brokenLater(): AsyncGenerator<number> {
        yield* broken();
      }
      const noData = [1000, (() => 1) as unknown as number];
      for (const inputs of [broken(), brokenLater(), noData]) {
        seen.push(await all(Task.asyncStream(self, inputs, take)).catch((error) => error.message));
        seen.push(sim.kernel.processes().length);
      }
    });
    expect(seen).toEqual(["no more", 1, "no more", 1, expect.stringContaining("A message must be data"), 1]);
  });

  test("G15: a task that fails takes its owner along, with its reason, and the others end", async () => {
    const sim = simKernel();
    const went: string[] = [];
    const { pid } = await scene(sim, async (self) => {
      await all(Task.asyncStream(self, [2, 3, 4, 5], evenOnly)).finally(() => went.push("on"));
    });
    expect(sim.kernel.processes()).toEqual([]);
    expect(sim.kernel.isAlive(pid)).toBe(false);
    expect(went).toEqual([]);
    expect(sim.kernel.timers.size).toBe(0);
  });

  test("G15: an owner that traps exits gets the failure as an outcome, with its input, and no other message", async () => {
    const { seen } = await scene(
      simKernel(),
      async (self, seen) => {
        seen.push(...(await all(Task.asyncStream(self, [2, 3, 4], evenOnly))), self.mailbox?.length ?? 0);
      },
      { trapExit: true },
    );
    expect(seen).toEqual([
      { type: "ok", value: 2 },
      { type: "exit", reason: "odd 3", input: 3 },
      { type: "ok", value: 4 },
      0,
    ]);
  });

  test("G15: a task that leaves with normal, without a result, is an outcome", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      seen.push(...(await all(Task.asyncStream(self, [1], (task) => task.exit("normal")))));
    });
    expect(seen).toEqual([{ type: "exit", reason: "normal", input: 1 }]);
  });

  test("G15: a timeout throws, ends the tasks, and the owner if it does not catch it", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const startMs = sim.world.nowMs;
      const error = await all(Task.asyncStream(self, [10, 1e6, 1e6], take)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TaskError);
      expect(String(error)).toMatch(/^TaskError: Task take <0\.\d+> of a stream: expected its result within 5000 ms/);
      seen.push(
        (error as TaskError).reason,
        Math.round((sim.world.nowMs - startMs) / 10),
        sim.kernel.processes().length,
      );
      await all(Task.asyncStream(self, [1e6], take, { timeout: 10 }));
    });
    expect(seen).toEqual(["timeout", 500, 1]);
    expect(sim.kernel.processes()).toEqual([]);
    expect(sim.reports).toMatchObject([{ kind: "crash", reason: { error: { code: "ERR_TASK" } } }]);
  });

  test("G15: onTimeout killTask: that task is killed, and the others go on", async () => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const options = { timeout: 100, onTimeout: "killTask" } as const;
      seen.push(...(await all(Task.asyncStream(self, [10, 1e6, 20], take, options))), sim.kernel.processes().length);
    });
    expect(seen).toEqual([
      { type: "ok", value: 10 },
      { type: "exit", reason: "timeout", input: 1e6 },
      { type: "ok", value: 20 },
      1,
    ]);
  });

  test("G15: when the owner is killed its tasks end, and the source is let go", async () => {
    const { world, kernel } = simKernel();
    const inputs = counted([1000, 1000]);
    const owner = kernel.spawn(async (self) => {
      await all(Task.asyncStream(self, inputs, take));
    });
    await world.runAsync({ forMs: 100 });
    expect(kernel.processes()).toHaveLength(3);
    kernel.exit(owner, "kill");
    expect([kernel.processes(), kernel.timers.size]).toEqual([[], 0]);
    await world.runAsync();
    expect(inputs.read).toBe(2);
  });

  test("leaving the loop does not wait for a source that never answers", async () => {
    const { seen } = await scene(simKernel(), async (self, seen) => {
      async function* inputs(): AsyncGenerator<number> {
        yield 1;
        await new Promise(() => {});
      }
      for await (const outcome of Task.asyncStream(self, inputs(), take)) {
        seen.push(...values([outcome]));
        break;
      }
      seen.push("left");
    });
    expect(seen).toEqual([1, "left"]);
  });

  test.each([
    [[1], { maxConcurrency: 0 }, "maxConcurrency to be a whole number above 0, got 0"],
    [[1], { maxConcurrency: 1.5 }, "maxConcurrency"],
    [[1], { timeout: -1 }, "timeout"],
    [[1], { ordered: 1 as never }, "ordered to be true or false"],
    [[1], { onTimeout: "kill" as never }, '"exit" or "killTask", got "kill"'],
    [5 as never, {}, "inputs to be iterable, got 5"],
  ])("refuses %j, %j", async (inputs, options, sentence) => {
    await scene(simKernel(), async (self) => {
      expect(() => Task.asyncStream(self, inputs, take, options)).toThrow(sentence);
    });
  });
});
