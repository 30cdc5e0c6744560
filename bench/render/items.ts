/** What is measured, and what is wanted of it. */
import { type Chain, chain, changed, type Row, relabelled, reversed, type Tree, table, tree } from "./pages.ts";
import type { Rival } from "./rival.ts";

/** One kind of work. */
export interface Item {
  readonly name: string;
  readonly title: string;
  readonly kind: "html" | "update";
  /** Times of work per sample. */
  readonly count: number;
  /** An upper bound that we want: of our time, in times of this rival's. */
  readonly wanted?: { readonly times: number; readonly of: "concat" | "liveviewjs" };
  /** Starts the work of a sample: `work(i)`, i from 1 to `count`, gives what is sent, or the page. Not timed. */
  readonly start: (rival: Rival, count: number) => (i: number) => string;
  /** The data that the page shows, after `i` updates. */
  readonly data: (i: number) => unknown;
}

const depth = 10;
const rows100 = table(100);
const rows1000 = table(1000);
const tree1023 = tree(depth);

export const items: readonly Item[] = [
  html("html-table", "first render, 100 rows", 200, (rival) => rival.tableHtml(rows100), rows100),
  html("html-tree", "first render, 1,023 components", 60, (rival) => rival.treeHtml(tree1023), tree1023),
  update("same-100", "nothing changed, 100 rows", 200, rows100, (rows) => rows),
  update("one-100", "1 of 100 rows", 200, rows100, (rows, step) => changed(rows, 1, step)),
  update("ten-100", "10 of 100 rows", 200, rows100, (rows, step) => changed(rows, 10, step)),
  update("one-1000", "1 of 1,000 rows", 60, rows1000, (rows, step) => changed(rows, 1, step)),
  update("shuffle-100", "100 rows turned round", 100, rows100, reversed),
  {
    name: "tree",
    title: "1 of 1,023 components, 10 deep",
    kind: "update",
    count: 60,
    wanted: { times: 1 / 5, of: "liveviewjs" },
    start: (rival, count) => {
      const states = treeStates(count);
      const live = rival.treeLive?.(states[0]!) ?? rival.treeHtml;
      return (i) => live(states[i]!);
    },
    data: (i) => treeStates(i)[i],
  },
];

function html(name: string, title: string, count: number, work: (rival: Rival) => string, data: unknown): Item {
  const wanted = { times: 2, of: "concat" } as const;
  return { name, title, kind: "html", count, wanted, start: (rival) => () => work(rival), data: () => data };
}

function update(
  name: string,
  title: string,
  count: number,
  first: readonly Row[],
  next: (rows: readonly Row[], step: number) => readonly Row[],
): Item {
  const states = (length: number): Chain<readonly Row[]> => chain(first, length, next);
  return {
    name,
    title,
    kind: "update",
    count,
    wanted: { times: 1 / 5, of: "liveviewjs" },
    start: (rival, length) => {
      const chained = states(length);
      const live = rival.tableLive?.(first) ?? rival.tableHtml;
      return (i) => live(chained[i]!);
    },
    data: (i) => states(i)[i],
  };
}

function treeStates(length: number): Chain<Tree> {
  return chain(tree1023, length, (root, step) => relabelled(root, depth, step));
}
