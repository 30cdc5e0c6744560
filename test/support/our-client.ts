/**
 * A view in our own client: its tree, and a page as small as can be, into which the patches are put as its morph would.
 * Same use as `WireClient`. What the client leaves as it is (a placeholder with `data-phx-skip`) must be there.
 */
import { Tree } from "../../client/tree.ts";
import type { WireTree } from "../../liveview/protocol.ts";

type MiniNode = string | MiniElement;
interface MiniElement {
  readonly start: string;
  readonly tag: string;
  readonly magicId: string | null;
  readonly skip: boolean;
  readonly children: MiniNode[];
}

export class OurClient {
  #tree: Tree | null = null;
  #page: MiniNode[] = [];
  /** What earlier patches of a message may have taken from the page, and a later one shows elsewhere. */
  readonly #taken = new Map<string, MiniElement>();

  receive(text: string): this {
    if (text === "") return this;
    const { e: _events, t: _title, ...diff } = JSON.parse(text) as WireTree;
    if (typeof diff.r === "object") delete diff.r; // a reply
    if (this.#tree === null) {
      this.#tree = new Tree("v", diff);
      this.#page = parse(this.#tree.toHtml().html);
      return this;
    }
    const patches = this.#tree.update(diff, ({ magicId }) => this.#elements().has(magicId));
    this.#taken.clear();
    for (const { root, html } of patches) this.#patch(root?.magicId ?? null, html);
    return this;
  }

  html(): string {
    return serialize(this.#page);
  }

  /** They have left the page: should they come back, nothing of them can be skipped. */
  left(cids: readonly number[]): void {
    for (const cid of cids) this.#tree!.resetComponent(cid);
  }

  /** The server has deleted them. */
  prune(cids: readonly number[]): void {
    this.#tree!.pruneComponents(cids);
  }

  /** Takes items of streams out of the page, as `WireClient` does once they were rendered: elements with such ids. */
  forget(idPrefix: string): void {
    dropItems(this.#page, ` id="${idPrefix}`);
  }

  #elements(): Map<string, MiniElement> {
    const known = new Map<string, MiniElement>();
    const visit = (nodes: readonly MiniNode[]): void => {
      for (const node of nodes) {
        if (typeof node === "string") continue;
        if (node.magicId !== null) known.set(node.magicId, node);
        visit(node.children);
      }
    };
    visit(this.#page);
    return known;
  }

  #patch(magicId: string | null, html: string): void {
    for (const [id, element] of this.#elements()) this.#taken.set(id, element);
    const known = this.#elements();
    const fresh = restored(parse(html), this.#taken);
    if (magicId === null) {
      this.#page = fresh;
      return;
    }
    const target = known.get(magicId);
    const [source] = fresh;
    if (target === undefined) throw new Error(`The page has no element ${magicId} to patch.`);
    if (fresh.length !== 1 || typeof source !== "object") throw new Error(`Expected one element, got ${html}.`);
    Object.assign(target, source);
  }
}

function dropItems(nodes: MiniNode[], id: string): void {
  const kept = nodes.filter((node) => typeof node === "string" || node.tag !== "li" || !node.start.includes(id));
  nodes.splice(0, nodes.length, ...kept);
  for (const node of nodes) if (typeof node !== "string") dropItems(node.children, id);
}

function restored(nodes: readonly MiniNode[], known: ReadonlyMap<string, MiniElement>): MiniNode[] {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    if (!node.skip) return { ...node, children: restored(node.children, known) };
    const shown = known.get(node.magicId!);
    if (shown === undefined) throw new Error(`A placeholder stands for ${node.magicId}, which is not on the page.`);
    return shown;
  });
}

function parse(html: string): MiniNode[] {
  const root: MiniNode[] = [];
  const open: MiniNode[][] = [root];
  for (const [token, closing, tag, attributes] of html.matchAll(/<(\/?)(\w+)((?:"[^"]*"|[^">])*)>|[^<]+/g)) {
    if (tag === undefined) open.at(-1)!.push(token);
    else if (closing) open.pop();
    else {
      const start = token.replace(/ data-phx-(?:id|component|view)="[^"]*"/g, "");
      const magicId = /data-phx-id="([^"]*)"/.exec(attributes!)?.[1] ?? null;
      const node = { start, tag, magicId, skip: attributes!.includes("data-phx-skip"), children: [] };
      open.at(-1)!.push(node);
      if (!voids.has(tag)) open.push(node.children);
    }
  }
  return root;
}

const voids = new Set(["hr", "input", "br"]);

function serialize(nodes: readonly MiniNode[]): string {
  let html = "";
  for (const node of nodes) {
    if (typeof node === "string") html += node;
    else html += voids.has(node.tag) ? node.start : `${node.start}${serialize(node.children)}</${node.tag}>`;
  }
  return html;
}
