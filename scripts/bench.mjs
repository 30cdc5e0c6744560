/**
 * npm run bench: installs, builds, and runs the benchmarks: `-- kernel`, `-- liveview`, `-- threads`, `-- runaway` or `-- render` for one
 * suite, else all. What follows goes to the suites' runners (bench/<suite>/run.ts), such as `--quick`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installPackages } from "./setup.mjs";

const suites = ["liveview", "kernel", "threads", "runaway", "render", "supervision"];
const [first, ...rest] = process.argv.slice(2);
const isChosen = first !== undefined && !first.startsWith("-");
if (isChosen && !suites.includes(first)) {
  console.error(`npm run bench: expected one of ${suites.join(", ")}, or nothing for all, got "${first}".`);
  process.exit(2);
}

installPackages();
const { build } = await import("./build.mjs");
await build({ projects: ["examples", "bench"] });

let failed = false;
for (const suite of isChosen ? [first] : suites) {
  const runner = fileURLToPath(new URL(`../build/bench/${suite}/run.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [runner, ...(isChosen ? rest : process.argv.slice(2))], {
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
