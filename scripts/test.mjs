/**
 * npm test: installs what is missing (npm packages, Chromium), type-checks and builds everything, lints, runs every
 * suite. Ends with the runner's own summary. Arguments go to vitest, such as -- test/kernel.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findOrInstallChromium, installPackages } from "./setup.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));

installPackages();
const chromium = findOrInstallChromium();
const { build } = await import("./build.mjs");
await build({ projects: ["examples", "bench", "test"] });

step("lint", [bin("@biomejs/biome/bin/biome"), "check", "."]);
step("tests", [bin("vitest/vitest.mjs"), "run", ...process.argv.slice(2)], { LINTEL_CHROMIUM: chromium });

function step(name, args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status === 0) return;
  console.error(`npm test: ${name} failed.`);
  process.exit(status ?? 1);
}
