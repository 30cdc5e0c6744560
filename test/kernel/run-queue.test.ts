import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { SimWorld } from "../../kernel/testing/index.ts";
import type { World } from "../../kernel/world.ts";
import { actor, simKernel } from "../support/kernels.ts";

/** A process that gives itself a message for each one it gets: it never has nothing to do. */
function restless(kernel: Kernel, onTurn: (self: Process) => void = () => {}) {
  const pid = kernel.spawn({
    label: "restless",
    handle(self: Process) {
      onTurn(self);
      self.send(self.pid, "again");
    },
  });
  kernel.send(pid, "start");
  return pid;
}

function flood(self: Process, receiver: Pid, counts: { sent: number }): void {
  for (let n = 0; n < 5000; n++) self.send(receiver, n);
  counts.sent += 5000;
}

describe("RunQueue", () => {
  test("K21: whoever has work gets the same number of turns", () => {
    const { world, kernel } = simKernel();
    const handled = new Map<Process, number>();
    for (let i = 0; i < 10; i++) restless(kernel, (self) => handled.set(self, (handled.get(self) ?? 0) + 1));
    world.run({ forMs: 2 });
    const counts = [...handled.values()];
    expect(counts).toHaveLength(10);
    expect(Math.min(...counts)).toBeGreaterThan(1000);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(200);
  });

  test("K21: one with a long mailbox does not keep the others waiting", () => {
    const { world, kernel } = simKernel();
    const order: string[] = [];
    const label = (name: string) => ({ label: name, handle: () => void order.push(name) });
    const long = kernel.spawn(label("long"));
    const short = kernel.spawn(label("short"));
    for (let i = 0; i < 10_000; i++) kernel.send(long, i);
    kernel.send(short, 1);
    world.run();
    expect(order.indexOf("short")).toBeLessThanOrEqual(200);
    expect(order).toHaveLength(10_001);
  });

  test("K21: a send costs its sender a reduction: who floods others gives way sooner", () => {
    const { world, kernel } = simKernel();
    const sink = actor(kernel);
    const order: string[] = [];
    const flood = kernel.spawn({
      label: "flood",
      handle(self: Process) {
        order.push("flood");
        for (let i = 0; i < 99; i++) self.send(sink.pid, i);
      },
    });
    const quiet = kernel.spawn({ label: "quiet", handle: () => void order.push("quiet") });
    for (let i = 0; i < 50; i++) kernel.send(flood, i);
    kernel.send(quiet, 1);
    world.run();
    expect(order.indexOf("quiet")).toBe(2); // 200 reductions at 100 a message
  });

  test("K21: a turn that sent far beyond its budget makes the next ones shorter: a sender cannot outrun its receiver", () => {
    const { world, kernel } = simKernel();
    const counts = { sent: 0, handled: 0 };
    const receiver = kernel.spawn({ label: "receiver", handle: () => void (counts.handled += 1) });
    restless(kernel, (self) => flood(self, receiver, counts));
    world.run({ forMs: 5 });
    expect(counts.sent).toBeGreaterThan(50_000);
    expect(counts.sent - counts.handled).toBeLessThan(2 * 5000);
  });

  test("G22: those who flood a full mailbox are charged for what is dropped, and leave its owner its share", () => {
    const { world, kernel } = simKernel({ maxMailbox: 10_000 });
    const counts = { sent: 0, handled: 0 };
    const receiver = kernel.spawn({ label: "receiver", handle: () => void (counts.handled += 1) });
    for (let i = 0; i < 4; i++) restless(kernel, (self) => flood(self, receiver, counts));
    world.run({ forMs: 2 });
    expect(kernel.processInfo(receiver)!.dropped).toBeGreaterThan(100_000);
    expect(counts.handled).toBeGreaterThan(counts.sent / 5); // a fifth of the reductions
  });

  test("K21: max goes before high, high before the others; low and normal share", () => {
    const { world, kernel } = simKernel();
    const order: string[] = [];
    for (const priority of ["low", "normal", "high", "max"] as const) {
      const pid = kernel.spawn({ label: priority, handle: () => void order.push(priority) }, undefined, { priority });
      expect(kernel.processInfo(pid)!.priority).toBe(priority);
      kernel.send(pid, 1);
    }
    world.run();
    expect(order).toEqual(["max", "high", "normal", "low"]);
  });

  test("K21: low gets one turn in eight while normal ones wait, and all of them when nobody does", () => {
    const { world, kernel } = simKernel();
    const turns = { low: 0, normal: 0 };
    let last: Process | undefined;
    const count = (priority: "low" | "normal") => (self: Process) => {
      if (self !== last) turns[priority] += 1;
      last = self;
    };
    const [low] = [
      restless(kernel, count("low")),
      restless(kernel, count("normal")),
      restless(kernel, count("normal")),
    ];
    kernel.localProcess(low.serial)!.priority = "low";
    world.run({ forMs: 100 });
    expect(turns.low).toBeGreaterThan(50);
    expect(turns.normal / turns.low).toBeGreaterThan(6.5);
    expect(turns.normal / turns.low).toBeLessThan(7.5);
    for (const pid of kernel.processes()) if (pid !== low) kernel.exit(pid, "kill");
    last = undefined;
    const before = turns.low;
    world.run({ forMs: 1 });
    expect(turns.low).toBe(before + 1); // one turn after the other, and nobody between them
  });

  test("K21: while one of high priority has work the others wait, but the event loop does not", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    world.run();
    const busy = restless(kernel);
    kernel.localProcess(busy.serial)!.priority = "high";
    world.run({ forMs: 5 });
    kernel.send(a.pid, 1);
    let io = 0;
    world.alarm(5, () => {
      io = world.nowMs;
    });
    world.run({ forMs: 20 });
    expect(a.messages).toEqual([]);
    expect(io).toBeLessThan(12);
    kernel.exit(busy, "kill");
    world.run({ forMs: 5 });
    expect(a.messages).toEqual([1]);
  });

  test("K21: a priority that is changed while its process waits for its turn counts from the next one", () => {
    const { world, kernel } = simKernel();
    const order: string[] = [];
    const label = (name: string) => ({ label: name, handle: () => void order.push(name) });
    const [first, second] = [kernel.spawn(label("first")), kernel.spawn(label("second"))];
    world.run();
    for (const pid of [first, second]) kernel.send(pid, 1);
    kernel.localProcess(second.serial)!.priority = "max";
    world.run();
    for (const pid of [first, second]) kernel.send(pid, 1);
    world.run();
    expect(order).toEqual(["first", "second", "second", "first"]);
  });

  test.each(["higher", 1, "toString", undefined])("K20: refuses the priority %s", (priority) => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    expect(() => {
      a.self.priority = priority as "high";
    }).toThrow('expected priority to be "low", "normal", "high" or "max", got');
    expect(a.self.priority).toBe("normal");
  });

  test("I/O gets its turn after every slice, however much there is to do", () => {
    const world = new SimWorld(1, { readingMs: 0.02 });
    const kernel = new Kernel({ world, sliceMs: 0.4 });
    for (let i = 0; i < 5; i++) restless(kernel);
    let slowestMs = 0;
    let turns = 0;
    let lastMs = world.nowMs;
    world.nextTurn(function io() {
      slowestMs = Math.max(slowestMs, world.nowMs - lastMs);
      lastMs = world.nowMs;
      turns += 1;
      world.nextTurn(io);
    });
    world.run({ forMs: 50 });
    expect(turns).toBeGreaterThan(50);
    expect(slowestMs).toBeLessThan(10 * 0.5); // the seed may let a few slices pass before the I/O callback
  });

  test("I/O gets its turn after every handler that is slow, not after dozens of them", () => {
    const { world, kernel } = simKernel();
    for (let i = 0; i < 20; i++) restless(kernel, () => world.stall(5));
    const gapsMs: number[] = [];
    let lastMs = world.nowMs;
    world.nextTurn(function io() {
      gapsMs.push(world.nowMs - lastMs);
      lastMs = world.nowMs;
      world.nextTurn(io);
    });
    world.run({ forMs: 5000 });
    expect(Math.max(...gapsMs.slice(20))).toBeLessThanOrEqual(10 * 5); // the seed may let a few slices pass before
  });

  test("two that wait for each other in receive go on without turns, and I/O still gets its own", async () => {
    const world = new SimWorld(1, { readingMs: 0.01 });
    const kernel = new Kernel({ world });
    let hops = 0;
    const echo = async (self: Process, to: Pid | undefined): Promise<void> => {
      if (to !== undefined) self.send(to, self.pid);
      for (;;) {
        const from = (await self.receive()) as Pid;
        hops += 1;
        if (hops === 50_000) return;
        self.send(from, self.pid);
      }
    };
    kernel.spawn(echo, kernel.spawn(echo, undefined));
    const hopsBetween: number[] = [];
    let before = 0;
    world.nextTurn(function io() {
      hopsBetween.push(hops - before);
      before = hops;
      if (hops < 50_000) world.nextTurn(io);
    });
    await world.runAsync();
    expect(hops).toBe(50_000);
    expect(hopsBetween.length).toBeGreaterThan(20);
    expect(Math.max(...hopsBetween)).toBeLessThan(10 * 25 * 32); // looks in a slice, hops between two; the seed as above
  });

  test.each(["what waits for it", "what it sends itself", "nothing, again and again"])(
    "K21: who receives %s leaves the others, timers and I/O their turn",
    async (what) => {
      const world = new SimWorld(1, { readingMs: 0.01 });
      const kernel = new Kernel({ world, report: () => {} });
      let received = 0;
      const most = 2000;
      const receiver = kernel.spawn(async (self) => {
        while (received < most) {
          if (what === "what it sends itself") self.send(self.pid, received);
          await self.receive(what === "nothing, again and again" ? { after: 0 } : {});
          received += 1;
        }
      });
      if (what === "what waits for it") for (let i = 0; i < most; i++) kernel.send(receiver, i);
      let widest = 0;
      let before = 0;
      restless(kernel, () => {
        widest = Math.max(widest, received - before);
        before = received;
        if (received >= most) throw new Error("over");
      });
      let turns = 0;
      world.nextTurn(function io() {
        turns += 1;
        if (received < most) world.nextTurn(io);
      });
      let ticks = 0;
      kernel.spawn(async (self) => {
        for (; received < most; ticks++) await self.receive({ after: 1 });
      });
      await world.runAsync({ forMs: 60_000 });
      expect(received).toBe(most);
      expect(widest).toBeLessThanOrEqual(201);
      expect(turns).toBeGreaterThan(10);
      expect(ticks).toBeGreaterThan(1);
    },
  );

  test("a process that is resumed within the slice goes on in it, and the slice still ends", async () => {
    const { world, kernel } = simKernel();
    const turnsOf: number[] = [];
    let ioMs = Number.POSITIVE_INFINITY;
    const pid = kernel.spawn({
      label: "async",
      async handle(self: Process) {
        await Promise.resolve();
        turnsOf.push(world.steps);
        if (ioMs === Number.POSITIVE_INFINITY || turnsOf.length < 10) self.send(self.pid, "again");
      },
    });
    kernel.send(pid, "go");
    world.alarm(2, () => {
      ioMs = world.nowMs;
    });
    await world.runAsync();
    expect(ioMs).toBeLessThan(3);
    expect(new Set(turnsOf).size).toBeLessThan(turnsOf.length / 10); // many resumptions in one callback of the world
  });

  test("a process that was ended while it waited for its turn has none", () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    world.run();
    kernel.send(a.pid, 1);
    kernel.send(b.pid, 2);
    kernel.exit(a.pid, "kill");
    world.run();
    expect([a.messages, b.messages]).toEqual([[], [2]]);
  });

  test("where slices can be cut off: what a slab has woken runs as it arrives, what came behind it in a slice to come", () => {
    const sim = new SimWorld(1);
    const turns: (() => void)[] = [];
    const slices: (() => void)[] = [];
    const world: World = {
      monotonicMs: () => sim.monotonicMs(),
      systemMs: () => sim.systemMs(),
      random: () => sim.random(),
      randomBytes: (size) => sim.randomBytes(size),
      microtask: (run) => sim.microtask(run),
      alarm: (delayMs, run) => sim.alarm(delayMs, run),
      nextTurn: (run) => void turns.push(run),
      nextSlice: (run) => void slices.push(run),
    };
    const runTurn = () => {
      for (const run of turns.splice(0)) run();
      for (const run of slices.splice(0)) run();
    };
    const here = new Kernel({ world, thread: 1, report: () => {} });
    const there = new Kernel({ world, thread: 2, report: () => {} });
    const coming: Uint8Array[] = [];
    let arrive: (slab: Uint8Array) => void = () => {};
    here.peers.connect(2, { post: () => {}, listen: (onSlab) => void (arrive = onSlab), close: () => {} });
    there.peers.connect(1, { post: (slab) => void coming.push(slab), listen: () => {}, close: () => {} });

    const seen: unknown[] = [];
    const receiver = here.spawn({
      label: "receiver",
      activity: () => "whatever", // it runs only where it can be cut off
      handle: (_self: Process, message) => void seen.push(message),
    });
    runTurn();
    const receiverThere = there.peers.pid(1, receiver.serial);
    for (const message of ["first", "second"]) {
      there.send(receiverThere, message);
      there.peers.flush();
    }
    const [first, second] = coming;
    runTurn();
    arrive(first!);
    expect(seen).toEqual(["first"]);
    expect(slices).toEqual([]);
    arrive(second!);
    expect(seen).toEqual(["first"]);
    runTurn();
    expect(seen).toEqual(["first", "second"]);
  });
});
