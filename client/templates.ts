/**
 * Templates: what came from the server, with every shared template written out.
 *
 *   {"0":{"s":0,"0":"x"}, "p":{"0":["<b>","</b>"]}}   ->   {0:{s:["<b>","</b>"],0:"x"}}
 *
 * A message's `p` is valid for that message alone, so it is resolved at the door and gone from then on. Inside of
 * components only a list may bring templates, for its entries. The integer at the top of a component is no template
 * but a reference to another component's statics, and stays.
 */
import type { WireDynamic, WireEntries, WireStream, WireTree } from "../liveview/protocol.ts";

/** HTML, a component's cid, a nested template, or a list. */
export type Dynamic = string | number | TreeNode;

/** A template node, a list (it has `k`), a list's entry, or a change to one of them. The client's own form. */
export interface TreeNode {
  [dynamic: number]: Dynamic;
  s?: readonly string[];
  /** Truthy: the template is one root element. */
  r?: unknown;
  k?: Entries;
  stream?: WireStream;
  /** Once rendered with an identity of its own: see `tree.ts`. */
  mark?: Mark;
  /** Component: was gone from the page, and is to be rendered without skipping once. */
  reset?: boolean;
}

/** The identity of a root element on the page, by which it is found again. */
export interface Mark {
  /** Value of `data-phx-id`. */
  readonly magicId: string;
  readonly statics: readonly string[];
  readonly cid: number | null;
  /** Value of `id` in the last rendered start tag, as written in the HTML. */
  domId: string | null;
  /** Holds a change that has not been rendered. */
  stale: boolean;
}

export interface Entries {
  [position: number]: TreeNode;
  kc: number;
}

/** A list's changes: new or changed in place, moved from, or moved and changed. */
export interface EntryChanges {
  [position: string]: TreeNode | number | [from: number, change: TreeNode] | boolean;
  kc: number;
  km: boolean;
}

/** The parts of a diff that make up the tree. */
export interface TreeDiff {
  top: TreeNode;
  /** By cid; `s` may be the cid of another component here. */
  components: Map<number, ComponentNode>;
}

export interface ComponentNode extends Omit<TreeNode, "s"> {
  s?: readonly string[] | number;
}

type Templates = Record<string, string[]>;

/**
 * Takes over a tree or diff from the wire. The message is changed in place, and must not be used again.
 *
 * @throws {Error} when a template is named that the message does not carry
 */
export function resolveTemplates(diff: WireTree): TreeDiff {
  const components = new Map<number, ComponentNode>();
  for (const [cid, component] of Object.entries<WireTree>(diff.c ?? {})) {
    const reference = typeof component.s === "number" ? component.s : undefined;
    if (reference !== undefined) delete component.s;
    const node: ComponentNode = resolve(component, undefined);
    if (reference !== undefined) node.s = reference;
    components.set(Number(cid), node);
  }
  delete diff.c;
  return { top: resolve(diff, undefined), components };
}

function resolve(node: WireTree, inForce: Templates | undefined): TreeNode {
  const own = node.p;
  delete node.p;
  // A template node's own templates count for itself, a list's only for its entries, and only if none are in force.
  const templates = node.k ? inForce : (own ?? inForce);
  if (typeof node.s === "number") node.s = lookUp(node.s, templates);
  if (node.k) resolveEntries(node.k, templates ?? own);
  else for (const key in node) resolveDynamic((node as Record<string, WireDynamic>)[key], templates);
  return node as TreeNode;
}

function resolveEntries(entries: WireEntries, templates: Templates | undefined): void {
  for (const position in entries) {
    const entry = (entries as unknown as Record<string, unknown>)[position];
    const change = Array.isArray(entry) ? entry[1] : entry;
    if (isNode(change)) resolve(change, templates);
  }
}

function resolveDynamic(value: unknown, templates: Templates | undefined): void {
  if (isNode(value)) resolve(value, templates);
}

function lookUp(index: number, templates: Templates | undefined): string[] {
  const statics = templates?.[index];
  if (!statics) {
    const known = templates ? Object.keys(templates).join(", ") : "none";
    throw new Error(`Diff names template ${index}: expected one of those it carries (${known}).`);
  }
  return statics;
}

function isNode(value: unknown): value is WireTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
