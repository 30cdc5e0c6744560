import { describe, expect, test } from "vitest";
import { chain, changed, relabelled, reversed, type Tree, table, tree } from "../../bench/render/pages.ts";
import { type ItemResult, report } from "../../bench/render/report.ts";

const count = ({ children }: Tree): number => children.reduce((sum, child) => sum + count(child), 1);

describe("chains of states", () => {
  test("change so many rows, and leave the others as they are", () => {
    for (const rows of [1, 10]) {
      const states = chain(table(100), 30, (state, step) => changed(state, rows, step));
      for (let i = 1; i < states.length; i++) {
        expect(states[i]!.filter((row, at) => row !== states[i - 1]![at])).toHaveLength(rows);
      }
    }
    expect(reversed(table(3)).map(({ id }) => id)).toEqual([3, 2, 1]);
  });

  test("give one leaf another label; what leads to it is new, and nothing else", () => {
    const before = tree(5);
    expect(count(before)).toBe(31);
    const after = relabelled(before, 5, 1);
    const differing = (a: Tree, b: Tree): number =>
      a === b ? 0 : 1 + a.children.reduce((sum, child, i) => sum + differing(child, b.children[i]!), 0);
    expect(differing(before, after)).toBe(5);
    expect(JSON.stringify(after)).toContain("Leaf 1");
  });
});

describe("report", () => {
  test("says how many times as long the others take, and what is missed", () => {
    const result: ItemResult = {
      name: "one",
      title: "1 of 100",
      kind: "update",
      samples: {},
      medians: { lintel: 10, liveviewjs: 40, lit: 100, concat: 5 },
      bytes: { lintel: 40, liveviewjs: 4254, lit: 1, concat: 15_401 },
      jsonBytes: 6869,
      wanted: { times: 1 / 5, of: "liveviewjs" },
      passes: false,
    };
    const text = report([result]);
    expect(text).toMatch(/\| 1 of 100 \| 10 +\| 40 +\| 4x +\| 100 +\| 10x +\| 5 +\| 0\.5x +\| 5x liveviewjs ! \|/);
    expect(text).toMatch(/\| 1 of 100 \| 40 +\| 4,254 +\| 15,401 +\| 6,869 +\|/);
  });
});
