/**
 * Ends: how a process ends, and who hears of it.
 *
 *   exit signal ──────────────────────┐
 *   thrown, rejected ─▷ crashed ─▷ terminate ─▷ finish ─▷ remove: names, tables, topics, aliases, timers, calls, resources go
 *   ending, end(..., false) ──────────┘            │             then those who called it, links and monitors are told
 *                                                  └ a work list: ends that a remove causes wait until it is done
 */
import { ancestorsOf } from "./ancestry.ts";
import { crashReason, type ExitReason, isQuiet } from "./exit-reason.ts";
import { runAs } from "./guard/rejections.ts";
import { isPromise } from "./is-promise.ts";
import type { Kernel } from "./kernel.ts";
import { cancelOwned } from "./message-timers.ts";
import { stat } from "./observe/stats.ts";
import { detach } from "./pid.ts";
import { isProcessExit, type Process } from "./process.ts";
import { exited, running } from "./process-status.ts";
import { stopReceiving } from "./receive.ts";

export class Ends {
  readonly #kernel: Kernel;
  #waiting: { process: Process; reason: ExitReason; crashed: boolean }[] = [];
  #ending = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A promise that the process made has rejected, and nobody listens: as if its handler had thrown. */
  rejected(process: Process, thrown: unknown): void {
    if (process.status === exited || process.terminating) return;
    stopReceiving(process);
    this.crashed(process, thrown);
  }

  /**
   * Ends a process: at once, or when its running handler returns.
   *
   * @param bySignal `terminate` does not run
   */
  end(process: Process, reason: ExitReason, bySignal: boolean): void {
    if (process.status === exited) return;
    if (process === this.#kernel.turns.running) {
      if (process.ending === undefined || reason === "killed") process.ending = { reason };
    } else if (bySignal) this.finish(process, reason, false);
    else this.#terminate(process, reason, false);
  }

  /** Its handler has thrown. */
  crashed(process: Process, thrown: unknown): void {
    const exit = isProcessExit(thrown);
    const reason = exit ? thrown.reason : crashReason(thrown);
    if (!exit) this.#kernel.stats[stat.crashed]! += 1;
    if (process.ending?.reason === "killed") this.finish(process, "killed", true);
    else this.#terminate(process, reason, true);
  }

  /** Runs `terminate`, unless the process has not even started or is at it already; then the process is gone. */
  #terminate(process: Process, reason: ExitReason, crashed: boolean): void {
    const { behaviour } = process;
    if (behaviour.terminate === undefined || process.terminating || process.starting !== undefined) {
      this.finish(process, reason, crashed);
      return;
    }
    process.terminating = true;
    process.status = running;
    const { turns } = this.#kernel;
    const interrupted = turns.running;
    turns.running = process;
    let result: unknown;
    try {
      result = runAs(process, () => behaviour.terminate!(process, reason));
    } catch (thrown) {
      reason = isProcessExit(thrown) ? thrown.reason : crashReason(thrown);
      crashed = true;
    } finally {
      turns.running = interrupted;
    }
    if (!isPromise(result)) {
      this.finish(process, reason, crashed);
      return;
    }
    turns.await(process);
    result.then(
      () => this.finish(process, reason, crashed),
      (thrown: unknown) => this.finish(process, isProcessExit(thrown) ? thrown.reason : crashReason(thrown), true),
    );
  }

  /** The end, as a work list: it spreads over links without recursion. */
  finish(process: Process, reason: ExitReason, crashed: boolean): void {
    if (this.#ending) {
      this.#waiting.push({ process, reason, crashed });
      return;
    }
    this.#ending = true;
    try {
      if (process.status !== exited) this.#remove(process, reason, crashed);
      for (let i = 0; i < this.#waiting.length; i++) {
        const end = this.#waiting[i]!;
        if (end.process.status !== exited) this.#remove(end.process, end.reason, end.crashed);
      }
    } finally {
      if (this.#waiting.length > 0) this.#waiting = [];
      this.#ending = false;
    }
  }

  #remove(process: Process, reason: ExitReason, crashed: boolean): void {
    const kernel = this.#kernel;
    const { rare, mailbox, pid } = process;
    kernel.observer?.tell({ type: "exit", pid, reason });
    const mailboxLength = mailbox?.length ?? 0;
    const links = crashed && !isQuiet(reason) ? firstLinks(process) : [];
    process.status = exited;
    process.mailbox = undefined;
    process.state = undefined;
    kernel.processTable.delete(process);
    detach(pid);
    kernel.stats[stat.processes]! -= 1;
    kernel.stats[stat.deadLetters]! += mailboxLength;
    if (rare !== undefined) {
      kernel.names.ownerEnded(process);
      if (rare.tables !== undefined) for (const table of rare.tables) table.ownerEnded(process);
      kernel.pubsub.unsubscribeAll(process);
      kernel.aliases.unmakeAll(process);
      cancelOwned(process);
      if (rare.receiving?.timer !== undefined) kernel.timers.discard(rare.receiving.timer);
      if (rare.calls !== undefined) for (const call of [...rare.calls]) kernel.settle(call, undefined, "forget");
      if (rare.resources !== undefined || rare.abort !== undefined) runAs(process, () => this.#letGo(process, reason));
      rare.started?.reject(reason);
      if (rare.remoteCalls !== undefined) kernel.peers.failCalls(rare.remoteCalls, reason);
    }
    for (let call = process.callers; call !== undefined; call = process.callers) {
      kernel.settle(call, undefined, { reason });
    }
    kernel.signals.spread(process, reason);
    // What still runs of it may ask for its signal: it is aborted, for this reason.
    process.rare = rare?.abort === undefined ? undefined : { abort: rare.abort };
    if (crashed && !isQuiet(reason)) {
      kernel.report({
        kind: "crash",
        pid: pid.toString(),
        label: process.label,
        reason,
        parent: process.parent?.toString(),
        ancestors: ancestorsOf(process).map(String),
        links,
        mailboxLength,
      });
    }
  }

  /** Its resources, the last one first, and whatever listens to its signal. */
  #letGo(process: Process, reason: ExitReason): void {
    const { resources, abort } = process.rare!;
    for (const resource of [...(resources ?? [])].reverse()) this.#dispose(process, resource);
    abort?.abort(reason);
  }

  #dispose(process: Process, resource: Disposable | AsyncDisposable): void {
    const failed = (thrown: unknown): void =>
      this.#kernel.report({
        kind: "error",
        where: `a resource of ${process.label} ${process.pid}`,
        reason: crashReason(thrown),
      });
    try {
      const { [Symbol.dispose]: dispose, [Symbol.asyncDispose]: disposeAsync } = resource as Disposable &
        AsyncDisposable;
      if (typeof dispose === "function") dispose.call(resource);
      else Promise.resolve(disposeAsync.call(resource)).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }
}

/** Who ends with it, or hears of it: for the report, so not all of a thousand. */
function firstLinks(process: Process): string[] {
  const links: string[] = [];
  for (const pid of process.links ?? []) {
    if (links.length === maxReportedLinks) return [...links, "..."];
    links.push(pid.toString());
  }
  return links;
}

const maxReportedLinks = 16;
