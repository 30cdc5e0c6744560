/**
 * Peers: the kernels of the other threads, and what goes to and fro.
 *
 *   signals, calls, broadcasts ─▷ one slab per peer, many records ─▷ boundary ─▷ the peer's `receive`
 *   records of upper rooms (frames, requests: kinds from 16 on) ride in the same slabs
 *
 * - Order: everything for one thread travels in one stream, so the order between two processes is kept.
 * - One flush a slice of the run queue, or a turn of the event loop: one crossing for all that has gathered.
 * - Bounded: the receiver acknowledges bytes as it reads them; `inFlight` tells a writer of frames to hold back, and a
 *   thread that does not read at all is ended by the watchdog.
 */
import type { Alias } from "./alias.ts";
import type { CallMessage, PendingCall } from "./calls.ts";
import { CallMessage as Call, CastMessage, From, sysPrefix } from "./calls.ts";
import { decode, encode, type Resolver } from "./codec.ts";
import { crashReason, type ExitReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import type { Key } from "./key.ts";
import { seal } from "./message.ts";
import { Pid, processOf, type Ref } from "./pid.ts";
import { readSlab, SlabWriter } from "./slab.ts";
import type { Boundary } from "./world.ts";

/** What travels as a record of kind `signalKind`. Serials are of the thread that receives. */
type Signal =
  | [op: typeof op.send, to: number, message: unknown]
  | [op: typeof op.exit, to: number, from: Pid, reason: ExitReason, linked: boolean]
  | [op: typeof op.link, to: number, from: Pid]
  | [op: typeof op.unlink, to: number, from: Pid, id: Ref]
  | [op: typeof op.unlinked, to: number, from: Pid, id: Ref]
  | [op: typeof op.monitor, to: number, ref: Ref, watcher: Pid]
  | [op: typeof op.demonitor, to: number, ref: Ref]
  | [op: typeof op.down, watcher: number, ref: Ref, reason: ExitReason]
  | [op: typeof op.call, to: number, ref: Ref, name: string, request: unknown]
  | [op: typeof op.reply, ref: Ref, value: unknown]
  | [op: typeof op.callFailed, ref: Ref, reason: ExitReason]
  | [op: typeof op.callOver, ref: Ref]
  | [op: typeof op.cast, to: number, name: string, payload: unknown]
  | [op: typeof op.broadcast, topic: string, message: unknown, except: Pid | undefined]
  | [op: typeof op.name, name: string, owner: Pid]
  | [op: typeof op.alias, ref: Ref, message: unknown, urgent: boolean]
  | [op: typeof op.unname, name: string, owner: Pid]
  | [op: typeof op.joined, scope: string, group: Key, pids: readonly Pid[]]
  | [op: typeof op.left, scope: string, group: Key, pids: readonly Pid[]];

const op = {
  send: 0,
  exit: 1,
  link: 2,
  unlink: 3,
  monitor: 4,
  demonitor: 5,
  down: 6,
  call: 7,
  reply: 8,
  callFailed: 9,
  cast: 10,
  broadcast: 11,
  name: 12,
  unname: 13,
  unlinked: 14,
  callOver: 15,
  joined: 16,
  left: 17,
  alias: 30,
} as const;

const signalKind = 0;
const ackKind = 1;
/** Kinds from here on belong to upper rooms. */
export const firstFreeKind = 16;

/** Bytes read between two acknowledgements. */
const ackEvery = 256 * 1024;

interface Peer {
  readonly thread: number;
  readonly boundary: Boundary;
  readonly writer: SlabWriter;
  /** Bytes sent and not yet acknowledged. */
  inFlight: number;
  /** Bytes read and not yet acknowledged to the other side. */
  unacknowledged: number;
}

/** Gets the bodies of one kind of record, with the thread that they come from. A body may be kept. */
export type RecordHandler = (thread: number, body: Uint8Array) => void;

export class Peers implements Resolver {
  readonly #kernel: Kernel;
  readonly #peers = new Map<number, Peer>();
  readonly #handlers = new Map<number, RecordHandler>();
  readonly #pids = new Map<string, WeakRef<Pid>>();
  readonly #collected = new FinalizationRegistry<string>((key) => {
    if (this.#pids.get(key)?.deref() === undefined) this.#pids.delete(key);
  });
  /** Calls whose reply may come from another thread. */
  readonly #calls = new Map<Ref, PendingCall>();
  /** Calls of other threads that a process here has not answered. */
  readonly #serving = new Map<Ref, Pid>();
  readonly #downListeners = new Set<(thread: number) => void>();
  #flushScheduled = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Threads that can be reached. */
  get threads(): number[] {
    return [...this.#peers.keys()];
  }

  /** Ties this kernel to another thread's. Both sides do so. */
  connect(thread: number, boundary: Boundary): void {
    const peer: Peer = { thread, boundary, writer: new SlabWriter(), inFlight: 0, unacknowledged: 0 };
    this.#peers.set(thread, peer);
    for (const [name, owner] of this.#kernel.names.local()) this.#signal(peer, [op.name, name, owner]);
    for (const membership of this.#kernel.groups.local()) this.#signal(peer, [op.joined, ...membership]);
    boundary.listen((slab) => this.#receive(peer, slab));
  }

  /** A thread has ended: everybody here who is tied to one of its processes hears of it, with this reason. */
  disconnect(thread: number, reason: ExitReason = "schedulerDown"): void {
    const peer = this.#peers.get(thread);
    if (peer === undefined) return;
    this.#peers.delete(thread);
    peer.boundary.close();
    this.#kernel.names.threadDown(thread);
    this.#kernel.groups.threadDown(thread);
    for (const call of [...this.#calls.values()]) {
      if (call.target instanceof Pid ? call.target.thread === thread : call.serverThread === thread) {
        this.#kernel.settle(call, undefined, { reason });
      }
    }
    for (const [ref, server] of this.#serving) {
      if (processOf(server)?.rare?.remoteCalls?.get(ref) === thread) this.#served(ref);
    }
    this.#kernel.signals.threadDown(thread, reason);
    for (const listener of this.#downListeners) listener(thread);
  }

  /** Calls back for every thread that ends, after its processes' ties are cut. */
  onDown(listener: (thread: number) => void): void {
    this.#downListeners.add(listener);
  }

  /** Registers who reads records of a kind (`firstFreeKind` or above). */
  onRecord(kind: number, handler: RecordHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** Appends a record for a thread. @returns false when that thread is not there */
  write(thread: number, kind: number, prefix: readonly number[], body: Uint8Array | string): boolean {
    const peer = this.#peers.get(thread);
    if (peer === undefined) return false;
    if (typeof body === "string") peer.writer.writeText(kind, prefix, body);
    else peer.writer.write(kind, prefix, body);
    this.#scheduleFlush();
    return true;
  }

  /** Bytes on their way to a thread that it has not read yet. */
  inFlight(thread: number): number {
    const peer = this.#peers.get(thread);
    return peer === undefined ? 0 : peer.inFlight + peer.writer.used;
  }

  /** Calls under way, to other threads and from them: nothing here outlives its caller and its server. */
  get openCalls(): number {
    return this.#calls.size + this.#serving.size;
  }

  /** Sends off what has gathered. */
  flush(): void {
    for (const peer of this.#peers.values()) {
      const { used } = peer.writer;
      if (used === 0) continue;
      peer.inFlight += used;
      peer.boundary.post(peer.writer.take());
    }
  }

  close(): void {
    this.flush();
    for (const peer of this.#peers.values()) peer.boundary.close();
    this.#peers.clear();
    for (const call of [...this.#calls.values()]) this.#kernel.settle(call, undefined, { reason: "noproc" });
  }

  // ---- signals out; false or nothing when the thread is not there ----------------------------------------------------

  send(to: Pid, message: unknown): void {
    this.#to(to, [op.send, to.serial, seal(message)]);
  }

  sendAlias(to: Alias, message: unknown, urgent: boolean): void {
    const peer = this.#peers.get(to.thread);
    const sealed = seal(message);
    if (peer !== undefined) this.#signal(peer, [op.alias, to.ref, sealed, urgent]);
  }

  exit(to: Pid, from: Pid, reason: ExitReason, linked: boolean): void {
    this.#to(to, [op.exit, to.serial, from, reason, linked]);
  }

  link(to: Pid, from: Pid): boolean {
    return this.#to(to, [op.link, to.serial, from]);
  }

  unlink(to: Pid, from: Pid, id: Ref): boolean {
    return this.#to(to, [op.unlink, to.serial, from, id]);
  }

  monitor(to: Pid, ref: Ref, watcher: Pid): boolean {
    return this.#to(to, [op.monitor, to.serial, ref, watcher]);
  }

  demonitor(to: Pid, ref: Ref): void {
    this.#to(to, [op.demonitor, to.serial, ref]);
  }

  down(watcher: Pid, ref: Ref, reason: ExitReason): void {
    this.#to(watcher, [op.down, watcher.serial, ref, reason]);
  }

  cast(to: Pid, name: string, payload: unknown): void {
    this.#to(to, [op.cast, to.serial, name, seal(payload)]);
  }

  call(to: Pid, pending: PendingCall, request: unknown): boolean {
    if (!this.#to(to, [op.call, to.serial, pending.ref, pending.call, seal(request)])) return false;
    pending.serverThread = to.thread;
    this.#calls.set(pending.ref, pending);
    return true;
  }

  reply(from: From, value: unknown): void {
    this.#served(from.ref);
    if (from.thread === this.#kernel.thread) {
      const pending = this.#calls.get(from.ref);
      if (pending !== undefined) this.#kernel.settle(pending, seal(value), undefined);
      return;
    }
    const peer = this.#peers.get(from.thread);
    if (peer !== undefined) this.#signal(peer, [op.reply, from.ref, seal(value)]);
  }

  /** A call from another thread will get no reply. */
  failCall(from: CallMessage["from"], reason: ExitReason): void {
    this.#served(from.ref);
    const peer = this.#peers.get(from.thread);
    if (peer !== undefined) this.#signal(peer, [op.callFailed, from.ref, reason]);
  }

  /** A process has ended before it answered these calls from other threads. */
  failCalls(calls: ReadonlyMap<Ref, number>, reason: ExitReason): void {
    for (const [ref, thread] of [...calls]) this.failCall(new From(thread, ref, undefined), reason);
  }

  /** A call has its reply, or is not waited for any more. A server's thread that has not answered may forget it too. */
  forgetCall(call: PendingCall): void {
    this.#calls.delete(call.ref);
    const peer = call.serverThread === undefined ? undefined : this.#peers.get(call.serverThread);
    if (peer !== undefined) this.#signal(peer, [op.callOver, call.ref]);
  }

  broadcast(topic: string, message: unknown, except: Pid | undefined): void {
    this.#toAll([op.broadcast, topic, message, except]);
  }

  announceName(name: string, owner: Pid): void {
    for (const peer of this.#peers.values()) this.#signal(peer, [op.name, name, owner]);
  }

  withdrawName(name: string, owner: Pid): void {
    for (const peer of this.#peers.values()) this.#signal(peer, [op.unname, name, owner]);
  }

  announceJoined(scope: string, group: Key, pids: readonly Pid[]): void {
    this.#toAll([op.joined, scope, group, pids]);
  }

  announceLeft(scope: string, group: Key, pids: readonly Pid[]): void {
    this.#toAll([op.left, scope, group, pids]);
  }

  // ---- what the codec asks -------------------------------------------------------------------------------------------

  pid(thread: number, serial: number): Pid {
    const local = thread === this.#kernel.thread ? this.#kernel.localProcess(serial)?.pid : undefined;
    if (local !== undefined) return local;
    const known = this.#pids.get(`${thread}.${serial}`)?.deref();
    if (known !== undefined) return known;
    const pid = new Pid(this.#kernel, thread, serial);
    this.expose(pid);
    return pid;
  }

  from(thread: number, ref: Ref): From {
    return new From(thread, ref, thread === this.#kernel.thread ? this.#calls.get(ref) : undefined);
  }

  expose(value: Pid | From): void {
    if (value instanceof From) {
      if (value.pending !== undefined && !value.pending.settled) this.#calls.set(value.ref, value.pending);
      return;
    }
    const key = `${value.thread}.${value.serial}`;
    if (this.#pids.get(key)?.deref() !== undefined) return;
    this.#pids.set(key, new WeakRef(value));
    this.#collected.register(value, key);
  }

  // ---- signals in ----------------------------------------------------------------------------------------------------

  #receive(peer: Peer, slab: Uint8Array): void {
    if (this.#peers.get(peer.thread) !== peer) return;
    readSlab(slab, (kind, body) => {
      try {
        if (kind === signalKind) this.#apply(peer.thread, decode(body, this) as Signal);
        else if (kind === ackKind) peer.inFlight -= new DataView(body.buffer, body.byteOffset).getUint32(0, true);
        else this.#handlers.get(kind)?.(peer.thread, body);
      } catch (thrown) {
        // Those behind it must not be lost with it.
        const where = `a record of kind ${kind} from thread ${peer.thread}`;
        this.#kernel.report({ kind: "error", where, reason: crashReason(thrown) });
      }
    });
    peer.unacknowledged += slab.length;
    if (peer.unacknowledged >= ackEvery) {
      peer.writer.write(ackKind, [peer.unacknowledged], new Uint8Array(0));
      peer.unacknowledged = 0;
      this.#scheduleFlush();
    }
  }

  #apply(thread: number, signal: Signal): void {
    const kernel = this.#kernel;
    switch (signal[0]) {
      case op.send: {
        const process = kernel.localProcess(signal[1]);
        if (process !== undefined) kernel.deliver(process, seal(signal[2]));
        return;
      }
      case op.exit: {
        const target = kernel.localProcess(signal[1]);
        const [, , from, reason, linked] = signal;
        if (target === undefined || (linked && target.links?.delete(from) !== true)) return;
        kernel.signals.receiveExit(target, from, seal(reason), linked);
        return;
      }
      case op.link: {
        const target = kernel.localProcess(signal[1]);
        if (target === undefined) this.exit(signal[2], this.pid(kernel.thread, signal[1]), "noproc", true);
        else kernel.signals.linked(target, signal[2]);
        return;
      }
      case op.unlink: {
        const [, to, from, id] = signal;
        kernel.localProcess(to)?.links?.delete(from);
        this.#to(from, [op.unlinked, from.serial, this.pid(kernel.thread, to), id]);
        return;
      }
      case op.unlinked: {
        const target = kernel.localProcess(signal[1]);
        if (target !== undefined) kernel.signals.unlinked(target, signal[2], signal[3]);
        return;
      }
      case op.monitor: {
        const [, to, ref, watcher] = signal;
        const target = kernel.localProcess(to);
        if (target === undefined) this.down(watcher, ref, "noproc");
        else {
          target.monitoredBy ??= new Map();
          target.monitoredBy.set(ref, watcher);
        }
        return;
      }
      case op.demonitor:
        kernel.localProcess(signal[1])?.monitoredBy?.delete(signal[2]);
        return;
      case op.down: {
        const watcher = kernel.localProcess(signal[1]);
        if (watcher !== undefined) kernel.signals.receiveDown(watcher, signal[2], seal(signal[3]));
        return;
      }
      case op.call: {
        const [, to, ref, name, request] = signal;
        const server = kernel.localProcess(to);
        const from = new From(thread, ref, undefined);
        if (server === undefined) {
          this.failCall(from, "noproc");
          return;
        }
        const rare = server.ensureRare();
        rare.remoteCalls ??= new Map();
        rare.remoteCalls.set(ref, thread);
        this.#serving.set(ref, server.pid);
        kernel.deliver(server, new Call(from, name, seal(request)), name.startsWith(sysPrefix));
        return;
      }
      case op.reply: {
        const pending = this.#answered(thread, signal[1]);
        if (pending !== undefined) kernel.settle(pending, seal(signal[2]), undefined);
        return;
      }
      case op.callFailed: {
        const pending = this.#answered(thread, signal[1]);
        if (pending !== undefined) kernel.settle(pending, undefined, { reason: seal(signal[2]) });
        return;
      }
      case op.callOver:
        this.#served(signal[1]);
        return;
      case op.cast: {
        const process = kernel.localProcess(signal[1]);
        if (process !== undefined) kernel.deliver(process, new CastMessage(signal[2], seal(signal[3])));
        return;
      }
      case op.broadcast:
        kernel.pubsub.localBroadcast(signal[1], signal[2], signal[3]);
        return;
      case op.name:
        kernel.names.announced(signal[1], signal[2]);
        return;
      case op.alias:
        kernel.aliases.deliver(signal[1], seal(signal[2]), signal[3]);
        return;
      case op.unname:
        kernel.names.withdrawn(signal[1], signal[2]);
        return;
      case op.joined:
        kernel.groups.joined(signal[1], signal[2], signal[3]);
        return;
      case op.left:
        kernel.groups.left(signal[1], signal[2], signal[3]);
        return;
    }
  }

  /** A reply has come: from the server's own thread, or from another that the call was passed on to. */
  #answered(thread: number, ref: Ref): PendingCall | undefined {
    const pending = this.#calls.get(ref);
    if (pending?.serverThread === thread) pending.serverThread = undefined;
    return pending;
  }

  #served(ref: Ref): void {
    const server = this.#serving.get(ref);
    if (server === undefined) return;
    this.#serving.delete(ref);
    processOf(server)?.rare?.remoteCalls?.delete(ref);
  }

  #to(pid: Pid, signal: Signal): boolean {
    const peer = this.#peers.get(pid.thread);
    if (peer === undefined) return false;
    this.#signal(peer, signal);
    return true;
  }

  /** Encoded once. */
  #toAll(signal: Signal): void {
    if (this.#peers.size === 0) return;
    const bytes = encode(signal, this);
    for (const peer of this.#peers.values()) peer.writer.write(signalKind, [], bytes);
    this.#scheduleFlush();
  }

  #signal(peer: Peer, signal: Signal): void {
    peer.writer.write(signalKind, [], encode(signal, this));
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#kernel.world.nextTurn(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }
}
