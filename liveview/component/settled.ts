/**
 * Settled: content for a stateful component, without functions in its holes.
 *
 *   Drawer({ id: "a", inner: html`<p>${({ count }) => count}</p>` })     count is the page's, not the drawer's
 *
 * Functions get the assigns of whoever writes them, and the component renders in a turn of its own. So they are run where
 * the component is shown, as a part of what is around it. What has none comes back as it is. Functions that are props
 * themselves are the component's to call.
 */
import { ComponentCall } from "../template/function-component.ts";
import { Rendered } from "../template/rendered.ts";
import { ComponentUse } from "./component-use.ts";

/** @param view gives the assigns, as functions in holes get them */
export function settledUse(use: ComponentUse, view: () => object): ComponentUse {
  const props = settledInputs(use.props, view);
  return props === use.props ? use : new ComponentUse(use.definition, use.id, props, use.boundary);
}

type Inputs = Readonly<Record<string, unknown>>;

function settledInputs(inputs: Inputs, view: () => object): Inputs {
  let settled: Record<string, unknown> | null = null;
  for (const name of Object.keys(inputs)) {
    const value = settledContent(inputs[name], view);
    if (value === inputs[name]) continue;
    settled ??= { ...inputs };
    settled[name] = value;
  }
  return settled ?? inputs;
}

function settledContent(value: unknown, view: () => object): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Rendered) {
    const values = settledList(value.values, (inner) => settledHole(inner, view));
    return values === value.values ? value : new Rendered(value.template, values);
  }
  if (value instanceof ComponentUse) return settledUse(value, view);
  if (value instanceof ComponentCall) {
    const inputs = settledInputs(value.inputs, view);
    return inputs === value.inputs ? value : new ComponentCall(value.render, inputs);
  }
  return Array.isArray(value) ? settledList(value, (inner) => settledContent(inner, view)) : value;
}

function settledHole(value: unknown, view: () => object): unknown {
  let settled = value;
  while (typeof settled === "function") settled = (settled as (assigns: object) => unknown)(view());
  return Array.isArray(settled)
    ? settledList(settled, (inner) => settledHole(inner, view))
    : settledContent(settled, view);
}

function settledList(values: readonly unknown[], settle: (value: unknown) => unknown): readonly unknown[] {
  let settled: unknown[] | null = null;
  for (let i = 0; i < values.length; i++) {
    const value = settle(values[i]);
    if (value === values[i]) continue;
    settled ??= [...values];
    settled[i] = value;
  }
  return settled ?? values;
}
