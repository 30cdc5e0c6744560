/**
 * A scheduler thread, as a process of the main thread's kernel: watched, linked to and ended like any other.
 *
 *   monitor(pid)             down with "shutdown" when it ended in order, with "schedulerDown" when not
 *   exit(pid, "shutdown")    what runs there stops in order, then the thread ends, and a new one takes its place
 *   exit(pid, "kill")        it ends, whatever it does
 *   subscribe(schedulerEvents)   what becomes of each, on every thread
 *
 * The process owns the thread: when one ends, so does the other.
 */

import type { Behaviour } from "../behaviour.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { topic } from "../names/pubsub.ts";
import { type Pid, processOf } from "../pid.ts";
import { ExitMessage } from "../system-messages.ts";

/** What has become of a thread: it takes processes, it stops what it has, it has gone. */
export interface SchedulerEvent {
  readonly event: "up" | "draining" | "down";
  readonly thread: number;
  /** Its place among the schedulers, from 1: a replacement takes its predecessor's. */
  readonly slot: number;
}

/** Broadcast by the main thread. "down" comes after the `down` messages of the thread's processes. */
export const schedulerEvents = topic<SchedulerEvent>("lintel:schedulers");

/** What the process may do to its thread. */
export interface ThreadControl {
  readonly thread: number;
  /** Stops what runs there, in order, then ends it. */
  drain(): void;
  /** Ends it at once. */
  terminate(): void;
}

/** Starts a thread's process. */
export function spawnSchedulerProcess(kernel: Kernel, control: ThreadControl): Pid {
  return kernel.spawn(behaviour, control, { label: `Scheduler ${control.thread}`, trapExit: true });
}

/** The thread has ended: so does its process, and whoever watches it hears why. */
export function endSchedulerProcess(kernel: Kernel, pid: Pid, reason: ExitReason): void {
  const process = processOf(pid);
  if (process !== undefined) kernel.end(process, reason, true);
}

const behaviour: Behaviour<ThreadControl> = {
  label: "Scheduler",
  init(self, control) {
    self.state = control;
    self.own({ [Symbol.dispose]: () => control.terminate() });
  },
  handle(self, message) {
    if (message instanceof ExitMessage) (self.state as ThreadControl).drain();
  },
};
