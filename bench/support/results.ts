/** Result files: one JSON document for each run of a suite, kept in the repository, those that lose as well. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const resultsDirectory = join("bench", "results");

/** Writes `<suite>-<day>[-<label>...].json`; the same labels on the same day replace it. @returns its path */
export function saveResults(
  directory: string,
  suite: string,
  date: string,
  labels: readonly string[],
  results: object,
): string {
  const file = join(directory, `${[suite, date.slice(0, 10), ...labels].join("-")}.json`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
