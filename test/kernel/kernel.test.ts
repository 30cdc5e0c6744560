import { describe, expect, test } from "vitest";
import type { Behaviour } from "../../kernel/behaviour.ts";
import { StartError } from "../../kernel/errors.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Report } from "../../kernel/observe/report.ts";
import { readStats } from "../../kernel/observe/stats.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply } from "../../kernel/server/outcome.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { SimWorld } from "../../kernel/testing/index.ts";
import { actor, simKernel } from "../support/kernels.ts";

describe("maxProcesses", () => {
  test("K38: spawn throws at the limit, and works again when somebody has ended", () => {
    const { kernel } = simKernel({ maxProcesses: 3 });
    const actors = [actor(kernel), actor(kernel), actor(kernel)];
    expect(() => actor(kernel)).toThrow(StartError);
    expect(() => actor(kernel)).toThrow("expected fewer than 3 processes on thread 0");
    kernel.exit(actors[0]!.pid, "kill");
    expect(kernel.isAlive(actor(kernel).pid)).toBe(true);
  });
});

describe("start", () => {
  const behaviour = (init: (self: Process, arg: unknown) => void | Promise<void>) => ({
    label: "a",
    init,
    handle() {},
  });

  test("K34: waits until init has returned, and gives the pid", async () => {
    const { world, kernel } = simKernel();
    const pid = kernel.start(
      undefined,
      behaviour(async () => void (await delay(world, 50))),
      undefined,
    );
    await world.until(pid);
    expect(world.nowMs).toBeGreaterThan(50);
    expect(kernel.processes()).toEqual([await pid]);
  });

  test("K34: an init that fails, or exits, fails the start with its reason; linked, there is an exit signal, too", async () => {
    const { world, kernel } = simKernel();
    const parent = actor(kernel, { trapExit: true });
    const started = (run: Behaviour<unknown>) =>
      kernel.start(parent.self, run, undefined, { link: true }).catch((error: StartError) => error.reason);
    const reasons = await world.until(
      Promise.all([
        started(behaviour(() => Promise.reject(new Error("no room")))),
        started(behaviour((self) => self.exit({ shutdown: "not now" }))),
      ]),
    );
    expect(reasons).toMatchObject([{ error: { message: "no room" } }, { shutdown: "not now" }]);
    await world.runAsync();
    expect(parent.messages).toMatchObject([
      { reason: { shutdown: "not now" } },
      { reason: { error: { message: "no room" } } },
    ]);
  });

  test("K34: a timeout kills the child; nothing is left of it", async () => {
    const { world, kernel } = simKernel();
    const started = kernel
      .start(
        undefined,
        behaviour(() => delay(world, 1000)),
        undefined,
        { timeout: 50, name: "slow" },
      )
      .catch((error: StartError) => error.reason);
    expect(await world.until(started)).toBe("timeout");
    expect([kernel.processes(), kernel.names.registered(), kernel.timers.size]).toEqual([[], [], 0]);
  });

  test("K34: a crash report says who started it, and what was lost", async () => {
    const { world, kernel, reports } = simKernel();
    const parent = actor(kernel);
    const child = parent.self.spawn({
      label: "child",
      handle() {
        throw new Error("crash");
      },
    });
    for (let n = 0; n < 3; n++) kernel.send(child, n);
    await world.runAsync();
    expect(reports).toMatchObject([
      { kind: "crash", pid: String(child), label: "child", parent: String(parent.pid), mailboxLength: 2 },
    ]);
  });

  test("K34: a crash report says from whom it descends, and with whom it is linked", async () => {
    const { world, kernel, reports } = simKernel();
    const root = actor(kernel);
    const parent = kernel.localProcess(root.self.spawn({ label: "parent", handle: () => {} }).serial)!;
    const child = parent.spawn(async (self) => {
      for (let n = 0; n < 20; n++) self.spawnLink(async (linked) => void (await linked.receive()));
      throw new Error("crash");
    });
    await world.runAsync();
    const [report] = reports.filter((each) => each.kind === "crash");
    expect(report).toMatchObject({ pid: String(child), ancestors: [String(parent.pid), String(root.pid)] });
    const { links } = report as Extract<Report, { kind: "crash" }>;
    expect([links.length, links[0], links.at(-1)]).toEqual([17, `<0.${child.serial + 1}>`, "..."]);
  });

  test("K1: the options of a spawn are in force before its process runs; a bad one spawns nothing", () => {
    const { world, kernel } = simKernel();
    const parent = actor(kernel, { trapExit: true });
    const seen: unknown[] = [];
    const child = parent.self.spawn(
      (self) => {
        seen.push(kernel.processInfo(self.pid));
        self.exit("done");
      },
      undefined,
      { link: true, name: "child", label: "a child", trapExit: true, priority: "high", mailbox: { max: 1 } },
    );
    for (let n = 0; n < 3; n++) kernel.send("child", n);
    world.run();
    expect(seen).toMatchObject([
      { registeredName: "child", label: "a child", trapExit: true, priority: "high", links: [parent.pid], dropped: 2 },
    ]);
    expect(parent.messages).toMatchObject([{ type: "exit", from: child, reason: "done" }]);
    for (const options of [
      { priority: "urgent" as "high" },
      { mailbox: { max: 0 } },
      { maxStateBytes: 0 },
      { name: "" },
    ]) {
      expect(() => parent.self.spawn(() => {}, undefined, options)).toThrow();
    }
    expect(kernel.processes()).toEqual([parent.pid]);
  });

  test.each([-1, Number.NaN, "10"])("a call refuses a timeout of %s", async (timeout) => {
    const { kernel } = simKernel();
    const call = kernel.callBy(undefined, actor(kernel).pid, "x", 1, { timeout: timeout as number });
    await expect(call).rejects.toThrow('Call "x": expected timeout to be milliseconds of at least 0, or Infinity, got');
  });

  test("a call refuses a name that is no string", async () => {
    const { kernel } = simKernel();
    const call = kernel.callBy(undefined, actor(kernel).pid, 7 as never, 1);
    await expect(call).rejects.toThrow("Call: expected the name of the request to be a string, got 7.");
  });
});

function delay(world: SimWorld, ms: number): Promise<void> {
  return new Promise((resolve) => world.alarm(ms, resolve));
}

describe("maxMailbox", () => {
  test("G22: messages beyond the limit are dropped, counted and reported once; the older ones stay", () => {
    const { world, kernel, reports } = simKernel({ maxMailbox: 3 });
    const a = actor(kernel);
    for (let n = 1; n <= 5; n++) kernel.send(a.pid, n);
    expect(readStats(kernel.stats).dropped).toBe(2);
    expect(reports).toMatchObject([{ kind: "mailboxFull", pid: String(a.pid), limit: 3 }]);
    world.run();
    expect(a.messages).toEqual([1, 2, 3]);
    kernel.send(a.pid, 6);
    world.run();
    expect(a.messages).toEqual([1, 2, 3, 6]);
  });

  test("G22: a call fails with `mailboxFull`; exit and down messages always pass", async () => {
    const { world, kernel } = simKernel({ maxMailbox: 1 });
    const a = actor(kernel, { trapExit: true });
    const b = actor(kernel);
    const ref = a.self.monitor(b.pid);
    kernel.send(a.pid, 1);
    const call = kernel.call(a.pid as Pid, "anything").catch((error: { reason: unknown }) => error.reason);
    kernel.exit(b.pid, "over");
    kernel.exit(a.pid, "trapped");
    expect(await world.until(call)).toBe("mailboxFull");
    await world.runAsync();
    expect(a.messages).toMatchObject([1, new DownMessage(ref, b.pid, "over"), { type: "exit", reason: "trapped" }]);
  });
});

describe("Kernel", () => {
  test.each([
    ["maxProcesses", 0],
    ["maxMailbox", -1],
    ["sliceMs", Number.NaN],
  ])("refuses %s: %s", (option, value) => {
    expect(() => new Kernel({ [option]: value })).toThrow(`Kernel option ${option}: expected a number above 0, got`);
  });

  test("counts what happens", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    kernel.spawn(() => {
      throw new Error("crash");
    });
    kernel.send(a.pid, 1);
    world.run();
    expect(readStats(kernel.stats)).toMatchObject({
      processes: 1,
      spawned: 2,
      crashed: 1,
      messages: 1,
      dropped: 0,
      running: 0,
    });
  });

  test("a reporter that throws does not stop the kernel in the middle of an end", () => {
    const world = new SimWorld(1);
    const lines: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = (line: unknown) => lines.push(String(line)) > 0;
    try {
      const kernel = new Kernel({
        world,
        report() {
          throw new Error("the disk is full");
        },
      });
      const others = [actor(kernel), actor(kernel)];
      kernel.spawn((self) => {
        for (const other of others) self.link(other.pid);
        throw new Error("crash");
      });
      const survivor = actor(kernel);
      kernel.send(survivor.pid, 1);
      world.run();
      expect(kernel.processes()).toEqual([survivor.pid]);
      expect(survivor.messages).toEqual([1]);
    } finally {
      process.stderr.write = write;
    }
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual(["Error: crash", "Error: the disk is full"]);
  });

  test("close ends all processes and timers, and fails the calls that wait", async () => {
    const { world, kernel } = simKernel();
    const Silent = genServer({ init: () => 1, calls: { ask: (state) => noreply(state) } });
    const silent = await world.until(Silent.start(kernel));
    const call = kernel.call(silent, "ask").catch((error: { reason: unknown }) => error.reason);
    actor(kernel).self.sendInterval(10, "tick");
    await world.runAsync({ forMs: 5 });
    kernel.close();
    expect(await world.until(call)).toBe("killed");
    expect([kernel.processes().length, kernel.timers.size]).toEqual([0, 0]);
    expect(await world.runAsync({ forMs: 1000 })).toBeLessThan(3);
  });

  test("several live in one program and know nothing of each other", () => {
    const world = new SimWorld(1);
    const [one, two] = [new Kernel({ world, thread: 1 }), new Kernel({ world, thread: 2 })];
    actor(one, { name: "same" });
    const other = actor(two, { name: "same" });
    one.broadcast("topic", 1);
    world.run();
    expect(two.names.whereis("same")).toBe(other.pid);
    expect(other.messages).toEqual([]);
  });
});
