import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode, type Resolver } from "../../kernel/codec.ts";
import { seal } from "../../kernel/message.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
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

function minusZero(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return Object.is(value, -0) ? "minus zero" : value;
}
