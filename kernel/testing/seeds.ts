/** seeds: runs a simulation under many seeds, and says which one failed. */
import { SimulationError } from "./errors.ts";

/**
 * Runs a simulation once per seed: `first`, `first + 1`, and so on. Stops at the first failure.
 *
 * @param count how many seeds; with 1 and `first` a failed run is replayed
 * @param run gets the seed; throws when an invariant does not hold. May be async: seeds never overlap
 * @param first default 1
 * @throws {SimulationError} with the seed, and what the run threw as its `cause`
 *
 * @example
 * await seeds(1000, (seed) => {
 *   const world = new SimWorld(seed);
 *   const kernel = new Kernel({ world });
 *   kernel.spawn((self) => self.exit("shutdown"));
 *   world.run();
 * });
 */
export async function seeds(count: number, run: (seed: number) => void | Promise<void>, first = 1): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    try {
      await run(seed);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      throw new SimulationError(`Seed ${seed} failed: ${message}\nReplay it with seeds(1, run, ${seed}).`, seed, {
        cause: thrown,
      });
    }
  }
}
