import { describe, expect, test } from "vitest";
import { exceeds } from "../../kernel/observe/state-size.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { actor, simKernel } from "../support/kernels.ts";

/** The estimate, by bisection. */
function sizeOf(value: unknown): number {
  let [from, to] = [0, 1];
  while (exceeds(value, to)) to *= 2;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (exceeds(value, middle)) from = middle;
    else to = middle;
  }
  return to;
}

describe("exceeds", () => {
  test.each<[string, unknown, number, number]>([
    ["nothing", undefined, 0, 8],
    ["a number", 1, 8, 8],
    ["a string", "x".repeat(1000), 1000, 1024],
    ["an object", { a: 1, b: 2 }, 40, 64],
    ["an array of numbers", Array.from({ length: 1000 }, (_, i) => i), 8000, 16_100],
    ["bytes", new Uint8Array(5000), 5000, 5100],
    ["a Map", new Map(Array.from({ length: 100 }, (_, i) => [i, i])), 3200, 5000],
    ["a Set", new Set(Array.from({ length: 100 }, (_, i) => `${i}`)), 3000, 5000],
  ])("K39: %s", (_, value, atLeast, atMost) => {
    expect(sizeOf(value)).toBeGreaterThanOrEqual(atLeast);
    expect(sizeOf(value)).toBeLessThanOrEqual(atMost);
  });

  test("counts what is reached twice once: cycles, shared parts, several views of one buffer", () => {
    const text = { text: "x".repeat(1000) };
    const loop: { self?: unknown; a: unknown; b: unknown } = { a: text, b: text };
    loop.self = loop;
    expect(sizeOf(loop)).toBeLessThan(1300);
    const { buffer } = new Uint8Array(1000);
    expect(sizeOf([new Uint8Array(buffer), new Uint16Array(buffer), new DataView(buffer)])).toBeLessThan(1300);
  });

  test("stops where the limit is: what is huge is refused without being looked at", () => {
    const huge = new Map(Array.from({ length: 1_000_000 }, (_, i) => [i, {}]));
    let looked = 0;
    Object.defineProperty(huge, Symbol.iterator, {
      value: function* () {
        looked += 1;
        yield* Map.prototype.entries.call(huge);
      },
    });
    expect([exceeds(huge, 1_000_000), looked]).toEqual([true, 0]);
  });

  test("does not count the kernel, though a state holds the process, a timer, or a call to answer", () => {
    const { world, kernel } = simKernel();
    const crowd = Array.from({ length: 200 }, () => actor(kernel));
    const a = actor(kernel);
    for (const { self } of crowd) {
      self.sendAfter(1000, "x".repeat(100));
      self.link(a.pid);
    }
    const timer = a.self.sendAfter(1000, "y");
    world.run({ forMs: 1 });
    expect(sizeOf({ self: a.self, kernel, timer, pids: [a.pid, crowd[0]!.pid] })).toBeLessThan(400);
  });
});

describe("maxStateBytes", () => {
  const Hoard = genServer({
    name: "Hoard",
    init: () => ({ things: [] as string[] }),
    calls: { size: (state) => reply(state.things.length, state) },
    casts: { keep: (state, thing: string) => noreply({ things: [...state.things, thing] }) },
  });

  test("K39, K20: a process whose state grows beyond its limit is killed, with a report; others live on", async () => {
    const { world, kernel, reports } = simKernel();
    const watcher = actor(kernel);
    const [small, large] = [
      await world.until(Hoard.start(kernel, undefined, { maxStateBytes: 100_000 })),
      await world.until(Hoard.start(kernel, undefined, { maxStateBytes: 100_000 })),
    ];
    const ref = watcher.self.monitor(large);
    for (let n = 0; n < 300; n++) {
      kernel.cast(small, "keep", "x");
      kernel.cast(large, "keep", "x".repeat(1000));
      await world.runAsync();
    }
    expect(watcher.messages).toEqual([new DownMessage(ref, large, "killed")]);
    expect(reports).toEqual([{ kind: "stateLimit", pid: String(large), label: "Hoard", maxBytes: 100_000 }]);
    expect(await world.until(kernel.call(small, "size"))).toBe(300);
  });

  test("an async server is looked at, too", async () => {
    const { world, kernel } = simKernel();
    const pid = kernel.spawn(
      {
        label: "async",
        async handle(self: Process) {
          await Promise.resolve();
          self.state = `${(self.state as string | undefined) ?? ""}${"x".repeat(1000)}`;
        },
      },
      undefined,
      { maxStateBytes: 10_000 },
    );
    for (let n = 0; n < 130; n++) {
      kernel.send(pid, n);
      await world.runAsync();
    }
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("a state that cannot be looked at ends its process as a crash, not the kernel", () => {
    const { world, kernel, reports } = simKernel();
    const pid = kernel.spawn(
      {
        label: "trap",
        init(self: Process) {
          self.state = {
            get thing() {
              throw new Error("do not look");
            },
          };
        },
        handle() {},
      },
      undefined,
      { maxStateBytes: 10_000 },
    );
    const other = actor(kernel);
    for (let n = 0; n < 70; n++) {
      kernel.send(pid, n);
      world.run();
    }
    kernel.send(other.pid, 1);
    world.run();
    expect([kernel.isAlive(pid), other.messages]).toEqual([false, [1]]);
    expect(reports).toMatchObject([{ kind: "crash", reason: { error: { message: "do not look" } } }]);
  });

  test.each([0, -1, Number.NaN, "1 MB"])("refuses %s", (maxStateBytes) => {
    const { kernel } = simKernel();
    expect(() => actor(kernel, { maxStateBytes: maxStateBytes as number })).toThrow("expected a number above 0");
    expect(kernel.processes()).toEqual([]);
  });
});
