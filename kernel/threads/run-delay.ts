/**
 * How long a thread of this program has waited for a processor: on a busy machine a handler that takes long is not the one
 * to blame. Linux tells; elsewhere it is not known, and taken for 0.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** @returns the system's number of the thread that calls; 0 when it is not known */
export function systemThread(): number {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

/** @returns milliseconds since the thread began; 0 when it is not known */
export function runDelayMs(systemThread: number): number {
  if (systemThread === 0) return 0;
  try {
    const [, delayNs] = readFileSync(`/proc/self/task/${systemThread}/schedstat`, "utf8").split(" ");
    return Number(delayNs) / 1e6 || 0;
  } catch {
    return 0;
  }
}
