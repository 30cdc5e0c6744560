/**
 * each: lists in templates, of items with keys or of a stream.
 *
 *   each(rows, (row) => row.id, rowView)      keyed: an entry is known by its key, so it can move without being sent
 *   each(messages, messageView)               a stream: only what was inserted is rendered, and then forgotten
 *
 * Both are lazy: nothing is called until the tree is compared, for then it is known what need not be called.
 * - The render function is the very same one as last time (kept in a constant, not made anew in `render`) and an item is
 *   identical (`===`) to last time's under its key: the entry costs that comparison, and is neither rendered nor compared.
 *   So items must be replaced when they change, not written to, as usual for assigns.
 * - A render function made anew is called for each item, for what it closes over may have changed. If it returns a function
 *   component, that is called only when an input of it is another one.
 */
import type { ComponentUse } from "../component/component-use.ts";
import { Stream } from "../diff/stream.ts";
import type { NestedUse } from "../nested/nested-use.ts";
import type { ComponentCall } from "./function-component.ts";
import type { Rendered } from "./rendered.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

export type Key = string | number;

/** What `each` gives back, for a text hole. */
export type List = KeyedList | StreamList;

/** What an entry of a keyed list is: a template, or a component. */
export type Entry = Rendered | ComponentCall | ComponentUse | NestedUse;

export class KeyedList {
  readonly items: readonly unknown[];
  readonly key: (item: unknown) => Key;
  readonly render: (item: unknown, index: number) => Entry;

  constructor(items: readonly unknown[], key: KeyedList["key"], render: KeyedList["render"]) {
    this.items = items;
    this.key = key;
    this.render = render;
  }
}

export class StreamList {
  readonly stream: Stream<unknown>;
  readonly render: (domId: string, item: unknown) => Rendered | ComponentCall;

  constructor(stream: Stream<unknown>, render: StreamList["render"]) {
    this.stream = stream;
    this.render = render;
  }
}

/**
 * A list whose entries are known by their keys.
 *
 * @param items an array; it is not kept, its items are
 * @param key unique among the items; must depend on the item alone
 * @param render called for each item that is new or changed. With a second parameter, the index, it is called for those
 *   that moved as well
 * @throws {TemplateError} at once for arguments of another kind, and for a stream with keys; when shown, for a key twice, or
 *   none
 */
export function each<T>(
  items: readonly T[],
  key: (item: T) => Key,
  render: (item: T, index: number) => Entry,
): KeyedList;
/**
 * A stream's pending inserts. The hole stands directly in an element with `phx-update="stream"` and an id; `render`
 * returns one element, with the given DOM id as its `id`.
 */
export function each<T>(stream: Stream<T>, render: (domId: string, item: T) => Rendered | ComponentCall): StreamList;
export function each<T>(
  source: readonly T[] | Stream<T>,
  keyOrRender: ((item: T) => Key) | ((domId: string, item: T) => Rendered | ComponentCall),
  render?: (item: T, index: number) => Entry,
): List {
  if (source instanceof Stream) {
    if (render !== undefined) {
      throw new TemplateError(
        `each(): stream "${source.name}" takes no key, its items are known by their DOM ids. Write each(stream, (domId, item) => ...).`,
      );
    }
    requireFunction("render", keyOrRender);
    return new StreamList(source as Stream<unknown>, keyOrRender as StreamList["render"]);
  }
  if (!Array.isArray(source)) {
    throw new TemplateError(`each(): expected an array or a stream, got ${kindOf(source)}.`);
  }
  requireFunction("key", keyOrRender);
  requireFunction("render", render);
  return new KeyedList(source, keyOrRender as KeyedList["key"], render as KeyedList["render"]);
}

function requireFunction(name: string, value: unknown): void {
  if (typeof value !== "function")
    throw new TemplateError(`each(): expected ${name} to be a function, got ${kindOf(value)}.`);
}
