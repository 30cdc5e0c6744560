/**
 * processInfo: what there is to know of a process, at this moment. Erlang's `process_info/1`, with the keys that mean
 * something in Node; there is no heap of its own to measure.
 */
import type { Account } from "./observer.ts";
import type { Pid, Ref } from "./pid.ts";
import {
  awaiting,
  exited,
  idle,
  type Priority,
  type Process,
  queued,
  receiving,
  running,
  type Status,
} from "./process.ts";

export interface ProcessInfo {
  readonly pid: Pid;
  readonly label: string;
  readonly parent: Pid | undefined;
  /** `waiting`: for a message. `awaiting`: inside an async handler. */
  readonly status: "waiting" | "runnable" | "running" | "awaiting" | "suspended" | "exiting";
  readonly registeredNames: readonly string[];
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
    parent: process.parent,
    status: (rare?.suspended ?? 0) > 0 ? "suspended" : process.terminating ? "exiting" : statusNames[process.status],
    registeredNames: [...(rare?.names ?? [])],
    topics: [...(rare?.topics ?? [])],
    links: [...(process.links ?? [])],
    monitors: [...(process.monitors?.keys() ?? [])],
    monitoredBy: [...(process.monitoredBy?.values() ?? [])],
    trapExit: process.trapExit,
    priority: process.priority,
    messageQueueLength: mailbox?.length ?? 0,
    messageQueueHighWater: mailbox?.highWater ?? 0,
    dropped: rare?.dropped ?? 0,
    timers: rare?.timers?.size ?? 0,
    callsPending: rare?.calls?.size ?? 0,
    resources: rare?.resources?.size ?? 0,
    dictionary: new Map(rare?.dictionary),
    account: account === undefined ? undefined : { ...account },
  };
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
export type TopBy =
  | "messageQueueLength"
  | "messageQueueHighWater"
  | "turns"
  | "cpuMs"
  | "longestTurnMs"
  | "messagesIn"
  | "messagesOut";

/** @internal */
export function topKey(info: ProcessInfo, by: TopBy): number {
  if (by === "messageQueueLength" || by === "messageQueueHighWater") return info[by];
  return info.account?.[by] ?? 0;
}
