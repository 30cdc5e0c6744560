/**
 * Tree: the view as the server last described it, and the HTML of what changed.
 *
 *   diff ──merge──▶ tree          which root elements hold a change?
 *                     │
 *                     ▼                                       page
 *                 [ view                                  <div> ...
 *                   ├─ "a"                                  <p>a</p>
 *                   ├─ list ─ entry m1                      <li data-phx-id="m1">
 *                   │         entry m2  ◀── changed         <li data-phx-id="m2">  ◀── only this one is patched
 *                   └─ component c1 ]                       <form data-phx-id="c1-...">
 *
 * A node whose template is one root element (the server says so with `r`, or for entries of lists the statics show it)
 * gets a magic id when it is rendered. A later change inside of it is rendered from the innermost such root on, and
 * patched there. Where a root did not change inside of something that is rendered again, an empty placeholder with
 * `data-phx-skip` stands for it, and the morph leaves the element on the page alone.
 *
 * Invariants: what was rendered is on the page before the next diff is merged; `mark.stale` is true for each root
 * that holds something not rendered yet; items of streams are forgotten once rendered.
 * Cost: a diff costs the size of the diff plus the HTML of the smallest roots around its changes.
 */
import type { WireStream, WireTree } from "../liveview/protocol.ts";
import { idInStartTag, isSingleRoot, placeholder, rootStart } from "./markup.ts";
import type { ComponentNode, Dynamic, Entries, EntryChanges, Mark, TreeNode } from "./templates.ts";
import { resolveTemplates } from "./templates.ts";

/** HTML to be morphed into the page: of one marked root element, or of the whole view (`root` is null). */
export interface Patch {
  root: Mark | null;
  html: string;
  streams: WireStream[];
}

/** How a node is rendered: may unchanged roots be skipped, and do roots get an identity? */
interface Mode {
  skip: boolean;
  mark: boolean;
}

const TRACKED: Mode = { skip: true, mark: true };
const IN_FULL: Mode = { skip: false, mark: true };
/** Stream items: forgotten after rendering, so their inner roots have no identity to find again. */
const FORGOTTEN: Mode = { skip: false, mark: false };

/** What a merge touched, within the view's own tree or within one component. */
interface Touched {
  /** Roots along the way to a change. */
  marks: Mark[];
  /** Roots with a change of their own, inner ones before those around them. */
  changed: TreeNode[];
}

export class Tree {
  readonly #viewId: string;
  #top: TreeNode;
  #components = new Map<number, TreeNode>();
  #lastMagic = 0;
  #streams: WireStream[] = [];

  /**
   * @param rendered the full tree of a join reply; taken over
   * @throws {Error} when it is not well-formed
   */
  constructor(viewId: string, rendered: WireTree) {
    this.#viewId = viewId;
    const { top, components } = resolveTemplates(rendered);
    this.#top = top;
    this.#mergeComponents(components, new Map());
  }

  /** The whole view, with nothing skipped. For a join, and to repair a page that lost track. */
  toHtml(): Patch {
    return this.#patch(null, () => this.#interleave(this.#top, staticsOf(this.#top), IN_FULL));
  }

  /**
   * Merges a diff, and renders what it changed: patch by patch, each asked for when those before are on the page.
   *
   * @param diff without `e`, `r` and `t`; taken over
   * @param isOnPage whether the element with this magic id is on the page; a component that is not is merged only. One may
   *   have left it by an earlier patch of the same diff
   * @throws {Error} when it does not fit the tree; the tree is not usable any more then
   */
  update(diff: WireTree, isOnPage: (mark: Mark) => boolean): Iterable<Patch> {
    const { top, components } = resolveTemplates(diff);
    const touched: Touched = { marks: [], changed: [] };
    let wholeView = false;
    if (top.s) {
      this.#top = top;
      this.#components = new Map();
      wholeView = true;
    } else {
      wholeView = this.#mergeNode(this.#top, top, touched);
    }
    const inComponents = new Map<number, Touched>();
    this.#mergeComponents(components, inComponents);

    return this.#rendered(wholeView, touched, inComponents, isOnPage);
  }

  *#rendered(
    wholeView: boolean,
    touched: Touched,
    inComponents: ReadonlyMap<number, Touched>,
    isOnPage: (mark: Mark) => boolean,
  ): Generator<Patch, void> {
    if (wholeView) yield this.#patch(null, () => this.#interleave(this.#top, staticsOf(this.#top), TRACKED));
    yield* this.#renderChanged(touched);
    for (const [cid, within] of inComponents) {
      const mark = this.#components.get(cid)?.mark;
      if (mark && isOnPage(mark)) yield* this.#renderChanged(within);
    }
  }

  /** The server has deleted these components. */
  pruneComponents(cids: readonly number[]): void {
    for (const cid of cids) this.#components.delete(cid);
  }

  /** The component has left the page: should it come back, nothing of it can be skipped. */
  resetComponent(cid: number): void {
    const component = this.#components.get(cid);
    if (component) component.reset = true;
  }

  // --- merging ---------------------------------------------------------------------------------------------------

  /** @returns whether the node itself changed, outside of inner roots */
  #mergeNode(target: TreeNode, change: TreeNode, touched: Touched): boolean {
    let changed = false;
    for (const key in change) {
      const value = change[key as unknown as number]!;
      const present = target[key as unknown as number];
      if (isNode(value) && value.s === undefined && isNode(present)) {
        if (this.#mergeInto(present, value, touched)) changed = true;
      } else {
        target[key as unknown as number] = value;
        changed = true;
      }
    }
    return changed;
  }

  /** @returns whether what contains the node changed: a root of its own takes care of itself */
  #mergeInto(node: TreeNode, change: TreeNode, touched: Touched): boolean {
    const changed = change.k ? this.#mergeList(node, change, touched) : this.#mergeNode(node, change, touched);
    if (!node.mark) return changed;
    node.mark.stale = true;
    touched.marks.push(node.mark);
    if (changed) touched.changed.push(node);
    return false;
  }

  #mergeList(list: TreeNode, change: TreeNode, touched: Touched): boolean {
    const changes = change.k as unknown as EntryChanges;
    const entries = (list.k ??= { kc: 0 });
    const moves = changes.km ? new Moves(entries, changes) : null;
    let changed = changes.kc !== entries.kc || change.stream !== undefined;
    for (const key in changes) {
      if (key === "kc" || key === "km") continue;
      const position = Number(key);
      const value = changes[key] as TreeNode | number | [number, TreeNode];
      if (typeof value === "number" || Array.isArray(value)) {
        const [from, ownChange] = typeof value === "number" ? [value, undefined] : value;
        const entry = moves?.take(from);
        if (!entry) throw new Error(`Diff moves list entry ${from} to ${position}: expected an entry to be there.`);
        entries[position] = entry;
        if (ownChange) this.#mergeInto(entry, ownChange, touched);
        changed = true;
      } else if (entries[position] === undefined || moves?.hasLeft(position)) {
        entries[position] = value;
        changed = true;
      } else if (this.#mergeInto(entries[position], value, touched)) {
        changed = true;
      }
    }
    for (let position = changes.kc; position < entries.kc; position++) delete entries[position];
    entries.kc = changes.kc;
    if (change.stream) list.stream = change.stream;
    return changed;
  }

  /**
   * A component's `s` may name another component: `n` as sent in this message, `-n` as it was before. So the copies
   * of what was before are made first, then the changes, then the copies of what was sent.
   */
  #mergeComponents(changes: Map<number, ComponentNode>, touched: Map<number, Touched>): void {
    const results = new Map<number, TreeNode>();
    for (const [cid, change] of changes) {
      if (typeof change.s !== "number" || change.s > 0) continue;
      results.set(cid, this.#copyOver(this.#source(-change.s, this.#components), change));
    }
    for (const [cid, change] of changes) {
      if (typeof change.s === "number") continue;
      const present = this.#components.get(cid);
      if (change.s !== undefined || !present) {
        results.set(cid, change as TreeNode);
      } else {
        const within: Touched = { marks: [], changed: [] };
        touched.set(cid, within);
        this.#mergeInto(present, change as TreeNode, within);
        results.set(cid, present);
      }
    }
    const resolve = (cid: number): TreeNode => {
      const done = results.get(cid);
      if (done) return done;
      const change = changes.get(cid)!;
      const from = change.s as number;
      const source = changes.has(from) ? resolve(from) : this.#source(from, results);
      const copy = this.#copyOver(source, change);
      results.set(cid, copy);
      return copy;
    };
    for (const cid of changes.keys()) {
      const node = resolve(cid);
      if (node !== this.#components.get(cid)) {
        node.mark = this.#componentMark(cid, node);
        touched.set(cid, { marks: [], changed: [node] });
      }
    }
    for (const [cid, node] of results) this.#components.set(cid, node);
  }

  /** A copy of the source with the change merged over it, and the source's statics. */
  #copyOver(source: TreeNode, change: ComponentNode): TreeNode {
    const copy = copyOf(source);
    const { s: _reference, ...rest } = change;
    this.#mergeInto(copy, rest, { marks: [], changed: [] });
    return copy;
  }

  #source(cid: number, components: Map<number, TreeNode>): TreeNode {
    const source = components.get(cid);
    if (!source) throw new Error(`Diff shares the statics of component ${cid}, which the client does not have.`);
    return source;
  }

  #componentMark(cid: number, node: TreeNode): Mark {
    return {
      magicId: `c${cid}-${this.#viewId}`,
      statics: staticsOf(node),
      cid,
      domId: null,
      stale: true,
    };
  }

  // --- rendering -------------------------------------------------------------------------------------------------

  /** Renders the outermost of the changed roots first; those inside are up to date then. */
  *#renderChanged({ marks, changed }: Touched): Generator<Patch, void> {
    for (const node of changed.reverse()) {
      if (!node.mark!.stale) continue;
      yield this.#patch(node.mark!, () => this.#root(node, node.mark!, TRACKED));
    }
    for (const mark of marks) mark.stale = false;
  }

  #patch(root: Mark | null, render: () => string): Patch {
    this.#streams = [];
    const html = render();
    return { root, html, streams: this.#streams };
  }

  #dynamic(value: Dynamic | undefined, mode: Mode): string {
    if (typeof value === "string") return value;
    if (typeof value === "number") return this.#component(value, mode);
    if (value === undefined) throw new Error(`View "${this.#viewId}": a dynamic was never sent.`);
    return value.k ? this.#list(value, mode) : this.#template(value, mode);
  }

  #template(node: TreeNode, mode: Mode): string {
    const statics = staticsOf(node);
    if (!node.r || !mode.mark || !rootStart(statics)) return this.#interleave(node, statics, mode);
    return this.#root(node, (node.mark ??= this.#newMark(statics)), mode);
  }

  #list(list: TreeNode, mode: Mode): string {
    const statics = staticsOf(list);
    const entries = list.k!;
    const asRoots = mode.mark && !list.stream && isSingleRoot(statics);
    const inner = list.stream ? FORGOTTEN : mode;
    let html = "";
    for (let position = 0; position < entries.kc; position++) {
      const entry = entries[position]!;
      html += asRoots
        ? this.#root(entry, (entry.mark ??= this.#newMark(statics)), mode)
        : this.#interleave(entry, statics, inner);
    }
    if (list.stream) {
      this.#streams.push(list.stream);
      delete list.stream;
      list.k = { kc: 0 };
    }
    return html;
  }

  #component(cid: number, mode: Mode): string {
    const node = this.#components.get(cid);
    if (!node) throw new Error(`View "${this.#viewId}": component ${cid} is part of the page, but was never sent.`);
    // A component that an item of a stream holds keeps its identity: it is not forgotten with the item.
    const tracked = !node.reset && (mode.skip || mode === FORGOTTEN);
    delete node.reset;
    return this.#root(node, node.mark!, tracked ? TRACKED : IN_FULL);
  }

  /** One root element, with its magic id; or its placeholder. */
  #root(node: TreeNode, mark: Mark, mode: Mode): string {
    const start = rootStart(mark.statics);
    if (!start) {
      const begin = JSON.stringify(mark.statics[0]?.slice(0, 40) ?? "");
      throw new Error(`View "${this.#viewId}": expected a root element's tag, got ${begin}.`);
    }
    if (mode.skip && !mark.stale) return placeholder(start.tag, mark.domId, mark.magicId);
    const html = this.#interleave(node, mark.statics, mode);
    mark.stale = false;
    mark.domId = idInStartTag(html, start.attributesAt);
    return html.slice(0, start.attributesAt) + this.#attributes(mark) + html.slice(start.attributesAt);
  }

  #attributes({ magicId, cid }: Mark): string {
    const component = cid === null ? "" : ` data-phx-component="${cid}" data-phx-view="${this.#viewId}"`;
    return ` data-phx-id="${magicId}"${component}`;
  }

  #interleave(node: TreeNode, statics: readonly string[], mode: Mode): string {
    let html = statics[0] ?? "";
    for (let i = 1; i < statics.length; i++) html += this.#dynamic(node[i - 1], mode) + statics[i];
    return html;
  }

  #newMark(statics: readonly string[]): Mark {
    this.#lastMagic += 1;
    return { magicId: `m${this.#lastMagic}-${this.#viewId}`, statics, cid: null, domId: null, stale: true };
  }
}

/** The entries of a list as they were before some of them moved. */
class Moves {
  readonly #before: Entries;
  readonly #sources = new Set<number>();
  readonly #taken = new Set<number>();

  constructor(entries: Entries, changes: EntryChanges) {
    this.#before = { ...entries };
    for (const key in changes) {
      const value = changes[key];
      if (key === "kc" || key === "km") continue;
      if (typeof value === "number") this.#sources.add(value);
      else if (Array.isArray(value)) this.#sources.add(value[0]);
    }
  }

  /** The entry that was at this position; a copy when it goes to a second place. */
  take(from: number): TreeNode | undefined {
    const entry = this.#before[from];
    if (!entry || !this.#taken.has(from)) {
      this.#taken.add(from);
      return entry;
    }
    return copyOf(entry);
  }

  /** What was at this position is elsewhere now: an object there is a new entry. */
  hasLeft(position: number): boolean {
    return this.#sources.has(position);
  }
}

/** A copy without any identity on the page; statics are shared. */
function copyOf(node: TreeNode): TreeNode {
  const copy: TreeNode = {};
  for (const key in node) {
    if (key === "mark" || key === "reset") continue;
    const value = node[key as unknown as number];
    (copy as Record<string, unknown>)[key] = isNode(value) ? copyOf(value) : value;
  }
  return copy;
}

function staticsOf(node: TreeNode): readonly string[] {
  if (!node.s) throw new Error("A template was never sent.");
  return node.s;
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
