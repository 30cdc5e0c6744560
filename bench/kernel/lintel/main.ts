/**
 * The program of our own kernel: see program.ts. To see where the time of one item goes:
 *
 *   node --cpu-prof build/bench/kernel/lintel/main.js send 2000000 5
 */
import { program } from "../program.ts";
import { backlog } from "./backlog.ts";
import { async, call } from "./calls.ts";
import { fanIn, fanOut, pingPong, ring, send } from "./messages.ts";
import { names } from "./names.ts";
import { restart, storm } from "./restarts.ts";
import { inFlight, pauses, saturated } from "./saturation.ts";
import { memory, spawn, spawnExit } from "./spawning.ts";
import { mixBehaviours } from "./support.ts";
import { threadRoundTrip, threads } from "./threads.ts";
import { timers } from "./timers.ts";

if (process.argv[2] !== "memory") await mixBehaviours();

await program({
  spawn,
  memory,
  "spawn-exit": spawnExit,
  send,
  "ping-pong": pingPong,
  ring,
  call,
  async,
  "fan-out": fanOut,
  "fan-in": fanIn,
  backlog,
  names,
  timers,
  restart,
  storm,
  threads,
  "thread-round-trip": threadRoundTrip,
  "in-flight": inFlight,
  saturated,
  pauses,
});
