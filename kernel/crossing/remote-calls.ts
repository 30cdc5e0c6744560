/**
 * RemoteCalls: the calls under way to other threads, and from them.
 *
 *   waiting   calls whose reply may come from another thread, by ref          end with the reply, the timeout, the thread
 *   serving   calls of other threads that a process here has not answered     end with the reply, the server, `callOver`
 *
 * Nothing here outlives its caller and its server.
 */
import type { PendingCall } from "../calls.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { Pid, processOf, type Ref } from "../pid.ts";
import type { Process } from "../process.ts";

export class RemoteCalls {
  readonly #kernel: Kernel;
  readonly #waiting = new Map<Ref, PendingCall>();
  readonly #serving = new Map<Ref, Pid>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get size(): number {
    return this.#waiting.size + this.#serving.size;
  }

  waits(call: PendingCall): void {
    this.#waiting.set(call.ref, call);
  }

  waiting(ref: Ref): PendingCall | undefined {
    return this.#waiting.get(ref);
  }

  forget(call: PendingCall): void {
    this.#waiting.delete(call.ref);
  }

  /** A reply has come: from the server's own thread, or from another that the call was passed on to. */
  answered(thread: number, ref: Ref): PendingCall | undefined {
    const call = this.#waiting.get(ref);
    if (call?.serverThread === thread) call.serverThread = undefined;
    return call;
  }

  /** A process of this thread got a call from another. */
  serves(server: Process, ref: Ref, thread: number): void {
    const rare = server.ensureRare();
    rare.remoteCalls ??= new Map();
    rare.remoteCalls.set(ref, thread);
    this.#serving.set(ref, server.pid);
  }

  /** It is answered, failed, or not waited for any more. */
  served(ref: Ref): void {
    const server = this.#serving.get(ref);
    if (server === undefined) return;
    this.#serving.delete(ref);
    processOf(server)?.rare?.remoteCalls?.delete(ref);
  }

  /** A thread has ended: its servers answer no more, its callers wait no more. */
  threadDown(thread: number, reason: ExitReason): void {
    for (const call of [...this.#waiting.values()]) {
      if (call.target instanceof Pid ? call.target.thread === thread : call.serverThread === thread) {
        this.#kernel.settle(call, undefined, { reason });
      }
    }
    for (const [ref, server] of this.#serving) {
      if (processOf(server)?.rare?.remoteCalls?.get(ref) === thread) this.served(ref);
    }
  }

  /** Nobody can be reached any more. */
  close(): void {
    for (const call of [...this.#waiting.values()]) this.#kernel.settle(call, undefined, { reason: "noproc" });
  }
}
