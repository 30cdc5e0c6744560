import { promiseHooks } from "node:v8";
import { describe, expect, test } from "vitest";
import type { ProcessInfo } from "../../kernel/observe/process-info.ts";
import type { Pid, Ref } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { actor, simKernel } from "../support/kernels.ts";

describe("processInfo", () => {
  test("K25: tells all that there is to know of a process", async () => {
    const { world, kernel } = simKernel();
    const [other, watcher, parent] = [actor(kernel), actor(kernel), actor(kernel)];
    const Silent = genServer({ init: () => 0, calls: { ask: (state) => noreply(state) } });
    const silent = await world.until(Silent.start(kernel));
    const pid = parent.self.spawn(
      {
        label: "Worker",
        init(self) {
          self.label = "worker of the night shift";
          self.dictionary.set("locale", "de");
          self.subscribe("news");
          self.link(other.pid);
          self.sendAfter(1000, "later");
          self.alias();
          self.own({ [Symbol.dispose]() {} });
          self.call(silent, "ask").catch(() => {});
          self.state = self.monitor(other.pid);
        },
        handle() {},
      },
      undefined,
      { name: "worker", trapExit: true, priority: "high", mailbox: { max: 2 } },
    );
    watcher.self.monitor(pid);
    await world.runAsync({ forMs: 1 });
    for (let n = 0; n < 3; n++) kernel.send(pid, n);
    expect(kernel.processInfo(pid)).toEqual({
      pid,
      label: "worker of the night shift",
      initialCall: "Worker",
      parent: parent.pid,
      status: "runnable",
      registeredName: "worker",
      topics: ["news"],
      links: [other.pid],
      monitors: [kernel.localProcess(pid.serial)!.state as Ref],
      monitoredBy: [watcher.pid],
      trapExit: true,
      priority: "high",
      messageQueueLength: 2,
      messageQueueHighWater: 2,
      dropped: 1,
      coalesced: 0,
      aliases: 1,
      timers: 1,
      callsPending: 1,
      resources: 1,
      dictionary: new Map([["locale", "de"]]),
      account: undefined,
    } satisfies ProcessInfo);
  });

  test("K25: is undefined for one that has ended", () => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    kernel.exit(a.pid, "kill");
    expect(kernel.processInfo(a.pid)).toBeUndefined();
  });

  test("K25, K3: the status says what it does at this moment", async () => {
    const { world, kernel } = simKernel();
    const status = (pid: Pid) => kernel.processInfo(pid)?.status;
    const seen: unknown[] = [];
    const a = kernel.spawn({
      label: "a",
      async handle(self, message) {
        seen.push(status(self.pid));
        if (message === "sleep") await new Promise<void>((resolve) => world.alarm(10, resolve));
        if (message === "receive") await self.receive();
        if (message === "exit") self.exit("normal");
      },
      terminate: () => new Promise<void>((resolve) => world.alarm(10, resolve)),
    });
    const look = async (message: unknown): Promise<void> => {
      kernel.send(a, message);
      seen.push(status(a));
      await world.runAsync({ forMs: 5 });
      seen.push(status(a));
      await world.runAsync();
    };
    await look("sleep");
    await look("receive");
    kernel.send(a, "what it receives");
    await world.runAsync();
    seen.push(status(a));
    await world.until(sys.suspend(kernel, a));
    seen.push(status(a));
    await world.until(sys.resume(kernel, a));
    await look("exit");
    seen.push(status(a));
    expect(seen).toEqual([
      ...["runnable", "running", "awaiting"],
      ...["runnable", "running", "waiting"],
      ...["waiting", "suspended"],
      ...["runnable", "running", "exiting"],
      undefined,
    ]);
  });

  test("K25: what it tells is a copy", () => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    a.self.dictionary.set("key", 1);
    const info = kernel.processInfo(a.pid)!;
    (info.dictionary as Map<unknown, unknown>).set("key", 2);
    a.self.link(actor(kernel).pid);
    expect([a.self.dictionary.get("key"), info.links]).toEqual([1, []]);
  });

  test("K26: a label is shown in listings and in crash reports", () => {
    const { world, kernel, reports } = simKernel();
    const pid = kernel.spawn(
      {
        label: "Worker",
        handle(self) {
          self.label = "worker 7, on order 12";
          throw new Error("crash");
        },
      },
      undefined,
      { label: "worker 7" },
    );
    expect(kernel.processInfo(pid)).toMatchObject({ label: "worker 7", initialCall: "Worker" });
    kernel.send(pid, 1);
    world.run();
    expect(reports).toMatchObject([{ kind: "crash", label: "worker 7, on order 12" }]);
  });
});

describe("an idle process", () => {
  test("holds no timer, and neither it nor its messages have made a promise", () => {
    const { world, kernel } = simKernel();
    const Counter = genServer({
      init: () => 0,
      calls: { get: (n) => reply(n, n) },
      casts: { add: (n, by: number) => noreply(n + by) },
      info: (n) => noreply(n),
    });
    let promises = 0;
    const stop = promiseHooks.createHook({ init: () => void (promises += 1) });
    const pids = Array.from({ length: 100 }, () => kernel.spawn(Counter));
    for (const pid of pids) {
      kernel.cast(pid as Pid, "add", 1);
      kernel.send(pid, "hello");
    }
    world.run();
    stop();
    expect([promises, kernel.timers.size]).toEqual([0, 0]);
    for (const pid of pids) {
      expect(kernel.processInfo(pid)).toMatchObject({ status: "waiting", messageQueueLength: 0, timers: 0 });
      expect(kernel.localProcess(pid.serial)!.rare).toBeUndefined();
    }
  });
});
