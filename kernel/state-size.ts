/**
 * How large is a state? An estimate, for a limit: JavaScript does not tell, and there is one heap for all processes of a
 * thread. What a state shares with others is counted as its own; what is reached through functions is not seen.
 */

/** @returns whether the value takes more than so many bytes, by estimate. Cost: O(limit), it stops there */
export function exceeds(value: unknown, maxBytes: number): boolean {
  const seen = new Set<object>();
  const stack: unknown[] = [value];
  let bytes = 0;
  while (stack.length > 0) {
    const next = stack.pop();
    switch (typeof next) {
      case "string":
        bytes += 16 + next.length;
        break;
      case "number":
      case "bigint":
      case "boolean":
        bytes += 8;
        break;
      case "object":
        if (next === null || seen.has(next)) break;
        seen.add(next);
        bytes += 24 + pushMembers(next, stack);
        break;
      default:
    }
    if (bytes > maxBytes) return true;
  }
  return false;
}

/** @returns bytes that the object takes beside its members */
function pushMembers(object: object, stack: unknown[]): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return object.byteLength;
  if (object instanceof Map) {
    for (const [key, value] of object) stack.push(key, value);
    return object.size * 32;
  }
  if (object instanceof Set || Array.isArray(object)) {
    for (const member of object) stack.push(member);
    return ("size" in object ? object.size * 3 : object.length) * 8;
  }
  const values: unknown[] = Object.values(object);
  for (const value of values) stack.push(value);
  return values.length * 8;
}
