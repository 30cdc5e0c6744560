/** Finds the examples in documents and docstrings, so that they can be compiled and run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Fence {
  /** `README.md:12` */
  readonly where: string;
  readonly code: string;
  /** Compiled always; run when it says so: "```ts run". */
  readonly run: boolean;
  /** "```ts file=counter.ts": a test of its own starts it. */
  readonly file: string | undefined;
}

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Fences marked `ts` of the README and of docs/. */
export function documentFences(): Fence[] {
  const documents = ["README.md", ...files("docs", ".md")];
  return documents.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```/gm)].map((match) => ({
      where: `${path}:${lineOf(text, match.index)}`,
      code: match[2]!,
      run: /\brun\b/.test(match[1]!),
      file: /\bfile=(\S+)/.exec(match[1]!)?.[1],
    }));
  });
}

/** `@example`s in docstrings of what is published. What they use of Lintel is imported for them; they are run. */
export function docstringExamples(): Fence[] {
  const entries = [
    ["lintel", ["kernel", "supervisor", "liveview"].flatMap(exportedNames)],
    ["lintel/testing", exportedNames("kernel/testing")],
  ] as const;
  return ["kernel", "supervisor", "liveview"].flatMap((room) =>
    files(room, ".ts").flatMap((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return [...text.matchAll(/@example\n((?: \* ?[^\n]*\n)+?)(?= \*\/| \* @)/g)].map((match) => {
        const code = match[1]!.replace(/^ \* ?/gm, "");
        const imports = entries.map(([entry, names]) => {
          const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
          return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}";\n`;
        });
        return {
          where: `${path}:${lineOf(text, match.index)}`,
          code: imports.join("") + code,
          run: true,
          file: undefined,
        };
      });
    }),
  );
}

/** Values that a room exports; an example that needs a type imports it itself. */
function exportedNames(room: string): string[] {
  const text = readFileSync(join(root, room, "index.ts"), "utf8").replace(/\/\/[^\n]*/g, "");
  return [...text.matchAll(/export \{([^}]*)\}/g)].flatMap((match) =>
    match[1]!
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type ")),
  );
}

function files(below: string, ending: string): string[] {
  return readdirSync(join(root, below), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(below, path));
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
