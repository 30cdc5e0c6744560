/**
 * node scripts/simulate.mjs --count 1000000 [--first 1]: plays seeds of the simulation on all cores; with --count 1 it
 * replays one. Ends with code 1 at the first law that is broken, and says under which seed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleSimulation, playSeeds } from "./simulation.mjs";

const { values } = parseArgs({ options: { count: { type: "string" }, first: { type: "string" } } });
const count = Number(values.count ?? 10_000);
const first = Number(values.first ?? 1);
const folder = mkdtempSync(join(tmpdir(), "lintel-simulation-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const bundle = join(folder, "simulation.mjs");
await bundleSimulation(bundle);
let next = first;
let failure;
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(failure === undefined ? `${count} seeds, no law broken.` : `Seed ${failure.seed}: ${failure.message}`);
process.exitCode = failure === undefined ? 0 : 1;

/** A thousand seeds at a time. */
async function work() {
  while (failure === undefined && next < first + count) {
    const from = next;
    next = Math.min(from + 1000, first + count);
    const { seed, message } = await playSeeds(bundle, { first: from, count: next - from });
    if (seed !== undefined) failure = { seed, message };
  }
}
