/** A cell that holds a component: its Instance. On the wire it is the cid; the component's own tree stands apart. */
import type { Pass } from "../diff/pass.ts";
import type { Template } from "../template/template.ts";
import type { ComponentUse } from "./component-use.ts";
import { settledUse } from "./settled.ts";

/** Puts a component into a cell of the template `owner`. Returns its cid, as JSON. */
export function placeComponent(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  use: ComponentUse,
): string {
  if (pass.cycle === null) throw owner.errorAt(hole, `${use}: a live component can be shown by a live view only`);
  const instance = pass.cycle.show(
    settledUse(use, () => pass.view),
    cells[at],
    pass.inStream,
  );
  if (instance === undefined) throw shownTwice(owner, hole, use);
  cells[at] = instance;
  return String(instance.cid);
}

export function shownTwice(owner: Template, hole: number, use: ComponentUse): Error {
  return owner.errorAt(hole, `${use} is shown already: each component of a kind needs an id of its own`);
}
