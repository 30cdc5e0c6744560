import { describe, expect, test } from "vitest";
import type { CastMessage } from "../../kernel/calls.ts";
import { MailboxError, OptionError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { MailboxOptions } from "../../kernel/mailbox-options.ts";
import { readStats } from "../../kernel/observe/stats.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { timedOut } from "../../kernel/receive.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { actor, scene, simKernel, simKernels } from "../support/kernels.ts";

const full = (kernel: Kernel, mailbox: MailboxOptions, trapExit = true) => {
  const a = actor(kernel, { mailbox, trapExit });
  for (let n = 1; n <= 3; n++) kernel.send(a.pid, n);
  return a;
};

const infoOf = (kernel: Kernel, pid: Pid) => kernel.processInfo(pid)!;

describe("overflow", () => {
  test("G22, M9: dropNewest drops what comes, and counts it", () => {
    const { world, kernel, reports } = simKernel();
    const a = full(kernel, { max: 3, overflow: "dropNewest" });
    for (let n = 4; n <= 9; n++) kernel.send(a.pid, n);
    expect(infoOf(kernel, a.pid)).toMatchObject({ dropped: 6, messageQueueLength: 3, messageQueueHighWater: 3 });
    expect(readStats(kernel.stats).dropped).toBe(6);
    expect(reports).toMatchObject([{ kind: "mailboxFull", pid: String(a.pid), limit: 3 }]);
    world.run();
    expect(a.messages).toEqual([1, 2, 3]);
  });

  test("G22, M9: dropOldest drops the oldest that waits", () => {
    const { world, kernel } = simKernel();
    const a = full(kernel, { max: 3, overflow: "dropOldest" });
    for (let n = 4; n <= 9; n++) kernel.send(a.pid, n);
    expect(infoOf(kernel, a.pid)).toMatchObject({ dropped: 6, messageQueueLength: 3 });
    world.run();
    expect(a.messages).toEqual([7, 8, 9]);
  });

  test("G22, M9: dropOldest passes over what is urgent and what the kernel sent; a call that is dropped is told", async () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel, { mailbox: { max: 4, overflow: "dropOldest" }, trapExit: true });
    const urgently = a.self.alias({ priority: true });
    const other = actor(kernel);
    const ref = a.self.monitor(other.pid);
    kernel.exit(other.pid, "over");
    kernel.send(urgently, "urgent", { priority: true });
    const call = kernel.call(a.pid as Pid, "anything").catch((error: { reason: unknown }) => error.reason);
    for (let n = 1; n <= 3; n++) kernel.send(a.pid, n);
    expect(await world.until(call)).toBe("mailboxFull");
    await world.runAsync();
    expect(a.messages).toEqual(["urgent", new DownMessage(ref, other.pid, "over"), 2, 3]);
  });

  test("G22, M9: dropOldest goes on looking where it was, for a receive that waits", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(
      sim,
      async (self, seen) => {
        seen.push(await self.receive({ match: (message): message is string => message === "wanted" }));
        seen.push(await self.receive({ after: 0 }), await self.receive({ after: 0 }), await self.receive({ after: 0 }));
      },
      { mailbox: { max: 3, overflow: "dropOldest" } },
    );
    for (const message of [1, 2, 3, 4, "wanted"]) {
      sim.kernel.send(pid, message);
      await sim.world.runAsync();
    }
    expect(seen).toEqual(["wanted", 3, 4, timedOut]);
  });

  test("G22, M9: a mailbox full of the kernel's own messages drops the newest; looking for an older one is bounded", () => {
    const { kernel } = simKernel();
    const a = actor(kernel, { mailbox: { max: 2, overflow: "dropOldest" }, trapExit: true });
    for (let n = 0; n < 100; n++) kernel.exit(a.pid, n);
    kernel.send(a.pid, "no room");
    expect(infoOf(kernel, a.pid)).toMatchObject({ dropped: 1, messageQueueLength: 100 });
  });

  test("G22, M9: reject tells who sends; casts, broadcasts and timers never fail", () => {
    const { world, kernel } = simKernel();
    const a = full(kernel, { max: 3, overflow: "reject" });
    const b = actor(kernel);
    expect(() => b.self.send(a.pid, 4)).toThrow(MailboxError);
    expect(() => kernel.send(a.pid, 4)).toThrow(
      `Cannot send to actor ${a.pid}: 3 messages wait for it, which is its limit. Send less, or later.`,
    );
    a.self.subscribe("topic");
    kernel.broadcast("topic", 4);
    kernel.cast(a.pid as Pid, "anything");
    kernel.processInfo(a.pid);
    expect(infoOf(kernel, a.pid).dropped).toBe(4);
    world.run();
    expect(a.messages).toEqual([1, 2, 3]);
    kernel.send(a.pid, 5);
    world.run();
    expect(a.messages).toEqual([1, 2, 3, 5]);
  });

  test("a timer that fires at a full mailbox with reject harms nobody", () => {
    const { world, kernel, reports } = simKernel();
    const stuck = kernel.spawn({ label: "stuck", handle: () => new Promise<void>(() => {}) }, undefined, {
      mailbox: { max: 1, overflow: "reject" },
    });
    const b = actor(kernel);
    kernel.send(stuck, "handled");
    world.run();
    kernel.send(stuck, "waits");
    b.self.sendAfter(10, "no room", stuck);
    b.self.sendAfter(10, "next");
    world.run();
    expect(b.messages).toEqual(["next"]);
    expect(infoOf(kernel, stuck).dropped).toBe(1);
    expect(reports).toMatchObject([{ kind: "mailboxFull" }]);
  });

  test("G22, M9: exit ends the process with mailboxFull; links, monitors and callers hear of it", async () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const a = full(kernel, { max: 4, overflow: "exit" }, false);
    const ref = watcher.self.monitor(a.pid);
    const call = kernel.call(a.pid as Pid, "anything").catch((error: { reason: unknown }) => error.reason);
    kernel.send(a.pid, "one too many");
    expect(kernel.isAlive(a.pid)).toBe(false);
    expect(await world.until(call)).toBe("mailboxFull");
    await world.runAsync();
    expect(watcher.messages).toEqual([new DownMessage(ref, a.pid, "mailboxFull")]);
    expect(a.messages).toEqual([]);
  });

  test("a process that floods itself ends when its handler returns", () => {
    const { world, kernel } = simKernel();
    let sent = 0;
    const pid = kernel.spawn(
      {
        label: "vain",
        handle(self: Process) {
          for (sent = 0; sent < 10; sent++) self.send(self.pid, sent);
        },
      },
      undefined,
      { mailbox: { max: 3, overflow: "exit" } },
    );
    kernel.send(pid, "go");
    world.run();
    expect([sent, kernel.isAlive(pid)]).toEqual([10, false]);
  });

  test("G22, M9: exit, down and sys messages pass, whatever the policy", async () => {
    for (const overflow of ["dropNewest", "dropOldest", "reject", "exit", { coalesce: () => "same" }] as const) {
      const { world, kernel } = simKernel();
      const a = full(kernel, { max: 3, overflow });
      const other = actor(kernel);
      const ref = a.self.monitor(other.pid);
      const status = sys.getStatus(kernel, a.pid);
      kernel.exit(other.pid, "over");
      kernel.exit(a.pid, "trapped");
      expect(await world.until(status)).toMatchObject({ label: "actor", suspended: false });
      await world.runAsync();
      expect(a.messages.slice(-2)).toEqual([
        new DownMessage(ref, other.pid, "over"),
        new ExitMessage(a.pid, "trapped"),
      ]);
      expect(infoOf(kernel, a.pid).dropped).toBe(0);
    }
  });

  test("K5: what is delivered by a full mailbox keeps its order, from fifty senders", () => {
    for (const overflow of ["dropNewest", "dropOldest"] as const) {
      const { world, kernel } = simKernel();
      const last = new Map<number, number>();
      const outOfOrder: unknown[] = [];
      const receiver = kernel.spawn<undefined>(
        {
          label: "receiver",
          handle(_self, message) {
            const { from, n } = message as { from: number; n: number };
            if (n <= (last.get(from) ?? -1)) outOfOrder.push(message);
            last.set(from, n);
          },
        },
        undefined,
        { mailbox: { max: 100, overflow } },
      );
      for (let from = 0; from < 50; from++) {
        const pid = kernel.spawn({
          label: "sender",
          handle(self: Process, n) {
            for (let i = 0; i < 5; i++) self.send(receiver, { from, n: (n as number) * 5 + i });
            if ((n as number) < 20) self.sendAfter(1, (n as number) + 1);
          },
        });
        kernel.send(pid, 0);
      }
      world.run();
      expect(outOfOrder).toEqual([]);
      expect(last.size).toBeGreaterThan(10);
      expect(readStats(kernel.stats).dropped).toBeGreaterThan(1000);
      expect(infoOf(kernel, receiver).messageQueueHighWater).toBe(100);
    }
  });

  test("across threads the policy is that of the process; who sends from there never fails", () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const a = actor(here, { mailbox: { max: 2, overflow: "reject" } });
    world.run();
    const b = actor(there);
    const far = there.peers.pid(a.pid.thread, a.pid.serial);
    for (let n = 0; n < 5; n++) b.self.send(far, n);
    world.run();
    expect(infoOf(here, a.pid).dropped).toBe(3);
    expect(a.messages).toEqual([0, 1]);
  });

  test("the reporter may send to the process whose mailbox is full", () => {
    const sim = simKernel({
      report(report) {
        sim.reports.push(report);
        sim.kernel.send(logger, report.kind);
      },
    });
    const logger: Pid = actor(sim.kernel, { mailbox: { max: 1 } }).pid;
    for (let n = 0; n < 3; n++) sim.kernel.send(logger, n);
    expect(sim.reports).toMatchObject([{ kind: "mailboxFull" }]);
    expect(infoOf(sim.kernel, logger).dropped).toBe(3);
  });
});

describe("coalesce", () => {
  const bySensor = (message: unknown): unknown => (message as { sensor?: string }).sensor;
  const coalescing: MailboxOptions = { max: 3, overflow: { coalesce: bySensor } };

  test("G22, M9: a message takes the place of the one with its key; without a key it is one of its own", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel, { mailbox: coalescing });
    for (const message of [{ sensor: "a", v: 1 }, { plain: 1 }, { sensor: "b", v: 1 }, { sensor: "a", v: 2 }]) {
      kernel.send(a.pid, message);
    }
    kernel.send(a.pid, { sensor: "c", v: 1 }); // no room: as dropNewest
    expect(infoOf(kernel, a.pid)).toMatchObject({ coalesced: 1, dropped: 1, messageQueueLength: 3 });
    world.run();
    expect(a.messages).toEqual([{ sensor: "a", v: 2 }, { plain: 1 }, { sensor: "b", v: 1 }]);
    kernel.send(a.pid, { sensor: "a", v: 3 });
    kernel.send(a.pid, { sensor: "a", v: 4 });
    world.run();
    expect(a.messages.at(-1)).toEqual({ sensor: "a", v: 4 });
    expect(a.messages).toHaveLength(4);
  });

  test("casts have their name and payload; calls and what the kernel sends are never coalesced", async () => {
    const { world, kernel } = simKernel();
    const keys: unknown[] = [];
    const Meter = genServer({
      init: () => [] as number[],
      calls: { seen: (state) => noreply(state) },
      casts: { set: (state, n: number) => noreply([...state, n]) },
      info: (state) => noreply(state),
    });
    const coalesce = (message: unknown): unknown => {
      keys.push(message);
      return (message as CastMessage).name;
    };
    const pid = await world.until(
      Meter.start(kernel, undefined, { mailbox: { max: 10, overflow: { coalesce } }, trapExit: true }),
    );
    for (let n = 0; n < 5; n++) kernel.cast(pid, "set", n);
    const calls = [1, 2].map(() =>
      kernel.call(pid, "seen", undefined, { timeout: 5 }).catch((e: { reason: unknown }) => e.reason),
    );
    const { self } = actor(kernel);
    self.exit(pid, "trapped");
    self.exit(pid, "trapped");
    expect(infoOf(kernel, pid)).toMatchObject({ coalesced: 4, messageQueueLength: 5 });
    expect(await world.until(Promise.all(calls))).toEqual(["timeout", "timeout"]);
    expect(await world.until(sys.getState(kernel, pid))).toEqual([4]);
    expect(keys).toMatchObject([0, 1, 2, 3, 4].map((payload) => ({ name: "set", payload })));
  });

  test("a receive that waits sees what has replaced a message it left", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(
      sim,
      async (self, seen) => {
        const isHot = (message: unknown): message is { v: number } => (message as { v: number }).v > 10;
        seen.push(await self.receive({ match: isHot }), await self.receive({ after: 0 }));
      },
      { mailbox: coalescing },
    );
    for (const message of [
      { sensor: "a", v: 1 },
      { sensor: "b", v: 2 },
      { sensor: "a", v: 11 },
    ]) {
      sim.kernel.send(pid, message);
      await sim.world.runAsync();
    }
    expect(seen).toEqual([
      { sensor: "a", v: 11 },
      { sensor: "b", v: 2 },
    ]);
  });

  test("K22: an urgent message keeps its place before all others, whatever its key", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel, { mailbox: coalescing });
    const alias = a.self.alias({ priority: true });
    kernel.send(a.pid, { sensor: "b" });
    kernel.send(a.pid, { sensor: "a", v: 1 });
    kernel.send(alias, { sensor: "a", v: 2 }, { priority: true });
    world.run();
    expect(a.messages).toEqual([{ sensor: "a", v: 2 }, { sensor: "b" }, { sensor: "a", v: 1 }]);
  });

  test("a key function that throws ends its process, not the sender", () => {
    const { world, kernel, reports } = simKernel();
    const watcher = actor(kernel);
    const broken = actor(kernel, {
      mailbox: {
        overflow: {
          coalesce() {
            throw new Error("no key");
          },
        },
      },
    });
    watcher.self.monitor(broken.pid);
    const sender = actor(kernel);
    sender.self.send(broken.pid, 1);
    world.run();
    expect([kernel.isAlive(broken.pid), kernel.isAlive(sender.pid)]).toEqual([false, true]);
    expect(watcher.messages).toMatchObject([{ reason: { error: { message: "no key" } } }]);
    expect(reports).toMatchObject([{ kind: "error", where: expect.stringContaining("coalesce of actor") }]);
  });

  test("keeps no key of a message that is gone", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel, { mailbox: { max: 1000, overflow: { coalesce: (n) => n } } });
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 200; n++) kernel.send(a.pid, n);
      world.run();
    }
    expect(a.messages).toHaveLength(600); // none of the second and third round was taken for one of the first
  });
});

describe("mailbox options", () => {
  test.each<[string, unknown]>([
    ["max", { max: 0 }],
    ["max", { max: Number.NaN }],
    ["max", { max: "10" }],
    ["overflow", { overflow: "drop" }],
    ["overflow", { overflow: { coalesce: "key" } }],
    ["overflow", { overflow: null }],
  ])("an impossible %s is refused: %j", (option, mailbox) => {
    const { kernel } = simKernel();
    expect(() => actor(kernel, { mailbox: mailbox as MailboxOptions })).toThrow(OptionError);
    expect(() => actor(kernel, { mailbox: mailbox as MailboxOptions })).toThrow(`expected mailbox.${option} to be`);
    expect(kernel.processes()).toEqual([]);
  });

  test("max Infinity is no limit", () => {
    const { kernel } = simKernel({ maxMailbox: 2 });
    const a = actor(kernel, { mailbox: { max: Number.POSITIVE_INFINITY } });
    for (let n = 0; n < 100; n++) kernel.send(a.pid, n);
    expect(infoOf(kernel, a.pid)).toMatchObject({ messageQueueLength: 100, dropped: 0 });
  });
});
