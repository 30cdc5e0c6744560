/**
 * nact's program (see program.ts). Each of its messages takes a turn of the event loop, and each turn a context object
 * with a copy of the actor's children.
 */
import { dispatch, query, type Ref, spawn as spawnActor, start, stop } from "nact";
import { percentile } from "../../support/statistics.ts";
import { bytesEach, expectEqual, type Measurement, nowNs, nsEach, perSecond, program } from "../program.ts";

type Actor = Ref<unknown>;

let names = 0;

/** An actor that does this for each message. Names must be its own: those that nact draws collide. */
function actor(system: Ref<never>, handle: (message: never) => void, options: object = {}): Actor {
  names += 1;
  const f = (state: unknown, message: never): unknown => {
    handle(message);
    return state;
  };
  return spawnActor(system as never, f as never, `actor-${names}`, options) as Actor;
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

const nothing = (): void => {};

/** Actors of nact are ready as soon as they are made. */
const spawn: Measurement = async (size, repeats) => ({
  spawn: await nsEach(
    async (size) => {
      const system = start();
      const begun = nowNs();
      for (let i = 0; i < size; i++) actor(system as never, nothing);
      const ended = nowNs();
      stop(system);
      return ended - begun;
    },
    size,
    repeats,
  ),
});

const memory: Measurement = (size) => {
  const system = start();
  return bytesEach(size, () => {
    for (let i = 0; i < size; i++) actor(system as never, nothing);
  });
};

const send: Measurement = async (size, repeats) => {
  const oneWay = (make: (n: number) => { n: number }) => async (size: number) => {
    const system = start();
    const done = deferred<number>();
    let received = 0;
    let sum = 0;
    const consumer = actor(system as never, ({ n }: { n: number }) => {
      sum += n;
      received += 1;
      if (received === size) done.resolve(nowNs());
    });
    let expected = 0;
    const begun = nowNs();
    for (let n = 1; n <= size; n++) {
      const message = make(n);
      expected += message.n;
      dispatch(consumer, message);
    }
    const ended = await done.promise;
    expectEqual("sum", sum, expected);
    stop(system);
    return ended - begun;
  };
  const constant = Object.freeze({ tag: "message", n: 1 });
  return {
    "send-frozen": await perSecond(
      oneWay((n) => ({ tag: "message", n })),
      size,
      repeats,
    ),
    "send-shared": await perSecond(
      oneWay(() => constant),
      size,
      repeats,
    ),
  };
};

const pingPong: Measurement = async (size, repeats) => {
  const rate = (make: (n: number) => { n: number }) =>
    perSecond(
      async (size) => {
        const system = start();
        const done = deferred<number>();
        const pong: Actor = actor(system as never, ({ n }: { n: number }) => dispatch(ping, make(n)));
        const ping: Actor = actor(system as never, ({ n }: { n: number }) => {
          if (n === size) done.resolve(nowNs());
          else dispatch(pong, make(n + 1));
        });
        const begun = nowNs();
        dispatch(pong, make(1));
        const ended = await done.promise;
        stop(system);
        return ended - begun;
      },
      size,
      repeats,
    );
  const each = await rate((n) => ({ tag: "ball", n }) as { n: number });
  return { "ping-pong": each, "ping-pong-object": each };
};

const ring: Measurement = async (size, repeats) => ({
  ring: await perSecond(
    async (size) => {
      const system = start();
      const done = deferred<number>();
      const nodes: Actor[] = [];
      for (let i = 0; i < 1_000; i++) {
        nodes.push(
          actor(system as never, ({ n }: { n: number }) => {
            if (n === 0) done.resolve(nowNs());
            else dispatch(nodes[(i + 1) % 1_000]!, { n: n - 1 });
          }),
        );
      }
      const begun = nowNs();
      dispatch(nodes[0]!, { n: size });
      const ended = await done.promise;
      stop(system);
      return ended - begun;
    },
    size,
    repeats,
  ),
});

/** `query` is a promise with a timeout. */
const call: Measurement = async (size, repeats) => {
  const calls = async (size: number, callers: number): Promise<number> => {
    const system = start();
    const server = actor(system as never, ({ n, from }: { n: number; from: Actor }) => dispatch(from, n + 1));
    const each = Math.ceil(size / callers);
    const begun = nowNs();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        let n = 0;
        while (n < each) n = (await query(server as never, ((from: Actor) => ({ n, from })) as never, 5_000)) as number;
        expectEqual("last reply", n, each);
      }),
    );
    const ended = nowNs();
    stop(system);
    return ((ended - begun) / (each * callers)) * size;
  };
  return {
    call: await perSecond((size) => calls(size, 1), size, repeats),
    "call-100": await perSecond((size) => calls(size, 100), size, repeats),
  };
};

const fanOut: Measurement = async (size, repeats) => ({
  "fan-out": await perSecond(
    async (size) => {
      const system = start();
      const done = deferred<number>();
      const width = Math.min(10_000, size);
      const rounds = Math.ceil(size / width);
      let received = 0;
      let round = 0;
      const leaves: Actor[] = [];
      const next = (): void => {
        if (round === rounds) {
          done.resolve(nowNs());
          return;
        }
        round += 1;
        const message = { tag: "message", n: 1 };
        for (const leaf of leaves) dispatch(leaf, message);
      };
      for (let i = 0; i < width; i++) {
        leaves.push(
          actor(system as never, ({ n }: { n: number }) => {
            received += n;
            if (received === round * width) next();
          }),
        );
      }
      const begun = nowNs();
      next();
      const ended = await done.promise;
      stop(system);
      return ((ended - begun) / (rounds * width)) * size;
    },
    size,
    repeats,
  ),
});

const fanIn: Measurement = async (size, repeats) => ({
  "fan-in": await perSecond(
    async (size) => {
      const system = start();
      const done = deferred<number>();
      const each = Math.ceil(size / 1_000);
      let received = 0;
      const consumer = actor(system as never, () => {
        received += 1;
        if (received === each * 1_000) done.resolve(nowNs());
      });
      const begun = nowNs();
      for (let i = 0; i < 1_000; i++) {
        const producer = actor(system as never, () => {
          for (let n = 1; n <= each; n++) dispatch(consumer, { tag: "message", n });
        });
        dispatch(producer, {});
      }
      const ended = await done.promise;
      stop(system);
      return ((ended - begun) / (each * 1_000)) * size;
    },
    size,
    repeats,
  ),
});

/** From the message that makes the actor throw to the making of its next state: it is reset in place. */
const restart: Measurement = async (size) => {
  const system = start();
  const samples: number[] = [];
  const warmUp = Math.ceil(size / 2);
  let up = deferred<void>();
  const child = actor(
    system as never,
    () => {
      throw new Error("as asked");
    },
    {
      initialStateFunc: () => {
        up.resolve();
        return 0;
      },
      onCrash: (_message: unknown, _error: unknown, context: { reset: symbol }) => context.reset,
    },
  );
  for (let i = 0; i < warmUp + size; i++) {
    up = deferred();
    const begun = nowNs();
    dispatch(child, { crash: i });
    await up.promise;
    if (i >= warmUp) samples.push(nowNs() - begun);
  }
  stop(system);
  expectEqual("restarts", samples.length, size);
  return { "restart-p50": percentile(samples, 50), "restart-p99": percentile(samples, 99) };
};

await program({
  spawn,
  memory,
  send,
  "ping-pong": pingPong,
  ring,
  call,
  "fan-out": fanOut,
  "fan-in": fanIn,
  restart,
});
