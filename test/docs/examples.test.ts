/** Every example in the README, in docs/ and in docstrings compiles, and those that can be run do run. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { docstringExamples, documentFences, type Fence, root } from "../support/fences.ts";
import { startServer } from "../support/server.ts";

const folder = join(root, "build/examples-in-docs");
const fences = [...documentFences(), ...docstringExamples()];
const nameOf = (fence: Fence): string => fence.file?.replace(/\.ts$/, "") ?? fence.where.replace(/[^\w]+/g, "-");

describe("examples in documents", () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const fence of fences) writeFileSync(join(folder, `${nameOf(fence)}.ts`), `${fence.code}\nexport {};\n`);
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
      include: ["*.ts"],
      exclude: [],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const compiled = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(compiled.stdout, fences.map((fence) => `${nameOf(fence)}: ${fence.where}`).join("\n")).toBe("");
  });

  test("there are some", () => {
    expect(fences.length).toBeGreaterThan(3);
  });

  test.each(fences.filter(({ run }) => run).map((fence) => [fence.where, fence] as const))(
    "%s runs",
    (_where, fence) => {
      execFileSync(process.execPath, [join(folder, `${nameOf(fence)}.js`)], { timeout: 10_000 });
    },
  );

  test("the README's first program serves its page, and prints where", async () => {
    const server = await startServer({ script: "examples-in-docs/counter.js" });
    try {
      const page = await (await fetch(server.url)).text();
      expect(page).toContain('<button phx-click="inc">Increment</button>');
    } finally {
      await server.kill();
    }
  });
});
