/**
 * What Phoenix LiveView 1.2.10 (OTP 25, Bandit) does with the same pages and loads: server pinned to one core, the load
 * generator (another one than ours) to the other. Medians of three runs, measured once on a virtual machine with 2 cores
 * of an AMD EPYC; they mean something beside figures of that same machine only. How it was measured, the spread, and
 * the versions: the project's research notes, "Phoenix LiveView baseline", column `1core`.
 */
import type { ScenarioName } from "./scenarios.ts";

export interface Baseline {
  readonly eventsPerSecond: number;
  /** Milliseconds. */
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  readonly bytesPerReply?: number;
  /** Percent of one core. */
  readonly serverCpuPercent?: number;
}

export const phoenixBaseline: Readonly<Record<ScenarioName, Baseline>> = {
  "counter-closed": { eventsPerSecond: 15_874, p99: 7.0, bytesPerReply: 96 },
  "dashboard-tick-closed": { eventsPerSecond: 4_237, p99: 19.8, bytesPerReply: 404 },
  "dashboard-one-closed": { eventsPerSecond: 4_364, p99: 26.0, bytesPerReply: 125 },
  "dashboard-shuffle-closed": { eventsPerSecond: 3_959, p99: 38.5, bytesPerReply: 897 },
  "form-closed": { eventsPerSecond: 5_924, p99: 15.4, bytesPerReply: 890 },
  "stream-closed": { eventsPerSecond: 11_071, p99: 9.4, bytesPerReply: 223 },
  "counter-open": { eventsPerSecond: 5_000, p50: 0.18, p99: 0.7, p999: 4.8, bytesPerReply: 96, serverCpuPercent: 56 },
  "dashboard-open": {
    eventsPerSecond: 2_000,
    p50: 0.39,
    p99: 3.1,
    p999: 5.9,
    bytesPerReply: 404,
    serverCpuPercent: 63,
  },
  "counter-mount": { eventsPerSecond: 1_080, p50: 29.6, p99: 35.1, serverCpuPercent: 100 },
  "dashboard-mount": { eventsPerSecond: 629, p50: 50.9, p99: 55.6, serverCpuPercent: 100 },
  // Deliveries per second; milliseconds until the last of 1,000 subscribers has a message.
  "room-fanout": { eventsPerSecond: 10_000, p50: 21.2, p99: 32, bytesPerReply: 79, serverCpuPercent: 22 },
  "room-fanout-closed": { eventsPerSecond: 46_680, bytesPerReply: 79 },
};
