/**
 * Recorder: what happened in the measured part of a run.
 *
 *   ├─ warm-up ─┼──────── measured ────────┼─ last answers ─┤
 *               from                       until
 *
 * An event belongs to the window in which it was due, however late its answer; throughput counts the answers that came
 * in the window. CPU times are taken at both ends of it.
 */
import { cpuSeconds, machineCpuSeconds } from "../../support/cpu.ts";
import { Latency, type LatencySummary } from "./latency.ts";

export interface WindowResult {
  /** Answers that came in the window. */
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly latencyMs: LatencySummary;
  /** Mean length of a reply's text. */
  readonly bytesPerReply: number;
  /** Percent of one core; absent when the server's process is not known. */
  readonly serverCpuPercent?: number;
  readonly cpuSecondsPer1000Events?: number;
  /** Throughput that one core would give: comparable between servers that use more or less of it. */
  readonly eventsPerCpuSecond?: number;
  /** Percent of one core. An open loop polls without pause, and so shows nearly 100. */
  readonly generatorCpuPercent: number;
  /** What everything else on the machine used, in percent of one core. Above a few percent, measure again. */
  readonly othersCpuPercent?: number;
}

interface Reading {
  readonly atMs: number;
  readonly server: number | undefined;
  readonly generator: number;
  readonly machine: number | undefined;
}

export class Recorder {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly #serverPid: number | undefined;
  readonly #latency = new Latency();
  #events = 0;
  #bytes = 0;
  #begin: Reading | undefined;
  #end: Reading | undefined;

  constructor(startMs: number, warmupMs: number, durationMs: number, serverPid: number | undefined) {
    this.fromMs = startMs + warmupMs;
    this.untilMs = this.fromMs + durationMs;
    this.#serverPid = serverPid;
  }

  /** An answer, to what was due at `dueMs`. */
  record(dueMs: number, nowMs: number, bytes: number): void {
    this.latency(dueMs, nowMs);
    this.count(nowMs, bytes);
  }

  latency(dueMs: number, nowMs: number): void {
    if (this.isMeasured(dueMs)) this.#latency.record(nowMs - dueMs);
  }

  count(nowMs: number, bytes: number): void {
    if (!this.isMeasured(nowMs)) return;
    this.#events += 1;
    this.#bytes += bytes;
  }

  isMeasured(atMs: number): boolean {
    return atMs >= this.fromMs && atMs < this.untilMs;
  }

  /** To be called often enough: it reads the CPU clocks when the window begins and when it ends. */
  tick(nowMs: number): void {
    if (this.#begin === undefined && nowMs >= this.fromMs) this.#begin = this.#read(nowMs);
    if (this.#end === undefined && nowMs >= this.untilMs) this.#end = this.#read(nowMs);
  }

  result(): WindowResult {
    if (this.#begin === undefined || this.#end === undefined) throw new Error("Recorder: the window is not over.");
    const windowSeconds = (this.untilMs - this.fromMs) / 1000;
    const readSeconds = (this.#end.atMs - this.#begin.atMs) / 1000;
    const share = (begin: number | undefined, end: number | undefined) =>
      begin === undefined || end === undefined ? undefined : (end - begin) / readSeconds;
    const generator = share(this.#begin.generator, this.#end.generator)!;
    const server = share(this.#begin.server, this.#end.server);
    const machine = share(this.#begin.machine, this.#end.machine);
    const rate = this.#events / windowSeconds;
    return {
      events: this.#events,
      eventsPerSecond: rate,
      latencyMs: this.#latency.summary(),
      bytesPerReply: this.#events === 0 ? 0 : this.#bytes / this.#events,
      ...(server === undefined || server === 0 || rate === 0
        ? {}
        : {
            serverCpuPercent: server * 100,
            cpuSecondsPer1000Events: (server / rate) * 1000,
            eventsPerCpuSecond: rate / server,
          }),
      generatorCpuPercent: generator * 100,
      ...(machine === undefined || server === undefined
        ? {}
        : { othersCpuPercent: Math.max(0, machine - server - generator) * 100 }),
    };
  }

  #read(atMs: number): Reading {
    const { user, system } = process.cpuUsage();
    const server = this.#serverPid === undefined ? undefined : cpuSeconds(this.#serverPid);
    return { atMs, server, generator: (user + system) / 1e6, machine: machineCpuSeconds() };
  }
}
