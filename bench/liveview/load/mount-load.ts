/** The load of visitors that come and go: page, upgrade, join, close, so many at a time, without pause. */
import { PageConnection } from "./connection.ts";
import { failedResult } from "./event-loads.ts";
import { Latency } from "./latency.ts";
import type { LoadConfig, LoadResult } from "./load.ts";
import { pageEvents } from "./pages.ts";
import { Recorder } from "./recorder.ts";

export async function runMounts(config: LoadConfig & { mode: "mount" }): Promise<LoadResult> {
  const recorder = new Recorder(performance.now(), config.warmupMs, config.durationMs, config.serverPid);
  const steps = { get: new Latency(), upgrade: new Latency(), join: new Latency() };
  const failures: string[] = [];
  const listener = { replied: () => {}, failed: (_: unknown, problem: string) => failures.push(problem) };

  const visitor = async () => {
    while (failures.length === 0) {
      const startMs = performance.now();
      recorder.tick(startMs);
      if (startMs >= recorder.untilMs) return;
      try {
        const { connection, times } = await PageConnection.open(config, pageEvents[config.page], listener);
        recorder.record(startMs, startMs + times.get + times.upgrade + times.join, 0);
        if (startMs >= recorder.fromMs) {
          steps.get.record(times.get);
          steps.upgrade.record(times.upgrade);
          steps.join.record(times.join);
        }
        // In its turn, not beside it: a server that is slow to take leave would else be paid for what it has not done.
        await connection.close();
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: config.connections }, visitor));
  if (failures.length > 0) return failedResult(config, failures.slice(0, 20));
  recorder.tick(performance.now());
  return {
    config,
    ...recorder.result(),
    failures,
    lost: 0,
    stepsMs: { get: steps.get.summary(), upgrade: steps.upgrade.summary(), join: steps.join.summary() },
  };
}
