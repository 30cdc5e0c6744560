/**
 * A component stands at one place of the page. While one tree is rendered a second place is seen at once; but a component
 * that is shown somewhere new may still stand in a tree that was not rendered, or in a part of it that was not looked at.
 * So, of components that have come to another place (which is rare), the trees that they came from are searched.
 *
 * Cost: nothing while none moves; else one walk through the trees concerned.
 */
import type { TemplateNode } from "../diff/cells.ts";
import type { ComponentTable } from "./component-table.ts";
import type { Arrival } from "./cycle.ts";
import { ComponentError } from "./errors.ts";
import { Instance } from "./instance.ts";

/** @throws {ComponentError} for one that stands at two places */
export function requireOnePlace(arrivals: readonly Arrival[], root: TemplateNode | null): void {
  const counted = new Map<Instance | null, Map<Instance, number>>();
  const placesIn = (owner: Instance | null): Map<Instance, number> => {
    let places = counted.get(owner);
    if (places === undefined) {
      places = new Map();
      count(owner === null ? root : owner.node, places);
      counted.set(owner, places);
    }
    return places;
  };
  const isShown = (owner: Instance | null): boolean => {
    for (let at = owner; at !== null; at = at.owner) if (at.gone || !placesIn(at.owner).has(at)) return false;
    return true;
  };

  for (const { instance, from } of arrivals) {
    if (instance.gone) continue;
    let places = placesIn(instance.owner).get(instance) ?? 0;
    if (from !== instance.owner && isShown(from)) places += placesIn(from).get(instance) ?? 0;
    if (places > 1) {
      throw new ComponentError(`${instance.use} is shown at two places of the page: each needs an id of its own.`);
    }
  }
}

/**
 * Does it stand in the page, as far as is known here? One that does not is not rendered: it may show others that stand
 * elsewhere by now. What stands in an item of a stream has been forgotten here, and is taken for shown.
 *
 * Cost: a walk through a tree, once for each time that it was rendered.
 */
export function isPlaced(instance: Instance, table: ComponentTable): boolean {
  for (let at: Instance | null = instance; at !== null; at = at.owner) {
    const owner: Instance | null = at.owner;
    if (owner?.gone === true || !(at.inStream || shownIn(owner ?? table).has(at))) return false;
  }
  return true;
}

/** The components that stand in a tree: a component's, or the view's own. */
export function shownIn(tree: Instance | ComponentTable): ReadonlySet<Instance> {
  if (tree.shown === null) {
    const places = new Map<Instance, number>();
    count(tree.node, places);
    tree.shown = new Set(places.keys());
  }
  return tree.shown;
}

/** Cells hold values, components, and nodes with cells of their own. */
function count(node: unknown, places: Map<Instance, number>): void {
  if (node instanceof Instance) places.set(node, (places.get(node) ?? 0) + 1);
  else if (typeof node === "object" && node !== null) {
    const { cells } = node as { readonly cells?: readonly unknown[] };
    if (cells !== undefined) for (const cell of cells) count(cell, places);
  }
}
