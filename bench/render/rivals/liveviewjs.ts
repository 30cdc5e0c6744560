/**
 * LiveViewJS: `html` gives a tree of parts, `deepDiff` compares it with the last one; so do its sockets
 * (`handleInternal`, `handleEvent` in its liveview.mjs), which then write JSON.
 */
import type { Row, Tree } from "../pages.ts";
import type { Live, Rival } from "../rival.ts";

// At its import it fetches a list of media types from elsewhere, and complains when it cannot: it gets an empty one.
const { fetch } = globalThis;
globalThis.fetch = () => Promise.resolve(new Response("{}"));
const { deepDiff, html } = await import("liveviewjs");
globalThis.fetch = fetch;

type View = ReturnType<typeof html>;

const rowView = (row: Row) =>
  html`<tr id="row-${row.id}"><td class="id">${row.id}</td><td class="name">${row.name}</td><td class="price">${row.price}</td><td class="volume">${row.volume}</td><td class="status">${row.status}</td></tr>`;
const tablePage = (rows: readonly Row[]) => html`<table id="items"><tbody>${rows.map(rowView)}</tbody></table>`;

const treeNode = (tree: Tree): View =>
  html`<div class="node" id="node-${tree.id}"><b>${tree.label}</b>${tree.children.map(treeNode)}</div>`;
const treePage = (tree: Tree) => html`<main>${treeNode(tree)}</main>`;

export const liveviewjs: Rival = {
  name: "liveviewjs",
  tableHtml: (rows) => tablePage(rows).toString(),
  treeHtml: (tree) => treePage(tree).toString(),
  tableLive: (first) => live(first, tablePage),
  treeLive: (first) => live(first, treePage),
};

function live<State>(first: State, view: (state: State) => View): Live<State> {
  let parts = view(first).partsTree(true);
  return (state) => {
    const next = view(state).partsTree(true);
    const diff = deepDiff(parts, next);
    parts = next;
    return JSON.stringify(diff);
  };
}
