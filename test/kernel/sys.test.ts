import { describe, expect, test } from "vitest";
import { CallError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, ok, reply } from "../../kernel/server/outcome.ts";
import { type SysError, sys } from "../../kernel/server/sys.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

interface Counted {
  count: number;
  readonly secret: string;
  readonly log: string[];
}

/** A server that changes its state in place, as some do. */
const Counter = genServer({
  name: "Counter",
  init: (): Counted => ({ count: 0, secret: "hunter2", log: [] }),
  calls: { count: (state) => reply(state.count, state) },
  casts: {
    add: (state, n: number) => {
      state.count += n;
      state.log.push(`add ${n}`);
      return noreply(state);
    },
  },
  formatStatus: ({ count }) => ({ count, secret: "***" }),
  codeChange: ({ count, ...rest }, factor) => ({ ...rest, count: count * (factor as number) }),
});

async function counter() {
  const sim = simKernel();
  const pid = await sim.world.until(Counter.start(sim.kernel));
  const until = <T>(promise: Promise<T>): Promise<T> => sim.world.until(promise);
  return { ...sim, pid, until };
}

/** What it failed with, as its sentence. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing",
    (error: SysError) => `${error.code}: ${error.message}`,
  );

describe("sys", () => {
  test("K35: getState tells the state, and leaves it as it is", async () => {
    const { kernel, pid, until } = await counter();
    kernel.cast(pid, "add", 2);
    await until(kernel.call(pid, "count"));
    const state = (await until(sys.getState(kernel, pid))) as Counted;
    expect(state).toEqual({ count: 2, secret: "hunter2", log: ["add 2"] });
    kernel.cast(pid, "add", 3); // it is neither frozen by it, nor shared
    expect(await until(kernel.call(pid, "count"))).toBe(5);
    expect(state.count).toBe(2);
  });

  test("K35: replaceState puts another state in its place", async () => {
    const { kernel, pid, until } = await counter();
    const next = { count: 40, secret: "", log: [] };
    expect(await until(sys.replaceState(kernel, pid, next))).toEqual(next);
    expect(await until(kernel.call(pid, "count"))).toBe(40);
  });

  test("K35, G12: getStatus hides what formatStatus hides", async () => {
    const { kernel, pid, until } = await counter();
    kernel.cast(pid, "add", 1);
    await until(kernel.call(pid, "count"));
    expect(await until(sys.getStatus(kernel, pid))).toEqual({
      label: "Counter",
      suspended: false,
      state: { count: 1, secret: "***" },
      messageQueueLength: 0,
    });
  });

  test("G12: a crash report holds no state", async () => {
    const { world, kernel, reports } = simKernel();
    const Crashing = genServer({
      init: () => ({ secret: "hunter2" }),
      casts: {
        crash: (state) => {
          if (state.secret !== "") throw new Error("crash");
          return noreply(state);
        },
      },
    });
    const pid = await world.until(Crashing.start(kernel));
    kernel.cast(pid, "crash");
    await world.runAsync();
    expect(reports).toHaveLength(1);
    expect(JSON.stringify(reports)).not.toContain("hunter2");
  });

  test("K29, K35: a suspended process keeps what comes, and handles it when it is resumed", async () => {
    const { world, kernel, pid, until } = await counter();
    await until(sys.suspend(kernel, pid));
    for (const n of [1, 2, 3]) kernel.cast(pid, "add", n);
    await world.runAsync();
    expect(kernel.processInfo(pid)).toMatchObject({ status: "suspended", messageQueueLength: 3 });
    expect(await until(sys.getState(kernel, pid))).toMatchObject({ count: 0 });
    await until(sys.resume(kernel, pid));
    await world.runAsync();
    expect(await until(sys.getState(kernel, pid))).toMatchObject({ count: 6, log: ["add 1", "add 2", "add 3"] });
  });

  test("K29: as many resumes as suspends; one too many does nothing", async () => {
    const { world, kernel, pid, until } = await counter();
    await until(sys.suspend(kernel, pid));
    await until(sys.suspend(kernel, pid));
    kernel.cast(pid, "add", 1);
    await until(sys.resume(kernel, pid));
    await world.runAsync();
    expect(await until(sys.getState(kernel, pid))).toMatchObject({ count: 0 });
    await until(sys.resume(kernel, pid));
    await until(sys.resume(kernel, pid));
    expect(await until(kernel.call(pid, "count"))).toBe(1);
    await until(sys.suspend(kernel, pid));
    expect(await until(sys.getStatus(kernel, pid))).toMatchObject({ suspended: true });
  });

  test("K29: one that is suspended in the middle of a long mailbox stops there", async () => {
    const { world, kernel } = simKernel();
    const handled: unknown[] = [];
    let suspended: Promise<void> | undefined;
    const pid = kernel.spawn({
      label: "a",
      handle(self, message) {
        handled.push(message);
        if (message === 2) suspended = sys.suspend(self.kernel, self.pid);
      },
    });
    for (const n of [1, 2, 3, 4]) kernel.send(pid, n);
    world.run();
    await suspended;
    expect(handled).toEqual([1, 2]);
    await world.until(sys.resume(kernel, pid));
    await world.runAsync();
    expect(handled).toEqual([1, 2, 3, 4]);
  });

  test("K29, K22: urgent messages that wait do not keep a resume from coming through", async () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const alias = a.self.alias({ priority: true });
    await world.until(sys.suspend(kernel, a.pid));
    kernel.send(alias, "urgent", { priority: true });
    await world.until(sys.resume(kernel, a.pid, { timeout: 100 }));
    await world.runAsync();
    expect(a.messages).toEqual(["urgent"]);
  });

  test("K29: exit signals reach a suspended process", async () => {
    const { kernel, pid, until } = await counter();
    await until(sys.suspend(kernel, pid));
    kernel.exit(pid, "shutdown");
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("G11: changeCode turns the state of a suspended process into its new form", async () => {
    const { kernel, pid, until } = await counter();
    kernel.cast(pid, "add", 4);
    await until(sys.suspend(kernel, pid));
    kernel.cast(pid, "add", 1);
    expect(await until(sys.changeCode(kernel, pid, 10))).toMatchObject({ count: 0 });
    await until(sys.resume(kernel, pid));
    expect(await until(kernel.call(pid, "count"))).toBe(5);
    await until(sys.suspend(kernel, pid));
    expect(await until(sys.changeCode(kernel, pid, 10))).toMatchObject({ count: 50 });
  });

  test("G11: changeCode of a process that runs, or has none, is refused; one that throws changes nothing", async () => {
    const { world, kernel, pid, until } = await counter();
    expect(await until(refusal(sys.changeCode(kernel, pid, 1)))).toBe(
      "ERR_SYS: Counter, changeCode: expected it to be suspended. Suspend it first.",
    );
    const Broken = genServer({
      init: () => 7,
      codeChange: (): number => {
        throw new Error("no such version");
      },
    });
    const broken = await until(Broken.start(kernel));
    const a = actor(kernel);
    await until(sys.suspend(kernel, broken));
    await until(sys.suspend(kernel, a.pid));
    expect(await until(refusal(sys.changeCode(kernel, broken)))).toContain("no such version");
    expect(await until(sys.getState(kernel, broken))).toBe(7);
    expect(await until(refusal(sys.changeCode(kernel, a.pid)))).toBe(
      "ERR_SYS: actor has no codeChange. Add it to its definition.",
    );
    await world.runAsync();
    expect([kernel.isAlive(broken), kernel.isAlive(a.pid)]).toEqual([true, true]);
  });

  test("K34, K35: terminate ends a process with the reason, after its terminate, and waits for that", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const Slow = genServer({
      init: () => 0,
      terminate: async (_state, reason) => {
        await new Promise<void>((resolve) => world.alarm(20, resolve));
        ended.push(reason);
      },
    });
    const watcher = actor(kernel);
    const pid = await world.until(Slow.start(kernel));
    const ref = watcher.self.monitor(pid);
    await world.until(sys.suspend(kernel, pid));
    await world.until(sys.terminate(kernel, pid, { shutdown: "deploy" }));
    expect([ended, kernel.isAlive(pid)]).toEqual([[{ shutdown: "deploy" }], false]);
    await world.runAsync();
    expect(watcher.messages).toEqual([new DownMessage(ref, pid, { shutdown: "deploy" })]);
  });

  test("K34: terminate fails when nobody is there, when it takes too long, and when it ends with another reason", async () => {
    const { world, kernel } = simKernel();
    const reasonOf = (promise: Promise<void>) =>
      world.until(
        promise.then(
          () => "ended",
          (error: unknown) => (error instanceof CallError ? error.reason : error),
        ),
      );
    const Resisting = genServer({
      init: (how: "throw" | "wait") => how,
      terminate: (how) => {
        if (how === "throw") throw new Error("no");
        return new Promise<void>(() => {});
      },
    });
    const [throws, waits] = [
      await world.until(Resisting.start(kernel, "throw")),
      await world.until(Resisting.start(kernel, "wait")),
    ];
    expect(await reasonOf(sys.terminate(kernel, throws, "shutdown"))).toMatchObject({ error: { message: "no" } });
    expect(await reasonOf(sys.terminate(kernel, throws, "shutdown"))).toBe("noproc");
    expect(await reasonOf(sys.terminate(kernel, waits, "shutdown", { timeout: 50 }))).toBe("timeout");
  });

  test("K35: works on every behaviour, by name, and from another thread", async () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    here.spawn(
      {
        label: "a behaviour",
        init(self) {
          self.state = { n: new Map([["x", 1]]) };
        },
        handle() {},
      },
      undefined,
      { name: "somebody" },
    );
    world.run();
    expect(await world.until(sys.getState(there, "somebody"))).toEqual({ n: new Map([["x", 1]]) });
    await world.until(sys.suspend(there, "somebody"));
    expect(await world.until(sys.getStatus(there, "somebody"))).toMatchObject({ suspended: true });
    await world.until(sys.terminate(there, "somebody", { shutdown: { why: "over" } }));
    expect(here.processes()).toEqual([]);
  });

  test("K25: getInfo tells from another thread what processInfo tells", async () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const a = actor(here, { name: "a" });
    const other = actor(here);
    a.self.link(other.pid);
    a.self.dictionary.set("not data", () => {});
    world.run();
    const info = await world.until(sys.getInfo(there, "a"));
    const { dictionary, ...expected } = here.processInfo(a.pid)!;
    expect(dictionary.size).toBe(1);
    const far = (pid: { thread: number; serial: number }) => there.peers.pid(pid.thread, pid.serial);
    expect(info).toEqual({
      ...expected,
      status: "running",
      pid: far(a.pid),
      links: [far(other.pid)],
      account: undefined,
      messageQueueHighWater: 1,
    });
  });

  test("G21: is answered between two messages, before all that wait", async () => {
    const { world, kernel } = simKernel();
    const order: unknown[] = [];
    const pid = kernel.spawn({ label: "a", handle: (_self, message) => void order.push(message) });
    for (let n = 0; n < 3; n++) kernel.send(pid, n);
    void sys.getStatus(kernel, pid).then(({ messageQueueLength }) => order.push(`${messageQueueLength} wait`));
    await world.runAsync();
    expect(order.length).toBe(4);
    expect(order).toContain("3 wait");
  });

  test("G21, K23: is answered by a hibernating process, and by one inside an async handler when that is done", async () => {
    const { world, kernel } = simKernel();
    const a = kernel.spawn({
      label: "a",
      async handle(self, message) {
        if (message === "hibernate") self.hibernate();
        else await new Promise<void>((resolve) => world.alarm(50, resolve));
      },
    });
    kernel.send(a, "hibernate");
    await world.runAsync();
    expect(await world.until(sys.getStatus(kernel, a))).toMatchObject({ label: "a" });
    kernel.send(a, "wait");
    await world.runAsync({ forMs: 1 });
    const fromMs = world.nowMs;
    await world.until(sys.getStatus(kernel, a));
    expect(world.nowMs - fromMs).toBeGreaterThan(45);
  });

  test("G21: a receive inside a handler never gets a sys request for a message", async () => {
    const { world, kernel } = simKernel();
    const got: unknown[] = [];
    const pid = kernel.spawn({
      label: "a",
      async handle(self: Process) {
        got.push(await self.receive());
      },
    });
    kernel.send(pid, "go");
    await world.runAsync();
    const status = sys.getStatus(kernel, pid);
    await world.runAsync({ forMs: 1 });
    expect(got).toEqual([]);
    kernel.send(pid, "message");
    expect(await world.until(status)).toMatchObject({ label: "a" });
    expect(got).toEqual(["message"]);
  });

  test("a plain process refuses at once, and is not disturbed", async () => {
    const { world, kernel } = simKernel();
    const got: unknown[] = [];
    const pid = kernel.spawn(async function counting(self) {
      got.push(await self.receive());
    });
    await world.runAsync();
    expect(await world.until(refusal(sys.getState(kernel, pid)))).toBe(
      `ERR_SYS: counting ${pid} is a plain process, which answers no sys requests: expected a behaviour. Ask kernel.processInfo, or write it as a genServer.`,
    );
    kernel.send(pid, "hello");
    await world.runAsync();
    expect(got).toEqual(["hello"]);
  });

  test("a state that is not data is refused with its place, and harms nobody", async () => {
    const { world, kernel } = simKernel();
    const Odd = genServer({ init: () => ({ inner: { run: () => {} } }) });
    const pid = await world.until(Odd.start(kernel));
    expect(await world.until(refusal(sys.getState(kernel, pid)))).toContain("message.inner.run");
    expect(kernel.isAlive(pid)).toBe(true);
  });

  test("fails as calls do: nobody there, too late, oneself", async () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const reasons = Promise.all(
      [sys.getState(kernel, "nobody"), sys.getState(a.self, a.pid)].map((asked) =>
        asked.catch((error: CallError) => error.reason),
      ),
    );
    expect(await world.until(reasons)).toEqual(["noproc", "callingSelf"]);
  });

  test("a process that asks and ends leaves nothing behind", async () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    await world.runAsync();
    void sys.getState(a.self, b.pid);
    expect(a.self.rare?.calls?.size).toBe(1);
    kernel.exit(a.pid, "kill");
    await world.runAsync();
    expect([b.self.callers, kernel.timers.size]).toEqual([undefined, 0]);
  });

  test("G7: a sys request starts a timeout anew, as any other message would cancel it", async () => {
    const { world, kernel } = simKernel();
    const atMs: number[] = [];
    const Idle = genServer({
      init: () => ok(0, { timeout: 100 }),
      info: (state, message) => {
        if (message === "timeout") atMs.push(world.nowMs);
        return noreply(state);
      },
    });
    const pid = await world.until(Idle.start(kernel));
    for (let i = 0; i < 4; i++) {
      await world.runAsync({ forMs: 80 });
      await world.until(sys.getState(kernel, pid));
    }
    const lastMs = world.nowMs;
    expect(atMs).toEqual([]);
    await world.runAsync();
    expect(atMs).toEqual([expect.any(Number)]);
    expect(atMs[0]! - lastMs).toBeGreaterThan(95);
    expect(kernel.timers.size).toBe(0);
  });

  test("G7, K29: one that is suspended waits no longer; its timeout counts from the resume", async () => {
    const { world, kernel } = simKernel();
    const atMs: number[] = [];
    const Idle = genServer({
      init: () => ok(0, { timeout: 100 }),
      info: (state) => {
        atMs.push(world.nowMs);
        return noreply(state);
      },
    });
    const pid = await world.until(Idle.start(kernel));
    await world.until(sys.suspend(kernel, pid));
    await world.runAsync({ forMs: 500 });
    await world.until(sys.resume(kernel, pid));
    const resumedMs = world.nowMs;
    await world.runAsync();
    expect(atMs).toEqual([expect.any(Number)]);
    expect(atMs[0]! - resumedMs).toBeGreaterThan(95);
  });
});
