/**
 * Key: what entries of a registry and process groups are called by. Any value that is equal by what it holds:
 *
 *   "lobby"   7   7n   true   null   pid   ["room", 7]   ["seat", ["room", 7], pid]
 *
 * Erlang compares keys as terms; JavaScript compares two arrays as places in memory. So an array is looked up by an id
 * that is made of its members, here; a single value is its own id, and costs nothing.
 */
import { NameError, shown } from "../errors.ts";
import { Pid } from "../pid.ts";

export type Key = string | number | bigint | boolean | null | Pid | readonly Key[];

/**
 * What a `Map` finds the key by. Equal for equal keys, and for no others: `1` and `"1"` differ, `0` and `-0` do not.
 *
 * @param whose begins the error's sentence, such as `Registry "rooms"`
 * @throws {NameError} when it is no key, or nested more than 16 levels deep
 */
export function keyId(key: Key, whose: string): unknown {
  switch (typeof key) {
    case "string":
      // Ids of arrays begin with this character; no other string may look like one.
      return key.charCodeAt(0) === 0 ? `\0${memberId(key, whose, 0)}` : key;
    case "number":
    case "bigint":
    case "boolean":
      return key;
  }
  return key === null || key instanceof Pid ? key : `\0${memberId(key, whose, 0)}`;
}

function memberId(key: Key, whose: string, depth: number): string {
  switch (typeof key) {
    case "string":
      return `s${key.length}:${key}`;
    case "number":
      return `n${key};`;
    case "bigint":
      return `i${key};`;
    case "boolean":
      return key ? "t" : "f";
  }
  if (key === null) return "0";
  if (key instanceof Pid) return `p${key.thread}.${key.serial};`;
  if (!Array.isArray(key)) {
    throw new NameError(
      `${whose}: expected a key of strings, numbers, booleans, null, pids, or arrays of these, got ${shown(key)}. Use its id instead.`,
    );
  }
  if (depth === maxDepth) throw new NameError(`${whose}: expected a key of at most ${maxDepth} levels of arrays.`);
  let id = "[";
  for (let i = 0; i < key.length; i++) id += memberId(key[i] as Key, whose, depth + 1);
  return `${id}]`;
}

const maxDepth = 16;
