/**
 * Stopping: how a supervisor ends children, and waits for their end.
 *
 *   stopProcess     monitor ─▷ exit "shutdown" ─▷ down │ its time is over ─▷ exit "kill" ─▷ down
 *   stopTogether    the same for many, at once: each has its own time, and the slowest says how long it takes
 *
 * Children are monitored, beside the link: one that has unlinked itself is waited for as well.
 * Source: Erlang/OTP, supervisor; S2, S6 of the feature map.
 */
import { type ExitReason, isQuiet } from "../kernel/exit-reason.ts";
import type { Pid, Ref } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import { flush, timedOut } from "../kernel/receive.ts";
import { DownMessage, ExitMessage } from "../kernel/system-messages.ts";
import type { Restart, Shutdown } from "./child-spec.ts";

/** Ends a process. @returns the reason that it ended with; `noproc` when it was not there and left no word */
export async function stopProcess(self: Process, pid: Pid, shutdown: Shutdown): Promise<ExitReason> {
  const since = self.makeRef(); // what waits in the mailbox already need not be looked at
  const ref = self.monitor(pid);
  self.exit(pid, shutdown === "brutalKill" ? "kill" : "shutdown");
  const match = (message: unknown): message is DownMessage => message instanceof DownMessage && message.ref === ref;
  const after = typeof shutdown === "number" ? shutdown : Number.POSITIVE_INFINITY;
  let down = await self.receive({ match, since, after });
  if (down === timedOut) {
    self.exit(pid, "kill");
    down = await self.receive({ match, since });
  }
  return down.reason === "noproc" ? wordOf(self, pid) : down.reason;
}

/** It was gone already: why, its exit message says, which waits in the mailbox. */
async function wordOf(self: Process, pid: Pid): Promise<ExitReason> {
  const match = (message: unknown): message is ExitMessage => message instanceof ExitMessage && message.from === pid;
  const exit = await self.receive({ match, after: 0 });
  return exit === timedOut ? "noproc" : exit.reason;
}

/** Ends processes, all at once. @returns the reason that each of them ended with, as `stopProcess` */
export async function stopTogether(
  self: Process,
  shutdowns: ReadonlyMap<Pid, Shutdown>,
): Promise<Map<Pid, ExitReason>> {
  const { kernel } = self;
  const startMs = kernel.world.monotonicMs();
  const reasons = new Map<Pid, ExitReason>();
  const words = new Map<Pid, ExitReason>();
  const open = new Map<Ref, Pid>();
  const since = self.makeRef();
  for (const pid of shutdowns.keys()) {
    const ref = kernel.newRef(); // not `self.monitor`: the marks of so many refs would push `since` out
    open.set(ref, pid);
    kernel.signals.monitor(self, pid, ref);
  }
  for (const [pid, shutdown] of shutdowns) self.exit(pid, shutdown === "brutalKill" ? "kill" : "shutdown");

  // Exit messages are taken out on the way: each receive would have to pass those that are left.
  const match = (message: unknown): message is DownMessage | ExitMessage =>
    message instanceof DownMessage
      ? open.has(message.ref)
      : message instanceof ExitMessage && shutdowns.has(message.from);
  const times = [...shutdowns.values()].filter((shutdown) => typeof shutdown === "number");
  const deadlines = [...new Set(times)].sort((a, b) => a - b);
  let next = 0;
  while (open.size > 0) {
    const deadline = deadlines[next] ?? Number.POSITIVE_INFINITY;
    const leftMs = Math.max(0, startMs + deadline - kernel.world.monotonicMs());
    const message = await self.receive({ match, since, after: leftMs });
    if (message === timedOut) {
      next += 1;
      for (const pid of open.values()) if (shutdowns.get(pid) === deadline) self.exit(pid, "kill");
    } else if (message instanceof ExitMessage) words.set(message.from, message.reason);
    else {
      reasons.set(open.get(message.ref)!, message.reason);
      open.delete(message.ref);
    }
  }
  if ([...reasons.values()].includes("noproc")) takeWords(self, reasons, words);
  for (const [pid, reason] of reasons) if (reason === "noproc" && words.has(pid)) reasons.set(pid, words.get(pid));
  return reasons;
}

/** The exit messages of those that were gone already, in one pass over the mailbox. */
function takeWords(self: Process, pids: ReadonlyMap<Pid, ExitReason>, words: Map<Pid, ExitReason>): void {
  flush(self, (message) => {
    if (!(message instanceof ExitMessage) || !pids.has(message.from)) return false;
    words.set(message.from, message.reason);
    return true;
  });
}

/** Did it end as it was told to? If not, the supervisor reports it. */
export function endedAsAsked(reason: ExitReason, shutdown: Shutdown, restart: Restart): boolean {
  if (shutdown === "brutalKill" && reason === "killed") return true;
  if (shutdown !== "brutalKill" && reason === "shutdown") return true;
  return restart !== "permanent" && isQuiet(reason);
}
