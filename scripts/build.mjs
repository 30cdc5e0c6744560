/** Builds what is published: dist/ (TypeScript, then the browser client). With --all, also examples and benchmarks. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildClient } from "./build-client.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

export async function build({ all = false } = {}) {
  const projects = all ? ["tsconfig.all.json"] : ["tsconfig.json", "client"];
  execFileSync(process.execPath, [tsc, "-b", ...projects], { cwd: root, stdio: "inherit" });
  await buildClient();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build({ all: process.argv.includes("--all") });
