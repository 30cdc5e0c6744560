/** Supervisors: what the start of a child may do, where it may be, and what happens if it does not come back. */
import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { stop } from "../../kernel/server/outcome.ts";
import { type ChildSpec, childSpec } from "../../supervisor/child-spec.ts";
import { Supervisor, supervisor } from "../../supervisor/supervisor.ts";
import { simKernel, simKernels } from "../support/kernels.ts";
import { Supervised, type SupervisedOptions } from "../support/supervised.ts";

describe("supervisor: a child that does not come back", () => {
  /** One that takes 10 ms to find out that it cannot start, from its second start on. */
  async function failing(options: SupervisedOptions = {}): Promise<Supervised> {
    const tree = new Supervised({
      maxRestarts: Number.POSITIVE_INFINITY,
      fails: { b: Array.from({ length: 100 }, (_, i) => i + 2) },
      ...options,
    });
    await tree.start("a b%10 c");
    tree.takeLog();
    tree.kernel.send(tree.pid("b"), { leave: "odd" });
    await tree.run(15); // in the second attempt
    return tree;
  }

  test("S5, S10: is restarting, which requests are told between two attempts", async () => {
    const tree = await failing();
    expect(await tree.state()).toBe("a b~ c");
    const counts = await tree.sim.world.until(Supervisor.countChildren(tree.kernel, tree.top));
    expect(counts).toEqual({ specs: 3, active: 2, supervisors: 0, workers: 3 });
  });

  test.each([
    ["restartChild", "restarting"],
    ["deleteChild", "restarting"],
  ] as const)("S11: %s is refused: %s", async (request, reason) => {
    const tree = await failing();
    const asked = Supervisor[request](tree.kernel, tree.top, "b");
    await expect(tree.sim.world.until<unknown>(asked)).rejects.toMatchObject({ code: "ERR_SUPERVISOR", reason });
  });

  test("S11: startChild with its id is refused: alreadyPresent", async () => {
    const tree = await failing();
    const asked = Supervisor.startChild(tree.kernel, tree.top, { id: "b", start: () => undefined });
    await expect(tree.sim.world.until<unknown>(asked)).rejects.toMatchObject({ reason: "alreadyPresent" });
  });

  test("S11: terminateChild ends the attempts; it may be started by hand", async () => {
    const tree = await failing();
    await tree.sim.world.until(Supervisor.terminateChild(tree.kernel, tree.top, "b"));
    await tree.run();
    expect(await tree.state()).toBe("a b. c");
    await expect(tree.sim.world.until(Supervisor.restartChild(tree.kernel, tree.top, "b"))).rejects.toThrow(
      /^Supervisor <0\.1>, restartChild of "b": it did not start: Error: b cannot start\.$/,
    );
    expect(await tree.state()).toBe("a b. c"); // not tried again
  });

  test("S7: its supervisor can be stopped between two attempts", async () => {
    const tree = await failing();
    tree.kernel.exit(tree.top, "shutdown");
    await tree.run();
    expect(await tree.state()).toBe("gone: shutdown");
    expect(tree.takeLog()).toMatch(/^b! (b\? )+c- a-$/);
  });

  test("S5: under oneForAll: those after it are down, those before it are restarted with each attempt", async () => {
    const tree = await failing({ strategy: "oneForAll" });
    expect(await tree.state()).toBe("a b~ c.");
    expect(tree.takeLog()).toMatch(/^b! c- a- a\+ b\? (a- a\+ b\? ?)+/);
  });

  test("S8: allSignificant: it counts as one that is left", async () => {
    const tree = new Supervised({
      autoShutdown: "allSignificant",
      maxRestarts: Number.POSITIVE_INFINITY,
      fails: { b: Array.from({ length: 30 }, (_, i) => i + 2) },
    });
    await tree.start("a:transient* b:transient*%10");
    tree.kernel.send(tree.pid("b"), { leave: "odd" });
    await tree.run(15);
    tree.kernel.send(tree.pid("a"), { leave: "normal" });
    await tree.run(50);
    expect(await tree.state()).toBe("a. b~");
  });
});

describe("supervisor: what start may do", () => {
  test("S9: a child may be a plain function, and start at once", async () => {
    const sim = simKernel();
    const log: string[] = [];
    const Top = supervisor([
      {
        id: "ticker",
        start: (self) =>
          self.spawnLink(async function ticker(self) {
            log.push("ticks");
            await self.receive();
            self.exit("odd");
          }),
      },
    ]);
    const top = await sim.world.until(Top.start(sim.kernel));
    const [ticker] = await sim.world.until(Supervisor.whichChildren(sim.kernel, top));
    sim.kernel.send(ticker?.pid as Pid, "go");
    await sim.world.runAsync();
    expect(log).toEqual(["ticks", "ticks"]);
  });

  test("a child that its start did not link is linked: its end does not go unnoticed", async () => {
    const sim = simKernel();
    let started = 0;
    const Top = supervisor([
      {
        id: "loner",
        start: (self) => {
          started += 1;
          return self.spawn({ label: "loner", handle: () => {} });
        },
      },
    ]);
    const top = await sim.world.until(Top.start(sim.kernel));
    const [loner] = await sim.world.until(Supervisor.whichChildren(sim.kernel, top));
    sim.kernel.exit(loner?.pid as Pid, "odd");
    await sim.world.runAsync();
    expect(started).toBe(2);
    sim.kernel.exit(top, "kill");
    await sim.world.runAsync();
    expect(sim.kernel.processes()).toEqual([]);
  });

  test("a child that has ended before its start returned is restarted", async () => {
    const sim = simKernel();
    const Brief = genServer({ name: "Brief", init: () => ({}), casts: { end: (state) => stop("odd", state) } });
    let started = 0;
    const Top = supervisor(
      [
        {
          id: "brief",
          start: async (self) => {
            started += 1;
            const pid = await Brief.startLink(self);
            if (started === 1) self.kernel.exit(pid, "kill");
            return pid;
          },
        },
      ],
      { maxRestarts: 1 },
    );
    const top = await sim.world.until(Top.start(sim.kernel));
    await sim.world.runAsync();
    expect(started).toBe(2);
    expect(await sim.world.until(Supervisor.countChildren(sim.kernel, top))).toMatchObject({ active: 1 });
  });

  test("a child that comes up after its supervisor was killed is ended", async () => {
    const sim = simKernel();
    const Top = supervisor([
      {
        id: "late",
        start: async () => {
          await new Promise<void>((resolve) => void sim.world.alarm(50, resolve));
          return sim.kernel.spawn({ label: "late", handle: () => {} }, undefined, { label: "late" });
        },
      },
    ]);
    const starting = Top.start(sim.kernel).catch(() => "failed");
    await sim.world.runAsync({ forMs: 10 });
    sim.kernel.exit(sim.kernel.processes()[0]!, "kill");
    await sim.world.runAsync();
    expect(await starting).toBe("failed");
    expect(sim.kernel.processes()).toEqual([]);
  });

  test("what is no pid is a failure to start", async () => {
    const sim = simKernel();
    const start = supervisor([{ id: "odd", start: (() => ({ pid: 1 })) as never }]).start(sim.kernel);
    await expect(sim.world.until(start)).rejects.toMatchObject({
      reason: {
        shutdown: { reason: { error: { message: expect.stringContaining('Child spec "odd": expected start to') } } },
      },
    });
  });
});

describe("supervisor: a child on another thread", () => {
  test("its end, and the end of its thread, are heard of; it is stopped as any other", async () => {
    const { world, kernels, at, endThread } = simKernels(3);
    const [one, two, three] = kernels as [Kernel, Kernel, Kernel];
    const hosts = [two, two, three];
    const started: Pid[] = [];
    const away: ChildSpec = {
      id: "away",
      start: () => {
        const pid = hosts[started.length]!.spawn({ label: "away", handle: () => {} });
        started.push(pid);
        return at(one, pid);
      },
    };
    const top = await world.until(supervisor([away]).start(one));
    await world.runAsync();
    two.exit(started[0]!, "odd");
    await world.runAsync();
    expect(started).toHaveLength(2);
    endThread(two);
    await world.runAsync();
    expect(started).toHaveLength(3);
    expect(await world.until(Supervisor.countChildren(one, top))).toMatchObject({ active: 1 });
    one.exit(top, "shutdown");
    await world.runAsync();
    expect(three.processes()).toEqual([]);
    expect(one.processes()).toEqual([]);
  });
});

describe("supervisor: children from a function", () => {
  const Stock = genServer({ name: "Stock", init: (name: string) => name });
  const Shop = supervisor(
    (names: readonly string[]) => names.map((name) => childSpec(Stock, name, { id: name, restart: "transient" })),
    { name: "Shop" },
  );

  test("S9: gets the argument that the supervisor is started with", async () => {
    const { kernel, world } = simKernel();
    const shop = await world.until(Shop.start(kernel, ["acme", "blau"]));
    const children = await world.until(Supervisor.whichChildren(kernel, shop));
    expect(children.map(({ id }) => id)).toEqual(["acme", "blau"]);
  });

  test("S9: a wrong spec fails the start, before anything starts", async () => {
    const { kernel, world } = simKernel();
    const start = Shop.start(kernel, ["acme", "acme"]);
    await expect(world.until(start)).rejects.toMatchObject({
      reason: { error: { name: "ChildSpecError", message: expect.stringContaining("expected ids to differ") } },
    });
    expect(kernel.processes()).toEqual([]);
  });

  test("S13: as a child, and is asked again at a restart", async () => {
    const { kernel, world } = simKernel();
    let asked = 0;
    const Inner = supervisor(
      () => {
        asked += 1;
        return [childSpec(Stock, "acme", { name: "acme" })];
      },
      { name: "Inner", maxRestarts: 0 },
    );
    await world.until(supervisor([Inner]).start(kernel));
    kernel.exit(kernel.names.whereis("acme")!, "kill");
    await world.runAsync();
    expect(asked).toBe(2);
    expect(kernel.names.whereis("acme")).toBeDefined();
  });
});
