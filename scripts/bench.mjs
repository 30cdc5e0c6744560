/** npm run bench: installs, builds, and runs the benchmarks. Arguments go to bench/liveview/run.ts, such as -- --quick. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installPackages } from "./setup.mjs";

installPackages();
const { build } = await import("./build.mjs");
await build({ projects: ["examples", "bench"] });

const runner = fileURLToPath(new URL("../build/bench/liveview/run.js", import.meta.url));
const { status } = spawnSync(process.execPath, [runner, ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(status ?? 1);
