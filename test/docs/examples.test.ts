/**
 * Every example in the README, in docs/ and in docstrings compiles; those that can be run do run, and print what stands
 * below them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { docstringExamples, documentExamples, type Example, printsAsWritten, root } from "../support/fences.ts";
import { startServer } from "../support/server.ts";

const folder = join(root, "build/examples-in-docs");
const examples = [...documentExamples(), ...docstringExamples()];

describe("examples in documents", () => {
  let compiled: string;

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const { path, code } of examples) {
      const file = join(folder, `${path}.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${code}\nexport {};\n`);
    }
    const config = {
      extends: "../../tsconfig.base.json",
      compilerOptions: {
        composite: false,
        declaration: false,
        declarationMap: false,
        rootDir: ".",
        outDir: ".",
        noUnusedLocals: false,
      },
      include: ["**/*.ts"],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    compiled = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" }).stdout;
  });

  test("there are some", () => {
    expect(examples.length).toBeGreaterThan(3);
  });

  test("they compile", () => {
    expect(compiled, examples.map(({ path, where }) => `${path}.ts: ${where}`).join("\n")).toBe("");
  });

  test.each(examples.filter(({ run }) => run).map((example): [string, Example] => [example.where, example]))(
    "%s runs, and prints what it says",
    (_where, { path, prints }) => {
      const ran = spawnSync(process.execPath, [join(folder, `${path}.js`)], { encoding: "utf8", timeout: 10_000 });
      expect(ran.status, ran.stderr).toBe(0);
      if (prints !== undefined && !printsAsWritten(ran.stdout, prints)) expect(ran.stdout).toBe(prints);
    },
  );

  test("the README's first program serves its page, and prints where", async () => {
    const server = await startServer({ script: "examples-in-docs/README/counter.js" });
    try {
      const page = await (await fetch(server.url)).text();
      expect(page).toContain('<button phx-click="inc">Increment</button>');
    } finally {
      await server.kill();
    }
  });
});
