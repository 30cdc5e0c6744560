/** realWorld: the machine's own clocks, event loop and randomness. See world.ts for what each promises. */
import { randomBytes } from "node:crypto";
import type { Alarm, World } from "./world.ts";

export const realWorld: World = {
  monotonicMs: () => performance.now(),
  systemMs: () => Date.now(),
  random: () => Math.random(),
  randomBytes: (size) => randomBytes(size),
  nextTurn: (run) => {
    setImmediate(run);
  },
  microtask: (run) => queueMicrotask(run),
  alarm: (delayMs, run, keepAlive = false): Alarm => {
    const timer = setTimeout(run, delayMs);
    if (!keepAlive) timer.unref();
    return {
      cancel: () => clearTimeout(timer),
      keepAlive: (keep) => {
        if (keep) timer.ref();
        else timer.unref();
      },
    };
  },
};
