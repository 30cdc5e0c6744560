/**
 * runSuite: measures items against their rivals, as the command line says; a folder of bench/ that compares programs (this one,
 * supervision/) is such a suite. Prints the table, saves the JSON.
 *
 *     --quick                                          small, one round, for CI: does it work
 *     --only a,b                                       some items
 *     --rivals lintel,beam                             some rivals
 *     --rounds 5                                       each item so often, the rivals in turns; the median is reported
 *     --label before                                   becomes part of the result's file name
 *     --no-pin                                         no core of its own
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * The BEAM (one scheduler, on the same core) takes part when `erl` and `erlc` are on the PATH. The last line is JSON. The exit
 * code is 1 when an item failed, not when a gate is missed.
 */
import { parseArgs } from "node:util";
import { chosen, labelsOf, wholeNumber } from "../support/arguments.ts";
import { conditions, conditionsLine } from "../support/machine.ts";
import { canPin } from "../support/pinning.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import type { Item, RivalName } from "./figure.ts";
import { type FigureResult, figureResult, losses, report } from "./report.ts";
import { type Rival, type Run, run } from "./rivals.ts";

export interface Suite {
  /** Its folder in bench/. */
  readonly name: string;
  readonly items: readonly Item[];
  /** How each rival's program is started; undefined when it is not on this machine. */
  readonly rivals: Readonly<Partial<Record<RivalName, () => Rival | undefined>>>;
}

export async function runSuite(suite: Suite): Promise<void> {
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
  const { quick } = options;
  const rounds = wholeNumber("rounds", options.rounds ?? (quick ? "1" : "5"));
  const names = chosen(
    "only",
    options.only,
    suite.items.map(({ name }) => name),
  );
  const wanted = chosen("rivals", options.rivals, Object.keys(suite.rivals) as RivalName[]);
  const rivals = wanted.flatMap((name) => suite.rivals[name]!() ?? []);
  const how: How = { quick, rounds, repeats: quick ? 1 : 3, pinned: canPin && !options["no-pin"] };
  const failures: string[] = [];
  const results: FigureResult[] = [];
  for (const item of suite.items) {
    if (names.includes(item.name)) results.push(...(await measure(item, rivals, how, failures)));
  }
  for (const rival of rivals) rival.close();

  const circumstances = conditions();
  const file = saveResults(options.results, suite.name, circumstances.date, labelsOf(options), {
    ...circumstances,
    rivals: Object.fromEntries(rivals.map(({ name, version }) => [name, version])),
    ...how,
    figures: results.map(({ figure, ...rest }) => ({ ...figure, ...rest })),
    failures,
  });
  process.stdout.write(`\n${conditionsLine(circumstances)}, ${told(how, rivals, results, failures)}`);
  const last = {
    bench: suite.name,
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

/** Under which it was measured; part of the result. */
interface How {
  readonly pinned: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  readonly repeats: number;
}

/** The rivals in turns, so that what else the machine does hits all of them alike. */
async function measure(
  item: Item,
  rivals: readonly Rival[],
  { quick, rounds, repeats, pinned }: How,
  failures: string[],
): Promise<FigureResult[]> {
  const size = quick ? item.quickSize : item.size;
  const runs: Partial<Record<RivalName, Run[]>> = {};
  const failed = new Set<Rival>();
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${item.name}, round ${round} of ${rounds}\n`);
    for (const rival of rivals) {
      if (!item.rivals.includes(rival.name) || failed.has(rival)) continue;
      try {
        (runs[rival.name] ??= []).push(await run(rival, item, size, repeats, pinned));
      } catch (error) {
        failed.add(rival);
        failures.push(`${item.name}, ${rival.name}: ${(error as Error).message}`);
      }
    }
  }
  return item.figures.map((figure) => figureResult(item, figure, runs));
}

/** For people. */
function told(
  { pinned, quick, rounds }: How,
  rivals: readonly Rival[],
  results: readonly FigureResult[],
  failures: readonly string[],
): string {
  const versions = rivals.filter(({ name }) => name !== "lintel").map(({ version }) => version);
  const notes = results.flatMap(({ figure }) =>
    figure.note === undefined ? [] : [`- ${figure.title}: ${figure.note}`],
  );
  const lost = losses(results).map((line) => `- ${line}`);
  return [
    `${pinned ? "pinned to one core" : "not pinned"}, ${rounds} round(s)${quick ? ", quick" : ""}`,
    `Rivals: ${versions.join(", ") || "none"}`,
    ...(rivals.some(({ name }) => name === "beam") ? [] : ["The BEAM takes no part: no erl and erlc on the PATH."]),
    `"times": how many times better Lintel is; "<": we want more.\n\n${report(results)}\n`,
    ...notes,
    ...(lost.length === 0 ? [] : ["\nWhere the BEAM is quicker:", ...lost]),
    ...(quick ? ["\nA quick run shows that all works; its figures mean little."] : []),
    ...failures.map((failure) => `\nFAILED ${failure}`),
    "",
  ].join("\n");
}
