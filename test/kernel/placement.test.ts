/** Processes that are started on other threads: K37, and what may go wrong on the way. */
import { describe, expect, test } from "vitest";
import { behaviour } from "../../kernel/crossing/behaviours.ts";
import { PlacementError, StartError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Placement } from "../../kernel/kernel-options.ts";
import { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { ignore, noreply, reply } from "../../kernel/server/outcome.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { SimThreads, SimWorld } from "../../kernel/testing/index.ts";
import { actor } from "../support/kernels.ts";

const Notes = genServer({
  name: "placement.Notes",
  init: (first: string) => [first] as readonly unknown[],
  calls: {
    read: (notes) => reply(notes, notes),
    thread: (notes, _: undefined, { self }) => reply(self.pid.thread, notes),
  },
  casts: { add: (notes, note: unknown) => noreply([...notes, note]) },
  info: (notes, message: unknown) => noreply([...notes, message]),
});

const Moody = genServer({
  name: "placement.Moody",
  init: (mood: string) => {
    if (mood === "bad") throw new Error("not today");
    return mood === "idle" ? ignore() : mood;
  },
});

const never = behaviour("placement.never", {
  label: "never",
  init: () => new Promise<void>(() => {}),
  handle: () => {},
});

const sleeper = behaviour("placement.sleeper", async (self: Process, name: string | undefined) => {
  if (name !== undefined) self.register(name);
  await self.receive();
});

function threads(count: number, seed = 1, maxDelayMs = 2) {
  const world = new SimWorld(seed);
  const sim = new SimThreads(world, count, { maxDelayMs, kernel: { report: () => {}, chargeRejections: false } });
  return { world, sim, kernels: sim.kernels as [Kernel, Kernel, Kernel] };
}

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail("it started"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(StartError);
      return (error as StartError).reason;
    },
  );

describe("spawn on another thread", () => {
  test("K37: the pid can be used at once: messages, calls and casts arrive in their order", async () => {
    const { world, kernels } = threads(2);
    const pid = kernels[0].spawn(Notes, "a", { on: 2 }) as Pid;
    expect([pid.thread, String(pid)]).toEqual([2, "<2.1.1>"]);
    kernels[0].send(pid, "b");
    kernels[0].cast(pid, "add", "c");
    const read = kernels[0].call(pid, "read");
    kernels[0].send(pid, "d");
    expect(await world.until(read)).toEqual(["a", "b", "c"]);
    expect(await world.until(kernels[0].call(pid, "read"))).toEqual(["a", "b", "c", "d"]);
  });

  test("K37: its parent, its link and its monitor are there before it first runs", async () => {
    const { world, kernels } = threads(2);
    const parent = actor(kernels[0], { trapExit: true });
    const { pid, ref } = parent.self.spawnMonitor(Notes, "a", { on: 2, link: true });
    world.run();
    const process = kernels[1].localProcess(pid.serial)!;
    expect([process.parent?.serial, process.links?.size, process.monitoredBy?.size]).toEqual([parent.pid.serial, 1, 1]);
    kernels[1].exit(process.pid, "odd");
    world.run();
    expect(parent.messages).toEqual([new ExitMessage(pid, "odd"), new DownMessage(ref, pid, "odd")]);
  });

  test("K37: a parent that ends at once takes its linked child along, which does not even know it yet", () => {
    const { world, kernels } = threads(2);
    const parent = actor(kernels[0]);
    const pid = parent.self.spawnLink(sleeper, undefined, { on: 2 });
    kernels[0].exit(parent.pid, "kill");
    world.run();
    expect(kernels[1].localProcess(pid.serial)).toBeUndefined();
    expect(kernels[1].stats[4]).toBe(1); // it was there
  });

  test("a pid is never quicker than its process, whichever way it goes: 200 seeds", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { world, kernels } = threads(3, seed, 20);
      const [one, two, three] = kernels;
      const told = actor(three);
      three.names.register("told", told.self);
      world.run();
      // Thread 1 starts a process on thread 2, and tells thread 3, which uses the pid, and passes it on to thread 2.
      const pid = one.spawn(Notes, "a", { on: 2 });
      one.send("told", pid);
      const onTwo = actor(two);
      two.names.register("two", onTwo.self);
      world.run({ forMs: 200 });
      const seen = told.messages[0] as Pid;
      expect(seen.serial).toBe(pid.serial);
      const again = one.spawn(Notes, "b", { on: 2 });
      one.send("told", again);
      while (told.messages.length < 2) world.run({ forMs: 0.1 });
      const early = told.messages[1] as Pid;
      const ref = told.self.monitor(early);
      three.send(early, "from three");
      three.send("two", { use: early });
      world.run();
      expect(told.messages.slice(2), `seed ${seed}`).toEqual([]); // no DownMessage "noproc"
      expect(onTwo.messages).toEqual([{ use: two.localProcess(again.serial)!.pid }]);
      expect(await world.until(one.call(again as Pid, "read"))).toEqual(["b", "from three"]);
      told.self.demonitor(ref);
    }
  });

  test("who waits for a process whose starter has ended, is told that there is none: 200 seeds", () => {
    let none = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { world, sim, kernels } = threads(3, seed, 20);
      const told = actor(kernels[2]);
      kernels[2].names.register("told", told.self);
      world.run();
      const pid = kernels[0].spawn(Notes, "a", { on: 2 });
      kernels[0].send("told", pid);
      world.run({ forMs: seed % 10 });
      sim.end(kernels[0]);
      while (told.messages.length === 0 && world.run({ forMs: 1 }) > 0);
      if (told.messages.length === 0) continue; // nobody was told
      const ref = told.self.monitor(told.messages[0] as Pid);
      world.run();
      const isThere = kernels[1].localProcess(pid.serial) !== undefined;
      expect(told.messages.slice(1)).toEqual(isThere ? [] : [new DownMessage(ref, told.messages[0] as Pid, "noproc")]);
      if (!isThere) none += 1;
    }
    expect(none).toBeGreaterThan(5);
  });

  test("a behaviour that the other thread cannot find ends it at once: links and monitors say so", () => {
    const { world, kernels } = threads(2);
    const parent = actor(kernels[0], { trapExit: true });
    // Both kernels share this program's table of behaviours: the second definition comes after the order has left.
    const first = behaviour("placement.odd one", () => {});
    const { pid, ref } = parent.self.spawnMonitor(first as () => void, undefined, { on: 2, link: true });
    genServer({ name: "placement.odd one", init: () => 0 });
    world.run();
    const reason = { ambiguousBehaviour: "placement.odd one" };
    expect(parent.messages).toEqual([new ExitMessage(pid, reason), new DownMessage(ref, pid, reason)]);
  });

  test.each<[string, (kernel: Kernel) => unknown, RegExp]>([
    [
      "an anonymous function",
      (kernel) => kernel.spawn(() => {}, undefined, { on: 2 }),
      /Cannot start a function on another thread: expected it to have a name/,
    ],
    [
      "a definition without a name",
      (kernel) => kernel.spawn(genServer({ init: () => 0 }), undefined, { on: "anywhere" }),
      /Cannot start "GenServer" on another thread/,
    ],
    [
      "a scheduler that there is not",
      (kernel) => kernel.spawn(sleeper, undefined, { on: 9 }),
      /the number of a scheduler \(0 to 7\), got 9/,
    ],
    [
      "a scheduler that is not there now",
      (kernel) => kernel.spawn(sleeper, undefined, { on: 3 }),
      /"placement.sleeper" on 3: that thread is not there at the moment/,
    ],
    [
      "what is no placement",
      (kernel) => kernel.spawn(sleeper, undefined, { on: "else" as Placement }),
      /expected "same", "anywhere", "spread" or the number/,
    ],
    [
      "the main thread, which is not open",
      (kernel) => kernel.spawn(sleeper, undefined, { on: 0 }),
      /the main thread is not open/,
    ],
    [
      "a via name",
      (kernel) =>
        kernel.spawn(sleeper, undefined, {
          on: 2,
          name: { whereis: () => undefined, register: () => {}, unregister: () => {}, toString: () => "rooms:1" },
        }),
      /as "rooms:1": expected a name that is a string/,
    ],
  ])("%s is refused, with the way out", (_what, run, message) => {
    const { kernels } = threads(2);
    expect(() => run(kernels[0])).toThrow(PlacementError);
    expect(() => run(kernels[0])).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ priority: "urgent" }, /"low", "normal", "high" or "max", got "urgent"/],
    [{ mailbox: { max: -1 } }, /max/],
    [{ maxStateBytes: 0 }, /maxStateBytes: expected a number above 0/],
    [{ links: true }, /there is no option "links"/],
  ])("options that make no sense are refused where they are given: %j", (options, message) => {
    const { kernels } = threads(2);
    expect(() => kernels[0].spawn(sleeper, undefined, { ...options, on: 2 })).toThrow(message);
  });

  test("options that are no data are refused", () => {
    const { kernels } = threads(2);
    const mailbox = { max: 10, overflow: { coalesce: (): string => "" } };
    expect(() => kernels[0].spawn(sleeper, undefined, { on: 2, mailbox })).toThrow(
      /message\.mailbox\.overflow\.coalesce/,
    );
  });

  test("an argument that is no data is refused, wherever the process would have gone", () => {
    const { kernels } = threads(2);
    for (const on of [1, 2, "anywhere"] as const) {
      expect(() => kernels[0].spawn(sleeper as never, { run: () => {} } as never, { on })).toThrow(/message\.run/);
    }
  });
});

describe("behaviour", () => {
  test("a name has one behaviour, and a behaviour one name", () => {
    const run = (): void => {};
    expect(behaviour("placement.run", run)).toBe(run);
    expect(behaviour("placement.run", run)).toBe(run);
    expect(() => behaviour("placement.run", () => {})).toThrow(/expected a name of its own/);
    expect(() => behaviour("placement.walk", run)).toThrow(/what has no name yet, got what is named "placement.run"/);
    expect(() => behaviour("", () => {})).toThrow(/at least one character/);
    expect(() => behaviour("placement.odd", 3 as never)).toThrow(
      /expected a function, or callbacks with handle, got 3/,
    );
  });
});

describe("start on another thread", () => {
  test("waits for init, and gives the pid; the argument is a copy", async () => {
    const { world, kernels } = threads(2);
    const pid = await world.until(Notes.start(kernels[0], "a", { on: 2 }));
    expect(await world.until(kernels[0].call(pid, "thread"))).toBe(2);
  });

  test("fails as on one thread: init throws, ignores, is late, the name is taken", async () => {
    const { world, kernels } = threads(2);
    expect(await world.until(reasonOf(Moody.start(kernels[0], "bad", { on: 2 })))).toMatchObject({
      error: { message: "not today" },
    });
    expect(await world.until(Moody.start(kernels[0], "idle", { on: 2 }))).toBeUndefined();
    const late = reasonOf(kernels[0].start(undefined, never, undefined as never, { on: 2, timeout: 50 }));
    expect(await world.until(late)).toBe("timeout");
    world.run();
    expect(kernels[1].processes()).toEqual([]);
    const holder = await world.until(Notes.start(kernels[1], "a", { name: "placement" }));
    const taken = await world.until(reasonOf(Notes.start(kernels[0], "b", { on: 2, name: "placement" })));
    expect(String((taken as { alreadyStarted: Pid }).alreadyStarted)).toBe(String(holder));
  });

  test("a name that is taken there, but not known here yet: the start fails, and leaves nobody", async () => {
    const { world, kernels } = threads(2);
    const holder = kernels[1].spawn(sleeper, "placement.taken"); // registers itself in its first turn
    const starting = reasonOf(Notes.start(kernels[0], "b", { on: 2, name: "placement.taken" }));
    expect(await world.until(starting)).toMatchObject({ alreadyStarted: expect.any(Pid) });
    world.run();
    expect(kernels[1].processes()).toEqual([holder]);
  });

  test("its thread ends before it has answered: schedulerDown", async () => {
    const { world, sim, kernels } = threads(2);
    const starting = reasonOf(kernels[0].start(undefined, never, undefined as never, { on: 2 }));
    world.run();
    sim.end(kernels[1]);
    expect(await world.until(starting)).toBe("schedulerDown");
  });

  test("a number is a place: while its thread is being replaced, a start waits for the next one", async () => {
    const { world, sim, kernels } = threads(2);
    sim.end(kernels[1]);
    world.run();
    const starting = Notes.start(kernels[0], "a", { on: 2 });
    world.alarm(500, () => sim.add());
    expect((await world.until(starting)).thread).toBe(3);
    const another = threads(2);
    another.sim.end(another.kernels[1]);
    another.world.run();
    const failing = reasonOf(Notes.start(another.kernels[0], "a", { on: 2 }));
    expect(await another.world.until(failing)).toBe("schedulerDown");
    expect(another.world.nowMs).toBeGreaterThan(9000);
  });
});

describe("who is chosen", () => {
  const placeOf = (kernel: Kernel, on: Placement, parent?: Process): number =>
    (parent ?? kernel).spawn(sleeper, undefined, { on }).thread;

  test("anywhere: the thread that has the least to do, one's own if it is as good", () => {
    const { world, kernels } = threads(3);
    for (let i = 0; i < 10; i++) kernels[0].spawn(sleeper);
    world.run();
    const chosen = Array.from({ length: 25 }, () => placeOf(kernels[0], "anywhere"));
    const count = (thread: number): number => chosen.filter((one) => one === thread).length;
    expect([1, 2, 3].map(count)).toEqual([8, 9, 8]);
    world.run();
    kernels[1].stats[10] = 100; // busyPercent
    expect(new Set(Array.from({ length: 6 }, () => placeOf(kernels[2], "anywhere")))).toEqual(new Set([1, 3]));
  });

  test("spread: one after the other, each parent for itself", () => {
    const { kernels } = threads(3);
    const [a, b] = [actor(kernels[1]), actor(kernels[1])];
    expect([1, 2, 3, 4].map(() => placeOf(kernels[1], "spread", a.self))).toEqual([1, 2, 3, 1]);
    expect([1, 2].map(() => placeOf(kernels[1], "spread", b.self))).toEqual([1, 2]);
    expect([1, 2].map(() => placeOf(kernels[1], "spread"))).toEqual([1, 2]);
  });

  test("neither takes a thread that has ended, or is not open", async () => {
    const { world, sim, kernels } = threads(3);
    sim.end(kernels[1]);
    kernels[2].hosts.close();
    world.run();
    expect(["anywhere", "spread", "anywhere"].map((on) => placeOf(kernels[0], on as Placement))).toEqual([1, 1, 1]);
    kernels[0].hosts.close();
    const starting = Notes.start(kernels[0], "a", { on: "anywhere" });
    world.run({ forMs: 100 });
    kernels[2].hosts.open();
    expect((await world.until(starting)).thread).toBe(3);
  });
});

describe("names on all threads", () => {
  test("K37: a process is found by its name on every thread when its start has returned, wherever it was started: 500 seeds", async () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { world, kernels } = threads(3, seed, 30);
      const random = world.fork();
      for (let round = 1; round <= 3; round++) {
        const by = random.pick(kernels);
        const on = random.pick<Placement>(["same", 1, 2, 3, "anywhere", "spread"]);
        const pid = await world.until(Notes.start(by, "a", { name: "notes", on }));
        for (const kernel of kernels) {
          const found = kernel.names.whereis("notes");
          expect([found?.thread, found?.serial], `seed ${seed}`).toEqual([pid.thread, pid.serial]);
        }
        // Started again as soon as somebody hears of its end, who need not be its neighbour.
        const watcher = actor(random.pick(kernels));
        watcher.self.monitor("notes");
        while (kernels[pid.thread - 1]!.localProcess(pid.serial)?.monitoredBy === undefined) world.run({ forMs: 1 });
        kernels[pid.thread - 1]!.exit(kernels[pid.thread - 1]!.localProcess(pid.serial)!.pid, "kill");
        while (watcher.messages.length === 0) world.run({ forMs: 0.5 });
      }
    }
  });
});
