import { describe, expect, test } from "vitest";
import { Backoff, type BackoffOptions } from "../../supervisor/backoff.ts";
import { Supervisor } from "../../supervisor/supervisor.ts";
import { simKernel } from "../support/kernels.ts";
import { Supervised, type SupervisedOptions } from "../support/supervised.ts";

describe("Backoff", () => {
  test("S18: doubles from minMs up to maxMs, for ever", () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 1000, jitter: 0 });
    expect(Array.from({ length: 6 }, () => backoff.failed(0, 0.5))).toEqual([100, 200, 400, 800, 1000, 1000]);
    for (let i = 0; i < 2000; i++) backoff.failed(0, 0);
    expect(backoff.failed(0, 0)).toBe(1000);
  });

  test("S18: jitter leaves out up to its share of a delay", () => {
    const delay = (random: number) => new Backoff({ minMs: 100, jitter: 0.5 }).failed(0, random);
    expect([delay(0), delay(0.5), delay(1)]).toEqual([100, 75, 50]);
  });

  test("S18: after a run of resetAfterMs, by default maxMs, a failure is a first one again", () => {
    const backoff = new Backoff({ minMs: 100, maxMs: 1000, jitter: 0 });
    expect([backoff.failed(5, 0), backoff.failed(999, 0), backoff.failed(1000, 0)]).toEqual([100, 200, 100]);
    const patient = new Backoff({ minMs: 100, maxMs: 1000, jitter: 0, resetAfterMs: 60_000 });
    expect([patient.failed(5, 0), patient.failed(59_999, 0), patient.failed(60_000, 0)]).toEqual([100, 200, 100]);
  });
});

describe("supervisor: a child with backoff", () => {
  const exact = (options: BackoffOptions = {}) => ({ b: { minMs: 100, maxMs: 1000, jitter: 0, ...options } });
  const many = { maxRestarts: Number.POSITIVE_INFINITY };

  async function crashed(options: SupervisedOptions, children = "a b c"): Promise<Supervised> {
    const tree = new Supervised({ ...many, ...options });
    await tree.start(children);
    tree.takeLog();
    tree.kernel.send(tree.pid("b"), { leave: "odd" });
    return tree;
  }

  test("S18: is restarting while it waits, and its siblings run", async () => {
    const tree = await crashed({ backoff: exact() });
    await tree.run(99);
    expect(await tree.state()).toBe("a b~ c");
    expect(tree.takeLog()).toBe("b!");
    await tree.run(5);
    expect(await tree.state()).toBe("a b c");
    expect(tree.takeLog()).toBe("b+");
  });

  test("S18: waits longer each time that it does not start", async () => {
    const tree = await crashed({ backoff: exact(), fails: { b: [2, 3, 4] } });
    await tree.run(101);
    expect(tree.takeLog()).toBe("b! b?");
    await tree.run(195);
    expect(tree.takeLog()).toBe("");
    await tree.run(10);
    expect(tree.takeLog()).toBe("b?");
    await tree.run(410);
    expect(tree.takeLog()).toBe("b?");
    expect(await tree.state()).toBe("a b~ c");
    await tree.run(810);
    expect(tree.takeLog()).toBe("b+");
  });

  test("S18: starts over after it has run long enough", async () => {
    const tree = await crashed({ backoff: exact({ resetAfterMs: 5000 }) });
    await tree.run(5200);
    tree.kernel.send(tree.pid("b"), { leave: "odd" });
    await tree.run(110);
    expect(tree.takeLog()).toBe("b! b+ b! b+");
  });

  test("S18: a quiet end is no failure", async () => {
    const tree = new Supervised({ backoff: exact() });
    await tree.start("b:transient");
    await tree.do("leave b normal");
    expect(await tree.state()).toBe("b.");
    expect(tree.kernel.timers.size).toBe(0);
  });

  test("S18: oneForAll: all are stopped while it waits, then all start in order", async () => {
    const tree = await crashed({ backoff: exact(), strategy: "oneForAll" });
    await tree.run(90);
    expect(tree.takeLog()).toBe("b! c- a-");
    expect(await tree.state()).toBe("a. b~ c.");
    await tree.run(20);
    expect(tree.takeLog()).toBe("a+ b+ c+");
    expect(await tree.state()).toBe("a b c");
  });

  test("S18: restForOne: those after it are stopped while it waits; if it does not start, nobody does", async () => {
    const tree = await crashed({ backoff: exact(), strategy: "restForOne", fails: { b: [2] } });
    await tree.run(110);
    expect(tree.takeLog()).toBe("b! c- b?");
    expect(await tree.state()).toBe("a b~ c.");
    await tree.run(210);
    expect(tree.takeLog()).toBe("b+ c+");
  });

  test("S18: oneForAll: one that does not start while a sibling is up: the sibling is stopped for the time", async () => {
    const tree = await crashed({ backoff: exact(), strategy: "oneForAll", fails: { b: [2] } }, "a b");
    await tree.run(110);
    expect(tree.takeLog()).toBe("b! a- a+ b? a-");
    await tree.run(210);
    expect(tree.takeLog()).toBe("a+ b+");
  });

  test("S18: a sibling's failure starts it with the others, without more waiting", async () => {
    const tree = await crashed({ backoff: exact(), strategy: "restForOne" });
    await tree.run(50);
    tree.kernel.send(tree.pid("a"), { leave: "odd" });
    await tree.run(10);
    expect(tree.takeLog()).toBe("b! c- a! a+ b+ c+");
    await tree.run();
    expect(tree.takeLog()).toBe(""); // its own restart was called off
  });

  test.each(["terminateChild", "stop"] as const)("S18: %s ends the waiting", async (how) => {
    const tree = await crashed({ backoff: exact() });
    await tree.run(50);
    if (how === "stop") tree.kernel.exit(tree.top, "shutdown");
    else await tree.sim.world.until(Supervisor.terminateChild(tree.kernel, tree.top, "b"));
    await tree.run();
    expect(tree.takeLog()).toBe(how === "stop" ? "b! c- a-" : "b!");
    expect(await tree.state()).toBe(how === "stop" ? "gone: shutdown" : "a b. c");
    expect(tree.kernel.timers.size).toBe(0);
  });

  test.each([
    ["restartChild", "restarting"],
    ["deleteChild", "restarting"],
  ] as const)("S11, S18: %s is refused while it waits: %s", async (request, reason) => {
    const tree = await crashed({ backoff: exact() });
    await tree.run(50);
    const asked = Supervisor[request](tree.kernel, tree.top, "b");
    await expect(tree.sim.world.until<unknown>(asked)).rejects.toMatchObject({ reason });
  });

  test("S4, S18: each failure counts for the intensity, as it happens", async () => {
    const tree = await crashed({ backoff: exact(), maxRestarts: 2, fails: { b: [2, 3, 4] } });
    await tree.run(2000);
    expect(tree.takeLog()).toBe("b! b? b? c- a-");
    expect(await tree.state()).toBe("gone: shutdown");
  });

  test("S18: with the defaults of both, a child that never comes up is tried for ever", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const fails = { b: Array.from({ length: 200 }, (_, i) => i + 2) };
      const tree = new Supervised({ backoff: { b: {} }, fails }, simKernel({}, seed));
      await tree.start("a b");
      tree.kernel.send(tree.pid("b"), { leave: "odd" });
      await tree.run(3_600_000);
      expect(await tree.state()).toBe("a b~");
      const tries = tree.takeLog().split(" ").length;
      expect(tries).toBeGreaterThan(110);
      expect(tries).toBeLessThan(150);
    }
  });

  test("S18: the delays follow from the seed of the world", async () => {
    const times = async (seed: number): Promise<number[]> => {
      const sim = simKernel({}, seed);
      const tree = new Supervised({ ...many, backoff: { b: { minMs: 100, jitter: 1 } }, fails: { b: [2, 3] } }, sim);
      const found: number[] = [];
      await tree.start("b");
      tree.kernel.send(tree.pid("b"), { leave: "odd" });
      for (let ms = 0; ms < 750; ms++) {
        await tree.run(1);
        if (tree.takeLog().includes("b+") || tree.reports().length > found.length)
          found.push(Math.round(sim.world.nowMs));
      }
      expect(found).toHaveLength(4);
      return found;
    };
    expect(await times(1)).toEqual(await times(1));
    expect(await times(1)).not.toEqual(await times(2));
  });
});
