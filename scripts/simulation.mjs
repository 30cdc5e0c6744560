/** The simulation as one bundle, with the sources as they are or with a mutation, and its seeds played in other processes. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} outfile where the bundle goes
 * @param {{ file: string, find: string, replace: string }} [mutation] put into that file as it is read; nothing is written
 */
export async function bundleSimulation(outfile, mutation) {
  await bundle("test/mutations/main.ts", outfile, mutation);
}

/** @returns what a TypeScript file of the tests exports */
export async function load(path, outfile) {
  await bundle(path, outfile);
  return import(outfile);
}

/**
 * Plays seeds until one fails.
 *
 * @param {string} bundle what `bundleSimulation` has made
 * @param {{ first: number, count: number, timeoutMs?: number }} seeds
 * @returns {Promise<{ seed?: number, message?: string }>} empty when none has failed; a run that hangs has failed, too
 */
export function playSeeds(bundle, { first, count, timeoutMs = 0 }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bundle, String(first), String(count)], { timeout: timeoutMs });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    child.on("close", (code) => {
      const lines = output.trim().split("\n");
      if (code === 0) return resolve(JSON.parse(lines.at(-1)));
      const last = Number(lines.at(-1).replace("at ", "")) || first;
      const why = code === null ? "it does not end" : (errors.match(/^\w*Error.*$/m)?.[0] ?? `exit code ${code}`);
      resolve({ seed: last, message: `${why}, after seed ${last}` });
    });
  });
}

async function bundle(path, outfile, mutation) {
  await build({
    entryPoints: [join(root, path)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    external: ["msgpackr-extract"],
    plugins: mutation === undefined ? [] : [mutate(mutation)],
  });
}

function mutate({ file, find, replace }) {
  return {
    name: "mutate",
    setup(build) {
      const path = join(root, file);
      build.onLoad({ filter: /\.ts$/ }, (args) => {
        if (args.path !== path) return undefined;
        const parts = readFileSync(path, "utf8").split(find);
        if (parts.length !== 2)
          throw new Error(`${file}: expected the text once, got it ${parts.length - 1} times: ${find}`);
        return { contents: parts.join(replace), loader: "ts" };
      });
    },
  };
}
