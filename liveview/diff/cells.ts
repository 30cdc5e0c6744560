/**
 * Cells: the values of a template's holes as the client has them, compared with new ones and written for the wire.
 *
 *   place    makes a value the content of a cell, whatever was there, and writes all of it
 *   patch    writes what differs from the cell; calls `place` where it is another kind of thing, or another template
 *
 * Each changed value is escaped for HTML and JSON at once, and text is added to text: no object is made on the way to
 * the wire. Values are compared raw, so what did not change is not escaped either.
 *
 * The functions here and those for lists and streams call each other, as the things that they write contain each other.
 */

import { placeComponent } from "../component/component-cell.ts";
import { ComponentUse } from "../component/component-use.ts";
import { Instance } from "../component/instance.ts";
import { patchNested, placeNested } from "../nested/nested-cell.ts";
import { NestedChild } from "../nested/nested-table.ts";
import { NestedUse } from "../nested/nested-use.ts";
import { spreadHtml } from "../template/attributes.ts";
import { KeyedList, StreamList } from "../template/each.ts";
import { textJson } from "../template/escape.ts";
import { ComponentCall } from "../template/function-component.ts";
import { attributeValue, attributeWire, type Hole } from "../template/hole.ts";
import { Raw, Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import { valueError } from "../template/value-error.ts";
import { type HoleFunction, patchCall, patchFunction, placeCall, placeFunction, unwrapped } from "./computed.ts";
import { jsonKey } from "./json-keys.ts";
import { patchKeyed, placeKeyed } from "./keyed-diff.ts";
import { isUnkeyed, ListNode, patchUnkeyed, placeUnkeyed } from "./list-diff.ts";
import type { Pass } from "./pass.ts";
import { patchStream, placeStream, StreamNode } from "./stream-diff.ts";
import { TreeNode } from "./tree-node.ts";

/** A template as the client has it at one place. */
export class TemplateNode extends TreeNode {
  readonly template: Template;
  /** By hole: a primitive, Raw, or the node of what stands there. What shows as nothing is "" (text), false (attribute). */
  readonly cells: unknown[];

  constructor(template: Template) {
    super();
    this.template = template;
    this.cells = new Array<unknown>(template.holes.length);
  }
}

/** Puts values into `cells` from `base` on. Returns the members of a JSON object: `"0":"a","1":"b"`. */
export function placeCells(
  pass: Pass,
  template: Template,
  cells: unknown[],
  base: number,
  values: readonly unknown[],
): string {
  let members = "";
  for (let i = 0; i < template.holes.length; i++) {
    const value = place(pass, template, i, cells, base + i, values[i]);
    members += i === 0 ? jsonKey(0) + value : `,${jsonKey(i)}${value}`;
  }
  return members;
}

/** Brings `cells` from `base` on to `values`. Returns a JSON object of what changed, or "". */
export function patchCells(
  pass: Pass,
  template: Template,
  cells: unknown[],
  base: number,
  values: readonly unknown[],
): string {
  let members = "";
  for (let i = 0; i < template.holes.length; i++) {
    if (cells[base + i] === values[i]) continue;
    const change = patch(pass, template, i, cells, base + i, values[i]);
    if (change !== "") members += (members === "" ? "{" : ",") + jsonKey(i) + change;
  }
  return members === "" ? "" : `${members}}`;
}

/** Makes `value` the content of the cell, whatever was there. Returns its JSON. */
export function place(
  pass: Pass,
  template: Template,
  index: number,
  cells: unknown[],
  at: number,
  value: unknown,
): string {
  const hole = template.holes[index]!;
  if (typeof value === "function") return placeFunction(pass, template, index, cells, at, value as HoleFunction);
  if (hole.inTag) {
    const attribute = hole.kind === "spread" ? spreadHtml(template, index, value) : attributeValue(hole, value);
    if (attribute === undefined) throw valueError(template, index, value);
    cells[at] = attribute;
    return attributeWire(hole, attribute);
  }
  switch (typeof value) {
    case "string":
      cells[at] = value;
      return textJson(value);
    case "number":
    case "bigint":
      // As a string: a number on the wire is a component.
      cells[at] = value;
      return `"${value}"`;
    case "undefined":
    case "boolean":
      cells[at] = "";
      return '""';
    case "object":
      return placeObject(pass, template, index, hole, cells, at, value);
    default:
      throw valueError(template, index, value);
  }
}

/** Brings the cell to `value`. Returns the JSON of the change, or "". */
export function patch(
  pass: Pass,
  template: Template,
  index: number,
  cells: unknown[],
  at: number,
  value: unknown,
): string {
  if (typeof value === "function") return patchFunction(pass, template, index, cells, at, value as HoleFunction);
  if (value instanceof ComponentCall && template.holes[index]!.kind === "text") {
    return patchCall(pass, template, index, cells, at, value);
  }
  const before = typeof cells[at] === "object" ? unwrapped(cells, at) : cells[at];
  if (typeof before === "object" && typeof value === "object" && value !== null) {
    if (before instanceof TemplateNode) {
      if (value instanceof Rendered && value.template === before.template) return patchTemplate(pass, before, value);
    } else if (before instanceof ListNode) {
      if (value instanceof KeyedList && !isUnkeyed(before)) return patchKeyed(pass, template, index, cells, at, value);
      if (Array.isArray(value) && isUnkeyed(before)) return patchUnkeyed(pass, template, index, cells, at, value);
    } else if (before instanceof StreamNode) {
      if (value instanceof StreamList) return patchStream(pass, template, index, before, value);
    } else if (before instanceof NestedChild) {
      if (value instanceof NestedUse) return patchNested(pass, template, index, cells, at, before, value);
    } else if (before instanceof Raw && value instanceof Raw && before.html === value.html) return "";
  }
  const wire = place(pass, template, index, cells, at, value);
  if (!Object.is(cells[at], before)) {
    pass.changes++;
    return wire;
  }
  // What differs as a value may show as the same: null and false, a list without entries where nothing was, NaN.
  return before instanceof Instance && pass.cycle!.isDue(before) ? wire : "";
}

/** Brings a node to other values of its template. Returns a JSON object of what changed, or "". */
export function patchTemplate(pass: Pass, node: TemplateNode, { values }: Rendered): string {
  const functions = pass.functions;
  const change = patchCells(pass, node.template, node.cells, 0, values);
  if (pass.functions !== functions) node.live = true;
  return change;
}

function placeObject(
  pass: Pass,
  template: Template,
  index: number,
  hole: Hole,
  cells: unknown[],
  at: number,
  value: object | null,
): string {
  if (value === null) {
    cells[at] = "";
    return '""';
  }
  if (value instanceof Raw) {
    cells[at] = value;
    return JSON.stringify(value.html);
  }
  if (hole.kind === "text") {
    if (value instanceof Rendered) {
      const node = new TemplateNode(value.template);
      const functions = pass.functions;
      const members = placeCells(pass, node.template, node.cells, 0, value.values);
      node.live = pass.functions !== functions;
      cells[at] = node;
      return `{${members}${members === "" ? "" : ","}${node.template.root ? '"r":1,' : ""}"s":${pass.statics(node.template)}}`;
    }
    if (value instanceof ComponentCall) return placeCall(pass, template, index, cells, at, value);
    if (value instanceof ComponentUse) return placeComponent(pass, template, index, cells, at, value);
    if (value instanceof NestedUse) return placeNested(pass, template, index, cells, at, value);
    if (value instanceof KeyedList) return placeKeyed(pass, template, index, cells, at, value);
    if (value instanceof StreamList) return placeStream(pass, template, index, cells, at, value);
    if (Array.isArray(value)) return placeUnkeyed(pass, template, index, cells, at, value);
  }
  throw valueError(template, index, value);
}
