import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { SimThreads, SimWorld } from "../../kernel/testing/index.ts";

const quiet = { report: () => {}, chargeRejections: false };

/** A process that writes down what it gets. */
function listener(kernel: Kernel, name?: string): { pid: Pid; got: unknown[] } {
  const got: unknown[] = [];
  const behaviour = { label: "listener", handle: (_self: unknown, message: unknown) => void got.push(message) };
  return { pid: kernel.spawn(behaviour, undefined, name === undefined ? {} : { name }), got };
}

describe("SimThreads", () => {
  test("joins every thread to every other, and keeps the order of what one sends to another", () => {
    const world = new SimWorld(1);
    const threads = new SimThreads(world, 3, { maxDelayMs: 50, kernel: quiet });
    const [one, two, three] = threads.kernels as [Kernel, Kernel, Kernel];
    const { pid, got } = listener(three);
    for (const kernel of [one, two]) {
      for (let i = 1; i <= 3; i++) {
        world.alarm(i, () => kernel.send(threads.at(kernel, pid), [kernel.thread, i]));
      }
    }
    world.run();
    const from = (thread: number): unknown[] => (got as [number, number][]).filter(([sender]) => sender === thread);
    expect([from(1), from(2)]).toEqual([1, 2].map((thread) => [1, 2, 3].map((i) => [thread, i])));
    expect(world.nowMs).toBeLessThan(200);
  });

  test("ends a thread in the middle of what it does, and the others are told", () => {
    const world = new SimWorld(1);
    const threads = new SimThreads(world, 2, { kernel: quiet });
    const [one, two] = threads.kernels as [Kernel, Kernel];
    const { pid, got } = listener(two, "listener");
    const downs: unknown[] = [];
    const watcher = one.spawn({ label: "watcher", handle: (_self, message) => void downs.push(message) });
    one.localProcess(watcher.serial)!.monitor(threads.at(one, pid));
    world.run();
    threads.end(two);
    two.send(pid, "to nobody");
    world.run();
    expect([got, [...threads.ended], threads.kernels]).toEqual([[], [2], [one]]);
    expect(downs).toMatchObject([{ type: "down", reason: "schedulerDown" }]);
    expect(one.names.whereis("listener")).toBeUndefined();
  });

  test("a thread that comes later has a number of its own, and knows the names that are taken", () => {
    const world = new SimWorld(1);
    const threads = new SimThreads(world, 2, { kernel: quiet });
    const { pid } = listener(threads.kernels[0]!, "listener");
    threads.end(threads.kernels[1]);
    const third = threads.add();
    world.run();
    expect(third.thread).toBe(3);
    expect(third.names.whereis("listener")).toBe(threads.at(third, pid));
  });

  test("without a kernel the seed chooses who ends; when none is left nothing happens", () => {
    const chosen = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const threads = new SimThreads(new SimWorld(seed), 3, { kernel: quiet });
      threads.end();
      chosen.add([...threads.ended][0]!);
      for (let i = 0; i < 3; i++) threads.end();
      expect([...threads.ended].sort()).toEqual([1, 2, 3]);
    }
    expect(chosen).toEqual(new Set([1, 2, 3]));
  });
});
