import { describe, expect, test } from "vitest";
import { StartError } from "../../kernel/errors.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { ignore, noreply, ok, reply, stop } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel } from "../support/kernels.ts";

async function startFailure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the start did not fail"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(StartError);
      return (error as StartError).reason;
    },
  );
}

const Counter = genServer({
  name: "Counter",
  init: (from: number) => ({ n: from }),
  calls: {
    get: (state) => reply(state.n, state),
    slowly: async (state, by: number) => reply(state.n + by, { n: state.n + by }),
    wrong: () => "a number" as never,
  },
  casts: { add: (state, by: number) => noreply({ n: state.n + by }), stop: (state, why: string) => stop(why, state) },
  info: (state, message: "reset" | object) => noreply(message === "reset" ? { n: 0 } : state),
});

describe("genServer", () => {
  test("G1: calls, casts and info work on one state, in order; async handlers hold back what follows", async () => {
    const { world, kernel } = simKernel();
    const counter = await world.until(Counter.start(kernel, 5));
    kernel.cast(counter, "add", 2);
    const slow = kernel.call(counter, "slowly", 10);
    const after = kernel.call(counter, "get");
    kernel.send(counter, "reset");
    const last = kernel.call(counter, "get");
    expect(await world.until(Promise.all([slow, after, last]))).toEqual([17, 17, 0]);
  });

  test("G1: a handler that returns something else ends the server, and says what was expected", async () => {
    const { world, kernel, reports } = simKernel();
    const counter = await world.until(Counter.start(kernel, 5));
    const call = kernel.call(counter, "wrong").catch((error: { reason: unknown }) => error.reason);
    expect(await world.until(call)).toMatchObject({
      error: {
        name: "ReturnError",
        message: expect.stringContaining('call "wrong": expected it to return reply(value, state)'),
      },
    });
    expect(reports).toHaveLength(1);
  });

  test.each(["toString", "unknown"])("a call of %s, which it does not have, ends the server", async (name) => {
    const { world, kernel } = simKernel();
    const counter = await world.until(Counter.start(kernel, 5));
    const call = kernel.call(counter, name as "get").catch((error: { reason: unknown }) => error.reason);
    expect(await world.until(call)).toMatchObject({
      error: { message: expect.stringContaining("Counter has no call") },
    });
    expect(kernel.isAlive(counter)).toBe(false);
  });

  test("without info, other messages are dropped", async () => {
    const { world, kernel } = simKernel();
    const Quiet = genServer({ init: () => 1, calls: { get: (state) => reply(state, state) } });
    const quiet = await world.until(Quiet.start(kernel));
    kernel.send(quiet, "who are you?");
    expect(await world.until(kernel.call(quiet, "get"))).toBe(1);
  });

  test("G1: stop ends it with the reason; shutdown is not reported, other reasons are", async () => {
    const { world, kernel, reports } = simKernel();
    const watcher = actor(kernel);
    for (const why of ["shutdown", "normal", "odd"]) {
      const counter = await world.until(Counter.start(kernel, 5));
      watcher.self.monitor(counter);
      kernel.cast(counter, "stop", why);
      await world.runAsync();
    }
    expect(watcher.messages).toMatchObject([{ reason: "shutdown" }, { reason: "normal" }, { reason: "odd" }]);
    expect(reports).toMatchObject([{ kind: "crash", label: "Counter", reason: "odd" }]);
  });
});

describe("start and startLink", () => {
  test("G2: wait for init, async ones too", async () => {
    const { world, kernel } = simKernel();
    let done = false;
    const Slow = genServer({
      async init() {
        await new Promise<void>((resolve) => world.alarm(100, resolve));
        done = true;
        return {};
      },
    });
    const pid = await world.until(Slow.start(kernel));
    expect(done).toBe(true);
    expect(kernel.isAlive(pid)).toBe(true);
  });

  test("G2: fail with what init failed with; linked, there is an exit signal as well", async () => {
    const { world, kernel } = simKernel();
    const Bad = genServer({
      init(how: string) {
        if (how === "throws") throw new Error("no database");
        return stop("not today");
      },
    });
    const parent = actor(kernel, { trapExit: true });
    await world.runAsync();
    expect(await world.until(startFailure(Bad.start(kernel, "throws")))).toMatchObject({
      error: { message: "no database" },
    });
    expect(await world.until(startFailure(Bad.startLink(parent.self, "stops")))).toBe("not today");
    await world.runAsync();
    expect(parent.messages).toMatchObject([{ type: "exit", reason: "not today" }]);
    expect(kernel.processes()).toEqual([parent.pid]);
  });

  test("G2: kill an init that takes longer than the timeout", async () => {
    const { world, kernel } = simKernel();
    const Stuck = genServer({ init: () => new Promise<number>(() => {}) });
    expect(await world.until(startFailure(Stuck.start(kernel, undefined, { timeout: 50 })))).toBe("timeout");
    expect(world.nowMs).toBeLessThan(60);
    expect(kernel.processes()).toEqual([]);
    expect(kernel.timers.size).toBe(0);
  });

  test("G2: a name that is taken fails the start with { alreadyStarted }", async () => {
    const { world, kernel } = simKernel();
    const first = await world.until(Counter.start(kernel, 1, { name: "counter" }));
    expect(await startFailure(Counter.start(kernel, 2, { name: "counter" }))).toEqual({ alreadyStarted: first });
    expect(kernel.processes()).toEqual([first]);
    expect(kernel.names.whereis("counter")).toBe(first);
  });

  test("G10: the options of a start are name, timeout and those of a spawn", async () => {
    const { world, kernel } = simKernel();
    const options = { name: "counter", timeout: 100, label: "the counter", priority: "high", trapExit: true } as const;
    const pid = await world.until(Counter.start(kernel, 1, { ...options, mailbox: { max: 1, overflow: "exit" } }));
    expect(kernel.processInfo(pid)).toMatchObject({
      registeredName: "counter",
      label: "the counter",
      priority: "high",
      trapExit: true,
      timers: 0,
    });
    for (let n = 0; n < 2; n++) kernel.send(pid, { n });
    expect(kernel.isAlive(pid)).toBe(false);
    const bad = { name: "counter", priority: "urgent" as "high" };
    await expect(Counter.start(kernel, 1, bad)).rejects.toThrow("expected priority to be");
    expect([kernel.processes(), kernel.names.registered(), kernel.timers.size]).toEqual([[], [], 0]);
  });

  test("G2: `ignore` makes no process and no error", async () => {
    const { world, kernel, reports } = simKernel();
    const Optional = genServer({ init: (wanted: boolean) => (wanted ? { n: 1 } : ignore()) });
    const parent = actor(kernel, { trapExit: true });
    expect(await world.until(Optional.startLink(parent.self, false))).toBeUndefined();
    await world.runAsync();
    expect(kernel.processes()).toEqual([parent.pid]);
    expect(reports).toEqual([]);
    expect(await world.until(Optional.start(kernel, true))).toBeDefined();
  });

  test("a parent that is killed while its child starts takes it along", async () => {
    const { world, kernel } = simKernel();
    const Stuck = genServer({ init: () => new Promise<number>(() => {}) });
    const parent = kernel.spawn(async (self) => void (await Stuck.startLink(self)));
    await world.runAsync({ forMs: 10 });
    expect(kernel.processes()).toHaveLength(2);
    kernel.exit(parent, "kill");
    await world.runAsync();
    expect(kernel.processes()).toEqual([]);
  });
});

describe("continue", () => {
  test("G6: runs before any message that waits, and the start does not wait for it", async () => {
    const { world, kernel } = simKernel();
    const log: unknown[] = [];
    const Server = genServer({
      init: (_arg: undefined, self: Process) => {
        self.send(self.pid, "a message");
        return ok({}, { continue: "load" });
      },
      async continue(state, what) {
        log.push(what);
        await new Promise<void>((resolve) => world.alarm(100, resolve));
        log.push("loaded");
        return noreply(state);
      },
      info(state, message) {
        log.push(message);
        return message === "a message" ? noreply(state, { continue: "after info" }) : noreply(state);
      },
    });
    const pid = await world.until(Server.start(kernel));
    expect(log).toEqual(["load"]);
    kernel.send(pid, "later");
    await world.runAsync();
    expect(log).toEqual(["load", "loaded", "a message", "after info", "loaded", "later"]);
  });

  test("G6: one that throws ends a server that has started: its terminate runs", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const Server = genServer({
      init: () => ok({ n: 1 }, { continue: "load" }),
      continue() {
        throw new Error("cannot load");
      },
      terminate: (state, reason) => void ended.push(state, reason),
    });
    await world.until(Server.start(kernel));
    await world.runAsync();
    expect(ended).toMatchObject([{ n: 1 }, { error: { message: "cannot load" } }]);
  });
});

describe("timeout", () => {
  const Idle = genServer({
    init: (log: { push(entry: unknown): void }) => ok({ log }, { timeout: 100 }),
    casts: { work: (state, again: boolean) => (again ? noreply(state, { timeout: 100 }) : noreply(state)) },
    info(state, message) {
      state.log.push(message);
      return noreply(state);
    },
  });

  test("G7: info gets `timeout` when nothing has come for so long", async () => {
    const { world, kernel } = simKernel();
    const log: unknown[] = [];
    await world.until(Idle.start(kernel, log));
    await world.runAsync({ forMs: 99 });
    expect(log).toEqual([]);
    await world.runAsync();
    expect(log).toEqual(["timeout"]);
    expect(world.nowMs).toBeLessThan(102);
  });

  test("G7: any message cancels it, and only an outcome sets it again", async () => {
    const { world, kernel } = simKernel();
    const log: unknown[] = [];
    const pid = await world.until(Idle.start(kernel, log));
    await world.runAsync({ forMs: 50 });
    kernel.cast(pid, "work", true);
    await world.runAsync({ forMs: 99 });
    expect(log).toEqual([]);
    kernel.cast(pid, "work", false);
    await world.runAsync();
    expect(log).toEqual([]);
    expect(kernel.timers.size).toBe(0);
  });

  test("G7: a message that is in the mailbox before the timeout cancels it, though both are due at once", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, kernel } = simKernel({}, seed);
      const log: unknown[] = [];
      const pid = await world.until(Idle.start(kernel, log));
      world.alarm(50, () => {
        kernel.cast(pid, "work", false);
        while (world.monotonicMs() < 150); // someone is slow: the timer fires before the message has its turn
      });
      await world.runAsync();
      expect(log).toEqual([]);
    }
  });
});

test("what reports name is the request that is handled, and nothing when none is", async () => {
  const { world, kernel } = simKernel();
  const named: unknown[] = [];
  const note = (self: Process): unknown => named.push(self.behaviour.request?.(self));
  let server: Process | undefined;
  const Server = genServer({
    init: (_: undefined, self) => {
      server = self;
      return {};
    },
    calls: {
      ask: async (state, _: undefined, { self }) => {
        note(self);
        return reply("answer", state);
      },
    },
    casts: {
      leave: (state, _: undefined, { self }) => {
        note(self);
        return stop("normal", state);
      },
    },
    info: (state, _: string, { self }) => {
      note(self);
      return noreply(state);
    },
    formatStatus: () => note(server!),
    terminate: (_state, _reason, { self }) => void note(self),
  });
  const pid = await world.until(Server.start(kernel));
  await world.until(kernel.call(pid, "ask"));
  await world.until(sys.getStatus(kernel, pid));
  kernel.send(pid, "a message");
  kernel.cast(pid, "leave");
  await world.runAsync();
  expect(named).toEqual(["ask", undefined, undefined, "leave", undefined]);
});

describe("terminate", () => {
  function recorder(trapExit: boolean, ended: unknown[]) {
    return genServer({
      init: () => ({ n: 1 }),
      casts: {
        crash: () => {
          throw new Error("crash");
        },
        stop: (state) => stop("shutdown", state),
      },
      terminate: (state, reason) => void ended.push([state.n, reason]),
      trapExit,
    });
  }

  test("G8: runs when a handler throws, and on stop", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const Server = recorder(false, ended);
    for (const how of ["crash", "stop"] as const) {
      kernel.cast(await world.until(Server.start(kernel)), how);
      await world.runAsync();
    }
    expect(ended).toMatchObject([
      [1, { error: { message: "crash" } }],
      [1, "shutdown"],
    ]);
  });

  test.each([
    [true, [[1, "shutdown"]]],
    [false, []],
  ])("G8: on its parent's exit only when it traps exits: %s", async (trapExit, expected) => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const parent = actor(kernel);
    await world.runAsync();
    const pid = await world.until(recorder(trapExit, ended).startLink(parent.self));
    kernel.exit(parent.pid, "shutdown");
    await world.runAsync();
    expect(ended).toEqual(expected);
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("G8: an exit of somebody else comes to info when it traps; a kill never runs terminate", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const stranger = actor(kernel);
    const pid = await world.until(recorder(true, ended).start(kernel));
    stranger.self.exit(pid, "boo");
    await world.runAsync();
    expect(kernel.isAlive(pid)).toBe(true);
    kernel.exit(pid, "kill");
    await world.runAsync();
    expect(kernel.isAlive(pid)).toBe(false);
    expect(ended).toEqual([]);
  });

  test("G8: an async one is waited for before links and monitors hear of the end, unless it is killed", async () => {
    const { world, kernel } = simKernel();
    const Slow = genServer({
      init: () => ({}),
      casts: { stop: (state) => stop("shutdown", state) },
      terminate: () => new Promise<void>((resolve) => world.alarm(100, resolve)),
    });
    const watcher = actor(kernel, { trapExit: true });
    await world.runAsync();
    const [slow, killed] = [await world.until(Slow.startLink(watcher.self)), await world.until(Slow.start(kernel))];
    const ref = watcher.self.monitor(killed);
    for (const pid of [slow, killed]) kernel.cast(pid, "stop");
    await world.runAsync({ forMs: 50 });
    kernel.exit(killed, "kill");
    await world.runAsync({ forMs: 10 });
    expect(watcher.messages).toEqual([new DownMessage(ref, killed, "killed")]);
    await world.runAsync();
    expect(watcher.messages[1]).toEqual(new ExitMessage(slow, "shutdown"));
  });

  test("one that throws gives its own reason", async () => {
    const { world, kernel } = simKernel();
    const Server = genServer({
      init: () => ({}),
      casts: { stop: (state) => stop("normal", state) },
      terminate() {
        throw new Error("cannot let go");
      },
    });
    const pid = await world.until(Server.start(kernel));
    const watcher = actor(kernel);
    watcher.self.monitor(pid);
    kernel.cast(pid, "stop");
    await world.runAsync();
    expect(watcher.messages).toMatchObject([{ reason: { error: { message: "cannot let go" } } }]);
  });
});
