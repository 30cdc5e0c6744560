/**
 * RemoteSignals: what kernels of two threads say to each other, as elements of a batch (crossing.ts), and what is done when
 * it comes. Serials are of the thread that receives.
 *
 *   hot      operation, its numbers, its value         send, cast, call, reply: nothing is made for them but the message
 *   others   operation, an array of what they need
 */
import { CallMessage, CastMessage, From, sysPrefix } from "../calls.ts";
import { crashReason, type ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import type { Key } from "../names/key.ts";
import { stat } from "../observe/stats.ts";
import { Pid, type Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import { SmallMap } from "../small-collections.ts";
import type { Ahead } from "./crossing.ts";
import type { Peers } from "./peers.ts";
import type { RemoteCalls } from "./remote-calls.ts";

export const op = {
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
  value: 18,
  alias: 30,
} as const;

/** The signals that are an operation and one array. */
export type Signal =
  | [op: typeof op.exit, args: [to: number, from: Pid, reason: ExitReason, linked: boolean]]
  | [op: typeof op.link, args: [to: number, from: Pid]]
  | [op: typeof op.unlink, args: [to: number, from: Pid, id: Ref]]
  | [op: typeof op.unlinked, args: [to: number, from: Pid, id: Ref]]
  | [op: typeof op.monitor, args: [to: number, ref: Ref, watcher: Pid]]
  | [op: typeof op.demonitor, args: [to: number, ref: Ref]]
  | [op: typeof op.down, args: [watcher: number, ref: Ref, reason: ExitReason]]
  | [op: typeof op.callFailed, args: [ref: Ref, reason: ExitReason]]
  | [op: typeof op.callOver, args: [ref: Ref]]
  | [op: typeof op.broadcast, args: [topic: string, message: unknown, except: Pid | undefined]]
  | [op: typeof op.name, args: [name: string, owner: Pid]]
  | [op: typeof op.unname, args: [name: string, owner: Pid]]
  | [op: typeof op.alias, args: [ref: Ref, message: unknown, urgent: boolean]]
  | [op: typeof op.joined, args: [scope: string, group: Key, pids: readonly Pid[]]]
  | [op: typeof op.left, args: [scope: string, group: Key, pids: readonly Pid[]]]
  | [op: typeof op.value, args: [kind: number, value: unknown]];

/** Elements of the hot signals, the operation among them; of all others 2. */
const lengths: Readonly<Record<number, number>> = { [op.send]: 3, [op.cast]: 3, [op.call]: 4, [op.reply]: 3 };

/** Messages that wait for one process, beyond which reading waits for it (read-turns.ts). */
export const longMailbox = 10_000;

/** Of those, which begin with the serial of a process of the thread that receives. */
const takesSerial: ReadonlySet<number> = new Set([
  op.exit,
  op.link,
  op.unlink,
  op.unlinked,
  op.monitor,
  op.demonitor,
  op.down,
]);

export class RemoteSignals {
  readonly #kernel: Kernel;
  readonly #peers: Peers;
  readonly #calls: RemoteCalls;
  /** A process here that has got more than it handles; whoever reads takes note, and takes it out. */
  behind: Process | undefined;

  constructor(kernel: Kernel, peers: Peers, calls: RemoteCalls) {
    this.#kernel = kernel;
    this.#peers = peers;
    this.#calls = calls;
  }

  /**
   * Does what a batch says, in order. A signal whose receiver fails must not take those behind it along.
   *
   * @param looksAhead some value in it has the pid of a process that another thread starts here, and that is still to come
   * @returns what waits for that; else undefined
   */
  apply(thread: number, batch: readonly unknown[], looksAhead: boolean): Ahead | undefined {
    for (let at = 0; at < batch.length; ) {
      const operation = batch[at] as number;
      const of = this.#aheadOf(operation, batch, at, looksAhead);
      if (of !== undefined) return { of, elements: batch.slice(at) };
      try {
        if (operation === op.send) {
          const process = this.#kernel.localProcess(batch[at + 1] as number);
          if (process !== undefined) {
            this.#kernel.deliver(process, batch[at + 2]);
            if (process.mailbox !== undefined && process.mailbox.length > longMailbox) this.behind = process;
          } else this.#kernel.stats[stat.deadLetters]! += 1;
        } else if (operation === op.call) {
          this.#call(thread, batch[at + 1] as number, batch[at + 2] as Ref, batch[at + 3] as [string, unknown]);
        } else if (operation === op.cast) {
          const process = this.#kernel.localProcess(batch[at + 1] as number);
          const [name, payload] = batch[at + 2] as [string, unknown];
          if (process !== undefined) this.#kernel.deliver(process, new CastMessage(name, payload));
          else this.#kernel.stats[stat.deadLetters]! += 1;
        } else if (operation === op.reply) {
          const pending = this.#calls.answered(thread, batch[at + 1] as Ref);
          if (pending !== undefined) this.#kernel.settle(pending, batch[at + 2], undefined);
        } else this.#apply(thread, [operation, batch[at + 1]] as Signal);
      } catch (thrown) {
        const where = `signal ${operation} from thread ${thread}`;
        this.#kernel.report({ kind: "error", where, reason: crashReason(thrown) });
      }
      at += lengths[operation] ?? 2;
    }
    return undefined;
  }

  /** The thread whose spawn a signal is ahead of: it goes to the process that is to come, or names it. */
  #aheadOf(operation: number, batch: readonly unknown[], at: number, looksAhead: boolean): number | undefined {
    const isHot = lengths[operation] !== undefined;
    if (operation !== op.reply && (isHot || takesSerial.has(operation))) {
      const serial = isHot ? batch[at + 1] : (batch[at + 1] as unknown[])[0];
      const of = this.#kernel.remoteSpawns.comesFrom(serial as number);
      if (of !== undefined) return of;
    }
    return looksAhead ? this.#named(batch[at + (lengths[operation] ?? 2) - 1]) : undefined;
  }

  /** Looks for a process of this thread that is still to come. Values are trees: they have been decoded. */
  #named(value: unknown): number | undefined {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
    if (value instanceof Pid) {
      return value.thread === this.#kernel.thread ? this.#kernel.remoteSpawns.comesFrom(value.serial) : undefined;
    }
    const members = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
    for (const member of members) {
      const of = this.#named(member);
      if (of !== undefined) return of;
    }
    return undefined;
  }

  #apply(thread: number, signal: Signal): void {
    const kernel = this.#kernel;
    switch (signal[0]) {
      case op.exit: {
        const [to, from, reason, linked] = signal[1];
        const target = kernel.localProcess(to);
        if (target === undefined || (linked && target.links?.delete(from) !== true)) return;
        kernel.signals.receiveExit(target, from, reason, linked);
        return;
      }
      case op.link: {
        const [to, from] = signal[1];
        const target = kernel.localProcess(to);
        if (target === undefined) this.#peers.exit(from, this.#peers.pid(kernel.thread, to), "noproc", true);
        else kernel.signals.linked(target, from);
        return;
      }
      case op.unlink: {
        const [to, from, id] = signal[1];
        kernel.localProcess(to)?.links?.delete(from);
        this.#peers.unlinked(from, this.#peers.pid(kernel.thread, to), id);
        return;
      }
      case op.unlinked: {
        const [to, from, id] = signal[1];
        const target = kernel.localProcess(to);
        if (target !== undefined) kernel.signals.unlinked(target, from, id);
        return;
      }
      case op.monitor: {
        const [to, ref, watcher] = signal[1];
        const target = kernel.localProcess(to);
        if (target === undefined) this.#peers.down(watcher, ref, "noproc");
        else {
          target.monitoredBy ??= new SmallMap();
          target.monitoredBy.set(ref, watcher);
        }
        return;
      }
      case op.demonitor: {
        const [to, ref] = signal[1];
        kernel.localProcess(to)?.monitoredBy?.delete(ref);
        return;
      }
      case op.down: {
        const [to, ref, reason] = signal[1];
        const watcher = kernel.localProcess(to);
        if (watcher !== undefined) kernel.signals.receiveDown(watcher, ref, reason);
        return;
      }
      case op.callFailed: {
        const [ref, reason] = signal[1];
        const pending = this.#calls.answered(thread, ref);
        if (pending !== undefined) kernel.settle(pending, undefined, { reason });
        return;
      }
      case op.callOver:
        this.#calls.served(signal[1][0]);
        return;
      case op.broadcast:
        kernel.pubsub.localBroadcast(...signal[1]);
        return;
      case op.name:
        kernel.names.announced(...signal[1]);
        return;
      case op.unname:
        kernel.names.withdrawn(...signal[1]);
        return;
      case op.alias:
        kernel.aliases.deliver(...signal[1]);
        return;
      case op.joined:
        kernel.groups.joined(...signal[1]);
        return;
      case op.left:
        kernel.groups.left(...signal[1]);
        return;
      case op.value:
        this.#peers.received(thread, ...signal[1]);
        return;
    }
  }

  #call(thread: number, to: number, ref: Ref, [name, request]: [string, unknown]): void {
    const server = this.#kernel.localProcess(to);
    const from = new From(thread, ref, undefined);
    if (server === undefined) {
      this.#peers.failCall(from, "noproc");
      return;
    }
    this.#calls.serves(server, ref, thread);
    this.#kernel.deliver(server, new CallMessage(from, name, request), name.startsWith(sysPrefix));
  }
}
