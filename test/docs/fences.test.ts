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

  test("a file that is written anew begins a new folder, with the other files as they were", () => {
    const text = ["one", "two"]
      .map((bank) => fence("ts file=bank.ts", bank) + (bank === "one" ? fence("ts file=teller.ts", "teller") : ""))
      .join(fence("ts run", "run"));
    expect(examplesIn("docs/guide.md", text).map(({ path, code }) => [path, code.trim()])).toEqual([
      ["docs-guide/bank", "one"],
      ["docs-guide/teller", "teller"],
      ["docs-guide/line-7", "run"],
      ["docs-guide-2/teller", "teller"],
      ["docs-guide-2/bank", "two"],
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
