import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { SimWorld } from "../../kernel/testing/index.ts";
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

describe("RunQueue", () => {
  test("K21: whoever has work gets the same number of turns", () => {
    const { world, kernel } = simKernel();
    const handled = new Map<Process, number>();
    for (let i = 0; i < 10; i++) restless(kernel, (self) => handled.set(self, (handled.get(self) ?? 0) + 1));
    world.run({ forMs: 2 });
    const counts = [...handled.values()];
    expect(counts).toHaveLength(10);
    expect(Math.min(...counts)).toBeGreaterThan(1000);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(500);
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
    expect(order.indexOf("short")).toBeLessThanOrEqual(500);
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
    expect(order.indexOf("quiet")).toBe(5); // 500 reductions at 100 a message
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
});
