/**
 * Streams: containers whose items the server forgets, and the page keeps.
 *
 *   <ul id="messages" phx-update="stream">     stream: ["0", [["m-4", -1, -3, false], ["m-1", 0, -3, false]], ["m-1", "m-2"]]
 *     m-1 ┐                                        m-1   deleted and inserted: this element, at its new place
 *     m-2 ├─ deletes ─▷ order: [m-3]               m-3
 *     m-3 ┘  inserts ─▷ order: [m-1, m-3, m-4]     m-4   new
 *            limits     after each new item
 *
 * Items that the page has are updated where they stand; only deleted and inserted in one message, by a reset, or by a join
 * they get another place. The order is made up first, then the page is brought to it: what stays is not touched, what
 * moves keeps its state, what a limit takes away at once never enters the page.
 *
 * An index counts all children of the container, limits only the stream's own items: other children stay.
 * Cost: an array of the container's children per patch of it, and a place in it per insert.
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
  /** Inserted anew by the stream that deletes them: they move. */
  readonly #moved = new Set<string>();
  readonly #resets = new Set<string>();
  /** DOM ids to be removed before the morph. */
  readonly deletes: string[] = [];

  constructor(streams: readonly WireStream[]) {
    for (const [ref, inserts] of streams) {
      for (const [id, at, limit, updateOnly] of inserts) {
        this.#inserts.set(id, { ref, at, limit, updateOnly: updateOnly === true });
      }
    }
    for (const [ref, , deletes, reset] of streams) {
      for (const id of deletes) {
        if (this.#inserts.get(id)?.ref === ref) this.#moved.add(id);
        else this.deletes.push(id);
      }
      if (reset) this.#resets.add(ref);
    }
  }

  /**
   * Marks the items in the new HTML as their stream's, and arranges those whose container the page does not have.
   *
   * @param removed called with what does not get into the page
   */
  prepare(source: ParentNode, removed: StreamMorph["removed"]): void {
    if (this.#inserts.size === 0) return;
    // What a portal takes elsewhere is no child of its template.
    for (const template of source.querySelectorAll("template")) this.prepare(template.content, removed);
    const containers = new Set<Element>();
    for (const item of source.querySelectorAll("[id]")) {
      const insert = this.#inserts.get(item.id);
      if (!insert) continue;
      item.setAttribute("data-phx-stream", insert.ref);
      if (item.parentElement) containers.add(item.parentElement);
    }
    for (const container of containers) {
      if (!document.getElementById(container.id)) this.#fill(container, removed);
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
    const incoming = childrenWithIds(to);
    const known = new Map<string, Element>();
    const staying: Element[] = [];
    for (const child of [...container.children]) {
      const isNamed = incoming.has(child.id);
      const isReset = join || this.#resets.has(streamOf(child) ?? "");
      if (isReset && !isNamed && !child.hasAttribute("data-phx-teleported")) {
        remove(child, morph);
        continue;
      }
      known.set(child.id, child);
      if (!isNamed || !(isReset || this.#moved.has(child.id))) staying.push(child);
    }
    const stays = new Set(staying);
    const order = new Order(staying, [...incoming.keys()]);
    for (const [id, child] of incoming) {
      const present = known.get(id);
      if (present) morph.update(present, child);
      const insert = this.#inserts.get(id);
      const isThere = present && !order.surplus.has(present);
      if (isThere && stays.has(present)) continue;
      if (!isThere && insert?.updateOnly) order.surplus.add(present ?? child);
      else order.add(present ?? child, insert);
      if (present) stays.delete(present); // if a limit had taken it out, it comes back as a new one
    }
    for (const item of order.surplus) remove(item, morph);
    arrange(container, order.elements, stays);
    for (const el of order.elements) if (!stays.has(el) && known.get(el.id) !== el) morph.added(el);
  }

  /** Arranges the items of a container that is not on the page yet. */
  #fill(container: Element, removed: StreamMorph["removed"]): void {
    const children = [...container.children];
    const order = new Order(
      [],
      children.map(({ id }) => id),
    );
    for (const child of children) {
      const insert = this.#inserts.get(child.id);
      if (insert?.updateOnly) order.surplus.add(child);
      else order.add(child, insert);
    }
    for (const item of order.surplus) {
      item.remove();
      removed(item);
    }
    arrange(container, order.elements, new Set());
  }
}

/** The children of a container as they are to stand, made up insert by insert. */
class Order {
  readonly elements: Element[];
  /** What limits have taken out, and what was only to be updated and is not there. */
  readonly surplus = new Set<Element>();
  /** Items by stream, of streams that have a limit. */
  readonly #counts = new Map<string, number>();
  /** Ids in the order of the template: where the first item of a stream stands among other children. */
  readonly #template: readonly string[];

  constructor(elements: Element[], template: readonly string[]) {
    this.elements = elements;
    this.#template = template;
  }

  /** @param insert undefined: no item of a stream */
  add(el: Element, insert: Insert | undefined): void {
    this.surplus.delete(el);
    if (!insert) this.elements.push(el);
    else {
      const at = insert.at >= 0 ? insert.at : this.#end(el.id);
      this.elements.splice(at, 0, el);
      const { ref, limit } = insert;
      const count = this.#counts.get(ref);
      if (count !== undefined) this.#counts.set(ref, count + 1);
      if (limit !== null && (count ?? Number.POSITIVE_INFINITY) >= Math.abs(limit)) this.#enforce(ref, limit);
    }
  }

  /** Behind the last item: other children, like a note that there are none, stay behind the items. */
  #end(id: string): number {
    for (let end = this.elements.length; end > 0; end--) if (streamOf(this.elements[end - 1]!) !== null) return end;
    const following = new Set(this.#template.slice(this.#template.indexOf(id) + 1));
    const end = this.elements.findIndex((el) => following.has(el.id));
    return end === -1 ? this.elements.length : end;
  }

  /** n >= 0 keeps the first n items, n < 0 the last |n|. */
  #enforce(ref: string, limit: number): void {
    const items = this.elements.filter((el) => streamOf(el) === ref);
    const surplus = new Set(limit < 0 ? items.slice(0, Math.max(0, items.length + limit)) : items.slice(limit));
    this.#counts.set(ref, items.length - surplus.size);
    if (surplus.size === 0) return;
    for (const el of surplus) this.surplus.add(el);
    const kept = this.elements.filter((el) => !surplus.has(el));
    this.elements.splice(0, this.elements.length, ...kept);
  }
}

function streamOf(item: Element): string | null {
  return item.getAttribute("data-phx-stream");
}

function childrenWithIds(container: Element): Map<string, Element> {
  const children = new Map<string, Element>();
  for (const child of container.children) {
    if (child.id) children.set(child.id, child);
    else console.error(`Stream container "${container.id}": expected each child to have an id, got`, child);
  }
  return children;
}

/** Brings a container's elements into this order. Those that stay are in order among themselves, and are not touched. */
function arrange(container: Element, order: readonly Element[], stays: ReadonlySet<Element>): void {
  let at = container.firstElementChild;
  for (const el of order) {
    // The one in the way has its turn later: it alone moves, and not all that is behind it.
    while (at && at !== el && !stays.has(at) && (stays.has(el) || at.nextElementSibling === el)) {
      at = at.nextElementSibling;
    }
    if (at === el) at = at.nextElementSibling;
    else move(container, el, at);
  }
}

/** `moveBefore` keeps focus, playing videos and iframes as they are, in browsers that have it. */
function move(container: Element, el: Element, before: Node | null): void {
  if ("moveBefore" in container && el.isConnected && container.isConnected) container.moveBefore(el, before);
  else container.insertBefore(el, before);
}

function remove(item: Element, morph: StreamMorph): void {
  item.remove();
  morph.removed(item);
}
