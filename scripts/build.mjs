/** Builds: the library and the browser client into dist/; examples, benchmarks and tests into build/ when asked for. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

/**
 * @param {{ projects?: readonly string[] }} options TypeScript projects beside the library: "examples", "bench", "test"
 */
export async function build({ projects = [] } = {}) {
  execFileSync(process.execPath, [tsc, "-b", "tsconfig.json", "client", ...projects], { cwd: root, stdio: "inherit" });
  const { buildClient } = await import("./build-client.mjs");
  await buildClient();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build({ projects: process.argv.slice(2) });
