import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decoder, decode, Encoder, encode, type Resolver } from "../../kernel/crossing/codec.ts";
import { MessageError } from "../../kernel/errors.ts";
import { seal } from "../../kernel/message.ts";
import { DownMessage, ExitMessage, TaskReply } from "../../kernel/system-messages.ts";
import { actor, simKernel } from "../support/kernels.ts";

const nobody: Resolver = {
  pid: () => expect.fail("there is no pid in the message"),
  from: () => expect.fail("there is no call in the message"),
  expose: () => {},
};

function trip<T>(message: T, ends: Resolver = nobody): T {
  return decode(encode(seal(message), ends), ends) as T;
}

describe("encode and decode", () => {
  test.each([
    ["undefined, in objects and arrays", { a: undefined, b: [undefined, null] }],
    ["numbers", [0, 1.5, -(2 ** 31) - 1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]],
    ["bigints of any size", [1n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 200n)]],
    ["Date", [new Date(5), new Date(-1.5e12), new Date(Number.NaN)]],
    [
      "Map and Set, with keys of any kind",
      new Map<unknown, unknown>([
        [{ a: 1 }, new Set([1, ["x"]])],
        ["k", new Map()],
      ]),
    ],
    ["typed arrays", [new Uint8Array([1]), new Float64Array([1.5]), new BigInt64Array([3n]), new Int16Array([-2])]],
    ["ArrayBuffer and DataView", [new ArrayBuffer(3), new DataView(new ArrayBuffer(4))]],
    ["an object of 300 keys", Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i]))],
  ])("brings over %s", (_what, message) => {
    expect(trip(message)).toStrictEqual(message);
  });

  test("brings over an Error with its class, message and cause", () => {
    const error = trip(new TypeError("wrong", { cause: new RangeError("too far") }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe("wrong");
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test("brings over whatever is data", () => {
    const text = fc.string({ unit: "grapheme" });
    const key = text.filter((name) => name !== "__proto__"); // see the codec's header for what is lost
    const data = fc.anything({
      key,
      values: [fc.boolean(), fc.integer(), text, fc.constant(null), fc.constant(undefined), fc.double({ noNaN: true })],
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    const noMinusZero = (value: unknown): boolean => !JSON.stringify(value, minusZero)?.includes("minus zero");
    fc.assert(
      fc.property(data.filter(noMinusZero), (message) => {
        expect(trip(message)).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  test("K2: a pid is the resolver's, and is exposed as it leaves; exit and down messages stay what they are", () => {
    const { kernel } = simKernel();
    const { pid } = actor(kernel);
    const exposed: unknown[] = [];
    const ends: Resolver = {
      pid: (thread, serial) => kernel.peers.pid(thread, serial),
      from: nobody.from,
      expose: (value) => exposed.push(value),
    };
    const back = trip(
      { pid, list: [new ExitMessage(pid, { why: 1 }), new DownMessage(1 as never, pid, "noproc")] },
      ends,
    );
    expect(back.pid).toBe(pid);
    expect(exposed).toEqual([pid, pid, pid]);
    expect(back.list[0]).toEqual(new ExitMessage(pid, { why: 1 }));
    expect(back.list[0]).toBeInstanceOf(ExitMessage);
    expect(back.list[1]).toBeInstanceOf(DownMessage);
  });
});

/** An encoder, and a decoder that is told of its shapes as a crossing does it. */
function wire(ends: Resolver = nobody) {
  const encoder = new Encoder(ends);
  const decoder = new Decoder(ends);
  let generation = 1;
  let known = 0;
  return {
    encoder,
    /** How many bytes the last message took. */
    bytes: 0,
    trip(message: unknown): unknown {
      const encoded = encoder.encode(message);
      const bytes = new Uint8Array(encoded.subarray(encoded.start, encoded.end));
      this.bytes = bytes.length;
      if (generation !== encoder.generation) known = 0;
      generation = encoder.generation;
      decoder.learn(generation, encoder.shapesFrom(known));
      known = encoder.shapeCount;
      return decoder.decode(bytes);
    },
  };
}

describe("Encoder and Decoder", () => {
  test("send an object's keys twice, and then no more", () => {
    const over = wire();
    const sizes = [1, 2, 3, 4].map((n) => {
      expect(over.trip({ quantity: n, customer: { name: "a" } })).toEqual({ quantity: n, customer: { name: "a" } });
      return over.bytes;
    });
    expect(sizes[0]).toBeGreaterThan(25);
    expect(sizes.slice(1)).toEqual([5, 5, 5]);
  });

  test("an object of a shape that comes twice in the first message that has it", () => {
    const over = wire();
    const nested = { shutdown: { failedToStart: "a", reason: { shutdown: { failedToStart: "b", reason: "odd" } } } };
    for (const message of [[{ n: 1 }, { n: 2 }, { n: 3 }], nested, nested, { p: { q: 1 }, r: [{ q: 2 }, { q: 3 }] }]) {
      expect(over.trip(message)).toEqual(message);
    }
  });

  test("bring over whatever is data, message after message, refused ones in between", () => {
    const key = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    const data = fc.anything({
      key,
      maxDepth: 4,
      values: [fc.boolean(), fc.integer(), fc.string({ unit: "grapheme" }), fc.constant(null), fc.constant(undefined)],
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    const bad = fc.dictionary(key, fc.constant(Symbol("bad")), { minKeys: 1 });
    const noMinusZero = (value: unknown): boolean => !JSON.stringify(value, minusZero)?.includes("minus zero");
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 20, arbitrary: data.filter(noMinusZero) }, bad), { maxLength: 60 }),
        (all) => {
          const over = wire();
          for (const message of all) {
            const isBad = typeof Object.values((message as object | undefined) ?? {})[0] === "symbol";
            if (isBad) expect(() => over.trip(message)).toThrow(MessageError);
            else expect(over.trip(message)).toEqual(message);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("one message with hundreds of shapes, each of them twice", () => {
    const message = Array.from({ length: 600 }, (_, i) => ({
      [`key${i % 300}`]: i,
      nested: { [`inner${i % 7}`]: [i] },
    }));
    const over = wire();
    for (let i = 0; i < 4; i++) expect(over.trip(message)).toEqual(message);
  });

  test("objects used as dictionaries do not crowd out the shapes in use", () => {
    const over = wire();
    for (let i = 0; i < 5000; i++) over.trip({ [`user${i}`]: i });
    over.trip({ tag: "message", n: 1 });
    over.trip({ tag: "message", n: 2 });
    over.trip({ tag: "message", n: 3 });
    expect(over.bytes).toBeLessThan(12);
    expect(over.encoder.shapeCount).toBe(1);
  });

  test("the number of shapes is bounded; when it is reached, those in use replace those that were", () => {
    const over = wire();
    for (let i = 0; i < 400; i++) for (let twice = 0; twice < 2; twice++) over.trip({ [`former${i}`]: i });
    expect(over.encoder.shapeCount).toBe(256);
    for (let n = 0; n < 51_000; n++) expect(over.trip({ latter: n })).toEqual({ latter: n });
    expect(over.encoder.shapeCount).toBe(1);
    expect(over.bytes).toBeLessThan(6);
  });

  test("what arrives is frozen, down to its leaves, and nothing of the slab", () => {
    const got = wire().trip({ list: [{ a: 1 }], map: new Map([["k", { b: [2] }]]), bytes: Buffer.from("ab") }) as {
      list: object[];
      map: Map<string, { b: object }>;
      bytes: Uint8Array;
    };
    const { b } = got.map.get("k")!;
    expect([got, got.list, got.list[0]!, got.map.get("k")!, b].map(Object.isFrozen)).toEqual(Array(5).fill(true));
    expect(got.bytes).toEqual(new Uint8Array([97, 98]));
    expect(got.bytes.buffer.byteLength).toBe(2);
  });

  test("an AggregateError keeps its errors; the message of a task keeps its class", () => {
    const error = wire().trip(new AggregateError([new RangeError("one")], "all failed")) as AggregateError;
    expect([error.message, error.errors[0].message, error.errors[0].name]).toEqual(["all failed", "one", "RangeError"]);
    expect(wire().trip(new TaskReply(7 as never, { done: true }))).toEqual(new TaskReply(7 as never, { done: true }));
    expect(wire().trip([new TaskReply(7 as never, 1)])).toEqual([expect.any(TaskReply)]);
  });

  test.each([
    [
      "a function, in something frozen",
      Object.freeze({ user: { onClick() {} } }),
      'a function "onClick" at message.user.onClick',
    ],
    ["a symbol", [1, { tag: Symbol("x") }], "at message.1.tag"],
    ["a socket", { peer: { socket: new (class Socket {})() } }, "an instance of Socket at message.peer.socket"],
    [
      "a class's instance, in something frozen",
      Object.freeze([new (class Money {})()]),
      "an instance of Money at message.0",
    ],
    ["a function in a Map", new Map([["run", () => 1]]), "at message.run"],
    ["an object with toJSON of its own class", { at: new URL("http://localhost") }, "an instance of URL at message.at"],
    ["a promise", { later: Promise.resolve(1) }, "an instance of Promise at message.later"],
  ])("K4: refuse %s, and name the place", (_what, message, place) => {
    const over = wire();
    expect(() => over.trip(message)).toThrow(MessageError);
    expect(() => over.trip(message)).toThrow(place);
    expect(over.trip({ still: "works" })).toEqual({ still: "works" });
  });

  test("K4: refuse what is nested too deep, or in a circle, frozen or not", () => {
    let deep: unknown = [];
    for (let i = 0; i < 20_000; i++) deep = Object.freeze([deep]);
    expect(() => wire().trip(deep)).toThrow(/nested 100 levels deep/);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => wire().trip(circle)).toThrow(/hold no cycle/);
  });
});

function minusZero(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return Object.is(value, -0) ? "minus zero" : value;
}
