import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NameError } from "../../kernel/errors.ts";
import { type Key, keyId } from "../../kernel/names/key.ts";
import { actor, simKernel } from "../support/kernels.ts";

const id = (key: Key) => keyId(key, "Registry");

describe("keyId", () => {
  test("is equal for keys that hold the same, and for no others", () => {
    const { kernel } = simKernel();
    const pids = [actor(kernel).pid, actor(kernel).pid];
    const { key } = fc.letrec((tie) => ({
      key: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Key[]>(
          "",
          "\0",
          "0",
          "[",
          "s1:a",
          "\0[]",
          0,
          -0,
          1,
          Number.NaN,
          1n,
          true,
          false,
          null,
          ...pids,
        ),
        fc.string({ maxLength: 3 }),
        fc.array(tie("key"), { maxLength: 3 }),
      ),
    })) as { key: fc.Arbitrary<Key> };
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(sameValueZero(id(a), id(b))).toBe(same(a, b));
        expect(sameValueZero(id(a), id(Array.isArray(a) ? [...a] : a))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("refuses what can only be compared by its place in memory", () => {
    expect(() => id({ room: 1 } as never)).toThrow(NameError);
    expect(() => id(["room", new Date(0)] as never)).toThrow("Registry: expected a key of strings");
    expect(() => id(undefined as never)).toThrow("got undefined");
    expect(() => id((() => {}) as never)).toThrow(NameError);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => id(cycle as never)).toThrow("at most 16 levels");
  });
});

/** As keys are meant: by what they hold. */
function same(a: Key, b: Key): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((member, i) => same(member, b[i]));
  return sameValueZero(a, b);
}

/** As a Map compares. */
function sameValueZero(a: unknown, b: unknown): boolean {
  return new Set([a]).has(b);
}
