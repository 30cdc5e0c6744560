/**
 * A change without the places of components that turned out to be unchanged: they were named before that was known.
 *
 *   {"0":1,"1":"x"}                            without 1: {"1":"x"}
 *   {"2":{"0":1}}                              without 1: ""
 *   {"k":{"0":2,"1":[0,{"0":1}],"kc":2,"km":true}}  without 1: {"k":{"0":2,"1":0,"kc":2,"km":true}}
 *
 * Rare: a component was given other props, and shows the same.
 */
type Json = Record<string, unknown>;

/** @param change JSON text of an object, or "". Returns "" when nothing is left */
export function withoutPlaces(change: string, cids: ReadonlySet<number>): string {
  if (cids.size === 0 || change === "") return change;
  const tree = JSON.parse(change) as Json;
  return prune(tree, cids) ? JSON.stringify(tree) : "";
}

/** @returns whether anything is left of it */
function prune(node: Json, cids: ReadonlySet<number>): boolean {
  if (Object.hasOwn(node, "s")) return true; // new here, whatever is in it
  if (Object.hasOwn(node, "k")) return pruneList(node, cids);
  let isLeft = false;
  for (const [key, value] of Object.entries(node)) {
    const isGone = typeof value === "number" ? cids.has(value) : isNode(value) && key !== "p" && !prune(value, cids);
    if (isGone) delete node[key];
    else isLeft = true;
  }
  return isLeft;
}

function pruneList(list: Json, cids: ReadonlySet<number>): boolean {
  const entries = list["k"] as Json;
  for (const [position, entry] of Object.entries(entries)) {
    if (Array.isArray(entry) && !prune(entry[1] as Json, cids)) entries[position] = entry[0];
    // An entry without dynamics may be new: then that it is there is all that there is to say.
    else if (isNode(entry) && Object.keys(entry).length > 0 && !prune(entry, cids)) delete entries[position];
  }
  // The count goes with every change; alone it says that the last ones have gone, which is not known here.
  return true;
}

function isNode(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
