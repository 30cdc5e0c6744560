/**
 * xstate's program (see program.ts): actors by `fromTransition`, its quickest kind. `send` runs the receiver on the
 * sender's stack, so there is no scheduler, no mailbox that fills, and no isolation: a throw is the sender's.
 */
import { type AnyActorRef, createActor, fromTransition } from "xstate";
import { bytesEach, expectEqual, type Measurement, nowNs, nsEach, perSecond, program } from "../program.ts";

type Event = { readonly type: "message"; readonly n: number };

/** An actor that does this for each message. */
function actor(handle: (n: number) => void): AnyActorRef {
  const logic = fromTransition((count: number, event: Event) => {
    handle(event.n);
    return count + 1;
  }, 0);
  const made = createActor(logic);
  made.start();
  return made as AnyActorRef;
}

const message = (n: number): Event => ({ type: "message", n });
const nothing = (): void => {};

const spawn: Measurement = async (size, repeats) => ({
  spawn: await nsEach(
    async (size) => {
      const actors: AnyActorRef[] = [];
      const begun = nowNs();
      for (let i = 0; i < size; i++) actors.push(actor(nothing));
      const ended = nowNs();
      for (const { getSnapshot } of actors) if (getSnapshot === undefined) throw new Error("no actor");
      return ended - begun;
    },
    size,
    repeats,
  ),
});

const memory: Measurement = (size) => {
  const actors: AnyActorRef[] = [];
  return bytesEach(size, () => {
    for (let i = 0; i < size; i++) actors.push(actor(nothing));
  });
};

const send: Measurement = async (size, repeats) => {
  const oneWay = (make: (n: number) => Event) => async (size: number) => {
    let sum = 0;
    let expected = 0;
    const consumer = actor((n) => {
      sum += n;
    });
    const begun = nowNs();
    for (let n = 1; n <= size; n++) {
      const event = make(n);
      expected += event.n;
      consumer.send(event);
    }
    const ended = nowNs();
    expectEqual("sum", sum, expected);
    return ended - begun;
  };
  const constant = message(1);
  return {
    "send-frozen": await perSecond(oneWay(message), size, repeats),
    "send-shared": await perSecond(
      oneWay(() => constant),
      size,
      repeats,
    ),
  };
};

const pingPong: Measurement = async (size, repeats) => {
  const rate = await perSecond(
    async (size) => {
      let last = 0;
      const pong = actor((n) => ping.send(message(n)));
      const ping: AnyActorRef = actor((n) => {
        last = n;
        if (n < size) pong.send(message(n + 1));
      });
      const begun = nowNs();
      pong.send(message(1));
      const ended = nowNs();
      expectEqual("round trips", last, size);
      return ended - begun;
    },
    size,
    repeats,
  );
  return { "ping-pong": rate, "ping-pong-object": rate }; // its events are objects always
};

const ring: Measurement = async (size, repeats) => ({
  ring: await perSecond(
    async (size) => {
      let hops = 0;
      const nodes: AnyActorRef[] = [];
      for (let i = 0; i < 1_000; i++) {
        nodes.push(
          actor((n) => {
            hops += 1;
            if (n > 1) nodes[(i + 1) % 1_000]!.send(message(n - 1));
          }),
        );
      }
      const begun = nowNs();
      nodes[0]!.send(message(size));
      const ended = nowNs();
      expectEqual("hops", hops, size);
      return ended - begun;
    },
    size,
    repeats,
  ),
});

const fanOut: Measurement = async (size, repeats) => ({
  "fan-out": await perSecond(
    async (size) => {
      const width = Math.min(10_000, size);
      const rounds = Math.ceil(size / width);
      let sum = 0;
      const leaves: AnyActorRef[] = [];
      for (let i = 0; i < width; i++) {
        leaves.push(
          actor((n) => {
            sum += n;
          }),
        );
      }
      const begun = nowNs();
      for (let round = 0; round < rounds; round++) {
        const event = message(1);
        for (const leaf of leaves) leaf.send(event);
      }
      const ended = nowNs();
      expectEqual("messages", sum, rounds * width);
      return ((ended - begun) / (rounds * width)) * size;
    },
    size,
    repeats,
  ),
});

const fanIn: Measurement = async (size, repeats) => ({
  "fan-in": await perSecond(
    async (size) => {
      const each = Math.ceil(size / 1_000);
      let received = 0;
      const consumer = actor(() => {
        received += 1;
      });
      const producers = Array.from({ length: 1_000 }, () =>
        actor(() => {
          for (let n = 1; n <= each; n++) consumer.send(message(n));
        }),
      );
      const begun = nowNs();
      for (const producer of producers) producer.send(message(0));
      const ended = nowNs();
      expectEqual("messages", received, each * 1_000);
      return ((ended - begun) / (each * 1_000)) * size;
    },
    size,
    repeats,
  ),
});

await program({ spawn, memory, send, "ping-pong": pingPong, ring, "fan-out": fanOut, "fan-in": fanIn });
