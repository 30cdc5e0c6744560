/**
 * Lists in the diff: keyed ones (`each`) and arrays.
 *
 *   keys       a    b    c                 each(items, key, row), an entry is known by its key
 *   cells    │a0 a1│b0 b1│c0 c1│           all entries' cells in one array, `stride` to an entry
 *
 *   b, c swapped, x inserted in front      {"k":{"0":{"0":"x0","1":"x1"},"1":0,"2":2,"3":1,"kc":4,"km":true}}
 *
 * All entries share the list's statics, so they must come from one template. If they do not, the list is `mixed`: its
 * statics are ["",""], and an entry has one dynamic, which may be anything that a text hole can hold. A list that
 * becomes mixed is sent anew once, and stays mixed as long as it is there.
 *
 * Cost of a keyed list: while keys stand where they stood, one comparison per entry (of the item if the render function
 * is the same as before, else of each of its values); from the first place where they do not, a Map of the keys.
 */

import { patch, patchCells, place, placeCells } from "./cells.ts";
import { alone } from "./component/alone.ts";
import { ComponentUse } from "./component/component-use.ts";
import { refreshEntry } from "./computed.ts";
import type { Key, KeyedList } from "./each.ts";
import { ComponentCall } from "./function-component.ts";
import { jsonKey } from "./json-keys.ts";
import { NestedUse } from "./nested/nested-use.ts";
import type { Pass } from "./pass.ts";
import { Rendered } from "./rendered.ts";
import type { Template } from "./template.ts";
import { kindOf, type TemplateError } from "./template-errors.ts";
import { TreeNode } from "./tree-node.ts";

/** A list as the client has it. It has had entries: one that never had any is "". */
export class ListNode extends TreeNode {
  /** The template of every entry; null: mixed. */
  readonly template: Template | null;
  count: number;
  cells: unknown[];
  /** Null: an array, entries are known by position. */
  keys: Key[] | null;
  /** The items that entries were rendered from, and by what. */
  items: unknown[] | null;
  render: KeyedList["render"] | null;
  /** Entries have streams, of which something may be pending although the item is what it was: all are rendered. Stays so. */
  hasStreams = false;

  constructor(template: Template | null, count: number) {
    super();
    this.template = template;
    this.count = count;
    this.cells = new Array<unknown>(count * strideOf(template));
    this.keys = null;
    this.items = null;
    this.render = null;
  }
}

export function isUnkeyed(node: ListNode): boolean {
  return node.keys === null;
}

/** Entries' statics where entries differ in their templates. */
export const mixedStatics = '["",""]';

/** The template that all have in common, null if they have none. */
export function commonTemplate(entries: readonly unknown[]): Template | null {
  const first = entries[0];
  if (!(first instanceof Rendered)) return null;
  for (const entry of entries) {
    if (!(entry instanceof Rendered) || entry.template !== first.template) return null;
  }
  return first.template;
}

/** Cells of one entry. */
export function strideOf(template: Template | null): number {
  return template === null ? 1 : template.holes.length;
}

/** Writes an entry in full, as a JSON object. `owner` and `hole` are where the list stands. */
export function placeEntry(
  pass: Pass,
  owner: Template,
  hole: number,
  template: Template | null,
  cells: unknown[],
  base: number,
  entry: unknown,
): string {
  if (template === null) return `{"0":${place(pass, owner, hole, cells, base, entry)}}`;
  return `{${placeCells(pass, template, cells, base, (entry as Rendered).values)}}`;
}

/** Puts an array into a cell of the template `owner`. Returns its JSON. */
export function placeUnkeyed(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  entries: readonly unknown[],
): string {
  if (entries.length === 0) return placeNothing(cells, at);
  const node = new ListNode(commonTemplate(entries), entries.length);
  cells[at] = node;
  return writeList(pass, owner, hole, node, entries);
}

/** Brings the array in a cell to other entries, position by position. Returns the JSON of the change, or "". */
export function patchUnkeyed(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  entries: readonly unknown[],
): string {
  const node = cells[at] as ListNode;
  const { template, count } = node;
  if (template !== null && !entries.every((entry) => fits(template, entry))) {
    pass.changes++;
    return placeUnkeyed(pass, owner, hole, cells, at, entries);
  }
  if (count !== entries.length) pass.changes++;
  const stride = strideOf(template);
  const { functions } = pass;
  const opened = pass.openList();
  let members = "";
  node.cells.length = entries.length * stride;
  for (let i = 0; i < entries.length; i++) {
    const change =
      i < count
        ? patchEntry(pass, owner, hole, template, node.cells, i * stride, entries[i])
        : placeEntry(pass, owner, hole, template, node.cells, i * stride, entries[i]);
    if (change !== "") members += `${jsonKey(i)}${change},`;
  }
  node.count = entries.length;
  if (pass.functions !== functions) node.live = true;
  const isSame = members === "" && count === entries.length;
  return pass.closeList(opened, isSame ? "" : `{"k":{${members}"kc":${entries.length}}}`);
}

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
  for (let i = 0; i < items.length; i++) {
    const key = keyOf(owner, hole, list, items[i]);
    if (seen.has(key)) throw duplicateKey(owner, hole, key);
    seen.add(key);
    keys.push(key);
    entries.push(entryOf(owner, hole, render, items[i], i));
  }
  const node = new ListNode(commonTemplate(entries), items.length);
  node.keys = keys;
  node.items = items.slice();
  node.render = render;
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

/** In place of an old index: an entry with this key is there already. */
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
    const { template, cells, count } = node;
    const oldItems = node.items!;
    const oldKeys = node.keys!;
    const sameRender = render === node.render && !node.hasStreams;
    const end = Math.min(items.length, count);
    for (let i = 0; i < end; i++) {
      const item = items[i];
      if (sameRender && item === oldItems[i]) {
        if (node.live) this.#refreshEntry(i);
        continue;
      }
      if (key(item) !== oldKeys[i]) return i;
      const entry = entryOf(this.#owner, this.#hole, render, item, i);
      if (!fits(template, entry)) return null;
      const change = patchEntry(this.#pass, this.#owner, this.#hole, template, cells, i * this.#stride, entry);
      if (change !== "") this.#members += `${jsonKey(i)}${change},`;
      oldItems[i] = item;
    }
    return end;
  }

  /** Entries from `start` on: where each comes from is looked up by key. Returns whether any moved, or null. */
  #patchRest(start: number): boolean | null {
    const { items, render } = this.#list;
    const node = this.#node;
    const stride = this.#stride;
    const oldItems = node.items!;
    const sameRender = render === node.render && !node.hasStreams;
    const positions = new Map<Key, number>();
    for (let i = 0; i < node.count; i++) positions.set(node.keys![i]!, i < start ? taken : i);
    const keys = node.keys!.slice(0, start);
    const cells = node.cells.slice(0, start * stride);
    let moved = false;
    for (let i = start; i < items.length; i++) {
      const item = items[i];
      const key = keyOf(this.#owner, this.#hole, this.#list, item);
      const from = positions.get(key);
      if (from === taken) throw duplicateKey(this.#owner, this.#hole, key);
      positions.set(key, taken);
      keys.push(key);
      let change = "";
      if (from === undefined || !sameRender || item !== oldItems[from] || (from !== i && render.length > 1)) {
        const entry = entryOf(this.#owner, this.#hole, render, item, i);
        if (!fits(node.template, entry)) return null;
        if (from === undefined) {
          const whole = placeEntry(this.#pass, this.#owner, this.#hole, node.template, cells, i * stride, entry);
          this.#members += `${jsonKey(i)}${whole},`;
          this.#pass.changes++;
          continue;
        }
        change = patchEntry(this.#pass, this.#owner, this.#hole, node.template, node.cells, from * stride, entry);
      } else if (node.live) {
        change = refreshEntry(this.#pass, this.#owner, this.#hole, node.template, node.cells, from * stride);
      }
      for (let cell = 0; cell < stride; cell++) cells.push(node.cells[from * stride + cell]);
      if (from !== i) {
        moved = true;
        this.#members += change === "" ? `${jsonKey(i)}${from},` : `${jsonKey(i)}[${from},${change}],`;
      } else if (change !== "") this.#members += `${jsonKey(i)}${change},`;
    }
    node.keys = keys;
    node.cells = cells;
    node.items = items.slice();
    node.count = items.length;
    return moved;
  }

  /** An entry that is what it was: but functions in it may have read what has changed. */
  #refreshEntry(i: number): void {
    const { template, cells } = this.#node;
    const change = refreshEntry(this.#pass, this.#owner, this.#hole, template, cells, i * this.#stride);
    if (change !== "") this.#members += `${jsonKey(i)}${change},`;
  }

  #truncate(count: number): void {
    const node = this.#node;
    node.count = count;
    node.cells.length = count * this.#stride;
    node.keys!.length = count;
    node.items!.length = count;
  }
}

function patchEntry(
  pass: Pass,
  owner: Template,
  hole: number,
  template: Template | null,
  cells: unknown[],
  base: number,
  entry: unknown,
): string {
  if (template !== null) return patchCells(pass, template, cells, base, (entry as Rendered).values);
  const change = patch(pass, owner, hole, cells, base, entry);
  return change === "" ? "" : `{"0":${change}}`;
}

function writeList(pass: Pass, owner: Template, hole: number, node: ListNode, entries: readonly unknown[]): string {
  const { template, cells } = node;
  const stride = strideOf(template);
  const statics = template === null ? mixedStatics : pass.statics(template);
  const opened = pass.openList();
  const { functions, streams } = pass;
  let members = "";
  for (let i = 0; i < entries.length; i++) {
    members += `${jsonKey(i)}${placeEntry(pass, owner, hole, template, cells, i * stride, entries[i])},`;
  }
  node.live = pass.functions !== functions;
  node.hasStreams = pass.streams !== streams;
  return pass.closeList(opened, `{"k":{${members}"kc":${entries.length}},"s":${statics}}`);
}

function placeNothing(cells: unknown[], at: number): string {
  cells[at] = "";
  return '""';
}

function fits(template: Template | null, entry: unknown): boolean {
  return template === null || (entry instanceof Rendered && entry.template === template);
}

/** The template of one entry. */
export function entryOf(
  owner: Template,
  hole: number,
  render: KeyedList["render"],
  item: unknown,
  index: number,
): Rendered {
  const made: unknown = render(item, index);
  // The list looks after what changed: a component as an entry is called at once.
  const called = made instanceof ComponentCall ? made.show() : made;
  const entry = called instanceof ComponentUse || called instanceof NestedUse ? alone(called) : called;
  if (entry instanceof Rendered) return entry;
  throw owner.errorAt(hole, `each(): expected render to return html\`...\`, got ${kindOf(entry)}`);
}

/** The key of one item. */
export function keyOf(owner: Template, hole: number, list: KeyedList, item: unknown): Key {
  const key: unknown = list.key(item);
  if (typeof key === "string" || typeof key === "number") return key;
  throw owner.errorAt(hole, `each(): expected the key of an item to be a string or a number, got ${kindOf(key)}`);
}

export function duplicateKey(owner: Template, hole: number, key: Key): TemplateError {
  return owner.errorAt(hole, `each(): two items have the key ${JSON.stringify(key)}. Keys must be unique in a list`);
}
