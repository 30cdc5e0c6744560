/**
 * With 100,000 processes alive under supervisors: how soon is one up again that has crashed, how soon are 10,000 that crash
 * at once, and how long does the whole tree take to start and to stop? Rival in the same run: the BEAM's supervisor.
 *
 *   node build/bench/supervision/run.js                all items, five rounds, about 3 minutes; options: ../kernel/suite.ts
 */
import { beamRival, nodeRival } from "../kernel/rivals.ts";
import { runSuite } from "../kernel/suite.ts";
import { items } from "./items.ts";

await runSuite({
  name: "supervision",
  items,
  rivals: {
    lintel: () => nodeRival("lintel", "lintel", "supervision"),
    beam: () => beamRival("supervision", "supervision"),
  },
});
