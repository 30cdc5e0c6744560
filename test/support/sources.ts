/** The sources of the rooms, and what each file imports: for tests of the architecture. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Import {
  /** As it is written: `./pid.ts`, `ws`, `node:fs`. */
  readonly specifier: string;
  /** The file of ours that it means, from the root: `kernel/pid.ts`. */
  readonly file: string | undefined;
  /** Gone when the types are stripped. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** From the root: `kernel/pid.ts`. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Every TypeScript file under a folder. */
export function sourcesIn(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name))
    .sort()
    .map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return { file, text, imports: importsOf(file, text) };
    });
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(root, file), "utf8"));
}

/** Import and export statements begin a line, as the formatter has it; those in a docstring's example begin with a star. */
const statement = /^(?:import|export)\s+(type\s+)?(?:([^"';()]*?)\s+from\s+)?"([^"]+)"/gm;
const dynamic = /\bimport\(\s*"([^"]+)"/g;

function importsOf(file: string, text: string): Import[] {
  const found = [...text.matchAll(statement)].map(([, type, clause = "", specifier]) =>
    importOf(file, specifier!, type !== undefined || allTypes(clause)),
  );
  return [...found, ...[...text.matchAll(dynamic)].map(([, specifier]) => importOf(file, specifier!, false))];
}

function importOf(file: string, specifier: string, typeOnly: boolean): Import {
  const own = specifier.startsWith(".") ? relative(root, join(root, dirname(file), specifier)) : undefined;
  return { specifier, file: own, typeOnly };
}

/** `{ type A, type B }`, as good as `import type`. */
function allTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}$/
    .exec(clause.trim())?.[1]
    ?.split(",")
    .filter((name) => name.trim() !== "");
  return names !== undefined && names.length > 0 && names.every((name) => name.trim().startsWith("type "));
}
