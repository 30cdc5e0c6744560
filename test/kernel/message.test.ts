import { describe, expect, test, vi } from "vitest";
import { MessageError } from "../../kernel/errors.ts";
import { seal } from "../../kernel/message.ts";
import { actor, simKernel } from "../support/kernels.ts";

function frozen(value: unknown): boolean {
  return Object.isFrozen(value);
}

describe("seal", () => {
  test("K4: freezes plain data in place, deep, so that sender and receiver share nothing that changes", () => {
    const message = { list: [{ n: 1 }], inner: { text: "a" } };
    expect(seal(message)).toBe(message);
    expect([message, message.list, message.list[0], message.inner].every(frozen)).toBe(true);
  });

  test("gives a message that was frozen before back as it is: a broadcast is frozen once", () => {
    const message = seal({ tag: "tick" });
    expect(seal(message)).toBe(message);
  });

  test("K4: what is frozen on top alone is frozen deep, and what cannot be sent is refused there, too", () => {
    const inner = { list: [{ n: 1 }] };
    expect(frozen(seal(Object.freeze({ inner })).inner.list[0])).toBe(true);
    expect(() => seal(Object.freeze({ inner: { run: () => 1 } }))).toThrow("function");
    expect(() => seal({ inner: Object.freeze([new (class Cart {})()]) })).toThrow(
      "an instance of Cart at message.inner.0",
    );
    const at = new Date(5);
    const copy = seal(Object.freeze({ at }));
    expect([copy.at, copy.at === at, seal(copy) === copy]).toEqual([at, false, true]);
  });

  test("a message whose parts occur in it again and again is looked at in time", () => {
    let message: unknown = { leaf: true };
    for (let i = 0; i < 60; i++) message = [message, message];
    const begunMs = performance.now();
    expect(seal(Object.freeze({ message }))).toEqual(expect.anything());
    expect(performance.now() - begunMs).toBeLessThan(1000);
  });

  test("in production what is frozen is taken as it is", async () => {
    vi.stubEnv("LINTEL_ENV", "production");
    vi.resetModules();
    const { seal } = await import("../../kernel/message.ts");
    vi.unstubAllEnvs();
    const inner = { n: 1 };
    const message = Object.freeze({ inner });
    expect([seal(message) === message, frozen(inner)]).toEqual([true, false]);
    expect(frozen(seal({ inner }).inner)).toBe(true);
  });

  test("copies a message with something that cannot be frozen", () => {
    const message = { at: new Date(5), seen: new Map([["a", new Set([1])]]), plain: { n: 1 } };
    const sealed = seal(message);
    expect(sealed).toEqual(message);
    expect(sealed).not.toBe(message);
    expect(sealed.at).not.toBe(message.at);
    message.seen.get("a")!.add(2);
    expect(sealed.seen.get("a")!.size).toBe(1);
    expect(frozen(sealed)).toBe(true);
  });

  test("keeps an object that occurs twice one object in the copy", () => {
    const shared = { n: 1 };
    const sealed = seal({ at: new Date(0), a: shared, b: shared });
    expect(sealed.a).toBe(sealed.b);
  });

  test("copies the part of a buffer that a typed array shows, not the pool under it", () => {
    const pool = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const sealed = seal({
      bytes: pool.subarray(2, 4),
      words: new Uint16Array(pool.buffer, 4, 1),
      text: Buffer.from("hi"),
    });
    expect(sealed.bytes).toEqual(new Uint8Array([3, 4]));
    expect(sealed.bytes.buffer.byteLength).toBe(2);
    expect(sealed.words).toEqual(new Uint16Array([0x0605]));
    expect(sealed.words.buffer.byteLength).toBe(2);
    expect(sealed.text.buffer.byteLength).toBe(2);
  });

  test("lets pids through as they are", () => {
    const { kernel } = simKernel();
    const { pid } = actor(kernel);
    expect(seal({ pid }).pid).toBe(pid);
    expect(seal({ pid, at: new Date(0) }).pid).toBe(pid);
  });

  class Account {
    balance = 1;
  }

  test.each([
    ["a function", { list: [{ run: () => 1 }] }, 'got a function "run" at message.list.0.run'],
    ["a symbol", { key: Symbol("s") }, "at message.key"],
    ["an instance of a class", { account: new Account() }, "got an instance of Account at message.account"],
    ["a promise", [Promise.resolve()], "got an instance of Promise at message.0"],
    ["a function beside something that is copied", { at: new Date(0), run: () => 1 }, "at message.run"],
    ["a function as the message itself", () => 1, "at message"],
  ])("refuses %s and names its place", (_what, message, sentence) => {
    expect(() => seal(message)).toThrow(MessageError);
    expect(() => seal(message)).toThrow(sentence);
  });

  test.each([
    ["in place", {}],
    ["in a copy", { at: new Date(0) }],
  ])("refuses a cycle: %s", (_how, start) => {
    const message: Record<string, unknown> = { ...start };
    message.self = message;
    expect(() => seal(message)).toThrow("hold no cycle");
  });

  test("refuses an Error that holds what is not data, in words of its own", () => {
    expect(() => seal({ failed: new Error("no", { cause: () => 1 }) })).toThrow(MessageError);
  });

  test("does not let a key __proto__ change the copy's prototype", () => {
    const sealed = seal({
      at: new Date(0),
      data: JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>,
    });
    expect((sealed.data as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(sealed.data)).toEqual(["__proto__"]);
  });
});
