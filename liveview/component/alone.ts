/** A component, or a nested view, as an entry of a list: a template that holds nothing else. */
import type { NestedUse } from "../nested/nested-use.ts";
import type { Rendered } from "../template/rendered.ts";
import { html } from "../template/template.ts";
import type { ComponentUse } from "./component-use.ts";

export function alone(use: ComponentUse | NestedUse): Rendered {
  return html`${use}`;
}
