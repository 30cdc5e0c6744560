/** Loads of events over connections that stay: open loop and closed loop. */
import { Latency } from "./latency.ts";
import { Fleet, type LoadConfig, type LoadResult } from "./load.ts";
import { Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";

/** Late events that are sent before the answers get a turn. */
const maxSentInARow = 256;
const pollMs = 2;

export async function runOpenLoop(config: LoadConfig & { mode: "open" }): Promise<LoadResult> {
  const fleet = new Fleet(config.page);
  await fleet.open(config, config.connections);
  if (fleet.failures.length > 0) return refused(config, fleet);

  const late = new Latency();
  const startMs = performance.now() + 50;
  const schedule = new Schedule(startMs, config.rate);
  const recorder = new Recorder(startMs, config.warmupMs, config.durationMs, config.serverPid);
  fleet.onReply = (_, dueMs, nowMs, bytes) => recorder.record(dueMs, nowMs, bytes);

  let next = 0;
  await keepSchedule(schedule, recorder, fleet, (dueMs, nowMs) => {
    if (dueMs >= recorder.fromMs) late.record(nowMs - dueMs);
    fleet.connections[next]!.send(dueMs);
    next = (next + 1) % fleet.connections.length;
  });
  return finish(config, fleet, recorder, { sentLateMs: late.summary() });
}

/** Calls `send` for each event of a schedule, when it is due, to the end of the window or the first failure. */
export function keepSchedule(
  schedule: Schedule,
  recorder: Recorder,
  fleet: Fleet,
  send: (dueMs: number, nowMs: number) => void,
): Promise<void> {
  return new Promise<void>((resolve) => {
    const turn = () => {
      const nowMs = performance.now();
      recorder.tick(nowMs);
      // Over when all that was due in the window is sent, too: a sender that is late at the end leaves nothing out either.
      if ((nowMs >= recorder.untilMs && schedule.nextMs >= recorder.untilMs) || fleet.failures.length > 0) {
        resolve();
        return;
      }
      for (let sent = 0; sent < maxSentInARow && schedule.nextMs < recorder.untilMs; sent++) {
        const dueMs = schedule.nextMs;
        const sentMs = performance.now();
        if (!schedule.take(sentMs)) break;
        send(dueMs, sentMs);
      }
      // A timer is a millisecond late, which is more than most answers take: poll, unless there is time to sleep.
      const waitMs = Math.min(schedule.nextMs, recorder.untilMs) - performance.now();
      if (waitMs > pollMs) setTimeout(turn, 1);
      else setImmediate(turn);
    };
    turn();
  });
}

export async function runClosedLoop(config: LoadConfig & { mode: "closed" }): Promise<LoadResult> {
  const fleet = new Fleet(config.page);
  await fleet.open(config, config.connections);
  if (fleet.failures.length > 0) return refused(config, fleet);

  const recorder = new Recorder(performance.now(), config.warmupMs, config.durationMs, config.serverPid);
  let next = 0;
  const sendNext = (nowMs: number) => {
    fleet.connections[next]!.send(nowMs);
    next = (next + 1) % fleet.connections.length;
  };
  fleet.onReply = (_, dueMs, nowMs, bytes) => {
    recorder.record(dueMs, nowMs, bytes);
    if (nowMs < recorder.untilMs) sendNext(nowMs);
  };
  for (let i = 0; i < config.outstanding; i++) sendNext(performance.now());

  await windowOver(recorder, fleet);
  return finish(config, fleet, recorder, {});
}

/** Resolves at the end of the window, or at the first failure. */
export function windowOver(recorder: Recorder, fleet: Fleet): Promise<void> {
  return new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      recorder.tick(nowMs);
      if (nowMs < recorder.untilMs && fleet.failures.length === 0) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

/** Waits for the last answers, takes leave, and adds up. */
export async function finish(
  config: LoadConfig,
  fleet: Fleet,
  recorder: Recorder,
  more: Partial<LoadResult>,
): Promise<LoadResult> {
  if (fleet.failures.length > 0) return refused(config, fleet);
  const lost = await fleet.settle();
  const result = { config, ...recorder.result(), ...more, lost, opensPerSecond: fleet.opensPerSecond };
  await fleet.close();
  if (lost > 0) fleet.fail(`${lost} events were not answered`);
  return { ...result, failures: fleet.failures };
}

/** The result of a fleet that could not be opened, or that broke on the way. */
export async function refused(config: LoadConfig, fleet: Fleet): Promise<LoadResult> {
  await fleet.close();
  return failedResult(config, fleet.failures);
}

/** The result of a load that came to nothing. */
export function failedResult(config: LoadConfig, failures: readonly string[]): LoadResult {
  return {
    config,
    failures,
    lost: 0,
    events: 0,
    eventsPerSecond: 0,
    latencyMs: new Latency().summary(),
    bytesPerReply: 0,
    generatorCpuPercent: 0,
  };
}
