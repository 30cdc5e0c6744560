/**
 * Calling: how a request finds its server and its reply finds the caller (calls.ts has what travels, and the drawing).
 * Every call ends in `settle`, once: by its reply, by the server's end, by its timeout, or because nobody waits any more.
 */
import { CallMessage, CastMessage, From, isSysRequest, PendingCall } from "./calls.ts";
import { CallError, OptionError, shown } from "./errors.ts";
import { type ExitReason, reasonInSentence } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { seal } from "./message.ts";
import { stat } from "./observe/stats.ts";
import { checkKeys } from "./options.ts";
import { type Address, otherKernel, Pid, processOf } from "./pid.ts";
import type { Process } from "./process.ts";
import { SmallSet } from "./small-collections.ts";

export class Calling {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Sends a request and waits for its reply; `owner` is the caller, undefined when that is no process. */
  call(
    owner: Process | undefined,
    to: Address,
    name: string,
    request: unknown,
    options?: { timeout?: number },
  ): Promise<unknown> {
    const pid = to instanceof Pid ? to : this.#kernel.names.whereis(to);
    if (options !== undefined) checkKeys(() => `Call "${name}"`, options, callOptions);
    const timeout = options?.timeout ?? 5000;
    return new Promise((resolve, reject) => {
      if (typeof name !== "string") {
        throw new OptionError(`Call: expected the name of the request to be a string, got ${shown(name)}.`);
      }
      if (typeof timeout !== "number" || !(timeout >= 0)) {
        throw new OptionError(
          `Call "${name}": expected timeout to be milliseconds of at least 0, or Infinity, got ${shown(timeout)}.`,
        );
      }
      const pending = new PendingCall(this.#kernel.newRef(), owner, to, name, resolve, reject);
      if (pid === undefined) return this.settle(pending, undefined, { reason: "noproc" });
      if (pid === owner?.pid) return this.settle(pending, undefined, { reason: "callingSelf" });
      const server = processOf(pid);
      if (server !== undefined) {
        if (server.kernel !== this.#kernel) throw otherKernel(pid);
        const message = new CallMessage(new From(this.#kernel.thread, pending.ref, pending), name, seal(request));
        pending.server = server;
        pending.next = server.callers;
        if (server.callers !== undefined) server.callers.previous = pending;
        server.callers = pending;
        this.#kernel.deliver(server, message, isSysRequest(message));
      } else if (pid.thread === this.#kernel.thread || !this.#kernel.peers.call(pid, pending, request)) {
        return this.settle(pending, undefined, { reason: "noproc" });
      }
      if (pending.settled) return;
      if (owner !== undefined) {
        const rare = owner.ensureRare();
        rare.calls ??= new SmallSet();
        rare.calls.add(pending);
      }
      if (timeout !== Number.POSITIVE_INFINITY) {
        pending.timer = this.#kernel.timers.set(timeout, () =>
          this.settle(pending, undefined, { reason: "timeout", timeout }),
        );
      }
    });
  }

  /** Sends a request that has no reply; to nobody, if nobody is there. */
  cast(to: Address, name: string, payload: unknown): void {
    const pid = to instanceof Pid ? to : this.#kernel.names.whereis(to);
    const process = pid === undefined ? undefined : processOf(pid);
    if (process !== undefined && process.kernel !== this.#kernel) throw otherKernel(process.pid);
    if (process !== undefined) this.#kernel.deliver(process, new CastMessage(name, seal(payload)));
    else if (pid !== undefined && pid.thread !== this.#kernel.thread) {
      this.#kernel.queue.reductions -= 1;
      this.#kernel.peers.cast(pid, name, payload);
    } else {
      seal(payload);
      this.#kernel.stats[stat.deadLetters]! += 1;
    }
  }

  /** Ends a call: with its reply, or with what it failed for; without either it is forgotten. */
  settle(
    pending: PendingCall,
    value: unknown,
    failure: { reason: ExitReason; timeout?: number } | "forget" | undefined,
  ): void {
    if (pending.settled) return;
    pending.settled = true;
    if (pending.timer !== undefined) this.#kernel.timers.discard(pending.timer);
    const { server } = pending;
    if (server !== undefined) {
      if (pending.previous === undefined) {
        if (server.callers === pending) server.callers = pending.next;
      } else pending.previous.next = pending.next;
      if (pending.next !== undefined) pending.next.previous = pending.previous;
      pending.previous = pending.next = pending.server = undefined;
    }
    this.#kernel.peers.forgetCall(pending);
    pending.owner?.rare?.calls?.delete(pending);
    if (failure === undefined) pending.resolve(value);
    else if (failure !== "forget") pending.reject(callError(pending, failure));
  }
}

function callError(pending: PendingCall, failure: { reason: ExitReason; timeout?: number }): CallError {
  const { reason } = failure;
  const whom = pending.target instanceof Pid ? pending.target.toString() : `"${pending.target}"`;
  const why =
    reason === "timeout"
      ? `expected a reply within ${failure.timeout} ms, got none. Pass { timeout } for a longer wait, or reply earlier`
      : reason === "noproc"
        ? "nobody is there. Start the server before its callers"
        : reason === "callingSelf"
          ? "a process that calls itself would wait for ever. Use its state directly"
          : reason === "mailboxFull"
            ? "its mailbox is full"
            : `it ended: ${reasonInSentence(reason)}`;
  return new CallError(`Call "${pending.call}" to ${whom} failed: ${why}.`, reason);
}

const callOptions = ["timeout"];
