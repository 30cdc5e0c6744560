import { describe, expect, test } from "vitest";
import { Alias, type AliasOptions } from "../../kernel/alias.ts";
import { OptionError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { timedOut } from "../../kernel/receive.ts";
import { sys } from "../../kernel/server/sys.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { actor, scene, simKernel, simKernels } from "../support/kernels.ts";

describe("aliases", () => {
  test("K15: what is sent through an alias arrives, until it is switched off; then it is dropped before the mailbox", () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    const alias = a.self.alias();
    b.self.send(alias, 1);
    kernel.send(alias, 2);
    expect(a.self.unalias(alias)).toBe(true);
    b.self.send(alias, 3);
    expect(kernel.processInfo(a.pid)!.messageQueueLength).toBe(2);
    expect(a.self.unalias(alias)).toBe(false);
    world.run();
    expect(a.messages).toEqual([1, 2]);
  });

  test("K15: an alias for a reply is good for one message", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const alias = a.self.alias({ mode: "reply" });
    kernel.send(alias, "first");
    kernel.send(alias, "second");
    world.run();
    expect(a.messages).toEqual(["first"]);
    expect([a.self.unalias(alias), kernel.aliases.size]).toEqual([false, 0]);
  });

  test("K15: only its maker switches it off, and it ends with its maker", () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    const alias = a.self.alias();
    expect(b.self.unalias(alias)).toBe(false);
    kernel.exit(a.pid, "kill");
    b.self.send(alias, "too late");
    world.run();
    expect([a.messages, kernel.aliases.size]).toEqual([[], 0]);
    expect(() => a.self.alias()).toThrow();
  });

  test("K15: an alias travels in messages, to other threads too, and keeps the order with other messages", () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const a = actor(here);
    const got: unknown[] = [];
    const far = there.spawn({
      label: "answers",
      handle(self, message) {
        const { alias, pid } = message as { alias: Alias; pid: Pid };
        got.push(alias);
        self.send(alias, 1);
        self.send(pid, 2);
        self.send(alias, 3);
      },
    });
    const alias = a.self.alias();
    here.send(here.peers.pid(far.thread, far.serial), { alias, pid: a.pid });
    world.run();
    expect(got[0]).toBeInstanceOf(Alias);
    expect(a.messages).toEqual([1, 2, 3]);
    a.self.unalias(alias);
    there.send(got[0] as Alias, 4);
    world.run();
    expect(a.messages).toEqual([1, 2, 3]);
  });

  test("prints as what it is, and refuses a mode that it has not got", () => {
    const { kernel } = simKernel({ thread: 2 });
    const a = actor(kernel);
    expect(String(a.self.alias())).toMatch(/^Alias<2\.\d+>$/);
    expect(() => a.self.alias({ mode: "once" } as unknown as AliasOptions)).toThrow(OptionError);
    expect(() => a.self.alias({ mode: "once" } as unknown as AliasOptions)).toThrow(
      'expected an alias\'s mode to be "explicitUnalias" or "reply", got "once"',
    );
  });
});

describe("aliases of monitors", () => {
  test("K15: demonitor: the alias ends with the monitor, so that a late answer does not come", () => {
    const { world, kernel } = simKernel();
    const [a, server] = [actor(kernel), actor(kernel)];
    const { ref, alias } = a.self.monitorWithAlias(server.pid);
    server.self.send(alias, "part 1");
    server.self.send(alias, "part 2");
    expect(a.self.demonitor(ref)).toBe(true);
    server.self.send(alias, "late");
    kernel.exit(server.pid, "kill");
    world.run();
    expect(a.messages).toEqual(["part 1", "part 2"]);
  });

  test("K15: demonitor: the alias ends with the down message, and at once when nobody is there", () => {
    const { world, kernel } = simKernel();
    const [a, server, other] = [actor(kernel), actor(kernel), actor(kernel)];
    const watched = a.self.monitorWithAlias(server.pid);
    kernel.exit(server.pid, "over");
    other.self.send(watched.alias, "late");
    const nobody = a.self.monitorWithAlias(server.pid);
    other.self.send(nobody.alias, "late");
    world.run();
    expect(a.messages).toEqual([
      new DownMessage(watched.ref, server.pid, "over"),
      new DownMessage(nobody.ref, server.pid, "noproc"),
    ]);
    expect(kernel.aliases.size).toBe(0);
  });

  test("K15: replyDemonitor: the first answer ends both", () => {
    const { world, kernel } = simKernel();
    const [a, server] = [actor(kernel), actor(kernel)];
    const { ref, alias } = a.self.monitorWithAlias(server.pid, "replyDemonitor");
    server.self.send(alias, "the answer");
    server.self.send(alias, "another");
    expect(a.self.demonitor(ref)).toBe(false);
    kernel.exit(server.pid, "kill");
    world.run();
    expect(a.messages).toEqual(["the answer"]);
    expect(kernel.aliases.size).toBe(0);
  });

  test("K15: explicitUnalias: the alias outlives its monitor", () => {
    const { world, kernel } = simKernel();
    const [a, server, other] = [actor(kernel), actor(kernel), actor(kernel)];
    const { ref, alias } = a.self.monitorWithAlias(server.pid, "explicitUnalias");
    kernel.exit(server.pid, "over");
    other.self.send(alias, "still");
    world.run();
    expect(a.messages).toEqual([new DownMessage(ref, server.pid, "over"), "still"]);
    expect(a.self.unalias(alias)).toBe(true);
  });

  test("K15: a request of a plain process whose late answer never pollutes its mailbox", async () => {
    const sim = simKernel();
    const { world, kernel } = sim;
    const slow = kernel.spawn({
      label: "slow",
      handle: (_self, alias) => void world.alarm(50, () => kernel.send(alias as Alias, "late")),
    });
    const { seen } = await scene(sim, async (self, seen) => {
      const { ref, alias } = self.monitorWithAlias(slow);
      self.send(slow, alias);
      seen.push(await self.receive({ since: ref, after: 10 }));
      self.demonitor(ref, { flush: true });
      seen.push(await self.receive({ after: 100 }));
    });
    expect(seen).toEqual([timedOut, timedOut]);
  });

  test("across threads the monitor ends with the first answer, too", () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const a = actor(here);
    const server = actor(there);
    const { alias } = a.self.monitorWithAlias(here.peers.pid(server.pid.thread, server.pid.serial), "replyDemonitor");
    world.run();
    expect(server.self.monitoredBy?.size).toBe(1);
    there.send(alias, "the answer");
    world.run();
    expect(server.self.monitoredBy?.size).toBe(0);
    expect(a.messages).toEqual(["the answer"]);
  });
});

describe("priority messages", () => {
  test("K22: a flooded process is told to stop at once, through an alias that allows it", () => {
    const { world, kernel } = simKernel();
    let handled = 0;
    let stop: Alias | undefined;
    const pid = kernel.spawn({
      label: "flooded",
      init(self) {
        stop = self.alias({ priority: true });
      },
      handle(self, message) {
        if (message === "stop") self.exit("normal");
        handled += 1;
      },
    });
    world.run();
    for (let n = 0; n < 50_000; n++) kernel.send(pid, n);
    kernel.send(stop!, "stop", { priority: true });
    world.run();
    expect([handled, kernel.isAlive(pid)]).toEqual([0, false]);
  });

  test("K22: both have to want it: the maker of the alias, and who sends", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const [allows, refuses] = [a.self.alias({ priority: true }), a.self.alias()];
    kernel.send(a.pid, "waits");
    kernel.send(allows, "not asked for");
    kernel.send(refuses, "not allowed", { priority: true });
    kernel.send(allows, "urgent 1", { priority: true });
    kernel.send(allows, "urgent 2", { priority: true });
    world.run();
    expect(a.messages).toEqual(["urgent 1", "urgent 2", "waits", "not asked for", "not allowed"]);
  });

  test("K22: works from another thread", () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const order: unknown[] = [];
    const pid = here.spawn({ label: "busy", handle: (_self, message) => void order.push(message) });
    const alias = here.localProcess(pid.serial)!.alias({ priority: true });
    world.run();
    const blocked = sys.suspend(here, pid);
    world.run();
    for (let n = 0; n < 3; n++) here.send(pid, n);
    there.send(alias, "urgent", { priority: true });
    const resumed = sys.resume(there, there.peers.pid(pid.thread, pid.serial));
    world.run();
    expect(order).toEqual(["urgent", 0, 1, 2]);
    return Promise.all([blocked, resumed]);
  });

  test("K22: a receive that waits sees it, whatever it has looked at before", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(sim, async (self, seen) => {
      const alias = self.alias({ priority: true });
      seen.push(alias);
      seen.push(await self.receive({ match: (message): message is string => typeof message === "string" }));
      seen.push(await self.receive(), await self.receive());
    });
    const alias = seen.shift() as Alias;
    for (const message of [1, 2]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    sim.kernel.send(alias, 0, { priority: true }); // looked at, and left
    await sim.world.runAsync();
    sim.kernel.send(alias, "urgent", { priority: true });
    await sim.world.runAsync();
    expect(seen).toEqual(["urgent", 0, 1]);
  });

  test("K22, K6: one that answers a marked request is found before the marker", async () => {
    const sim = simKernel();
    const server = sim.kernel.spawn({
      label: "answers",
      handle: (self, alias) => self.send(alias as Alias, "the answer", { priority: true }),
    });
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: (message): message is string => message === "go" });
      const alias = self.alias({ priority: true });
      const ref = self.makeRef();
      self.send(server, alias);
      const match = (message: unknown): message is string => message === "the answer";
      seen.push(await self.receive({ since: ref, after: 1000, match }));
    });
    for (const message of [1, 2, 3, "go"]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    expect(seen).toEqual(["the answer"]);
  });
});
