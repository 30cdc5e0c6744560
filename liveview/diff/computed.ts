/**
 * Computed cells: what stands in a hole by a function, or by a function component. On the wire they are what they show.
 *
 *   ${({ n }) => html`<b>${n}</b>`}      FunctionNode { scope: what it read }  cells [ TemplateNode <b>_</b> ]
 *   ${badge({ count })}                  CallNode { call: with which inputs }  cells [ TemplateNode ... ]
 *
 *   code around it runs again, function        always run: what it closes over may have changed
 *   code around it runs again, component       called if an input is another one
 *   it does not (refresh)                      a function is run if it is stale; then what it made is looked into
 *
 * Refreshing goes only where functions are: a node without any below it is not `live`.
 */

import { type ComponentCall, sameCall } from "../template/function-component.ts";
import type { Template } from "../template/template.ts";
import { patch, place, TemplateNode } from "./cells.ts";
import { jsonKey } from "./json-keys.ts";
import { ListNode, strideOf } from "./list-diff.ts";
import type { Pass } from "./pass.ts";
import type { Stream } from "./stream.ts";
import { Scope } from "./tracking.ts";
import { TreeNode } from "./tree-node.ts";

export type HoleFunction = (assigns: object) => unknown;

/** A function, and what it showed. */
export class FunctionNode extends TreeNode {
  run: HoleFunction;
  readonly scope = new Scope();
  /** One cell: what it showed last. */
  readonly cells: [unknown];

  constructor(run: HoleFunction, shown: unknown) {
    super();
    this.live = true;
    this.run = run;
    this.cells = [shown];
  }
}

/** A function component with the inputs that it was last called with, and what it showed. */
export class CallNode extends TreeNode {
  call: ComponentCall;
  readonly cells: [unknown];
  /** Streams that it shows: something may be pending in them although its inputs are what they were. */
  streams: Stream<unknown>[] | null = null;

  constructor(call: ComponentCall, shown: unknown) {
    super();
    this.call = call;
    this.cells = [shown];
  }
}

/** What the cell shows, by whatever it came. The cell holds just that from now on. */
export function unwrapped(cells: unknown[], at: number): unknown {
  let shown = cells[at];
  if (shown instanceof FunctionNode || shown instanceof CallNode) {
    do shown = shown.cells[0];
    while (shown instanceof FunctionNode || shown instanceof CallNode);
    cells[at] = shown;
  }
  return shown;
}

export function placeFunction(
  pass: Pass,
  owner: Template,
  index: number,
  cells: unknown[],
  at: number,
  run: HoleFunction,
): string {
  const node = new FunctionNode(run, "");
  cells[at] = node;
  return runFunction(pass, owner, index, node, place);
}

export function patchFunction(
  pass: Pass,
  owner: Template,
  index: number,
  cells: unknown[],
  at: number,
  run: HoleFunction,
): string {
  let node = cells[at];
  if (node instanceof FunctionNode) node.run = run;
  else cells[at] = node = new FunctionNode(run, node);
  return runFunction(pass, owner, index, node as FunctionNode, patch);
}

function runFunction(pass: Pass, owner: Template, index: number, node: FunctionNode, show: typeof place): string {
  pass.functions++;
  return node.scope.run(() => show(pass, owner, index, node.cells, 0, node.run(pass.view)));
}

export function placeCall(
  pass: Pass,
  owner: Template,
  index: number,
  cells: unknown[],
  at: number,
  call: ComponentCall,
): string {
  const node = new CallNode(call, "");
  const { functions, streams } = pass;
  const wire = place(pass, owner, index, node.cells, 0, call.show());
  node.live = pass.functions !== functions;
  node.streams = pass.streamsSince(streams);
  cells[at] = node;
  return wire;
}

export function patchCall(
  pass: Pass,
  owner: Template,
  index: number,
  cells: unknown[],
  at: number,
  call: ComponentCall,
): string {
  const shown = cells[at];
  let node: CallNode;
  if (shown instanceof CallNode) {
    node = shown;
    if (sameCall(node.call, call) && !node.streams?.some(({ hasPending }) => hasPending))
      return node.live ? refresh(pass, owner, index, node.cells, 0) : "";
    node.call = call;
  } else {
    cells[at] = node = new CallNode(call, shown);
  }
  const { functions, streams } = pass;
  const change = patch(pass, owner, index, node.cells, 0, call.show());
  if (pass.functions !== functions) node.live = true;
  node.streams = pass.streamsSince(streams);
  return change;
}

/** Runs the functions below these cells that are stale. Returns a JSON object of what changed, or "". */
export function refreshCells(pass: Pass, template: Template, cells: unknown[], base: number): string {
  let members = "";
  for (let i = 0; i < template.holes.length; i++) {
    const change = refresh(pass, template, i, cells, base + i);
    if (change !== "") members += (members === "" ? "{" : ",") + jsonKey(i) + change;
  }
  return members === "" ? "" : `${members}}`;
}

/** The same for an entry of a list. */
export function refreshEntry(
  pass: Pass,
  owner: Template,
  hole: number,
  template: Template | null,
  cells: unknown[],
  base: number,
): string {
  if (template !== null) return refreshCells(pass, template, cells, base);
  const change = refresh(pass, owner, hole, cells, base);
  return change === "" ? "" : `{"0":${change}}`;
}

function refresh(pass: Pass, owner: Template, index: number, cells: unknown[], at: number): string {
  const node = cells[at];
  if (!(node instanceof TreeNode) || !node.live) return "";
  if (node instanceof FunctionNode) {
    if (node.scope.isStale()) return runFunction(pass, owner, index, node, patch);
    return node.scope.inside(() => refresh(pass, owner, index, node.cells, 0));
  }
  if (node instanceof CallNode) return refresh(pass, owner, index, node.cells, 0);
  if (node instanceof TemplateNode) return refreshCells(pass, node.template, node.cells, 0);
  return node instanceof ListNode ? refreshList(pass, owner, index, node) : "";
}

function refreshList(pass: Pass, owner: Template, hole: number, { template, cells, count }: ListNode): string {
  const stride = strideOf(template);
  let members = "";
  for (let i = 0; i < count; i++) {
    const change = refreshEntry(pass, owner, hole, template, cells, i * stride);
    if (change !== "") members += `${jsonKey(i)}${change},`;
  }
  return members === "" ? "" : `{"k":{${members}"kc":${count}}}`;
}
