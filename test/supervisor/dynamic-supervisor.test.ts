import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { ChildSpec } from "../../supervisor/child-spec.ts";
import {
  DynamicSupervisor,
  type DynamicSupervisorOptions,
  type DynamicSupervisorProtocol,
  dynamicSupervisor,
} from "../../supervisor/dynamic-supervisor.ts";
import { Supervisor } from "../../supervisor/supervisor.ts";
import { simKernels } from "../support/kernels.ts";
import { Supervised, type SupervisedOptions } from "../support/supervised.ts";

interface Setup {
  readonly tree: Supervised;
  readonly kernel: Kernel;
  readonly top: Pid<DynamicSupervisorProtocol>;
  /** Starts a child, in the notation of `Supervised`. */
  start(child: string): Promise<Pid | undefined>;
  terminate(child: Pid): Promise<void>;
  until<T>(promise: Promise<T>): Promise<T>;
}

async function setup(options: DynamicSupervisorOptions & SupervisedOptions = {}): Promise<Setup> {
  const { fails: _fails, ignores: _ignores, backoff: _backoff, inner: _inner, ...own } = options;
  const tree = new Supervised(options);
  const { kernel } = tree;
  const { world } = tree.sim;
  const top = await world.until(dynamicSupervisor(own).start(kernel));
  return {
    tree,
    kernel,
    top,
    start: (child) => world.until(DynamicSupervisor.startChild(kernel, top, tree.specs(child)[0]!)),
    terminate: (child) => world.until(DynamicSupervisor.terminateChild(kernel, top, child)),
    until: (promise) => world.until(promise),
  };
}

describe("dynamicSupervisor: children", () => {
  test("S2: are started by a spec, and known by their pids; ids need not differ", async () => {
    const { tree, kernel, top, start, until } = await setup();
    const a = await start("a");
    tree.kernel.names.unregister("a", kernel.localProcess(a!.serial)!); // the test's, not the supervisor's
    const other = await start("a");
    expect(await until(DynamicSupervisor.whichChildren(kernel, top))).toEqual([
      { id: "a", pid: a, type: "worker", restart: "permanent" },
      { id: "a", pid: other, type: "worker", restart: "permanent" },
    ]);
    expect(await until(DynamicSupervisor.countChildren(kernel, top))).toEqual({
      ...{ specs: 2, active: 2, supervisors: 0, workers: 2 },
    });
  });

  test.each([
    ["permanent", "normal", true],
    ["transient", "normal", false],
    ["transient", "odd", true],
    ["temporary", "odd", false],
  ])("S2, S3: %s, ends with %s: restarted: %s", async (restart, reason, restarted) => {
    const { tree, kernel, top, start, until } = await setup();
    const a = await start(`a:${restart}`);
    await start("b");
    await tree.do(`leave a ${reason}`);
    expect(tree.takeLog()).toBe(restarted ? "a+ b+ a! a+" : "a+ b+ a!");
    const children = await until(DynamicSupervisor.whichChildren(kernel, top));
    expect(children.map(({ id }) => id).sort()).toEqual(restarted ? ["a", "b"] : ["b"]);
    expect(children.map(({ pid }) => pid)).not.toContain(a);
  });

  test("S2: terminateChild stops one by its pid, which is forgotten", async () => {
    const { tree, start, terminate, until, kernel, top } = await setup();
    const a = await start("a~20");
    await start("b");
    await terminate(a!);
    expect(tree.takeLog()).toBe("a+ b+ a-");
    expect(await until(DynamicSupervisor.countChildren(kernel, top))).toMatchObject({ specs: 1, active: 1 });
    await expect(terminate(a!)).rejects.toMatchObject({ code: "ERR_SUPERVISOR", reason: "notFound" });
    await expect(terminate(top)).rejects.toMatchObject({ reason: "notFound" });
  });

  test("S2: maxChildren: one more is refused, until one has ended", async () => {
    const { tree, start } = await setup({ maxChildren: 2 });
    await start("a:temporary");
    await start("b");
    await expect(start("c")).rejects.toMatchObject({ code: "ERR_SUPERVISOR", reason: "maxChildren" });
    await tree.do("crash a");
    expect(await start("c")).toBeDefined();
  });

  test("S2: one that is ignored is no child; one that does not start neither", async () => {
    const { tree, kernel, top, start, until } = await setup({ ignores: { a: [1] }, fails: { b: [1] } });
    expect(await start("a")).toBeUndefined();
    await expect(start("b")).rejects.toMatchObject({
      code: "ERR_START",
      reason: { error: { message: "b cannot start" } },
    });
    expect(await until(DynamicSupervisor.whichChildren(kernel, top))).toEqual([]);
    expect(tree.reports()).toEqual([]);
  });

  test("S2: a significant one is refused", async () => {
    const { start } = await setup();
    await expect(start("a:transient*")).rejects.toThrow("expected significant to be false under a dynamic supervisor");
  });

  test("S2: extraArguments come after the supervisor, at each start", async () => {
    const { until, kernel, tree } = await setup();
    const given: unknown[] = [];
    const Sessions = dynamicSupervisor({ extraArguments: ["pool", 7] });
    const sessions = await until(Sessions.start(kernel));
    const pid = await until(
      DynamicSupervisor.startChild(kernel, sessions, {
        id: "session",
        start: (self, pool: string, size: number) => {
          given.push([pool, size]);
          return self.spawnLink({ label: "session", handle: () => {} });
        },
      }),
    );
    kernel.exit(pid!, "kill");
    await tree.run();
    expect(given).toEqual([
      ["pool", 7],
      ["pool", 7],
    ]);
  });

  test.each<[DynamicSupervisorOptions, string]>([
    [{ maxChildren: -1 }, "DynamicSupervisor: expected maxChildren to be a number of at least 0, got -1"],
    [{ name: "Rooms", maxRestarts: -1 }, "Rooms: expected maxRestarts"],
    [{ maxChild: 5 } as never, 'DynamicSupervisor: there is no option "maxChild", expected one of'],
    [{ extraArguments: 7 as never }, "expected extraArguments to be an array, got 7"],
  ])("refuses %j", (options, sentence) => {
    expect(() => dynamicSupervisor(options)).toThrow(OptionError);
    expect(() => dynamicSupervisor(options)).toThrow(sentence);
  });
});

describe("dynamicSupervisor: restarts", () => {
  const failing = { fails: { a: [2, 3, 4, 5] }, maxRestarts: 100 };

  test("S5: one that does not start again is restarting, and tried again", async () => {
    const { tree, kernel, top, start, until } = await setup(failing);
    const a = await start("a%10");
    kernel.send(a!, { leave: "odd" });
    await tree.run(15);
    expect(await until(DynamicSupervisor.whichChildren(kernel, top))).toMatchObject([{ id: "a", pid: "restarting" }]);
    expect(await until(DynamicSupervisor.countChildren(kernel, top))).toMatchObject({ specs: 1, active: 0 });
    await tree.run();
    expect(tree.takeLog()).toBe("a+ a! a? a? a? a? a+");
    expect(await until(DynamicSupervisor.countChildren(kernel, top))).toMatchObject({ specs: 1, active: 1 });
  });

  test("S2: while it restarts it is known by the pid that it had", async () => {
    const { tree, kernel, top, start, terminate, until } = await setup(failing);
    const a = await start("a%10");
    kernel.send(a!, { leave: "odd" });
    await tree.run(15);
    await terminate(a!);
    await tree.run();
    expect(await until(DynamicSupervisor.whichChildren(kernel, top))).toEqual([]);
    expect(tree.takeLog()).not.toContain("a+ a! a? a? a? a? a+");
  });

  test("S2: one that is ignored when it is restarted is forgotten", async () => {
    const { tree, kernel, top, start, until } = await setup({ ignores: { a: [2] } });
    await start("a");
    await tree.do("crash a");
    expect(await until(DynamicSupervisor.whichChildren(kernel, top))).toEqual([]);
  });

  test("S4: too many of them end the supervisor with shutdown, and all children", async () => {
    const { tree, kernel, start } = await setup({ maxRestarts: 1 });
    await start("a");
    await start("b");
    await tree.do("crash a");
    await tree.do("crash b");
    expect(tree.takeLog()).toBe("a+ b+ a! a+ b! a-");
    expect(kernel.processes()).toEqual([]);
    expect(tree.reports().at(-1)).toBe("shutdown b reached the maximum of restarts");
  });
});

describe("dynamicSupervisor: stop", () => {
  test("S2: all at once: it takes as long as the slowest, each within its own time", async () => {
    const { tree, kernel, top, start } = await setup();
    for (const child of ["a~300", "b~300", "c^/100", "d^/400", "e^/brutalKill", "f~300/infinity"]) await start(child);
    tree.takeLog();
    const startMs = tree.sim.world.nowMs;
    kernel.exit(top, "shutdown");
    await tree.run();
    expect(kernel.processes()).toEqual([]);
    expect(tree.sim.world.nowMs - startMs).toBeLessThan(410);
    expect(tree.takeLog().split(" ").sort()).toEqual(["a-", "b-", "cx", "dx", "ex", "f-"]);
    expect(tree.reports().sort()).toEqual(["shutdownError c killed", "shutdownError d killed"]);
  });

  test("S2: one that has unlinked itself is waited for; one that is restarting is no obstacle", async () => {
    const { tree, kernel, top, start } = await setup({ fails: { b: [2] }, backoff: { b: {} } });
    const a = await start("a~100");
    await start("b");
    kernel.localProcess(a!.serial)!.unlink(top);
    kernel.send(tree.pid("b"), { leave: "odd" });
    await tree.run(10); // b waits for its restart
    kernel.exit(top, "shutdown");
    await tree.run(50);
    expect(kernel.isAlive(top)).toBe(true);
    await tree.run(60);
    expect(kernel.processes()).toEqual([]);
    expect(kernel.timers.size).toBe(0);
  });

  test("S14: children that crashed just before are reported with their own reasons", async () => {
    const { tree, kernel, top, start } = await setup();
    for (const child of ["a", "b", "c"]) await start(child);
    kernel.exit(top, "shutdown"); // first in its mailbox; the ends of these come behind it
    for (const name of ["a", "c"]) kernel.exit(tree.pid(name), "kill");
    await tree.run();
    expect(tree.reports()).toEqual(["shutdownError a killed", "shutdownError c killed"]);
  });

  test("thousands of children", async () => {
    const { tree, kernel, top, until } = await setup();
    const child: ChildSpec = { id: "child", start: (self) => self.spawnLink({ label: "child", handle: () => {} }) };
    for (let i = 0; i < 3000; i++) await until(DynamicSupervisor.startChild(kernel, top, child));
    expect(kernel.processes()).toHaveLength(3001);
    kernel.exit(top, "shutdown");
    await tree.run();
    expect(kernel.processes()).toEqual([]);
  });
});

describe("dynamicSupervisor: who asks it", () => {
  test("a spec cannot go to another thread; a pid can", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const top = await world.until(dynamicSupervisor().start(one));
    const child: ChildSpec = { id: "a", start: (self) => self.spawnLink({ label: "a", handle: () => {} }) };
    const a = await world.until(DynamicSupervisor.startChild(one, top, child));
    const there = at(two, top) as typeof top;
    await expect(DynamicSupervisor.startChild(two, there, child)).rejects.toMatchObject({
      reason: "otherThread",
    });
    await world.until(DynamicSupervisor.terminateChild(two, there, at(two, a!)));
    expect(await world.until(DynamicSupervisor.whichChildren(two, there))).toEqual([]);
  });

  test("is no supervisor of children with ids, and the other way round", async () => {
    const { tree, kernel, top, until } = await setup();
    await expect(
      Supervisor.startChild(kernel, top as never, { id: "a", start: () => undefined }),
    ).rejects.toMatchObject({ reason: "notSupervisor" });
    await expect(until(Supervisor.restartChild(kernel, top as never, "a"))).rejects.toMatchObject({
      reason: { noSuchCall: "restartChild" },
    });
    await tree.start("a");
    const [other] = tree.specs("b");
    await expect(DynamicSupervisor.startChild(kernel, tree.top as never, other!)).rejects.toMatchObject({
      reason: "notSupervisor",
    });
  });
});
