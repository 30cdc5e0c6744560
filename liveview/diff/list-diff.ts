/**
 * Lists in the diff: what all have in common, and arrays, whose entries are known by their position. Keyed ones are in
 * keyed-diff.ts.
 *
 *   cells    │a0 a1│b0 b1│c0 c1│           all entries' cells in one array, `stride` to an entry
 *
 *   b changed, d added                     {"k":{"1":{"0":"x0"},"3":{"0":"d0","1":"d1"},"kc":4}}
 *
 * All entries share the list's statics, so they must come from one template. If they do not, the list is `mixed`: its
 * statics are ["",""], and an entry has one dynamic, which may be anything that a text hole can hold. A list that
 * becomes mixed is sent anew once, and stays mixed as long as it is there.
 */

import type { Key, KeyedList } from "../template/each.ts";
import type { ComponentCall } from "../template/function-component.ts";
import { Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import { patch, patchCells, place, placeCells } from "./cells.ts";
import { jsonKey } from "./json-keys.ts";
import type { Pass } from "./pass.ts";
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
  /** Function components that entries were made by, with their inputs; null: none was. */
  calls: (ComponentCall | undefined)[] | null = null;
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

/** Brings the cells of one entry to what it shows now. Returns a JSON object of what changed, or "". */
export function patchEntry(
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

/** Writes a list in full, with its statics. */
export function writeList(
  pass: Pass,
  owner: Template,
  hole: number,
  node: ListNode,
  entries: readonly unknown[],
): string {
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

/** A list that has no entries, and never had any. */
export function placeNothing(cells: unknown[], at: number): string {
  cells[at] = "";
  return '""';
}

/** Can it be an entry of a list with this template? */
export function fits(template: Template | null, entry: unknown): boolean {
  return template === null || (entry instanceof Rendered && entry.template === template);
}
