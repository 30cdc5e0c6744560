/** Supervision trees that span threads: what a child spec says of where its child runs changes nothing else. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Placement } from "../../kernel/kernel-options.ts";
import type { Report } from "../../kernel/observe/report.ts";
import { Pid } from "../../kernel/pid.ts";
import type { ProtocolOf } from "../../kernel/protocol.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { reply, stop } from "../../kernel/server/outcome.ts";
import { SimThreads, SimWorld } from "../../kernel/testing/index.ts";
import { type ChildOptions, childSpec } from "../../supervisor/child-spec.ts";
import { DynamicSupervisor, dynamicSupervisor } from "../../supervisor/dynamic-supervisor.ts";
import { PartitionSupervisor, partitionSupervisor } from "../../supervisor/partition-supervisor.ts";
import { Supervisor, type SupervisorOptions, supervisor } from "../../supervisor/supervisor.ts";
import { TaskSupervisor } from "../../supervisor/task-supervisor.ts";

const log: string[] = [];

const Worker = genServer({
  name: "trees.Worker",
  trapExit: true,
  init: (id: string, self) => {
    log.push(`${id}+${self.pid.thread}`);
    return id;
  },
  calls: {
    thread: (id, _: undefined, { self }) => reply(self.pid.thread, id),
    id: (id) => reply(id, id),
  },
  casts: { leave: (id, reason: unknown) => stop(reason, id) },
  terminate: (id) => void log.push(`${id}-`),
});

const worker = (id: string, on?: Placement, options: ChildOptions = {}) =>
  childSpec(Worker, id, { id, ...(on === undefined ? {} : { on }), ...options });

interface Setup {
  readonly world: SimWorld;
  readonly sim: SimThreads;
  readonly kernels: readonly [Kernel, Kernel, Kernel];
  readonly reports: Report[];
}

function setup(): Setup {
  log.length = 0;
  const world = new SimWorld(7);
  const reports: Report[] = [];
  const sim = new SimThreads(world, 3, {
    kernel: { chargeRejections: false, report: (report) => void reports.push(report) },
  });
  return { world, sim, kernels: sim.kernels as unknown as Setup["kernels"], reports };
}

async function threadsOf({ world, kernels }: Setup, top: Pid): Promise<unknown[]> {
  const children = await world.until(Supervisor.whichChildren(kernels[0], top as never));
  return children.map(({ pid }) => (pid instanceof Pid ? pid.thread : pid));
}

async function start(at: Setup, children: Parameters<typeof supervisor>[0], options: SupervisorOptions = {}) {
  return at.world.until(supervisor(children, options).start(at.kernels[0]));
}

describe("a supervision tree over three threads", () => {
  test("S7: starts in order and stops in reverse, one at a time, wherever the children are", async () => {
    const at = setup();
    const top = await start(at, [
      worker("a", 2),
      worker("b"),
      worker("c", "spread"),
      worker("d", 3),
      worker("e", "spread"),
    ]);
    expect(log).toEqual(["a+2", "b+1", "c+1", "d+3", "e+2"]);
    expect(await threadsOf(at, top)).toEqual([2, 1, 1, 3, 2]);
    at.kernels[0].exit(top, "shutdown");
    await at.world.runAsync();
    expect(log.slice(5)).toEqual(["e-", "d-", "c-", "b-", "a-"]);
    expect(at.kernels.map((kernel) => kernel.processes().length)).toEqual([0, 0, 0]);
  });

  test("S5: one that does not start fails the start, and the others are stopped", async () => {
    const at = setup();
    const Odd = genServer({ name: "trees.Odd", init: () => stop<never>("no luck") });
    const starting = start(at, [worker("a", 2), worker("b", 3), childSpec(Odd, undefined, { on: 2 })]);
    await expect(starting).rejects.toMatchObject({
      reason: { shutdown: { failedToStart: "trees.Odd", reason: "no luck" } },
    });
    expect(log).toEqual(["a+2", "b+3", "b-", "a-"]);
  });

  test("S1: oneForAll restarts its children on all threads", async () => {
    const at = setup();
    const top = await start(at, [worker("a", 2), worker("b", 3), worker("c")], { strategy: "oneForAll" });
    log.length = 0;
    const [, b] = await at.world.until(Supervisor.whichChildren(at.kernels[0], top));
    at.kernels[0].cast(b!.pid as Pid, "leave", "odd");
    await at.world.runAsync();
    expect(log).toEqual(["b-", "c-", "a-", "a+2", "b+3", "c+1"]);
  });

  test("S6: brutalKill and a time limit count over threads as well", async () => {
    const at = setup();
    const Stubborn = genServer({
      name: "trees.Stubborn",
      trapExit: true,
      init: () => 0,
      terminate: () => new Promise<void>(() => {}),
    });
    const top = await start(at, [
      childSpec(Stubborn, undefined, { id: "slow", on: 2, shutdown: 50 }),
      childSpec(Stubborn, undefined, { id: "brutal", on: 3, shutdown: "brutalKill" }),
    ]);
    const before = at.world.nowMs;
    at.kernels[0].exit(top, "shutdown");
    await at.world.runAsync();
    expect(at.world.nowMs - before).toBeGreaterThan(50);
    expect(at.world.nowMs - before).toBeLessThan(80);
    expect(at.kernels.map((kernel) => kernel.processes().length)).toEqual([0, 0, 0]);
    expect(at.reports).toEqual([expect.objectContaining({ event: "shutdownError", child: "slow", reason: "killed" })]);
  });

  test.each<[Placement, number]>([
    ["anywhere", 3],
    ["spread", 3],
    [2, 4],
  ])("S3: on %j, when its thread ends: a permanent child is started again on thread %i", async (on, thread) => {
    const at = setup();
    const others = on === "anywhere" ? 4 : 0; // that thread 2 is the one with the least to do
    for (let i = 0; i < others; i++) for (const i of [0, 2]) at.kernels[i]!.spawn({ label: "idle", handle: () => {} });
    at.world.run();
    const first = on === "spread" ? [worker("first", "spread")] : [];
    const top = await start(at, [...first, worker("a", on), worker("t", 2, { restart: "temporary" })]);
    expect((await threadsOf(at, top)).at(-2)).toBe(2);
    at.sim.end(at.kernels[1]);
    at.world.alarm(40, () => at.sim.add());
    await at.world.runAsync();
    const threads = await threadsOf(at, top);
    expect(threads).toHaveLength(first.length + 1);
    expect(threads.at(-1)).toBe(thread);
    expect(at.reports).toContainEqual(
      expect.objectContaining({ event: "childTerminated", child: "a", reason: "schedulerDown" }),
    );
  });

  test("S4: the end of a thread counts as one restart, however many children it takes along", async () => {
    const at = setup();
    const top = await start(
      at,
      [1, 2, 3, 4, 5, 6].map((i) => worker(`w${i}`, "spread")),
      { maxRestarts: 2 },
    );
    expect(await threadsOf(at, top)).toEqual([1, 2, 3, 1, 2, 3]);
    at.sim.end(at.kernels[1]);
    at.sim.end(at.kernels[2]);
    await at.world.runAsync();
    expect(await threadsOf(at, top)).toEqual([1, 1, 1, 1, 1, 1]);
    at.kernels[0].cast(at.kernels[0].processes().at(-1)!, "leave", "odd"); // the third one: too many
    await at.world.runAsync();
    expect(at.kernels[0].isAlive(top)).toBe(false);
  });

  test("S13: a supervisor whose thread ends is started again by its parent; its children elsewhere end, and free their names", async () => {
    const at = setup();
    const Inner = supervisor([worker("a", 3, { name: "a" }), worker("b", "same", { name: "b" })], {
      name: "trees.Inner",
    });
    const top = await start(at, [childSpec(Inner, undefined, { on: "spread" })]);
    expect(await threadsOf(at, top)).toEqual([1]);
    at.kernels[0].exit(at.kernels[0].names.whereis("b")!, "kill");
    await at.world.runAsync();
    const [inner] = await at.world.until(Supervisor.whichChildren(at.kernels[0], top));
    at.kernels[0].exit(inner!.pid as Pid, "kill"); // the next one is on thread 2
    await at.world.runAsync();
    expect(await threadsOf(at, top)).toEqual([2]);
    const old = at.kernels[2].names.whereis("a")!;
    log.length = 0;
    at.sim.end(at.kernels[1]);
    await at.world.runAsync();
    expect(await threadsOf(at, top)).toEqual([3]);
    expect(log).toEqual(["a-", "a+3", "b+3"]);
    expect(at.kernels[2].isAlive(old)).toBe(false);
    expect(await at.world.until(at.kernels[0].call("a" as never, "thread" as never))).toBe(3);
  });

  test("S13: when the root's thread ends, all that hung from it ends", async () => {
    const at = setup();
    const Inner = supervisor([worker("a", 1), worker("b", 2), worker("c")], { name: "trees.Middle" });
    await start(at, [childSpec(Inner, undefined, { on: 3 }), worker("d", 2)]);
    at.sim.end(at.kernels[0]);
    await at.world.runAsync();
    expect(at.kernels.slice(1).map((kernel) => kernel.processes())).toEqual([[], []]);
  });
});

describe("the other supervisors", () => {
  test("S12: partitions are spread over the threads, and addressed from each of them", async () => {
    const at = setup();
    const { world, kernels, sim } = at;
    const Parts = partitionSupervisor((n) => worker(`p${n}`, "spread"), { name: "trees.Parts", partitions: 6 });
    const top = await world.until(Parts.start(kernels[1], undefined, { name: "parts" }));
    expect(await threadsOf(at, sim.at(kernels[0], top))).toEqual([1, 2, 3, 1, 2, 3]);
    const via = (key: number) => PartitionSupervisor.via<ProtocolOf<typeof Worker>>("parts", key);
    for (const kernel of kernels) {
      const ids = await world.until(Promise.all([0, 1, 2, 3, 4, 5].map((key) => kernel.call(via(key), "id"))));
      expect(ids).toEqual(["p0", "p1", "p2", "p3", "p4", "p5"]);
    }
    sim.end(kernels[2]);
    await world.runAsync();
    expect(await world.until(kernels[0].call(via(5), "id"))).toBe("p5");
    const late = sim.add();
    await world.runAsync();
    expect(await world.until(late.call(via(2), "id"))).toBe("p2");
    sim.end(kernels[1]); // the supervisor's own
    await world.runAsync();
    expect(via(1).whereis(late)).toBeUndefined();
  });

  test("S2: a dynamic supervisor is asked for children by other threads, and places them", async () => {
    const at = setup();
    const { world, kernels, sim } = at;
    const top = await world.until(
      dynamicSupervisor({ maxChildren: 3 }).start(kernels[0], undefined, { name: "dynamic" }),
    );
    const ask = (id: string, on: Placement) =>
      world.until(DynamicSupervisor.startChild(kernels[1], "dynamic", worker(id, on, { restart: "temporary" })));
    const pids = [await ask("x", 2), await ask("y", 3), await ask("z", "same")];
    expect(pids.map((pid) => pid!.thread)).toEqual([2, 3, 1]);
    await expect(ask("v", 2)).rejects.toMatchObject({ reason: "maxChildren" });
    await world.until(DynamicSupervisor.terminateChild(kernels[2], "dynamic", sim.at(kernels[2], pids[0]!)));
    sim.end(kernels[2]);
    await world.runAsync();
    expect(await threadsOf(at, top)).toEqual([1]);
  });

  test("S3: a task supervisor is placed like others, and serves its own thread", async () => {
    const at = setup();
    const top = await start(at, [childSpec(TaskSupervisor, {}, { name: "loads", on: 2 })]);
    expect(await threadsOf(at, top)).toEqual([2]);
    const task = TaskSupervisor.startChild(at.kernels[1], "loads", async (self) => void (await self.receive()));
    expect(await at.world.until(TaskSupervisor.children(at.kernels[0], "loads"))).toEqual([
      at.sim.at(at.kernels[0], task),
    ]);
    expect(() => TaskSupervisor.startChild(at.kernels[0], "loads", () => {})).toThrow(
      "a function cannot go to another thread",
    );
  });
});

describe("S9: child specs with a placement", () => {
  test.each<[ChildOptions, string]>([
    [
      { on: "else" as never },
      'Child spec "w": expected on to be "same", "anywhere", "spread" or the number of a scheduler, got "else"',
    ],
    [{ on: -1 }, 'Child spec "w": expected on to be'],
    [{ on: 1.5 }, 'Child spec "w": expected on to be'],
  ])("refuses %j", (options, sentence) => {
    expect(() => worker("w", undefined, options)).toThrow(sentence);
  });

  test("refuses a definition without a name", () => {
    expect(() => childSpec(genServer({ init: () => 0 }), undefined, { id: "w", on: "anywhere" })).toThrow(
      'Child spec "w": expected its definition to have a name, by which other threads find their own copy',
    );
  });

  test("a scheduler that there is not is an error of the start, which says which there are", async () => {
    const at = setup();
    await expect(start(at, [worker("w", 99)])).rejects.toThrow("the number of a scheduler (0 to 7), got 99");
  });
});
