/**
 * Socket: one view's state, as its callbacks see it. What they assign is shown by one render after they return.
 *
 *   handler ─▷ socket.assign / update / streamInsert ─▷ changed? ─▷ render ─▷ diff ─▷ browser
 */
import { OptionError } from "../../kernel/errors.ts";
import type { Process } from "../../kernel/process.ts";
import { type InsertOptions, Stream } from "../diff/stream.ts";
import { kindOf, StreamError } from "../template/template-errors.ts";
import { jsonOf } from "../wire/json-of.ts";
import { type Flash, noFlash, withMessage, withoutMessage } from "./flash.ts";
import {
  type Departure,
  type ExternalTarget,
  type HistoryOptions,
  moveTo,
  type Navigation,
  NavigationError,
  type RedirectOptions,
  redirectTo,
} from "./navigation.ts";

/** Keys of the assigns that hold a stream. */
export type StreamKey<Assigns> = {
  [K in keyof Assigns]: Assigns[K] extends Stream<infer _> ? K : never;
}[keyof Assigns];
type ItemOf<S> = S extends Stream<infer T> ? T : never;

/** Assigns that every view and component has, and nobody assigns. */
export interface ReservedAssigns {
  /** Messages put by `putFlash`, by kind. */
  readonly flash: Flash;
}

export class Socket<Assigns extends object = object> {
  /** Id of the view's container element. */
  readonly id: string;
  /** The view's process. */
  readonly self: Process;
  /** False while the page is rendered over HTTP, true once the browser has joined. */
  readonly connected: boolean;
  #assigns: Assigns & { flash: Flash };
  #changed = false;
  /** Each as JSON: `["name",payload]`. */
  #events: string[] | undefined;
  #navigation: Navigation | undefined;
  /** What the callback that runs has put. */
  #flashPut: Flash | undefined;

  /** @internal */
  constructor(id: string, self: Process, connected: boolean, assigns: Assigns, flash: Flash = noFlash) {
    this.id = id;
    this.self = self;
    this.connected = connected;
    if (Object.hasOwn(assigns, "flash")) throw this.#reserved();
    // A copy: what mount returned is not written to. It may be frozen, or shared by views.
    this.#assigns = { ...assigns, flash };
  }

  /** What `render` sees. Change it by `assign` and `update` only. */
  get assigns(): Readonly<Assigns> & ReservedAssigns {
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
   * @param payload what JSON can carry, as it is now; the event's `detail`
   * @throws {OptionError} when it is something else, or there are more than 1,000 events for one render
   */
  pushEvent(name: string, payload: Readonly<Record<string, unknown>> = {}): this {
    this.#events ??= [];
    if (this.#events.length >= maxPushedEvents) {
      throw new OptionError(`View ${this.id}: expected at most ${maxPushedEvents} events pushed between two renders.`);
    }
    this.#events.push(jsonOf([name, payload], `View ${this.id}: pushEvent("${name}")`));
    return this;
  }

  /**
   * Adds a message to the assign `flash`; one of its kind is replaced. It stays until it is cleared, or the browser follows
   * a patch link; what was put by the same callback as a navigation goes along to where that leads.
   *
   * @param kind `info`, `error`, or any other
   * @throws {OptionError} when all messages together exceed 2,500 bytes of JSON
   */
  putFlash(kind: string, message: string): this {
    this.#flashPut = withMessage(this.#flashPut ?? noFlash, kind, message, this.whose());
    this.#setFlash(withMessage(this.#assigns.flash, kind, message, this.whose()));
    return this;
  }

  /** Takes messages away. In the browser: `phx-click="lv:clear-flash"`, with `phx-value-key` for one kind. */
  clearFlash(kind?: string): this {
    if (this.#flashPut !== undefined) this.#flashPut = withoutMessage(this.#flashPut, kind);
    this.#setFlash(withoutMessage(this.#assigns.flash, kind));
    return this;
  }

  /**
   * Stays in this view, at another URL of it: `params` runs with what that says, then one render shows all that changed.
   *
   * @param to a local path, with query and fragment: "/rows?page=2"
   * @throws {NavigationError} when it is none, or the callback has sent the browser elsewhere already; the view ends, when
   *   the path is of another view, or its callbacks patch more than 20 times in a row
   */
  pushPatch(to: string, options?: HistoryOptions): this {
    return this.#leave(moveTo("patch", to, options));
  }

  /**
   * Goes to another view of the same live session, without a page load. This one ends.
   *
   * @param to a local path
   * @throws {NavigationError} when it is none, or the callback has sent the browser elsewhere already
   */
  pushNavigate(to: string, options?: HistoryOptions): this {
    return this.#leave(moveTo("navigate", to, options));
  }

  /**
   * Loads another page. This view ends.
   *
   * @param to a local path; or `{ external: "https://..." }`
   * @throws {NavigationError} when it is neither, or the callback has sent the browser elsewhere already
   */
  redirect(to: string | ExternalTarget, options?: RedirectOptions): this {
    return this.#leave(redirectTo(to, options));
  }

  /** @internal Of the callback that has just run: where it sends the browser, if anywhere. */
  takeDeparture(): Departure | undefined {
    const navigation = this.#navigation;
    const flash = this.#flashPut;
    if (navigation === undefined && flash === undefined) return undefined;
    this.#navigation = undefined;
    this.#flashPut = undefined;
    return navigation && { navigation, flash: flash ?? noFlash };
  }

  /** @internal Messages of a component, which goes where this view goes. */
  mergeFlash(flash: Flash): void {
    for (const kind of Object.keys(flash)) this.putFlash(kind, flash[kind]!);
  }

  /** @internal For sentences. */
  protected whose(): string {
    return `View ${this.id}`;
  }

  /** @internal Has anything been assigned since the last time this was asked? */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** @internal */
  takeEvents(): string[] | undefined {
    const events = this.#events;
    this.#events = undefined;
    return events;
  }

  #set<K extends keyof Assigns>(key: K, value: Assigns[K]): void {
    if (Object.is(this.#assigns[key], value) && Object.hasOwn(this.#assigns, key)) return;
    if (key === "flash") throw this.#reserved();
    (this.#assigns as Assigns)[key] = value;
    this.#changed = true;
  }

  #setFlash(flash: Flash): void {
    if (flash === this.#assigns.flash) return;
    this.#assigns.flash = flash;
    this.#changed = true;
  }

  #leave(navigation: Navigation): this {
    if (this.#navigation !== undefined) {
      throw new NavigationError(
        `${this.whose()}: expected one navigation in a callback, got ${navigation.to} after ${this.#navigation.to}.`,
      );
    }
    this.#navigation = navigation;
    return this;
  }

  #reserved(): OptionError {
    return new OptionError(`${this.whose()}: the assign "flash" is not yours to set: putFlash(kind, message) does.`);
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
