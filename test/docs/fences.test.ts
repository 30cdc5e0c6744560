/** The finder of examples: what the documents' fences become. */
import { describe, expect, test } from "vitest";
import { examplesIn, printsAsWritten } from "../support/fences.ts";

const fence = (marks: string, code: string): string => `\`\`\`${marks}\n${code}\n\`\`\`\n`;

describe("examplesIn", () => {
  test("a fence is a module; one marked `run` runs, and prints the text fence that comes next", () => {
    const text = fence("ts", "a();") + fence("ts run", "b();") + fence("text", "b") + fence("sh", "npm test");
    expect(examplesIn("docs/guide.md", text)).toEqual([
      { where: "docs/guide.md:1", path: "docs-guide/line-1", code: "a();\n", run: false, prints: undefined },
      { where: "docs/guide.md:4", path: "docs-guide/line-4", code: "b();\n", run: true, prints: "b\n" },
    ]);
  });

  test("a file that is written anew begins a new folder, with copies of what is imported there", () => {
    const text =
      fence("ts file=bank.ts", "one") +
      fence("ts file=teller.ts", `import "x" from "./bank.ts"`) +
      fence("ts file=thief.ts", `import "x" from "./bank.ts"`) +
      fence("ts file=bank.ts", "two") +
      fence("ts run", `import "x" from "./teller.ts"`);
    expect(examplesIn("docs/guide.md", text).map(({ path, where }) => [path, where])).toEqual([
      ["docs-guide/bank", "docs/guide.md:1"],
      ["docs-guide/teller", "docs/guide.md:4"],
      ["docs-guide/thief", "docs/guide.md:7"],
      ["docs-guide-2/bank", "docs/guide.md:10"],
      ["docs-guide-2/teller", "docs/guide.md:4"],
      ["docs-guide-2/line-13", "docs/guide.md:13"],
    ]);
  });

  test("a text fence that follows no run is a mistake", () => {
    expect(() => examplesIn("docs/guide.md", fence("ts", "a();") + fence("text", "a"))).toThrow("docs/guide.md:4");
  });
});

describe("printsAsWritten", () => {
  test("compares line by line; … is anything within a line", () => {
    expect(printsAsWritten("a\nb 12 ms\n", "a\nb … ms\n")).toBe(true);
    expect(printsAsWritten("a\nb 12 s\n", "a\nb … ms\n")).toBe(false);
    expect(printsAsWritten("a\nb\n", "a\n")).toBe(false);
    expect(printsAsWritten("a (1)\n", "a (…)\n")).toBe(true);
  });
});
