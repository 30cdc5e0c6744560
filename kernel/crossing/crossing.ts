/**
 * Crossing: the way to one other thread, and back.
 *
 *   signals ─▷ batch ┐                                             ┌─▷ at most `readBytes` a turn, then the next turn
 *   frames  ─▷ record├─▷ slab ─▷ boundary ═══▷ boundary ─▷ arrived ┤
 *   acks    ─▷ record┘     one a flush, or when it is full         └─▷ ack, every `ackEvery` bytes, or when asked
 *
 *   pending = written + posted and not acknowledged
 *     above busyBytes   a process that sends is suspended until it is half of that (OTP's `busy_dist_port`)
 *     above maxBytes    whoever sends a message gets a CrossingError: a process that does not let itself be suspended, such as
 *                       an async one that does not `receive`, and code that is no process
 *
 * - What the kernel itself says (links, exits, replies, names, acks) always goes: reading waits for no room to write, so two
 *   threads that flood each other both go on.
 * - What has been read is acknowledged, whether its mailbox took it or not: a full mailbox is its own matter.
 * - A thread that ends loses what it had not posted, and what the other end had not got. What had come is read, before
 *   anybody hears of the end.
 */

import { CrossingError, OptionError, shown } from "../errors.ts";
import { crashReason } from "../exit-reason.ts";
import { currentProcess } from "../guard/rejections.ts";
import type { Kernel } from "../kernel.ts";
import type { Process } from "../process.ts";
import { awaiting, idle, queued, receiving } from "../process-status.ts";
import type { Boundary } from "../world.ts";
import { Decoder, type Encoded, type Encoder, type Shape } from "./codec.ts";
import type { Peers } from "./peers.ts";
import type { ReadTurns, SlabReader } from "./read-turns.ts";
import { longMailbox } from "./remote-signals.ts";
import { readSlab, SlabWriter } from "./slab.ts";

/** Kinds of records. Those from 16 on belong to upper rooms. */
export const signalsKind = 0;
const ackKind = 1;
const shapesKind = 2;
/** Asks for an acknowledgement at once. */
const askKind = 15;

export interface CrossingLimits {
  /** Bytes on their way to one thread above which processes that send there are suspended. Default 1 MiB. */
  readonly busyBytes: number;
  /** ... above which a send fails. Default 16 MiB. */
  readonly maxBytes: number;
}

/** @throws {OptionError} naming the option */
export function checkLimits({ busyBytes = 1 << 20, maxBytes = 16 << 20 }: Partial<CrossingLimits>): CrossingLimits {
  if (!(typeof busyBytes === "number" && busyBytes > 0)) {
    throw new OptionError(`Kernel option crossing.busyBytes: expected a number above 0, got ${shown(busyBytes)}.`);
  }
  if (!(typeof maxBytes === "number" && maxBytes >= busyBytes)) {
    throw new OptionError(
      `Kernel option crossing.maxBytes: expected a number of at least busyBytes, which is ${busyBytes}, got ${shown(maxBytes)}.`,
    );
  }
  return { busyBytes, maxBytes };
}

/** Who reads what comes: the elements of a batch, or a record of an upper room. */
export interface CrossingReader {
  /** @returns undefined; or what waits for a process that comes from another thread (remote-spawns.ts) */
  batch(thread: number, elements: readonly unknown[]): Ahead | undefined;
  record(thread: number, kind: number, number: number, body: Buffer): void;
}

/** The rest of a batch, and the thread whose spawn it waits for. */
export interface Ahead {
  readonly of: number;
  readonly elements: readonly unknown[];
}

export class Crossing implements SlabReader {
  readonly thread: number;
  readonly #kernel: Kernel;
  readonly #peers: Peers;
  readonly #boundary: Boundary;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #reader: CrossingReader;
  readonly #turns: ReadTurns;
  readonly #limits: CrossingLimits;
  readonly #writer = new SlabWriter();
  readonly #suspended = new Set<Process>();
  /** Bytes posted and not yet acknowledged. */
  #posted = 0;
  /** Bytes read and not yet acknowledged to the other side. */
  #read = 0;
  /** The other side will say when it has read all that is pending now. */
  #asked = false;
  /** The process that reading waits for, */
  #behind: Process | undefined;
  /** and how long. */
  #waitsUntilMs = 0;
  /** Come, and not read. */
  readonly #arrived: Uint8Array[] = [];
  #isAsked = false;
  /** The thread has ended: whatever has come is read by who says so. */
  #isDrained = false;
  /** What has been read, and waits for a process to come from another thread; and all that came after it. */
  #held: { readonly ahead: Ahead; readonly records: [kind: number, number: number, body: Buffer][] } | undefined;
  #closed = false;
  /** What the other side knows of the encoder's shapes. */
  #generation = 1;
  #shapes = 0;

  constructor(
    kernel: Kernel,
    peers: Peers,
    thread: number,
    boundary: Boundary,
    encoder: Encoder,
    reader: CrossingReader,
    turns: ReadTurns,
    limits: CrossingLimits,
  ) {
    this.#kernel = kernel;
    this.#peers = peers;
    this.thread = thread;
    this.#boundary = boundary;
    this.#encoder = encoder;
    this.#decoder = new Decoder(peers);
    this.#reader = reader;
    this.#turns = turns;
    this.#limits = limits;
  }

  /** Bytes on their way that the other side has not read. */
  get pending(): number {
    return this.#posted + this.#writer.used;
  }

  listen(): void {
    this.#boundary.listen((slab) => {
      this.#arrived.push(slab);
      if (!this.#isDrained) this.#turns.arrived(this);
    });
  }

  // ---- out -----------------------------------------------------------------------------------------------------------

  /** @throws {CrossingError} when there is no room for a message */
  assertRoom(): void {
    if (this.pending <= this.#limits.maxBytes) return;
    throw new CrossingError(
      `Cannot send to thread ${this.thread}: expected at most ${this.#limits.maxBytes} bytes on their way there, got ${this.pending}, which it has not read. Send less, await replies, or send from a behaviour: it is suspended in time.`,
    );
  }

  /** Begins a signal: `number`s and values follow, as many elements as its operation has. */
  begin(operation: number): void {
    this.#writer.batch(signalsKind);
    this.#writer.number(operation);
  }

  number(value: number): void {
    this.#writer.number(value);
  }

  /**
   * Begins a signal whose last value has been encoded already. The shapes that it uses go first, in a record of their own:
   * so they arrive though the message may not be understood.
   */
  beginWith(operation: number): void {
    if (this.#generation !== this.#encoder.generation || this.#shapes < this.#encoder.shapeCount) this.#writeShapes();
    this.begin(operation);
  }

  /** The last element of a signal. */
  value(encoded: Encoded): void {
    this.#writer.packed(encoded, encoded.start, encoded.end);
    this.#written();
  }

  write(kind: number, number: number, body: Uint8Array | string): void {
    if (typeof body === "string") this.#writer.writeText(kind, number, body);
    else this.#writer.write(kind, number, body);
    this.#written();
  }

  /** Sends off what has gathered. */
  flush(): void {
    const { used } = this.#writer;
    if (used === 0) return;
    this.#posted += used;
    this.#boundary.post(this.#writer.take());
  }

  /** The process that has just sent something waits if there is too much on its way. */
  slowDown(): void {
    if (this.pending <= this.#limits.busyBytes) return;
    if (!this.#asked) {
      this.#asked = true;
      this.write(askKind, 0, nothing);
    }
    const process = currentProcess();
    if (process === undefined || process.kernel !== this.#kernel || this.#suspended.has(process)) return;
    this.#suspended.add(process);
    const rare = process.ensureRare();
    rare.suspended = (rare.suspended ?? 0) + 1;
  }

  #written(): void {
    if (this.#writer.used >= slabBytes) this.flush();
    else this.#peers.scheduleFlush();
  }

  #writeShapes(): void {
    if (this.#generation !== this.#encoder.generation) {
      this.#generation = this.#encoder.generation;
      this.#shapes = 0;
    }
    const shapes = JSON.stringify(this.#encoder.shapesFrom(this.#shapes));
    this.#writer.writeText(shapesKind, this.#generation, shapes);
    this.#shapes = this.#encoder.shapeCount;
  }

  // ---- in ------------------------------------------------------------------------------------------------------------

  get hasMore(): boolean {
    return this.#arrived.length > 0;
  }

  readNext(): number {
    const slab = this.#arrived.shift();
    if (slab === undefined) return 0;
    this.#readSlab(slab);
    this.#behind = this.#peers.takeBehind();
    if (this.#behind !== undefined) this.#waitsUntilMs = this.#kernel.world.monotonicMs() + longestWaitMs;
    return slab.length;
  }

  /** Does a process here have to catch up first? Not for ever: it may be waiting for something that comes behind. */
  get waits(): boolean {
    if (this.#behind === undefined) return false;
    const length = this.#behind.mailbox?.length ?? 0;
    if (length > longMailbox / 2 && this.#kernel.world.monotonicMs() < this.#waitsUntilMs) return true;
    this.#behind = undefined;
    return false;
  }

  #readSlab(slab: Uint8Array): void {
    readSlab(slab, (kind, number, body) => {
      if (this.#held !== undefined && kind !== ackKind) this.#held.records.push([kind, number, body]);
      else if (!this.#closed) this.#readRecord(kind, number, body);
    });
    this.#read += slab.length;
    this.#acknowledge();
  }

  /** What is held counts as not read: who sends it is slowed down. */
  #acknowledge(): void {
    if ((this.#read < ackEvery && !this.#isAsked) || this.#held !== undefined || this.#closed) return;
    this.#isAsked = false;
    this.#writer.write(ackKind, this.#read, nothing);
    this.#read = 0;
    this.#peers.scheduleFlush();
  }

  #readRecord(kind: number, number: number, body: Buffer): void {
    try {
      if (kind === signalsKind) this.#readBatch(this.#decoder.decode(body) as unknown[]);
      else if (kind === ackKind) this.#acknowledged(number);
      else if (kind === askKind) this.#isAsked = true;
      else if (kind === shapesKind) this.#decoder.learn(number, shapesOf(body));
      else this.#reader.record(this.thread, kind, number, body);
    } catch (thrown) {
      // Those behind it must not be lost with it.
      const where = `a record of kind ${kind} from thread ${this.thread}`;
      this.#kernel.report({ kind: "error", where, reason: crashReason(thrown) });
    }
  }

  #readBatch(elements: readonly unknown[]): void {
    const ahead = this.#reader.batch(this.thread, elements);
    if (ahead !== undefined) this.#held = { ahead, records: [] };
  }

  /** A thread has started a process here, or has ended: what waited for that is looked at again. */
  settled(thread: number): void {
    if (this.#held?.ahead.of !== thread) return;
    const { ahead, records } = this.#held;
    this.#held = undefined;
    this.#readBatch(ahead.elements);
    for (const [kind, number, body] of records) {
      const held = this.#held as { records: [number, number, Buffer][] } | undefined;
      if (held !== undefined) held.records.push([kind, number, body]);
      else this.#readRecord(kind, number, body);
    }
    this.#acknowledge();
  }

  #acknowledged(bytes: number): void {
    this.#posted -= bytes;
    this.#asked = false;
    if (this.#suspended.size > 0 && this.pending <= this.#limits.busyBytes / 2) this.#resumeAll();
  }

  #resumeAll(): void {
    for (const process of this.#suspended) resume(process);
    this.#suspended.clear();
  }

  /** The thread has ended: what it has posted, and has come, is read. */
  drain(): void {
    this.#isDrained = true;
    this.#boundary.drain?.();
    while (this.hasMore) this.readNext();
    this.#behind = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#boundary.close();
    this.#arrived.length = 0;
    this.#resumeAll();
  }
}

/** A slab that has grown so large is posted before the flush. */
const slabBytes = 16 * 1024;
/** Bytes read between two acknowledgements. */
const ackEvery = 256 * 1024;
/** Milliseconds that a slab waits for a process that is behind. */
const longestWaitMs = 20;
const nothing = new Uint8Array(0);

function shapesOf(body: Buffer): Shape[] {
  return JSON.parse(body.toString("utf8")) as Shape[];
}

/** There is room again for what it sends. */
function resume(process: Process): void {
  if (process.rare?.suspended === undefined) return; // it has ended
  process.rare.suspended = Math.max(0, process.rare.suspended - 1);
  if (process.rare.suspended > 0 || process.mailbox === undefined || process.mailbox.length === 0) return;
  if (process.status === idle) process.status = queued;
  else if (process.status === awaiting && process.rare.receiving !== undefined) process.status = receiving;
  else return;
  process.kernel.queue.push(process);
}
