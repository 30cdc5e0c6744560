/** The boot module behind `startSchedulers`: runs the user's `start` on a thread, watches what it started, and stops it. */
import { ThreadError } from "../errors.ts";
import { isQuiet, reasonText } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import type { Pid } from "../pid.ts";
import { timedOut } from "../receive.ts";
import type { DownMessage } from "../system-messages.ts";
import type { Booted } from "./control.ts";

/** @internal What `startSchedulers` hands to each thread. */
export interface StartData {
  readonly module: string;
  readonly data: unknown;
}

/** What a thread is told as it starts. */
export interface ThreadStart<Data = unknown> {
  /** Its place among the schedulers, from 1. A thread that takes another one's place is told the same. */
  readonly slot: number;
  /** `data` of `startSchedulers`: a copy. */
  readonly data: Data;
}

/** What the module given to `startSchedulers` exports. */
export interface ThreadModule {
  /**
   * Starts what is to run on this thread.
   *
   * @returns the processes that are to be stopped, the last one first, when the runtime is closed. When one of them ends
   *   with anything but `normal` or `shutdown` the thread is given up, and replaced
   */
  start(kernel: Kernel, thread: ThreadStart<never>): Started | Promise<Started>;
}

type Started = Pid | readonly Pid[] | undefined | void;

/** @internal See control.ts. */
export async function load(_kernel: Kernel, { module }: StartData): Promise<void> {
  await import(module);
}

/** @internal See control.ts. */
export async function boot(
  kernel: Kernel,
  { module, data }: StartData,
  slot: number,
  fail: (why: string) => void,
): Promise<Booted> {
  const { start } = (await import(module)) as Partial<ThreadModule>;
  if (typeof start !== "function") {
    throw new ThreadError(`${module}: expected it to export start(kernel, { slot, data }), got ${typeof start}.`);
  }
  const started = await start(kernel, { slot, data: data as never });
  const roots = started === undefined ? [] : Array.isArray(started) ? (started as readonly Pid[]) : [started as Pid];
  let stopping = false;
  for (const root of roots) {
    whenDown(kernel, root, (reason) => {
      if (!stopping && !isQuiet(reason)) fail(`${root} ended: ${reasonText(reason)}`);
    });
  }
  return {
    stop: async (timeoutMs) => {
      stopping = true;
      for (const root of [...roots].reverse()) {
        if (await stopped(kernel, root, timeoutMs)) continue;
        const detail = `${root} did not stop within ${timeoutMs} ms`;
        kernel.report({ kind: "thread", thread: kernel.thread, event: "stopTimeout", detail });
      }
    },
  };
}

function whenDown(kernel: Kernel, pid: Pid, run: (reason: unknown) => void): void {
  kernel.spawn(async (self) => {
    self.monitor(pid);
    run((await self.receive<DownMessage>()).reason);
  });
}

function stopped(kernel: Kernel, pid: Pid, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    kernel.spawn(async (self) => {
      self.monitor(pid);
      kernel.exit(pid, "shutdown"); // what traps exits obeys the kernel, which has started it, and no other process
      resolve((await self.receive({ after: timeoutMs })) !== timedOut);
    });
  });
}
