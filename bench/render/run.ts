/**
 * How long does a page take to render, and a change of it to become the bytes that are sent, in microseconds? How many bytes are that?
 * Rivals in the same run: LiveViewJS, which speaks the same wire; lit-html's server rendering; and strings put together by
 * hand, as the floor. Those that know no updates render the page again.
 *
 *   node build/bench/render/run.js                     all items, nine rounds, a minute
 *     --quick                                          one round, few repetitions, for CI: does it work
 *     --only one-100,tree                              some items
 *     --rounds 9                                       each item so often, the rivals in turns; the median is reported
 *     --label before                                   becomes part of the result's file name
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * Before an item is timed, its rivals' pages are compared: they must be the same. The last line is JSON. The exit code is
 * 1 when rivals disagree, not when a target is missed.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chosen, labelsOf, wholeNumber } from "../support/arguments.ts";
import { conditions, conditionsLine } from "../support/machine.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { type Item, items } from "./items.ts";
import { type ItemResult, report, summed } from "./report.ts";
import type { Rival, RivalName } from "./rival.ts";
import { concat } from "./rivals/concat.ts";
import { lintel } from "./rivals/lintel.ts";
import { lit } from "./rivals/lit.ts";
import { liveviewjs } from "./rivals/liveviewjs.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    label: { type: "string" },
    results: { type: "string", default: resultsDirectory },
  },
});
const rounds = wholeNumber("rounds", options.rounds ?? (options.quick ? "1" : "9"));
const names = chosen(
  "only",
  options.only,
  items.map(({ name }) => name),
);
const rivals: readonly Rival[] = [lintel, liveviewjs, lit, concat];

const failures: string[] = [];
const results: ItemResult[] = [];
for (const item of items) {
  if (!names.includes(item.name)) continue;
  process.stderr.write(`${item.title}\n`);
  const disagreement = compared(item);
  if (disagreement === undefined) results.push(measure(item));
  else failures.push(`${item.name}: ${disagreement}`);
}
finish();

/** The rivals in turns, so that what else the machine does hits all of them alike. */
function measure(item: Item): ItemResult {
  const count = options.quick ? Math.ceil(item.count / 10) : item.count;
  for (const rival of rivals) for (let i = 0; i < (options.quick ? 1 : 5); i++) timed(item, rival, count);
  const samples: Partial<Record<RivalName, number[]>> = {};
  for (let round = 0; round < rounds; round++) {
    for (const rival of rivals) (samples[rival.name] ??= []).push(timed(item, rival, count));
  }
  return summed(item, samples, rivals, count);
}

/** Microseconds for each time of work, until it is bytes that could be sent. */
function timed(item: Item, rival: Rival, count: number): number {
  const work = item.start(rival, count);
  let length = 0;
  const start = process.hrtime.bigint();
  // Until it is bytes: a text that was put together is only made when somebody reads it.
  for (let i = 1; i <= count; i++) length += Buffer.from(work(i)).length;
  const elapsed = Number(process.hrtime.bigint() - start) / 1e3 / count;
  if (length === 0 && item.name !== "same-100") throw new Error(`${item.name}, ${rival.name}: nothing was sent.`);
  return elapsed;
}

/** Do all show the same page? Then their updates are held against what changed. */
function compared(item: Item): string | undefined {
  const pages = rivals.map((rival) => [rival.name, plain(page(item, rival))] as const);
  const [, expected] = pages.at(-1)!;
  const other = pages.find(([, text]) => text !== expected);
  if (other !== undefined) return `${other[0]} shows another page than ${pages.at(-1)![0]}`;
  if (item.kind === "html" || item.name === "same-100") return undefined;
  for (const rival of rivals) {
    const work = item.start(rival, 2);
    for (const message of [work(1), work(2)]) {
      if (rival.tableLive !== undefined && Object.keys(JSON.parse(message) as object).length === 0) {
        return `${rival.name} sends nothing for a change`;
      }
    }
  }
  return undefined;
}

function page(item: Item, rival: Rival): string {
  const data = item.data(1);
  return Array.isArray(data) ? rival.tableHtml(data as never) : rival.treeHtml(data as never);
}

/** Without comments, which some need. */
function plain(html: string): string {
  return html.replace(/<!--.*?-->/g, "");
}

function finish(): void {
  const circumstances = conditions();
  const versions = ["liveviewjs", "@lit-labs/ssr", "lit-html"].map((name) => `${name} ${versionOf(name)}`);
  const file = saveResults(options.results, "render", circumstances.date, labelsOf(options), {
    ...circumstances,
    rivals: versions,
    quick: options.quick,
    rounds,
    items: results,
    failures,
  });
  process.stdout.write(
    `\n${conditionsLine(circumstances)}, ${rounds} round(s)${options.quick ? ", quick" : ""}\n` +
      `Rivals: ${versions.join(", ")}\nMicroseconds: the median; "times": how many times as long as ours. "!": we want more.\n\n${report(results)}\n\n`,
  );
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
  const missed = results.filter(({ passes }) => passes === false).map(({ name }) => name);
  process.stdout.write(`${JSON.stringify({ bench: "render", file, ok: failures.length === 0, missed })}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

function versionOf(library: string): string {
  const resolve = createRequire(import.meta.url).resolve;
  const folder = resolve(library).split(`/node_modules/${library}/`)[0];
  return (JSON.parse(readFileSync(`${folder}/node_modules/${library}/package.json`, "utf8")) as { version: string })
    .version;
}
