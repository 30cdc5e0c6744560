import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SmallMap, SmallSet } from "../../kernel/small-collections.ts";

const step = fc.record({ add: fc.boolean(), key: fc.nat({ max: 5 }), value: fc.nat() });
const steps = fc.array(step, { maxLength: 40, size: "max" });

describe("SmallSet and SmallMap", () => {
  test("a SmallSet behaves like a Set, order included", () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const small = new SmallSet<number>();
        const model = new Set<number>();
        for (const { add, key } of todo) {
          if (add) {
            small.add(key);
            model.add(key);
          } else expect(small.delete(key)).toBe(model.delete(key));
          expect([small.size, [...small], small.has(key)]).toEqual([model.size, [...model], model.has(key)]);
        }
      }),
    );
  });

  test("a SmallMap behaves like a Map, order included", () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const small = new SmallMap<number, number>();
        const model = new Map<number, number>();
        for (const { add, key, value } of todo) {
          if (add) {
            small.set(key, value);
            model.set(key, value);
          } else expect(small.delete(key)).toBe(model.delete(key));
          expect([small.size, [...small], small.has(key)]).toEqual([model.size, [...model], model.has(key)]);
          expect([small.get(key), small.keys(), small.values()]).toEqual([
            model.get(key),
            [...model.keys()],
            [...model.values()],
          ]);
        }
      }),
    );
  });

  test("what iterates may take out what is still to come", () => {
    const set = new SmallSet<number>();
    for (const member of [1, 2, 3]) set.add(member);
    for (const member of set) set.delete(member);
    expect(set.size).toBe(0);
  });
});
