/**
 * NestedTable: the nested views that one connected view shows. Each is one string on the wire, an empty container, and the
 * same one as long as it is shown: so nothing is sent for it, and what is inside stays the child's.
 *
 *   shown ─▷ token ─▷ in a cell of the parent's tree ─▷ patched, moved, placed anew: the token is the same
 *                                                    ─▷ not in the tree any more: forgotten when the next one is placed
 *
 * What stands in an item of a stream is not kept, as nothing is there: it gets a new token with each change of its item,
 * which a browser that has joined it does not look at.
 *
 * Bound: `maxNested` at a time. Cost: a walk through the trees when a child comes to a place; otherwise nothing.
 */

import { Instance } from "../component/instance.ts";
import type { TemplateNode } from "../diff/cells.ts";
import { NestedViewError } from "./errors.ts";
import type { NestedUse } from "./nested-use.ts";

/** Nested views that one view may show, and that a page may have. */
export const maxNested = 1000;

/** A nested view as the client has it: what stands in a cell. */
export class NestedChild {
  readonly use: NestedUse;
  readonly token: string;
  /** The HTML of its container, as a JSON string. */
  readonly wire: string;

  constructor(use: NestedUse, token: string, parentId: string) {
    this.use = use;
    this.token = token;
    this.wire = JSON.stringify(use.html(parentId, { session: token, static: "" }, ""));
  }
}

export class NestedTable {
  /** Id of the parent's container. */
  readonly #parentId: string;
  readonly #sign: (use: NestedUse) => string;
  /** Null: there has been none. */
  #byId: Map<string, NestedChild> | null = null;
  /** One has come to a place since the last `settle`. */
  #placed = false;

  /** @param sign makes the session token of a child */
  constructor(parentId: string, sign: (use: NestedUse) => string) {
    this.#parentId = parentId;
    this.#sign = sign;
  }

  get size(): number {
    return this.#byId?.size ?? 0;
  }

  /** A child comes to a place, perhaps from another one. @param inStream this place is forgotten once it was sent */
  place(use: NestedUse, inStream: boolean): NestedChild {
    if (inStream) return new NestedChild(use, this.#sign(use), this.#parentId);
    this.#placed = true;
    const known = this.#byId?.get(use.id);
    if (known === undefined || known.use.view !== use.view || known.use.session !== use.session) {
      return this.#keep(new NestedChild(use, this.#sign(use), this.#parentId));
    }
    return known.use.hasContainerOf(use) ? known : this.#keep(new NestedChild(use, known.token, this.#parentId));
  }

  /** A child stands where it stood. The same object: nothing is to be sent. */
  stay(child: NestedChild, use: NestedUse): NestedChild {
    if (child.use.view !== use.view) {
      throw new NestedViewError(
        `liveRender ${use}: expected an id of its own, got that of ${child.use}, which stands here. The browser could not tell them apart.`,
      );
    }
    return child.use.hasContainerOf(use) ? child : this.#keep(new NestedChild(use, child.token, this.#parentId));
  }

  /**
   * A message is complete: children that are shown no more are forgotten.
   *
   * @param root of the view's own tree
   * @throws {NestedViewError} for one that is shown twice, or when there are too many
   */
  settle(root: TemplateNode | null): void {
    if (!this.#placed) return;
    this.#placed = false;
    const shown = new Map<string, NestedChild>();
    collect(root, shown);
    this.#byId = shown;
  }

  #keep(child: NestedChild): NestedChild {
    this.#byId ??= new Map();
    this.#byId.set(child.use.id, child);
    return child;
  }
}

/** Cells hold values, children, components, and nodes with cells of their own. */
function collect(node: unknown, shown: Map<string, NestedChild>): void {
  if (typeof node !== "object" || node === null) return;
  if (node instanceof NestedChild) {
    const { use } = node;
    if (shown.has(use.id)) throw shownTwice(use);
    if (shown.size >= maxNested) throw tooMany(use);
    shown.set(use.id, node);
  } else if (node instanceof Instance) collect(node.node, shown);
  else {
    const { cells } = node as { readonly cells?: readonly unknown[] };
    if (cells !== undefined) for (const cell of cells) collect(cell, shown);
  }
}

export function shownTwice(use: NestedUse): NestedViewError {
  return new NestedViewError(`liveRender ${use}: the id is shown already. Each nested view of a page needs its own.`);
}

export function tooMany(use: NestedUse): NestedViewError {
  return new NestedViewError(`liveRender ${use}: expected at most ${maxNested} nested views (maxNested). Show fewer.`);
}
