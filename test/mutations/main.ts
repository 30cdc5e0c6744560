/**
 * Plays seeds until one fails: what scripts/simulation.mjs bundles, with the sources as they are or with a mutation.
 *
 *   argv    first seed, how many
 *   prints  `at <seed>` now and then; last a line of JSON: { "seed", "message" }, empty when none has failed
 */
import { playSeed } from "../support/simulation/play.ts";

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
console.log(JSON.stringify((await firstFailure()) ?? {}));

async function firstFailure(): Promise<{ seed: number; message: string } | undefined> {
  for (let seed = first; seed < first + count; seed++) {
    if (seed % 50 === 0) console.log(`at ${seed}`);
    try {
      await playSeed(seed);
    } catch (thrown) {
      return { seed, message: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
  return undefined;
}
