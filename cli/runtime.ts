/**
 * A runtime process: the server, its scheduler threads, the app. Its parent starts it, and tells it when to stop.
 *
 *   serve ─▷ "ready" to the parent ─▷ ...
 *   SIGTERM, or the parent has gone ─▷ close, in order ─▷ exit 0
 *   the app does not start, or gives up for good ─▷ "failed", with the reason ─▷ exit 1
 *   SIGUSR2 ─▷ the counters of each thread, as a line of JSON on standard error
 */
import cluster from "node:cluster";
import { type Server, serve } from "../liveview/index.ts";
import { parseStart, type StartOptions } from "./options.ts";
import type { FromRuntime } from "./parent.ts";

const options = parseStart(process.argv.slice(2), process.env);
let server: Promise<Server> | undefined;
let stopping = false;

/** A second signal changes nothing: it is the parent who has the last word. */
function stop(): void {
  if (stopping) return;
  stopping = true;
  void (async () => {
    await (await server)?.close();
    process.exit(0);
  })();
}

process.on("SIGTERM", stop);
process.on("SIGINT", () => undefined); // a terminal's, to all processes: the parent got it, too
process.once("disconnect", stop);
if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true; // else Node ends us at once, then

server = serve(options.app, serveOptions(options));
try {
  const { url, kernel } = await server;
  process.on("SIGUSR2", () => {
    const threads = kernel.statsTable.read();
    process.stderr.write(`${JSON.stringify({ level: "info", kind: "stats", pid: process.pid, threads })}\n`);
  });
  tell({ type: "ready", url });
} catch (error) {
  fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function serveOptions({ app: _app, processes, schedulers, staticDirectory, allowOrigins, ...others }: StartOptions) {
  return {
    ...others,
    sharePort: processes > 1,
    onGiveUp: fail,
    ...(schedulers === undefined ? {} : { schedulers }),
    ...(staticDirectory === undefined ? {} : { staticDirectory }),
    ...(allowOrigins === undefined ? {} : { allowOrigins }),
  };
}

/** Ends the process once the parent has the reason, or cannot be told. */
function fail(why: string): void {
  tell({ type: "failed", why }, () => process.exit(1));
}

function tell(message: FromRuntime, then: () => void = () => undefined): void {
  if (process.send === undefined || !process.connected) then();
  else process.send(message, undefined, undefined, then);
}
