import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SystemEvent, TraceEvent, TraceOptions } from "../../kernel/observe/observer.ts";
import type { TopBy } from "../../kernel/observe/process-info.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import type { SimWorld } from "../../kernel/testing/index.ts";
import { actor, simKernel } from "../support/kernels.ts";

/** A process whose handler takes as many milliseconds as the message says. */
function worker(world: SimWorld, kernel: Kernel, label = "worker"): Pid {
  return kernel.spawn({
    label,
    handle(_self, ms) {
      for (const untilMs = world.nowMs + (ms as number); world.nowMs < untilMs; ) world.monotonicMs();
    },
  });
}

describe("accounting", () => {
  test("M6: turns, CPU time, the longest turn, and messages in and out, per process", async () => {
    const { world, kernel } = simKernel();
    kernel.accounting = true;
    const Busy = genServer({
      init: () => 0,
      calls: { answer: (state) => reply(42, state) },
      casts: { ask: (state) => noreply(state) },
    });
    const busy = await world.until(Busy.start(kernel));
    const slow = worker(world, kernel);
    const talker = actor(kernel);
    world.run();
    talker.self.send(slow, 5);
    world.run();
    talker.self.send(slow, 20);
    talker.self.cast(busy, "ask");
    void talker.self.call(busy, "answer");
    await world.runAsync();
    const of = (pid: Pid) => kernel.processInfo(pid)!.account!;
    expect(of(slow)).toMatchObject({ turns: 3, messagesIn: 2, messagesOut: 0 });
    expect(of(slow).cpuMs).toBeGreaterThan(25);
    expect(of(slow).cpuMs).toBeLessThan(25.1);
    expect(of(slow).longestTurnMs).toBeGreaterThan(20);
    expect(of(slow).longestTurnMs).toBeLessThan(20.1);
    expect(of(talker.pid)).toMatchObject({ messagesIn: 0, messagesOut: 4 });
    expect(of(busy)).toMatchObject({ messagesIn: 2 });
  });

  test("M6: CPU time sums up to what the thread was busy", () => {
    const { world, kernel } = simKernel();
    kernel.accounting = true;
    const workers = Array.from({ length: 10 }, () => worker(world, kernel));
    world.run();
    const beganMs = world.nowMs;
    for (let n = 0; n < 300; n++) kernel.send(workers[n % 10]!, (n % 7) / 10);
    world.run();
    const busyMs = world.nowMs - beganMs;
    const sum = workers.reduce((total, pid) => total + kernel.processInfo(pid)!.account!.cpuMs, 0);
    expect(sum).toBeLessThanOrEqual(busyMs);
    expect(sum).toBeGreaterThan(busyMs * 0.9);
  });

  test("is off at first, and there is nothing to see then; it begins anew each time", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    expect([kernel.accounting, kernel.observer, kernel.processInfo(a.pid)!.account]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    kernel.accounting = true;
    kernel.send(a.pid, 1);
    world.run();
    expect(kernel.processInfo(a.pid)!.account).toMatchObject({ messagesIn: 1 });
    const trace = kernel.trace({}, () => {}); // keeps the observer there
    kernel.accounting = false;
    expect(kernel.processInfo(a.pid)!.account).toBeUndefined();
    kernel.accounting = true;
    kernel.send(a.pid, 1);
    world.run({ forMs: 1 });
    expect(kernel.processInfo(a.pid)!.account).toMatchObject({ messagesIn: 1, turns: 1 });
    trace.stop();
    kernel.accounting = false;
    expect(kernel.observer).toBeUndefined();
  });

  test("may be turned on in the middle of a turn: time before it is nobody's", () => {
    const { world, kernel } = simKernel();
    world.run({ forMs: 1000 });
    const pid = kernel.spawn({
      label: "curious",
      handle(self: Process) {
        self.kernel.accounting = true;
      },
    });
    kernel.send(pid, 1);
    kernel.send(pid, 2);
    world.run();
    kernel.send(pid, 3);
    world.run();
    expect(kernel.processInfo(pid)!.account!.cpuMs).toBeLessThan(1);
    expect(kernel.processInfo(pid)!.account!.turns).toBe(1);
  });
});

describe("top", () => {
  test("K25, M6: the processes that have the most, the first one first", () => {
    const { world, kernel } = simKernel();
    kernel.accounting = true;
    const [a, b, c] = ["a", "b", "c"].map((label) => worker(world, kernel, label)) as [Pid, Pid, Pid];
    world.run();
    for (const [pid, ms] of [
      [a, 1],
      [b, 3],
      [c, 2],
      [a, 1],
      [a, 0],
    ] as const) {
      kernel.send(pid, ms);
      world.run();
    }
    const labels = (by: TopBy, limit?: number) => kernel.top(by, limit).map(({ label }) => label);
    expect(labels("cpuMs")).toEqual(["b", "a", "c"]);
    expect(labels("longestTurnMs")).toEqual(["b", "c", "a"]);
    expect(labels("messagesIn", 1)).toEqual(["a"]);
    for (let n = 0; n < 3; n++) kernel.send(c, 0);
    expect(labels("messageQueueLength", 1)).toEqual(["c"]);
    world.run();
    expect(labels("messageQueueHighWater", 1)).toEqual(["c"]);
    expect(kernel.top("messageQueueHighWater")[0]!.messageQueueHighWater).toBe(3);
    expect(() => labels("memory" as TopBy)).toThrow('top: expected one of ["messageQueueLength"');
  });
});

describe("trace", () => {
  const traced = (options: TraceOptions = {}) => {
    const sim = simKernel();
    const events: TraceEvent[] = [];
    return { ...sim, events, trace: sim.kernel.trace(options, (event) => events.push(event)) };
  };

  test("K27: tells of sends, receives, spawns, links, names and ends, in the order in which they happen", () => {
    const { world, kernel, events } = traced();
    const a = actor(kernel, { label: "a", trapExit: true });
    a.self.register("name");
    const child = a.self.spawnLink({ label: "child", handle: (self: Process) => self.exit("over") }, undefined, {
      link: true,
    });
    a.self.send(child, { n: 1 });
    a.self.unregister("name");
    world.run();
    const times = events.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(
      events.map(({ type, pid, atMs: _, ...event }) => [type, String(pid), ...Object.values(event).map(String)]),
    ).toEqual([
      ["spawn", "<0.1>", "undefined", "a"],
      ["register", "<0.1>", "name"],
      ["link", "<0.1>", "<0.2>"],
      ["spawn", "<0.2>", "<0.1>", "child"],
      ["send", "<0.1>", "<0.2>", "[object Object]"],
      ["receive", "<0.2>", "[object Object]"],
      ["unregister", "<0.1>", "name"],
      ["exit", "<0.2>", "over"],
      ["receive", "<0.1>", "[object Object]"],
    ]);
  });

  test("K27: tells of those that were asked for alone", () => {
    const sim = simKernel();
    const [a, b] = [actor(sim.kernel), actor(sim.kernel)];
    const events: TraceEvent[] = [];
    sim.kernel.trace({ pids: [a.pid], events: ["receive", "turn"] }, (event) => events.push(event));
    a.self.send(b.pid, 1);
    b.self.send(a.pid, 2);
    sim.world.run({ forMs: 1 });
    expect(events).toEqual([
      { type: "receive", pid: a.pid, message: 2, atMs: expect.any(Number) },
      { type: "turn", pid: a.pid, ms: expect.any(Number), atMs: expect.any(Number) },
    ]);
  });

  test("K27: match chooses among the events; those it does not take do not count for the limit", () => {
    const sim = simKernel();
    const a = actor(sim.kernel);
    const events: TraceEvent[] = [];
    const match = (event: TraceEvent): boolean => event.type === "receive" && Number(event.message) % 2 === 0;
    const trace = sim.kernel.trace({ match, limit: 2 }, (event) => events.push(event));
    for (let n = 1; n <= 3; n++) sim.kernel.send(a.pid, n);
    expect([events, trace.isRunning]).toMatchObject([[{ message: 2 }], true]);
    for (let n = 4; n <= 8; n++) sim.kernel.send(a.pid, n);
    expect([events, trace.isRunning]).toMatchObject([[{ message: 2 }, { message: 4 }], false]);
  });

  test("K27: a match that throws takes its trace off, with a report; whoever sent goes on", () => {
    const sim = simKernel();
    const a = actor(sim.kernel);
    const match = (): boolean => {
      throw new Error("no match");
    };
    const trace = sim.kernel.trace({ match }, () => {});
    sim.kernel.send(a.pid, 1);
    sim.world.run({ forMs: 1 });
    expect([trace.isRunning, a.messages]).toEqual([false, [1]]);
    expect(sim.reports).toMatchObject([{ kind: "error", reason: { error: { message: "no match" } } }]);
  });

  test("K27: ends by itself after so many events", () => {
    const { world, kernel, events, trace } = traced({ limit: 5, events: ["receive"] });
    const a = actor(kernel);
    for (let n = 0; n < 20; n++) kernel.send(a.pid, n);
    expect([events.length, trace.isRunning, kernel.observer]).toEqual([5, false, undefined]);
    world.run();
    expect([a.messages.length, kernel.timers.size]).toEqual([20, 0]);
  });

  test("K27: ends by itself after so long, by stop, and by `using`", () => {
    const { world, kernel, events, trace } = traced({ ms: 100 });
    const a = actor(kernel);
    world.run({ forMs: 90 });
    expect(trace.isRunning).toBe(true);
    world.run({ forMs: 20 });
    expect([trace.isRunning, kernel.observer]).toEqual([false, undefined]);
    const before = events.length;
    const second = kernel.trace({}, (event) => events.push(event));
    second.stop();
    second.stop();
    {
      using third = kernel.trace({}, (event) => events.push(event));
      expect(third.isRunning).toBe(true);
    }
    kernel.send(a.pid, 1);
    expect([events.length, kernel.observer, kernel.timers.size]).toEqual([before, undefined, 0]);
  });

  test("K27: a listener may hand what it hears to a process: that is not traced itself", () => {
    const { world, kernel, reports } = simKernel();
    const tracer = actor(kernel);
    const a = actor(kernel);
    kernel.trace({ events: ["receive"], limit: 1_000_000 }, (event) =>
      kernel.send(tracer.pid, { type: event.type, pid: event.pid }),
    );
    for (let n = 0; n < 3; n++) kernel.send(a.pid, n);
    world.run({ forMs: 1 });
    expect(tracer.messages).toEqual([1, 2, 3].map(() => ({ type: "receive", pid: a.pid })));
    expect(reports).toEqual([]);
  });

  test("a listener that throws is taken off, with a report, and harms nobody", () => {
    const { world, kernel, reports } = simKernel();
    const a = actor(kernel);
    const trace = kernel.trace({}, () => {
      throw new Error("no ear");
    });
    kernel.send(a.pid, 1);
    world.run();
    expect([a.messages, trace.isRunning]).toEqual([[1], false]);
    expect(reports).toMatchObject([{ kind: "error", where: expect.stringContaining("a trace's listener") }]);
  });

  test.each<[string, TraceOptions]>([
    ["limit", { limit: 0 }],
    ["limit", { limit: Number.NaN }],
    ["limit", { limit: 1_000_001 }],
    ["ms", { ms: Number.POSITIVE_INFINITY }],
    ["ms", { ms: -1 }],
    ["events", { events: ["sends"] as never }],
  ])("K27: has hard caps: refuses %s of %j", (name, options) => {
    const { kernel } = simKernel();
    expect(() => kernel.trace(options, () => {})).toThrow(OptionError);
    expect(() => kernel.trace(options, () => {})).toThrow(`trace: expected ${name}`);
    expect(kernel.observer).toBeUndefined();
  });

  test("K27: at most 16 at one time", () => {
    const { kernel } = simKernel();
    const traces = Array.from({ length: 16 }, () => kernel.trace({}, () => {}));
    expect(() => kernel.trace({}, () => {})).toThrow("expected fewer than 16 traces at one time, got 16");
    traces[3]!.stop();
    expect(kernel.trace({}, () => {}).isRunning).toBe(true);
  });
});

describe("systemMonitor", () => {
  test("K28: tells of turns that take long", () => {
    const { world, kernel } = simKernel();
    const events: SystemEvent[] = [];
    const monitor = kernel.systemMonitor({ longTurnMs: 10 }, (event) => events.push(event));
    const pid = worker(world, kernel, "slow");
    for (const ms of [1, 12, 2]) {
      kernel.send(pid, ms);
      world.run();
    }
    expect(events).toEqual([{ type: "longTurn", pid, label: "slow", ms: expect.any(Number) }]);
    expect((events[0] as { ms: number }).ms).toBeGreaterThan(12);
    monitor[Symbol.dispose]();
    kernel.send(pid, 12);
    world.run();
    expect([events.length, kernel.observer]).toEqual([1, undefined]);
  });

  test("K28: tells of a long mailbox once, and again when it was drained meanwhile", () => {
    const { world, kernel } = simKernel();
    const lengths: number[] = [];
    kernel.systemMonitor({ longMailbox: 100 }, (event) => {
      if (event.type === "longMailbox") lengths.push(event.length);
    });
    const a = actor(kernel);
    for (let n = 0; n < 250; n++) kernel.send(a.pid, n);
    expect(lengths).toEqual([100]);
    world.run();
    for (let n = 0; n < 250; n++) kernel.send(a.pid, n);
    expect(lengths).toEqual([100, 100]);
  });

  test("K28: of a plain process, too, which takes its messages without turns of its own", async () => {
    const { world, kernel } = simKernel();
    const lengths: number[] = [];
    kernel.systemMonitor({ longMailbox: 10 }, (event) => void lengths.push((event as { length: number }).length));
    const pid = kernel.spawn(async (self) => {
      for (;;) await self.receive();
    });
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 12; n++) kernel.send(pid, n);
      await world.runAsync();
    }
    expect(lengths).toEqual([10, 10, 10]);
  });

  test("a listener that throws is taken off, with a report", () => {
    const { world, kernel, reports } = simKernel();
    kernel.systemMonitor({ longMailbox: 1 }, () => {
      throw new Error("no ear");
    });
    const a = actor(kernel);
    kernel.send(a.pid, 1);
    world.run();
    expect([a.messages, kernel.observer]).toEqual([[1], undefined]);
    expect(reports).toMatchObject([{ kind: "error", where: expect.stringContaining("a system monitor's listener") }]);
  });

  test.each([{ longTurnMs: 0 }, { longMailbox: Number.NaN }, { longTurnMs: "10" as never }])(
    "refuses %j",
    (options) => {
      const { kernel } = simKernel();
      expect(() => kernel.systemMonitor(options, () => {})).toThrow(
        `systemMonitor: expected ${Object.keys(options)[0]} to be a number above 0`,
      );
    },
  );
});
