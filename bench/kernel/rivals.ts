/**
 * The programs that are measured: each run of an item is a process of its own, so that no rival's heap, compiled code or
 * garbage is another's. One core, the same for all, unless the item has two threads.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuSeconds, machineCpuSeconds } from "../support/cpu.ts";
import { pinned } from "../support/pinning.ts";
import { measureEcho } from "./echo-client.ts";
import type { Item, RivalName } from "./figure.ts";
import type { Figures } from "./program.ts";

export interface Rival {
  readonly name: RivalName;
  /** Such as "Erlang/OTP 25, one scheduler"; for the report. */
  readonly version: string;
  /** The command for an item. */
  command(item: Item, size: number, repeats: number): readonly string[];
  close(): void;
}

/** One run's figures, and what else went on on the machine. */
export interface Run {
  readonly figures: Figures;
  /** Percent of one core that everything else used; undefined where the system does not tell. */
  readonly othersCpuPercent: number | undefined;
}

const timeoutMs = 120_000;

/** A program of ours, run by Node. @param suite the folder of bench/ that it is in */
export function nodeRival(name: "lintel" | "nact" | "xstate", version: string, suite = "kernel"): Rival {
  const main = fileURLToPath(new URL(`../${suite}/${name}/main.js`, import.meta.url));
  return {
    name,
    version,
    command: (item, size, repeats) => {
      const own = name === "lintel" ? size : Math.ceil(size / slower(item));
      return [process.execPath, "--expose-gc", main, item.name, String(own), String(repeats)];
    },
    close: () => {},
  };
}

/** The libraries do a tenth of what we do, but where the size is that of the thing measured. */
function slower({ name }: Item): number {
  return name === "memory" || name === "spawn" ? 1 : 10;
}

/**
 * The BEAM, if `erl` and `erlc` are on the PATH: its program is compiled, not interpreted.
 *
 * @param suite the folder of bench/ that it is in; all modules of its beam/ are compiled, and kernel/beam/program.erl
 * @param module that has `measure`
 * @returns undefined if not
 */
export function beamRival(suite = "kernel", module = "bench"): Rival | undefined {
  const release = spawnSync(
    "erl",
    [
      "-noinput",
      "-eval",
      'io:format("~s ~s", [erlang:system_info(otp_release), erlang:system_info(emu_flavor)]), halt().',
    ],
    { encoding: "utf8" },
  );
  if (release.status !== 0) return undefined;
  const [otp, flavor] = release.stdout.split(" ");
  const directory = mkdtempSync(join(tmpdir(), "lintel-bench-"));
  const beam = (of: string): string => fileURLToPath(new URL(`../../../bench/${of}/beam/`, import.meta.url));
  const modules = readdirSync(beam(suite)).map((file) => join(beam(suite), file));
  const sources = new Set([join(beam("kernel"), "program.erl"), ...modules]);
  const compiled = spawnSync("erlc", ["-o", directory, ...sources], { encoding: "utf8" });
  if (compiled.status !== 0) {
    rmSync(directory, { recursive: true });
    if (compiled.error !== undefined) return undefined; // erl without erlc
    throw new Error(`erlc did not compile ${beam(suite)}:\n${compiled.stdout}${compiled.stderr}`);
  }
  return {
    name: "beam",
    version: `Erlang/OTP ${otp} (${flavor})`,
    command: (item, size, repeats) => {
      const schedulers = item.name.startsWith("thread") ? "2:2" : "1:1";
      const flags = ["+S", schedulers, "+P", "2000000", "-noinput", "-pa", directory];
      return ["erl", ...flags, "-s", "program", "main", module, "-extra", item.name, String(size), String(repeats)];
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}

/** @throws {Error} when the program fails, or says nothing for two minutes, with what it wrote to stderr */
export async function run(rival: Rival, item: Item, size: number, repeats: number, pin: boolean): Promise<Run> {
  const isServer = item.client === "echo";
  const core = pin && item.cores === undefined ? 0 : undefined;
  const begun = { atMs: performance.now(), machine: machineCpuSeconds(), own: process.cpuUsage() };
  const child = start(pinned(rival.command(item, size, repeats), core));
  const { figures, cpuSeconds: used } = isServer ? await serve(child) : await finish(child);
  const machine = machineCpuSeconds();
  if (machine === undefined || begun.machine === undefined || used === undefined) {
    return { figures, othersCpuPercent: undefined };
  }
  const { user, system } = process.cpuUsage(begun.own);
  const others = machine - begun.machine - used - (user + system) / 1e6;
  return { figures, othersCpuPercent: Math.max(0, (others / (performance.now() - begun.atMs)) * 1e5) };
}

interface Output {
  readonly figures: Figures;
  readonly cpuSeconds: number | undefined;
}

async function finish(child: Started): Promise<Output> {
  const code = await child.ended;
  const { "cpu-seconds": used, ...figures } = parse(child.output());
  if (code !== 0 || Object.keys(figures).length === 0) throw child.failure();
  return { figures, cpuSeconds: used };
}

/** The program listens, and the client is in this process: on the other core, where there is one. */
async function serve(child: Started): Promise<Output> {
  try {
    const port = await child.port;
    const figures = await measureEcho(port, 1_000, 3_000);
    return { figures, cpuSeconds: cpuSeconds(child.process.pid!) };
  } finally {
    child.process.kill("SIGKILL");
    await child.ended;
  }
}

interface Started {
  readonly process: ChildProcess;
  /** Its exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
  /** Rejected when it ends before it listens. */
  readonly port: Promise<number>;
  output(): string;
  failure(): Error;
}

function start(words: readonly string[]): Started {
  const env = { ...process.env, ERL_CRASH_DUMP_SECONDS: "0" };
  const child = spawn(words[0]!, words.slice(1), { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  const failure = (): Error =>
    new Error(`${words.join(" ")} failed.\nIts output:\n${output}\nIts last words:\n${errors || "none"}`);
  child.stderr.on("data", (text) => {
    errors = (errors + text).slice(-4_000);
  });
  const timeout = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const ended = once(child, "close").then(([code]) => {
    clearTimeout(timeout);
    return (code as number | null) ?? undefined;
  });
  const port = new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (text) => {
      output += text;
      const found = /^listening (\d+)$/m.exec(output)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    ended.then(() => reject(failure()), reject);
  });
  port.catch(() => {}); // only a server's is waited for
  return { process: child, ended, port, output: () => output, failure };
}

/** Lines of `id value`. */
function parse(output: string): Record<string, number> {
  return Object.fromEntries(
    [...output.matchAll(/^([a-z0-9-]+) ([0-9.e+-]+)$/gm)].map(([, id, value]) => [id, Number(value)]),
  );
}
