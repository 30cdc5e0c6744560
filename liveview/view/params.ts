/**
 * Params: query strings and urlencoded forms, decoded.
 *
 *   user[name]=Ann&tags[]=a&tags[]=b     ──▷   { user: { name: "Ann" }, tags: ["a", "b"] }
 *   └─┬─┘└─┬─┘                                 objects without prototype, strings, lists
 *    root  segments; an empty one appends to a list
 *
 * Rules: of two pairs with the same name, or with names that disagree on what stands there (`a=1&a[b]=2`), the later
 * wins. Each `[]` appends, in the middle of a name too: `a[][x]=1&a[][x]=2` is a list of two. A number is a name like
 * any other: `a[0]=1` is `{ a: { 0: "1" } }`. Brackets that do not match are part of a plain name. A `%` that starts no
 * valid sequence stands for itself, and bytes that are no UTF-8 become U+FFFD.
 *
 * Nothing here trusts its input: size, pairs, depth and names have limits; names live in objects without a prototype,
 * and one that is `__proto__` is dropped with its value, so that careless copying does no harm either.
 * Cost: linear in the length of the text.
 */
import { LintelError } from "../../kernel/errors.ts";

/** A decoded value. */
export type ParamValue = string | readonly ParamValue[] | Params;

/** Decoded params. No prototype: `"x" in params` and `params.constructor` see what was sent, and nothing else. */
export type Params = { readonly [key: string]: ParamValue };

/** A form event's params: `_target` and the rest of `meta`, which may hold any JSON, merged over the form's fields. */
export type FormParams = { readonly [key: string]: unknown };

/** What a decoder accepts. Beyond a limit it throws, and decodes no part. */
export interface ParamsLimits {
  /** Default 65,536, of the text as sent. */
  readonly maxBytes: number;
  /** Default 1,000. */
  readonly maxPairs: number;
  /** Segments of one name, the root included; default 8. */
  readonly maxDepth: number;
  /** Characters of one name, decoded; default 256. */
  readonly maxKeyLength: number;
}

export const defaultParamsLimits: ParamsLimits = Object.freeze({
  maxBytes: 65_536,
  maxPairs: 1_000,
  maxDepth: 8,
  maxKeyLength: 256,
});

/** Params beyond a limit. `limit` says which, `status` is the HTTP status to answer with. */
export class ParamsError extends LintelError {
  override readonly name = "ParamsError";
  readonly code = "ERR_PARAMS";
  readonly status = 400;
  readonly limit: keyof ParamsLimits;

  constructor(limit: keyof ParamsLimits, expected: number, got: number) {
    super(`Params: expected ${limitWords[limit]} of at most ${expected}, got ${got}.`);
    this.limit = limit;
  }
}

const limitWords: Record<keyof ParamsLimits, string> = {
  maxBytes: "a text in bytes",
  maxPairs: "a count of pairs",
  maxDepth: "a depth of brackets",
  maxKeyLength: "a name's length",
};

/**
 * Decodes a query string (without "?") or a urlencoded body.
 *
 * @param limits those that differ from the defaults
 * @throws {ParamsError} when the text is beyond a limit
 */
export function decodeParams(text: string, limits: Partial<ParamsLimits> = {}): Params {
  const { maxBytes, maxPairs, maxDepth, maxKeyLength } = { ...defaultParamsLimits, ...limits };
  const bytes = text.length > maxBytes ? text.length : Buffer.byteLength(text);
  if (bytes > maxBytes) throw new ParamsError("maxBytes", maxBytes, bytes);

  const params: OpenParams = Object.create(null);
  let pairs = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("&", start);
    const end = found === -1 ? text.length : found;
    if (end > start) {
      pairs += 1;
      if (pairs > maxPairs) throw new ParamsError("maxPairs", maxPairs, pairs);
      const pair = text.slice(start, end);
      const equals = pair.indexOf("=");
      const key = unescapeText(equals === -1 ? pair : pair.slice(0, equals));
      if (key.length > maxKeyLength) throw new ParamsError("maxKeyLength", maxKeyLength, key.length);
      const path = splitName(key);
      if (path.length > maxDepth) throw new ParamsError("maxDepth", maxDepth, path.length);
      const value = equals === -1 ? "" : unescapeText(pair.slice(equals + 1));
      if (!path.includes("__proto__")) put(params, path, value);
    }
    start = end + 1;
  }
  return params;
}

/**
 * Decodes the value of an event of type "form", as the browser client sends it.
 *
 * @param value the form's fields, urlencoded
 * @param meta merged over the fields. A `_target` in it that is a name becomes a path: `"user[name]"` is
 *   `["user", "name"]`, `"tags[]"` is `["tags"]`; a list of strings is kept; anything else is left out
 * @throws {ParamsError} when the fields or `_target` are beyond a limit
 */
export function decodeFormEvent(
  value: string,
  meta: Record<string, unknown> = {},
  limits: Partial<ParamsLimits> = {},
): FormParams {
  const params: Record<string, unknown> = decodeParams(value, limits);
  for (const key of Object.keys(meta)) {
    if (key !== "__proto__") params[key] = meta[key];
  }
  if ("_target" in params) {
    const path = targetPath(params["_target"], { ...defaultParamsLimits, ...limits });
    if (path === undefined) delete params["_target"];
    else params["_target"] = path;
  }
  return params;
}

/**
 * A URL's params: those of the path win over those of the query.
 *
 * @param path values of a route's `:names`, decoded
 */
export function mergeParams(query: Params, path: Readonly<Record<string, string>>): Params {
  const merged: OpenParams = Object.create(null);
  for (const key of Object.keys(query)) merged[key] = query[key] as OpenValue;
  for (const key of Object.keys(path)) if (key !== "__proto__") merged[key] = path[key]!;
  return merged;
}

type OpenValue = string | OpenValue[] | OpenParams;
interface OpenParams {
  [key: string]: OpenValue;
}

/** `"a[b][]"` is `["a", "b", ""]`; a name whose brackets do not match, or that begins with one, is a single segment. */
function splitName(name: string): string[] {
  const open = name.indexOf("[");
  if (open <= 0 || !name.endsWith("]")) return [name];
  const path = [name.slice(0, open)];
  for (let at = open; at < name.length; ) {
    const close = name.indexOf("]", at);
    if (name[at] !== "[" || close === -1) return [name];
    const segment = name.slice(at + 1, close);
    if (segment.includes("[")) return [name];
    path.push(segment);
    at = close + 1;
  }
  return path;
}

function put(params: OpenParams, path: readonly string[], value: string): void {
  let place: OpenParams | OpenValue[] = params;
  for (let i = 0; ; i++) {
    const last = i === path.length - 1;
    // What has to stand at this segment: the value itself, or something that the next segment can go into.
    const old: OpenValue | undefined = Array.isArray(place) ? undefined : place[path[i]!];
    let next: OpenValue;
    if (last) next = value;
    else if (path[i + 1] === "") next = Array.isArray(old) ? old : [];
    else next = isOpenParams(old) ? old : (Object.create(null) as OpenParams);

    if (Array.isArray(place)) place.push(next);
    else if (next !== old) place[path[i]!] = next;
    if (typeof next === "string") return;
    place = next;
  }
}

function isOpenParams(value: OpenValue | undefined): value is OpenParams {
  return typeof value === "object" && !Array.isArray(value);
}

function targetPath(target: unknown, limits: ParamsLimits): readonly string[] | undefined {
  if (typeof target === "string") {
    if (target.length > limits.maxKeyLength) {
      throw new ParamsError("maxKeyLength", limits.maxKeyLength, target.length);
    }
    return splitName(target).filter((segment, i) => i === 0 || segment !== "");
  }
  if (!Array.isArray(target) || !target.every((segment) => typeof segment === "string")) return undefined;
  if (target.length > limits.maxDepth) throw new ParamsError("maxDepth", limits.maxDepth, target.length);
  return target;
}

/** Undoes urlencoding. Text without `%` and `+`, which is most of it, comes back as it is. */
function unescapeText(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return unescapeLeniently(spaced);
  }
}

/** For what `decodeURIComponent` refuses: each run of valid sequences is decoded as UTF-8, any other `%` is kept. */
function unescapeLeniently(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
}
