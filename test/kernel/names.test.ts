import { describe, expect, test } from "vitest";
import { NameError } from "../../kernel/errors.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

describe("Names", () => {
  test("K16: register, whereis, registered, unregister", () => {
    const { kernel } = simKernel();
    const a = actor(kernel, { name: "a" });
    const b = actor(kernel);
    b.self.register("b");
    expect(kernel.names.whereis("a")).toBe(a.pid);
    expect(kernel.names.registered()).toEqual(["a", "b"]);
    a.self.unregister("a");
    expect(kernel.names.whereis("a")).toBeUndefined();
    expect(kernel.names.registered()).toEqual(["b"]);
    a.self.register("again");
    expect(kernel.names.whereis("again")).toBe(a.pid);
  });

  test("K16: refuses a name that is taken, one that is none, and giving up what one has not got", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel, { name: "a" }), actor(kernel)];
    expect(() => b.self.register("a")).toThrow(`<0.2> cannot be registered as "a": ${a.pid} has that name`);
    expect(() => a.self.register("a")).toThrow("it has that name");
    expect(() => b.self.register("")).toThrow(NameError);
    expect(() => b.self.register(undefined as unknown as string)).toThrow(NameError);
    expect(() => a.self.register("second")).toThrow(
      'cannot be registered as "second": it is registered as "a". Unregister that name first, or use a registry',
    );
    expect(() => b.self.unregister("a")).toThrow(NameError);
    expect(() => kernel.spawn(() => {}, undefined, { name: "a" })).toThrow(NameError);
    expect(kernel.processes()).toEqual([a.pid, b.pid]);
    kernel.exit(b.pid, "kill");
    expect(() => b.self.register("dead")).toThrow();
    expect(kernel.names.registered()).toEqual(["a"]);
  });

  test("K16: a name is free again when its owner has ended", () => {
    const { kernel } = simKernel();
    kernel.exit(actor(kernel, { name: "a" }).pid, "over");
    const next = actor(kernel, { name: "a" });
    expect(kernel.names.whereis("a")).toBe(next.pid);
  });
});

describe("names on several threads", () => {
  test("are known everywhere, to a thread that comes later too, and forgotten everywhere", () => {
    const { world, kernels, at } = simKernels(3);
    const [one, two, three] = kernels as [(typeof kernels)[0], (typeof kernels)[0], (typeof kernels)[0]];
    const a = actor(one, { name: "a" });
    world.run();
    expect(two.names.whereis("a")).toBe(at(two, a.pid));
    const b = actor(three);
    b.self.send("a", "hello");
    world.run();
    expect(a.messages).toEqual(["hello"]);
    one.exit(a.pid, "over");
    world.run();
    expect(kernels.map((kernel) => kernel.names.registered())).toEqual([[], [], []]);
  });

  test("given away twice at the same time: the younger process ends, all threads agree", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, kernels, at } = simKernels(3, seed);
      const [a, b, c] = kernels.map((kernel) => actor(kernel, { name: "leader" }));
      const watcher = actor(kernels[2]!);
      watcher.self.monitor(c!.pid);
      world.run();
      for (const kernel of kernels) expect(kernel.names.whereis("leader")).toBe(at(kernel, a!.pid));
      expect(kernels[1]!.isAlive(b!.pid)).toBe(false);
      expect(watcher.messages).toMatchObject([{ reason: { nameConflict: "leader" } }]);
    }
  });

  test("handed over quickly from thread to thread stay known: news of different threads may cross", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { world, kernels, at } = simKernels(3, seed);
      const [one, two] = kernels;
      const first = actor(one!, { name: "leader" });
      const second = actor(two!);
      second.self.monitor(at(two!, first.pid));
      world.run();
      first.self.unregister("leader");
      // The second takes the name as soon as its own thread knows that it is free; the third may hear of it in either order.
      while (two!.names.whereis("leader") !== undefined) world.run({ forMs: 0.05 });
      second.self.register("leader");
      world.run();
      for (const kernel of kernels) expect(kernel.names.whereis("leader")).toBe(at(kernel, second.pid));
      two!.exit(second.pid, "over");
      world.run();
      for (const kernel of kernels) expect(kernel.names.registered()).toEqual([]);
    }
  });

  test("of a thread that ended are free", () => {
    const { world, kernels, endThread } = simKernels(2);
    const [one, two] = kernels;
    actor(one!, { name: "a" });
    world.run();
    endThread(one!);
    const heir = actor(two!, { name: "a" });
    expect(two!.names.whereis("a")).toBe(heir.pid);
  });
});
