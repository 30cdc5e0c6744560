/** What a load is, what comes of it, and what all loads share: many connections, their failures and heartbeats. */
import { PageConnection } from "./connection.ts";
import type { LatencySummary } from "./latency.ts";
import { type PageEvent, type PageEventName, pageEvents } from "./pages.ts";
import type { Target } from "./raw-socket.ts";
import type { WindowResult } from "./recorder.ts";

interface LoadBase extends Target {
  readonly page: PageEventName;
  /** Connections held, or for "mount" visitors at a time. */
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** For CPU figures. */
  readonly serverPid?: number;
}

/**
 * - `open`: `rate` events per second, evenly spaced, whatever the answers do; latency counts from the scheduled moment.
 * - `closed`: `outstanding` events on their way at any time, over all connections; each answer sends the next.
 * - `mount`: GET, upgrade, join and close, again and again, without pause.
 * - `fanout`: one connection speaks, all of them hear it: `rate` messages per second, or, without a rate, the next when
 *   the last connection has heard the one before.
 */
export type LoadConfig =
  | (LoadBase & { readonly mode: "open"; readonly rate: number })
  | (LoadBase & { readonly mode: "closed"; readonly outstanding: number })
  | (LoadBase & { readonly mode: "mount" })
  | (LoadBase & { readonly mode: "fanout"; readonly rate?: number });

/**
 * For "mount" an event is one visit, and its latency lasts from the GET to the answered join. For "fanout" it is one
 * delivery, and latency lasts until a message has reached the last connection.
 */
export interface LoadResult extends WindowResult {
  readonly config: LoadConfig;
  /** Why there is no result to trust; empty when all is well. */
  readonly failures: readonly string[];
  /** Events that were never answered. */
  readonly lost: number;
  /** Open loop: how late the generator itself was in sending, in milliseconds. */
  readonly sentLateMs?: LatencySummary;
  /** Mounts: milliseconds of each step. */
  readonly stepsMs?: { readonly get: LatencySummary; readonly upgrade: LatencySummary; readonly join: LatencySummary };
  /** Fan-out: milliseconds until a message reached the first, the middle and the last connection. */
  readonly reachedMs?: {
    readonly first: LatencySummary;
    readonly middle: LatencySummary;
    readonly last: LatencySummary;
  };
  /** How long opening all connections took, per second. */
  readonly opensPerSecond?: number;
}

const openAtATime = 64;
const maxFailuresKept = 20;
const verifiedEvents = 5;
const verifyMs = 5_000;

/** Connections that were opened for a load, and what went wrong with them. */
export class Fleet {
  readonly connections: PageConnection[] = [];
  readonly failures: string[] = [];
  readonly page: PageEvent;
  opensPerSecond = 0;
  /** Set by the load that uses the fleet. */
  onReply: (connection: PageConnection, dueMs: number, nowMs: number, bytes: number) => void = () => {};
  onFailure: () => void = () => {};
  onPush: (bytes: Buffer, start: number, end: number) => void = () => {};
  #heartbeats: ReturnType<typeof setInterval> | undefined;

  constructor(page: PageEventName) {
    this.page = pageEvents[page];
  }

  fail(problem: string): void {
    if (this.failures.length < maxFailuresKept) this.failures.push(problem);
    this.onFailure();
  }

  /** Opens connections, 64 at a time, and keeps them alive from then on. */
  async open(target: Target, count: number): Promise<void> {
    const startMs = performance.now();
    let left = count;
    const opener = async () => {
      while (left-- > 0 && this.failures.length === 0) {
        try {
          const { connection } = await PageConnection.open(target, this.page, this.#listener);
          this.connections.push(connection);
        } catch (error) {
          this.fail((error as Error).message);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(openAtATime, count) }, opener));
    this.opensPerSecond = count / ((performance.now() - startMs) / 1000);
    this.#keepAlive();
  }

  /** Resolves when every event has its answer, or after 10 s. */
  async settle(): Promise<number> {
    for (let waited = 0; waited < 10_000 && this.#unanswered() > 0; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.#unanswered();
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeats);
    await Promise.all(this.connections.map((connection) => connection.close()));
  }

  #unanswered(): number {
    return this.connections.reduce((sum, connection) => sum + connection.outstanding, 0);
  }

  /** A thirtieth of the connections each second, so that each has its turn every 30 s, as in a browser. */
  #keepAlive(): void {
    let second = 0;
    this.#heartbeats = setInterval(() => {
      for (let i = second++ % 30; i < this.connections.length; i += 30) this.connections[i]!.heartbeat();
    }, 1000);
  }

  readonly #listener = {
    replied: (connection: PageConnection, dueMs: number, nowMs: number, bytes: number) =>
      this.onReply(connection, dueMs, nowMs, bytes),
    pushed: (_: PageConnection, bytes: Buffer, start: number, end: number) => this.onPush(bytes, start, end),
    failed: (_: PageConnection | undefined, problem: string) => this.fail(problem),
  };
}

/** Plays some events through on one connection, each checked in full, before anything is timed. */
export async function verify(config: LoadConfig): Promise<readonly string[]> {
  const fleet = new Fleet(config.page);
  await fleet.open(config, 1);
  const connection = fleet.connections[0];
  if (connection !== undefined) {
    let replies = 0;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(
        () => fleet.fail(`${fleet.page.path}: an event was not answered within ${verifyMs / 1000} s`),
        verifyMs,
      );
      const done = () => {
        clearTimeout(timeout);
        resolve();
      };
      fleet.onFailure = done;
      fleet.onReply = () => {
        replies += 1;
        if (replies < verifiedEvents) connection.send(performance.now());
        else done();
      };
      connection.heartbeat();
      connection.send(performance.now());
    });
  }
  await fleet.close();
  return fleet.failures;
}
