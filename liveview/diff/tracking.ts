/**
 * Tracking: which assigns a part of a render has read, so that it runs again only when one of them has changed.
 *
 *   render: ({ title, user }) => html`            scope of render         reads title, user
 *     <h1>${title}</h1>
 *     ${({ rows }) => table(rows)}                └ scope of this hole    reads rows
 *     ${({ user }) => html`<b>${user.name}</b>`}  └ scope of that one     reads user, and of it name
 *
 *   a scope is stale when something that it read is another value now; when it runs, all scopes in it run too, for
 *   what they close over may have changed
 *
 * Two ways to see the assigns, both notice reads:
 *   - `assigns`, for render and the closures in it: one level; what is read is the value itself
 *   - `view`, the parameter of a hole's function: plain objects in it are seen through, field by field, so that
 *     `user.name` is read and not the whole of `user` (it is, where scopes stand in this one: they may hold the object, and
 *     look into it later). Such an object is a stand-in: compare it by a field of its own, or
 *     `untracked` of it, but not itself with `===`
 *
 * Nothing is tracked outside of a scope: a view without functions in its holes never pays for any of this.
 * Source: F2 and F3 of the feature map; Phoenix's change tracking, found at run time in place of compile time.
 */

import { TemplateError } from "../template/template-errors.ts";
import { Stream } from "./stream.ts";

type Plain = Readonly<Record<PropertyKey, unknown>>;

/** The scope that is running; reads are its own. */
let active: Scope | null = null;

/** What one part of a render has read. */
export class Scope {
  #parent: Scope | null = null;
  /** Whose assigns were read; null: none. */
  #tracker: Tracker | null = null;
  /** Names and values in turns: usually so few that a map would only be larger. */
  readonly #reads: unknown[] = [];
  /** Of plain objects that were read: which of their fields. Null: the object itself, whatever is in it. */
  #fields: Map<object, Set<PropertyKey> | null> | null = null;
  /** All names were asked for. */
  #names: number | null = null;
  /** It read assigns of two owners: it must run every time. */
  #mixed = false;
  /** There are scopes in it: they may hold an object that it has read, and look into it when they run next. */
  #hasInner = false;

  /** Runs something whose reads are this scope's from now on; what it read before is forgotten. */
  run<T>(work: () => T): T {
    this.#tracker = null;
    this.#reads.length = 0;
    this.#fields = null;
    this.#names = null;
    this.#mixed = false;
    this.#hasInner = false;
    return this.inside(work);
  }

  /** Runs something within this scope, adding to what it has read. */
  inside<T>(work: () => T): T {
    const outer = active;
    this.#parent = outer;
    if (outer !== null) outer.#hasInner = true;
    active = this;
    try {
      return work();
    } finally {
      active = outer;
    }
  }

  /** Is anything that it read another value now? */
  isStale(): boolean {
    if (this.#tracker === null) return false;
    if (this.#mixed) return true;
    const now = this.#tracker.current;
    if (this.#names !== null && this.#names !== Object.keys(now).length) return true;
    for (let i = 0; i < this.#reads.length; i += 2) {
      if (this.#differs(this.#reads[i + 1], now[this.#reads[i] as PropertyKey], 0)) return true;
    }
    return false;
  }

  /** @internal An assign was read. */
  noteAssign(tracker: Tracker, key: PropertyKey, value: unknown, seenThrough: boolean): void {
    if (this.#tracker === null) this.#tracker = tracker;
    else if (this.#tracker !== tracker) this.#mixed = true;
    let known = 0;
    while (known < this.#reads.length && this.#reads[known] !== key) known += 2;
    if (known === this.#reads.length) this.#reads.push(key, value);
    if (typeof value !== "object" || value === null) return;
    this.#fields ??= new Map();
    if (!seenThrough) this.#fields.set(value, null);
    else if (!this.#fields.has(value)) this.#fields.set(value, new Set());
  }

  /** @internal */
  noteNames(tracker: Tracker, count: number): void {
    if (this.#tracker === null) this.#tracker = tracker;
    else if (this.#tracker !== tracker) this.#mixed = true;
    this.#names = count;
  }

  /** @internal A field was read of an object that this scope, or one around it, had read. */
  noteField(object: object, key: PropertyKey, value: unknown): void {
    for (let scope: Scope | null = this; scope !== null; scope = scope.#parent) {
      const fields = scope.#fields?.get(object);
      if (fields === undefined) continue;
      if (fields === null) return;
      fields.add(key);
      if (isPlain(value) && !scope.#fields!.has(value)) scope.#fields!.set(value, new Set());
      return;
    }
  }

  /** @internal The object itself counts, with all that is in it. */
  noteWhole(object: object): void {
    for (let scope: Scope | null = this; scope !== null; scope = scope.#parent) {
      if (scope.#fields?.has(object) !== true) continue;
      scope.#fields.set(object, null);
      return;
    }
  }

  #differs(before: unknown, now: unknown, depth: number): boolean {
    if (Object.is(before, now)) return before instanceof Stream && before.hasPending;
    // So deep, objects refer to each other in a circle.
    if (this.#hasInner || !isPlain(before) || !isPlain(now) || depth > maxDepth) return true;
    const fields = this.#fields?.get(before);
    // Nothing of it was read: that it is there at all may have been what counted.
    if (fields === undefined || fields === null || fields.size === 0) return true;
    for (const field of fields) if (this.#differs(before[field], now[field], depth + 1)) return true;
    return false;
  }
}

/** The assigns of one view or component, seen through proxies that tell the running scope what is read. */
export class Tracker {
  /** The assigns as they are; set before each render. */
  current: Plain;
  /** For render and its closures: values themselves. */
  readonly assigns: object;
  /** For functions in holes: plain objects are seen through. */
  readonly view: object;

  constructor(assigns: object) {
    this.current = assigns as Plain;
    this.assigns = new Proxy({}, new AssignsHandler(this, false));
    this.view = new Proxy({}, new AssignsHandler(this, true));
  }
}

const maxDepth = 32;

// The proxies' target is an empty object: a proxy of a frozen one could not answer with stand-ins for what is in it.

abstract class ReadingHandler implements ProxyHandler<object> {
  abstract get(target: object, key: PropertyKey): unknown;
  abstract has(target: object, key: PropertyKey): boolean;
  abstract ownKeys(): (string | symbol)[];

  getOwnPropertyDescriptor(of: object, key: PropertyKey): PropertyDescriptor | undefined {
    if (!this.has(of, key)) return undefined;
    return { value: this.get(of, key), enumerable: true, configurable: true, writable: false };
  }

  set(_target: object, key: PropertyKey): never {
    throw writeError(key);
  }

  deleteProperty(_target: object, key: PropertyKey): never {
    throw writeError(key);
  }

  defineProperty(_target: object, key: PropertyKey): never {
    throw writeError(key);
  }
}

class AssignsHandler extends ReadingHandler {
  readonly #tracker: Tracker;
  readonly #seesThrough: boolean;

  constructor(tracker: Tracker, seesThrough: boolean) {
    super();
    this.#tracker = tracker;
    this.#seesThrough = seesThrough;
  }

  get(_target: object, key: PropertyKey): unknown {
    const value = this.#tracker.current[key];
    const seenThrough = this.#seesThrough && isPlain(value);
    active?.noteAssign(this.#tracker, key, value, seenThrough);
    return seenThrough ? seeThrough(value) : value;
  }

  has(_target: object, key: PropertyKey): boolean {
    active?.noteAssign(this.#tracker, key, this.#tracker.current[key], false);
    return Reflect.has(this.#tracker.current, key);
  }

  ownKeys(): (string | symbol)[] {
    const keys = Reflect.ownKeys(this.#tracker.current);
    active?.noteNames(this.#tracker, keys.length);
    return keys;
  }
}

class FieldsHandler extends ReadingHandler {
  readonly object: Plain;

  constructor(object: Plain) {
    super();
    this.object = object;
  }

  get(_target: object, key: PropertyKey): unknown {
    const value = this.object[key];
    active?.noteField(this.object, key, value);
    return isPlain(value) ? seeThrough(value) : value;
  }

  has(_target: object, key: PropertyKey): boolean {
    active?.noteWhole(this.object);
    return Reflect.has(this.object, key);
  }

  ownKeys(): (string | symbol)[] {
    active?.noteWhole(this.object);
    return Reflect.ownKeys(this.object);
  }
}

/** One stand-in per object, so that those of the same object are identical. */
const standIns = new WeakMap<object, object>();
const originals = new WeakMap<object, Plain>();

function seeThrough(object: Plain): object {
  let proxy = standIns.get(object);
  if (proxy === undefined) {
    proxy = new Proxy({}, new FieldsHandler(object));
    standIns.set(object, proxy);
    originals.set(proxy, object);
  }
  return proxy;
}

/**
 * The object itself, in place of what a hole's function sees of it: to compare it with `===`, or to give it to code that
 * wants the real thing. All of it counts as read.
 *
 * @example
 * const rows = [{ id: 1 }, { id: 2 }];
 * liveView({
 *   mount: () => ({ selected: rows[0] }),
 *   render: (_, { html }) => html`<ul>${rows.map(
 *     (row) => html`<li class=${({ selected }) => untracked(selected) === row && "on"}>${row.id}</li>`,
 *   )}</ul>`,
 * });
 */
export function untracked<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const object = originals.get(value);
  if (object === undefined) return value;
  active?.noteWhole(object);
  return object as T;
}

/** Objects written as literals, and what `JSON.parse` makes; no arrays, no instances of classes. */
function isPlain(value: unknown): value is Plain {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !originals.has(value);
}

function writeError(key: PropertyKey): TemplateError {
  return new TemplateError(
    `Cannot set "${String(key)}" in render: it only shows the assigns. Set them by socket.assign.`,
  );
}
