import { describe, expect, test } from "vitest";
import type { Behaviour } from "../../kernel/behaviour.ts";
import { firstFreeKind } from "../../kernel/crossing/peers.ts";
import { CrossingError, OptionError } from "../../kernel/errors.ts";
import { Kernel, type KernelOptions } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { reply } from "../../kernel/server/outcome.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { SimWorld } from "../../kernel/testing/index.ts";
import type { Boundary } from "../../kernel/world.ts";
import { actor } from "../support/kernels.ts";

/** A way to another thread that a test opens and shuts. What is posted waits while it is shut. */
class Gate implements Boundary {
  isOpen = true;
  other!: Gate;
  readonly #world: SimWorld;
  readonly #coming: Uint8Array[] = [];
  #listener: ((slab: Uint8Array) => void) | undefined;
  /** The most bytes that waited here. */
  most = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  post(slab: Uint8Array): void {
    this.other.#coming.push(structuredClone(slab, { transfer: [slab.buffer as ArrayBuffer] }));
    this.other.most = Math.max(this.other.most, this.other.waiting);
    this.#world.nextTurn(() => this.other.#carry());
  }

  get waiting(): number {
    return this.#coming.reduce((bytes, slab) => bytes + slab.length, 0);
  }

  open(): void {
    this.isOpen = true;
    this.#carry();
  }

  listen(onSlab: (slab: Uint8Array) => void): void {
    this.#listener = onSlab;
  }

  drain(): void {
    for (let slab = this.#coming.shift(); slab !== undefined; slab = this.#coming.shift()) this.#listener?.(slab);
  }

  close(): void {
    this.#listener = undefined;
  }

  #carry(): void {
    if (this.isOpen) this.drain();
  }
}

const small: KernelOptions = { crossing: { busyBytes: 4000, maxBytes: 40_000 }, report: () => {} };

/** Threads 1 and 2; `into2` is shut or opened for what goes from the first to the second, `into1` for the way back. */
function pair(options: KernelOptions = small) {
  const world = new SimWorld(1);
  const [into1, into2] = [new Gate(world), new Gate(world)];
  into1.other = into2;
  into2.other = into1;
  const one = new Kernel({ ...options, world, thread: 1 });
  const two = new Kernel({ ...options, world, thread: 2 });
  one.peers.connect(2, into1);
  two.peers.connect(1, into2);
  world.run();
  return { world, one, two, into1, into2 };
}

/** Sends `{ n, text }` for n from 1 to `count`, one in each message that it handles. */
function producer(to: Pid, count: number): Behaviour {
  let n = 0;
  return {
    label: "producer",
    init: (self) => self.send(self.pid, "next"),
    handle: (self) => {
      n += 1;
      self.send(to, { n, text: "x".repeat(90) });
      if (n < count) self.send(self.pid, "next");
    },
  };
}

const numbers = (messages: readonly unknown[]): number[] => messages.map((message) => (message as { n: number }).n);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("a crossing that is full", () => {
  test("suspends the process that sends, and nobody else, until the other thread has read; nothing is lost", () => {
    const { world, one, two, into2 } = pair();
    const sink = actor(two);
    const far = one.peers.pid(2, sink.pid.serial);
    into2.isOpen = false;
    const pid = one.spawn(producer(far, 1000));
    const other = actor(one);
    world.run();
    expect(one.processInfo(pid)).toMatchObject({ status: "suspended", messageQueueLength: 1 });
    expect(one.peers.inFlight(2)).toBeGreaterThan(4000);
    expect(one.peers.inFlight(2)).toBeLessThan(4500);
    other.self.send(other.pid, "still here");
    world.run();
    expect(other.messages).toEqual(["still here"]);
    into2.open();
    world.run();
    expect(numbers(sink.messages)).toEqual(upTo(1000));
    expect(one.processInfo(pid)!.status).toBe("waiting");
    expect(into2.most).toBeLessThan(80_000);
  });

  test("in both directions at once: both go on, and all arrives in order", () => {
    const { world, one, two, into1, into2 } = pair();
    const [a, b] = [actor(one), actor(two)];
    into1.isOpen = into2.isOpen = false;
    const pids = [
      one.spawn(producer(one.peers.pid(2, b.pid.serial), 1000)),
      two.spawn(producer(two.peers.pid(1, a.pid.serial), 1000)),
    ];
    world.run();
    expect([one.processInfo(pids[0]!)!.status, two.processInfo(pids[1]!)!.status]).toEqual(["suspended", "suspended"]);
    into1.open();
    into2.open();
    world.run();
    expect(numbers(a.messages)).toEqual(upTo(1000));
    expect(numbers(b.messages)).toEqual(upTo(1000));
  });

  test("holds back a plain process where it receives", async () => {
    const { world, one, two, into2 } = pair();
    const sink = actor(two);
    const far = one.peers.pid(2, sink.pid.serial);
    into2.isOpen = false;
    let sent = 0;
    const pid = one.spawn(async (self) => {
      for (; sent < 500; sent++) {
        self.send(far, { n: sent + 1, text: "x".repeat(90) });
        self.send(self.pid, "next");
        await self.receive();
      }
    });
    await world.runAsync();
    expect(one.processInfo(pid)!.status).toBe("suspended");
    expect(sent).toBeLessThan(60);
    into2.open();
    await world.runAsync();
    expect(numbers(sink.messages)).toEqual(upTo(500));
  });

  test("fails for code that cannot be suspended, in time, and takes messages again when there is room", () => {
    const { world, one, two, into2 } = pair();
    const sink = actor(two);
    const far = one.peers.pid(2, sink.pid.serial);
    into2.isOpen = false;
    let sent = 0;
    const flood = (): void => {
      for (;;) {
        one.send(far, { n: sent + 1, text: "x".repeat(90) });
        sent += 1;
      }
    };
    expect(flood).toThrow(CrossingError);
    expect(flood).toThrow(/thread 2: expected at most 40000 bytes on their way there, got 4\d{4}/);
    expect(() => one.broadcast("topic", "x")).toThrow(CrossingError);
    expect(() => one.cast(far as never, "name" as never)).toThrow(CrossingError);
    expect(one.peers.inFlight(2)).toBeLessThan(41_000);
    into2.open();
    world.run();
    one.send(far, { n: sent + 1 });
    world.run();
    expect(numbers(sink.messages)).toEqual(upTo(sent + 1));
  });

  test("fails for a call, which rejects; a call that went before is answered", async () => {
    const { world, one, two, into2 } = pair();
    const Server = genServer({ name: "Server", init: () => 1, calls: { read: (state) => reply(state, state) } });
    const remote = await world.until(Server.start(two));
    const server = one.peers.pid(2, remote.serial) as typeof remote;
    into2.isOpen = false;
    const first = one.call(server, "read");
    for (let i = 0; i < 400; i++) one.peers.write(2, firstFreeKind, 0, new Uint8Array(100));
    await expect(one.call(server, "read")).rejects.toThrow(CrossingError);
    into2.open();
    expect(await world.until(first)).toBe(1);
    expect(await world.until(one.call(server, "read"))).toBe(1);
    expect(one.peers.openCalls).toBe(0);
  });

  test("lets signals through: links, monitors and exits never fail and never wait", () => {
    const { world, one, two, into2 } = pair();
    const [a, b] = [actor(one), actor(two)];
    const far = one.peers.pid(2, b.pid.serial);
    into2.isOpen = false;
    for (let i = 0; i < 500; i++) one.peers.write(2, firstFreeKind, 0, new Uint8Array(100));
    const ref = a.self.monitor(far);
    a.self.exit(far, "kill");
    into2.open();
    world.run();
    expect(two.isAlive(b.pid)).toBe(false);
    expect(a.messages).toEqual([new DownMessage(ref, far, "killed")]);
  });

  test("lets go those who wait when its thread ends", () => {
    const { world, one, two, into2 } = pair();
    const sink = actor(two);
    into2.isOpen = false;
    const pid = one.spawn(producer(one.peers.pid(2, sink.pid.serial), 1000));
    world.run();
    expect(one.processInfo(pid)!.status).toBe("suspended");
    one.peers.disconnect(2);
    world.run();
    expect(one.processInfo(pid)).toMatchObject({ status: "waiting", messageQueueLength: 0 });
  });

  test("a process that is ended while it waits is forgotten", () => {
    const { world, one, two, into2 } = pair();
    const sink = actor(two);
    into2.isOpen = false;
    const pid = one.spawn(producer(one.peers.pid(2, sink.pid.serial), 1000));
    world.run();
    one.exit(pid, "kill");
    into2.open();
    world.run();
    expect(one.isAlive(pid)).toBe(false);
    expect(numbers(sink.messages)).toEqual(upTo(sink.messages.length));
  });

  test("options that make no sense are refused", () => {
    expect(() => new Kernel({ crossing: { busyBytes: 0 } })).toThrow(OptionError);
    expect(() => new Kernel({ crossing: { busyBytes: 100, maxBytes: 99 } })).toThrow(/at least busyBytes/);
  });
});

describe("a thread that ends", () => {
  test("K5: what it had posted is read before anybody hears of the end", () => {
    const { world, one, two, into1 } = pair({ report: () => {} });
    const [a, b] = [actor(one), actor(two)];
    const far = one.peers.pid(2, b.pid.serial);
    const ref = a.self.monitor(far);
    world.run();
    into1.isOpen = false;
    for (let n = 1; n <= 3000; n++) b.self.send(two.peers.pid(1, a.pid.serial), { n, text: "x".repeat(40) });
    two.peers.flush();
    one.peers.disconnect(2);
    world.run();
    expect(numbers(a.messages.slice(0, -1))).toEqual(upTo(3000));
    expect(a.messages.at(-1)).toEqual(new DownMessage(ref, far, "schedulerDown"));
  });
});

describe("reading", () => {
  test("gives processes their turns in between: a burst does not wait in mailboxes all at once", () => {
    const { world, one, two, into2 } = pair({ report: () => {} });
    let most = 0;
    let got = 0;
    const sink = two.spawn({
      label: "sink",
      handle: (self) => {
        got += 1;
        most = Math.max(most, self.mailbox!.length);
      },
    });
    into2.isOpen = false;
    for (let n = 1; n <= 5000; n++) one.send(one.peers.pid(2, sink.serial), { n, text: "x".repeat(90) });
    world.run();
    into2.open();
    world.run();
    expect(got).toBe(5000);
    expect(most).toBeLessThan(2000);
  });

  test("waits for a process that does not keep up, so that its senders are slowed down; but not for ever", () => {
    const { world, one, two } = pair({ report: () => {} });
    const slow = two.spawn(async () => new Promise<void>(() => {}));
    const other = actor(two);
    const pid = one.spawn(producer(one.peers.pid(2, slow.serial), 60_000));
    const waiting = (): number => two.processInfo(slow)!.messageQueueLength;
    world.run({ forMs: 15 });
    expect(waiting()).toBeGreaterThan(10_000);
    expect(waiting()).toBeLessThan(12_000);
    expect(one.processInfo(pid)!.status).toBe("suspended");
    one.send(one.peers.pid(2, other.pid.serial), "through");
    world.run({ forMs: 15 });
    expect(other.messages).toEqual([]);
    world.run({ forMs: 3000 });
    expect(other.messages).toEqual(["through"]);
  });
});
