/**
 * Peers: the kernels of the other threads, and what is said to them.
 *
 *   signals, calls, broadcasts ─▷ crossing.ts, one a peer ─▷ the peer's remote-signals.ts
 *   records of upper rooms (frames, requests: kinds from 16 on) ride in the same slabs
 *
 * - Order: everything for one thread travels in one stream, so the order between two processes is kept.
 * - One flush a slice of the run queue, or a turn of the event loop: one crossing for all that has gathered.
 * - Bounded: see crossing.ts for what happens to those who send more than the other side reads.
 */
import type { Alias } from "../alias.ts";
import type { CallMessage, PendingCall } from "../calls.ts";
import { From } from "../calls.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import type { Key } from "../names/key.ts";
import { Pid, type Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import type { Boundary } from "../world.ts";
import { decode, type Encoded, Encoder, type Resolver } from "./codec.ts";
import { type Ahead, Crossing, type CrossingLimits, type CrossingReader, checkLimits } from "./crossing.ts";
import { PidTable } from "./pid-table.ts";
import { ReadTurns } from "./read-turns.ts";
import { RemoteCalls } from "./remote-calls.ts";
import { op, RemoteSignals, type Signal } from "./remote-signals.ts";

/** Kinds of records from here on belong to upper rooms. */
export const firstFreeKind = 16;

/** Gets the records of one kind, with the thread that they come from. A body may be kept. */
export type RecordHandler = (thread: number, number: number, body: Buffer) => void;
/** Gets the values of one kind, frozen. */
export type ValueHandler = (thread: number, value: unknown) => void;

export class Peers implements Resolver, CrossingReader {
  readonly #kernel: Kernel;
  readonly #limits: CrossingLimits;
  readonly #crossings = new Map<number, Crossing>();
  readonly #handlers = new Map<number, RecordHandler>();
  readonly #valueHandlers = new Map<number, ValueHandler>();
  readonly #pids: PidTable;
  readonly #calls: RemoteCalls;
  readonly #signals: RemoteSignals;
  readonly #encoder: Encoder;
  readonly #turns: ReadTurns;
  readonly #downListeners = new Set<(thread: number) => void>();
  #flushScheduled = false;
  /** A value that has just been decoded names a process that is still to come. */
  #looksAhead = false;

  constructor(kernel: Kernel, limits: Partial<CrossingLimits> = {}) {
    this.#kernel = kernel;
    this.#limits = checkLimits(limits);
    this.#pids = new PidTable(kernel);
    this.#calls = new RemoteCalls(kernel);
    this.#signals = new RemoteSignals(kernel, this, this.#calls);
    this.#encoder = new Encoder(this);
    this.#turns = new ReadTurns(kernel);
  }

  /** Threads that can be reached. */
  get threads(): number[] {
    return [...this.#crossings.keys()];
  }

  get size(): number {
    return this.#crossings.size;
  }

  has(thread: number): boolean {
    return this.#crossings.has(thread);
  }

  /** Ties this kernel to another thread's. Both sides do so. */
  connect(thread: number, boundary: Boundary): void {
    const crossing = new Crossing(this.#kernel, this, thread, boundary, this.#encoder, this, this.#turns, this.#limits);
    this.#crossings.set(thread, crossing);
    for (const [name, owner] of this.#kernel.names.local()) this.#signal(crossing, [op.name, [name, owner]]);
    for (const membership of this.#kernel.groups.local()) this.#signal(crossing, [op.joined, membership]);
    this.#kernel.rosters.connected(thread);
    crossing.listen();
    this.#kernel.hosts.changed();
  }

  /**
   * A thread has ended: what it said before is heard, and then everybody here who is tied to one of its processes hears of
   * its end, with this reason.
   */
  disconnect(thread: number, reason: ExitReason = "schedulerDown"): void {
    const crossing = this.#crossings.get(thread);
    crossing?.drain();
    this.#kernel.remoteSpawns.threadDown(thread, reason);
    if (crossing === undefined) return;
    this.#crossings.delete(thread);
    crossing.close();
    this.#kernel.names.threadDown(thread);
    this.#kernel.groups.threadDown(thread);
    this.#kernel.rosters.threadDown(thread);
    this.#calls.threadDown(thread, reason);
    this.#kernel.signals.threadDown(thread, reason);
    this.settled(thread);
    this.#kernel.inquiries.threadDown(thread);
    this.#kernel.hosts.changed();
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

  /** Registers who reads values of a kind. Kinds of values and of records have nothing to do with each other. */
  onValue(kind: number, handler: ValueHandler): void {
    this.#valueHandlers.set(kind, handler);
  }

  /**
   * Appends a record for a thread. A process that writes more than is read there is suspended; nothing fails here.
   *
   * @param number a u32, for its handler
   * @returns false when that thread is not there
   */
  write(thread: number, kind: number, number: number, body: Uint8Array | string): boolean {
    const crossing = this.#crossings.get(thread);
    if (crossing === undefined) return false;
    crossing.write(kind, number, body);
    crossing.slowDown();
    return true;
  }

  /** The same for a value: data, as messages are. @throws {MessageError} when it is not */
  writeValue(thread: number, kind: number, value: unknown): boolean {
    const crossing = this.#crossings.get(thread);
    if (crossing === undefined) return false;
    this.#signal(crossing, [op.value, [kind, value]]);
    crossing.slowDown();
    return true;
  }

  /** Bytes on their way to a thread that it has not read yet. */
  inFlight(thread: number): number {
    return this.#crossings.get(thread)?.pending ?? 0;
  }

  /** Calls under way, to other threads and from them: nothing here outlives its caller and its server. */
  get openCalls(): number {
    return this.#calls.size;
  }

  /** Sends off what has gathered. */
  flush(): void {
    for (const crossing of this.#crossings.values()) crossing.flush();
  }

  /** @internal Something has been written: it goes at the end of this turn of the event loop, if no slice ends before. */
  scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#kernel.world.nextTurn(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  close(): void {
    this.flush();
    for (const crossing of this.#crossings.values()) crossing.close();
    for (const thread of this.#crossings.keys()) this.#kernel.remoteSpawns.threadDown(thread, "noproc");
    this.#crossings.clear();
    this.#kernel.inquiries.close();
    this.#calls.close();
  }

  // ---- messages out: they wait, or fail, where there is too much -----------------------------------------------------

  /** Nothing when the thread is not there. @throws {MessageError | CrossingError} */
  send(to: Pid, message: unknown): void {
    const crossing = this.#crossings.get(to.thread);
    if (crossing === undefined) return;
    crossing.assertRoom();
    const encoded = this.#encoder.encode(message);
    crossing.beginWith(op.send);
    crossing.number(to.serial);
    crossing.value(encoded);
    crossing.slowDown();
  }

  sendAlias(to: Alias, message: unknown, urgent: boolean): void {
    const crossing = this.#crossings.get(to.thread);
    if (crossing === undefined) return;
    crossing.assertRoom();
    this.#signal(crossing, [op.alias, [to.ref, message, urgent]]);
    crossing.slowDown();
  }

  cast(to: Pid, name: string, payload: unknown): void {
    const crossing = this.#crossings.get(to.thread);
    if (crossing === undefined) return;
    crossing.assertRoom();
    const encoded = this.#encoder.encode([name, payload]);
    crossing.beginWith(op.cast);
    crossing.number(to.serial);
    crossing.value(encoded);
    crossing.slowDown();
  }

  /** @returns false when the thread is not there */
  call(to: Pid, pending: PendingCall, request: unknown): boolean {
    const crossing = this.#crossings.get(to.thread);
    if (crossing === undefined) return false;
    crossing.assertRoom();
    const encoded = this.#encoder.encode([pending.call, request]);
    crossing.beginWith(op.call);
    crossing.number(to.serial);
    crossing.number(pending.ref);
    crossing.value(encoded);
    crossing.slowDown();
    pending.serverThread = to.thread;
    this.#calls.waits(pending);
    return true;
  }

  broadcast(topic: string, message: unknown, except: Pid | undefined): void {
    if (this.#crossings.size === 0) return;
    for (const crossing of this.#crossings.values()) crossing.assertRoom();
    this.#toAll([op.broadcast, [topic, message, except]]);
    for (const crossing of this.#crossings.values()) crossing.slowDown();
  }

  /** To the subscribers on one thread; to nobody, if it is not there. */
  broadcastTo(thread: number, topic: string, message: unknown): void {
    const crossing = this.#crossings.get(thread);
    if (crossing === undefined) return;
    crossing.assertRoom();
    this.#put(crossing, op.broadcast, this.#encoder.encode([topic, message, undefined]));
    crossing.slowDown();
  }

  // ---- signals out: they always go. False or nothing when the thread is not there ------------------------------------

  exit(to: Pid, from: Pid, reason: ExitReason, linked: boolean): void {
    this.#to(to, [op.exit, [to.serial, from, reason, linked]]);
  }

  link(to: Pid, from: Pid): boolean {
    return this.#to(to, [op.link, [to.serial, from]]);
  }

  unlink(to: Pid, from: Pid, id: Ref): boolean {
    return this.#to(to, [op.unlink, [to.serial, from, id]]);
  }

  unlinked(to: Pid, from: Pid, id: Ref): void {
    this.#to(to, [op.unlinked, [to.serial, from, id]]);
  }

  monitor(to: Pid, ref: Ref, watcher: Pid): boolean {
    return this.#to(to, [op.monitor, [to.serial, ref, watcher]]);
  }

  demonitor(to: Pid, ref: Ref): void {
    this.#to(to, [op.demonitor, [to.serial, ref]]);
  }

  down(watcher: Pid, ref: Ref, reason: ExitReason): void {
    this.#to(watcher, [op.down, [watcher.serial, ref, reason]]);
  }

  /** A server that answers is slowed down as one that sends; nobody would ask again, so it does not fail. */
  reply(from: From, value: unknown): void {
    if (from.thread === this.#kernel.thread) {
      this.#calls.served(from.ref);
      const pending = this.#calls.waiting(from.ref);
      if (pending !== undefined) this.#kernel.settle(pending, seal(value), undefined);
      return;
    }
    const crossing = this.#crossings.get(from.thread);
    const encoded = this.#encoder.encode(value); // it may be refused: then the call is not answered
    this.#calls.served(from.ref);
    if (crossing === undefined) return;
    crossing.beginWith(op.reply);
    crossing.number(from.ref);
    crossing.value(encoded);
    crossing.slowDown();
  }

  /** A call from another thread will get no reply. */
  failCall(from: CallMessage["from"], reason: ExitReason): void {
    this.#calls.served(from.ref);
    const crossing = this.#crossings.get(from.thread);
    if (crossing !== undefined) this.#signal(crossing, [op.callFailed, [from.ref, reason]]);
  }

  /** A process has ended before it answered these calls from other threads. */
  failCalls(calls: ReadonlyMap<Ref, number>, reason: ExitReason): void {
    for (const [ref, thread] of [...calls]) this.failCall(new From(thread, ref, undefined), reason);
  }

  /** A call has its reply, or is not waited for any more. A server's thread that has not answered may forget it too. */
  forgetCall(call: PendingCall): void {
    this.#calls.forget(call);
    const crossing = call.serverThread === undefined ? undefined : this.#crossings.get(call.serverThread);
    if (crossing !== undefined) this.#signal(crossing, [op.callOver, [call.ref]]);
  }

  announceName(name: string, owner: Pid): void {
    this.#toAll([op.name, [name, owner]]);
  }

  withdrawName(name: string, owner: Pid): void {
    this.#toAll([op.unname, [name, owner]]);
  }

  announceJoined(scope: string, group: Key, pids: readonly Pid[]): void {
    this.#toAll([op.joined, [scope, group, pids]]);
  }

  announceLeft(scope: string, group: Key, pids: readonly Pid[]): void {
    this.#toAll([op.left, [scope, group, pids]]);
  }

  // ---- what the codec and the crossings ask --------------------------------------------------------------------------

  pid(thread: number, serial: number): Pid {
    const pid = this.#pids.get(thread, serial);
    if (thread === this.#kernel.thread && this.#kernel.remoteSpawns.comesFrom(serial) !== undefined) {
      this.#looksAhead = true;
    }
    return pid;
  }

  from(thread: number, ref: Ref): From {
    return new From(thread, ref, thread === this.#kernel.thread ? this.#calls.waiting(ref) : undefined);
  }

  expose(value: Pid | From): void {
    if (value instanceof Pid) this.#pids.expose(value);
    else if (value.pending !== undefined && !value.pending.settled) this.#calls.waits(value.pending);
  }

  batch(thread: number, elements: readonly unknown[]): Ahead | undefined {
    const looksAhead = this.#looksAhead;
    this.#looksAhead = false;
    return this.#signals.apply(thread, elements, looksAhead);
  }

  /** @internal Who has got more of what has just been read than it handles. */
  takeBehind(): Process | undefined {
    const { behind } = this.#signals;
    this.#signals.behind = undefined;
    return behind;
  }

  /** @internal A thread has started a process here, or has ended: what waited for that is looked at again. */
  settled(thread: number): void {
    for (const crossing of this.#crossings.values()) {
      this.#looksAhead = true; // what is held is looked at closely
      crossing.settled(thread);
    }
    this.#looksAhead = false;
  }

  record(thread: number, kind: number, number: number, body: Buffer): void {
    const handler = this.#handlers.get(kind);
    if (handler !== undefined) handler(thread, number, body);
    else if (this.#valueHandlers.has(kind)) this.received(thread, kind, decode(body, this));
  }

  received(thread: number, kind: number, value: unknown): void {
    this.#valueHandlers.get(kind)?.(thread, value);
  }

  #to(pid: Pid, signal: Signal): boolean {
    const crossing = this.#crossings.get(pid.thread);
    if (crossing === undefined) return false;
    this.#signal(crossing, signal);
    return true;
  }

  #signal(crossing: Crossing, [operation, args]: Signal): void {
    this.#put(crossing, operation, this.#encoder.encode(args));
  }

  /** Encoded once. */
  #toAll([operation, args]: Signal): void {
    if (this.#crossings.size === 0) return;
    const encoded = this.#encoder.encode(args);
    for (const crossing of this.#crossings.values()) this.#put(crossing, operation, encoded);
  }

  #put(crossing: Crossing, operation: number, encoded: Encoded): void {
    crossing.beginWith(operation);
    crossing.value(encoded);
  }
}
