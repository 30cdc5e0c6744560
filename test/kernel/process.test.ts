import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { readStats } from "../../kernel/observe/stats.ts";
import type { Process } from "../../kernel/process.ts";
import { sleep } from "../../kernel/sleep.ts";
import { TimeoutMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

describe("Process", () => {
  test("K2: a pid is comparable, printable, and never used again", () => {
    const { kernel } = simKernel({ thread: 3 });
    const first = actor(kernel).pid;
    kernel.exit(first, "kill");
    const second = actor(kernel).pid;
    expect(String(first)).toBe("<3.1>");
    expect(JSON.stringify({ first })).toBe('{"first":"<3.1>"}');
    expect(String(second)).toBe("<3.2>");
  });

  test("K3: the list of processes holds those that are alive", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    kernel.exit(a.pid, "kill");
    expect(kernel.processes()).toEqual([b.pid]);
    expect([kernel.isAlive(a.pid), kernel.isAlive(b.pid)]).toEqual([false, true]);
    expect([a.self.isAlive, b.self.isAlive]).toEqual([false, true]);
  });

  test("K3: one that is ending is not alive any more, though the others have not heard of it", () => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    const seen: unknown[] = [];
    a.self.own({ [Symbol.dispose]: () => seen.push(a.self.isAlive, kernel.isAlive(a.pid), kernel.processes()) });
    kernel.exit(a.pid, "over");
    expect(seen).toEqual([false, false, []]);
  });

  test("K3: whether it is alive is told on its own thread alone", () => {
    const { kernels, at } = simKernels(2);
    const other = at(kernels[0]!, actor(kernels[1]!).pid);
    expect(() => kernels[0]!.isAlive(other)).toThrow(/expected a pid of thread 1, got <2.1>. Monitor it/);
  });

  test("K36: what nobody will read is counted: what waited at an end, and what came later, from any thread", () => {
    const { world, kernels, at } = simKernels(2);
    const [here, there] = [actor(kernels[0]!), actor(kernels[1]!)];
    const dead = () => kernels.map((kernel) => readStats(kernel.stats).deadLetters);
    for (const n of [1, 2, 3]) kernels[0]!.send(here.pid, n);
    kernels[0]!.exit(here.pid, "kill");
    expect(dead()).toEqual([3, 0]);
    kernels[0]!.send(here.pid, "late");
    kernels[0]!.cast(here.pid, "late");
    const stale = at(kernels[0]!, there.pid);
    kernels[1]!.exit(there.pid, "kill");
    kernels[0]!.send(stale, "late");
    kernels[0]!.cast(stale, "late");
    world.run();
    expect(dead()).toEqual([5, 2]);
    expect(here.messages).toEqual([]);
  });

  test("K4: sending to a dead process is silently fine, to an unregistered name it throws", () => {
    const { kernel } = simKernel();
    const [a, dead] = [actor(kernel), actor(kernel)];
    kernel.exit(dead.pid, "kill");
    a.self.send(dead.pid, "hello");
    expect(() => a.self.send("nobody", "hello")).toThrow('Cannot send to "nobody"');
  });

  test("K4, law 2: a message cannot be changed after it was sent", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const message = { list: [1] };
    kernel.send(a.pid, message);
    expect(() => message.list.push(2)).toThrow(TypeError);
    world.run();
    expect(a.messages).toEqual([{ list: [1] }]);
  });

  test("K11: an uncaught error is the exit reason, as data; a thrown value too", () => {
    const { world, kernel, reports } = simKernel();
    const watcher = actor(kernel, { trapExit: true });
    watcher.self.spawnLink(function wrong() {
      throw new TypeError("wrong type", { cause: new Error("deeper") });
    });
    watcher.self.spawnLink(function odd() {
      throw 42; // as JavaScript allows
    });
    world.run();
    expect(watcher.messages).toMatchObject([
      { reason: { error: { name: "TypeError", message: "wrong type", cause: { message: "deeper" } } } },
      { reason: { error: { name: "thrown", message: "42" } } },
    ]);
    expect(reports).toMatchObject([
      { kind: "crash", label: "wrong", parent: String(watcher.pid) },
      { kind: "crash", label: "odd" },
    ]);
  });

  test("K11: an end with normal, shutdown or { shutdown } is not reported as a crash; any other exit of its own is", () => {
    const { world, kernel, reports } = simKernel();
    for (const reason of ["normal", "shutdown", { shutdown: "deploy" }, "other"]) {
      kernel.spawn((self) => self.exit(reason));
    }
    world.run();
    expect(reports).toMatchObject([{ kind: "crash", reason: "other" }]);
  });

  test("K17: sendAfter delivers in time, to oneself, to others, and to whoever has the name when it fires", () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    a.self.sendAfter(10, "self");
    a.self.sendAfter(20, "other", b.pid);
    a.self.sendAfter(30, "named", "late");
    a.self.sendAfter(30, "nobody has it", "nobody");
    world.run({ forMs: 5 });
    b.self.register("late");
    expect(a.messages).toEqual([]);
    world.run();
    expect(a.messages).toEqual(["self"]);
    expect(b.messages).toEqual(["other", "named"]);
  });

  test("K17: startTimer's message carries the timer's ref, on other threads too: an old one can be told from a new", () => {
    const { world, kernels, at } = simKernels(2);
    const [a, b] = [actor(kernels[0]!), actor(kernels[1]!)];
    const first = a.self.startTimer(10, "late");
    const second = a.self.startTimer(10, { n: 2 }, at(kernels[0]!, b.pid));
    world.run();
    expect(a.messages).toEqual([new TimeoutMessage(first.ref, "late")]);
    expect(b.messages).toEqual([new TimeoutMessage(second.ref, { n: 2 })]);
    expect(b.messages[0]).toBeInstanceOf(TimeoutMessage);
    const third = a.self.startTimer(10, "never");
    expect(a.self.cancelTimer(third.timer)).toBeGreaterThan(9);
    world.run();
    expect(a.messages).toHaveLength(1);
  });

  test("K17, K31: { at } is a moment of the monotonic clock; one that is over fires at once", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const atMs = world.monotonicMs() + 50;
    a.self.sendAfter({ at: atMs }, "then");
    a.self.sendAfter({ at: -1 }, "over");
    world.run({ forMs: 5 });
    expect(a.messages).toEqual(["over"]);
    world.run();
    expect(a.messages).toEqual(["over", "then"]);
    expect(world.nowMs).toBeGreaterThanOrEqual(atMs);
    for (const wrong of [{ at: Number.NaN }, { in: 5 }, null, -1, "5", Number.POSITIVE_INFINITY]) {
      expect(() => a.self.sendAfter(wrong as number, "never")).toThrow(/expected a delay/);
    }
  });

  test("K17: applyAfter starts a process later; it can be cancelled", () => {
    const { world, kernel } = simKernel();
    const ran: unknown[] = [];
    kernel.applyAfter(20, (self, n: number) => void ran.push(n, self.parent, Math.round(world.nowMs)), 1);
    const timer = kernel.applyAfter(20, () => void ran.push("never"));
    kernel.timers.cancel(timer);
    expect(() => kernel.applyAfter(-1, () => {})).toThrow(/applyAfter: expected delayMs/);
    world.run();
    expect(ran).toEqual([1, undefined, expect.any(Number)]);
    expect(ran[2]).toBeGreaterThanOrEqual(20);
  });

  test("K17: a timer to oneself ends with the process, one to somebody else does not", () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    a.self.sendAfter(10, "gone");
    a.self.sendAfter(10, "still", b.pid);
    kernel.exit(a.pid, "kill");
    expect(kernel.timers.size).toBe(1);
    world.run();
    expect(b.messages).toEqual(["still"]);
  });

  test("K17: an interval does not drift, though its process is slow, and ends with it", () => {
    const { world, kernel } = simKernel();
    const atMs: number[] = [];
    const pid = kernel.spawn({
      label: "slow",
      init: (self: Process) => void self.sendInterval(10, "tick"),
      handle() {
        atMs.push(Math.round(world.nowMs));
        if (atMs.length === 3) for (const untilMs = world.nowMs + 25; world.monotonicMs() < untilMs; );
      },
    });
    world.run({ forMs: 1005 });
    expect(atMs.length).toBe(100);
    expect(atMs.at(-1)).toBeGreaterThanOrEqual(1000);
    expect(atMs.at(-1)).toBeLessThanOrEqual(1002);
    kernel.exit(pid, "kill");
    expect(kernel.timers.size).toBe(0);
  });

  test("K17: an interval can be cancelled, from inside its own message too", () => {
    const { world, kernel } = simKernel();
    let ticks = 0;
    kernel.spawn({
      label: "three times",
      init(self: Process) {
        self.state = self.sendInterval(10, "tick");
      },
      handle(self) {
        ticks += 1;
        if (ticks === 3) (self.state as { cancel(): void }).cancel();
      },
    });
    world.run();
    expect(ticks).toBe(3);
    expect(kernel.timers.size).toBe(0);
  });

  test("K17: an interval whose message is one too many, and so its process's end, ends with it", () => {
    const { world, kernel } = simKernel();
    const pid = kernel.spawn(
      {
        label: "stuck",
        init: (self: Process) => void self.sendInterval(10, "tick"),
        handle: (self: Process) => sleep(self, Number.POSITIVE_INFINITY),
      },
      undefined,
      { mailbox: { max: 1, overflow: "exit" } },
    );
    world.run({ forMs: 1000 });
    expect([kernel.isAlive(pid), kernel.timers.size]).toEqual([false, 0]);
  });

  test("K18: cancelTimer tells what was left; what has fired cannot be recalled", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const cancelled = a.self.sendAfter(100, "cancelled");
    const fired = a.self.sendAfter(10, "fired");
    world.run({ forMs: 40 });
    const left = a.self.cancelTimer(cancelled);
    expect(left).toBeGreaterThan(58);
    expect(left).toBeLessThan(62);
    expect(a.self.cancelTimer(fired)).toBe(false);
    world.run();
    expect(a.messages).toEqual(["fired"]);
  });

  test("K18: readTimer tells what is left, and lets it go on", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const timer = a.self.sendAfter(100, "fired");
    world.run({ forMs: 30 });
    expect(a.self.readTimer(timer)).toBeGreaterThan(68);
    expect(a.self.readTimer(timer)).toBeLessThan(72);
    world.run();
    expect([a.messages, a.self.readTimer(timer)]).toEqual([["fired"], false]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "10"])("refuses a delay of %s", (delay) => {
    const { kernel } = simKernel();
    expect(() => actor(kernel).self.sendAfter(delay as number, "x")).toThrow(
      "expected a delay in milliseconds of at least 0",
    );
  });

  test("K19: the dictionary is the process's own", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    a.self.dictionary.set("locale", "de");
    expect(b.self.dictionary.get("locale")).toBeUndefined();
  });

  test("K20: the flags of a process: as it is spawned, and later", () => {
    const { kernel } = simKernel();
    const pid = kernel.spawn({ label: "a", handle() {} }, undefined, {
      trapExit: true,
      priority: "low",
      mailbox: { max: 5, overflow: "exit" },
      maxStateBytes: 1_000_000,
    });
    expect(kernel.processInfo(pid)).toMatchObject({ trapExit: true, priority: "low" });
    const self = kernel.localProcess(pid.serial)!;
    self.trapExit = false;
    self.priority = "max";
    expect(kernel.processInfo(pid)).toMatchObject({ trapExit: false, priority: "max" });
    for (let n = 0; n < 6; n++) kernel.send(pid, n);
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("K23: hibernation loses nothing that waits or comes, and the process wakes with the next message", () => {
    const { world, kernel } = simKernel();
    const handled: unknown[] = [];
    const pid = kernel.spawn({
      label: "sleepy",
      init(self: Process) {
        self.state = { kept: true };
      },
      handle(self: Process, message) {
        handled.push(message);
        self.hibernate();
      },
    });
    for (let n = 0; n < 3; n++) kernel.send(pid, n);
    world.run();
    kernel.localProcess(pid.serial)!.hibernate();
    kernel.send(pid, 3);
    kernel.localProcess(pid.serial)!.hibernate();
    world.run();
    expect(handled).toEqual([0, 1, 2, 3]);
    expect(kernel.localProcess(pid.serial)!.state).toEqual({ kept: true });
    expect(kernel.processInfo(pid)!.messageQueueHighWater).toBe(3);
  });

  test("K31: refs are unique in the runtime, and each is larger than the one before on its thread", () => {
    const { world, kernels } = simKernels(2);
    const seen = new Set<number>();
    for (const kernel of kernels) {
      const { self, pid } = actor(kernel);
      let last = 0;
      for (let n = 0; n < 1000; n++) {
        const ref = n % 2 === 0 ? self.makeRef() : self.monitor(pid);
        expect(Number.isSafeInteger(ref) && ref > last).toBe(true);
        last = ref;
        seen.add(ref);
      }
    }
    expect(seen.size).toBe(2000);
    world.run();
  });

  test("K31: timers run on monotonic time: a jump of the wall clock does nothing to them", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    a.self.sendAfter(100, "in time");
    world.run({ forMs: 50 });
    const systemMs = kernel.world.systemMs();
    world.jumpSystemClock(-3_600_000);
    expect(kernel.world.systemMs()).toBeLessThan(systemMs);
    world.run({ forMs: 40 });
    expect(a.messages).toEqual([]);
    world.run({ forMs: 20 });
    expect(a.messages).toEqual(["in time"]);
  });

  test("K33: resources are disposed of when their owner ends, the last one first; one that fails harms nobody", () => {
    const { kernel, reports } = simKernel();
    const a = actor(kernel);
    const closed: string[] = [];
    a.self.own({
      [Symbol.dispose]() {
        throw new Error("it resists");
      },
    });
    a.self.own({ [Symbol.dispose]: () => closed.push("sync") });
    a.self.own({ [Symbol.asyncDispose]: async () => void closed.push("async") });
    const { signal } = a.self;
    kernel.exit(a.pid, "over");
    expect(closed).toEqual(["async", "sync"]);
    expect(signal.aborted).toBe(true);
    expect(reports).toMatchObject([{ kind: "error", reason: { error: { message: "it resists" } } }]);
  });

  test("K33: a resource that was given up is let alone; what is none is refused", () => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    const closed: string[] = [];
    const file = a.self.own({ [Symbol.dispose]: () => closed.push("file") });
    a.self.own({ [Symbol.dispose]: () => closed.push("socket") });
    expect([a.self.disown(file), a.self.disown(file), kernel.processInfo(a.pid)!.resources]).toEqual([true, false, 1]);
    expect(() => a.self.own({} as Disposable)).toThrow(
      "expected a resource with [Symbol.dispose] or [Symbol.asyncDispose]",
    );
    expect(() => a.self.own(undefined as unknown as Disposable)).toThrow("got undefined");
    kernel.exit(a.pid, "over");
    expect(closed).toEqual(["socket"]);
    expect(() => a.self.own(file)).toThrow();
  });

  test("K33: the signal is aborted with the exit reason, also for who asks for it afterwards", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    const seen: unknown[] = [];
    a.self.signal.addEventListener("abort", () => seen.push(kernel.isAlive(a.pid), a.self.signal.reason));
    expect(a.self.signal.aborted).toBe(false);
    kernel.exit(a.pid, "over");
    kernel.exit(b.pid, "over");
    expect(seen).toEqual([false, "over"]);
    expect([a.self.signal.aborted, b.self.signal.aborted]).toEqual([true, true]);
  });

  test("K36: what waits in a dead mailbox vanishes, and what comes later too", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    kernel.send(a.pid, 1);
    kernel.exit(a.pid, "kill");
    kernel.send(a.pid, 2);
    world.run();
    expect(a.messages).toEqual([]);
    expect(a.self.mailbox).toBeUndefined();
  });

  test("K24: a process that ended leaves no timer, name, subscription, link or process behind", () => {
    const { world, kernel } = simKernel();
    const other = actor(kernel);
    const a = actor(kernel, { name: "a" });
    a.self.sendAfter(1000, "x");
    a.self.sendInterval(1000, "y");
    a.self.subscribe("topic");
    a.self.link(other.pid);
    a.self.monitor(other.pid);
    world.run({ forMs: 1 });
    kernel.exit(a.pid, "normal");
    expect(() => a.self.send(other.pid, "from the dead")).toThrow();
    expect(kernel.names.registered()).toEqual([]);
    expect([kernel.timers.size, kernel.pubsub.size, other.self.links!.size, other.self.monitoredBy!.size]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test("K40: a process that waits can still be killed, and its siblings run meanwhile", async () => {
    const { world, kernel } = simKernel();
    const sleeper = kernel.spawn(async (self) => void (await self.receive({ after: 3600_000 })));
    const other = actor(kernel);
    kernel.send(other.pid, "hello");
    await world.runAsync({ forMs: 10 });
    expect(other.messages).toEqual(["hello"]);
    kernel.exit(sleeper, "shutdown");
    expect(kernel.isAlive(sleeper)).toBe(false);
    expect(kernel.timers.size).toBe(0);
  });

  test("prints as one line, not as its kernel", () => {
    const { kernel } = simKernel();
    expect(inspect({ self: actor(kernel, { label: "worker 7" }).self })).toBe("{ self: Process<0.1> worker 7 }");
  });

  test("what a handler does after its process has begun to terminate does not wake it again", async () => {
    const { world, kernel } = simKernel();
    const handled: unknown[] = [];
    const ended: unknown[] = [];
    const pid = kernel.spawn({
      label: "slow",
      async handle(_self, message) {
        handled.push(message);
        await new Promise<void>((resolve) => world.alarm(10, resolve));
      },
      async terminate(_self, reason) {
        await new Promise<void>((resolve) => world.alarm(50, resolve));
        ended.push(reason);
      },
    });
    kernel.send(pid, 1);
    await world.runAsync({ forMs: 1 });
    kernel.send(pid, 2);
    kernel.end(kernel.localProcess(pid.serial)!, "shutdown", false);
    await world.runAsync();
    expect([handled, ended, kernel.isAlive(pid)]).toEqual([[1], ["shutdown"], false]);
  });

  test("who ends another in the middle of its own handler goes on as before", () => {
    const { world, kernel } = simKernel();
    const order: string[] = [];
    const victim = kernel.spawn({ label: "victim", handle() {}, terminate: () => void order.push("terminate") });
    world.run();
    const killer = kernel.spawn({
      label: "killer",
      handle(self: Process) {
        kernel.end(kernel.localProcess(victim.serial)!, "shutdown", false);
        self.exit(self.pid, "enough"); // takes effect when the handler returns
        order.push("still there");
        self.sendAfter(1, "x");
      },
    });
    kernel.send(killer, 1);
    world.run();
    expect(order).toEqual(["terminate", "still there"]);
    expect([kernel.processes(), kernel.timers.size]).toEqual([[], 0]);
  });
});
