/** The demo app: an index, the six pages, /system and /watches. Every scheduler thread loads this module. */
import { defineApp, live } from "lintel/liveview";
import { childSpec } from "lintel/supervisor";
import { pageRoutes } from "../pages/index.ts";
import { IndexLive } from "./index-live.ts";
import { layout } from "./layout.ts";
import { Sampler } from "./sampler.ts";
import { SystemLive } from "./system-live.ts";
import { WatchesLive } from "./watches-live.ts";

export default defineApp({
  children: [childSpec(Sampler, undefined, { name: "sampler" })],
  routes: [live("/", IndexLive), live("/system", SystemLive), live("/watches", WatchesLive), ...pageRoutes],
  layout,
});
