/** Supervisors: what they are asked, by whom, with other code; and thousands of children. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { stop } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { Supervisor, supervisor } from "../../supervisor/supervisor.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";
import { ofSupervisor, Supervised, type SupervisedOptions } from "../support/supervised.ts";

describe("supervisor: change of code", () => {
  async function changed(before: string, after: string, options: SupervisedOptions = {}) {
    const tree = new Supervised(options);
    let children = before;
    const { world, kernel } = tree.sim;
    const top = await world.until(supervisor(() => tree.specs(children), ofSupervisor(options)).start(kernel));
    const pids = await world.until(Supervisor.whichChildren(kernel, top));
    tree.takeLog();
    children = after;
    const change = async (): Promise<unknown> => {
      await world.until(sys.suspend(kernel, top));
      try {
        return await world.until(sys.changeCode(kernel, top));
      } finally {
        await world.until(sys.resume(kernel, top));
      }
    };
    return { tree, kernel, world, top, pids, change, state: () => tree.state(top) };
  }

  test("S16: adds children, which are not started; keeps those that run, and their order is the new one", async () => {
    const { change, state, tree, kernel, world, top, pids } = await changed("a b c", "c x a b");
    expect(await change()).toMatchObject({
      children: [{ id: "c" }, { id: "x", pid: undefined }, { id: "a" }, { id: "b" }],
    });
    expect(await state()).toBe("c x. a b");
    const after = await world.until(Supervisor.whichChildren(kernel, top));
    expect(after.filter(({ id }) => id !== "x").map(({ pid }) => pid)).toEqual(
      [pids[2], pids[0], pids[1]].map((c) => c?.pid),
    );
    await world.until(Supervisor.restartChild(kernel, top, "x"));
    kernel.exit(top, "shutdown");
    await world.runAsync();
    expect(tree.takeLog()).toBe("x+ b- a- x- c-");
  });

  test("S16: a child that is not listed any more is kept, behind the others, until it is deleted", async () => {
    const { change, state, kernel, world, top } = await changed("a b c", "b");
    await change();
    expect(await state()).toBe("b a c");
    await world.until(Supervisor.terminateChild(kernel, top, "a"));
    await world.until(Supervisor.deleteChild(kernel, top, "a"));
    expect(await state()).toBe("b c");
  });

  test("S16: a child that runs on is restarted by its new spec", async () => {
    const { change, state, tree, world } = await changed("a b", "a:temporary b");
    await change();
    expect(tree.takeLog()).toBe("");
    tree.kernel.send(tree.pid("a"), { leave: "odd" });
    await world.runAsync();
    expect(await state()).toBe("b");
  });

  test("S16: a child that waits for its restart, and is temporary by now, does not come back", async () => {
    const { change, state, tree, world } = await changed("a b", "a:temporary b", { backoff: { a: {} } });
    tree.kernel.send(tree.pid("a"), { leave: "odd" });
    await world.runAsync({ forMs: 10 });
    expect(await state()).toBe("a~ b");
    tree.kernel.exit(tree.pid("b"), "kill"); // while it is suspended, and heard of afterwards
    await change();
    await world.runAsync();
    expect(await state()).toBe("b");
    expect(tree.takeLog()).toBe("a! bx b+");
  });

  test("S16: a wrong spec is refused, and nothing has changed", async () => {
    const { change, state } = await changed("a b", "a a");
    await expect(change()).rejects.toThrow("expected ids to differ");
    expect(await state()).toBe("a b");
  });

  test("its state can be looked at, and is its own", async () => {
    const { world, kernel, top } = await changed("a", "a", { maxRestarts: 7, strategy: "restForOne" });
    expect(await world.until(sys.getState(kernel, top))).toMatchObject({
      ...{ strategy: "restForOne", maxRestarts: 7, maxSeconds: 5, children: [{ id: "a" }] },
    });
    await expect(world.until(sys.replaceState(kernel, top, {}))).rejects.toThrow("a supervisor keeps its own");
  });
});

describe("supervisor: who asks it", () => {
  test("S11: from another thread a spec of a definition with a name; one by hand cannot go there", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const Nothing = genServer({ name: "S11.nothing", init: (id: string) => ({ id }) });
    const top = await world.until(supervisor([childSpec(Nothing, "n", { id: "nothing" })]).start(one));
    const there = at(two, top) as typeof top;
    const spec = childSpec(Nothing, "o", { id: "other", restart: "transient", shutdown: 7 });
    expect(await world.until(Supervisor.startChild(two, there, spec))).toMatchObject({ thread: 1 });
    expect(await world.until(Supervisor.getChildSpec(two, there, "other"))).toMatchObject({
      ...{ id: "other", restart: "transient", shutdown: 7, type: "worker" },
    });
    const refused = {
      code: "ERR_SUPERVISOR",
      reason: "otherThread",
      message: expect.stringContaining("a child spec that was written by hand holds functions"),
    };
    for (const byHand of [
      { id: "mine", start: spec.start },
      { ...spec, id: "mine", start: (self: Process) => Nothing.startLink(self, "") },
      childSpec(genServer({ init: () => 0 }), undefined, { id: "mine" }),
    ]) {
      await expect(Supervisor.startChild(two, there, byHand)).rejects.toMatchObject(refused);
    }
    await world.until(Supervisor.terminateChild(two, there, "nothing"));
    const children = await world.until(Supervisor.whichChildren(two, there));
    expect(children).toMatchObject([{ id: "nothing", pid: undefined }, { id: "other" }]);
    expect(await world.until(Supervisor.restartChild(two, there, "nothing"))).toMatchObject({ thread: 1 });
    await expect(world.until(Supervisor.deleteChild(two, there, "nothing"))).rejects.toMatchObject({
      reason: "running",
    });
  });

  test("S11: by name; a name that nobody has, or that is no supervisor's, is an error", async () => {
    const { world, kernel } = simKernel();
    const Nothing = genServer({ name: "nothing", init: () => ({}) });
    const Top = supervisor([]);
    await world.until(Top.start(kernel, undefined, { name: "top" }));
    const top = Top.named("top");
    await world.until(Supervisor.startChild(kernel, top, childSpec(Nothing, undefined, { name: "child" })));
    await expect(Supervisor.startChild(kernel, Top.named("nobody"), Nothing)).rejects.toThrow(
      'Supervisor "nobody", startChild: nobody has that name',
    );
    const child = Top.named("child");
    await expect(Supervisor.startChild(kernel, child, Nothing)).rejects.toMatchObject({ reason: "notSupervisor" });
    await expect(world.until(Supervisor.whichChildren(kernel, Top.named("nobody")))).rejects.toMatchObject({
      reason: "noproc",
    });
  });

  test("a call that it does not know fails, and does not end it", async () => {
    const { world, kernel } = simKernel();
    const top: Pid = await world.until(supervisor([]).start(kernel));
    await expect(world.until(kernel.call(top, "shutDown"))).rejects.toMatchObject({
      code: "ERR_CALL",
      reason: { noSuchCall: "shutDown" },
    });
    await expect(world.until(kernel.call(top, "startChild", { id: "a" }))).resolves.toEqual({ refused: "otherThread" });
    kernel.cast(top, "anything");
    kernel.send(top, "hello");
    await world.runAsync();
    expect(kernel.isAlive(top)).toBe(true);
  });

  test("a process may add children to a supervisor, and hears of what is wrong", async () => {
    const { world, kernel } = simKernel();
    const top = await world.until(supervisor([]).start(kernel));
    const asker = actor(kernel);
    const Odd = genServer({ name: "odd", init: () => stop<never>("no luck") });
    await expect(world.until(Supervisor.startChild(asker.self, top, Odd))).rejects.toMatchObject({
      code: "ERR_START",
      reason: "no luck",
    });
    await expect(Supervisor.startChild(asker.self, top, { id: "", start: () => undefined })).rejects.toThrow(
      "expected id to be a string with at least one character",
    );
  });
});

describe("supervisor: thousands of children", () => {
  test("all killed at once are all restarted", async () => {
    const { world, kernel } = simKernel();
    let started = 0;
    const specs = Array.from({ length: 2000 }, (_, i) => ({
      id: `child ${i}`,
      start: (self: Process) => {
        started += 1;
        return self.spawnLink({ label: "child", handle: () => {} });
      },
    }));
    const top = await world.until(supervisor(specs, { maxRestarts: Number.POSITIVE_INFINITY }).start(kernel));
    for (const pid of kernel.processes()) if (pid !== top) kernel.exit(pid, "kill");
    await world.runAsync();
    expect(started).toBe(4000);
    kernel.exit(top, "shutdown");
    await world.runAsync();
    expect(kernel.processes()).toEqual([]);
  });
});
