import { describe, expect, test } from "vitest";
import { ancestorsOf, callersOf } from "../../kernel/ancestry.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { actor, simKernel } from "../support/kernels.ts";

describe("ancestorsOf", () => {
  test("K19, K34: of any process, with those that have ended", () => {
    const { world, kernel } = simKernel();
    const root = actor(kernel);
    const child = root.self.spawn({ label: "child", handle: () => {} });
    const grandchild = kernel.localProcess(child.serial)!.spawn({ label: "grandchild", handle: () => {} });
    kernel.exit(child, "kill");
    world.run();
    const process = kernel.localProcess(grandchild.serial)!;
    expect(ancestorsOf(process)).toEqual([child, root.pid]);
    expect([process.parent, callersOf(process), ancestorsOf(root.self)]).toEqual([child, [], []]);
  });

  test("K30: the last one is the root that everything grew from, as a group leader tells the application", () => {
    const { world, kernel } = simKernel();
    const roots: (Pid | undefined)[] = [];
    const nest = (self: Process, depth: number): void => {
      if (depth > 0) void self.spawn(nest, depth - 1);
      else roots.push(ancestorsOf(self).at(-1));
    };
    const apps = [actor(kernel), actor(kernel)];
    for (const { self } of apps) self.spawn(nest, 5);
    world.run();
    expect(roots).toEqual(apps.map(({ pid }) => pid));
  });

  test("K30: what kernels report is captured by each one's own reporter", () => {
    const [one, other] = [simKernel(), simKernel()];
    one.kernel.spawn(() => {
      throw new Error("one's");
    });
    for (const { world } of [one, other]) world.run();
    expect([one.reports.length, other.reports.length]).toEqual([1, 0]);
  });

  test("K19: a chain that goes on for ever does not grow for ever; siblings share their line", () => {
    const { world, kernel } = simKernel();
    let last: Process | undefined;
    const relay = (self: Process, left: number): void => {
      last = self;
      if (left > 0) self.spawn(relay, left - 1);
    };
    kernel.spawn(relay, 1000);
    world.run();
    expect(ancestorsOf(last!)).toHaveLength(32);
    let held = 0;
    for (let line = last!.lineage; line !== undefined; line = line.up) held += 1;
    expect(held).toBeLessThanOrEqual(64);

    const parent = actor(kernel);
    const [one, other] = [1, 2].map(() => kernel.localProcess(parent.self.spawn(() => {}).serial)!);
    expect(one!.lineage).toBe(other!.lineage);
  });
});
