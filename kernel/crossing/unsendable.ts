/**
 * What cannot be sent to another thread: functions, symbols, and instances of classes that the codec does not know, sockets
 * and streams among them. The codec notices; here is found out where in the message it is, once something is wrong.
 *
 *   { user: { onClick() {} } }  ─▷  MessageError: ... got a function "onClick" at message.user.onClick ...
 */
import { Alias } from "../alias.ts";
import { From } from "../calls.ts";
import { MessageError } from "../errors.ts";
import { sealedCopy } from "../message.ts";
import { Pid } from "../pid.ts";
import { DownMessage, ExitMessage, TaskReply, TimeoutMessage } from "../system-messages.ts";

/** @throws for an object that is neither plain nor of a class with a type of its own; @returns true */
export function assertPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new Refused();
  return true;
}

export function refuseFunction(): never {
  throw new Refused();
}

/** Thrown inside msgpackr; what is wrong is found out afterwards. */
class Refused extends Error {}

/** Why a message could not be encoded, with the place in it. */
export function refusal(message: unknown, thrown: unknown): unknown {
  try {
    sealedCopy(message);
  } catch (refused) {
    return refused;
  }
  const found = findAlien(message, []);
  if (found === undefined) return thrown;
  const place = ["message", ...found.path].join(".");
  return new MessageError(
    `A message to another thread: ${found.what} at ${place} is known on its own thread alone. Send what the receiver needs of it instead.`,
  );
}

/** What may be sent on one thread, but to no other. */
function findAlien(value: unknown, path: readonly string[]): { what: string; path: readonly string[] } | undefined {
  if (typeof value !== "object" || value === null || hasType(value)) return undefined;
  const inner: Iterable<readonly [string, unknown]> =
    value instanceof Map
      ? [...value].flatMap(([key, member]) => [["<key>", key] as const, [String(key), member] as const])
      : value instanceof Set
        ? [...value].map((member) => ["<member>", member] as const)
        : value instanceof Error
          ? [["cause", value.cause] as const]
          : Object.entries(value);
  if (!Array.isArray(value) && !(value instanceof Map || value instanceof Set || value instanceof Error)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      return { what: `an instance of ${value.constructor?.name || "a class without a name"}`, path };
    }
  }
  for (const [key, member] of inner) {
    const found = findAlien(member, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Beyond what a message may be nested on one thread, too. @throws {MessageError} */
export function assertDepth(message: unknown): void {
  if (isTooDeep(message, 0)) sealedCopy(message);
}

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (depth > maxDepth) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isTooDeep(value[i], depth + 1)) return true;
    return false;
  }
  if (value instanceof Map) {
    for (const [key, member] of value) if (isTooDeep(key, depth + 1) || isTooDeep(member, depth + 1)) return true;
    return false;
  }
  if (value instanceof Set) {
    for (const member of value) if (isTooDeep(member, depth + 1)) return true;
    return false;
  }
  if (value instanceof ExitMessage || value instanceof DownMessage) return isTooDeep(value.reason, depth + 1);
  if (value instanceof TaskReply) return isTooDeep(value.value, depth + 1);
  if (value instanceof TimeoutMessage) return isTooDeep(value.message, depth + 1);
  if (value instanceof Error) return isTooDeep(value.cause, depth + 1);
  for (const key in value) if (isTooDeep((value as Record<string, unknown>)[key], depth + 1)) return true;
  return false;
}

/** The same as message.ts's, which finds the words. */
const maxDepth = 100;

const typed = [Pid, From, ExitMessage, DownMessage, Alias, TaskReply, TimeoutMessage, Date, ArrayBuffer];

function hasType(value: object): boolean {
  return ArrayBuffer.isView(value) || typed.some((Class) => value instanceof Class);
}
