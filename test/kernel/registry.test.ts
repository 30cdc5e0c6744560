import { describe, expect, test } from "vitest";
import { MessageError, NameError, OptionError, RegistryError } from "../../kernel/errors.ts";
import { type DuplicateRegistry, registry, type UniqueRegistry } from "../../kernel/names/registry.ts";
import { ProcessExit } from "../../kernel/process.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

function unique(): UniqueRegistry<string, number> {
  return registry<string, number>({ name: "numbers", keys: "unique" });
}

function duplicate(): DuplicateRegistry<string, number> {
  return registry<string, number>({ name: "numbers", keys: "duplicate" });
}

function reasonOf(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError);
    return (error as RegistryError).reason;
  }
  return expect.fail("it did not throw");
}

describe("registry", () => {
  test("R1: a unique key has one process; registering it again fails with who has it, be it oneself", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [unique(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "one", 1);
    expect(reasonOf(() => Numbers.register(b.self, "one", 2))).toEqual({ alreadyRegistered: a.pid });
    expect(reasonOf(() => Numbers.register(a.self, "one", 2))).toEqual({ alreadyRegistered: a.pid });
    expect(() => Numbers.register(b.self, "one", 2)).toThrow(
      'Registry "numbers": <0.2> cannot be registered under "one": <0.1> is already.',
    );
    Numbers.register(b.self, "two", 2);
    Numbers.register(b.self, "three", 3);
    expect(Numbers.lookup(kernel, "one")).toEqual([{ key: "one", pid: a.pid, value: 1 }]);
    expect(Numbers.keys(kernel, b.pid)).toEqual(["two", "three"]);
    expect(Numbers.count(kernel)).toBe(3);
  });

  test("R1: a duplicate key has any number of entries, several of one process too", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [duplicate(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "odd", 1);
    Numbers.register(b.self, "odd", 3);
    Numbers.register(a.self, "odd", 1);
    Numbers.register(a.self, "even", 2);
    expect(Numbers.lookup(kernel, "odd").map(({ pid, value }) => [pid, value])).toEqual([
      [a.pid, 1],
      [b.pid, 3],
      [a.pid, 1],
    ]);
    expect(Numbers.keys(kernel, a.pid)).toEqual(["odd", "odd", "even"]);
    expect(Numbers.values(kernel, "odd", a.pid)).toEqual([1, 1]);
    expect(Numbers.values(kernel, "odd", b.pid)).toEqual([3]);
    expect(Numbers.count(kernel)).toBe(4);
  });

  test("R1: only a living process registers, and only itself", () => {
    const { kernel } = simKernel();
    const [Numbers, a] = [unique(), actor(kernel)];
    kernel.exit(a.pid, "kill");
    expect(() => Numbers.register(a.self, "one", 1)).toThrow(ProcessExit);
    expect(Numbers.count(kernel)).toBe(0);
  });

  test("keys are compared by what they hold, and refused when they can not be", () => {
    const { kernel } = simKernel();
    const Seats = registry<readonly [string, number] | string>({ name: "seats", keys: "unique" });
    const a = actor(kernel);
    Seats.register(a.self, ["opera", 7]);
    expect(Seats.whereis(kernel, ["opera", 7])).toBe(a.pid);
    expect(Seats.whereis(kernel, ["opera", 8])).toBeUndefined();
    expect(Seats.whereis(kernel, "opera,7")).toBeUndefined();
    expect(() => Seats.register(a.self, { seat: 7 } as never)).toThrow(NameError);
  });

  test("law 2: values and keys are frozen as messages are; what is no data is refused, and nothing is entered", () => {
    const { kernel } = simKernel();
    const Rooms = registry<readonly string[], unknown>({ name: "rooms", keys: "unique" });
    const a = actor(kernel);
    const value = { guests: ["ann"] };
    Rooms.register(a.self, ["lobby"], value);
    const [entry] = Rooms.lookup(kernel, ["lobby"]);
    expect([Object.isFrozen(entry), Object.isFrozen(value.guests), Object.isFrozen(entry!.key)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(() => Rooms.register(a.self, ["bar"], () => 1)).toThrow(MessageError);
    expect(Rooms.count(kernel)).toBe(1);
  });

  test("R2, K14: entries go with their process, before links, monitors and restarts see its end", async () => {
    const { world, kernel } = simKernel();
    const [Numbers, Odd, a, b] = [unique(), duplicate(), actor(kernel), actor(kernel)];
    const seen: unknown[] = [];
    const watcher = kernel.spawn(async (self) => {
      self.monitor(a.pid);
      await self.receive();
      Numbers.register(self, "one", 11);
      seen.push(Numbers.lookup(self, "one")[0]!.value, Odd.lookup(self, "odd"), Numbers.keys(self, a.pid));
      await self.receive();
    });
    Numbers.register(a.self, "one", 1);
    Odd.register(a.self, "odd", 1);
    Odd.register(a.self, "odd", 3);
    Odd.register(b.self, "odd", 5);
    await world.runAsync();
    kernel.exit(a.pid, "over");
    // At once: no message has been handled since.
    expect(Numbers.whereis(kernel, "one")).toBeUndefined();
    await world.runAsync();
    expect(seen).toEqual([11, [{ key: "odd", pid: b.pid, value: 5 }], []]);
    expect(Numbers.whereis(kernel, "one")).toBe(watcher);
    expect([Numbers.count(kernel), Odd.count(kernel)]).toEqual([1, 1]);
  });

  test("R3: match, select, countMatch and countSelect take functions over an entry", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [duplicate(), actor(kernel), actor(kernel)];
    for (const value of [1, 2, 3]) Numbers.register(a.self, "small", value);
    Numbers.register(b.self, "small", 2);
    Numbers.register(b.self, "large", 200);
    const even = ({ value }: { value: number }) => value % 2 === 0;
    expect(Numbers.match(kernel, "small", even).map(({ pid }) => pid)).toEqual([a.pid, b.pid]);
    expect(Numbers.countMatch(kernel, "small", even)).toBe(2);
    expect(Numbers.match(kernel, "none", even)).toEqual([]);
    expect(Numbers.select(kernel, even).map(({ key, value }) => [key, value])).toEqual([
      ["small", 2],
      ["small", 2],
      ["large", 200],
    ]);
    expect(Numbers.countSelect(kernel, ({ pid }) => pid === b.pid)).toBe(2);
    expect(Numbers.select(kernel)).toHaveLength(Numbers.count(kernel));
  });

  test("R4: dispatch runs in the caller, with a list of entries, and not at all when there are none", () => {
    const { world, kernel } = simKernel();
    const [Numbers, a, b] = [duplicate(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "odd", 1);
    Numbers.register(b.self, "odd", 3);
    Numbers.dispatch(kernel, "odd", (entries) => {
      for (const { pid, value } of entries) kernel.send(pid, value);
    });
    Numbers.dispatch(kernel, "even", () => expect.fail("there is nobody"));
    world.run();
    expect([a.messages, b.messages]).toEqual([[1], [3]]);
  });

  test("R4: a crash in the function of dispatch is a crash of the caller", () => {
    const { world, kernel } = simKernel();
    const [Numbers, a, watcher] = [duplicate(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "odd", 1);
    const caller = kernel.spawn((self) => {
      Numbers.dispatch(self, "odd", () => {
        throw new RangeError("oops");
      });
    });
    watcher.self.monitor(caller);
    world.run();
    expect(watcher.messages).toMatchObject([{ reason: { error: { name: "RangeError" } } }]);
    expect(kernel.isAlive(a.pid)).toBe(true);
  });

  test("R4: entries that come and go while it runs do not change what dispatch was given", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [duplicate(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "odd", 1);
    Numbers.register(b.self, "odd", 3);
    const seen: number[] = [];
    Numbers.dispatch(kernel, "odd", (entries) => {
      for (const { value } of entries) {
        seen.push(value);
        kernel.exit(b.pid, "kill");
        Numbers.register(a.self, "odd", 5);
      }
    });
    expect(seen).toEqual([1, 3]);
  });

  test("R5: updateValue changes the value beside oneself alone", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [unique(), actor(kernel), actor(kernel)];
    Numbers.register(a.self, "one", 1);
    expect(Numbers.updateValue(a.self, "one", (n) => n + 10)).toEqual({ value: 11, old: 1 });
    expect(Numbers.updateValue(b.self, "one", (n) => n + 10)).toBeUndefined();
    expect(Numbers.updateValue(b.self, "two", (n) => n + 10)).toBeUndefined();
    expect(Numbers.lookup(kernel, "one")).toEqual([{ key: "one", pid: a.pid, value: 11 }]);
    kernel.exit(a.pid, "kill");
    expect([Numbers.count(kernel), Numbers.select(kernel)]).toEqual([0, []]);
  });

  test("R5: a function of updateValue that changes the entry itself does no harm", () => {
    const { kernel } = simKernel();
    const [Numbers, a] = [unique(), actor(kernel)];
    Numbers.register(a.self, "one", 1);
    const twice = (n: number) => {
      Numbers.updateValue(a.self, "one", () => 5);
      return n + 1;
    };
    expect(Numbers.updateValue(a.self, "one", twice)).toEqual({ value: 2, old: 1 });
    expect(Numbers.select(kernel).map(({ value }) => value)).toEqual([2]);
    const gone = (n: number) => {
      Numbers.unregister(a.self, "one");
      return n;
    };
    expect(Numbers.updateValue(a.self, "one", gone)).toBeUndefined();
    expect([Numbers.count(kernel), Numbers.keys(kernel, a.pid)]).toEqual([0, []]);
  });

  test("R5: unregister withdraws all of one's own entries under a key, unregisterMatch those that match", () => {
    const { kernel } = simKernel();
    const [Numbers, a, b] = [duplicate(), actor(kernel), actor(kernel)];
    for (const value of [1, 2, 3]) Numbers.register(a.self, "n", value);
    Numbers.register(a.self, "other", 1);
    Numbers.register(b.self, "n", 1);
    Numbers.unregisterMatch(a.self, "n", ({ value }) => value < 3);
    expect(Numbers.lookup(kernel, "n").map(({ pid, value }) => [pid, value])).toEqual([
      [a.pid, 3],
      [b.pid, 1],
    ]);
    Numbers.unregister(a.self, "n");
    Numbers.unregister(a.self, "never");
    expect(Numbers.values(kernel, "n", a.pid)).toEqual([]);
    expect([Numbers.keys(kernel, a.pid), Numbers.keys(kernel, b.pid)]).toEqual([["other"], ["n"]]);
  });

  test("R6: listeners hear of every entry that comes and goes, also by its owner's end, before a monitor does", () => {
    const { world, kernel } = simKernel();
    const listener = actor(kernel, { name: "listener" });
    const Numbers = registry<string, number>({ name: "numbers", keys: "unique", listeners: ["listener", "nobody"] });
    const a = actor(kernel);
    listener.self.monitor(a.pid);
    Numbers.register(a.self, "one", 1);
    Numbers.register(a.self, "two", 2);
    Numbers.unregister(a.self, "one");
    kernel.exit(a.pid, "over");
    world.run();
    const change = { registry: "numbers", pid: a.pid };
    expect(listener.messages).toMatchObject([
      { type: "register", key: "one", value: 1, ...change },
      { type: "register", key: "two", value: 2, ...change },
      { type: "unregister", key: "one", value: 1, ...change },
      { type: "unregister", key: "two", value: 2, ...change },
      { type: "down" },
    ]);
  });

  test("R6: a listener may live on another thread", () => {
    const { world, kernels, at } = simKernels(2);
    const listener = actor(kernels[1]!, { name: "listener" });
    world.run();
    const Numbers = registry<string, number>({ name: "numbers", keys: "unique", listeners: ["listener"] });
    const a = actor(kernels[0]!);
    Numbers.register(a.self, "one", 1);
    world.run();
    const pid = at(kernels[1]!, a.pid);
    expect(listener.messages).toEqual([{ type: "register", registry: "numbers", key: "one", pid, value: 1 }]);
  });

  test("R6: meta", () => {
    const { kernel } = simKernel();
    const Numbers = registry({ name: "numbers", keys: "unique", meta: { colour: "red" } });
    expect(Numbers.meta(kernel, "colour")).toBe("red");
    Numbers.putMeta(kernel, ["limit", 1], { max: 3 });
    expect(Numbers.meta(kernel, ["limit", 1])).toEqual({ max: 3 });
    Numbers.deleteMeta(kernel, ["limit", 1]);
    expect(Numbers.meta(kernel, ["limit", 1])).toBeUndefined();
  });

  test("each thread has its own entries", () => {
    const { world, kernels } = simKernels(2);
    const Numbers = unique();
    const [a, b] = kernels.map((kernel) => actor(kernel));
    Numbers.register(a!.self, "one", 1);
    Numbers.register(b!.self, "one", 2);
    world.run();
    expect(kernels.map((kernel) => Numbers.lookup(kernel, "one")[0]!.value)).toEqual([1, 2]);
  });

  test("law 6: has a limit of entries, which are free again when their owner has ended", () => {
    const { kernel } = simKernel();
    const Numbers = registry({ name: "numbers", keys: "duplicate", maxEntries: 2 });
    const a = actor(kernel);
    for (let i = 0; i < 2; i++) Numbers.register(a.self, "n");
    const b = actor(kernel);
    expect(reasonOf(() => Numbers.register(b.self, "n"))).toBe("entryLimit");
    kernel.exit(a.pid, "kill");
    Numbers.register(b.self, "n");
    expect(Numbers.count(kernel)).toBe(1);
  });

  test.each([
    [{ name: "", keys: "unique" }, "expected name to be a string with at least one character"],
    [{ name: "x", keys: "ordered" }, 'Registry "x": expected keys to be "unique" or "duplicate", got "ordered"'],
    [{ name: "x", keys: "unique", listeners: "a" }, "expected listeners to be a list of names"],
    [{ name: "x", keys: "unique", maxEntries: 0 }, "expected maxEntries to be a number of at least 1, got 0"],
  ])("refuses %j", (options, sentence) => {
    expect(() => registry(options as never)).toThrow(sentence);
    expect(() => registry(options as never)).toThrow(OptionError);
  });
});

describe("registry.lock", () => {
  /** A process that writes down when its locked function begins and ends, `forMs` later. */
  function locker(kernel: ReturnType<typeof simKernel>["kernel"], log: string[], name: string, key = "k", forMs = 10) {
    return kernel.spawn(async (self) => {
      await Locks.lock(self, key, async () => {
        log.push(`${name} begins`);
        await self.receive({ after: forMs });
        log.push(`${name} ends`);
      });
    });
  }
  const Locks = registry({ name: "locks", keys: "unique" });

  test("R6: serialises the functions of one key, in the order in which they were asked for", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    for (const name of ["a", "b", "c"]) locker(kernel, log, name);
    await world.runAsync();
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("R6: functions of different keys run side by side", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    locker(kernel, log, "a", "one");
    locker(kernel, log, "b", "two");
    await world.runAsync();
    expect(log).toEqual(["a begins", "b begins", "a ends", "b ends"]);
  });

  test("R6: is given back when its holder ends; one who waited and ended is passed over", async () => {
    const { world, kernel } = simKernel();
    const log: string[] = [];
    const [holder, waiter] = [locker(kernel, log, "holder", "k", 1e6), locker(kernel, log, "waiter")];
    locker(kernel, log, "last");
    await world.runAsync({ forMs: 5 });
    kernel.exit(waiter, "kill");
    kernel.exit(holder, "kill");
    await world.runAsync();
    expect(log).toEqual(["holder begins", "last begins", "last ends"]);
  });

  test("R6: is given back when the function throws, which the caller gets", async () => {
    const { world, kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    const failing = Locks.lock(a.self, "k", () => {
      throw new RangeError("oops");
    });
    await expect(world.until(failing)).rejects.toThrow("oops");
    expect(await world.until(Locks.lock(b.self, "k", () => 42))).toBe(42);
  });

  test("a lock inside the same lock would wait for itself, and fails instead", async () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    const nested = Locks.lock(a.self, "k", () => Locks.lock(a.self, "k", () => 1));
    await expect(world.until(nested)).rejects.toMatchObject({ code: "ERR_REGISTRY", reason: "callingSelf" });
    expect(await world.until(Locks.lock(a.self, "k", () => 2))).toBe(2);
  });
});
