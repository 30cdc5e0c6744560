/** A cell that holds a nested view: its NestedChild. On the wire it is a string, the empty container. */
import type { Pass } from "../diff/pass.ts";
import type { Template } from "../template/template.ts";
import type { NestedChild } from "./nested-table.ts";
import type { NestedUse } from "./nested-use.ts";

/** Puts a nested view into a cell of the template `owner`. Returns its container, as JSON. */
export function placeNested(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  use: NestedUse,
): string {
  if (pass.nested === null) throw withoutParent(owner, hole, use);
  const child = pass.nested.place(use, pass.inStream);
  cells[at] = child;
  return child.wire;
}

/** The same for a cell that holds a nested view already. Returns the JSON of the change, or "". */
export function patchNested(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  before: NestedChild,
  use: NestedUse,
): string {
  if (before.use.id !== use.id) {
    pass.changes++;
    return placeNested(pass, owner, hole, cells, at, use);
  }
  const child = pass.nested!.stay(before, use);
  if (child === before) return "";
  pass.changes++;
  cells[at] = child;
  return child.wire;
}

export function withoutParent(owner: Template, hole: number, use: NestedUse): Error {
  return owner.errorAt(hole, `liveRender ${use}: a nested view can be shown by a live view only`);
}
