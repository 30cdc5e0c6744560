/** lit-html on the server, by @lit-labs/ssr: whole pages only; its comments for hydration are left out of comparisons. */
import { html, render } from "@lit-labs/ssr";
import { collectResultSync } from "@lit-labs/ssr/lib/render-result.js";
import { repeat } from "lit-html/directives/repeat.js";
import type { Row, Tree } from "../pages.ts";
import type { Rival } from "../rival.ts";

const rowView = (row: Row) =>
  html`<tr id="row-${row.id}"><td class="id">${row.id}</td><td class="name">${row.name}</td><td class="price">${row.price}</td><td class="volume">${row.volume}</td><td class="status">${row.status}</td></tr>`;
const treeNode = (tree: Tree): ReturnType<typeof html> =>
  html`<div class="node" id="node-${tree.id}"><b>${tree.label}</b>${tree.children.map(treeNode)}</div>`;

export const lit: Rival = {
  name: "lit",
  tableHtml: (rows) =>
    collectResultSync(
      render(html`<table id="items"><tbody>${repeat([...rows], (row: Row) => row.id, rowView)}</tbody></table>`),
    ),
  treeHtml: (tree) => collectResultSync(render(html`<main>${treeNode(tree)}</main>`)),
};
