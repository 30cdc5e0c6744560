/** A component as an entry of a list: a template that holds nothing else. */
import type { Rendered } from "../rendered.ts";
import { html } from "../template.ts";
import type { ComponentUse } from "./component-use.ts";

export function alone(use: ComponentUse): Rendered {
  return html`${use}`;
}
