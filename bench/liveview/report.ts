/** Tables out of results: one line per scenario, with the baseline's figure beside ours. */
import { markdown, number } from "../support/table.ts";
import type { LoadResult } from "./load/load.ts";
import { type Baseline, phoenixBaseline } from "./phoenix-baseline.ts";
import type { ScenarioName } from "./scenarios.ts";

/** All runs of one scenario. */
export interface ScenarioResult {
  readonly name: ScenarioName;
  readonly runs: readonly LoadResult[];
}

/** The run in the middle by throughput, or by p99 where the throughput is given. Failed runs come last. */
export function medianRun(runs: readonly LoadResult[]): LoadResult {
  const key = (run: LoadResult) =>
    run.failures.length > 0 ? Number.POSITIVE_INFINITY : isRateGiven(run) ? run.latencyMs.p99 : -run.eventsPerSecond;
  const sorted = [...runs].sort((a, b) => key(a) - key(b));
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** How many times better than the baseline: in throughput, or, where that is given, in CPU time per event. */
export function ratio(run: LoadResult, baseline: Baseline): number | undefined {
  if (run.failures.length > 0) return undefined;
  if (!isRateGiven(run)) return run.eventsPerSecond / baseline.eventsPerSecond;
  if (run.eventsPerCpuSecond === undefined || baseline.serverCpuPercent === undefined) return undefined;
  return run.eventsPerCpuSecond / (baseline.eventsPerSecond / (baseline.serverCpuPercent / 100));
}

/** One row for each scenario. */
export function report(results: readonly ScenarioResult[]): string {
  const header = [
    "scenario",
    "events/s",
    "(lowest to highest)",
    "Phoenix",
    "ratio",
    "p50 ms",
    "p99 ms",
    "Phoenix",
    "p99.9 ms",
    "bytes",
    "Phoenix",
    "server CPU %",
    "Phoenix",
    "events/CPU s",
    "generator CPU %",
    "others CPU %",
  ];
  const rows = results.map(({ name, runs }) => {
    const run = medianRun(runs);
    const phoenix = phoenixBaseline[name];
    if (run.failures.length > 0) return [name, `FAILED: ${run.failures[0]}`];
    const rates = runs.filter((one) => one.failures.length === 0).map((one) => one.eventsPerSecond);
    return [
      name,
      number(run.eventsPerSecond),
      rates.length < 2 ? "" : `${number(Math.min(...rates))} to ${number(Math.max(...rates))}`,
      number(phoenix.eventsPerSecond),
      `${ratio(run, phoenix)?.toFixed(2) ?? "-"}${isRateGiven(run) ? " (CPU)" : ""}`,
      run.latencyMs.p50.toFixed(2),
      run.latencyMs.p99.toFixed(2),
      phoenix.p99?.toFixed(1) ?? "",
      run.latencyMs.p999.toFixed(2),
      run.config.mode === "mount" ? "" : number(run.bytesPerReply),
      number(phoenix.bytesPerReply),
      number(run.serverCpuPercent),
      number(phoenix.serverCpuPercent),
      number(run.eventsPerCpuSecond),
      number(run.generatorCpuPercent),
      number(run.othersCpuPercent),
    ];
  });
  return markdown([header, ...rows]);
}

function isRateGiven({ config }: LoadResult): boolean {
  return "rate" in config && config.rate !== undefined;
}
