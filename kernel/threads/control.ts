/** What the main thread and a scheduler thread say to each other about the thread itself; messages go by peers.ts. */
import type { MessagePort } from "node:worker_threads";
import type { ErrorData } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import type { Report } from "../report.ts";

/** What a scheduler thread is started with. */
export interface SchedulerData {
  /** Number of the thread, part of its pids; never used again. */
  readonly thread: number;
  /** Its place among the schedulers, from 1; a replacement takes its predecessor's. */
  readonly slot: number;
  readonly stats: SharedArrayBuffer;
  /** Way to the main thread. */
  readonly main: MessagePort;
  /** Module that exports `boot`. */
  readonly boot: string;
  /** Handed to `boot`; structured-cloneable. */
  readonly bootData: unknown;
}

/** What the boot module must export. */
export interface BootModule {
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
  | { readonly type: "stop"; readonly timeoutMs: number };

export type FromScheduler =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: ErrorData }
  | { readonly type: "gaveUp"; readonly why: string }
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "stopped" };
