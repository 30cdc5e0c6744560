/**
 * Rendered: what `html` makes, and what may stand in a hole of a template.
 *
 *   html`<p>${a} ${b}</p>`   ->   Rendered { template: <p>_ _</p>, values: [a, b] }
 *
 * A Rendered is never changed by whoever shows it, so one may be kept in a constant and shown in many views and places.
 */

import type { ComponentUse } from "../component/component-use.ts";
import type { NestedUse } from "../nested/nested-use.ts";
import type { Attributes } from "./attributes.ts";
import type { Commands } from "./commands.ts";
import type { List } from "./each.ts";
import type { ComponentCall } from "./function-component.ts";
import type { StyleMap } from "./style.ts";
import type { Template } from "./template.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

/** A template with the values of its holes. Made by the tag `html` only. */
export class Rendered {
  readonly template: Template;
  readonly values: readonly unknown[];

  constructor(template: Template, values: readonly unknown[]) {
    this.template = template;
    this.values = values;
  }
}

/** HTML that is trusted as it is. Made by `raw`. */
export class Raw {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

/**
 * Puts HTML into a text hole as it is, without escaping. Whatever a stranger can write into it runs in the visitor's
 * page: only for HTML that this program made, or that went through a sanitizer.
 *
 * @throws {TemplateError} when it is not given a string
 */
export function raw(html: string): Raw {
  if (typeof html !== "string") throw new TemplateError(`raw(): expected a string of HTML, got ${kindOf(html)}.`);
  return new Raw(html);
}

/**
 * What a text hole can show: strings, numbers and bigints (escaped), `null`, `undefined` and booleans (nothing, so that
 * `${ok && html`...`}` works), templates, function components, lists, trusted HTML, arrays of all these, and functions
 * that return them (template.ts).
 */
export type TextValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Rendered
  | ComponentCall
  | ComponentUse
  | NestedUse
  | Raw
  | List
  | readonly TextValue[]
  | (() => TextValue);

/** Class names by whether they are there. Only for `class`. */
export interface ClassMap {
  readonly [className: string]: boolean | null | undefined;
}

/** Class names; what is falsy is left out. Only for `class`. */
export type ClassList = readonly (string | number | boolean | null | undefined | ClassMap | ClassList)[];

/** What an attribute can show. Commands fit `phx-` attributes, lists and maps fit `class`, style maps fit `style`. */
export type AttributeInput =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Commands
  | ClassList
  | ClassMap
  | StyleMap;

/**
 * What may stand in a hole of a template. What fits a hole depends on its context, and is checked when it is shown.
 * `Assigns` are those that a function in a hole gets.
 */
export type TemplateValue<Assigns = never> =
  | TextValue
  | AttributeInput
  | Attributes
  | ((assigns: Assigns) => TextValue | AttributeInput | Attributes);
