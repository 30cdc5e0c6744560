/**
 * Installs what a fresh clone lacks, so that each of the README's commands works on a machine with git and Node alone:
 * npm packages when the lock file has changed since the last install; Debian's packages when a program is absent.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, lstatSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Installs npm packages, unless they are there already, or are another checkout's: npm would follow a symbolic link, and
 * begin by deleting what is at its end.
 */
export function installPackages() {
  if (lstatSync(at("node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = at("node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(at("package-lock.json")).mtimeMs) return;
  console.log("Installing npm packages ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  try {
    run(npm, ["ci", "--no-audit", "--no-fund"]);
  } catch {
    // A registry without some platform's optional package makes npm think that the lock file is incomplete.
    run(npm, ["install", "--no-save", "--no-audit", "--no-fund"]);
  }
}

/** Finds a browser: LINTEL_CHROMIUM, or on the PATH; else installs Debian's. @returns {string} its path */
export function findOrInstallChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  console.log("Installing Debian's chromium ...");
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const [program, ...rest] = [...sudo, "apt-get", ...args];
    run(program, rest, { DEBIAN_FRONTEND: "noninteractive" });
  }
  const now = findChromium();
  if (now === undefined) throw new Error("No Chromium: install one, or set LINTEL_CHROMIUM to its path.");
  return now;
}

export function findChromium() {
  if (process.env.LINTEL_CHROMIUM) return process.env.LINTEL_CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (found.status === 0) return found.stdout.trim();
  }
  return undefined;
}

function run(program, args, env = {}) {
  execFileSync(program, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
}
