/**
 * Finds the examples in documents and docstrings, so that they can be compiled and run.
 *
 *   ```ts                  compiles, as a module of its own
 *   ```ts run              compiles and runs; a ```text fence that comes next is what it prints, "…" being anything
 *   ```ts file=bank.ts     can be imported by the fences below it, as "./bank.ts"; a later one of that name replaces it
 *
 * A document's modules lie in one folder, up to the fence that replaces a file. From there on they lie in a new one, with
 * copies of those earlier files that they import: so an example can grow.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Example {
  /** `README.md:12` */
  readonly where: string;
  /** Below the folder of all examples, without its ending: `docs-processes-2/bank`. */
  readonly path: string;
  readonly code: string;
  readonly run: boolean;
  /** What a run prints; undefined when the document does not say. */
  readonly prints: string | undefined;
}

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The README, and what is below docs/. */
export function documents(): string[] {
  return ["README.md", ...filesBelow("docs", ".md")];
}

/** Fences marked `ts` of the documents. */
export function documentExamples(): Example[] {
  return documents().flatMap((path) => examplesIn(path, readFileSync(join(root, path), "utf8")));
}

/** @internal Fences marked `ts` of a document, and copies of the files that later ones of them import. */
export function examplesIn(document: string, text: string): Example[] {
  const name = document.replace(/\.md$/, "").replace(/\W+/g, "-");
  const examples: Example[] = [];
  const files = new Map<string, Example>();
  let folder = name;
  let stage = 1;
  let lastRun: number | undefined;
  const add = (example: Example): void => {
    for (const [, imported] of example.code.matchAll(/from "\.\/([^"]+)\.ts"/g)) bring(imported!);
    examples.push(example);
  };
  const bring = (file: string): void => {
    const path = `${folder}/${file}`;
    const earlier = files.get(file);
    if (earlier === undefined || earlier.path === path) return;
    const copy = { ...earlier, path };
    files.set(file, copy);
    add(copy);
  };
  for (const fence of text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [, language, marks, code] = fence as unknown as [string, string, string, string];
    const line = lineOf(text, fence.index);
    const where = `${document}:${line}`;
    if (language === "text") {
      if (lastRun === undefined)
        throw new Error(`${where}: expected a \`\`\`text fence to follow a \`\`\`ts run fence.`);
      examples[lastRun] = { ...examples[lastRun]!, prints: code };
    }
    lastRun = undefined;
    if (language !== "ts") continue;
    const run = /\brun\b/.test(marks);
    const file = /\bfile=(\S+)\.ts\b/.exec(marks)?.[1];
    if (file !== undefined && files.has(file)) {
      stage += 1;
      folder = `${name}-${stage}`;
    }
    const example = { where, path: `${folder}/${file ?? `line-${line}`}`, code, run, prints: undefined };
    if (file !== undefined) files.set(file, { ...example, run: false });
    add(example);
    if (run) lastRun = examples.length - 1;
  }
  return examples;
}

/** `@example`s in docstrings of what is published. What they use of Lintel is imported for them; they are run. */
export function docstringExamples(): Example[] {
  const entries = [
    ["lintel", ["kernel", "supervisor", "liveview"].flatMap(exportedNames)],
    ["lintel/testing", exportedNames("kernel/testing")],
  ] as const;
  return ["kernel", "supervisor", "liveview"].flatMap((room) =>
    filesBelow(room, ".ts").flatMap((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return [...text.matchAll(/@example\n((?: \* ?[^\n]*\n)+?)(?= \*\/| \* @)/g)].map((match) => {
        const code = match[1]!.replace(/^ \* ?/gm, "");
        const imports = entries.map(([entry, names]) => {
          const used = names.filter((name) => new RegExp(`\\b${name.replace("type ", "")}\\b`).test(code));
          return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}";\n`;
        });
        const where = `${path}:${lineOf(text, match.index)}`;
        return {
          where,
          path: `docstrings/${where.replace(/\W+/g, "-")}`,
          code: imports.join("") + code,
          run: true,
          prints: undefined,
        };
      });
    }),
  );
}

/** Is that what the document says? "…" stands for anything within a line. */
export function printsAsWritten(printed: string, written: string): boolean {
  const lines = (text: string): string[] => text.trimEnd().split("\n");
  const [got, expected] = [lines(printed), lines(written)];
  return got.length === expected.length && expected.every((line, i) => pattern(line).test(got[i]!));
}

function pattern(line: string): RegExp {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`^${line.trimEnd().split("…").map(literal).join(".*")}\\s*$`);
}

/** What a room exports, as an import says it: `Pid`, `type Name`. */
function exportedNames(room: string): string[] {
  const text = readFileSync(join(root, room, "index.ts"), "utf8").replace(/\/\/[^\n]*/g, "");
  return [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, type = "", names]) =>
    names!
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
      .map((name) => type + name),
  );
}

/** Paths of the files below a folder, by their ending. */
export function filesBelow(below: string, ending: string): string[] {
  return readdirSync(join(root, below), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(below, path));
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
