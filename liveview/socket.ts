/**
 * Socket: one view's state, as its callbacks see it. What they assign is shown by one render after they return.
 *
 *   handler ─▷ socket.assign / update / streamInsert ─▷ changed? ─▷ render ─▷ diff ─▷ browser
 */
import { OptionError } from "../kernel/errors.ts";
import type { Process } from "../kernel/process.ts";
import { type InsertOptions, Stream } from "./stream.ts";
import { kindOf, StreamError } from "./template-errors.ts";

/** Keys of the assigns that hold a stream. */
export type StreamKey<Assigns> = {
  [K in keyof Assigns]: Assigns[K] extends Stream<infer _> ? K : never;
}[keyof Assigns];
type ItemOf<S> = S extends Stream<infer T> ? T : never;

export class Socket<Assigns extends object = object> {
  /** Id of the view's container element. */
  readonly id: string;
  /** The view's process. */
  readonly self: Process;
  /** False while the page is rendered over HTTP, true once the browser has joined. */
  readonly connected: boolean;
  #assigns: Assigns;
  #own = false;
  #changed = false;
  #events: [name: string, payload: unknown][] | undefined;

  /** @internal */
  constructor(id: string, self: Process, connected: boolean, assigns: Assigns) {
    this.id = id;
    this.self = self;
    this.connected = connected;
    this.#assigns = assigns;
  }

  /** What `render` sees. Change it by `assign` and `update` only. */
  get assigns(): Readonly<Assigns> {
    return this.#assigns;
  }

  /** Sets assigns. A value identical to the present one changes nothing. */
  assign(patch: Partial<Assigns>): this {
    for (const key of Object.keys(patch) as (keyof Assigns)[]) this.#set(key, patch[key] as Assigns[keyof Assigns]);
    return this;
  }

  /**
   * Sets one assign from its present value.
   *
   * @throws {OptionError} when there is no such assign
   */
  update<K extends keyof Assigns>(key: K, next: (value: Assigns[K]) => Assigns[K]): this {
    if (!Object.hasOwn(this.#assigns, key)) {
      throw new OptionError(
        `Cannot update "${String(key)}": expected one of ${Object.keys(this.#assigns).join(", ")}. Return it from mount, or assign it first.`,
      );
    }
    this.#set(key, next(this.#assigns[key]));
    return this;
  }

  /** Inserts an item into a stream, or updates it where the browser has it already. See `InsertOptions`. */
  streamInsert<K extends StreamKey<Assigns>>(key: K, item: ItemOf<Assigns[K]>, options?: InsertOptions): this {
    this.#stream(key).insert(item, options);
    return this;
  }

  /** Takes an item out of a stream. Inserted after that, before the next render, it moves. */
  streamDelete<K extends StreamKey<Assigns>>(key: K, item: ItemOf<Assigns[K]>): this {
    this.#stream(key).delete(item);
    return this;
  }

  /** Takes an item out of a stream by the id of its element. */
  streamDeleteByDomId<K extends StreamKey<Assigns>>(key: K, domId: string): this {
    this.#stream(key).deleteByDomId(domId);
    return this;
  }

  /** Replaces all items of a stream. Elements that the browser has of the new ones are kept, in the new order. */
  streamReset<K extends StreamKey<Assigns>>(
    key: K,
    items: readonly ItemOf<Assigns[K]>[] = [],
    options?: InsertOptions,
  ): this {
    this.#stream(key).reset(items, options);
    return this;
  }

  /**
   * Dispatches a CustomEvent `phx:<name>` on the browser's window, after the patch that goes with it.
   *
   * @param payload JSON-able; the event's `detail`
   */
  pushEvent(name: string, payload: Readonly<Record<string, unknown>> = {}): this {
    this.#events ??= [];
    if (this.#events.length >= maxPushedEvents) {
      throw new OptionError(`View ${this.id}: expected at most ${maxPushedEvents} events pushed between two renders.`);
    }
    this.#events.push([name, payload]);
    return this;
  }

  /** @internal Has anything been assigned since the last time this was asked? */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** @internal */
  takeEvents(): [name: string, payload: unknown][] | undefined {
    const events = this.#events;
    this.#events = undefined;
    return events;
  }

  #set<K extends keyof Assigns>(key: K, value: Assigns[K]): void {
    if (Object.hasOwn(this.#assigns, key) && Object.is(this.#assigns[key], value)) return;
    if (!this.#own) {
      // What mount returned is not written to: it may be frozen, or shared by views.
      this.#assigns = { ...this.#assigns };
      this.#own = true;
    }
    this.#assigns[key] = value;
    this.#changed = true;
  }

  #stream<K extends StreamKey<Assigns>>(key: K): Stream<ItemOf<Assigns[K]>> {
    const found: unknown = this.#assigns[key];
    if (!(found instanceof Stream)) {
      throw new StreamError(
        `View ${this.id}: expected the assign "${String(key)}" to be a stream, got ${kindOf(found)}. Make it in mount, by stream("${String(key)}").`,
      );
    }
    this.#changed = true;
    return found as Stream<ItemOf<Assigns[K]>>;
  }
}

const maxPushedEvents = 1000;
