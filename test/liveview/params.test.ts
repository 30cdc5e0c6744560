import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFormEvent, decodeParams, mergeParams, type ParamsError } from "../../liveview/view/params.ts";

/** As JSON, which says nothing of prototypes. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value));

/** The error that a decoder throws, or undefined. */
function refusal(run: () => unknown): ParamsError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: "ParamsError", code: "ERR_PARAMS", status: 400 });
    return error as ParamsError;
  }
}

describe("decodeParams", () => {
  test.each([
    ["", {}],
    ["a=1", { a: "1" }],
    ["a=1&b=2", { a: "1", b: "2" }],
    ["a=1&a=2", { a: "2" }],
    ["a", { a: "" }],
    ["a=", { a: "" }],
    ["=1", { "": "1" }],
    ["&&a=1&", { a: "1" }],
    ["a=1=2", { a: "1=2" }],
    ["a[b]=1", { a: { b: "1" } }],
    ["a[b]=1&a[c]=2", { a: { b: "1", c: "2" } }],
    ["a[b][c][d]=1", { a: { b: { c: { d: "1" } } } }],
    ["c[]=2&c[]=3", { c: ["2", "3"] }],
    ["u[t][]=1&u[t][]=2&u[n]=3", { u: { t: ["1", "2"], n: "3" } }],
    ["a[][x]=1&a[][x]=2", { a: [{ x: "1" }, { x: "2" }] }],
    ["a[][]=1&a[][]=2", { a: [["1"], ["2"]] }],
    ["a[0]=x&a[1]=y", { a: { 0: "x", 1: "y" } }],
    ["a=1&a[b]=2", { a: { b: "2" } }],
    ["a[b]=2&a=1", { a: "1" }],
    ["a[]=1&a[b]=2", { a: { b: "2" } }],
    ["a[b]=2&a[]=1", { a: ["1"] }],
    ["a%5Bb%5D=1", { a: { b: "1" } }],
    ["user%5Bname%5D=J%C3%B6rg+B.", { user: { name: "Jörg B." } }],
    ["a+b=c%2Bd", { "a b": "c+d" }],
    ["a[b=1", { "a[b": "1" }],
    ["a]b=1", { "a]b": "1" }],
    ["a[b]c=1", { "a[b]c": "1" }],
    ["a[[b]]=1", { "a[[b]]": "1" }],
    ["a[b]]=1", { "a[b]]": "1" }],
    ["[a]=1", { "[a]": "1" }],
    ["[]=1", { "[]": "1" }],
    ["a=%", { a: "%" }],
    ["a=100%&b=%zz", { a: "100%", b: "%zz" }],
    ["a=%e4%zz%C3%A4", { a: "\ufffd%zzä" }],
    ["a=%F0%9F%98%80", { a: "😀" }],
    ["a=%00", { a: "\0" }],
    ["_unused_u[name]=&u[name]=a", { _unused_u: { name: "" }, u: { name: "a" } }],
  ])("%j", (text, expected) => {
    expect(json(decodeParams(text))).toEqual(expected);
  });

  test("agrees with URLSearchParams where no name has brackets", () => {
    const plain = fc.string().filter((text) => !/[[\]]|__proto__/.test(text));
    fc.assert(
      fc.property(fc.dictionary(plain, plain, { maxKeys: 20 }), (fields) => {
        const text = new URLSearchParams(fields).toString();
        expect({ ...decodeParams(text) }).toEqual({ ...fields });
      }),
    );
  });

  test("gives back nested objects and lists as they were encoded", () => {
    const name = fc.stringMatching(/^[a-z%+&= é_-]{1,8}$/);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(name, fc.oneof(fc.string({ unit: "grapheme" }), tie("list"), tie("tree")), {
        minKeys: 1,
        maxKeys: 3,
        depthIdentifier: "tree",
      }),
      list: fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 3 }),
    }));
    const encode = (value: unknown, prefix: string): string[] => {
      if (typeof value === "string") return [`${encodeURIComponent(prefix)}=${encodeURIComponent(value)}`];
      if (Array.isArray(value)) return value.flatMap((item) => encode(item, `${prefix}[]`));
      return Object.entries(value as object).flatMap(([key, item]) => encode(item, prefix ? `${prefix}[${key}]` : key));
    };
    fc.assert(
      fc.property(tree, (value) => {
        const decoded = decodeParams(encode(value, "").join("&"), { maxDepth: 100, maxKeyLength: 10_000 });
        expect(json(decoded)).toEqual(json(value));
      }),
    );
  });

  test("takes any text: it decodes it, or names the limit", () => {
    const noise = fc.array(
      fc.constantFrom("a", "[", "]", "[]", "[b]", "%", "%41", "%ff", "=", "&", "+", "é", "__proto__"),
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        refusal(() => decodeParams(pieces.join("")));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        refusal(() => decodeParams(text));
      }),
    );
  });

  test.each([
    ["maxPairs", "a=1&".repeat(1_000), "a=1&".repeat(1_001)],
    ["maxDepth", `a${"[b]".repeat(7)}=1`, `a${"[b]".repeat(8)}=1`],
    ["maxDepth", `a${"[]".repeat(7)}=1`, `a${"[]".repeat(30)}=1`],
    ["maxKeyLength", `${"k".repeat(256)}=1`, `${"k".repeat(257)}=1`],
    ["maxKeyLength", `${"%41".repeat(256)}=1`, `${"%41".repeat(257)}=1`],
    ["maxBytes", `a=${"x".repeat(65_534)}`, `a=${"x".repeat(65_535)}`],
    ["maxBytes", `a=${"é".repeat(32_767)}`, `a=${"é".repeat(32_768)}`],
  ])("%s: takes the largest, refuses the next", (limit, largest, next) => {
    expect(refusal(() => decodeParams(largest))).toBeUndefined();
    expect(refusal(() => decodeParams(next))?.limit).toBe(limit);
  });

  test("limits can be moved", () => {
    expect(refusal(() => decodeParams("a=1&b=2", { maxPairs: 1 }))?.message).toBe(
      "Params: expected a count of pairs of at most 1, got 2.",
    );
  });

  test.each([
    "__proto__=1",
    "__proto__[polluted]=1",
    "__proto__[__proto__][polluted]=1",
    "a[__proto__][polluted]=1",
    "a[][__proto__][polluted]=1",
    "a[b][__proto__]=1&a[b][polluted]=1",
    "%5F_proto__[polluted]=1",
    "a[%5f%5fproto%5f%5f][polluted]=1",
    "constructor[prototype][polluted]=1",
    "a[constructor][prototype][polluted]=1",
    "constructor=1&constructor[prototype][polluted]=1",
    "toString=1&hasOwnProperty=1&valueOf=1",
    "a[toString][constructor][polluted]=1",
    "a[]=1&a[length]=1000000000&a[push]=x",
    "a[]=x&a[constructor][prototype][polluted]=1",
  ])("%s pollutes nothing, not even what it is copied into", (text) => {
    const params = decodeParams(text);
    const copies = [{ ...params }, Object.assign({}, params), structuredClone(params)] as Record<string, unknown>[];
    for (const copy of [{}, [], ...copies] as Record<string, unknown>[]) {
      expect(copy["polluted"]).toBeUndefined();
      expect("polluted" in Object.prototype).toBe(false);
    }
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(JSON.stringify(params)).not.toContain("__proto__");
  });

  test("sees no name that was not sent", () => {
    const params = decodeParams("a[b]=1");
    expect(params["constructor"]).toBeUndefined();
    expect(params["toString"]).toBeUndefined();
    expect("hasOwnProperty" in (params["a"] as object)).toBe(false);
  });

  // Each of these takes minutes when anything in the decoder is quadratic.
  test.each([
    ["escapes", "%41"],
    ["broken escapes", "%4"],
    ["escapes that are no UTF-8", "%ff"],
    ["percent signs", "%"],
    ["pluses", "+"],
    ["ampersands", "&"],
    ["equal signs", "="],
  ])("is linear in megabytes of %s", (_, piece) => {
    const text = `a=${piece.repeat(1_000_000)}`;
    expect(Object.keys(decodeParams(text, { maxBytes: 1e8 }))).toEqual(["a"]);
  });

  test.each([
    ["open brackets", "["],
    ["closed brackets", "]"],
    ["pairs of brackets", "[]"],
    ["segments", "[b]"],
    ["escaped brackets", "%5B%5D"],
  ])("is linear in a name of %s", (_, piece) => {
    const text = `a${piece.repeat(200_000)}`;
    expect(refusal(() => decodeParams(text, { maxBytes: 1e8 }))?.limit).toBe("maxKeyLength");
    expect(refusal(() => decodeParams(text, { maxBytes: 1e8, maxKeyLength: 1e8 }))?.limit ?? "maxDepth").toBe(
      "maxDepth",
    );
  });

  test("is linear in the number of pairs", () => {
    const text = Array.from({ length: 100_000 }, (_, i) => `a[]=${i}&b[${i}]=x`).join("&");
    const params = decodeParams(text, { maxBytes: 1e8, maxPairs: 1e8 });
    expect(params["a"]).toHaveLength(100_000);
    expect(Object.keys(params["b"] as object)).toHaveLength(100_000);
  });
});

describe("decodeFormEvent", () => {
  test("merges meta over the fields", () => {
    expect(json(decodeFormEvent("a=foo&b=new", { a: "meta", n: 1, deep: { x: [true] } }))).toEqual({
      a: "meta",
      b: "new",
      n: 1,
      deep: { x: [true] },
    });
  });

  test.each([
    ["b", ["b"]],
    ["a[b]", ["a", "b"]],
    ["c[]", ["c"]],
    ["u[t][]", ["u", "t"]],
    ["a[][b]", ["a", "b"]],
    ["undefined", ["undefined"]],
    ["a[b", ["a[b"]],
    [
      ["user", "name"],
      ["user", "name"],
    ],
    [[], []],
    [["user", 7], undefined],
    [42, undefined],
    [null, undefined],
    [{ a: 1 }, undefined],
  ])("makes of the target %j the path %j", (target, path) => {
    expect(decodeFormEvent("user[name]=a", { _target: target })["_target"]).toEqual(path);
  });

  test("has no target when none was sent", () => {
    expect("_target" in decodeFormEvent("a=1", {})).toBe(false);
    expect("_target" in decodeFormEvent("a=1")).toBe(false);
  });

  test("refuses a target beyond the limits", () => {
    expect(refusal(() => decodeFormEvent("", { _target: "x".repeat(257) }))?.limit).toBe("maxKeyLength");
    expect(refusal(() => decodeFormEvent("", { _target: Array(9).fill("x") }))?.limit).toBe("maxDepth");
  });

  test("keeps the names of meta off every prototype", () => {
    const params = decodeFormEvent("a=1", JSON.parse('{"__proto__":{"polluted":1},"constructor":"x"}'));
    expect(params["polluted"]).toBeUndefined();
    expect(params["constructor"]).toBe("x");
    expect(Object.getPrototypeOf(params)).toBeNull();
  });
});

describe("mergeParams", () => {
  test("path params win over the query's", () => {
    const merged = mergeParams(decodeParams("id=query&page=2"), { id: "path" });
    expect(json(merged)).toEqual({ id: "path", page: "2" });
    expect(Object.getPrototypeOf(merged)).toBeNull();
  });
});
