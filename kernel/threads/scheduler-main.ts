/**
 * What a scheduler thread runs: a kernel, tied to the other threads, and the boot module that fills it.
 * It may be terminated at any moment, so nothing here may hold a native handle of uWebSockets.js.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { crashReason } from "../exit-reason.ts";
import { Note } from "../guard/note.ts";
import { Kernel } from "../kernel.ts";
import { StatsTable, stat } from "../observe/stats.ts";
import { realWorld } from "../real-world.ts";
import type { Booted, BootModule, FromScheduler, SchedulerData, ToScheduler } from "./control.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { PortBoundary } from "./port-boundary.ts";
import { systemThread } from "./run-delay.ts";
import { SlicePort } from "./slice-port.ts";
import { startVitals } from "./vitals.ts";
import { beWatched } from "./watched.ts";

const data = workerData as SchedulerData;
const main: MessagePort = parentPort!;
const tell = (message: FromScheduler): void => main.postMessage(message);

const port = data.guarded ? new SlicePort(realWorld) : undefined;
const kernel = new Kernel({
  world: port?.world ?? realWorld,
  thread: data.thread,
  statsTable: new StatsTable(data.stats),
  statsRow: data.slot,
  report: (report) => tell({ type: "report", report }),
});

kernel.note = new Note(data.note);
kernel.stats[stat.systemThread] = systemThread();
new MemoryWatch(kernel, {
  limits: data.memory,
  collect: await beWatched(kernel, port, data.verdict, data.memory, tell),
  onFull: (why) => tell({ type: "full", why }),
});

// What no process is to blame for must not take the thread, and everybody on it, along.
// A rejection comes here, too, unless a process made the promise (rejections.ts).
process.on("uncaughtException", (thrown: unknown) => {
  kernel.report({ kind: "error", where: `thread ${data.thread}, uncaughtException`, reason: crashReason(thrown) });
});

let booted: Booted | undefined;
let mayBoot: () => void;
const boots = new Promise<void>((resolve) => {
  mayBoot = resolve;
});

main.on("message", (message: ToScheduler) => {
  switch (message.type) {
    case "peer":
      kernel.peers.connect(message.thread, new PortBoundary(message.port));
      return;
    case "peerDown":
      kernel.peers.disconnect(message.thread);
      return;
    case "boot":
      mayBoot();
      return;
    case "quarantine":
      kernel.quarantine.add(message.what, message.forMs);
      return;
    case "stop":
      void (async () => {
        await booted?.stop(message.timeoutMs);
        kernel.peers.flush();
        tell({ type: "stopped" });
      })();
      return;
  }
});

kernel.peers.connect(0, new PortBoundary(data.main));
startVitals(realWorld, kernel.stats);

try {
  const module = (await import(data.boot)) as BootModule;
  await module.load?.(kernel, data.bootData);
  kernel.hosts.open();
  tell({ type: "loaded" });
  await boots;
  booted = await module.boot(kernel, data.bootData, data.slot, (why) => {
    tell({ type: "gaveUp", why });
    process.exit(1); // of a worker thread: ends the thread alone
  });
  tell({ type: "ready" });
} catch (thrown) {
  tell({ type: "failed", error: crashReason(thrown).error });
}
