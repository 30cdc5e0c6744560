/** Lintel: keyed lists, function components; `ViewRenderer` is what a view's process writes its diffs by. */
import { component, each, html, type Rendered, renderToString, ViewRenderer } from "lintel/liveview";
import type { Row, Tree } from "../pages.ts";
import type { Live, Rival } from "../rival.ts";

const rowId = (row: Row): number => row.id;
const rowView = (row: Row) =>
  html`<tr id="row-${row.id}"><td class="id">${row.id}</td><td class="name">${row.name}</td><td class="price">${row.price}</td><td class="volume">${row.volume}</td><td class="status">${row.status}</td></tr>`;
const tablePage = (rows: readonly Row[]) =>
  html`<table id="items"><tbody>${each(rows, rowId, rowView)}</tbody></table>`;

const treeNode = component(
  ({ tree }: { tree: Tree }): Rendered =>
    html`<div class="node" id="node-${tree.id}"><b>${tree.label}</b>${tree.children.map((child) => treeNode({ tree: child }))}</div>`,
);
const treePage = (tree: Tree) => html`<main>${treeNode({ tree })}</main>`;

export const lintel: Rival = {
  name: "lintel",
  tableHtml: (rows) => renderToString(tablePage(rows)),
  treeHtml: (tree) => renderToString(treePage(tree)),
  tableLive: (first) =>
    live(
      { rows: first },
      ({ rows }) => tablePage(rows),
      (rows) => ({ rows }),
    ),
  treeLive: (first) =>
    live(
      { tree: first },
      ({ tree }) => treePage(tree),
      (tree) => ({ tree }),
    ),
};

function live<State, Assigns extends object>(
  first: Assigns,
  render: (assigns: Assigns) => Rendered,
  assigned: (state: State) => Assigns,
): Live<State> {
  const renderer = new ViewRenderer();
  const renderAny = render as (assigns: object) => Rendered;
  renderer.fullOf(first, renderAny);
  return (state) => renderer.diffOf(assigned(state), renderAny);
}
