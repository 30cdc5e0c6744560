/** State machines: examples, how they start and end, what their handlers may be, across threads, `sys`. */
import { describe, expect, test } from "vitest";
import { StartError } from "../../kernel/errors.ts";
import type { ReplyTo, StatemEvent } from "../../kernel/gen-statem/events.ts";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import {
  changeDefinition,
  keepState,
  keepStateAndData,
  nextState,
  popDefinition,
  postpone,
  repeatState,
  replyTo,
  stopAndReply,
} from "../../kernel/gen-statem/transitions.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { ignore, noreply, stop } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { actor, type SimKernel, simKernel, simKernels } from "../support/kernels.ts";
import { internal, nameOf } from "../support/statem.ts";

function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail("the call did not fail"),
    (error: { reason: unknown }) => error.reason,
  );
}

describe("a code lock", () => {
  const Lock = genStatem({
    name: "Lock",
    init: (code: string) => nextState("locked", { code, typed: "", opened: 0 }),
    states: {
      locked: {
        enter: (data) => keepState({ ...data, typed: "" }),
        calls: {
          press: (data, digit: string) => {
            const typed = data.typed + digit;
            if (data.code === typed) return nextState("open", data, { reply: "open" });
            if (data.code.startsWith(typed))
              return keepState({ ...data, typed }, { reply: "more", stateTimeout: 3000 });
            return repeatState(data, { reply: "wrong", stateTimeout: "cancel" });
          },
        },
        casts: { pull: postpone },
        stateTimeout: (data) => repeatState(data),
      },
      open: {
        enter: (data) => keepState({ ...data, opened: data.opened + 1 }, { stateTimeout: 10_000 }),
        calls: { press: postpone },
        casts: { pull: (data) => nextState("locked", data) },
        stateTimeout: (data) => nextState("locked", data),
      },
    },
    common: {
      calls: { look: (data, _request: undefined, { state }) => keepStateAndData({ reply: { state, ...data } }) },
    },
  });

  async function setUp() {
    const { world, kernel } = simKernel();
    const lock = await world.until(Lock.start(kernel, "12"));
    return { world, kernel, lock, look: () => world.until(kernel.call(lock, "look")) };
  }

  test("G18: states handle the same call differently; data is carried along; common handles what they do not", async () => {
    const { world, kernel, lock, look } = await setUp();
    const answers = ["1", "3", "1", "2"].map((digit) => kernel.call(lock, "press", digit));
    expect(await world.until(Promise.all(answers))).toEqual(["more", "wrong", "more", "open"]);
    expect(await look()).toEqual({ state: "open", code: "12", typed: "1", opened: 1 });
  });

  test("G18: the state timeout locks it again; a postponed call waits for that, and is answered then", async () => {
    const { world, kernel, lock, look } = await setUp();
    for (const digit of ["1", "2"]) await world.until(kernel.call(lock, "press", digit));
    const early = kernel.call(lock, "press", "1", { timeout: 20_000 });
    await world.runAsync({ forMs: 9990 });
    expect(await look()).toMatchObject({ state: "open" });
    expect(await world.until(early)).toBe("more");
    expect(world.nowMs).toBeGreaterThanOrEqual(10_000);
    expect(await look()).toMatchObject({ state: "locked", typed: "1" });
    await world.runAsync({ forMs: 3010 });
    expect(await look()).toMatchObject({ state: "locked", typed: "" });
  });

  test("G18: what was postponed while it was locked happens as soon as it opens", async () => {
    const { world, kernel, lock, look } = await setUp();
    kernel.cast(lock, "pull");
    for (const digit of ["1", "2"]) await world.until(kernel.call(lock, "press", digit));
    expect(await look()).toMatchObject({ state: "locked", opened: 1 });
  });
});

describe("a connection with backoff", () => {
  /** A line that fails so many times; `attempts` gets the virtual time of each. */
  function connection(world: { readonly nowMs: number }, failures: number, attempts: number[]) {
    return genStatem({
      name: "Connection",
      init: () => nextState("connecting", { backoffMs: 100, failures }),
      states: {
        connecting: {
          enter: (data) => keepState(data, { stateTimeout: 0 }),
          async stateTimeout(data) {
            attempts.push(Math.round(world.nowMs));
            await Promise.resolve();
            return data.failures === 0
              ? nextState("up", data)
              : nextState("down", { ...data, failures: data.failures - 1 });
          },
          calls: { send: postpone },
        },
        down: {
          enter: (data) => keepState({ ...data, backoffMs: data.backoffMs * 2 }, { stateTimeout: data.backoffMs }),
          stateTimeout: (data) => nextState("connecting", data),
          calls: { send: postpone },
        },
        up: {
          calls: { send: (_data, text: string) => keepStateAndData({ reply: text.length, timeout: 60_000 }) },
          timeout: (data) => stop("normal", data),
        },
      },
    });
  }

  test("G18: requests wait, in order, through every attempt; then it is idle for a minute and ends", async () => {
    const { world, kernel } = simKernel();
    const attempts: number[] = [];
    const pid = await world.until(connection(world, 3, attempts).start(kernel));
    const answers = ["a", "bb", "ccc"].map((text) => kernel.call(pid, "send", text));
    expect(await world.until(Promise.all(answers))).toEqual([1, 2, 3]);
    expect(attempts.map((atMs) => Math.round(atMs / 10) * 10)).toEqual([0, 100, 300, 700]);
    await world.runAsync();
    expect(kernel.isAlive(pid)).toBe(false);
    expect(Math.round(world.nowMs / 100)).toBe(607);
  });

  test("G18: callers whose requests are still postponed when it ends get its exit reason", async () => {
    const { world, kernel } = simKernel();
    const pid = await world.until(connection(world, 1000, []).start(kernel));
    const call = reasonOf(kernel.call(pid, "send", "x", { timeout: Number.POSITIVE_INFINITY }));
    await world.runAsync({ forMs: 1000 });
    kernel.exit(pid, "shutdown");
    expect(await world.until(call)).toBe("shutdown");
    expect(kernel.timers.size).toBe(0);
  });
});

describe("start and end", () => {
  test("G18: the start waits for init, not for enter: an enter that throws ends a machine that has started", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const Bad = genStatem({
      init: async (n: number) => nextState("a", n),
      states: {
        a: {
          enter() {
            throw new Error("cannot enter");
          },
        },
      },
      terminate: (data, reason, { state }) => void ended.push(state, data, reason),
    });
    await world.until(Bad.start(kernel, 7));
    await world.runAsync();
    expect(ended).toMatchObject(["a", 7, { error: { message: "cannot enter" } }]);
  });

  test.each([
    ["stops", () => stop("not today"), "not today"],
    ["throws", () => Promise.reject(new Error("no database")), { error: { message: "no database" } }],
    [
      "goes to no state",
      () => nextState("nowhere", 0),
      { error: { message: expect.stringContaining('no state "nowhere": expected one of ["a"]') } },
    ],
    [
      "keeps a state",
      () => keepState(0),
      { error: { message: expect.stringContaining("init: expected it to return nextState") } },
    ],
  ])("G18: an init that %s fails the start", async (_what, init, reason) => {
    const { world, kernel } = simKernel();
    const Bad = genStatem({ init: init as () => never, states: { a: {} } });
    const failure = await world.until(Bad.start(kernel).catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(StartError);
    expect(failure).toMatchObject({ reason });
    await world.runAsync();
    expect(kernel.processes()).toEqual([]);
  });

  test("G18: ignore makes no process and no error", async () => {
    const { world, kernel, reports } = simKernel();
    const Optional = genStatem({ init: () => ignore(), states: { a: {} } });
    expect(await world.until(Optional.start(kernel))).toBeUndefined();
    await world.runAsync();
    expect([kernel.processes(), reports]).toEqual([[], []]);
  });

  function ending(ended: unknown[], trapExit = false) {
    return genStatem({
      init: () => nextState("busy", { waiting: [] as readonly ReplyTo<string>[] }),
      states: {
        busy: {
          calls: {
            wait: (data, _request: undefined, { from }: { readonly from: ReplyTo<string> }) =>
              keepState({ waiting: [...data.waiting, from] }),
            quit: (data) => stop("normal", data, "bye"),
          },
          casts: {
            finish: ({ waiting }) =>
              stopAndReply(
                "shutdown",
                waiting.map((from, i) => replyTo(from, `${i}`)),
                { waiting: [] },
              ),
            crash: () => {
              throw new Error("crash");
            },
          },
        },
      },
      terminate: ({ waiting }, reason, { state }) => void ended.push([state, waiting.length, reason]),
      trapExit,
    });
  }

  test("G18: stopAndReply answers all, and then ends; stop with a value answers its caller", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const [first, second] = [
      await world.until(ending(ended).start(kernel)),
      await world.until(ending(ended).start(kernel)),
    ];
    const answers = [kernel.call(first, "wait"), kernel.call(first, "wait")];
    kernel.cast(first, "finish");
    expect(await world.until(Promise.all(answers))).toEqual(["0", "1"]);
    expect(await world.until(kernel.call(second, "quit"))).toBe("bye");
    await world.runAsync();
    expect(ended).toEqual([
      ["busy", 0, "shutdown"],
      ["busy", 0, "normal"],
    ]);
  });

  test("G18: terminate sees state and data when a handler throws; a caller gets the reason", async () => {
    const { world, kernel, reports } = simKernel();
    const ended: unknown[] = [];
    const pid = await world.until(ending(ended).start(kernel));
    const failed = reasonOf(kernel.call(pid, "wait"));
    kernel.cast(pid, "crash");
    expect(await world.until(failed)).toMatchObject({ error: { message: "crash" } });
    expect(ended).toMatchObject([["busy", 1, { error: { message: "crash" } }]]);
    expect(reports).toHaveLength(1);
  });

  test("G18: the exit of its parent ends it, after terminate when it traps exits", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const parent = actor(kernel);
    await world.runAsync();
    const pid = await world.until(ending(ended, true).startLink(parent.self));
    kernel.exit(parent.pid, "shutdown");
    await world.runAsync();
    expect(ended).toEqual([["busy", 0, "shutdown"]]);
    expect(kernel.isAlive(pid)).toBe(false);
  });
});

test("what reports name is the call or cast that is handled, and nothing when none is", async () => {
  const { world, kernel } = simKernel();
  const named: unknown[] = [];
  let process: Process | undefined;
  const note = (): unknown => named.push(process!.behaviour.request?.(process!));
  const Machine = genStatem({
    init: (_: undefined, self) => {
      process = self;
      return nextState("idle", {});
    },
    states: {
      idle: {
        casts: {
          work: async () => {
            note();
            return keepStateAndData();
          },
          leave: () => {
            note();
            return stop("normal");
          },
        },
        info: (_data, _message: string) => {
          note();
          return keepStateAndData();
        },
      },
    },
    formatStatus: note,
    terminate: () => void note(),
  });
  const pid = await world.until(Machine.start(kernel));
  kernel.cast(pid, "work");
  await world.runAsync();
  await world.until(sys.getStatus(kernel, pid));
  kernel.send(pid, "a message");
  kernel.cast(pid, "leave");
  await world.runAsync();
  expect(named).toEqual(["work", undefined, undefined, "leave", undefined]);
});

describe("handlers", () => {
  const Elsewhere = genStatem({ init: () => nextState("z", 0), states: { z: {} } });

  test("G18: async ones never interleave, whatever comes in the meantime: messages, timeouts, inserted events", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    const wait = () => new Promise<void>((resolve) => world.alarm(10, resolve));
    const Slow = genStatem({
      init: () => nextState("a", 0),
      async handleEvent(event: StatemEvent, state: string) {
        const name = `${state} ${nameOf(event)}`;
        log.push(`[${name}`);
        await wait();
        log.push(`${name}]`);
        if (name === "a x")
          return nextState("b", 0, { nextEvents: internal("i"), timeouts: { t: 5 }, stateTimeout: 0 });
        return name === "a p" ? postpone() : keepStateAndData();
      },
      async enter(state) {
        log.push(`[enter ${state}`);
        await wait();
        log.push(`enter ${state}]`);
        return keepStateAndData();
      },
    });
    const pid = await world.until(Slow.start(kernel));
    for (const name of ["p", "x", "y"]) kernel.cast(pid, name);
    await world.runAsync();
    const handled = ["enter a", "a p", "a x", "enter b", "b i", "b p", "b stateTimeout", "b y", "b @t"];
    expect(log).toEqual(handled.flatMap((name) => [`[${name}`, `${name}]`]));
  });

  test("G18: nothing more of a chain runs once the machine was killed inside it", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    const Chain = genStatem({
      init: () => nextState("a", 0),
      async handleEvent(event: StatemEvent) {
        log.push(nameOf(event));
        await new Promise<void>((resolve) => world.alarm(10, resolve));
        return nextState("b", 0, { nextEvents: internal("i") });
      },
      enter() {
        log.push("enter");
        return keepStateAndData();
      },
    });
    const pid = await world.until(Chain.start(kernel));
    const call = reasonOf(kernel.call(pid, "x"));
    await world.runAsync({ forMs: 5 });
    kernel.exit(pid, "kill");
    expect(await world.until(call)).toBe("killed");
    await world.runAsync();
    expect(log).toEqual(["enter", "x"]);
  });

  test("G18: an exit signal from within a chain ends it before the next event", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    const Chain = genStatem({
      init: () => nextState("a", 0),
      handleEvent(event: StatemEvent, _state: string, _data, { self }) {
        log.push(nameOf(event));
        self.exit(self.pid, "boo");
        return keepStateAndData({ nextEvents: internal("i") });
      },
    });
    const pid = await world.until(Chain.start(kernel));
    kernel.cast(pid, "x");
    await world.runAsync();
    expect([log, kernel.isAlive(pid)]).toEqual([["x"], false]);
  });

  test.each([
    [
      "a call",
      (kernel: SimKernel["kernel"], pid: never) => void kernel.call(pid, "toString" as never).catch(() => {}),
      'call "toString"',
    ],
    ["a cast", (kernel: SimKernel["kernel"], pid: never) => kernel.cast(pid, "other" as never), 'cast "other"'],
    [
      "a state timeout",
      (kernel: SimKernel["kernel"], pid: never) => kernel.cast(pid, "start" as never),
      "stateTimeout",
    ],
  ])("G18: %s that neither the state nor common handles ends the machine", async (_what, send, event) => {
    const { world, kernel, reports } = simKernel();
    const Bare = genStatem({
      name: "Bare",
      init: () => nextState("a", 0),
      states: {
        a: { casts: { start: () => keepStateAndData({ stateTimeout: 1 }) } },
        b: { casts: { other: postpone } },
      },
    });
    send(kernel, (await world.until(Bare.start(kernel))) as never);
    await world.runAsync();
    expect(reports).toMatchObject([
      { reason: { error: { message: expect.stringMatching(`state "a", has no handler for ${event}: expected one`) } } },
    ]);
  });

  test("G18: other messages without info are dropped; they cancel the event timeout like any event", async () => {
    const { world, kernel } = simKernel();
    const Deaf = genStatem({
      init: () => nextState("a", 0, { timeout: 100 }),
      states: { a: { timeout: () => stop("normal"), calls: { get: () => keepStateAndData({ reply: 1 }) } } },
    });
    const pid = await world.until(Deaf.start(kernel));
    kernel.send(pid, { any: "thing" });
    await world.runAsync();
    expect(await world.until(kernel.call(pid, "get"))).toBe(1);
  });

  test.each([
    ["nothing", () => undefined, "got undefined"],
    ["an outcome of a genServer", (n: number) => noreply(n), "expected it to return nextState, keepState"],
    ["an action that there is not", () => keepStateAndData({ stateTimout: 5 } as never), 'got "stateTimout"'],
    ["a state that there is not", () => nextState("c", 0), 'has no state "c": expected one of ["a","b"]'],
    ["a reply to nobody", () => keepStateAndData({ reply: 1 }), "expected replies: [replyTo(from, value)]"],
    ["a reply to something else", () => keepStateAndData({ replies: [{ to: "x", value: 1 }] } as never), 'got "x"'],
    ["another definition without this state", () => changeDefinition(Elsewhere, "a" as never, 0), 'has no state "a"'],
    ["popDefinition without a push", () => popDefinition("a", 0), "expected a pushDefinition before"],
  ])("G18: a handler that returns %s ends the machine", async (_what, returned, message) => {
    const { world, kernel, reports } = simKernel();
    const Bad = genStatem({ init: () => nextState("a", 0), states: { a: { casts: { x: returned as never } }, b: {} } });
    kernel.cast(await world.until(Bad.start(kernel)), "x" as never);
    await world.runAsync();
    expect(reports).toMatchObject([
      { reason: { error: { name: "ReturnError", message: expect.stringContaining(message) } } },
    ]);
  });

  test.each([{}, { states: { a: {} }, handleEvent: () => postpone() }])(
    "a definition needs either states or handleEvent",
    (parts) => {
      expect(() => genStatem({ init: () => nextState("a", 0), ...parts } as never)).toThrow(
        /expected either states or handleEvent/,
      );
    },
  );
});

describe("across threads", () => {
  test("G18: a postponed call is answered in a later state, or fails as a local one does", async () => {
    const { world, kernels, at } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const Gate = genStatem({
      init: () => nextState("shut", 0),
      states: {
        shut: { calls: { pass: postpone }, casts: { open: () => nextState("open", 0) } },
        open: { calls: { pass: () => keepStateAndData({ reply: "passed" }) } },
      },
      maxPostponed: 1,
    });
    const gate = await world.until(Gate.start(there));
    const remote = at(here, gate) as typeof gate;
    const calls = [here.call(remote, "pass"), reasonOf(here.call(remote, "pass"))];
    await world.runAsync({ forMs: 100 });
    here.cast(remote, "open");
    expect(await world.until(Promise.all(calls))).toEqual(["passed", "mailboxFull"]);
  });
});

describe("sys", () => {
  test("state and data can be seen, replaced and changed; formatStatus hides; a suspended machine waits", async () => {
    const { world, kernel } = simKernel();
    const Secret = genStatem({
      init: () => nextState("a", { password: "x", n: 1 }, { hibernate: true }),
      states: { a: { stateTimeout: () => stop("normal") }, b: {} },
      formatStatus: ({ state, data }) => ({ state, n: data.n }),
      codeChange: ({ state, data }, extra) => ({ state, data: { ...data, n: Number(extra) } }),
    });
    const pid = await world.until(Secret.start(kernel));
    expect(await world.until(sys.getStatus(kernel, pid))).toMatchObject({ state: { state: "a", n: 1 } });
    await world.until(sys.suspend(kernel, pid));
    await world.until(sys.changeCode(kernel, pid, 5));
    await world.until(sys.resume(kernel, pid));
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "a", data: { password: "x", n: 5 } });
    await world.until(sys.replaceState(kernel, pid, { state: "b", data: 1 }));
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "b", data: 1 });
    const refused = sys.replaceState(kernel, pid, { state: "nowhere", data: 1 }).catch((error: Error) => error.message);
    expect(await world.until(refused)).toContain('no state "nowhere"');
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "b", data: 1 });
  });
});
