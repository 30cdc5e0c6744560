/**
 * Codec: messages as bytes, for their way to another thread. msgpackr, with our own classes as types of their own, so that
 * they arrive as what they are; Map, Set, Date, Error, typed arrays and bigint as themselves; objects and arrays frozen.
 *
 *   Encoder (one a kernel)   message ─▷ bytes, and new shapes      shape = the keys of an object; it is sent once, and from
 *   Decoder (one a peer)     bytes, shapes ─▷ messages             then on an object of it is one or two bytes and its values
 *
 * - Shapes are bounded: one is shared when it is seen a second time, `maxShapes` at the most. When there is no room left, the
 *   next generation starts anew after a while, so that shapes in use replace those that were in use once.
 * - A batch is decoded in one go: what msgpackr costs to begin and to end is paid once.
 * - What cannot go is refused as it is encoded, with its place in the message. Nothing is half sent.
 * What is lost on the way: an Error's stack is the reader's, its own fields are gone; -0 is 0, half a surrogate pair is U+FFFD,
 * a key `__proto__` is `__proto_`, and two places that hold the same object hold two. Only threads of one program speak this
 * to each other: nothing from a browser is ever decoded here.
 */
import { addExtension, Packr, REUSE_BUFFER_MODE, Unpackr } from "msgpackr";
import { Alias } from "../alias.ts";
import { From } from "../calls.ts";
import { Pid, type Ref } from "../pid.ts";
import { DownMessage, ExitMessage, TaskReply, TimeoutMessage } from "../system-messages.ts";
import { assertDepth, assertPlain, refusal, refuseFunction } from "./unsendable.ts";

/** How the kernel at this end tells pids and calls apart. */
export interface Resolver {
  pid(thread: number, serial: number): Pid;
  from(thread: number, ref: Ref): From;
  /** A pid or call is leaving this thread: what comes back must be the same object. */
  expose(value: Pid | From): void;
}

/** The keys of an object, in their order. */
export type Shape = readonly string[];

/** The bytes from `start` to `end` are the message, until the next one is encoded. */
export type Encoded = Uint8Array & { readonly start: number; readonly end: number };

export class Encoder {
  readonly #ends: Resolver;
  #packr: Packr;
  /** msgpackr's own list: shapes in the order of their numbers. */
  #shapes: Shared = [];
  /** Shapes that were seen once. */
  readonly #seen = new Set<string>();
  #sinceFull = 0;
  /** Goes up when all shapes are forgotten. */
  generation = 1;

  constructor(ends: Resolver) {
    this.#ends = ends;
    this.#packr = this.#newPackr();
  }

  /** How many shapes this generation has. A message that was encoded may use all of them. */
  get shapeCount(): number {
    return this.#shapes.sharedLength ?? 0;
  }

  /** The shapes of this generation from a number on. */
  shapesFrom(first: number): Shape[] {
    return this.#shapes.slice(first, this.shapeCount);
  }

  /** @throws {MessageError} when it is not data, or holds what cannot leave its thread */
  encode(message: unknown): Encoded {
    resolver = this.#ends;
    if (this.shapeCount >= maxShapes) this.#renewLater();
    try {
      return pack(this.#packr, message);
    } catch (thrown) {
      this.#renew(); // half a message may have left shapes behind
      throw refusal(message, thrown);
    }
  }

  #renewLater(): void {
    this.#sinceFull += 1;
    if (this.#sinceFull >= renewEvery) this.#renew();
  }

  #renew(): void {
    this.generation += 1;
    this.#sinceFull = 0;
    this.#seen.clear();
    this.#packr = this.#newPackr();
  }

  #newPackr(): Packr {
    this.#shapes = [];
    const options: PackrOptions = {
      ...strict,
      structures: this.#shapes,
      maxSharedStructures: maxShapes,
      shouldShareStructure: (keys) => this.#isShared(keys),
    };
    return new Packr(options as object);
  }

  /** Objects that are used as dictionaries have new keys each time: their shapes must not crowd out the others. */
  #isShared(keys: Shape): boolean {
    if (keys.length > maxSharedKeys) return false;
    const id = keys.join("\0");
    if (this.#seen.delete(id)) return true;
    if (this.#seen.size >= maxSeen) this.#seen.delete(this.#seen.values().next().value as string);
    this.#seen.add(id);
    return false;
  }
}

export class Decoder {
  readonly #ends: Resolver;
  #unpackr!: Unpackr;
  #shapes!: Shared;
  /** So many of them are the other end's. */
  #known = 0;
  #generation = 0;

  constructor(ends: Resolver) {
    this.#ends = ends;
    this.learn(1, []);
  }

  /** The other end has new shapes; a new generation forgets the former's. */
  learn(generation: number, shapes: readonly Shape[]): void {
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#shapes = [];
      this.#known = 0;
      const options: PackrOptions = { ...lone, structures: this.#shapes };
      this.#unpackr = new Unpackr(options as object);
    }
    const own = this.#shapes;
    own.length = this.#known; // msgpackr leaves behind what one message defined for itself
    for (const shape of shapes) {
      const number = own.length;
      const structure: Structure = [...shape];
      structure.isShared = true;
      if (number >= oneByteShapes) structure.highByte = (number - oneByteShapes) >> 5;
      own.push(structure);
    }
    this.#known = own.length;
    // Numbers of two bytes begin with one of these. msgpackr takes them for such only where it knows a shape: without them an
    // object of a shape that the message defines for itself, and uses a second time, would be read as a number.
    while (own.length < 2 * oneByteShapes) own.push(Object.assign([] as Structure, { highByte: 0 }));
    own.sharedLength = own.length;
  }

  /** @returns what was encoded, objects and arrays frozen, and nobody else's */
  decode(bytes: Uint8Array): unknown {
    resolver = this.#ends;
    return this.#unpackr.unpack(bytes);
  }
}

/**
 * One message, with nothing that the other end must know before.
 *
 * @returns bytes of their own, to be kept or transferred
 * @throws {MessageError} as `Encoder.encode`
 */
export function encode(message: unknown, ends: Resolver): Uint8Array<ArrayBuffer> {
  resolver = ends;
  try {
    const encoded = pack(packr, message);
    return new Uint8Array(encoded.subarray(encoded.start, encoded.end));
  } catch (thrown) {
    throw refusal(message, thrown);
  }
}

/** What `encode` has made. @returns it, objects and arrays frozen */
export function decode(bytes: Uint8Array, ends: Resolver): unknown {
  resolver = ends;
  return unpackr.unpack(bytes);
}

function pack(by: Packr, message: unknown): Encoded {
  const encoded = by.pack(message, REUSE_BUFFER_MODE | resetBufferMode) as unknown as Encoded;
  if (encoded.end - encoded.start > shallowBytes) assertDepth(message);
  // msgpackr would keep it for good.
  if (encoded.length > maxKeptBytes) by.useBuffer(Buffer.allocUnsafeSlow(leastKeptBytes));
  return encoded;
}

/** Objects of so many shapes are short. */
const maxShapes = 256;
/** An object with more keys is taken for a dictionary. */
const maxSharedKeys = 64;
const maxSeen = 256;
/** Messages that are encoded with no room for shapes before the next generation. */
const renewEvery = 50_000;
/** msgpackr gives the first shapes a byte each. */
const oneByteShapes = 32;
const maxKeptBytes = 1 << 20;
const leastKeptBytes = 8192;
/** A message of fewer bytes cannot be nested so deep that decoding it would overflow a stack. */
const shallowBytes = 512;
/** msgpackr's RESET_BUFFER_MODE, which its types do not know: what was packed is overwritten next time. */
const resetBufferMode = 1024;

/** msgpackr's list of shared structures, and one of them. */
type Shared = Structure[] & { sharedLength?: number };
type Structure = string[] & { isShared?: boolean; highByte?: number };

/** Those of msgpackr's options that we use, some of which its types lack. */
interface PackrOptions {
  readonly moreTypes: boolean;
  readonly useToJSON?: boolean;
  readonly freezeData?: boolean;
  readonly copyBuffers?: boolean;
  readonly structures?: Shared;
  readonly maxSharedStructures?: number;
  readonly shouldShareStructure?: (keys: Shape) => boolean;
  readonly useRecords?: (object: object) => boolean;
  readonly writeFunction?: (fn: unknown) => never;
}

const strict: PackrOptions = {
  moreTypes: true,
  useToJSON: false,
  // Asked for every object that is not an array, a Map or of a class with a type of its own.
  useRecords: assertPlain,
  writeFunction: refuseFunction,
};
const lone: PackrOptions = { moreTypes: true, freezeData: true, copyBuffers: true };
const packr = new Packr(strict as object);
const unpackr = new Unpackr({ ...lone, structures: [] } as object);

/** The kernel at this end of what is being packed or unpacked; msgpackr's extensions are the program's, not a packer's. */
let resolver: Resolver;

// Of the program, not of a packer. The one that is declared last is looked at first.

addExtension({
  Class: AggregateError,
  type: 0x56,
  write: (error: AggregateError) => [error.message, error.errors, error.cause],
  read: ([message, errors, cause]: [string, unknown[], unknown]) => new AggregateError(errors, message, { cause }),
});

addExtension({
  Class: TaskReply,
  type: 0x55,
  write: (reply: TaskReply) => [reply.ref, reply.value],
  read: ([ref, value]: [Ref, unknown]) => new TaskReply(ref, value),
});

addExtension({
  Class: TimeoutMessage,
  type: 0x5c,
  write: (message: TimeoutMessage) => [message.ref, message.message],
  read: ([ref, message]: [Ref, unknown]) => new TimeoutMessage(ref, message),
});

addExtension({
  Class: Alias,
  type: 0x54,
  write: (alias: Alias) => [alias.thread, alias.ref],
  read: ([thread, ref]: [number, Ref]) => new Alias(thread, ref),
});

addExtension({
  Class: DownMessage,
  type: 0x53,
  write: (message: DownMessage) => [message.ref, message.object, message.reason, message.tag],
  read: ([ref, object, reason, tag]: [Ref, Pid | string, unknown, unknown]) =>
    new DownMessage(ref, object, reason, tag),
});

addExtension({
  Class: ExitMessage,
  type: 0x52,
  write: (message: ExitMessage) => [message.from, message.reason],
  read: ([from, reason]: [Pid, unknown]) => new ExitMessage(from, reason),
});

addExtension({
  Class: From,
  type: 0x51,
  write: (from: From) => {
    resolver.expose(from);
    return [from.thread, from.ref];
  },
  read: ([thread, ref]: [number, Ref]) => resolver.from(thread, ref),
});

// One number, since it is in so many messages: no array is made for it.
addExtension({
  Class: Pid,
  type: 0x50,
  write: (pid: Pid) => {
    resolver.expose(pid);
    return pid.serial < serials ? pid.thread * serials + pid.serial : [pid.thread, pid.serial];
  },
  read: (packed: number | [number, number]) => {
    if (typeof packed !== "number") return resolver.pid(packed[0], packed[1]);
    const thread = Math.floor(packed / serials);
    return resolver.pid(thread, packed - thread * serials);
  },
});

/** Bits of a serial that go into one number with the thread's. */
const serials = 2 ** 32;
