/**
 * The load generator as a program: one configuration in, one line of JSON out.
 *
 *   node main.js '{"mode":"closed","host":"127.0.0.1","port":4000,"page":"counter inc","connections":1000,
 *                  "outstanding":64,"warmupMs":4000,"durationMs":6000,"serverPid":4711}'
 *
 * It is a process of its own, so that it can be pinned to a core and its work is not counted as the server's. For people
 * it writes a small table to stderr. The exit code is 1 when the result cannot be trusted.
 */
import { failedResult, runClosedLoop, runOpenLoop } from "./event-loads.ts";
import { runFanout } from "./fanout-load.ts";
import { type LoadConfig, type LoadResult, verify } from "./load.ts";
import { runMounts } from "./mount-load.ts";
import { pageEvents } from "./pages.ts";

const config = parse(process.argv[2]);
const problems = await verify(config);
const result = problems.length > 0 ? failedResult(config, problems) : await run(config);
process.stderr.write(table(result));
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = result.failures.length > 0 ? 1 : 0;

function parse(json: string | undefined): LoadConfig {
  const config = JSON.parse(json ?? "null") as LoadConfig | null;
  if (config === null || !(config.page in pageEvents) || !["open", "closed", "mount", "fanout"].includes(config.mode)) {
    throw new Error(
      `Load: expected a configuration as JSON, with a mode, and a page of ${Object.keys(pageEvents).join(", ")}.`,
    );
  }
  return config;
}

function run(config: LoadConfig): Promise<LoadResult> {
  switch (config.mode) {
    case "open":
      return runOpenLoop(config);
    case "closed":
      return runClosedLoop(config);
    case "mount":
      return runMounts(config);
    case "fanout":
      return runFanout(config);
  }
}

function table(result: LoadResult): string {
  const { latencyMs: latency } = result;
  const rows: [string, string][] = [
    ["load", `${result.config.mode}, ${result.config.page}, ${result.config.connections} connections`],
    ["events/s", result.eventsPerSecond.toFixed(0)],
    [
      "p50, p99, p99.9, max",
      [latency.p50, latency.p99, latency.p999, latency.max].map((ms) => ms.toFixed(2)).join(", "),
    ],
    ["bytes per reply", result.bytesPerReply.toFixed(0)],
    ["server CPU", result.serverCpuPercent === undefined ? "not known" : `${result.serverCpuPercent.toFixed(0)} %`],
    ["events per CPU second", result.eventsPerCpuSecond?.toFixed(0) ?? "not known"],
    ["generator CPU", `${result.generatorCpuPercent.toFixed(0)} %`],
    ["others' CPU", result.othersCpuPercent === undefined ? "not known" : `${result.othersCpuPercent.toFixed(0)} %`],
    ...result.failures.map((failure): [string, string] => ["FAILURE", failure]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(24)}${value}\n`).join("");
}
