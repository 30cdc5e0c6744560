/**
 * How many events does a server of live views answer per second and per core, how soon, and in how many bytes?
 * Rival: Phoenix LiveView (phoenix-baseline.ts). Pages: counter, dashboard, form, stream.
 *
 *   node build/bench/liveview/run.js                   all scenarios, about 3 minutes
 *     --quick                                          small and short, for CI: does it work
 *     --only counter-closed,form-closed                some of them
 *     --runs 3                                         each so often, in turns; the median is reported
 *     --server 'node other-server.js'                  another server: PORT in, "listening <port>" out
 *     --label phoenix                                  becomes part of the result's file name
 *     --no-pin                                         no cores of their own for server and generator
 *     --results DIR                                    where the JSON goes; default bench/results
 *
 * Each run of a scenario has a fresh server. The last line is JSON. The exit code is 1 when anything failed.
 */
import { parseArgs } from "node:util";
import { chosen, labelsOf, wholeNumber } from "../support/arguments.ts";
import { conditions, conditionsLine } from "../support/machine.ts";
import { canPin } from "../support/pinning.ts";
import { resultsDirectory, saveResults } from "../support/results.ts";
import { failedResult } from "./load/event-loads.ts";
import type { LoadConfig, LoadResult } from "./load/load.ts";
import { phoenixBaseline } from "./phoenix-baseline.ts";
import { generate, startServer } from "./processes.ts";
import { medianRun, ratio, report, type ScenarioResult } from "./report.ts";
import { quick, type Scenario, type ScenarioName, scenarios } from "./scenarios.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    runs: { type: "string", default: "1" },
    server: { type: "string" },
    label: { type: "string" },
    "no-pin": { type: "boolean", default: false },
    results: { type: "string", default: resultsDirectory },
  },
});
const runs = wholeNumber("runs", options.runs);
const names = chosen("only", options.only, Object.keys(scenarios) as ScenarioName[]);
const pin = canPin && !options["no-pin"];

const results = new Map<ScenarioName, LoadResult[]>(names.map((name) => [name, []]));
for (let run = 1; run <= runs; run++) {
  for (const name of names) {
    const scenario = options.quick ? quick(scenarios[name]) : scenarios[name];
    process.stderr.write(`${name}, run ${run} of ${runs}\n`);
    results.get(name)!.push(await measure(scenario));
  }
}
finish([...results].map(([name, all]) => ({ name, runs: all })));

async function measure(scenario: Scenario): Promise<LoadResult> {
  const config = { ...scenario, host: "127.0.0.1", port: 0 } as LoadConfig;
  try {
    const server = await startServer(options.server, pin);
    try {
      return await generate({ ...config, port: server.port, serverPid: server.pid }, pin);
    } finally {
      await server.stop();
    }
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`${message}\n`);
    return failedResult(config, [message.split("\n")[0]!]);
  }
}

function finish(all: readonly ScenarioResult[]): void {
  const circumstances = conditions();
  const file = saveResults(options.results, "liveview", circumstances.date, labelsOf(options), {
    ...circumstances,
    pinned: pin,
    quick: options.quick,
    runs,
    scenarios: all,
  });

  process.stdout.write(
    `\n${conditionsLine(circumstances)}, ` +
      `${pin ? "server and generator on a core each" : "cores shared"}, ${runs} run(s)${options.quick ? ", quick" : ""}\n\n` +
      `${report(all)}\n\n${options.quick ? "A quick run shows that all works; its ratios compare unequal loads.\n\n" : ""}`,
  );
  const failed = all.filter((scenario) => scenario.runs.some((run) => run.failures.length > 0));
  for (const { name, runs } of failed) {
    for (const run of runs) for (const failure of run.failures) process.stdout.write(`FAILED ${name}: ${failure}\n`);
  }
  const good = all.filter((scenario) => !failed.includes(scenario));
  const summary = good.map(({ name, runs }) => {
    const run = medianRun(runs);
    const { eventsPerSecond, latencyMs, eventsPerCpuSecond } = run;
    return [
      name,
      { eventsPerSecond, p99Ms: latencyMs.p99, eventsPerCpuSecond, ratio: ratio(run, phoenixBaseline[name]) },
    ];
  });
  const last = {
    bench: "liveview",
    file,
    ok: failed.length === 0,
    failed: failed.map(({ name }) => name),
    scenarios: Object.fromEntries(summary),
  };
  process.stdout.write(`${JSON.stringify(last)}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
