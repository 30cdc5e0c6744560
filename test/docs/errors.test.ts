/** docs/errors.md lists every error that is thrown on purpose, by code and class, and none that is not there any more. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, root } from "../support/fences.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("docs/errors.md", () => {
  test("lists the errors that there are", () => {
    const sources = ["kernel", "supervisor", "liveview"].flatMap((room) => filesBelow(room, ".ts"));
    const thrown = sources.flatMap((path) =>
      [...read(path).matchAll(/^export class (\w+) extends LintelError \{[\s\S]*?readonly code = "(\w+)"/gm)].map(
        ([, name, code]) => `${code} ${name}`,
      ),
    );
    const listed = [...read("docs/errors.md").matchAll(/^\| `(\w+)` \| `(\w+)`/gm)].map(
      ([, code, name]) => `${code} ${name}`,
    );
    expect(thrown.length).toBeGreaterThan(15);
    expect(listed.toSorted()).toEqual(thrown.toSorted());
  });
});
