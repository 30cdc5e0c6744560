/**
 * Does a thread whose processes always have something to do still answer, and how long do its garbage collections hold
 * it up? Rival: the BEAM (which collects each process's heap by itself).
 *
 * `inFlight` and `pauses` run on a thread with the young generation of the runtime's scheduler threads.
 */

import { createServer } from "node:net";
import { Worker } from "node:worker_threads";
import type { Behaviour, Pid } from "lintel/kernel";
import type { Figures, Measurement } from "../program.ts";
import { newKernel } from "./support.ts";

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
export const saturated: Measurement = async (tokens) => {
  const kernel = newKernel();
  const pids: Pid[] = [];
  const passOn: Behaviour<number> = {
    label: "passes on",
    init: (self, i) => {
      self.state = i;
    },
    handle: (self, message) => {
      const { n } = message as { n: number };
      self.send(pids[((self.state as number) + n) % pids.length]!, { tag: "token", n: (n + 1) & 0xffff });
    },
  };
  for (let i = 0; i < tokens; i++) pids.push(kernel.spawn(passOn, i));
  for (const [n, pid] of pids.entries()) kernel.send(pid, { tag: "token", n });
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as { port: number }).port}`));
  return new Promise<never>(() => {});
};
