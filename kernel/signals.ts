/**
 * Signals: links, monitors and exits. What goes from one process to another keeps its order, signals and messages alike:
 * on one thread a signal takes effect as it is sent, across threads it travels in the same stream as messages.
 *
 *   exit signal with reason r reaches P     │ P traps exits              │ P does not
 *   ────────────────────────────────────────┼────────────────────────────┼────────────────────────────
 *   "kill", by exit(pid, "kill")            │ P ends with "killed"       │ P ends with "killed"
 *   "normal"                                │ ExitMessage                │ ignored (ends P if P sent it)
 *   any other; "kill" over a link           │ ExitMessage                │ P ends with r
 *
 * A process that is inside a handler ends when that handler returns; one that waits inside an async handler ends at once.
 * Ends spread over links through a work list, not by recursion: a chain of any length is fine.
 *
 * Across threads the two ends of a link may change it at the same time. An unlink is therefore acknowledged, and until
 * then a link signal of the other side is ignored: it was sent before the other side knew. Both agree in the end.
 *
 * Source: Erlang reference manual, "Processes"; K5, K8 to K14 of the feature map, *(run)* ones as executed on OTP 25.
 */
import type { ExitReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { seal } from "./message.ts";
import { type Address, otherKernel, Pid, processOf, type Ref } from "./pid.ts";
import type { Process } from "./process.ts";
import { exited } from "./process-status.ts";
import { flush } from "./receive.ts";
import { SmallMap, SmallSet } from "./small-collections.ts";
import { DownMessage, ExitMessage } from "./system-messages.ts";

export class Signals {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  link(self: Process, pid: Pid, urgent = false): void {
    if (pid === self.pid) return;
    if (urgent) {
      const rare = self.ensureRare();
      rare.urgentLinks ??= new Set();
      rare.urgentLinks.add(pid);
    } else self.rare?.urgentLinks?.delete(pid);
    if (self.links?.has(pid)) return;
    const other = this.#local(pid);
    if (other !== undefined) {
      other.links ??= new SmallSet();
      other.links.add(self.pid);
    } else if (pid.thread === this.#kernel.thread || !this.#kernel.peers.link(pid, self.pid)) {
      this.receiveExit(self, pid, "noproc", true);
      return;
    } else self.rare?.unlinking?.delete(pid);
    self.links ??= new SmallSet();
    self.links.add(pid);
    this.#kernel.observer?.tell({ type: "link", pid: self.pid, other: pid });
  }

  /** @throws {OptionError} when it is a process of another kernel */
  #local(pid: Pid): Process | undefined {
    const process = processOf(pid);
    if (process !== undefined && process.kernel !== this.#kernel) throw otherKernel(pid);
    return process;
  }

  unlink(self: Process, pid: Pid): void {
    if (self.links?.delete(pid) !== true) return;
    self.rare?.urgentLinks?.delete(pid);
    this.#kernel.observer?.tell({ type: "unlink", pid: self.pid, other: pid });
    const other = processOf(pid);
    if (other !== undefined) other.links?.delete(self.pid);
    else {
      const id = this.#kernel.newRef();
      if (!this.#kernel.peers.unlink(pid, self.pid, id)) return;
      const rare = self.ensureRare();
      rare.unlinking ??= new Map();
      rare.unlinking.set(pid, id);
    }
  }

  /** A process of another thread links itself to this one. */
  linked(self: Process, by: Pid): void {
    if (self.rare?.unlinking?.has(by)) return;
    self.links ??= new SmallSet();
    self.links.add(by);
  }

  /** A process of another thread knows that it is unlinked. An older acknowledgement than the last unlink's means nothing. */
  unlinked(self: Process, by: Pid, id: Ref): void {
    if (self.rare?.unlinking?.get(by) === id) self.rare.unlinking.delete(by);
  }

  monitor(self: Process, target: Address, ref: Ref, options: MonitorOptions = {}): void {
    const tag = seal(options.tag);
    const urgent = options.priority === true;
    const pid = target instanceof Pid ? target : this.#kernel.names.whereis(target);
    if (pid === undefined || !this.#watch(self, pid, ref)) {
      this.#endAlias(self, ref);
      const object = target instanceof Pid ? target : String(target);
      this.#kernel.deliver(self, new DownMessage(ref, object, "noproc", tag), urgent);
      return;
    }
    self.monitors ??= new SmallMap();
    const isPlain = target instanceof Pid && tag === undefined && !urgent;
    const object = target instanceof Pid ? target : String(target);
    self.monitors.set(ref, isPlain ? target : new Watched(pid, object, tag, urgent));
  }

  #watch(self: Process, pid: Pid, ref: Ref): boolean {
    const other = this.#local(pid);
    if (other === undefined) {
      return pid.thread !== this.#kernel.thread && this.#kernel.peers.monitor(pid, ref, self.pid);
    }
    other.monitoredBy ??= new SmallMap();
    other.monitoredBy.set(ref, self.pid);
    return true;
  }

  demonitor(self: Process, ref: Ref, flush: boolean): boolean {
    const target = self.monitors?.get(ref);
    if (target === undefined) {
      if (flush) flushDown(self, ref);
      return false;
    }
    self.monitors!.delete(ref);
    this.#endAlias(self, ref);
    const pid = pidOfTarget(target);
    const other = processOf(pid);
    if (other !== undefined) other.monitoredBy?.delete(ref);
    else this.#kernel.peers.demonitor(pid, ref);
    return true;
  }

  /** The alias that came with a monitor ends with it. */
  #endAlias(self: Process, ref: Ref): void {
    if (self.rare?.monitorAliases?.delete(ref) === true) this.#kernel.aliases.unmake(self, ref);
  }

  /** `exit(pid, reason)` by `from`. */
  exit(pid: Pid, from: Pid, reason: ExitReason): void {
    reason = seal(reason);
    const target = this.#local(pid);
    if (target !== undefined) this.receiveExit(target, from, reason, false);
    else if (pid.thread !== this.#kernel.thread) this.#kernel.peers.exit(pid, from, reason, false);
  }

  /** An exit signal arrives. `linked`: it came over a link, which is gone with it. */
  receiveExit(target: Process, from: Pid, reason: ExitReason, linked: boolean): void {
    if (target.status === exited) return;
    const urgent = linked && target.rare?.urgentLinks?.delete(from) === true;
    if (reason === "kill" && !linked) this.#kernel.end(target, "killed", true);
    else if (target.trapExit) this.#kernel.deliver(target, new ExitMessage(from, reason), urgent);
    else if (reason !== "normal" || (from === target.pid && !linked)) this.#kernel.end(target, reason, true);
  }

  /** What a process watched has ended. */
  receiveDown(watcher: Process, ref: Ref, reason: ExitReason): void {
    const target = watcher.monitors?.get(ref);
    if (target === undefined) return;
    watcher.monitors!.delete(ref);
    this.#endAlias(watcher, ref);
    if (target instanceof Watched) {
      this.#kernel.deliver(watcher, new DownMessage(ref, target.object, reason, target.tag), target.urgent);
    } else this.#kernel.deliver(watcher, new DownMessage(ref, target, reason));
  }

  /** Tells everybody who is tied to a process that has ended, and cuts its own ties. */
  spread(process: Process, reason: ExitReason): void {
    const { links, monitors, monitoredBy, pid } = process;
    process.links = process.monitors = process.monitoredBy = undefined;
    if (monitors !== undefined) {
      for (const [ref, target] of monitors.entries()) {
        const watched = pidOfTarget(target);
        const other = processOf(watched);
        if (other !== undefined) other.monitoredBy?.delete(ref);
        else this.#kernel.peers.demonitor(watched, ref);
      }
    }
    if (links !== undefined) {
      for (const linked of links.values()) {
        const other = processOf(linked);
        if (other === undefined) this.#kernel.peers.exit(linked, pid, reason, true);
        else if (other.links?.delete(pid) === true) this.receiveExit(other, pid, reason, true);
      }
    }
    if (monitoredBy !== undefined) {
      for (const [ref, watcherPid] of monitoredBy.entries()) {
        const watcher = processOf(watcherPid);
        if (watcher === undefined) this.#kernel.peers.down(watcherPid, ref, reason);
        else this.receiveDown(watcher, ref, reason);
      }
    }
  }

  /** Every process of a thread has ended with it: whoever is tied to one of them hears of it. */
  threadDown(thread: number, reason: ExitReason): void {
    for (const process of this.#kernel.localProcesses()) {
      if (process.monitors !== undefined) {
        for (const [ref, target] of process.monitors) {
          if (pidOfTarget(target).thread === thread) this.receiveDown(process, ref, reason);
        }
      }
      if (process.monitoredBy !== undefined) {
        for (const [ref, watcher] of process.monitoredBy)
          if (watcher.thread === thread) process.monitoredBy.delete(ref);
      }
      const unlinking = process.rare?.unlinking;
      if (unlinking !== undefined) {
        for (const pid of unlinking.keys()) if (pid.thread === thread) unlinking.delete(pid);
      }
      if (process.links !== undefined) {
        for (const linked of process.links) {
          if (linked.thread === thread && process.links?.delete(linked) === true) {
            this.receiveExit(process, linked, reason, true);
          }
        }
      }
    }
  }
}

export interface MonitorOptions {
  readonly tag?: unknown;
  readonly priority?: boolean;
}

/** A monitor that was set by name, or with options. */
class Watched {
  /** Who had the name then. */
  readonly pid: Pid;
  /** For the `down` message: the pid, or the name. */
  readonly object: Pid | string;
  readonly tag: unknown;
  readonly urgent: boolean;

  constructor(pid: Pid, object: Pid | string, tag: unknown, urgent: boolean) {
    this.pid = pid;
    this.object = object;
    this.tag = tag;
    this.urgent = urgent;
  }
}

/** @internal */
export type MonitorTarget = Pid | Watched;

function pidOfTarget(target: MonitorTarget): Pid {
  return target instanceof Watched ? target.pid : target;
}

function flushDown(self: Process, ref: Ref): void {
  flush(self, (message) => message instanceof DownMessage && message.ref === ref, true);
}
