/** Supervisors: how their children start, stop and are restarted. */
import { describe, expect, test } from "vitest";
import { StartError } from "../../kernel/errors.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { ignore } from "../../kernel/server/outcome.ts";
import { DownMessage, type ExitMessage } from "../../kernel/system-messages.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { type SupervisorProtocol, supervisor } from "../../supervisor/supervisor.ts";
import { actor } from "../support/kernels.ts";
import { SupervisorStage } from "../support/supervisor-stage.ts";

describe("supervisor: start and stop", () => {
  test("S7: starts in order, one after the other, and stops in reverse order, one at a time", async () => {
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
    const Nothing = genServer({ name: "nothing", init: () => ignore() });
    const top = await stage.start(supervisor([childSpec(Nothing), childSpec(stage.child("a"))]));
    expect(await stage.children(top)).toEqual({ nothing: undefined, a: expect.anything() });
    expect(stage.sim.reports).toEqual([]);
  });

  test("S13: supervisors nest: the inner one is stopped with all of its own", async () => {
    const stage = new SupervisorStage();
    const Inner = supervisor([childSpec(stage.child("b")), childSpec(stage.child("c"))], { name: "Inner" });
    const Top = supervisor([childSpec(stage.child("a")), childSpec(Inner), childSpec(stage.child("d"))]);
    const top = await stage.start(Top);
    stage.kernel.exit(top, "shutdown");
    await stage.run();
    expect(stage.log.slice(4)).toEqual(["d", "c", "b", "a"].map((name) => `${name} ends: shutdown`));
    expect(stage.kernel.processes()).toEqual([]);
  });

  test("is stopped by its parent, and ignores the exits of strangers", async () => {
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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

  function stubbornChild(stage: SupervisorStage, log: unknown[], shutdown: number | "brutalKill" | "infinity") {
    return {
      ...childSpec(stage.child("unused"), undefined, { id: "stubborn", shutdown }),
      start: (self: Process) => self.kernel.start(self, Stubborn(log), undefined, { link: true, name: "stubborn" }),
    };
  }

  test("S6: is told `shutdown`, and killed when it is still there after so many milliseconds", async () => {
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
    const log: unknown[] = [];
    const top = await stage.start(supervisor([stubbornChild(stage, log, "brutalKill")]));
    stage.kernel.exit(top, "shutdown");
    await stage.run(5);
    expect(log).toEqual([]);
    expect(stage.kernel.processes()).toEqual([]);
    expect(stage.sim.reports).toEqual([]);
  });

  test("S6: with `infinity` is waited for", async () => {
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
    const stage = new SupervisorStage();
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
