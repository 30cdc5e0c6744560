/**
 * Vitals: what a thread writes about itself into its stats, so that others can see how it is without asking.
 *
 *   10 times a second   beat + 1: the event loop turns (the watchdog ends a thread whose beat stands still)
 *   once a second       heap in use, how busy the event loop was, how late its timers were at worst
 */
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { type Stats, stat } from "../observe/stats.ts";
import type { Alarm, World } from "../world.ts";

export const beatMs = 100;
const beatsPerSample = 10;

/** @returns stops writing */
export function startVitals(world: World, stats: Stats): () => void {
  let alarm: Alarm;
  let beats = 0;
  let worstDelayMs = 0;
  let dueMs = world.monotonicMs() + beatMs;
  let utilization: EventLoopUtilization = performance.eventLoopUtilization();
  const beat = (): void => {
    stats[stat.beat]! += 1;
    worstDelayMs = Math.max(worstDelayMs, world.monotonicMs() - dueMs);
    beats += 1;
    if (beats % beatsPerSample === 0) {
      const now = performance.eventLoopUtilization();
      stats[stat.busyPercent] = performance.eventLoopUtilization(now, utilization).utilization * 100;
      utilization = now;
      stats[stat.loopDelayMs] = worstDelayMs;
      worstDelayMs = 0;
      stats[stat.heapUsed] = getHeapStatistics().used_heap_size;
    }
    dueMs = world.monotonicMs() + beatMs;
    alarm = world.alarm(beatMs, beat);
  };
  alarm = world.alarm(beatMs, beat);
  return () => alarm.cancel();
}
