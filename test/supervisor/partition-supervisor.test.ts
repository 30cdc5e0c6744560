import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import { StatsTable } from "../../kernel/observe/stats.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { reply, stop } from "../../kernel/server/outcome.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import {
  PartitionSupervisor,
  type PartitionSupervisorOptions,
  type PartitionSupervisorProtocol,
  partitionOf,
  partitionSupervisor,
} from "../../supervisor/partition-supervisor.ts";
import { simKernel, simKernels } from "../support/kernels.ts";
import { Supervised } from "../support/supervised.ts";

const Counter = genServer({
  name: "Counter",
  init: (partition: number) => ({ partition }),
  calls: { which: (state) => reply(state.partition, state) },
  casts: { leave: (state, reason: unknown) => stop(reason, state) },
});

interface Setup {
  readonly kernel: Kernel;
  readonly top: Pid<PartitionSupervisorProtocol>;
  until<T>(promise: Promise<T>): Promise<T>;
  run(): Promise<unknown>;
}

async function setup(options: Partial<PartitionSupervisorOptions> = {}): Promise<Setup> {
  const { kernel, world } = simKernel();
  const Counters = partitionSupervisor((partition) => childSpec(Counter, partition), { partitions: 3, ...options });
  const top = await world.until(Counters.start(kernel, undefined, { name: "counters" }));
  return { kernel, top, until: (promise) => world.until(promise), run: () => world.runAsync() };
}

const partition = (key: Parameters<typeof partitionOf>[0]) => PartitionSupervisor.via("counters", key);

describe("partitionSupervisor", () => {
  test("S12: starts as many copies as it is told, each with its number", async () => {
    const { kernel, top, until } = await setup();
    const children = await until(PartitionSupervisor.whichChildren(kernel, top));
    expect(children.map(({ id }) => id)).toEqual(["0", "1", "2"]);
    for (const { id, pid } of children) expect(await until(kernel.call(pid as Pid, "which"))).toBe(Number(id));
    expect(await until(PartitionSupervisor.partitions(kernel, "counters"))).toBe(3);
    expect(await until(PartitionSupervisor.countChildren(kernel, top))).toMatchObject({ specs: 3, active: 3 });
  });

  test.each([
    [1, 1],
    [5, 4],
  ])(
    "S12: without a number there are as many as scheduler threads: a table of %i rows, %i partitions",
    async (rows, expected) => {
      const { world, kernel } = simKernel({ statsTable: new StatsTable(rows) });
      const counters = await world.until(partitionSupervisor((n) => childSpec(Counter, n)).start(kernel));
      expect(await world.until(PartitionSupervisor.partitions(kernel, counters))).toBe(expected);
    },
  );

  test.each([
    [0, 0],
    [4, 1],
    [-5, 2],
    [7n, 1],
    [-8n, 2],
  ])("S12: an integer goes to its remainder: %s rem 3 = %s", async (key, expected) => {
    const { kernel, until } = await setup();
    expect(await until(kernel.call(partition(key), "which"))).toBe(expected);
  });

  test("S12: any other key goes by its hash, always the same, and spread evenly", () => {
    expect(["lobby", 1.5, true, null, ["room", 7]].map((key) => partitionOf(key, 16))).toEqual(
      ["lobby", 1.5, true, null, ["room", 7]].map((key) => partitionOf(key, 16)),
    );
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 8000; i++) counts[partitionOf(`user-${i}`, 8)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
    expect(partitionOf("1", 1000)).not.toBe(partitionOf(1, 1000));
  });

  test("S12: an address works for send, cast, call and monitor, by name or by pid", async () => {
    const { kernel, top, until, run } = await setup();
    const before = await until(PartitionSupervisor.whichChildren(kernel, top));
    kernel.cast(PartitionSupervisor.via(top, 1), "leave", "odd");
    await run();
    const after = await until(PartitionSupervisor.whichChildren(kernel, top));
    expect(after[1]?.pid).not.toBe(before[1]?.pid);
    expect([after[0]?.pid, after[2]?.pid]).toEqual([before[0]?.pid, before[2]?.pid]);
    expect(await until(kernel.call(PartitionSupervisor.via(top, 1), "which"))).toBe(1); // the new one
  });

  test("S12: resize up starts more, and their keys go there", async () => {
    const { kernel, until } = await setup();
    await until(PartitionSupervisor.resize(kernel, "counters", 5));
    expect(await until(PartitionSupervisor.partitions(kernel, "counters"))).toBe(5);
    expect(await until(kernel.call(partition(4), "which"))).toBe(4);
  });

  test("S12: resize down stops the last ones, in reverse", async () => {
    const tree = new Supervised();
    const { world, kernel } = tree.sim;
    const specs = tree.specs("p0 p1 p2 p3");
    const Tree = partitionSupervisor((n) => specs[n]!, { partitions: 4 });
    const top = await world.until(Tree.start(kernel));
    await world.until(PartitionSupervisor.resize(kernel, top, 2));
    expect(tree.takeLog()).toBe("p0+ p1+ p2+ p3+ p3- p2-");
    const children = await world.until(PartitionSupervisor.whichChildren(kernel, top));
    expect(children.map(({ id }) => id)).toEqual(["0", "1"]);
    await world.until(PartitionSupervisor.resize(kernel, top, 4));
    kernel.exit(top, "shutdown");
    await tree.run();
    expect(tree.takeLog()).toBe("p2+ p3+ p3- p2- p1- p0-");
  });

  test("S12: resize to 0: there is nobody to talk to", async () => {
    const { kernel, until } = await setup();
    await until(PartitionSupervisor.resize(kernel, "counters", 0));
    expect(() => kernel.send(partition(1), "hello")).toThrow("counters, key 1: it has no partitions. Resize it first.");
  });

  test("S12: a partition that does not start fails the resize, which leaves what was there", async () => {
    const tree = new Supervised({ fails: { p3: [1] } });
    const { world, kernel } = tree.sim;
    const specs = tree.specs("p0 p1 p2 p3");
    const top = await world.until(partitionSupervisor((n) => specs[n]!, { partitions: 1 }).start(kernel));
    await expect(world.until(PartitionSupervisor.resize(kernel, top, 4))).rejects.toMatchObject({
      code: "ERR_START",
      reason: { error: { message: "p3 cannot start" } },
    });
    expect(tree.takeLog()).toBe("p0+ p1+ p2+ p3? p2- p1-");
    expect(await world.until(PartitionSupervisor.partitions(kernel, top))).toBe(1);
    // A function that makes no child for a number fails it as well.
    await expect(world.until(PartitionSupervisor.resize(kernel, top, 9))).rejects.toMatchObject({ code: "ERR_START" });
    expect(await world.until(PartitionSupervisor.partitions(kernel, top))).toBe(1);
  });

  test("S12: a partition that is down for good has no pid", async () => {
    const tree = new Supervised();
    const { world, kernel } = tree.sim;
    const [spec] = tree.specs("p:transient");
    await world.until(partitionSupervisor(spec!, { partitions: 1 }).start(kernel, undefined, { name: "counters" }));
    await tree.do("leave p normal");
    expect(() => kernel.send(partition("any"), "hello")).toThrow("nobody has that name");
    expect(kernel.names.whereis(PartitionSupervisor.via("nowhere", 1))).toBeUndefined();
  });

  test.each<[PartitionSupervisorOptions, string]>([
    [{ partitions: 0 }, "PartitionSupervisor: expected partitions to be a whole number from 1 to 65536, got 0"],
    [{ partitions: 1.5 }, "got 1.5"],
    [{ partitions: 1e9 }, "expected partitions"],
    [{ partitions: 2, strategy: "none" as never }, 'expected strategy to be "oneForOne"'],
    [{ partitions: 2, maxRestarts: -1, name: "Counters" }, "Counters: expected maxRestarts"],
  ])("refuses %j", (options, sentence) => {
    expect(() => partitionSupervisor(childSpec(Counter, 0), options)).toThrow(sentence);
  });

  test("refuses a temporary child, and a size that makes no sense", async () => {
    expect(() => partitionSupervisor(childSpec(Counter, 0, { restart: "temporary" }), { partitions: 1 })).toThrow(
      'PartitionSupervisor, child spec "Counter": expected restart to be "permanent" or "transient", got "temporary"',
    );
    const { kernel, top, until } = await setup();
    await expect(PartitionSupervisor.resize(kernel, top, -1)).rejects.toMatchObject({ code: "ERR_OPTION" });
    expect(await until(kernel.call(top, "resize", -1))).toMatchObject({ invalid: expect.stringContaining("got -1") });
  });

  test("S12: from another thread it is asked, resized and addressed as from its own", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const Counters = partitionSupervisor((n) => childSpec(Counter, n), { partitions: 2 });
    const top = await world.until(Counters.start(one, undefined, { name: "counters" }));
    const there = at(two, top) as typeof top;
    expect(await world.until(two.call(partition(3), "which"))).toBe(1);
    await world.until(PartitionSupervisor.resize(two, there, 3));
    expect(await world.until(PartitionSupervisor.partitions(two, there))).toBe(3);
    expect(await world.until(two.call(partition(5), "which"))).toBe(2);
    two.cast(partition(5), "leave", "odd");
    await world.runAsync();
    expect(await world.until(two.call(partition(5), "which"))).toBe(2);
    await world.until(PartitionSupervisor.resize(two, there, 0));
    expect(() => two.send(partition(1), "hello")).toThrow("it has no partitions");
    one.exit(top, "kill");
    await world.runAsync();
    expect(two.rosters.of(there)).toBeUndefined();
  });
});
