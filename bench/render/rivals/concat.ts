/** The floor: strings put together, with what is escaped escaped. Its "update" is the whole page again. */
import type { Row, Tree } from "../pages.ts";
import type { Rival } from "../rival.ts";

const special = /[&<>"']/;
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return special.test(text) ? text.replace(/[&<>"']/g, (char) => entities[char]!) : text;
}

function tableHtml(rows: readonly Row[]): string {
  let html = '<table id="items"><tbody>';
  for (const row of rows) {
    html += `<tr id="row-${row.id}"><td class="id">${row.id}</td><td class="name">${escaped(row.name)}</td><td class="price">${row.price}</td><td class="volume">${row.volume}</td><td class="status">${escaped(row.status)}</td></tr>`;
  }
  return `${html}</tbody></table>`;
}

function nodeHtml(tree: Tree): string {
  let html = `<div class="node" id="node-${tree.id}"><b>${escaped(tree.label)}</b>`;
  for (const child of tree.children) html += nodeHtml(child);
  return `${html}</div>`;
}

export const concat: Rival = {
  name: "concat",
  tableHtml,
  treeHtml: (tree) => `<main>${nodeHtml(tree)}</main>`,
};
