/**
 * Messages are data, and never shared mutable state (law 2 of the design): on one thread a message is frozen as it is
 * sent, deep, in place; what cannot be frozen (Map, Set, Date, typed arrays, Error) makes the whole message a frozen
 * copy instead. Functions, symbols and instances of classes are refused with the path inside the message.
 *
 * Cost: one `isFrozen` for a message that was frozen before (a broadcast is frozen once); about 60 ns for `{ tag, n }`.
 *
 * In production (`LINTEL_ENV`, else `NODE_ENV`) what is frozen is taken to be sealed: only ever freeze deep what you send
 * yourself. Everywhere else it is looked at, once, down to its leaves: a part that is not frozen is, and what cannot be a
 * message is refused here rather than on its first way to another thread.
 */
import { MessageError, shown } from "./errors.ts";
import { Pid } from "./pid.ts";

/** Values that are immutable and known to the codec, whatever their class. */
const leaves: (abstract new (...args: never[]) => object)[] = [Pid];

/** @internal Declares a class whose instances are immutable and may travel in messages of one thread. */
export function declareLeaf(leaf: abstract new (...args: never[]) => object): void {
  leaves.push(leaf);
}

/**
 * Makes a message safe to hand to another process of this thread.
 *
 * @returns the message itself, frozen; or a frozen copy, if some part of it cannot be frozen
 * @throws {MessageError} when it is not data
 */
export function seal<T>(message: T): T {
  if (typeof message !== "object" || message === null) {
    if (typeof message === "function" || typeof message === "symbol") refuse(message, []);
    return message;
  }
  if (trustsFrozen) {
    if (Object.isFrozen(message)) return message;
  } else if (message === lastSealed || (Object.isFrozen(message) && sealed.has(message))) return message;
  walked = 0;
  if (freezeDeep(message, 0, [])) {
    lastSealed = trustsFrozen ? undefined : message;
    return message;
  }
  const copy = copyDeep(message, new Map(), []) as object;
  if (!trustsFrozen) sealed.add(copy);
  return copy as T;
}

const { LINTEL_ENV, NODE_ENV } = process.env;
const trustsFrozen = (LINTEL_ENV || NODE_ENV) === "production";

// Where frozen is not trusted, what was found to be sealed is remembered: the last message (it is sent to many), copies,
// and the parts of large messages. To look at a small one again is cheaper than a WeakSet.
let lastSealed: object | undefined;
const sealed = new WeakSet<object>();
/** Objects looked at in this message. */
let walked = 0;
const fewObjects = 64;

/**
 * @internal Like `seal`, but leaves the value itself as it is.
 *
 * @throws {MessageError} when it is not data
 */
export function sealedCopy<T>(value: T): T {
  return copyDeep(value, new Map(), []) as T;
}

/** @returns false as soon as something cannot be frozen in place */
function freezeDeep(value: object, depth: number, path: PropertyKey[]): boolean {
  if (depth > maxDepth) refuseDepth();
  walked += 1;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!freezeMember(value[i], i, depth, path)) return false;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      if (isLeaf(value)) return true;
      if (isCopyable(value)) return false;
      refuse(value, path);
    }
    for (const key in value) {
      if (!freezeMember((value as Record<string, unknown>)[key], key, depth, path)) return false;
    }
  }
  Object.freeze(value);
  if (!trustsFrozen && walked > fewObjects) sealed.add(value);
  return true;
}

function freezeMember(member: unknown, key: PropertyKey, depth: number, path: PropertyKey[]): boolean {
  if (typeof member === "object" && member !== null) {
    if (trustsFrozen ? Object.isFrozen(member) : walked > fewObjects && sealed.has(member)) return true;
    path.push(key);
    if (!freezeDeep(member, depth + 1, path)) return false;
    path.pop();
  } else if (typeof member === "function" || typeof member === "symbol") refuse(member, [...path, key]);
  return true;
}

function copyDeep(value: unknown, seen: Map<object, unknown>, path: PropertyKey[]): unknown {
  if (typeof value === "function" || typeof value === "symbol") refuse(value, path);
  if (typeof value !== "object" || value === null || isLeaf(value)) return value;
  if (path.length > maxDepth) refuseDepth();
  const known = seen.get(value);
  if (known !== undefined) return known;
  const member = (inner: unknown, key: PropertyKey): unknown => copyDeep(inner, seen, [...path, key]);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    for (let i = 0; i < value.length; i++) copy.push(member(value[i], i));
    seen.set(value, copy);
    return Object.freeze(copy);
  }
  if (value instanceof Map) {
    const copy = new Map();
    for (const [key, inner] of value) copy.set(member(key, "<key>"), member(inner, String(key)));
    seen.set(value, copy);
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set();
    for (const inner of value) copy.add(member(inner, "<member>"));
    seen.set(value, copy);
    return copy;
  }
  if (ArrayBuffer.isView(value)) return copyView(value, seen);
  if (isCopyable(value)) {
    const copy = copyClone(value, path);
    seen.set(value, copy);
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuse(value, path);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const inner = member((value as Record<string, unknown>)[key], key);
    if (key === "__proto__") Object.defineProperty(copy, key, { value: inner, enumerable: true });
    else copy[key] = inner;
  }
  seen.set(value, copy);
  return Object.freeze(copy);
}

/** Only the part that is looked at: `structuredClone` takes the whole buffer under it, a pool of Node's for instance. */
function copyView(view: ArrayBufferView, seen: Map<object, unknown>): ArrayBufferView {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const View = view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
  const copy = view instanceof Uint8Array ? bytes : new View(bytes.buffer);
  seen.set(view, copy);
  return copy;
}

function copyClone(value: object, path: readonly PropertyKey[]): unknown {
  try {
    return structuredClone(value);
  } catch {
    const place = ["message", ...path].map(String).join(".");
    throw new MessageError(
      `A message must be data: ${shown(value)} at ${place} holds something that is not (its cause?). Send its name and message instead.`,
    );
  }
}

function isLeaf(value: object): boolean {
  for (const leaf of leaves) if (value instanceof leaf) return true;
  return false;
}

function isCopyable(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Date ||
    value instanceof Error ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

const maxDepth = 100;

function refuse(value: unknown, path: readonly PropertyKey[]): never {
  const place = ["message", ...path].map(String).join(".");
  const what =
    typeof value === "object" && value !== null
      ? `an instance of ${value.constructor?.name || "a class without a name"}`
      : shown(value);
  throw new MessageError(
    `A message must be data: expected plain objects, arrays, Map, Set, Date, Error, typed arrays, pids or primitives, got ${what} at ${place}. Send what the receiver needs of it instead.`,
  );
}

function refuseDepth(): never {
  throw new MessageError(
    `A message may be nested ${maxDepth} levels deep at the most, and hold no cycle. Send it flat, or in parts.`,
  );
}
