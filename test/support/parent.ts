/** Runs `lintel start` in a process of its own, as an operator does, and stops it again. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { isAbsolute } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "./server.ts";

export interface RunningParent extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Lines of standard error: its own, and the reports of its runtime processes. */
  readonly lines: readonly string[];
  /** The first line of standard output. */
  readonly greeting: string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

export interface ParentRun {
  /** A file of build/test/fixtures/apps, without its ending; or a module's path. Default "lifecycle". */
  readonly app?: string;
  /** Default "start". */
  readonly verb?: "start" | "dev";
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
}

/** @throws when it ends before it is ready, with what it wrote */
export async function startParent(run: ParentRun = {}): Promise<RunningParent> {
  const { child, port, lines, ended } = await spawnParent(run);
  const line = once(createInterface({ input: child.stdout! }), "line").then(([text]) => String(text));
  const greeting = await Promise.race([
    line,
    ended.then((how) => {
      throw new Error(`lintel start ended with ${how} before it was ready:\n${lines.join("\n")}`);
    }),
  ]);
  return {
    port,
    pid: child.pid!,
    lines,
    greeting,
    ended,
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      // Its runtime processes end once it has gone.
      child.kill("SIGTERM");
      const giveUp = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(giveUp);
    },
  };
}

/** One that is to end by itself. @returns its exit code, and what it wrote to standard error */
export async function runParent(run: ParentRun): Promise<{ how: number | string; lines: readonly string[] }> {
  const { lines, ended } = await spawnParent(run);
  return { how: await ended, lines };
}

/** Runs the command to its end. @param words what follows `lintel`; an object: environment variables */
export function lintel(
  ...words: readonly (string | Readonly<Record<string, string>>)[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const args = words.filter((word) => typeof word === "string");
  const env = Object.assign({}, process.env, ...words.filter((word) => typeof word === "object")) as NodeJS.ProcessEnv;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, ...args], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

async function spawnParent({ app = "lifecycle", verb = "start", args = [], env = {}, port }: ParentRun): Promise<{
  child: ChildProcess;
  port: number;
  lines: readonly string[];
  ended: Promise<number | string>;
}> {
  const chosen = port ?? (await freePort());
  const module = isAbsolute(app)
    ? app
    : fileURLToPath(new URL(`../../build/test/fixtures/apps/${app}.js`, import.meta.url));
  const child = spawn(
    process.execPath,
    [command, verb, module, "--port", String(chosen), "--schedulers", "1", ...args],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LINTEL_SECRET: "a secret for tests, of thirty-two bytes or more", ...env },
    },
  );
  const lines: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => {
    if (lines.length < 10_000) lines.push(line);
  });
  // "close": what was written has been read by then.
  const ended = once(child, "close").then(([code, signal]) => (code as number | null) ?? String(signal));
  return { child, port: chosen, lines, ended };
}
