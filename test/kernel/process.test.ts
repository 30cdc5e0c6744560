import { describe, expect, test } from "vitest";
import type { Process } from "../../kernel/process.ts";
import { actor, simKernel } from "../support/kernels.ts";

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
});
