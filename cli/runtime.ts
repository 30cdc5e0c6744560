/**
 * A runtime process: the server, its scheduler threads, the app. Its parent starts it, and tells it when to stop.
 *
 *   serve ─▷ "ready" to the parent ─▷ ...
 *   SIGTERM, or the parent has gone ─▷ close, in order ─▷ exit 0
 *   the app does not start, or gives up for good ─▷ "failed", with the reason ─▷ exit 1
 *   SIGUSR2 ─▷ the counters of each thread, as a line of JSON on standard error
 *   a file changes that is watched ─▷ fresh threads, with fresh code (lintel dev)
 *   SIGHUP ─▷ reads the file of variables anew, and tells the app of a changed config
 *   beats, for as long as the main thread gets its turns
 */
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { type Server, serve } from "../liveview/index.ts";
import { Heartbeat } from "./heartbeat.ts";
import { parseStart, type StartOptions } from "./options.ts";
import type { FromRuntime, ToRuntime } from "./parent.ts";
import { watchFiles } from "./watch.ts";

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

const beatMs = Heartbeat.everyMs(options.hangTimeoutMs);
if (beatMs > 0) {
  tell({ type: "beat" });
  setInterval(() => tell({ type: "beat" }), beatMs).unref();
}

try {
  server = serve(options.app, serveOptions(options));
  const { url, kernel, changeConfig, tree, reload } = await server;
  process.on("SIGUSR2", () => {
    const threads = kernel.statsTable.read();
    process.stderr.write(`${JSON.stringify({ level: "info", kind: "stats", pid: process.pid, threads })}\n`);
  });
  process.on("SIGHUP", () => {
    (async () => {
      const keys = await changeConfig(variables());
      log("config", "info", { event: "changed", keys });
    })().catch((error: unknown) => log("config", "error", { event: "refused", detail: String(error) }));
  });
  watchFiles(options.watch, async () => {
    if (stopping) return;
    try {
      await reload();
      log("reload", "info", { event: "reloaded" });
    } catch (error) {
      log("reload", "error", { event: "refused", detail: String(error) });
    }
  });
  process.on("message", ({ type, question }: ToRuntime) => {
    if (type !== "tree") return;
    tree().then(
      (text) => tell({ type: "answer", question, text }),
      (error: unknown) => tell({ type: "answer", question, text: `process ${process.pid}  ${String(error)}\n` }),
    );
  });
  tell({ type: "ready", url });
} catch (error) {
  fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** Those of the environment come first: whoever starts the program has the last word. @throws when the file cannot be read */
function variables(): Readonly<Record<string, string | undefined>> {
  const { envFile } = options;
  return envFile === undefined ? process.env : { ...parseEnv(readFileSync(envFile, "utf8")), ...process.env };
}

function log(kind: "config" | "reload", level: "info" | "error", told: object): void {
  process.stderr.write(`${JSON.stringify({ level, kind, pid: process.pid, ...told })}\n`);
}

function serveOptions({ processes, schedulers, staticDirectory, allowOrigins, ...given }: StartOptions) {
  const { host, port, transport, secret, secureCookie, stopTimeoutMs } = given;
  return {
    host,
    port,
    transport,
    secret,
    secureCookie,
    stopTimeoutMs,
    variables: variables(),
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
