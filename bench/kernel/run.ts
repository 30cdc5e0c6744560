/**
 * How quick are the kernel's processes, messages, calls, timers and restarts, with its defaults on (limits, counters,
 * freezing)? Rivals in the same run: the BEAM, and the JavaScript actor libraries nact and xstate.
 *
 *   node build/bench/kernel/run.js                     all items, five rounds, about 10 minutes
 *     --quick                                          small, one round, for CI: does it work
 *     --only send,ring                                 some items
 *     --rivals lintel,beam                             some rivals
 *     --rounds 5                                       each item so often, the rivals in turns; the median is reported
 *     --label before                                   becomes part of the result's file name
 *     --no-pin                                         no core of its own
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * The BEAM (one scheduler, on the same core) takes part when `erl` and `erlc` are on the PATH. What is wanted of each
 * figure stands in items.ts. The last line is JSON. The exit code is 1 when an item failed, not when a gate is missed.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { conditions, conditionsLine } from "../support/machine.ts";
import { canPin } from "../support/pinning.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { type Item, items, type RivalName } from "./items.ts";
import { type FigureResult, figureResult, losses, report } from "./report.ts";
import { beamRival, nodeRival, type Rival, type Run, run } from "./rivals.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    rivals: { type: "string" },
    rounds: { type: "string" },
    label: { type: "string" },
    "no-pin": { type: "boolean", default: false },
    results: { type: "string", default: resultsDirectory },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new Error(`--rounds: expected a number from 1, got "${options.rounds}".`);
}
const repeats = options.quick ? 1 : 3;
const pin = canPin && !options["no-pin"];
const chosenItems = chosen("only", options.only, items);
const rivals = findRivals();

const failures: string[] = [];
const results: FigureResult[] = [];
for (const item of chosenItems) results.push(...(await measure(item)));
for (const rival of rivals) rival.close();
finish();

/** The rivals in turns, so that what else the machine does hits all of them alike. */
async function measure(item: Item): Promise<FigureResult[]> {
  const size = options.quick ? item.quickSize : item.size;
  const runs: Partial<Record<RivalName, Run[]>> = {};
  const failed = new Set<Rival>();
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${item.name}, round ${round} of ${rounds}\n`);
    for (const rival of rivals) {
      if (!item.rivals.includes(rival.name) || failed.has(rival)) continue;
      try {
        (runs[rival.name] ??= []).push(await run(rival, item, size, repeats, pin));
      } catch (error) {
        failed.add(rival);
        failures.push(`${item.name}, ${rival.name}: ${(error as Error).message}`);
      }
    }
  }
  return item.figures.map((figure) => figureResult(item, figure, runs));
}

function finish(): void {
  const circumstances = conditions();
  const labels = [...(options.label ? [options.label] : []), ...(options.quick ? ["quick"] : [])];
  const file = saveResults(options.results, "kernel", circumstances.date, labels, {
    ...circumstances,
    rivals: Object.fromEntries(rivals.map(({ name, version }) => [name, version])),
    pinned: pin,
    quick: options.quick,
    rounds,
    repeats,
    figures: results.map(({ figure, ...rest }) => ({ ...figure, ...rest })),
    failures,
  });

  const versions = rivals.filter(({ name }) => name !== "lintel").map(({ version }) => version);
  process.stdout.write(
    `\n${conditionsLine(circumstances)}, ${pin ? "pinned to one core" : "not pinned"}, ${rounds} round(s)` +
      `${options.quick ? ", quick" : ""}\nRivals: ${versions.join(", ") || "none"}\n` +
      `${rivals.some(({ name }) => name === "beam") ? "" : "The BEAM takes no part: no erl and erlc on the PATH.\n"}` +
      `"times": how many times better Lintel is; "<": we want more.\n\n${report(results)}\n\n`,
  );
  for (const { figure } of results) {
    if (figure.note !== undefined) process.stdout.write(`- ${figure.title}: ${figure.note}\n`);
  }
  const lost = losses(results);
  process.stdout.write(
    lost.length === 0 ? "" : `\nWhere the BEAM is quicker:\n${lost.map((line) => `- ${line}\n`).join("")}`,
  );
  if (options.quick) process.stdout.write("\nA quick run shows that all works; its figures mean little.\n");
  for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);

  const last = {
    bench: "kernel",
    file,
    ok: failures.length === 0,
    gates: results.filter(({ passes }) => passes !== undefined).length,
    missed: results.filter(({ passes }) => passes === false).map(({ figure }) => figure.id),
    belowBeam: results.filter((one) => (one.overBeam ?? 1) < (one.figure.overBeam ?? 0)).map(({ figure }) => figure.id),
    belowJs: results.filter((one) => (one.overJs ?? 1) < (one.figure.overJs ?? 0)).map(({ figure }) => figure.id),
  };
  process.stdout.write(`\n${JSON.stringify(last)}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function findRivals(): readonly Rival[] {
  const names: readonly RivalName[] = ["lintel", "beam", "xstate", "nact"];
  const wanted = chosen(
    "rivals",
    options.rivals,
    names.map((name) => ({ name })),
  );
  return wanted.flatMap(({ name }) => {
    if (name === "lintel") return [nodeRival(name, "lintel")];
    if (name !== "beam") return [nodeRival(name, `${name} ${versionOf(name)}`)];
    const beam = beamRival();
    return beam === undefined ? [] : [beam];
  });
}

function versionOf(library: string): string {
  const require = createRequire(import.meta.url);
  return (JSON.parse(readFileSync(require.resolve(`${library}/package.json`), "utf8")) as { version: string }).version;
}

function chosen<T extends { readonly name: string }>(option: string, list: string | undefined, all: readonly T[]): T[] {
  const names = all.map(({ name }) => name);
  const wanted = list?.split(",") ?? names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--${option}: expected some of ${names.join(", ")}, got "${unknown}".`);
  return all.filter(({ name }) => wanted.includes(name));
}
