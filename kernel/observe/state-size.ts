/**
 * How large is a state? An estimate, for a limit: JavaScript does not tell, and there is one heap for all processes of a
 * thread. What a state shares with others is counted as its own; what is reached through functions or private fields is
 * not seen; processes, kernels, timers and calls that it refers to belong to the kernel.
 */
import { From } from "../calls.ts";
import { Kernel } from "../kernel.ts";
import { Process } from "../process.ts";
import { Timer } from "../timer-wheel.ts";

/** @returns whether the value takes more than so many bytes, by estimate. Cost: O(limit), it stops there */
export function exceeds(value: unknown, maxBytes: number): boolean {
  const seen = new Set<object>();
  const stack: unknown[] = [value];
  let bytes = 0;
  while (stack.length > 0) {
    const next = stack.pop();
    const members = typeof next === "object" && next !== null && !seen.has(next) && !isOpaque(next) ? next : undefined;
    bytes += members === undefined ? leafBytes(next) : 24 + ownBytes(members);
    if (bytes > maxBytes) return true;
    if (members === undefined) continue;
    seen.add(members);
    pushMembers(members, stack);
  }
  return false;
}

/**
 * @returns bytes that the value takes, by a coarser estimate: of what has many members some are looked at, and taken for all.
 *   Cost: at most 4,000 objects
 */
export function sampledBytes(value: unknown): number {
  const seen = new Set<object>();
  const stack: { readonly value: unknown; readonly times: number }[] = [{ value, times: 1 }];
  let bytes = 0;
  for (let looks = 0; looks < mostLooks && stack.length > 0; looks++) {
    const { value: next, times } = stack.pop()!;
    if (typeof next !== "object" || next === null) {
      bytes += leafBytes(next) * times;
      continue;
    }
    if (seen.has(next) || isOpaque(next)) continue;
    seen.add(next);
    bytes += (24 + ownBytes(next)) * times;
    const { members, of } = someMembers(next);
    for (const member of members) stack.push({ value: member, times: (times * of) / members.length });
  }
  return bytes;
}

/** Some of an object's members, and how many it has. */
function someMembers(object: object): { members: unknown[]; of: number } {
  if (object instanceof ArrayBuffer) return { members: [], of: 0 };
  if (ArrayBuffer.isView(object)) return { members: [object.buffer], of: 1 };
  if (Array.isArray(object)) {
    const step = Math.max(1, Math.floor(object.length / someOf));
    return {
      members: Array.from({ length: Math.min(object.length, someOf) }, (_, i) => object[i * step]),
      of: object.length,
    };
  }
  if (object instanceof Map || object instanceof Set) {
    const members: unknown[] = [];
    for (const entry of object.entries()) {
      members.push(...(object instanceof Map ? entry : [entry[0]]));
      if (members.length >= someOf) break;
    }
    return { members, of: object.size * (object instanceof Map ? 2 : 1) };
  }
  const values: unknown[] = Object.values(object);
  return { members: values.slice(0, someOf), of: values.length };
}

const mostLooks = 4000;
const someOf = 64;

function isOpaque(object: object): boolean {
  return object instanceof Process || object instanceof Kernel || object instanceof Timer || object instanceof From;
}

function leafBytes(value: unknown): number {
  if (typeof value === "string") return 16 + value.length;
  return typeof value === "undefined" || typeof value === "object" || typeof value === "function" ? 0 : 8;
}

/** Beside its members. Told before they are looked at, so that a huge one costs nothing to refuse. */
function ownBytes(object: object): number {
  if (object instanceof ArrayBuffer) return object.byteLength;
  if (ArrayBuffer.isView(object)) return 0;
  if (object instanceof Map) return object.size * 32;
  if (object instanceof Set) return object.size * 24;
  return (Array.isArray(object) ? object.length : Object.keys(object).length) * 8;
}

function pushMembers(object: object, stack: unknown[]): void {
  if (object instanceof ArrayBuffer) return;
  if (ArrayBuffer.isView(object)) stack.push(object.buffer);
  else if (object instanceof Map) for (const [key, value] of object) stack.push(key, value);
  else if (object instanceof Set || Array.isArray(object)) for (const member of object) stack.push(member);
  else for (const value of Object.values(object)) stack.push(value);
}
