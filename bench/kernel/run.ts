/**
 * How quick are the kernel's processes, messages, calls, timers and restarts, with its defaults on (limits, counters,
 * freezing)? Rivals in the same run: the BEAM, and the JavaScript actor libraries nact and xstate.
 *
 *   node build/bench/kernel/run.js                     all items, five rounds, about 10 minutes; options: suite.ts
 *
 * What is wanted of each figure stands in items.ts.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { items } from "./items.ts";
import { beamRival, nodeRival } from "./rivals.ts";
import { runSuite } from "./suite.ts";

await runSuite({
  name: "kernel",
  items,
  rivals: {
    lintel: () => nodeRival("lintel", "lintel"),
    beam: () => beamRival(),
    xstate: () => nodeRival("xstate", `xstate ${versionOf("xstate")}`),
    nact: () => nodeRival("nact", `nact ${versionOf("nact")}`),
  },
});

function versionOf(library: string): string {
  const require = createRequire(import.meta.url);
  return (JSON.parse(readFileSync(require.resolve(`${library}/package.json`), "utf8")) as { version: string }).version;
}
