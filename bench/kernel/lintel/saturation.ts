/**
 * Does a thread whose processes always have something to do still answer, and how long do its garbage collections hold
 * it up? Rival: the BEAM (which collects each process's heap by itself).
 *
 * All of them run on a thread with the young generation of the runtime's scheduler threads (saturation-thread.ts).
 */
import { Worker } from "node:worker_threads";
import type { Figures, Measurement } from "../program.ts";

/** As kernel/threads gives to scheduler threads. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

export const inFlight: Measurement = (size) => onThread("in-flight", size);
export const pauses: Measurement = (size) => onThread("pauses", size);

function onThread(name: string, size: number): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./saturation-thread.js", import.meta.url), {
      workerData: { name, size },
      resourceLimits,
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Prints where it listens, and passes tokens round until it is killed: echo-client.ts measures from outside. */
export const saturated: Measurement = (tokens) => onThread("saturated", tokens);
