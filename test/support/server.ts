/** Starts a server of this repository in a process of its own, as its users run it, and stops it again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Lines that it has written to standard error: one report each. */
  readonly reports: readonly string[];
  /** SIGTERM, and waits for its end. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  /** Path below build/. Default "examples/demo/server.js". */
  readonly script?: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const port = options.port ?? (await freePort());
  const script = fileURLToPath(new URL(`../../build/${options.script ?? "examples/demo/server.js"}`, import.meta.url));
  const child = spawn(process.execPath, [script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      LINTEL_SECRET: "a secret for tests, of thirty-two bytes or more",
      ...options.env,
      PORT: String(port),
    },
  });
  const reports: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => {
    if (reports.length < 10_000) reports.push(line);
  });
  await ready(child, reports);
  const ended = once(child, "exit");
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    reports,
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
}

/** The first line on standard output says that it listens. */
async function ready(child: ChildProcess, reports: readonly string[]): Promise<void> {
  const line = once(createInterface({ input: child.stdout! }), "line");
  const exit = once(child, "exit").then(([code]) => {
    throw new Error(`The server ended with code ${String(code)} before it listened:\n${reports.join("\n")}`);
  });
  await Promise.race([line, exit]);
  exit.catch(() => undefined);
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
