/** What the main thread and a scheduler thread say to each other about the thread itself; messages go by peers.ts. */
import type { MessagePort } from "node:worker_threads";
import type { ErrorData } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import type { Report } from "../observe/report.ts";
import type { MemoryLimits } from "./safeguards.ts";

/** What a scheduler thread is started with. */
export interface SchedulerData {
  /** Number of the thread, part of its pids; never used again. */
  readonly thread: number;
  /** Its place among the schedulers, from 1; a replacement takes its predecessor's. */
  readonly slot: number;
  readonly stats: SharedArrayBuffer;
  /** For what its processes are at (note.ts). */
  readonly note: SharedArrayBuffer;
  /** For the end of what it runs (verdict.ts). */
  readonly verdict: SharedArrayBuffer;
  /** Where its slices can be cut off (slice-port.ts). */
  readonly guarded: boolean;
  readonly memory: MemoryLimits;
  /** Way to the main thread. */
  readonly main: MessagePort;
  /** Module that exports `boot`. */
  readonly boot: string;
  /** Handed to `boot`; structured-cloneable. */
  readonly bootData: unknown;
}

/** What the boot module must export. */
export interface BootModule {
  /**
   * Loads what the processes of this thread are made of, before any thread boots; the module itself is loaded, so one that
   * imports them needs none. From then on other threads may start processes here (hosts.ts).
   */
  load?(kernel: Kernel, data: unknown): Promise<void>;
  /** @param fail gives the thread up, with a report: it is replaced */
  boot(kernel: Kernel, data: unknown, slot: number, fail: (why: string) => void): Promise<Booted>;
}

export interface Booted {
  /**
   * Ends what runs here, in order. The thread is terminated when the promise settles, or does not in time.
   *
   * @param timeoutMs how long it may take: what has not ended by then is to be reported by name
   */
  stop(timeoutMs: number): Promise<void>;
}

export type ToScheduler =
  | { readonly type: "peer"; readonly thread: number; readonly port: MessagePort }
  | { readonly type: "peerDown"; readonly thread: number }
  /** All threads that start together have loaded: boot. */
  | { readonly type: "boot" }
  /** A view's event, or mount, that is refused for so many milliseconds (quarantine.ts). */
  | { readonly type: "quarantine"; readonly what: string; readonly forMs: number }
  | { readonly type: "stop"; readonly timeoutMs: number };

export type FromScheduler =
  | { readonly type: "loaded" }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: ErrorData }
  | { readonly type: "gaveUp"; readonly why: string }
  /** It waits for its verdict. */
  | { readonly type: "condemned" }
  /** It cannot go on, and wants to be drained and replaced. */
  | { readonly type: "full"; readonly why: string }
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "stopped" };
