/**
 * The two processes of a run: the server under test, and the load generator, each on a core of its own where that can be
 * had (support/pinning.ts). So neither takes time from the other, and the server's figures are for one core.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { pinned } from "../support/pinning.ts";
import type { LoadConfig, LoadResult } from "./load/load.ts";

const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** SIGTERM; SIGKILL when it is not gone after 10 s. */
  stop(): Promise<void>;
}

/**
 * Starts a server and waits until it prints `listening <port>`. It gets a free port in `PORT`.
 *
 * @param command for the shell; undefined for our own server
 * @throws {Error} when it ends or says nothing within 30 s, with what it wrote to stderr
 */
export async function startServer(command: string | undefined, pin: boolean): Promise<ServerProcess> {
  const own = fileURLToPath(new URL("./server.js", import.meta.url));
  const words = command === undefined ? [process.execPath, own] : ["sh", "-c", `exec ${command}`];
  const env = { ...process.env, NODE_ENV: "production", PORT: String(await freePort()) };
  const child = start(words, pin ? 0 : undefined, env);

  let errors = "";
  child.stderr!.on("data", (text) => {
    errors = (errors + text).slice(-4_000);
  });
  const port = await new Promise<number>((resolve, reject) => {
    const give = (why: string) => reject(new Error(`The server ${why}.\nIts last words:\n${errors || "none"}`));
    const timeout = setTimeout(() => {
      child.kill("SIGKILL");
      give(`did not print "listening <port>" within ${startTimeoutMs / 1000} s`);
    }, startTimeoutMs);
    let output = "";
    child.stdout!.on("data", (text) => {
      output = (output + text).slice(-4_000);
      const found = /^listening (\d+)\s*$/m.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timeout);
      resolve(Number(found));
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timeout);
      give(`ended with ${signal ?? `code ${code}`} before it listened`);
    });
    child.once("error", (error) => give(`could not be started: ${error.message}`));
  });

  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const timeout = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await gone;
    clearTimeout(timeout);
  };
  return { port, pid: child.pid!, stop };
}

/** Runs the load generator over one load, and gives back its result. A load that failed is a result too. */
export async function generate(config: LoadConfig, pin: boolean): Promise<LoadResult> {
  const program = fileURLToPath(new URL("./load/main.js", import.meta.url));
  const child = start([process.execPath, program, JSON.stringify(config)], pin ? 1 : undefined, process.env);
  let output = "";
  let errors = "";
  child.stdout!.on("data", (text) => {
    output += text;
  });
  child.stderr!.on("data", (text) => {
    errors = (errors + text).slice(-4_000);
  });
  const timeout = setTimeout(() => child.kill("SIGKILL"), config.warmupMs + config.durationMs + 120_000);
  await once(child, "close");
  clearTimeout(timeout);
  const line = output.trim().split("\n").at(-1);
  if (!line?.startsWith("{")) throw new Error(`The load generator gave no result.\nIts last words:\n${errors}`);
  return JSON.parse(line) as LoadResult;
}

function start(words: readonly string[], core: number | undefined, env: NodeJS.ProcessEnv): ChildProcess {
  const [program, ...rest] = pinned(words, core);
  return spawn(program!, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
