import { describe, expect, test } from "vitest";
import { CallMessage, type From } from "../../kernel/calls.ts";
import { firstFreeKind } from "../../kernel/crossing/peers.ts";
import { MessageError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply, stop } from "../../kernel/server/outcome.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { type Actor, actor, type SimKernels, simKernels } from "../support/kernels.ts";

/** Two kernels with an actor each; `there` is the second actor as the first thread knows it, `here` the other way round. */
function pair(trapExit = false, seed = 1) {
  const sim = simKernels(2, seed);
  const [one, two] = sim.kernels as [Kernel, Kernel];
  const [a, b] = [actor(one, { trapExit }), actor(two, { trapExit })];
  return { ...sim, one, two, a, b, there: sim.at(one, b.pid), here: sim.at(two, a.pid) };
}

function three(): SimKernels & { kernels: [Kernel, Kernel, Kernel]; actors: [Actor, Actor, Actor] } {
  const sim = simKernels(3);
  const actors = sim.kernels.map((kernel) => actor(kernel)) as [Actor, Actor, Actor];
  return { ...sim, kernels: sim.kernels as [Kernel, Kernel, Kernel], actors };
}

const Server = genServer({
  name: "Server",
  init: () => ({}),
  calls: {
    double: (state, n: number) => reply(n * 2, state),
    never: (state) => noreply(state),
    crash: () => {
      throw new RangeError("crash");
    },
    leave: (state) => stop("shutdown", state),
  },
});

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail("the call did not fail"),
    (error: { reason: unknown }) => error.reason,
  );
}

describe("messages between threads", () => {
  test("K37: arrive in order, as copies", () => {
    const { world, a, b, there } = pair();
    const message = { list: [1] };
    a.self.send(there, message);
    for (let n = 0; n < 100; n++) a.self.send(there, n);
    world.run();
    expect(b.messages).toEqual([{ list: [1] }, ...Array.from({ length: 100 }, (_, n) => n)]);
    expect(b.messages[0]).not.toBe(message);
    expect(Object.isFrozen((b.messages[0] as { list: number[] }).list)).toBe(true);
  });

  test("K2: a pid is the same object on a thread, wherever it has been", () => {
    const { world, one, a, b, there, here } = pair();
    b.self.send(here, { you: here, me: b.pid });
    world.run();
    const [{ you, me }] = a.messages as [{ you: Pid; me: Pid }];
    expect(you).toBe(a.pid);
    expect(me).toBe(there);
    const third = actor(one);
    a.self.send(there, third.pid);
    world.run();
    one.exit(third.pid, "kill");
    b.self.send(here, b.messages[0]);
    world.run();
    expect(a.messages[1]).toBe(third.pid); // dead by now, and still itself
  });

  test("K4: a function is refused to the sender, with its place", () => {
    const { a, there } = pair();
    expect(() => a.self.send(there, { steps: [{ run: () => 1 }] })).toThrow(MessageError);
    expect(() => a.self.send(there, { steps: [{ run: () => 1 }] })).toThrow("at message.steps.0.run");
  });

  test("K4, K36: sending to a process that is not there, or to a thread that is not there, is silently fine", () => {
    const { world, one, two, a, b, there } = pair();
    two.exit(b.pid, "kill");
    a.self.send(there, "late");
    a.self.send(one.peers.pid(99, 1), "nowhere");
    a.self.exit(one.peers.pid(99, 1), "boo");
    world.run();
    expect(b.messages).toEqual([]);
  });

  test("Map, Set, Date, Error, typed arrays and bigint stay what they are", () => {
    const { world, a, b, there } = pair();
    const message = {
      map: new Map([["a", new Set([1])]]),
      date: new Date(5),
      bytes: new Uint8Array([1, 2]),
      big: 2n ** 70n,
    };
    a.self.send(there, message);
    a.self.send(there, new RangeError("far"));
    world.run();
    expect(b.messages[0]).toEqual(message);
    expect(b.messages[1]).toBeInstanceOf(RangeError);
  });

  test("a small typed array does not hold on to the slab that it came in", () => {
    const { world, a, b, there } = pair();
    a.self.send(there, "x".repeat(100_000));
    a.self.send(there, { bytes: new Uint8Array(8) });
    world.run();
    expect((b.messages[1] as { bytes: Uint8Array }).bytes.buffer.byteLength).toBe(8);
  });
});

describe("links and monitors between threads", () => {
  test("K9: an exit goes over a link, with its reason", () => {
    const { world, one, two, a, b, there } = pair();
    a.self.link(there);
    world.run();
    one.exit(a.pid, { odd: [1] });
    world.run();
    expect(two.isAlive(b.pid)).toBe(false);
  });

  test("K10: is trapped as a message", () => {
    const { world, two, a, b, there } = pair(true);
    a.self.link(there);
    world.run();
    two.exit(b.pid, "kill");
    world.run();
    expect(a.messages).toEqual([new ExitMessage(there, "killed")]);
    expect([a.self.links!.size, a.messages.length]).toEqual([0, 1]);
  });

  test("K8: a link to a dead process gives noproc", () => {
    const { world, two, a, b, there } = pair(true);
    two.exit(b.pid, "kill");
    a.self.link(there);
    world.run();
    expect(a.messages).toEqual([new ExitMessage(there, "noproc")]);
  });

  test("K8: after unlink no exit comes, though it was under way", () => {
    const { world, two, a, b, there } = pair(true);
    a.self.link(there);
    world.run();
    two.exit(b.pid, "over");
    a.self.unlink(there);
    world.run();
    expect(a.messages).toEqual([]);
    expect(a.self.rare?.unlinking?.size ?? 0).toBe(0);
  });

  test("K8: however link and unlink cross, both sides agree in the end", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { world, one, two, a, b, there, here } = pair(true, seed);
      const random = world.fork();
      for (let i = 0; i < 12; i++) {
        const act = random.pick([
          () => a.self.link(there),
          () => a.self.unlink(there),
          () => b.self.link(here),
          () => b.self.unlink(here),
        ]);
        act();
        world.run({ forMs: random.number() * 1.5 });
      }
      world.run();
      expect(a.self.links?.has(there) ?? false).toBe(b.self.links?.has(here) ?? false);
      expect([a.self.rare?.unlinking?.size ?? 0, b.self.rare?.unlinking?.size ?? 0]).toEqual([0, 0]);
      const linked = a.self.links?.has(there) === true;
      one.exit(a.pid, "kill");
      world.run();
      expect(b.messages).toEqual(linked ? [new ExitMessage(here, "killed")] : []);
      expect(two.isAlive(b.pid)).toBe(true);
    }
  });

  test("K12: every monitor fires once, `noproc` when nobody is there; K13: not after demonitor", () => {
    const { world, two, a, b, there } = pair();
    const refs = [a.self.monitor(there), a.self.monitor(there), a.self.monitor(there)];
    world.run();
    expect(b.self.monitoredBy!.size).toBe(3);
    two.exit(b.pid, "over");
    expect(a.self.demonitor(refs[1]!)).toBe(true); // its down is not here yet
    world.run();
    expect(a.messages).toEqual([new DownMessage(refs[0]!, there, "over"), new DownMessage(refs[2]!, there, "over")]);
    const late = a.self.monitor(there);
    world.run();
    expect(a.messages[2]).toEqual(new DownMessage(late, there, "noproc"));
    expect(a.self.monitors!.size).toBe(0);
  });

  test("K5: messages come before the end of who sent them", () => {
    const { world, a, b, there, here } = pair(true);
    const ref = a.self.monitor(there);
    a.self.link(there);
    world.run();
    b.self.send(here, "m1");
    b.self.send(here, "m2");
    b.self.exit(b.pid, "kill");
    world.run();
    expect(a.messages).toEqual(["m1", "m2", new ExitMessage(there, "killed"), new DownMessage(ref, there, "killed")]);
  });

  test.each([1, 2])(
    "K5: links, monitors, exits and messages of one sender keep their order, on %i thread(s)",
    (count) => {
      const { world, kernels, at } = simKernels(2, 7);
      const [home, away] = [kernels[0]!, kernels[count - 1]!];
      const a = actor(home);
      const b = actor(away, { trapExit: true });
      const pid = at(home, b.pid);
      /** How b is tied to a as each message comes in: what was sent before has happened, what was sent after has not. */
      const seen: unknown[] = [];
      away.trace({ pids: [b.pid], events: ["receive"] }, (event) => {
        const { links, monitoredBy } = away.processInfo(b.pid)!;
        const message = event.type === "receive" ? event.message : undefined;
        seen.push([message instanceof ExitMessage ? message.reason : message, links.length, monitoredBy.length]);
      });
      a.self.send(pid, 1);
      a.self.link(pid);
      a.self.send(pid, 2);
      const ref = a.self.monitor(pid);
      a.self.send(pid, 3);
      a.self.exit(pid, "why");
      a.self.unlink(pid);
      a.self.send(pid, 4);
      a.self.demonitor(ref);
      a.self.send(pid, 5);
      a.self.link(pid);
      a.self.send(pid, 6);
      home.exit(a.pid, "over");
      world.run();
      expect(seen).toEqual([
        [1, 0, 0],
        [2, 1, 0],
        [3, 1, 1],
        ["why", 1, 1],
        [4, 0, 1],
        [5, 0, 0],
        [6, 1, 0],
        ["over", 0, 0],
      ]);
    },
  );

  test("K9: exit signals of their own: normal is ignored, kill is not", () => {
    const { world, two, a, b, there } = pair();
    a.self.exit(there, "normal");
    world.run();
    expect(two.isAlive(b.pid)).toBe(true);
    a.self.exit(there, "kill");
    world.run();
    expect(two.isAlive(b.pid)).toBe(false);
  });
});

describe("calls between threads", () => {
  test("G3: bring the reply, `noproc`, the reason of a crash, or `timeout`; nothing is left of them", async () => {
    const { world, one, two, at } = pair();
    const remote = await world.until(Server.start(two));
    const server = at(one, remote) as typeof remote;
    expect(await world.until(one.call(server, "double", 21))).toBe(42);
    expect(await world.until(reasonOf(one.call(server, "never", undefined, { timeout: 20 })))).toBe("timeout");
    await world.runAsync();
    expect([one.peers.openCalls, two.peers.openCalls]).toEqual([0, 0]);
    expect(two.localProcess(remote.serial)!.rare?.remoteCalls?.size).toBe(0);
    const waiting = reasonOf(one.call(server, "never"));
    const crashing = reasonOf(one.call(server, "crash"));
    expect(await world.until(Promise.all([waiting, crashing]))).toMatchObject([
      { error: { message: "crash" } },
      { error: { message: "crash" } },
    ]);
    expect(await world.until(reasonOf(one.call(server, "double", 1)))).toBe("noproc");
    await world.runAsync();
    expect([one.peers.openCalls, two.peers.openCalls, one.timers.size]).toEqual([0, 0, 0]);
  });

  test("G5: may be answered on a third thread; the one that passed the call on forgets it", async () => {
    const { world, kernels, at } = three();
    const [one, two, three_] = kernels;
    const answering = three_.spawn({
      label: "answering",
      handle: (_self, message) => three_.reply(message as From, "from afar"),
    });
    const passing = two.spawn({
      label: "passing",
      handle(self, message) {
        if (message instanceof CallMessage) self.send(at(two, answering), message.from);
      },
    });
    expect(await world.until(one.call(at(one, passing), "anything"))).toBe("from afar");
    await world.runAsync();
    expect(kernels.map((kernel) => kernel.peers.openCalls)).toEqual([0, 0, 0]);
    expect(two.localProcess(passing.serial)!.rare?.remoteCalls?.size).toBe(0);
  });

  test("G5: a local call may be answered by a process of another thread", async () => {
    const { world, one, two, at } = pair();
    const answering = two.spawn({
      label: "answering",
      handle: (_self, message) => two.reply(message as From, "from two"),
    });
    const passing = one.spawn({
      label: "passing",
      handle(self, message) {
        if (message instanceof CallMessage) self.send(at(one, answering), message.from);
      },
    });
    expect(await world.until(one.call(passing as Pid, "anything"))).toBe("from two");
    await world.runAsync();
    expect([one.peers.openCalls, two.peers.openCalls]).toEqual([0, 0]);
  });

  test("G4: casts arrive, in order with messages", () => {
    const { world, a, b, there } = pair();
    a.self.send(there, 1);
    a.self.cast(there, "note", "x");
    a.self.send(there, 2);
    world.run();
    expect(b.messages).toMatchObject([1, { name: "note", payload: "x" }, 2]);
  });
});

describe("a thread that ends", () => {
  test("K37: everybody who is tied to one of its processes is told `schedulerDown`, once", async () => {
    const { world, one, two, a, b, there, here, endThread } = pair(true);
    const refs = [a.self.monitor(there), a.self.monitor(there)];
    a.self.link(there);
    b.self.link(here);
    const call = reasonOf(a.self.call(there as Pid, "anything"));
    await world.runAsync({ forMs: 20 });
    endThread(two);
    expect(await world.until(call)).toBe("schedulerDown");
    await world.runAsync();
    expect(a.messages).toEqual([
      ...refs.map((ref) => new DownMessage(ref, there, "schedulerDown")),
      new ExitMessage(there, "schedulerDown"),
    ]);
    expect(one.peers.threads).toEqual([]);
    expect([one.timers.size, one.peers.openCalls]).toEqual([0, 0]);
  });

  test("gives one signal for each tie even if its own news of an end is still under way", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { world, two, a, b, there, endThread } = pair(true, seed);
      a.self.monitor(there);
      a.self.link(there);
      world.run();
      two.exit(b.pid, "over");
      world.run({ forMs: (seed % 5) / 2 });
      endThread(two);
      world.run();
      expect(a.messages.map((message) => (message as { type: string }).type).sort()).toEqual(["down", "exit"]);
    }
  });

  test("is not there for those who come later: links and monitors give noproc, calls fail", async () => {
    const { world, two, a, there, endThread } = pair(true);
    await world.runAsync();
    endThread(two);
    const ref = a.self.monitor(there);
    a.self.link(there);
    expect(await world.until(reasonOf(a.self.call(there as Pid, "anything")))).toBe("noproc");
    await world.runAsync();
    expect(a.messages).toEqual([new DownMessage(ref, there, "noproc"), new ExitMessage(there, "noproc")]);
  });

  test("leaves nothing behind of its own monitors, links, calls and names", async () => {
    const { world, one, two, a, b, here, at, endThread } = pair(true);
    const server = await world.until(Server.start(one));
    b.self.monitor(here);
    b.self.link(here);
    b.self.register("b");
    const caller = actor(two);
    void caller.self.call(at(two, server) as typeof server, "never");
    await world.runAsync({ forMs: 20 });
    expect(one.peers.openCalls).toBe(1);
    endThread(two);
    await world.runAsync();
    expect(a.self.monitoredBy!.size).toBe(0);
    expect(a.self.links!.size).toBe(0);
    expect(one.names.registered()).toEqual([]);
    expect(one.peers.openCalls).toBe(0);
  });

  test("is told of to whoever listens, after the ties are cut", () => {
    const { world, one, two, a, there, endThread } = pair(true);
    const told: unknown[] = [];
    a.self.link(there);
    world.run();
    one.peers.onDown((thread) => told.push(thread, a.self.links!.size));
    endThread(two);
    expect(told).toEqual([two.thread, 0]);
  });
});

describe("records of upper rooms", () => {
  test("ride in order with signals, with their bytes as they were", () => {
    const { world, one, two, a, b, there } = pair();
    const got: unknown[] = [];
    two.peers.onRecord(firstFreeKind, (thread, number, body) =>
      got.push([thread, number, [...body], b.messages.length]),
    );
    a.self.send(there, "before");
    expect(one.peers.write(two.thread, firstFreeKind, 1, new Uint8Array([9]))).toBe(true);
    expect(one.peers.write(two.thread, firstFreeKind, 0, "é")).toBe(true);
    expect(one.peers.write(99, firstFreeKind, 0, "nobody")).toBe(false);
    world.run();
    expect(got).toEqual([
      [1, 1, [9], 0],
      [1, 0, [0xc3, 0xa9], 0],
    ]);
    expect(b.messages).toEqual(["before"]);
  });

  test("count as in flight until the other side has read them", () => {
    const { world, one, two } = pair();
    expect(one.peers.inFlight(two.thread)).toBe(0);
    one.peers.write(two.thread, firstFreeKind, 0, new Uint8Array(300_000));
    expect(one.peers.inFlight(two.thread)).toBeGreaterThan(300_000);
    world.run();
    expect(one.peers.inFlight(two.thread)).toBe(0);
  });
});
