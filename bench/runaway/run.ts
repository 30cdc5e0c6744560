/**
 * What do the safeguards cost who does not need them? The same work on a thread that is watched with the defaults, and on one
 * that is not, in turns. Unit: microseconds of the program's processor time, the watching thread's among them; so that what else
 * the machine does counts little. The cost is the median of the rounds' ratios.
 *
 *   node build/bench/runaway/run.js          31 rounds, about a minute
 *     --quick                                small, one round
 *     --results DIR                          where the JSON goes; default bench/results
 *
 * ring    a hop of a token among 1,000 processes: slices back to back
 * calls   a call of a process that awaits each answer: promises within a slice
 * idle    from the main thread to the thread and back, after 2 ms of sleep: a slice for each
 */
import { parseArgs } from "node:util";
import { type SchedulersRuntime, startSchedulers } from "lintel/kernel";
import { conditions, conditionsLine } from "../support/machine.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { median } from "../support/statistics.ts";
import { markdown } from "../support/table.ts";
import { subject } from "./thread.ts";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, results: { type: "string", default: resultsDirectory } },
});
const rounds = options.quick ? 1 : 31;
const size = options.quick ? 0.02 : 1;

const never = Number.POSITIVE_INFINITY;
const runtimes = {
  watched: await start({}),
  unwatched: await start({ turnLimitMs: never, stuckMs: never }),
};

function start(safeguards: { turnLimitMs?: number; stuckMs?: number }): Promise<SchedulersRuntime> {
  return startSchedulers(new URL("./thread.js", import.meta.url), { schedulers: 1, ...safeguards });
}

/** Each does so many of something. @returns how many */
const items: Record<string, (runtime: SchedulersRuntime) => Promise<number>> = {
  ring: async ({ kernel }) => {
    const hops = 2_000_000 * size;
    await kernel.call(subject, "ring", { size: 1000, hops }, { timeout: never });
    return hops;
  },
  calls: async ({ kernel }) => {
    const count = 200_000 * size;
    await kernel.call(subject, "calls", { count }, { timeout: never });
    return count;
  },
  idle: async ({ kernel }) => {
    const count = 100 * size;
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if ((await kernel.call(subject, "echo", i)) !== i) throw new Error("expected the same number back");
    }
    return count;
  },
};

/** @returns microseconds of processor time for each */
async function cost(
  measure: (runtime: SchedulersRuntime) => Promise<number>,
  runtime: SchedulersRuntime,
): Promise<number> {
  const before = process.cpuUsage();
  const count = await measure(runtime);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const results = [];
for (const [name, measure] of Object.entries(items)) {
  const us: Record<keyof typeof runtimes, number[]> = { watched: [], unwatched: [] };
  for (let round = -2; round < rounds; round++) {
    for (const which of round % 2 === 0 ? (["watched", "unwatched"] as const) : (["unwatched", "watched"] as const)) {
      const each = await cost(measure, runtimes[which]);
      if (round >= 0) us[which].push(each); // the first ones warm up
    }
  }
  const costPercent = (median(us.watched.map((each, i) => each / us.unwatched[i]!)) - 1) * 100;
  results.push({
    name,
    unit: "us",
    watched: median(us.watched),
    unwatched: median(us.unwatched),
    costPercent,
    rounds: us,
  });
}
for (const runtime of Object.values(runtimes)) await runtime.close();

const under = conditions();
console.log(conditionsLine(under));
console.log(
  markdown([
    ["item", "us unwatched", "us watched", "cost"],
    ...results.map(({ name, watched, unwatched, costPercent }) => [
      name,
      unwatched.toPrecision(3),
      watched.toPrecision(3),
      `${costPercent.toFixed(1)} %`,
    ]),
  ]),
);
const path = options.quick
  ? undefined
  : saveResults(options.results, "runaway", under.date, [], { ...under, rounds, results });
console.log(JSON.stringify({ path, results: results.map(({ name, costPercent }) => ({ name, costPercent })) }));
