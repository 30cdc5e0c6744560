/**
 * Child: one child of a supervisor, as the supervisor keeps it.
 *
 *               start                 fails to start again, or waits before that
 *   stopped ───────────▷ running ─▷ restarting ─▷ running
 *      ▲ ended for good, or was stopped │  └────────────▷ stopped, by `terminateChild`
 *      └────────────────────────────────┘
 */
import { declareLeaf } from "../kernel/message.ts";
import type { Pid } from "../kernel/pid.ts";
import { OwnTimeout } from "../kernel/system-messages.ts";
import type { Timer } from "../kernel/timer-wheel.ts";
import { Backoff } from "./backoff.ts";
import type { CheckedChildSpec, Restart } from "./child-spec.ts";

/** A spec as it is kept, whatever its `start` takes. */
export type KeptSpec = CheckedChildSpec<readonly never[]>;

export class Child {
  #spec: KeptSpec;
  /** There when the child runs. */
  pid: Pid | undefined = undefined;
  /** The pid that it had last. */
  lastPid: Pid | undefined = undefined;
  /** When it was up, on the monotonic clock. */
  upMs = 0;
  /** How often it came up. */
  starts = 0;
  /** It is down, and about to be started again. */
  restarting = false;
  /** What will start it again, in the supervisor's mailbox or on its way there. Any other one is out of date. */
  retry: Retry | undefined = undefined;
  timer: Timer | undefined = undefined;
  backoff: Backoff | undefined;

  constructor(spec: KeptSpec) {
    this.#spec = spec;
    this.backoff = spec.backoff === undefined ? undefined : new Backoff(spec.backoff);
  }

  get spec(): KeptSpec {
    return this.#spec;
  }

  /** It runs as it is; the new spec counts from its next start on. */
  set spec(spec: KeptSpec) {
    this.#spec = spec;
    this.backoff = spec.backoff === undefined ? undefined : new Backoff(spec.backoff);
  }

  get info(): ChildInfo {
    const { id, type, restart } = this.#spec;
    const restarts = this.starts > 1 ? { restarts: this.starts - 1 } : undefined;
    return { id, pid: this.restarting ? "restarting" : this.pid, type, restart, ...restarts };
  }
}

/** One entry of `whichChildren`. */
export interface ChildInfo {
  readonly id: string;
  /** Undefined: not running, and not about to. */
  readonly pid: Pid | "restarting" | undefined;
  readonly type: "worker" | "supervisor";
  readonly restart?: Restart;
  /** How often it was started again, under this supervisor; absent: never. */
  readonly restarts?: number;
}

/** What `countChildren` tells. */
export interface ChildCounts {
  /** Children, running or not. */
  readonly specs: number;
  /** Those that run. */
  readonly active: number;
  /** Of the specs, those of type "supervisor". */
  readonly supervisors: number;
  readonly workers: number;
}

/** A supervisor's message to itself: start this child again. It passes a full mailbox. */
export class Retry extends OwnTimeout {
  readonly child: Child;
  /** It has waited for its time. */
  readonly waited: boolean;
  /** Is it a restart of its own, for the intensity? */
  readonly isCounted: boolean;

  constructor(child: Child, waited: boolean, isCounted: boolean) {
    super();
    this.child = child;
    this.waited = waited;
    this.isCounted = isCounted;
  }
}

declareLeaf(Retry);

/** @param isAlive whether a pid's process is there, as far as this thread can tell */
export function countChildren(infos: Iterable<ChildInfo>, isAlive: (pid: Pid) => boolean): ChildCounts {
  const counts = { specs: 0, active: 0, supervisors: 0, workers: 0 };
  for (const { pid, type } of infos) {
    counts.specs += 1;
    if (typeof pid === "object" && isAlive(pid)) counts.active += 1;
    if (type === "supervisor") counts.supervisors += 1;
    else counts.workers += 1;
  }
  return counts;
}
