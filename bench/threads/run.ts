/**
 * What crosses from one thread to another, and how soon, with the kernel's defaults on (processes, mailboxes, bounds)?
 * Rival in the same run: raw `postMessage`, which is structured clone.
 *
 *   node build/bench/threads/run.js                    all items, five rounds, about 3 minutes; order and kills at the end
 *     --quick                                          small, one round, for CI: does it work
 *     --only send,map                                  some items; "storm" is the one with the kills
 *     --rounds 5                                       each item so often, the two in turns; the median is reported
 *     --storm 1000000                                  messages of each of the storm's 16 pairs
 *     --label before                                   becomes part of the result's file name
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * The last line is JSON. The exit code is 1 when an item failed or a message was lost or came out of order, not when a gate
 * is missed.
 */
import { parseArgs } from "node:util";
import { withThread } from "../kernel/lintel/threads.ts";
import { chosen, labelsOf, wholeNumber } from "../support/arguments.ts";
import { conditions, conditionsLine } from "../support/machine.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { median } from "../support/statistics.ts";
import { markdown } from "../support/table.ts";
import { type Figure, type Item, items } from "./items.ts";
import { Raw } from "./raw.ts";
import { type StormResult, storm } from "./storm.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    storm: { type: "string" },
    label: { type: "string" },
    results: { type: "string", default: resultsDirectory },
  },
});
const rounds = wholeNumber("rounds", options.rounds ?? (options.quick ? "1" : "5"));
const stormSize = wholeNumber("storm", options.storm ?? (options.quick ? "5000" : "100000"));
const wanted = chosen("only", options.only, [...items.map(({ name }) => name), "storm"]);

interface Result {
  readonly figure: Figure;
  readonly item: string;
  readonly lintel: readonly number[];
  readonly raw: readonly number[];
}

const results: Result[] = [];
const failures: string[] = [];
for (const item of items) {
  if (!wanted.includes(item.name)) continue;
  try {
    results.push(...(await measure(item)));
  } catch (error) {
    failures.push(`${item.name}: ${(error as Error).message}`);
  }
}
let stormed: StormResult | undefined;
if (wanted.includes("storm")) {
  process.stderr.write("storm\n");
  stormed = await storm(stormSize);
  failures.push(...stormed.violations);
}
finish();

/** In turns, each on a thread of its own, so that what else the machine does hits both alike. */
async function measure(item: Item): Promise<Result[]> {
  const size = options.quick ? item.quickSize : item.size;
  const lintel: (readonly number[])[] = [];
  const raw: (readonly number[])[] = [];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`${item.name}, round ${round} of ${rounds}\n`);
    lintel.push(await withThread((pair) => item.lintel(pair, size)));
    await using rival = new Raw();
    raw.push(await item.raw(rival, size));
  }
  return item.figures.map((figure, i) => ({
    figure,
    item: item.name,
    lintel: lintel.map((values) => values[i]!),
    raw: raw.map((values) => values[i]!),
  }));
}

function passes({ figure: { gate, unit }, lintel }: Result): boolean | undefined {
  if (gate === undefined) return undefined;
  return unit === "M/s" ? median(lintel) >= gate : median(lintel) <= gate;
}

function row(result: Result): string[] {
  const { figure, lintel, raw } = result;
  const [ours, theirs] = [median(lintel), median(raw)];
  const digits = (value: number): string => Number(value.toPrecision(3)).toString();
  const passed = passes(result);
  return [
    figure.title,
    `${digits(ours)} ${figure.unit}`,
    `${digits(Math.min(...lintel))} to ${digits(Math.max(...lintel))}`,
    figure.gate?.toString() ?? "",
    passed === undefined ? "" : passed ? "pass" : "FAIL",
    digits(theirs),
    `${(figure.unit === "M/s" ? ours / theirs : theirs / ours).toPrecision(2)}x`,
  ];
}

function finish(): void {
  const circumstances = conditions();
  const file = saveResults(options.results, "threads", circumstances.date, labelsOf(options), {
    ...circumstances,
    quick: options.quick,
    rounds,
    figures: results.map(({ figure, ...rest }) => ({ ...figure, ...rest })),
    storm: stormed,
    failures,
  });
  const header = ["figure", "Lintel", "lowest to highest", "gate", "", "postMessage", "times"];
  process.stdout.write(
    `\n${conditionsLine(circumstances)}, ${rounds} round(s)${options.quick ? ", quick" : ""}\n` +
      `"times": how many times better Lintel is.\n\n${markdown([header, ...results.map(row)])}\n`,
  );
  if (stormed !== undefined) process.stdout.write(`\nStorm: ${stormed.summary}\n`);
  for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
  const last = {
    bench: "threads",
    file,
    ok: failures.length === 0,
    gates: results.filter((result) => passes(result) !== undefined).length,
    missed: results.filter((result) => passes(result) === false).map(({ figure }) => figure.title),
  };
  process.stdout.write(`\n${JSON.stringify(last)}\n`);
  process.exit(failures.length > 0 ? 1 : 0);
}
