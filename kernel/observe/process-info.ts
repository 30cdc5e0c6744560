/**
 * processInfo: what there is to know of a process, at this moment. Erlang's `process_info/1`, with the keys that mean
 * something in Node; there is no heap of its own to measure.
 */
import { OptionError, shown } from "../errors.ts";
import { countOwned } from "../message-timers.ts";
import type { Pid, Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import { awaiting, exited, idle, type Priority, queued, receiving, running, type Status } from "../process-status.ts";
import type { Account, Observer } from "./observer.ts";

export interface ProcessInfo {
  readonly pid: Pid;
  readonly label: string;
  /** What it was spawned with: its behaviour's label, or its function's name. */
  readonly initialCall: string;
  readonly parent: Pid | undefined;
  /** `waiting`: for a message. `awaiting`: inside an async handler, for something else. */
  readonly status: "waiting" | "runnable" | "running" | "awaiting" | "suspended" | "exiting";
  readonly registeredName: string | undefined;
  readonly topics: readonly string[];
  readonly links: readonly Pid[];
  /** Monitors that it set. */
  readonly monitors: readonly Ref[];
  /** Who monitors it. */
  readonly monitoredBy: readonly Pid[];
  readonly trapExit: boolean;
  readonly priority: Priority;
  readonly messageQueueLength: number;
  /** The most that waited at one time. */
  readonly messageQueueHighWater: number;
  /** Messages dropped at its full mailbox. */
  readonly dropped: number;
  /** Messages whose place a newer one with the same key took. */
  readonly coalesced: number;
  /** Aliases of it that are active. */
  readonly aliases: number;
  /** Timers to itself that are set. */
  readonly timers: number;
  /** Calls of it that wait for a reply. */
  readonly callsPending: number;
  readonly resources: number;
  readonly dictionary: ReadonlyMap<unknown, unknown>;
  /** With `kernel.accounting` on. */
  readonly account: Readonly<Account> | undefined;
}

/** @internal Behind `kernel.processInfo`. */
export function processInfo(process: Process, account: Account | undefined): ProcessInfo {
  const { rare, mailbox } = process;
  return {
    pid: process.pid,
    label: process.label,
    initialCall: process.behaviour.label,
    parent: process.parent,
    status: statusOf(process),
    registeredName: rare?.name,
    topics: [...(rare?.topics ?? [])],
    links: [...(process.links ?? [])],
    monitors: [...(process.monitors?.keys() ?? [])],
    monitoredBy: [...(process.monitoredBy?.values() ?? [])],
    trapExit: process.trapExit,
    priority: process.priority,
    messageQueueLength: mailbox?.length ?? 0,
    messageQueueHighWater: mailbox?.highWater ?? 0,
    dropped: rare?.dropped ?? 0,
    coalesced: rare?.coalesced ?? 0,
    aliases: rare?.aliases?.size ?? 0,
    timers: countOwned(process),
    callsPending: rare?.calls?.size ?? 0,
    resources: rare?.resources?.size ?? 0,
    dictionary: new Map(rare?.dictionary),
    account: account === undefined ? undefined : { ...account },
  };
}

function statusOf({ rare, terminating, status }: Process): ProcessInfo["status"] {
  if (terminating) return "exiting";
  if ((rare?.suspended ?? 0) > 0) return "suspended";
  return status === awaiting && rare?.receiving !== undefined ? "waiting" : statusNames[status];
}

const statusNames: Readonly<Record<Status, ProcessInfo["status"]>> = {
  [idle]: "waiting",
  [queued]: "runnable",
  [running]: "running",
  [awaiting]: "awaiting",
  [receiving]: "runnable",
  [exited]: "exiting",
};

/** By what `kernel.top` sorts, the largest first. */
export type TopBy = keyof typeof figures;

const figures = {
  messageQueueLength: ({ mailbox }: Process) => mailbox?.length ?? 0,
  messageQueueHighWater: ({ mailbox }: Process) => mailbox?.highWater ?? 0,
  turns: (_: Process, account?: Account) => account?.turns ?? 0,
  cpuMs: (_: Process, account?: Account) => account?.cpuMs ?? 0,
  longestTurnMs: (_: Process, account?: Account) => account?.longestTurnMs ?? 0,
  messagesIn: (_: Process, account?: Account) => account?.messagesIn ?? 0,
  messagesOut: (_: Process, account?: Account) => account?.messagesOut ?? 0,
} as const;

/** Those that have the most of something. @throws {OptionError} when there is no such figure */
export function topProcesses(
  processes: readonly Process[],
  observer: Pick<Observer, "account"> | undefined,
  by: TopBy,
  limit: number,
): ProcessInfo[] {
  return processes
    .map((process) => ({ process, key: topKey(process, observer?.account(process), by) }))
    .sort((one, other) => other.key - one.key)
    .slice(0, limit)
    .map(({ process }) => processInfo(process, observer?.account(process)));
}

/** @internal @throws {OptionError} when there is no such figure */
function topKey(process: Process, account: Account | undefined, by: TopBy): number {
  if (Object.hasOwn(figures, by)) return figures[by](process, account);
  throw new OptionError(`top: expected one of ${shown(Object.keys(figures))}, got ${shown(by)}.`);
}
