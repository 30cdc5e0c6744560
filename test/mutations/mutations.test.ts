/** The script that plays them takes too long for every run; this keeps it from rotting. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/fences.ts";
import { mutations } from "./mutations.ts";

describe("mutations", () => {
  test("there are twenty or more, of different names", () => {
    expect(mutations.length).toBeGreaterThanOrEqual(20);
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  });

  test.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    "its text stands once in its file: %s",
    (_name, { file, find, replace }) => {
      expect(readFileSync(join(root, file), "utf8").split(find).length - 1).toBe(1);
      expect(replace).not.toBe(find);
    },
  );
});
