/**
 * Stream: a list whose items live in the browser only. The server holds what was done to it since the last render.
 *
 *   insert(m11) delete(m3)     ─ render ─▷  k: {m11}, stream: ["0", [["messages-11",-1,null,false]], ["messages-3"]]
 *   pending: {m11}, {m3}                    pending: nothing; m11 can be collected
 *
 * Operations on a pending item come together to what is sent: inserted twice, it goes once, with the last values;
 * inserted and deleted, only the deletion goes (the browser may know it from before); deleted and inserted, both go,
 * which is how an item moves. The client deletes first, then inserts one by one, and cuts to the limit after each new one.
 * After a reset nothing needs to be deleted: what is pending is all that there will be.
 *
 * How its items get their DOM ids is settled when it is made, before its first use. A stream made anew under the same name
 * goes on with the same items in the browser, and must have the same `domId`.
 *
 * Bound: at most `maxPending` inserts and deletions are held between two renders of the stream. When there would be more,
 * those that the limit would take away anyway are dropped; where that frees nothing, one more throws.
 * Source: Phoenix.LiveView, "stream/4", "stream_insert/4", "stream_delete/3".
 */
import { kindOf, StreamError } from "../template/template-errors.ts";

export interface StreamOptions<T> {
  /** The `id` of an item's element, unique in the page. Default: name, dash, the item's `id`. */
  readonly domId?: (item: T) => string;
  /**
   * How many items the browser keeps: n > 0 the first n, n < 0 the last |n|; null: all. It goes with every insert that
   * has no limit of its own, the first items included (in Phoenix each insert must say it again). Default null.
   */
  readonly limit?: number | null;
  /** Where the first items go, one by one (0 turns them around); see `InsertOptions`. Default -1. */
  readonly at?: number;
  /**
   * Inserts and deletions held between two renders, as when the stream is hidden. Default 10 000. Beyond, a stream whose
   * items come in at one end and go by a limit at the other, of at most a third of this, keeps as many as the limit says; any
   * other one throws.
   */
  readonly maxPending?: number;
}

export interface InsertOptions {
  /**
   * -1 behind the last item, 0 at the start, n at that index among the container's children. An item that the browser shows
   * stays where it is: to move it, delete and insert it. Default -1.
   */
  readonly at?: number;
  /** As for the stream, whose limit is the default. The browser cuts when it has put in a new item; a dead render does not. */
  readonly limit?: number | null;
  /** Only change the item if the browser shows it, where it is. Default false. */
  readonly updateOnly?: boolean;
}

/** An insert that was not rendered yet. */
export interface StreamInsert<T> {
  readonly domId: string;
  readonly item: T;
  readonly at: number;
  readonly limit: number | null;
  readonly updateOnly: boolean;
}

/** Items that give a stream its DOM ids by themselves. */
export interface Identified {
  readonly id: string | number | bigint;
}

/**
 * Makes a stream.
 *
 * @param name unique in its view: it tells streams apart, and begins the default DOM ids
 * @param items inserted at once, in order
 * @throws {StreamError} for an impossible option, or an item that has no DOM id
 */
export function stream<T extends Identified>(name: string, items?: readonly T[], options?: StreamOptions<T>): Stream<T>;
export function stream<T>(
  name: string,
  items: readonly T[] | undefined,
  options: StreamOptions<T> & { readonly domId: (item: T) => string },
): Stream<T>;
export function stream<T>(name: string, items: readonly T[] = [], options: StreamOptions<T> = {}): Stream<T> {
  const made = new Stream<T>(name, options);
  for (const item of items) made.insert(item, { at: options.at ?? -1 });
  return made;
}

const defaultMaxPending = 10_000;

/** Made by `stream`. It is no list: what is in it is in the browser, and only `each` shows what is pending. */
export class Stream<T> {
  readonly name: string;
  readonly maxPending: number;
  readonly #domId: ((item: T) => string) | null;
  readonly #limit: number | null;
  // Null while nothing is pending: an idle stream is this object and no more.
  #inserts: Map<string, StreamInsert<T>> | null = null;
  #deletes: Set<string> | null = null;
  #reset = false;

  constructor(name: string, options: StreamOptions<T>) {
    if (typeof name !== "string" || name === "") {
      throw new StreamError(`stream(): expected a name, got ${name === "" ? "an empty string" : kindOf(name)}.`);
    }
    this.name = name;
    this.maxPending = options.maxPending ?? defaultMaxPending;
    this.#domId = options.domId ?? null;
    this.#limit = this.#checkLimit(options.limit ?? null);
    this.#checkAt(options.at ?? -1);
  }

  /**
   * Inserts an item, or changes it where the browser shows it already.
   *
   * @throws {StreamError} for an impossible option, an item without a DOM id, or too much pending
   */
  insert(item: T, options: InsertOptions = {}): this {
    const domId = this.domId(item);
    const at = this.#checkAt(options.at ?? -1);
    const limit = options.limit === undefined ? this.#limit : this.#checkLimit(options.limit);
    const updateOnly = options.updateOnly === true;
    const pending = this.#inserts?.get(domId);
    if (updateOnly) {
      // The browser will know it, or will not: what it does is settled.
      if (pending !== undefined) {
        this.#inserts!.set(domId, { ...pending, item });
        return this;
      }
      if (this.#reset || this.#deletes?.has(domId)) return this;
    }
    // Taken out first, so that it goes where the last insert stands in order.
    if (this.#inserts?.delete(domId) !== true) this.#makeRoom();
    if (updateOnly && this.#reset) return this; // that made room
    this.#inserts ??= new Map();
    this.#inserts.set(domId, { domId, item, at, limit, updateOnly });
    return this;
  }

  /** Removes an item from the browser. Only its DOM id counts. */
  delete(item: T): this {
    return this.deleteByDomId(this.domId(item));
  }

  deleteByDomId(domId: string): this {
    this.#inserts?.delete(domId);
    if (this.#reset || this.#deletes?.has(domId)) return this;
    this.#makeRoom();
    if (this.#reset) return this; // that made room
    this.#deletes ??= new Set();
    this.#deletes.add(domId);
    return this;
  }

  /**
   * Removes all items but the given ones, which are inserted one by one. Elements that the browser has of them are kept,
   * with what the user has entered there, and put in this order.
   */
  reset(items: readonly T[] = [], options: InsertOptions = {}): this {
    this.#inserts = null;
    this.#deletes = null;
    this.#reset = true;
    for (const item of items) this.insert(item, options);
    return this;
  }

  /** The `id` of the item's element. */
  domId(item: T): string {
    const id: unknown = this.#domId === null ? this.#defaultDomId(item) : this.#domId(item);
    if (typeof id === "string" && id !== "") return id;
    const got = id === "" ? "an empty string" : kindOf(id);
    throw new StreamError(`Stream "${this.name}": expected domId to return a string, got ${got}.`);
  }

  /** @internal The function that was given for DOM ids; null: none. */
  get ownDomId(): ((item: T) => string) | null {
    return this.#domId;
  }

  /** Is there anything to send? */
  get hasPending(): boolean {
    return this.#reset || (this.#inserts !== null && this.#inserts.size > 0) || this.#deletes !== null;
  }

  /** @internal What is to be inserted, in order. */
  get inserts(): Iterable<StreamInsert<T>> {
    return this.#inserts?.values() ?? [];
  }

  /** @internal DOM ids of what is to be deleted. */
  get deletes(): Iterable<string> {
    return this.#deletes ?? [];
  }

  /** @internal Are all other items to be removed? */
  get isReset(): boolean {
    return this.#reset;
  }

  /** Forgets what is pending. A ViewRenderer does so with all it has sent; a dead render leaves it to its caller. */
  flush(): void {
    this.#inserts = null;
    this.#deletes = null;
    this.#reset = false;
  }

  static {
    // Not in the type: the compiler refuses to iterate, and this is for where it is not asked.
    Object.defineProperty(Stream.prototype, Symbol.iterator, {
      value(this: Stream<unknown>): never {
        throw new StreamError(
          `Stream "${this.name}" cannot be iterated, mapped or filtered: its items are in the browser alone. ` +
            "Show it by each(stream, render); keep a list beside it if the server needs one.",
        );
      },
    });
  }

  #defaultDomId(item: T): string {
    const id: unknown = (item as Partial<Identified> | null | undefined)?.id;
    if (typeof id === "string" || typeof id === "number" || typeof id === "bigint") return `${this.name}-${id}`;
    throw new StreamError(
      `Stream "${this.name}": expected items with an id (a string or number), got ${kindOf(id)}. Give it a domId function.`,
    );
  }

  /** For one more operation. @throws {StreamError} when there is none */
  #makeRoom(): void {
    if (this.#hasRoom()) return;
    this.#cutToLimit();
    if (this.#hasRoom()) return;
    throw new StreamError(
      `Stream "${this.name}": ${this.maxPending} operations wait for a render (maxPending). ` +
        "Show the stream, give it a limit of at most a third of that, or reset it while it is hidden.",
    );
  }

  #hasRoom(): boolean {
    return (this.#inserts?.size ?? 0) + (this.#deletes?.size ?? 0) < this.maxPending;
  }

  /**
   * Items come in at one end, and the limit n takes them out at the other: then of 3 n inserts the last n are all that will
   * be there. (Up to n of the others are where the browser has them, and change there; n more have pushed these out; from
   * then on each comes in as a new one.) This takes for granted that the browser shows no more than the limit allows.
   */
  #cutToLimit(): void {
    const inserts = [...this.inserts];
    const last = inserts.at(-1);
    if (last === undefined || !last.limit || last.at !== (last.limit < 0 ? -1 : 0)) return;
    const kept = Math.abs(last.limit);
    if (inserts.length < 3 * kept) return;
    const { at, limit } = last;
    for (const insert of inserts.slice(inserts.length - 3 * kept)) {
      if (insert.at !== at || insert.limit !== limit || insert.updateOnly) return;
    }
    this.#inserts = new Map();
    for (const insert of inserts.slice(inserts.length - kept)) this.#inserts.set(insert.domId, insert);
    this.#deletes = null;
    this.#reset = true;
  }

  #checkAt(at: number): number {
    if (Number.isSafeInteger(at) && at >= -1) return at;
    throw new StreamError(`Stream "${this.name}": expected at to be -1 or an index, got ${String(at)}.`);
  }

  #checkLimit(limit: number | null): number | null {
    if (limit === null || Number.isSafeInteger(limit)) return limit;
    throw new StreamError(`Stream "${this.name}": expected limit to be an integer or null, got ${String(limit)}.`);
  }
}
