/**
 * Streams: containers whose items the server forgets, and the page keeps.
 *
 *   <ul id="messages" phx-update="stream">     stream: ["0", [["m-3", -1, -50, false]], ["m-1"]]
 *     m-1  ── deleted
 *     m-2
 *     m-3  ◀─ inserted at -1 (the end), then all but the last 50 items go
 *
 * Known items are updated in place; a reset, and a join, also order them anew.
 */
import type { WireStream } from "../liveview/protocol.ts";

interface Insert {
  ref: string;
  at: number;
  limit: number | null;
  updateOnly: boolean;
}

/** How items get into the page, given by the morph. */
export interface StreamMorph {
  update(item: Element, to: Element): void;
  added(item: Element): void;
  removed(item: Element): void;
}

/** The stream operations of one patch. */
export class StreamOps {
  readonly #inserts = new Map<string, Insert>();
  readonly #resets = new Set<string>();
  /** DOM ids to be removed before the morph. */
  readonly deletes: string[] = [];

  constructor(streams: readonly WireStream[]) {
    for (const [ref, inserts, deletes, reset] of streams) {
      for (const [id, at, limit, updateOnly] of inserts) {
        this.#inserts.set(id, { ref, at, limit, updateOnly: updateOnly === true });
      }
      for (const id of deletes) if (!this.#inserts.has(id)) this.deletes.push(id);
      if (reset) this.#resets.add(ref);
    }
  }

  /** Marks the items in the new HTML as theirs, and drops those that may only update what is there. */
  prepare(source: Element): void {
    if (this.#inserts.size === 0) return;
    for (const item of source.querySelectorAll("[id]")) {
      const insert = this.#inserts.get(item.id);
      if (!insert) continue;
      if (insert.updateOnly && !document.getElementById(item.id)) item.remove();
      else item.setAttribute("data-phx-stream", insert.ref);
    }
  }

  /**
   * Brings the items of one container up to date.
   *
   * @param container on the page
   * @param to the same container in the new HTML
   * @param join the page's items come from elsewhere (the first HTML, or an earlier connection): only the new ones stay
   */
  patch(container: Element, to: Element, join: boolean, morph: StreamMorph): void {
    const children = [...to.children];
    const ids = new Set(children.map(({ id }) => id));
    for (const item of [...container.children]) {
      const gone = join ? !ids.has(item.id) : this.#resets.has(streamOf(item) ?? "") && !ids.has(item.id);
      if (gone) remove(item, morph);
    }
    const ordered: Element[] = [];
    for (const child of children) {
      if (!child.id) {
        console.error(`Stream container "${container.id}": expected each child to have an id, got`, child);
        continue;
      }
      const insert = this.#inserts.get(child.id);
      const present = childById(container, child.id);
      if (present) morph.update(present, child);
      else {
        place(container, child, insert?.at ?? -1, insert !== undefined);
        morph.added(child);
      }
      if (join || (insert && this.#resets.has(insert.ref))) insertAt(ordered, present ?? child, insert?.at ?? -1);
    }
    reorder(container, ordered);
    for (const limit of this.#limitsOf(children)) enforce(container, limit, morph);
  }

  /** One limit per stream is in force: the last one given. */
  #limitsOf(children: readonly Element[]): Insert[] {
    const limits = new Map<string, Insert>();
    for (const { id } of children) {
      const insert = this.#inserts.get(id);
      if (insert && insert.limit !== null) limits.set(insert.ref, insert);
    }
    return [...limits.values()];
  }
}

function streamOf(item: Element): string | null {
  return item.getAttribute("data-phx-stream");
}

function childById(container: Element, id: string): Element | null {
  if (container.isConnected) {
    const el = document.getElementById(id);
    if (el?.parentElement === container) return el;
  }
  for (const child of container.children) if (child.id === id) return child;
  return null;
}

/** Puts a new child into the container: -1 after the last item, n before the nth child. */
function place(container: Element, child: Element, at: number, isItem: boolean): void {
  if (!isItem) container.append(child);
  else if (at >= 0) container.insertBefore(child, container.children[at] ?? null);
  else container.insertBefore(child, afterLastItem(container));
}

/** What follows the last item: children that are no items (an "empty" note) stay behind the items. */
function afterLastItem(container: Element): Element | null {
  let after: Element | null = null;
  for (
    let child = container.lastElementChild;
    child && streamOf(child) === null;
    child = child.previousElementSibling
  ) {
    after = child;
  }
  return after;
}

function insertAt(items: Element[], item: Element, at: number): void {
  if (at < 0) items.push(item);
  else items.splice(at, 0, item);
}

/** Moves only what is out of place, so that focus and scrolling elsewhere survive. */
function reorder(container: Element, ordered: readonly Element[]): void {
  if (ordered.length === 0) return;
  const wanted = new Set(ordered);
  let at = container.firstElementChild;
  for (const item of ordered) {
    while (at && !wanted.has(at)) at = at.nextElementSibling;
    if (at === item) at = at.nextElementSibling;
    else move(container, item, at);
  }
}

/** `moveBefore` keeps focus, playing videos and iframes as they are, in browsers that have it. */
function move(container: Element, item: Element, before: Node | null): void {
  if ("moveBefore" in container && item.isConnected && container.isConnected) container.moveBefore(item, before);
  else container.insertBefore(item, before);
}

/** n >= 0 keeps the first n items, n < 0 the last |n|. */
function enforce(container: Element, { ref, limit }: Insert, morph: StreamMorph): void {
  const items = [...container.children].filter((child) => streamOf(child) === ref);
  const surplus = limit! < 0 ? items.slice(0, Math.max(0, items.length + limit!)) : items.slice(limit!);
  for (const item of surplus) remove(item, morph);
}

function remove(item: Element, morph: StreamMorph): void {
  item.remove();
  morph.removed(item);
}
