/**
 * The load of a room: one connection says something, and every connection (the speaker too) has it pushed.
 *
 *   say, due ──┬──▷ first ── … ──▷ middle ── … ──▷ last          three latencies per message, one delivery each
 *
 * Every message carries its number, so that each delivery is known; one that is missing at the end is a failure.
 */
import { finish, keepSchedule, refused, windowOver } from "./event-loads.ts";
import { Latency } from "./latency.ts";
import { Fleet, type LoadConfig, type LoadResult } from "./load.ts";
import { Recorder } from "./recorder.ts";
import { Schedule } from "./schedule.ts";

const mark = Buffer.from("lgm:");
const digits = 8;
const settleMs = 10_000;

export async function runFanout(config: LoadConfig & { mode: "fanout" }): Promise<LoadResult> {
  const fleet = new Fleet(config.page);
  await fleet.open(config, config.connections);
  if (fleet.failures.length > 0) return refused(config, fleet);

  const startMs = performance.now() + 50;
  const recorder = new Recorder(startMs, config.warmupMs, config.durationMs, config.serverPid);
  const reached = { first: new Latency(), middle: new Latency(), last: new Latency() };
  const count = fleet.connections.length;
  const middle = Math.ceil(count / 2);
  /** Messages on their way, by number. */
  const open = new Map<number, { dueMs: number; deliveries: number }>();
  let said = 0;
  const say = (dueMs: number) => {
    said += 1;
    open.set(said, { dueMs, deliveries: 0 });
    fleet.connections[said % count]!.send(dueMs, said);
  };

  fleet.onPush = (bytes, start, end) => {
    const number = messageNumber(bytes, start, end);
    const message = open.get(number);
    if (message === undefined) {
      fleet.fail(`a delivery of message ${number}, which is not on its way: ${bytes.toString("utf8", start, end)}`);
      return;
    }
    const nowMs = performance.now();
    recorder.count(nowMs, end - start);
    message.deliveries += 1;
    const isMeasured = recorder.isMeasured(message.dueMs);
    if (isMeasured && message.deliveries === 1) reached.first.record(nowMs - message.dueMs);
    if (isMeasured && message.deliveries === middle) reached.middle.record(nowMs - message.dueMs);
    if (message.deliveries < count) return;
    open.delete(number);
    if (isMeasured) reached.last.record(nowMs - message.dueMs);
    recorder.latency(message.dueMs, nowMs);
    if (config.rate === undefined && nowMs < recorder.untilMs) say(nowMs);
  };

  if (config.rate !== undefined) await keepSchedule(new Schedule(startMs, config.rate), recorder, fleet, say);
  else {
    say(performance.now());
    await windowOver(recorder, fleet);
  }
  for (let waited = 0; waited < settleMs && open.size > 0 && fleet.failures.length === 0; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const [number, { deliveries }] of open) fleet.fail(`message ${number} reached ${deliveries} of ${count}`);
  const { first, middle: half, last } = reached;
  return finish(config, fleet, recorder, {
    reachedMs: { first: first.summary(), middle: half.summary(), last: last.summary() },
  });
}

/** The number in `lgm:00000007:hello`; -1 when there is none. */
function messageNumber(bytes: Buffer, start: number, end: number): number {
  const at = bytes.indexOf(mark, start);
  if (at === -1 || at + mark.length + digits > end) return -1;
  let number = 0;
  for (let i = at + mark.length; i < at + mark.length + digits; i++) number = number * 10 + bytes[i]! - 48;
  return number;
}
