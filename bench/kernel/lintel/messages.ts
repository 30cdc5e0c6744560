/** How many messages a second, in each of the shapes that programs have? Rivals: the BEAM, nact, xstate. */
import { type Behaviour, type Pid, type Process, stat } from "lintel/kernel";
import { expectEqual, type Measurement, nowNs, perSecond, type Timed } from "../program.ts";
import { deferred, newKernel } from "./support.ts";

/** Messages that a producer sends before it lets others run. */
const batch = 200;

/** A producer, a consumer. */
export const send: Measurement = async (size, repeats) => ({
  "send-frozen": await perSecond((size) => oneWay(size, (n) => ({ tag: "message", n })), size, repeats),
  "send-shared": await perSecond((size) => oneWay(size, () => constant), size, repeats),
});

const constant = Object.freeze({ tag: "message", n: 1 });

async function oneWay(size: number, message: (n: number) => { tag: string; n: number }): Promise<number> {
  const kernel = newKernel();
  const done = deferred<number>();
  let expectedSum = 0;
  let sum = 0;
  let received = 0;
  const consumer = kernel.spawn({
    label: "consumer",
    handle: (_self, message) => {
      sum += (message as { n: number }).n;
      received += 1;
      if (received === size) done.resolve(nowNs());
    },
  });
  const begun = nowNs();
  kernel.spawn(
    producer(size, (self, n) => {
      const sent = message(n);
      expectedSum += sent.n;
      self.send(consumer, sent);
    }),
  );
  const ended = await done.promise;
  expectEqual("sum", sum, expectedSum);
  expectEqual("dropped", kernel.stats[stat.dropped], 0);
  kernel.close();
  return ended - begun;
}

/** Calls `each` for 1 to `size`, a batch a message: between two batches, others have their turns. */
function producer(size: number, each: (self: Process, n: number) => void): Behaviour {
  let n = 0;
  return {
    label: "producer",
    init: (self) => self.send(self.pid, "more"),
    handle: (self) => {
      for (let i = 0; i < batch && n < size; i++) {
        n += 1;
        each(self, n);
      }
      if (n < size) self.send(self.pid, "more");
    },
  };
}

export const pingPong: Measurement = async (size, repeats) => ({
  "ping-pong": await perSecond(
    (size) =>
      roundTrips(
        size,
        (n) => n,
        (message) => message as number,
      ),
    size,
    repeats,
  ),
  "ping-pong-object": await perSecond(
    (size) =>
      roundTrips(
        size,
        (n) => ({ tag: "ball", n }),
        (message) => (message as { n: number }).n,
      ),
    size,
    repeats,
  ),
});

async function roundTrips(
  size: number,
  make: (n: number) => unknown,
  read: (message: unknown) => number,
): Promise<number> {
  const kernel = newKernel();
  const done = deferred<number>();
  const pong: Pid = kernel.spawn({
    label: "pong",
    handle: (self, message) => self.send(ping, make(read(message))),
  });
  const ping: Pid = kernel.spawn({
    label: "ping",
    handle: (self, message) => {
      const n = read(message);
      if (n === size) done.resolve(nowNs());
      else self.send(pong, make(n + 1));
    },
  });
  const begun = nowNs();
  kernel.send(pong, make(1));
  const ended = await done.promise;
  kernel.close();
  return ended - begun;
}

/** A number goes round among 1,000 processes, and is one less at each. */
export const ring: Measurement = async (size, repeats) => ({ ring: await perSecond(around, size, repeats) });

async function around(size: number): Promise<number> {
  const kernel = newKernel();
  const done = deferred<number>();
  const nodes: Pid[] = [];
  const node: Behaviour<number> = {
    label: "node",
    init: (self, i) => {
      self.state = nodes[(i + 1) % nodes.length];
    },
    handle: (self, message) => {
      if (message === 0) done.resolve(nowNs());
      else self.send(self.state as Pid, (message as number) - 1);
    },
  };
  for (let i = 0; i < 1_000; i++) nodes.push(kernel.spawn(node, i));
  const begun = nowNs();
  kernel.send(nodes[0]!, size);
  const ended = await done.promise;
  kernel.close();
  return ended - begun;
}

/** Every process gets the message, the last one asks for the next. */
export const fanOut: Measurement = async (size, repeats) => ({
  "fan-out": await perSecond(fan, size, repeats),
});

const fan: Timed = async (size) => {
  const kernel = newKernel();
  const done = deferred<number>();
  const width = Math.min(10_000, size);
  const rounds = Math.ceil(size / width);
  let sum = 0;
  const leaf: Behaviour = {
    label: "leaf",
    handle: (_self, message) => {
      sum += (message as { n: number }).n;
    },
  };
  const last: Behaviour = {
    label: "last leaf",
    handle: (self, message) => {
      sum += (message as { n: number }).n;
      self.send(root, "next");
    },
  };
  const leaves: Pid[] = [];
  for (let i = 1; i < width; i++) leaves.push(kernel.spawn(leaf));
  leaves.push(kernel.spawn(last));
  let round = 0;
  const root: Pid = kernel.spawn({
    label: "root",
    handle: (self) => {
      if (round === rounds) {
        done.resolve(nowNs());
        return;
      }
      round += 1;
      const message = { tag: "message", n: 1 };
      for (const leaf of leaves) self.send(leaf, message);
    },
  });
  const begun = nowNs();
  kernel.send(root, "next");
  const ended = await done.promise;
  expectEqual("messages", sum, rounds * width);
  kernel.close();
  return ((ended - begun) / (rounds * width)) * size;
};

/** 1,000 producers, one consumer, which gets one turn in a thousand: its mailbox grows to nearly all of the messages. */
export const fanIn: Measurement = async (size, repeats) => ({
  "fan-in": await perSecond(
    async (size) => {
      const kernel = newKernel({ maxMailbox: 2_000_000 });
      const done = deferred<number>();
      const each = Math.ceil(size / 1_000);
      let received = 0;
      const consumer = kernel.spawn({
        label: "consumer",
        handle: (_self, message) => {
          received += (message as { n: number }).n > 0 ? 1 : 0;
          if (received === each * 1_000) done.resolve(nowNs());
        },
      });
      const begun = nowNs();
      for (let i = 0; i < 1_000; i++) {
        kernel.spawn(producer(each, (self, n) => self.send(consumer, { tag: "message", n })));
      }
      const ended = await done.promise;
      kernel.close();
      return ((ended - begun) / (each * 1_000)) * size;
    },
    size,
    repeats,
  ),
});
