/**
 * Random trees, changed at random: the patches, put into the page one by one, must come to the HTML of the whole tree,
 * and that to the official client's.
 *
 *   state ──diff──▶ Tree.update ──patches──▶ page ─┐
 *     │                                            ├─ the same HTML?
 *     └──full tree─▶ Tree.toHtml ──────────────────┘
 */
import { describe, expect, test } from "vitest";
import { Tree } from "../../client/tree.ts";
import type { WireTree } from "../../liveview/protocol.ts";
import { bareHtml, officialHtml, Rendered } from "./official-rendered.ts";

type Value = string | { template: number; holes: Value[] } | { list: number; entries: Entry[] };
type Entry = { key: number; holes: Value[] };
type Wire = Record<string, unknown>;

const TEMPLATES = [{ s: ["<p>", "</p>"], r: 1 }, { s: ["<b>", "<i></i>", "</b>"], r: 1 }, { s: ["", "+", ""] }];
/** Entries of the first are single roots, those of the second are not. */
const LISTS = [
  ["<li>", "-", "</li>"],
  ["<u>", "</u><hr>"],
];

describe("Tree.update on random trees", () => {
  test.each(Array.from({ length: 60 }, (_, seed) => [seed]))("seed %i", (seed) => {
    const random = randomOf(seed + 1);
    let state: Value[] = [value(random, 3), value(random, 3), value(random, 3)];
    const top = ["<main>", "/", "/", "</main>"];
    const joined = { ...holes(state), s: top };
    const tree = new Tree("v", structuredClone(joined) as WireTree);
    const official = new Rendered("v", structuredClone(joined));
    const page = new MiniPage(tree.toHtml().html);
    for (let step = 0; step < 15; step++) {
      const next = state.map((part) => (random(3) === 0 ? changed(part, random, 3) : part));
      const diff = changes(state, next);
      state = next;
      for (const { root, html } of tree.update(structuredClone(diff) as WireTree, () => true)) {
        page.patch(root?.magicId ?? null, html);
      }
      official.mergeDiff(structuredClone(diff));
      const whole = bareHtml(new Tree("v", { ...holes(state), s: top } as WireTree).toHtml().html);
      expect(page.html()).toBe(whole);
      expect(officialHtml(official)).toBe(whole);
    }
  });
});

/** Whole numbers from 0 up to, not including, the bound. */
function randomOf(seed: number): (bound: number) => number {
  return (bound) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % bound;
  };
}

function value(random: (bound: number) => number, depth: number): Value {
  const kind = depth <= 0 ? 0 : random(4);
  if (kind <= 1) return `t${random(100)}`;
  if (kind === 2) {
    const template = random(TEMPLATES.length);
    const count = TEMPLATES[template]!.s.length - 1;
    return { template, holes: Array.from({ length: count }, () => value(random, depth - 1)) };
  }
  const list = random(LISTS.length);
  return { list, entries: Array.from({ length: random(4) }, (_, key) => entry(key, list, random, depth - 1)) };
}

function entry(key: number, list: number, random: (bound: number) => number, depth: number): Entry {
  return { key, holes: Array.from({ length: LISTS[list]!.length - 1 }, () => value(random, depth)) };
}

function changed(old: Value, random: (bound: number) => number, depth: number): Value {
  if (typeof old === "string" || random(5) === 0) return value(random, depth);
  if ("template" in old) {
    return { ...old, holes: old.holes.map((hole) => (random(2) ? hole : changed(hole, random, depth - 1))) };
  }
  let entries = old.entries.map((one) =>
    random(2) ? one : { ...one, holes: one.holes.map((hole) => changed(hole, random, Math.max(0, depth - 2))) },
  );
  if (random(2)) entries = entries.filter(() => random(4) > 0);
  if (random(2)) entries.splice(random(entries.length + 1), 0, entry(1000 + random(1e6), old.list, random, 0));
  if (random(3) === 0) entries.reverse();
  return { ...old, entries };
}

function holes(values: Value[]): Wire {
  return Object.fromEntries(values.map((hole, i) => [i, full(hole)]));
}

function full(whole: Value): unknown {
  if (typeof whole === "string") return whole;
  if ("template" in whole) return { ...TEMPLATES[whole.template], ...holes(whole.holes) };
  const entries = Object.fromEntries(whole.entries.map((one, i) => [i, holes(one.holes)]));
  return { s: LISTS[whole.list], k: { ...entries, kc: whole.entries.length } };
}

/** As a server would: only what is not the same object is looked at. */
function changes(old: Value[], next: Value[]): Wire {
  const diff: Wire = {};
  next.forEach((now, i) => {
    const was = old[i]!;
    if (was === now) return;
    if (typeof was === "string" || typeof now === "string") diff[i] = full(now);
    else if ("template" in was && "template" in now && was.template === now.template) {
      const inner = changes(was.holes, now.holes);
      if (Object.keys(inner).length > 0) diff[i] = inner;
    } else if ("list" in was && "list" in now && was.list === now.list) diff[i] = { k: entryChanges(was, now) };
    else diff[i] = full(now);
  });
  return diff;
}

function entryChanges(was: { entries: Entry[] }, now: { entries: Entry[] }): Wire {
  const k: Wire = {};
  now.entries.forEach((one, i) => {
    const from = was.entries.findIndex(({ key }) => key === one.key);
    if (from === -1) k[i] = holes(one.holes);
    else {
      const inner = changes(was.entries[from]!.holes, one.holes);
      const same = Object.keys(inner).length === 0;
      if (from !== i) {
        k[i] = same ? from : [from, inner];
        k["km"] = true;
      } else if (!same) k[i] = inner;
    }
  });
  return { ...k, kc: now.entries.length };
}

type MiniNode = string | { tag: string; magicId: string | null; skip: boolean; children: MiniNode[] };

/** Just enough of a page: elements with magic ids, and placeholders that stand for elements of the page before. */
class MiniPage {
  #children: MiniNode[];

  constructor(html: string) {
    this.#children = parse(html);
  }

  patch(magicId: string | null, html: string): void {
    const known = new Map<string, MiniNode>();
    walk(this.#children, (node) => node.magicId !== null && known.set(node.magicId, node));
    const fresh = restored(parse(html), known);
    if (magicId === null) {
      this.#children = fresh;
      return;
    }
    const target = known.get(magicId);
    if (typeof target !== "object") throw new Error(`The page has no element ${magicId} to patch.`);
    const [source] = fresh;
    if (fresh.length !== 1 || typeof source !== "object") throw new Error(`Expected one element, got ${html}.`);
    Object.assign(target, source);
  }

  html(): string {
    return serialize(this.#children);
  }
}

function restored(nodes: MiniNode[], known: Map<string, MiniNode>): MiniNode[] {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    if (!node.skip) return { ...node, children: restored(node.children, known) };
    const shown = known.get(node.magicId!);
    if (!shown) throw new Error(`A placeholder stands for ${node.magicId}, which is not on the page.`);
    return shown;
  });
}

function walk(nodes: MiniNode[], visit: (node: Exclude<MiniNode, string>) => void): void {
  for (const node of nodes) {
    if (typeof node === "string") continue;
    visit(node);
    walk(node.children, visit);
  }
}

function parse(html: string): MiniNode[] {
  const root: MiniNode[] = [];
  const open: MiniNode[][] = [root];
  for (const [token, closing, tag, attributes] of html.matchAll(/<(\/?)(\w+)([^>]*)>|[^<]+/g)) {
    if (tag === undefined) open.at(-1)!.push(token);
    else if (closing) open.pop();
    else {
      const magicId = /data-phx-id="([^"]*)"/.exec(attributes!)?.[1] ?? null;
      const node = { tag, magicId, skip: attributes!.includes("data-phx-skip"), children: [] };
      open.at(-1)!.push(node);
      if (tag !== "hr") open.push(node.children);
    }
  }
  return root;
}

function serialize(nodes: MiniNode[]): string {
  return nodes
    .map((node) => {
      if (typeof node === "string") return node;
      return node.tag === "hr" ? "<hr>" : `<${node.tag}>${serialize(node.children)}</${node.tag}>`;
    })
    .join("");
}
