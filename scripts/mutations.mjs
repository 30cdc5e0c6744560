/**
 * node scripts/mutations.mjs [words]: puts one deliberate mistake after the other into the kernel and the supervisors, and
 * plays seeds of the simulation until it is found. Prints a table; ends with code 1 if one is not found in 5,000 seeds.
 * With words, only mutations whose names hold them. The sources are not touched: bundles go to a temporary folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { bundleSimulation, load, playSeeds } from "./simulation.mjs";

const maxSeeds = 5000;
const timeoutMs = 180_000;
const words = process.argv.slice(2).join(" ");
const folder = mkdtempSync(join(tmpdir(), "lintel-mutations-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const { mutations } = await load("test/mutations/mutations.ts", join(folder, "mutations.mjs"));
const asItIs = { name: "(the sources as they are)" };
const all = [asItIs, ...mutations.filter(({ name }) => name.includes(words))];
const queue = [...all];
const results = new Map();
await Promise.all(Array.from({ length: availableParallelism() }, work));

console.log(`\n| mutation | found at seed | how |\n|---|---|---|`);
for (const mutation of all) {
  const { seed, message } = results.get(mutation);
  console.log(`| ${mutation.name} | ${seed ?? "not found"} | ${message ?? ""} |`);
}
const missed = all.filter((mutation) => (mutation === asItIs) !== (results.get(mutation).seed === undefined));
const found = all.length - 1 - missed.filter((mutation) => mutation !== asItIs).length;
console.log(`\n${found} of ${all.length - 1} mutations found, in ${maxSeeds} seeds at the most.`);
process.exitCode = missed.length === 0 ? 0 : 1;

async function work() {
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const bundle = join(folder, `${queue.length}.mjs`);
    await bundleSimulation(bundle, mutation === asItIs ? undefined : mutation);
    const { seed, message } = await playSeeds(bundle, { first: 1, count: maxSeeds, timeoutMs });
    results.set(mutation, { seed, message: message?.split("\n")[0].slice(0, 110) });
    console.error(`${seed === undefined ? "not found" : `seed ${seed}`}: ${mutation.name}`);
  }
}
