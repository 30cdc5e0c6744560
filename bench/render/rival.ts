/** What a rival can do with the pages. */
import type { Row, Tree } from "./pages.ts";

export type RivalName = "lintel" | "liveviewjs" | "lit" | "concat";

/** Shows states one after another. */
export type Live<State> = (state: State) => string;

export interface Rival {
  readonly name: RivalName;
  /** The whole page, as HTML. */
  readonly tableHtml: (rows: readonly Row[]) => string;
  readonly treeHtml: (tree: Tree) => string;
  /**
   * A page that a browser has, in that state. What it returns brings it to other states: each call gives what must be sent,
   * as text. Absent: it knows no updates, and so the page is rendered again.
   */
  readonly tableLive?: (first: readonly Row[]) => Live<readonly Row[]>;
  readonly treeLive?: (first: Tree) => Live<Tree>;
}
