/**
 * Observer: what a kernel tells about its work to those who ask, while they ask.
 *
 *   kernel.accounting = true ─┐                         turns, CPU time, messages in and out, per process
 *   kernel.trace(...)         ├─▷ Observer ◁─ the kernel
 *   kernel.systemMonitor(...) ┘                         slow turns, long mailboxes
 *
 * Cost: while nobody asks there is no observer, and each hook in the kernel is one comparison with undefined. While
 * somebody does: two clock readings a turn. A listener that throws is taken off, with a report. What a listener does
 * itself (it may send what it hears to a process) is not told to any trace: it would never end.
 */
import type { Alias } from "../alias.ts";
import { OptionError, shown } from "../errors.ts";
import { crashReason, type ExitReason } from "../exit-reason.ts";
import { runAs } from "../guard/rejections.ts";
import type { Kernel } from "../kernel.ts";
import { checkKeys } from "../options.ts";
import type { Address, Pid } from "../pid.ts";
import type { Process } from "../process.ts";

/** What one process has used since accounting began (or since it was spawned). */
export interface Account {
  /** Times that it ran; each handles as many messages as wait, within its budget. */
  turns: number;
  /** Milliseconds in its handlers; of an async one the parts between its awaits are not counted. */
  cpuMs: number;
  longestTurnMs: number;
  /** Put into its mailbox. */
  messagesIn: number;
  /** `send`, `call` and `cast`; replies and broadcasts are not counted. */
  messagesOut: number;
}

/** Something that happened to a process, and when. */
export type TraceEvent = Happening & {
  /** Milliseconds of `world.monotonicMs()`. */
  readonly atMs: number;
};

/** @internal A call that it sends is `{ call, request }`, a cast `{ cast, payload }`. */
export type Happening =
  | { readonly type: "send"; readonly pid: Pid; readonly to: Address | Alias; readonly message: unknown }
  | { readonly type: "receive"; readonly pid: Pid; readonly message: unknown }
  | { readonly type: "spawn"; readonly pid: Pid; readonly parent: Pid | undefined; readonly label: string }
  | { readonly type: "exit"; readonly pid: Pid; readonly reason: ExitReason }
  | { readonly type: "link" | "unlink"; readonly pid: Pid; readonly other: Pid }
  | { readonly type: "register" | "unregister"; readonly pid: Pid; readonly name: string }
  | { readonly type: "turn"; readonly pid: Pid; readonly ms: number };

export type TraceType = TraceEvent["type"];

export interface TraceOptions {
  /** Whose; default: everybody's on this thread, those to come included. */
  readonly pids?: readonly Pid[];
  /** What; default: all but "turn". */
  readonly events?: readonly TraceType[];
  /** Says whether an event is told, and counts; default: all are. Quick and pure: it runs where the event happens. */
  readonly match?: (event: TraceEvent) => boolean;
  /** Events after which the trace ends by itself; default 1,000, at most 1,000,000. */
  readonly limit?: number;
  /** Milliseconds after which it ends by itself; default 10,000, at most an hour. */
  readonly ms?: number;
}

/** @internal @param running traces that run */
export function checkTraceOptions(options: TraceOptions, running: number): void {
  checkKeys("trace", options, ["pids", "events", "match", "limit", "ms"]);
  const { events, match, limit, ms } = options;
  if (match !== undefined && typeof match !== "function") refuse("trace", "match to be a function", match);
  const known: readonly string[] = [...quietEvents, "turn"];
  for (const event of events ?? []) {
    if (!known.includes(event)) refuse("trace", `events of ${shown(known)}`, event);
  }
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= maxTraceEvents)) {
    refuse("trace", `limit to be a whole number from 1 to ${maxTraceEvents}`, limit);
  }
  if (ms !== undefined && !(typeof ms === "number" && ms > 0 && ms <= maxTraceMs)) {
    refuse("trace", `ms to be milliseconds up to ${maxTraceMs}`, ms);
  }
  if (running >= maxTraces) refuse("trace", `fewer than ${maxTraces} traces at one time`, running);
}

/** @internal */
export function checkSystemMonitorOptions(options: SystemMonitorOptions): void {
  checkKeys("systemMonitor", options, ["longTurnMs", "longMailbox", "longPoolQueue"]);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (typeof value === "number" && value > 0)) continue;
    refuse("systemMonitor", `${name} to be a number above 0`, value);
  }
}

function refuse(what: string, expected: string, got: unknown): never {
  throw new OptionError(`${what}: expected ${expected}, got ${shown(got)}.`);
}

/** A trace that runs. It ends by `stop`, by its limit, or by its time, whichever comes first. */
export interface Trace extends Disposable {
  readonly isRunning: boolean;
  stop(): void;
}

export interface SystemMonitorOptions {
  /** Turns of this many milliseconds and more; default: none. */
  readonly longTurnMs?: number;
  /** Mailboxes of this many messages and more, told once until it has been drained to half; default: none. */
  readonly longMailbox?: number;
  /** Task pools in which this many jobs and more wait for a worker, told once until half of them are done; default: none. */
  readonly longPoolQueue?: number;
}

export type SystemEvent =
  | { readonly type: "longTurn"; readonly pid: Pid; readonly label: string; readonly ms: number }
  | {
      readonly type: "longMailbox" | "longPoolQueue";
      readonly pid: Pid;
      readonly label: string;
      readonly length: number;
    };

interface Tracing {
  readonly pids: ReadonlySet<Pid> | undefined;
  readonly events: ReadonlySet<TraceType>;
  readonly match: ((event: TraceEvent) => boolean) | undefined;
  readonly listener: (event: TraceEvent) => void;
  readonly stop: () => void;
  left: number;
}

interface Monitoring {
  readonly longTurnMs: number;
  readonly longMailbox: number;
  readonly longPoolQueue: number;
  readonly listener: (event: SystemEvent) => void;
  readonly stop: () => void;
  /** Of whose long mailboxes it knows. */
  readonly told: WeakSet<Process>;
  /** Of whose long queues it knows. */
  readonly toldQueues: WeakSet<Process>;
}

const quietEvents: readonly TraceType[] = [
  "send",
  "receive",
  "spawn",
  "exit",
  "link",
  "unlink",
  "register",
  "unregister",
];

export class Observer {
  readonly #kernel: Kernel;
  #accounts = new WeakMap<Process, Account>();
  readonly #traces = new Set<Tracing>();
  readonly #monitors = new Set<Monitoring>();
  #accounting = false;
  /** NaN: no turn has begun that this observer knows of. */
  #beganMs = Number.NaN;
  #telling = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Does anybody still ask? */
  get isNeeded(): boolean {
    return this.#accounting || this.#traces.size > 0 || this.#monitors.size > 0;
  }

  get accounting(): boolean {
    return this.#accounting;
  }

  set accounting(on: boolean) {
    if (!on) this.#accounts = new WeakMap();
    this.#accounting = on;
  }

  get traceCount(): number {
    return this.#traces.size;
  }

  account(process: Process): Account | undefined {
    return this.#accounts.get(process);
  }

  trace(options: TraceOptions, listener: (event: TraceEvent) => void, ended: () => void): Trace {
    const stop = (): void => {
      if (!this.#traces.delete(tracing)) return;
      this.#kernel.timers.discard(timer);
      ended();
    };
    const tracing: Tracing = {
      pids: options.pids === undefined ? undefined : new Set(options.pids),
      events: new Set(options.events ?? quietEvents),
      match: options.match,
      listener,
      stop,
      left: options.limit ?? 1000,
    };
    const timer = this.#kernel.timers.set(options.ms ?? 10_000, stop);
    this.#traces.add(tracing);
    const traces = this.#traces;
    return {
      get isRunning() {
        return traces.has(tracing);
      },
      stop,
      [Symbol.dispose]: stop,
    };
  }

  monitor(options: SystemMonitorOptions, listener: (event: SystemEvent) => void, ended: () => void): Disposable {
    const monitoring: Monitoring = {
      longTurnMs: options.longTurnMs ?? Number.POSITIVE_INFINITY,
      longMailbox: options.longMailbox ?? Number.POSITIVE_INFINITY,
      listener,
      stop: () => {
        if (this.#monitors.delete(monitoring)) ended();
      },
      longPoolQueue: options.longPoolQueue ?? Number.POSITIVE_INFINITY,
      told: new WeakSet(),
      toldQueues: new WeakSet(),
    };
    this.#monitors.add(monitoring);
    return { [Symbol.dispose]: monitoring.stop };
  }

  // ---- hooks of the kernel --------------------------------------------------------------------------------------------

  turnBegins(): void {
    this.#beganMs = this.#kernel.world.monotonicMs();
  }

  turnEnds(process: Process): void {
    const ms = this.#kernel.world.monotonicMs() - this.#beganMs;
    this.#beganMs = Number.NaN;
    if (Number.isNaN(ms)) return; // somebody began to ask in the middle of it
    if (this.#accounting) {
      const account = this.#open(process);
      account.turns += 1;
      account.cpuMs += ms;
      if (ms > account.longestTurnMs) account.longestTurnMs = ms;
    }
    this.tell({ type: "turn", pid: process.pid, ms });
    for (const monitoring of this.#monitors) {
      if (ms >= monitoring.longTurnMs) {
        this.#tellMonitor(monitoring, { type: "longTurn", pid: process.pid, label: process.label, ms });
      }
      if ((process.mailbox?.length ?? 0) < monitoring.longMailbox / 2) monitoring.told.delete(process);
    }
  }

  sent(process: Process, to: Address | Alias, message: unknown): void {
    if (this.#accounting) this.#open(process).messagesOut += 1;
    this.tell({ type: "send", pid: process.pid, to, message });
  }

  delivered(process: Process, message: unknown): void {
    if (this.#accounting) this.#open(process).messagesIn += 1;
    this.tell({ type: "receive", pid: process.pid, message });
    for (const monitoring of this.#monitors) {
      const length = process.mailbox?.length ?? 0;
      // A plain process takes messages without a turn of its own.
      if (length < monitoring.longMailbox / 2) monitoring.told.delete(process);
      if (length < monitoring.longMailbox || monitoring.told.has(process)) continue;
      monitoring.told.add(process);
      this.#tellMonitor(monitoring, { type: "longMailbox", pid: process.pid, label: process.label, length });
    }
  }

  /** So many jobs wait in a task pool, after one has come or gone. */
  poolQueued(pool: Process, length: number): void {
    for (const monitoring of this.#monitors) {
      if (length < monitoring.longPoolQueue / 2) monitoring.toldQueues.delete(pool);
      if (length < monitoring.longPoolQueue || monitoring.toldQueues.has(pool)) continue;
      monitoring.toldQueues.add(pool);
      this.#tellMonitor(monitoring, { type: "longPoolQueue", pid: pool.pid, label: pool.label, length });
    }
  }

  tell(happening: Happening): void {
    if (this.#telling) return;
    for (const tracing of this.#traces) {
      if (!tracing.events.has(happening.type) || tracing.pids?.has(happening.pid) === false) continue;
      const event: TraceEvent = { ...happening, atMs: this.#kernel.world.monotonicMs() };
      this.#telling = true;
      try {
        if (tracing.match !== undefined && !runAs(undefined, () => tracing.match!(event))) continue;
        tracing.left -= 1;
        runAs(undefined, () => tracing.listener(event));
      } catch (thrown) {
        this.#failed("a trace's listener", thrown);
        tracing.stop();
      } finally {
        this.#telling = false;
      }
      if (tracing.left <= 0) tracing.stop();
    }
  }

  #tellMonitor(monitoring: Monitoring, event: SystemEvent): void {
    try {
      runAs(undefined, () => monitoring.listener(event));
    } catch (thrown) {
      this.#failed("a system monitor's listener", thrown);
      monitoring.stop();
    }
  }

  #failed(where: string, thrown: unknown): void {
    this.#kernel.report({ kind: "error", where: `${where}, which was taken off`, reason: crashReason(thrown) });
  }

  #open(process: Process): Account {
    let account = this.#accounts.get(process);
    if (account === undefined) {
      account = { turns: 0, cpuMs: 0, longestTurnMs: 0, messagesIn: 0, messagesOut: 0 };
      this.#accounts.set(process, account);
    }
    return account;
  }
}

const maxTraces = 16;
const maxTraceEvents = 1_000_000;
const maxTraceMs = 3_600_000;
