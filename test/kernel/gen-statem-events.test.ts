/** State machines: which event comes next. The order of all is in gen-statem-order.test.ts. */
import { describe, expect, test } from "vitest";
import type { StatemCallContext } from "../../kernel/gen-statem/events.ts";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import {
  changeDefinition,
  keepState,
  keepStateAndData,
  nextState,
  postpone,
  repeatState,
} from "../../kernel/gen-statem/transitions.ts";
import { sys } from "../../kernel/server/sys.ts";
import { actor, simKernel } from "../support/kernels.ts";
import { internal, machine, play, ruled } from "../support/statem.ts";

function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail("the call did not fail"),
    (error: { reason: unknown }) => error.reason,
  );
}

describe("postpone", () => {
  test("G18: events are retried after a change of state, the oldest first, before what came later", async () => {
    const rules = { "a p": { postpone: true }, "a q": { postpone: true }, go: { to: "b" } };
    expect(await play(rules, ["p", "q", "x", "go", "y"])).toBe("a p, a q, a x, a go, b <a, b p, b q, b y");
  });

  test("G18: not after a transition to the same state, nor after repeatState", async () => {
    const rules = { "a p": { postpone: true }, same: { to: "a" }, repeat: { again: true } };
    expect(await play(rules, ["p", "same", "repeat"])).toBe("a p, a same, a repeat, a <a");
  });

  test("G18: an event may be postponed again, and keeps its place", async () => {
    const rules = { p: { postpone: true }, q: { postpone: true }, "a go": { to: "b" }, "b go": { to: "c" } };
    expect(await play(rules, ["p", "q", "go", "go"])).toBe("a p, a q, a go, b <a, b p, b q, b go, c <b, c p, c q");
  });

  test("G18: an event that is postponed by the transition that changes the state is retried at once", async () => {
    const rules = { "a p": { postpone: true, to: "b" } };
    expect(await play(rules, ["p", "x"])).toBe("a p, b <a, b p, b x");
  });

  test("G18: a change of state while events are retried puts what is postponed then before the rest of them", async () => {
    const rules = {
      "a p": { postpone: true },
      "a q": { postpone: true },
      "a r": { postpone: true },
      go: { to: "b" },
      "b p": { postpone: true },
      "b q": { to: "c" },
    };
    expect(await play(rules, ["p", "q", "r", "go"])).toBe("a p, a q, a r, a go, b <a, b p, b q, c <b, c p, c r");
  });

  test("G18: a timeout can be postponed like any event", async () => {
    const rules = {
      start: { timeouts: { t: { after: 10, content: 1 } } },
      "a @t:1": { postpone: true },
      go: { to: "b" },
    };
    const { cast, pass, log } = await machine(rules);
    cast("start");
    await pass(20);
    cast("go");
    await pass(20);
    expect(log).toEqual(["a start", "a @t:1", "a go", "b <a", "b @t:1"]);
  });

  test("G18: more than maxPostponed are dropped as by a full mailbox: calls fail, the rest is counted", async () => {
    const { world, kernel, reports } = simKernel();
    const Hoarder = genStatem({
      name: "Hoarder",
      init: () => nextState("a", 0),
      states: { a: { calls: { get: postpone }, casts: { put: postpone, go: () => nextState("b", 0) } }, b: {} },
      common: { calls: { get: () => keepStateAndData({ reply: 1 }) }, casts: { put: (n) => keepState(n + 1) } },
      maxPostponed: 10,
    });
    const pid = await world.until(Hoarder.start(kernel));
    for (let i = 0; i < 12; i++) kernel.cast(pid, "put");
    expect(await world.until(reasonOf(kernel.call(pid, "get")))).toBe("mailboxFull");
    kernel.cast(pid, "go");
    await world.runAsync();
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "b", data: 10 });
    expect(reports).toEqual([{ kind: "mailboxFull", pid: pid.toString(), label: "Hoarder", limit: 10 }]);
  });
});

describe("nextEvents", () => {
  test("G18: inserted events come next, in their order, before the mailbox", async () => {
    const rules = { x: { nextEvents: internal("i", "j") }, i: { nextEvents: internal("k") } };
    expect(await play(rules, ["x", "y"])).toBe("a x, a i, a k, a j, a y");
  });

  test("G18: and before the events that a change of state brings back", async () => {
    const rules = { "a p": { postpone: true }, go: { to: "b", nextEvents: internal("i") } };
    expect(await play(rules, ["p", "go", "y"])).toBe("a p, a go, b <a, b i, b p, b y");
  });

  test("G18: init may insert events: they come before any message", async () => {
    expect(await play({}, ["x"], { nextEvents: internal("i", "j") })).toBe("a i, a j, a x");
  });

  test("G18: events of every type can be inserted; a call with the `from` of a real one is answered", async () => {
    const { world, kernel } = simKernel();
    const seen: unknown[] = [];
    const note = (_data: number, content: unknown) => {
      seen.push(content);
      return keepStateAndData();
    };
    const Sorter = genStatem({
      init: () => nextState("only", 0),
      states: {
        only: {
          calls: {
            sort: (_data, n: number, { from }: StatemCallContext<number>) =>
              keepStateAndData({
                nextEvents: [
                  { type: "info", message: "info" },
                  { type: "cast", name: "cast", payload: n },
                  { type: "timeout", content: "t" },
                  { type: "stateTimeout", content: "s" },
                  { type: "genericTimeout", name: "named", content: "g" },
                  { type: "call", name: "answer", request: n, from },
                ],
              }),
            answer: (_data, n: number) => keepStateAndData({ reply: n * 2 }),
          },
          casts: { cast: note },
          info: note,
          timeout: note,
          stateTimeout: note,
          timeouts: { named: note },
        },
      },
    });
    const pid = await world.until(Sorter.start(kernel));
    expect(await world.until(kernel.call(pid, "sort", 21))).toBe(42);
    expect(seen).toEqual(["info", 21, "t", "s", "g"]);
  });

  test("G18: an endless chain of inserted events lets other processes have their turn, and can be killed", async () => {
    const { world, kernel, cast, pid } = await machine({ x: { nextEvents: internal("x") } });
    const other = actor(kernel);
    await world.runAsync();
    cast("x");
    kernel.send(other.pid, "hello");
    await world.runAsync({ maxSteps: 50 }).catch(() => {});
    expect(other.messages).toEqual(["hello"]);
    expect(kernel.isAlive(pid)).toBe(true);
    kernel.exit(pid, "kill");
    await world.runAsync();
    expect(kernel.processes()).toEqual([other.pid]);
  });

  test("G18: events that insert ever more events end the machine at a limit", async () => {
    const { world, kernel, cast, pid, reports } = await machine({ x: { nextEvents: internal(..."x".repeat(5000)) } });
    cast("x");
    await world.runAsync();
    expect(kernel.isAlive(pid)).toBe(false);
    expect(reports).toMatchObject([
      { reason: { error: { message: expect.stringContaining("expected fewer than 100000") } } },
    ]);
  });
});

describe("enter", () => {
  test("G18: runs in the first state, on every change of state and on repeatState, and not on keepState", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    const pid = await world.until(ruled({ go: { to: "b" }, repeat: { again: true } }, log).start(kernel, "a"));
    for (const name of ["x", "go", "go", "repeat"]) kernel.cast(pid, name);
    await world.runAsync();
    expect(log).toEqual(["a <a", "a x", "a go", "b <a", "b go", "b repeat", "b <b"]);
  });

  test("G18: its actions come after those of the handler: the last timeout of a kind counts", async () => {
    const { cast, pass, log } = await machine({
      go: { to: "b", stateTimeout: { after: 10, content: "handler" }, timeouts: { t: 10 } },
      "enter b": { stateTimeout: { after: 50, content: "enter" } },
    });
    cast("go");
    await pass(100);
    expect(log).toEqual(["a go", "b <a", "b @t", "b stateTimeout:enter"]);
  });

  test("G18: an update after a start in one transition is but an update, as in OTP", async () => {
    const rules = { go: { to: "b", timeouts: { t: 50 } }, "enter b": { timeouts: { t: { update: "u" } } } };
    expect(await play(rules, ["go"])).toBe("a go, b <a, b @t:u");
  });

  test("G18: it sees the new data, and what it returns is seen by the next event; async too", async () => {
    const { world, kernel } = simKernel();
    const Counter = genStatem({
      init: () => nextState("even", [] as readonly string[]),
      states: {
        even: { casts: { flip: (log) => nextState("odd", [...log, "flip"]) } },
        odd: { casts: { flip: (log) => nextState("even", [...log, "flip"]) } },
      },
      common: {
        async enter(log, from, { state }) {
          await new Promise<void>((resolve) => world.alarm(10, resolve));
          return keepState([...log, `${from}>${state}`]);
        },
        calls: { log: (log) => keepStateAndData({ reply: log }) },
      },
    });
    const pid = await world.until(Counter.start(kernel));
    for (let i = 0; i < 2; i++) kernel.cast(pid, "flip");
    expect(await world.until(kernel.call(pid, "log"))).toEqual(["even>even", "flip", "even>odd", "flip", "odd>even"]);
  });

  test("G18: it may repeat itself, until it keeps the state", async () => {
    const { world, kernel } = simKernel();
    const Sum = genStatem({
      init: () => nextState("a", 0),
      states: {
        a: {
          enter: (n) => (n < 3 ? repeatState(n + 1) : keepState(n * 10)),
          calls: { get: (n) => keepStateAndData({ reply: n }) },
        },
      },
    });
    expect(await world.until(kernel.call(await world.until(Sum.start(kernel)), "get"))).toBe(30);
  });

  test.each([
    ["nextState", () => nextState("b", 0), "and so to stay in the state that it enters, got nextState"],
    [
      "postpone",
      () => postpone(),
      'expected actions among replies, timeout, stateTimeout, timeouts, hibernate, got "postpone"',
    ],
    ["nextEvents", () => keepStateAndData({ nextEvents: internal("i") }), 'got "nextEvents"'],
    ["reply", () => keepStateAndData({ reply: 1 }), "expected replies: [replyTo(from, value)]"],
    [
      "changeDefinition",
      () => changeDefinition(genStatem({ init: () => nextState("a", 0), states: { a: {} } }), "a", 0),
      "and so to stay in the state",
    ],
    ["nothing", () => undefined, "and so to stay in the state"],
  ])("G18: %s from enter ends the machine", async (_what, returned, message) => {
    const { world, kernel, reports } = simKernel();
    const Bad = genStatem({
      init: () => nextState("a", 0),
      states: { a: {}, b: {} },
      common: { enter: returned as never },
    });
    await world.until(Bad.start(kernel));
    await world.runAsync();
    expect(reports).toMatchObject([
      { reason: { error: { name: "ReturnError", message: expect.stringContaining(message) } } },
    ]);
  });
});
