/**
 * Calls: a request and its one reply.
 *
 *   caller                                     server
 *     │ PendingCall (timer, promise)             │
 *     ├── CallMessage { from, name, request } ──▷│ mailbox, in order with everything else
 *     │                                          │
 *     │◁── reply(from, value) ───────────────────┤ from the handler, later, or from any other process
 *     │◁── the server's exit reason ─────────────┘ if it ends first
 *
 * A reply never passes through the caller's mailbox: it finds the PendingCall by its ref, in O(1), and a late or a second
 * reply finds nothing and is dropped. This is OTP's monitor + alias + ref. The server's pending calls form a linked
 * list, so that its death fails them without any look-up; cost without timeout: one promise, two objects.
 * Source: Erlang/OTP, gen:call.
 */
import { declareLeaf } from "./message.ts";
import type { Address, Ref } from "./pid.ts";
import type { Process } from "./process.ts";
import type { Timer } from "./timer-wheel.ts";

/** Where a reply goes: give it to `reply`, now or later, from any process of any thread. */
export class From {
  /** Thread of the caller. */
  readonly thread: number;
  readonly ref: Ref;
  /** The caller, when it is on this thread. */
  readonly pending: PendingCall | undefined;

  /** @internal Made by `call`. */
  constructor(thread: number, ref: Ref, pending: PendingCall | undefined) {
    this.thread = thread;
    this.ref = ref;
    this.pending = pending;
  }
}

/** @internal A request in a mailbox. */
export class CallMessage {
  readonly from: From;
  readonly name: string;
  readonly request: unknown;

  constructor(from: From, name: string, request: unknown) {
    this.from = from;
    this.name = name;
    this.request = request;
  }
}

/** @internal Names of sys calls (sys.ts) begin so; no handler's may. */
export const sysPrefix = "$sys.";

/** @internal Is it a sys request? They are answered before all else, and pass a full mailbox. */
export function isSysRequest(message: unknown): message is CallMessage {
  return message instanceof CallMessage && message.name.startsWith(sysPrefix);
}

/** @internal A cast in a mailbox. */
export class CastMessage {
  readonly name: string;
  readonly payload: unknown;

  constructor(name: string, payload: unknown) {
    this.name = name;
    this.payload = payload;
  }
}

/** @internal A call that waits, on the caller's thread. It settles once; what comes later finds it settled. */
export class PendingCall {
  readonly ref: Ref;
  readonly owner: Process | undefined;
  /** The server, as given: for the error's sentence. */
  readonly target: Address;
  readonly call: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  timer: Timer | undefined;
  /** The server's list of calls, when it is on this thread. */
  server: Process | undefined;
  previous: PendingCall | undefined;
  next: PendingCall | undefined;
  /** The server's thread, when it is another one and has not answered. */
  serverThread: number | undefined;
  settled = false;

  constructor(
    ref: Ref,
    owner: Process | undefined,
    target: Address,
    call: string,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.ref = ref;
    this.owner = owner;
    this.target = target;
    this.call = call;
    this.resolve = resolve;
    this.reject = reject;
  }
}

declareLeaf(From);
