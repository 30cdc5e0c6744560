/** The six pages that the demo, the tests and the benchmarks serve. */
import { type LiveRoute, live } from "lintel/liveview";
import { CounterLive } from "./counter-live.ts";
import { CrashLive } from "./crash-live.ts";
import { DashboardLive } from "./dashboard-live.ts";
import { FormLive } from "./form-live.ts";
import { RoomLive } from "./room-live.ts";
import { StreamLive } from "./stream-live.ts";

export const pageRoutes: readonly LiveRoute[] = [
  live("/counter", CounterLive),
  live("/dashboard", DashboardLive),
  live("/room", RoomLive),
  live("/form", FormLive),
  live("/crash", CrashLive),
  live("/stream", StreamLive),
];
