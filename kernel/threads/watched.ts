/**
 * What a scheduler thread does so that the watchdog (watchdog.ts) can look into it while it runs in circles, and cut off
 * what runs: the watchdog's question is evaluated on this thread, in the middle of whatever it does, through V8's inspector.
 */
import type { Session } from "node:inspector";
import { RunawayGuard } from "../guard/runaway.ts";
import type { Kernel } from "../kernel.ts";
import { usedPart } from "./memory-watch.ts";
import type { MemoryLimits } from "./safeguards.ts";
import type { SlicePort } from "./slice-port.ts";
import { Verdict } from "./verdict.ts";

/** Where the watchdog's question finds the guard. */
const key = "lintel.watchdog";

/** The JavaScript that the watchdog has evaluated. @returns JSON of a `Look` (runaway.ts) */
export function question(turn: number | undefined, cutAfterMs: number | undefined): string {
  return `globalThis[Symbol.for("${key}")](${turn},${cutAfterMs})`;
}

/**
 * @param port where its slices run; without it nothing can be cut off
 * @param memory of the thread's `Verdict`
 * @returns collects the garbage of this thread at once, or undefined where Node has no inspector: nothing can be cut then
 */
export async function beWatched(
  kernel: Kernel,
  port: SlicePort | undefined,
  memory: SharedArrayBuffer,
  limits: MemoryLimits,
  tell: (message: { readonly type: "condemned" }) => void,
): Promise<(() => void) | undefined> {
  let session: Session;
  try {
    const inspector = await import("node:inspector");
    session = new inspector.Session();
    session.connect();
  } catch {
    return undefined;
  }
  const guard = new RunawayGuard(kernel, {
    isFull: () => usedPart(limits) >= limits.killAt,
    sentence: () => new Verdict(memory, () => kernel.world.monotonicMs()).ask(() => tell({ type: "condemned" })),
    rescue: () => port?.rescue(),
  });
  if (port !== undefined) port.onRescue = () => guard.recover();
  Object.defineProperty(globalThis, Symbol.for(key), {
    value: (turn?: number, cutAfterMs?: number) => guard.look(turn, cutAfterMs),
  });
  return () => session.post("HeapProfiler.collectGarbage");
}
