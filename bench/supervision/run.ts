/**
 * With 100,000 processes alive under supervisors: how soon is one up again that has crashed, how soon are 10,000 that crash
 * at once, and how long does the whole tree take to start and to stop? Rival in the same run: the BEAM's supervisor.
 *
 *   node build/bench/supervision/run.js                all items, five rounds, about 3 minutes
 *     --quick                                          small, one round, for CI: does it work
 *     --only restart,storm                             some items
 *     --rounds 5                                       each item so often, the rivals in turns; the median is reported
 *     --label before                                   becomes part of the result's file name
 *     --no-pin                                         no core of its own
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * The last line is JSON. The exit code is 1 when an item failed, not when a gate is missed.
 */
import { parseArgs } from "node:util";
import type { Item, RivalName } from "../kernel/items.ts";
import { type FigureResult, figureResult, report } from "../kernel/report.ts";
import { beamRival, nodeRival, type Rival, type Run, run } from "../kernel/rivals.ts";
import { conditions, conditionsLine } from "../support/machine.ts";
import { canPin } from "../support/pinning.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { items } from "./items.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
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
const names = items.map(({ name }) => name);
const wanted = options.only?.split(",") ?? names;
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`--only: expected some of ${names.join(", ")}, got "${unknown}".`);

const repeats = options.quick ? 1 : 3;
const pin = canPin && !options["no-pin"];
const beam = beamRival("supervision", "supervision");
const rivals: readonly Rival[] = [nodeRival("lintel", "lintel", "supervision"), ...(beam === undefined ? [] : [beam])];
const failures: string[] = [];
const results: FigureResult[] = [];
for (const item of items) if (wanted.includes(item.name)) results.push(...(await measure(item)));
for (const rival of rivals) rival.close();

const circumstances = conditions();
const labels = [...(options.label ? [options.label] : []), ...(options.quick ? ["quick"] : [])];
const file = saveResults(options.results, "supervision", circumstances.date, labels, {
  ...circumstances,
  rivals: Object.fromEntries(rivals.map(({ name, version }) => [name, version])),
  pinned: pin,
  quick: options.quick,
  rounds,
  repeats,
  figures: results.map(({ figure, ...rest }) => ({ ...figure, ...rest })),
  failures,
});
process.stdout.write(
  `\n${conditionsLine(circumstances)}, ${pin ? "pinned to one core" : "not pinned"}, ${rounds} round(s)` +
    `${options.quick ? ", quick: shows that all works, its figures mean little" : ""}\n` +
    `${beam === undefined ? "The BEAM takes no part: no erl and erlc on the PATH." : `Rival: ${beam.version}, one scheduler`}\n` +
    `"times": how many times better Lintel is; "<": we want more.\n\n${report(results)}\n\n`,
);
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
const last = {
  bench: "supervision",
  file,
  ok: failures.length === 0,
  gates: results.filter(({ passes }) => passes !== undefined).length,
  missed: results.filter(({ passes }) => passes === false).map(({ figure }) => figure.id),
  belowBeam: results.filter((one) => (one.overBeam ?? 1) < (one.figure.overBeam ?? 0)).map(({ figure }) => figure.id),
};
process.stdout.write(`${JSON.stringify(last)}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

/** The rivals in turns, so that what else the machine does hits both alike. */
async function measure(item: Item): Promise<FigureResult[]> {
  const size = options.quick ? item.quickSize : item.size;
  const runs: Partial<Record<RivalName, Run[]>> = {};
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${item.name}, round ${round} of ${rounds}\n`);
    for (const rival of rivals) {
      try {
        (runs[rival.name] ??= []).push(await run(rival, item, size, repeats, pin));
      } catch (error) {
        failures.push(`${item.name}, ${rival.name}: ${(error as Error).message}`);
      }
    }
  }
  return item.figures.map((figure) => figureResult(item, figure, runs));
}
