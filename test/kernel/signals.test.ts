import { describe, expect, test } from "vitest";
import { MessageError } from "../../kernel/errors.ts";
import type { ExitReason } from "../../kernel/exit-reason.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel } from "../support/kernels.ts";

describe("links", () => {
  test("K1: spawnLink leaves no moment at which the child could end unnoticed", () => {
    const { world, kernel } = simKernel();
    const parent = actor(kernel, { trapExit: true });
    const child = parent.self.spawnLink((self) => self.exit("at once"));
    expect(kernel.isAlive(child)).toBe(true); // K1: the pid is there before the child has run
    world.run();
    expect(parent.messages).toEqual([new ExitMessage(child, "at once")]);
  });

  test("K8: go both ways, once per pair, and not to oneself", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel, { trapExit: true });
    const b = actor(kernel);
    a.self.link(b.pid);
    b.self.link(a.pid);
    a.self.link(a.pid);
    expect([...a.self.links!]).toEqual([b.pid]);
    expect([...b.self.links!]).toEqual([a.pid]);
    kernel.exit(b.pid, "over");
    world.run();
    expect(a.messages).toEqual([new ExitMessage(b.pid, "over")]);
    expect(a.self.links!.size).toBe(0);
  });

  test("K8: after unlink no exit comes, from either side", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const b = actor(kernel);
    a.self.link(b.pid);
    b.self.unlink(a.pid);
    kernel.exit(a.pid, "over");
    world.run();
    expect([kernel.isAlive(a.pid), kernel.isAlive(b.pid)]).toEqual([false, true]);
  });

  test("K8: to a dead process give the exit signal noproc", () => {
    const { world, kernel } = simKernel();
    const dead = actor(kernel);
    kernel.exit(dead.pid, "kill");
    const trapping = actor(kernel, { trapExit: true });
    const plain = actor(kernel);
    trapping.self.link(dead.pid);
    plain.self.link(dead.pid);
    world.run();
    expect(trapping.messages).toEqual([new ExitMessage(dead.pid, "noproc")]);
    expect(kernel.isAlive(plain.pid)).toBe(false);
  });

  test("K9: an end spreads along a chain of any length, with its reason", () => {
    const { world, kernel } = simKernel();
    const chain = Array.from({ length: 10_000 }, () => actor(kernel));
    for (let i = 1; i < chain.length; i++) chain[i]!.self.link(chain[i - 1]!.pid);
    const watcher = actor(kernel);
    watcher.self.monitor(chain.at(-1)!.pid);
    kernel.exit(chain[0]!.pid, "domino");
    world.run();
    expect(kernel.processes()).toEqual([watcher.pid]);
    expect(watcher.messages).toMatchObject([{ reason: "domino" }]);
  });
});

describe("exit signals", () => {
  const cases: [reason: ExitReason, trap: boolean, dies: ExitReason | undefined, gets: ExitReason | undefined][] = [
    ["normal", false, undefined, undefined],
    ["normal", true, undefined, "normal"],
    ["shutdown", false, "shutdown", undefined],
    ["shutdown", true, undefined, "shutdown"],
    [{ odd: 1 }, false, { odd: 1 }, undefined],
    [{ odd: 1 }, true, undefined, { odd: 1 }],
    ["kill", false, "killed", undefined],
    ["kill", true, "killed", undefined],
  ];
  test.each(cases)("K9, K10: exit(pid, %j) to one that traps: %j", (reason, trapExit, dies, gets) => {
    const { world, kernel } = simKernel();
    const sender = actor(kernel);
    const target = actor(kernel, { trapExit });
    const watcher = actor(kernel);
    const ref = watcher.self.monitor(target.pid);
    world.run();
    sender.self.exit(target.pid, reason);
    world.run();
    expect(watcher.messages).toEqual(dies === undefined ? [] : [new DownMessage(ref, target.pid, dies)]);
    expect(target.messages).toEqual(gets === undefined ? [] : [new ExitMessage(sender.pid, gets)]);
  });

  test("K9: exit(self, normal) does end the process, or is trapped", () => {
    const { world, kernel } = simKernel();
    const plain = actor(kernel);
    const trapping = actor(kernel, { trapExit: true });
    world.run();
    plain.self.exit(plain.pid, "normal");
    trapping.self.exit(trapping.pid, "normal");
    world.run();
    expect(kernel.isAlive(plain.pid)).toBe(false);
    expect(trapping.messages).toEqual([new ExitMessage(trapping.pid, "normal")]);
  });

  test("K9: the victim of a kill ends with `killed`, which others can trap", () => {
    const { world, kernel } = simKernel();
    const victim = actor(kernel, { trapExit: true });
    const trapping = actor(kernel, { trapExit: true });
    const plain = actor(kernel);
    trapping.self.link(victim.pid);
    plain.self.link(victim.pid);
    kernel.exit(victim.pid, "kill");
    world.run();
    expect(trapping.messages).toEqual([new ExitMessage(victim.pid, "killed")]);
    expect(kernel.processes()).toEqual([trapping.pid]);
  });

  test("K9: one that itself exits with `kill` spreads plain `kill`, which can be trapped", () => {
    const { world, kernel } = simKernel();
    const trapping = actor(kernel, { trapExit: true });
    const child = trapping.self.spawnLink((self) => self.exit("kill"));
    world.run();
    expect(trapping.messages).toEqual([new ExitMessage(child, "kill")]);
  });

  test("K9: a process that ends with `normal` does not take its links along; a trapping one hears of it (K10)", () => {
    const { world, kernel } = simKernel();
    const plain = actor(kernel);
    const trapping = actor(kernel, { trapExit: true });
    const child = kernel.spawn((self) => {
      self.link(plain.pid);
      self.link(trapping.pid);
    });
    world.run();
    expect(kernel.isAlive(plain.pid)).toBe(true);
    expect(trapping.messages).toEqual([new ExitMessage(child, "normal")]);
  });

  test("K10: trapping late does not bring back what a signal has done already", () => {
    const { world, kernel } = simKernel();
    const target = actor(kernel);
    world.run();
    kernel.exit(target.pid, "over");
    target.self.trapExit = true;
    world.run();
    expect(kernel.isAlive(target.pid)).toBe(false);
    expect(target.messages).toEqual([]);
  });

  test("a process inside its handler ends when that returns; what it still does there has its effect", () => {
    const { world, kernel } = simKernel();
    const other = actor(kernel);
    const pid = kernel.spawn({
      label: "busy",
      handle(self) {
        kernel.exit(self.pid, "stop it");
        self.send(other.pid, "last words");
      },
    });
    kernel.send(pid, "go");
    kernel.send(pid, "never handled");
    world.run();
    expect(kernel.isAlive(pid)).toBe(false);
    expect(other.messages).toEqual(["last words"]);
  });

  test("one that waits inside an async handler ends at once, and what it does later has no effect", async () => {
    const { world, kernel } = simKernel();
    const other = actor(kernel);
    let resumed = false;
    const pid = kernel.spawn({
      label: "waiting",
      async handle(self) {
        await new Promise<void>((resolve) => world.alarm(10, resolve));
        resumed = true;
        self.send(other.pid, "from the dead");
      },
    });
    kernel.send(pid, "go");
    await world.runAsync({ forMs: 1 });
    kernel.exit(pid, "over");
    expect(kernel.isAlive(pid)).toBe(false);
    await world.runAsync();
    expect(resumed).toBe(true);
    expect(other.messages).toEqual([]);
  });

  test("a reason is data: what is not is refused to the caller, or is the crash of who exits with it", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const b = actor(kernel, { trapExit: true });
    expect(() => a.self.exit(b.pid, () => {})).toThrow("A message must be data");
    const child = b.self.spawnLink((self) => self.exit({ why: () => {} }));
    world.run();
    expect(b.messages).toMatchObject([{ from: child, reason: { error: { name: "MessageError" } } }]);
    const reason = { because: [1] };
    const second = b.self.spawnLink((self) => self.exit(reason));
    world.run();
    expect(b.messages[1]).toEqual(new ExitMessage(second, { because: [1] }));
    expect(Object.isFrozen(reason.because)).toBe(true);
  });
});

describe("monitors", () => {
  test("K1: spawnMonitor gives pid and ref in one", () => {
    const { world, kernel } = simKernel();
    const parent = actor(kernel);
    const { pid, ref } = parent.self.spawnMonitor(() => {});
    world.run();
    expect(parent.messages).toEqual([new DownMessage(ref, pid, "normal")]);
  });

  test("K12: every monitor is one of its own, with one down each, and goes one way", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const watched = actor(kernel);
    const refs = [watcher.self.monitor(watched.pid), watcher.self.monitor(watched.pid)];
    expect(refs[0]).not.toBe(refs[1]);
    kernel.exit(watched.pid, "over");
    world.run();
    expect(watcher.messages).toEqual(refs.map((ref) => new DownMessage(ref, watched.pid, "over")));
    const other = actor(kernel);
    other.self.monitor(watcher.pid);
    kernel.exit(other.pid, "over");
    expect(kernel.isAlive(watcher.pid)).toBe(true);
    expect(watcher.self.monitoredBy!.size).toBe(0);
  });

  test("K12: of somebody who is not there is told `noproc` at once", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const dead = actor(kernel);
    kernel.exit(dead.pid, "kill");
    const refs = [watcher.self.monitor(dead.pid), watcher.self.monitor("nobody")];
    world.run();
    expect(watcher.messages).toEqual([
      new DownMessage(refs[0]!, dead.pid, "noproc"),
      new DownMessage(refs[1]!, "nobody", "noproc"),
    ]);
  });

  test("K12: set by name, it carries the name, and stays with the process that had it", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const named = actor(kernel, { name: "named" });
    const ref = watcher.self.monitor("named");
    named.self.unregister("named");
    actor(kernel, { name: "named" });
    kernel.exit(named.pid, "over");
    world.run();
    expect(watcher.messages).toEqual([new DownMessage(ref, "named", "over")]);
  });

  test("K12: a tag tells one's monitors apart; it is data", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const watched = actor(kernel);
    const tag = { room: 7 };
    const ref = watcher.self.monitor(watched.pid, { tag });
    const late = watcher.self.monitor("nobody", { tag: "gone" });
    expect(() => watcher.self.monitor(watched.pid, { tag: () => {} })).toThrow(MessageError);
    expect(() => watcher.self.monitor(watched.pid, { tags: 1 } as object)).toThrow(
      /no option "tags", expected one of tag, priority/,
    );
    kernel.exit(watched.pid, "over");
    world.run();
    expect(watcher.messages).toEqual([
      new DownMessage(late, "nobody", "noproc", "gone"),
      new DownMessage(ref, watched.pid, "over", tag),
    ]);
    expect(Object.isFrozen(tag)).toBe(true);
  });

  test("K22: a down or an exit message of a monitor or link with priority goes before all that wait", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel, { trapExit: true });
    const [plain, monitored, linked] = [actor(kernel), actor(kernel), actor(kernel)];
    const refs = [watcher.self.monitor(plain.pid), watcher.self.monitor(monitored.pid, { priority: true })];
    watcher.self.link(linked.pid, { priority: true });
    watcher.self.link(plain.pid, { priority: true });
    watcher.self.link(plain.pid); // changed again
    kernel.send(watcher.pid, "waits");
    for (const { pid } of [plain, monitored, linked]) kernel.exit(pid, "over");
    world.run();
    expect(watcher.messages).toEqual([
      new DownMessage(refs[1]!, monitored.pid, "over"),
      new ExitMessage(linked.pid, "over"),
      "waits",
      new ExitMessage(plain.pid, "over"),
      new DownMessage(refs[0]!, plain.pid, "over"),
    ]);
  });

  test("K13: after demonitor nothing comes; it says whether the monitor was active", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const watched = actor(kernel);
    const ref = watcher.self.monitor(watched.pid);
    expect(watcher.self.demonitor(ref)).toBe(true);
    expect(watcher.self.demonitor(ref)).toBe(false);
    kernel.exit(watched.pid, "over");
    world.run();
    expect(watcher.messages).toEqual([]);
  });

  test("K13: `flush` takes the down message out of the mailbox, if it is there already", () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const watched = actor(kernel);
    const [kept, flushed] = [watcher.self.monitor(watched.pid), watcher.self.monitor(watched.pid)];
    kernel.exit(watched.pid, "over");
    expect(watcher.self.demonitor(kept)).toBe(false);
    expect(watcher.self.demonitor(flushed, { flush: true })).toBe(false);
    world.run();
    expect(watcher.messages).toEqual([new DownMessage(kept, watched.pid, "over")]);
  });

  test("K24: who ends leaves no monitor behind at those it watched", () => {
    const { kernel } = simKernel();
    const watcher = actor(kernel);
    const watched = actor(kernel);
    watcher.self.monitor(watched.pid);
    kernel.exit(watcher.pid, "kill");
    expect(watched.self.monitoredBy!.size).toBe(0);
  });
});

describe("order", () => {
  test("K5: A sends, then exits: its link and its monitor see the message before the end", () => {
    const { world, kernel } = simKernel();
    const b = actor(kernel, { trapExit: true });
    const a = kernel.spawn((self) => {
      self.link(b.pid);
      self.send(b.pid, "m1");
      self.exit("over");
    });
    const ref = b.self.monitor(a);
    world.run();
    expect(b.messages).toEqual(["m1", new ExitMessage(a, "over"), new DownMessage(ref, a, "over")]);
  });

  test("K14: names, subscriptions and resources are gone before links and monitors hear of the end", () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    const watcher = kernel.spawn({
      label: "watcher",
      handle(self, message) {
        if (message instanceof DownMessage) {
          seen.push(self.kernel.names.whereis("stage"), self.kernel.pubsub.size);
          self.register("stage"); // as a supervisor's restart would
        }
      },
    });
    const owner = actor(kernel, { name: "stage" });
    owner.self.subscribe("topic");
    owner.self.own({ [Symbol.dispose]: () => seen.push("disposed") });
    kernel.localProcess(watcher.serial)!.monitor(owner.pid);
    kernel.exit(owner.pid, "kill");
    world.run();
    expect(seen).toEqual(["disposed", undefined, 0]);
    expect(kernel.names.whereis("stage")).toBe(watcher);
  });
});
