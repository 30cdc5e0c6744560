/**
 * Keyed lists in the diff: `each(items, key, row)`, whose entries are known by their keys, so that they can move.
 *
 *   keys       a    b    c
 *   b, c swapped, x inserted in front      {"k":{"0":{"0":"x0","1":"x1"},"1":0,"2":2,"3":1,"kc":4,"km":true}}
 *
 * An entry that is a function component is called only if an input is another one, as elsewhere in a page.
 *
 * Cost: while keys stand where they stood, one comparison per entry (of the item if the render function is the same as
 * before, else of each of its values); from the first place where they do not, a Map of the keys.
 */
import { alone } from "../component/alone.ts";
import { ComponentUse } from "../component/component-use.ts";
import { NestedUse } from "../nested/nested-use.ts";
import type { Key, KeyedList } from "../template/each.ts";
import { ComponentCall, sameCall, shownBy } from "../template/function-component.ts";
import { Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import { kindOf, type TemplateError } from "../template/template-errors.ts";
import { refreshEntry } from "./computed.ts";
import { jsonKey } from "./json-keys.ts";
import {
  commonTemplate,
  fits,
  ListNode,
  patchEntry,
  placeEntry,
  placeNothing,
  strideOf,
  writeList,
} from "./list-diff.ts";
import type { Pass } from "./pass.ts";

/** Puts a keyed list into a cell of the template `owner`. Returns its JSON. */
export function placeKeyed(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  list: KeyedList,
): string {
  const { items, render } = list;
  if (items.length === 0) return placeNothing(cells, at);
  const keys: Key[] = [];
  const seen = new Set<Key>();
  const entries: Rendered[] = [];
  let calls: ListNode["calls"] = null;
  for (let i = 0; i < items.length; i++) {
    const key = keyOf(owner, hole, list, items[i]);
    if (seen.has(key)) throw duplicateKey(owner, hole, key);
    seen.add(key);
    keys.push(key);
    const made: unknown = render(items[i], i);
    calls = noted(calls, i, made);
    entries.push(asEntry(owner, hole, made));
  }
  const node = new ListNode(commonTemplate(entries), items.length);
  node.keys = keys;
  node.items = items.slice();
  node.render = render;
  node.calls = calls;
  cells[at] = node;
  return writeList(pass, owner, hole, node, entries);
}

/** Brings the keyed list in a cell to another one. Returns the JSON of the change, or "". */
export function patchKeyed(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  list: KeyedList,
): string {
  const mark = pass.mark();
  const opened = pass.openList();
  const change = new KeyedPatch(pass, owner, hole, cells[at] as ListNode, list).run();
  const closed = pass.closeList(opened, change ?? "");
  if (change !== null) return closed;
  pass.rewind(mark);
  pass.changes++;
  return placeKeyed(pass, owner, hole, cells, at, list);
}

/** In place of an old index: this key is new, and an entry has it already. */
const taken = -1;

class KeyedPatch {
  readonly #pass: Pass;
  readonly #owner: Template;
  readonly #hole: number;
  readonly #node: ListNode;
  readonly #list: KeyedList;
  readonly #stride: number;
  /** Members of `k`, each with a comma behind it. */
  #members = "";

  constructor(pass: Pass, owner: Template, hole: number, node: ListNode, list: KeyedList) {
    this.#pass = pass;
    this.#owner = owner;
    this.#hole = hole;
    this.#node = node;
    this.#list = list;
    this.#stride = strideOf(node.template);
  }

  /** Null: an entry has another template than the list, which must be sent anew. */
  run(): string | null {
    const node = this.#node;
    const before = node.count;
    const { functions, streams } = this.#pass;
    const aligned = this.#patchAligned();
    if (aligned === null) return null;
    let moved = false;
    if (aligned === this.#list.items.length) this.#truncate(aligned);
    else {
      const rest = this.#patchRest(aligned);
      if (rest === null) return null;
      moved = rest;
    }
    if (moved || node.count !== before) this.#pass.changes++;
    node.render = this.#list.render;
    if (this.#pass.functions !== functions) node.live = true;
    if (this.#pass.streams !== streams) node.hasStreams = true;
    if (this.#members === "" && node.count === before) return "";
    return `{"k":{${this.#members}"kc":${node.count}${moved ? ',"km":true' : ""}}}`;
  }

  /** Patches entries as long as keys stand where they stood. Returns how many do, or null. */
  #patchAligned(): number | null {
    const { items, key, render } = this.#list;
    const node = this.#node;
    const { count } = node;
    const oldItems = node.items!;
    const oldKeys = node.keys!;
    const sameRender = render === node.render && !node.hasStreams;
    const end = Math.min(items.length, count);
    for (let i = 0; i < end; i++) {
      const item = items[i];
      if (sameRender && item === oldItems[i]) {
        const change = node.live ? this.#refreshed(i) : "";
        if (change !== "") this.#members += `${jsonKey(i)}${change},`;
        continue;
      }
      if (key(item) !== oldKeys[i]) return i;
      const made: unknown = render(item, i);
      const change = this.#patchEntry(i, made, node.calls?.[i]);
      if (change === null) return null;
      node.calls = noted(node.calls, i, made);
      if (change !== "") this.#members += `${jsonKey(i)}${change},`;
      oldItems[i] = item;
    }
    return end;
  }

  /**
   * Entries from `start` on: where each comes from is looked up by key. What is kept is moved within the arrays that there
   * are: these are old, and a copy of what stood there dies young. Returns whether any moved, or null.
   */
  #patchRest(start: number): boolean | null {
    const { items, render } = this.#list;
    const node = this.#node;
    const stride = this.#stride;
    const keys = node.keys!;
    const nodeItems = node.items!;
    const { cells } = node;
    const positions = new Map<Key, number>();
    for (let i = 0; i < node.count; i++) positions.set(keys[i]!, i);
    const isTaken = new Uint8Array(node.count).fill(1, 0, start);
    const oldItems = nodeItems.slice(start);
    const oldCells = cells.slice(start * stride);
    const oldCalls = node.calls?.slice(start);
    const sameRender = render === node.render && !node.hasStreams;
    let moved = false;
    for (let i = start; i < items.length; i++) {
      const item = items[i];
      const key = keyOf(this.#owner, this.#hole, this.#list, item);
      const from = positions.get(key);
      keys[i] = key;
      nodeItems[i] = item;
      if (from === undefined) {
        positions.set(key, taken);
        const made: unknown = render(item, i);
        node.calls = noted(node.calls, i, made);
        const entry = asEntry(this.#owner, this.#hole, made);
        if (!fits(node.template, entry)) return null;
        const whole = placeEntry(this.#pass, this.#owner, this.#hole, node.template, cells, i * stride, entry);
        this.#members += `${jsonKey(i)}${whole},`;
        this.#pass.changes++;
        continue;
      }
      if (from === taken || isTaken[from] === 1) throw duplicateKey(this.#owner, this.#hole, key);
      isTaken[from] = 1;
      const old = from - start;
      for (let cell = 0; cell < stride; cell++) cells[i * stride + cell] = oldCells[old * stride + cell];
      const call = oldCalls?.[old];
      let change = "";
      if (!sameRender || item !== oldItems[old] || (from !== i && render.length > 1)) {
        const made: unknown = render(item, i);
        const patched = this.#patchEntry(i, made, call);
        if (patched === null) return null;
        node.calls = noted(node.calls, i, made);
        change = patched;
      } else {
        node.calls = noted(node.calls, i, call);
        if (node.live) change = this.#refreshed(i);
      }
      if (from !== i) {
        moved = true;
        this.#members += change === "" ? `${jsonKey(i)}${from},` : `${jsonKey(i)}[${from},${change}],`;
      } else if (change !== "") this.#members += `${jsonKey(i)}${change},`;
    }
    this.#truncate(items.length);
    return moved;
  }

  /** Brings the entry at `at` to what was made of its item now. Null: it has another template. @param before what made it */
  #patchEntry(at: number, made: unknown, before: ComponentCall | undefined): string | null {
    const node = this.#node;
    if (made instanceof ComponentCall && before !== undefined && !node.hasStreams && sameCall(before, made)) {
      return node.live ? this.#refreshed(at) : "";
    }
    const entry = asEntry(this.#owner, this.#hole, made);
    if (!fits(node.template, entry)) return null;
    return patchEntry(this.#pass, this.#owner, this.#hole, node.template, node.cells, at * this.#stride, entry);
  }

  /** An entry that is what it was: but functions in it may have read what has changed. */
  #refreshed(at: number): string {
    const { template, cells } = this.#node;
    return refreshEntry(this.#pass, this.#owner, this.#hole, template, cells, at * this.#stride);
  }

  #truncate(count: number): void {
    const node = this.#node;
    node.count = count;
    node.cells.length = count * this.#stride;
    node.keys!.length = count;
    node.items!.length = count;
    if (node.calls !== null) node.calls.length = Math.min(node.calls.length, count);
  }
}

/** The template of one entry. */
export function entryOf(
  owner: Template,
  hole: number,
  render: KeyedList["render"],
  item: unknown,
  index: number,
): Rendered {
  return asEntry(owner, hole, render(item, index));
}

/** What was made of an item, as the template of an entry. */
function asEntry(owner: Template, hole: number, made: unknown): Rendered {
  const called = shownBy(made);
  const entry = called instanceof ComponentUse || called instanceof NestedUse ? alone(called) : called;
  if (entry instanceof Rendered) return entry;
  throw owner.errorAt(hole, `each(): expected render to return html\`...\`, got ${kindOf(entry)}`);
}

/** Calls by entry, with one more. There are none as long as no entry is made by one. */
function noted(calls: ListNode["calls"], at: number, made: unknown): ListNode["calls"] {
  if (!(made instanceof ComponentCall)) {
    if (calls !== null) calls[at] = undefined;
    return calls;
  }
  const all = calls ?? [];
  all[at] = made;
  return all;
}

/** The key of one item. */
export function keyOf(owner: Template, hole: number, list: KeyedList, item: unknown): Key {
  const key: unknown = list.key(item);
  if (typeof key === "string" || typeof key === "number") return key;
  throw owner.errorAt(hole, `each(): expected the key of an item to be a string or a number, got ${kindOf(key)}`);
}

export function duplicateKey(owner: Template, hole: number, key: Key): TemplateError {
  return owner.errorAt(
    hole,
    `each(): two items have the key ${typeof key === "string" ? JSON.stringify(key) : key}. Keys must be unique in a list`,
  );
}
