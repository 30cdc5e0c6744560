/**
 * A core of its own for each program that is measured, where the system has `taskset` (Linux) and two cores: so that
 * neither takes time from the other, and figures are for one core.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

export const canPin = availableParallelism() >= 2 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;

/** The command that runs `words` on one core; undefined: on any. */
export function pinned(words: readonly string[], core: number | undefined): readonly string[] {
  return core === undefined ? words : ["taskset", "-c", String(core), ...words];
}
