import { describe, expect, test } from "vitest";
import { StartError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { ignore, noreply, stop } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { DownMessage, type ExitMessage } from "../../kernel/system-messages.ts";
import { type ChildSpec, childSpec } from "../../supervisor/child-spec.ts";
import {
  Supervisor,
  type SupervisorDefinition,
  type SupervisorProtocol,
  supervisor,
} from "../../supervisor/supervisor.ts";
import { actor, type SimKernel, simKernel, simKernels } from "../support/kernels.ts";
import { Supervised, type SupervisedOptions } from "../support/supervised.ts";

interface Options {
  /** Starts that fail, counted from 1. */
  readonly failing?: readonly number[];
  /** Milliseconds that it takes to end; only if it traps exits. */
  readonly slowMs?: number;
}

/** Children that say in a log when they start and end. */
class Stage {
  readonly log: string[] = [];
  readonly sim: SimKernel;
  readonly #starts = new Map<string, number>();

  constructor(sim: SimKernel = simKernel()) {
    this.sim = sim;
  }

  get kernel(): Kernel {
    return this.sim.kernel;
  }

  child(name: string, { failing = [], slowMs }: Options = {}) {
    const { log, sim } = this;
    const starts = this.#starts;
    return genServer({
      name,
      init() {
        const start = (starts.get(name) ?? 0) + 1;
        starts.set(name, start);
        if (failing.includes(start)) {
          log.push(`${name} fails`);
          throw new Error(`${name} cannot start`);
        }
        log.push(`${name} starts`);
        return {};
      },
      casts: { leave: (state, reason: unknown) => stop(reason, state), nothing: (state) => noreply(state) },
      terminate(_state, reason) {
        log.push(`${name} ends: ${String(reason)}`);
        if (slowMs !== undefined) return new Promise<void>((resolve) => void sim.world.alarm(slowMs, resolve));
      },
      trapExit: true,
    });
  }

  async start(definition: SupervisorDefinition): Promise<Pid<SupervisorProtocol>> {
    return this.sim.world.until(definition.start(this.kernel));
  }

  async run(forMs?: number): Promise<void> {
    await this.sim.world.runAsync(forMs === undefined ? {} : { forMs });
  }

  leave(name: string, reason: unknown): void {
    this.kernel.cast(name as never, "leave" as never, reason as never);
  }

  async children(pid: Pid<SupervisorProtocol>): Promise<Record<string, Pid | string | undefined>> {
    const children = await this.sim.world.until(this.kernel.call(pid, "whichChildren"));
    return Object.fromEntries(children.map((child) => [child.id, child.pid]));
  }
}

describe("supervisor: start and stop", () => {
  test("S7: starts in order, one after the other, and stops in reverse order, one at a time", async () => {
    const stage = new Stage();
    const Top = supervisor(
      ["a", "b", "c"].map((name) => childSpec(stage.child(name, { slowMs: 10 }), undefined, { name })),
    );
    const top = await stage.start(Top);
    stage.kernel.exit(top, "shutdown");
    const startMs = stage.sim.world.nowMs;
    await stage.run();
    expect(stage.log).toEqual([
      ...["a starts", "b starts", "c starts"],
      ...["c ends: shutdown", "b ends: shutdown", "a ends: shutdown"],
    ]);
    expect(stage.sim.world.nowMs - startMs).toBeGreaterThan(30);
    expect(stage.kernel.processes()).toEqual([]);
    expect(stage.sim.reports).toEqual([]);
  });

  test("S5: a child that fails at the start fails it; what has started is stopped in reverse, what comes later never starts", async () => {
    const stage = new Stage();
    const Top = supervisor([
      childSpec(stage.child("a")),
      childSpec(stage.child("b")),
      childSpec(stage.child("c", { failing: [1] })),
      childSpec(stage.child("d")),
    ]);
    const start = stage.start(Top);
    await expect(start).rejects.toThrow(StartError);
    await expect(start).rejects.toMatchObject({
      reason: { shutdown: { failedToStart: "c", reason: { error: { message: "c cannot start" } } } },
    });
    expect(stage.log).toEqual(["a starts", "b starts", "c fails", "b ends: shutdown", "a ends: shutdown"]);
    await stage.run();
    expect(stage.kernel.processes()).toEqual([]);
  });

  test("G2, S11: a child that is ignored is no failure: its spec stays, without a pid", async () => {
    const stage = new Stage();
    const Nothing = genServer({ name: "nothing", init: () => ignore() });
    const top = await stage.start(supervisor([childSpec(Nothing), childSpec(stage.child("a"))]));
    expect(await stage.children(top)).toEqual({ nothing: undefined, a: expect.anything() });
    expect(stage.sim.reports).toEqual([]);
  });

  test("S13: supervisors nest: the inner one is stopped with all of its own", async () => {
    const stage = new Stage();
    const Inner = supervisor([childSpec(stage.child("b")), childSpec(stage.child("c"))], { name: "Inner" });
    const Top = supervisor([childSpec(stage.child("a")), childSpec(Inner), childSpec(stage.child("d"))]);
    const top = await stage.start(Top);
    stage.kernel.exit(top, "shutdown");
    await stage.run();
    expect(stage.log.slice(4)).toEqual(["d", "c", "b", "a"].map((name) => `${name} ends: shutdown`));
    expect(stage.kernel.processes()).toEqual([]);
  });

  test("is stopped by its parent, and ignores the exits of strangers", async () => {
    const stage = new Stage();
    const parent = actor(stage.kernel);
    const stranger = actor(stage.kernel);
    await stage.run();
    const top = await stage.sim.world.until(supervisor([childSpec(stage.child("a"))]).startLink(parent.self));
    stranger.self.exit(top, "shutdown");
    await stage.run();
    expect(stage.kernel.isAlive(top)).toBe(true);
    parent.self.exit(parent.pid, "shutdown");
    await stage.run();
    expect(stage.log).toEqual(["a starts", "a ends: shutdown"]);
    expect(stage.kernel.processes()).toEqual([stranger.pid]);
  });

  test("that is killed takes its children along", async () => {
    const stage = new Stage();
    const top = await stage.start(supervisor([childSpec(stage.child("a"))]));
    stage.kernel.exit(top, "kill");
    await stage.run();
    expect(stage.log).toEqual(["a starts", "a ends: killed"]);
    expect(stage.kernel.processes()).toEqual([]);
  });
});

describe("supervisor: shutdown of a child", () => {
  /** Traps exits and does not care. */
  const Stubborn = (log: unknown[]) => ({
    label: "stubborn",
    init: (self: Process) => {
      self.trapExit = true;
    },
    handle: (_self: Process, message: unknown) => void log.push((message as ExitMessage).reason),
  });

  function stubbornChild(stage: Stage, log: unknown[], shutdown: number | "brutalKill" | "infinity") {
    return {
      ...childSpec(stage.child("unused"), undefined, { id: "stubborn", shutdown }),
      start: (self: Process) => self.kernel.start(self, Stubborn(log), undefined, { link: true, name: "stubborn" }),
    };
  }

  test("S6: is told `shutdown`, and killed when it is still there after so many milliseconds", async () => {
    const stage = new Stage();
    const log: unknown[] = [];
    const top = await stage.start(supervisor([stubbornChild(stage, log, 200)]));
    const startMs = stage.sim.world.nowMs;
    stage.kernel.exit(top, "shutdown");
    await stage.run(199);
    expect(stage.kernel.names.whereis("stubborn")).toBeDefined();
    await stage.run();
    expect(log).toEqual(["shutdown"]);
    expect(stage.kernel.processes()).toEqual([]);
    expect(stage.sim.world.nowMs - startMs).toBeLessThan(205);
    expect(stage.sim.reports).toMatchObject([
      { kind: "supervisor", event: "shutdownError", child: "stubborn", reason: "killed" },
    ]);
  });

  test("S6: with `brutalKill` is killed at once, and nothing is reported", async () => {
    const stage = new Stage();
    const log: unknown[] = [];
    const top = await stage.start(supervisor([stubbornChild(stage, log, "brutalKill")]));
    stage.kernel.exit(top, "shutdown");
    await stage.run(5);
    expect(log).toEqual([]);
    expect(stage.kernel.processes()).toEqual([]);
    expect(stage.sim.reports).toEqual([]);
  });

  test("S6: with `infinity` is waited for", async () => {
    const stage = new Stage();
    const log: unknown[] = [];
    const top = await stage.start(supervisor([stubbornChild(stage, log, "infinity")]));
    stage.kernel.exit(top, "shutdown");
    await stage.run(3600_000);
    expect(stage.kernel.isAlive(top)).toBe(true);
    stage.kernel.exit(stage.kernel.names.whereis("stubborn")!, "kill");
    await stage.run();
    expect(stage.kernel.processes()).toEqual([]);
  });

  test("S6: one that has unlinked itself is waited for as well", async () => {
    const stage = new Stage();
    const top = await stage.start(supervisor([childSpec(stage.child("a", { slowMs: 50 }), undefined, { name: "a" })]));
    const a = stage.kernel.names.whereis("a")!;
    stage.kernel.localProcess(a.serial)!.unlink(top);
    const watcher = actor(stage.kernel);
    watcher.self.monitor(a);
    watcher.self.monitor(top);
    stage.kernel.exit(top, "shutdown");
    // It is no parent's exit that it gets, since there is no link: the signal itself says who sent it.
    await stage.run();
    expect(watcher.messages.map((message) => (message as DownMessage).object)).toEqual([a, top]);
  });

  test("S14: one that ended just before it was to be stopped is reported with its own reason", async () => {
    const stage = new Stage();
    const top = await stage.start(supervisor([childSpec(stage.child("a"), undefined, { name: "a" })]));
    // Both are in the supervisor's mailbox before it has its turn; the order is the seed's, and here the stop is first.
    stage.kernel.exit(top, "shutdown");
    stage.kernel.exit(stage.kernel.names.whereis("a")!, "kill");
    await stage.run();
    expect(stage.sim.reports).toMatchObject([{ event: "shutdownError", child: "a", reason: "killed" }]);
  });
});

describe("supervisor: restarts", () => {
  test.each([
    ["permanent", "normal", true],
    ["permanent", "shutdown", true],
    ["permanent", "odd", true],
    ["transient", "normal", false],
    ["transient", "shutdown", false],
    ["transient", { shutdown: "deploy" }, false],
    ["transient", "odd", true],
    ["temporary", "normal", false],
    ["temporary", "odd", false],
  ] as const)("S3: a %s child that ends with %j is restarted: %s", async (restart, reason, restarted) => {
    const stage = new Stage();
    const top = await stage.start(
      supervisor([
        childSpec(stage.child("a"), undefined, { name: "a", restart }),
        childSpec(stage.child("b"), undefined, { name: "b" }),
      ]),
    );
    const before = await stage.children(top);
    stage.leave("a", reason);
    await stage.run();
    const after = await stage.children(top);
    expect(after.b).toBe(before.b); // oneForOne: its sibling is not touched
    if (restarted) {
      expect(after.a).not.toBe(before.a);
      expect(stage.kernel.names.whereis("a")).toBe(after.a); // K14: under the same name
    } else {
      expect(after.a).toBeUndefined();
      expect("a" in after).toBe(restart !== "temporary"); // the spec of a temporary child is dropped
    }
  });

  test("S4: more than 3 restarts within 5 s: it stops all children in reverse order, then itself with shutdown", async () => {
    const stage = new Stage();
    const Top = supervisor(["a", "b"].map((name) => childSpec(stage.child(name), undefined, { name })));
    const top = await stage.start(Top);
    const watcher = actor(stage.kernel);
    const ref = watcher.self.monitor(top);
    for (let i = 0; i < 3; i++) {
      stage.leave("a", "odd");
      await stage.run(1000);
    }
    expect(stage.kernel.isAlive(top)).toBe(true);
    stage.leave("a", "odd");
    await stage.run();
    expect(watcher.messages).toEqual([new DownMessage(ref, top, "shutdown")]);
    expect(stage.log.slice(-2)).toEqual(["a ends: odd", "b ends: shutdown"]);
    expect(stage.kernel.processes()).toEqual([watcher.pid]);
    expect(stage.sim.reports.at(-1)).toMatchObject({ kind: "supervisor", event: "shutdown", child: "a" });
  });

  test("S4: restarts that are far enough apart never add up", async () => {
    const stage = new Stage();
    const top = await stage.start(
      supervisor([childSpec(stage.child("a"), undefined, { name: "a" })], { maxRestarts: 1, maxSeconds: 2 }),
    );
    for (let i = 0; i < 10; i++) {
      stage.leave("a", "odd");
      await stage.run(2001);
    }
    expect(stage.kernel.isAlive(top)).toBe(true);
    expect(stage.log.filter((line) => line === "a starts")).toHaveLength(11);
  });

  test("S4: the intensity counts for all children together", async () => {
    const stage = new Stage();
    const Top = supervisor(
      ["a", "b"].map((name) => childSpec(stage.child(name), undefined, { name })),
      { maxRestarts: 1 },
    );
    const top = await stage.start(Top);
    stage.leave("a", "odd");
    stage.leave("b", "odd");
    await stage.run();
    expect(stage.kernel.isAlive(top)).toBe(false);
  });

  test("S4: escalates: the supervisor above restarts the one that gave up, with all of its children", async () => {
    const stage = new Stage();
    const Inner = supervisor(
      ["a", "b"].map((name) => childSpec(stage.child(name), undefined, { name })),
      { name: "Inner", maxRestarts: 0 },
    );
    const top = await stage.start(supervisor([childSpec(Inner)]));
    const { Inner: first } = await stage.children(top);
    stage.leave("a", "odd");
    await stage.run();
    const { Inner: second } = await stage.children(top);
    expect(second).not.toBe(first);
    expect(Object.keys(await stage.children(second as Pid<SupervisorProtocol>))).toEqual(["a", "b"]);
    expect(stage.log).toEqual([
      ...["a starts", "b starts", "a ends: odd", "b ends: shutdown"],
      ...["a starts", "b starts"],
    ]);
  });

  test("S5: a restart that fails counts, and is tried again", async () => {
    const stage = new Stage();
    const top = await stage.start(
      supervisor([childSpec(stage.child("a", { failing: [2, 3] }), undefined, { name: "a" })]),
    );
    stage.leave("a", "odd");
    await stage.run();
    expect(stage.kernel.isAlive(top)).toBe(true);
    expect(stage.log).toEqual(["a starts", "a ends: odd", "a fails", "a fails", "a starts"]);
    expect(stage.sim.reports.filter((report) => report.kind === "supervisor").map(({ event }) => event)).toEqual([
      ...["childTerminated", "startError", "startError"],
    ]);
  });

  test("S5: until the intensity is exceeded", async () => {
    const stage = new Stage();
    const failing = Array.from({ length: 20 }, (_, i) => i + 2);
    const top = await stage.start(
      supervisor([childSpec(stage.child("a", { failing }), undefined, { name: "a" }), childSpec(stage.child("b"))]),
    );
    stage.leave("a", "odd");
    await stage.run();
    expect(stage.kernel.isAlive(top)).toBe(false);
    expect(stage.log).toEqual([
      "a starts",
      "b starts",
      "a ends: odd",
      "a fails",
      "a fails",
      "a fails",
      "b ends: shutdown",
    ]);
    expect(stage.kernel.processes()).toEqual([]);
  });

  test("a name that somebody else took meanwhile is a start that fails, with who has it", async () => {
    const stage = new Stage();
    const thief = actor(stage.kernel);
    const top = await stage.start(
      supervisor([childSpec(stage.child("a"), undefined, { name: "a" })], { maxRestarts: 2 }),
    );
    const a = stage.kernel.names.whereis("a")!;
    stage.kernel.localProcess(a.serial)!.own({ [Symbol.dispose]: () => thief.self.register("a") });
    stage.leave("a", "odd");
    await stage.run();
    expect(stage.kernel.isAlive(top)).toBe(false);
    expect(
      stage.sim.reports.filter((report) => report.kind === "supervisor" && report.event === "startError"),
    ).toMatchObject([{ reason: { alreadyStarted: thief.pid } }, { reason: { alreadyStarted: thief.pid } }]);
  });

  test("S14: what ended is reported with its reason and pid", async () => {
    const stage = new Stage();
    await stage.start(supervisor([childSpec(stage.child("a"), undefined, { name: "a" })], { name: "Top" }));
    stage.leave("a", "odd");
    await stage.run();
    const reports = stage.sim.reports.filter(({ kind }) => kind === "supervisor");
    expect(reports).toEqual([
      {
        kind: "supervisor",
        supervisor: "Top <0.1>",
        event: "childTerminated",
        child: "a",
        pid: "<0.2>",
        reason: "odd",
      },
    ]);
  });
});

describe("supervisor: whichChildren and countChildren", () => {
  test("S10: tell ids, pids and types, in the order of starting; and how many there are", async () => {
    const stage = new Stage();
    const Inner = supervisor([], { name: "Inner" });
    const top = await stage.start(
      supervisor([childSpec(stage.child("a"), undefined, { name: "a", restart: "transient" }), childSpec(Inner)]),
    );
    const { world } = stage.sim;
    expect(await world.until(stage.kernel.call(top, "whichChildren"))).toEqual([
      { id: "a", pid: stage.kernel.names.whereis("a"), type: "worker", restart: "transient" },
      { id: "Inner", pid: expect.anything(), type: "supervisor", restart: "permanent" },
    ]);
    stage.leave("a", "normal");
    await stage.run();
    expect(await world.until(stage.kernel.call(top, "countChildren"))).toEqual({
      specs: 2,
      active: 1,
      supervisors: 1,
      workers: 1,
    });
    expect((await stage.children(top)).a).toBeUndefined();
  });
});

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

describe("supervisor: change of code", () => {
  async function changed(before: string, after: string, options: SupervisedOptions = {}) {
    const tree = new Supervised(options);
    let children = before;
    const { world, kernel } = tree.sim;
    const top = await world.until(supervisor(() => tree.specs(children), options).start(kernel));
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
