/**
 * Rendered: what `html` makes, and what may stand in a hole of a template.
 *
 *   html`<p>${a} ${b}</p>`   ->   Rendered { template: <p>_ _</p>, values: [a, b] }
 *
 * A Rendered is never changed by whoever shows it, so one may be kept in a constant and shown in many views and places.
 */
import type { List } from "./each.ts";
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
 * `${ok && html`...`}` works), templates, lists, trusted HTML, and arrays of all these.
 */
export type TextValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Rendered
  | Raw
  | List
  | readonly TextValue[];

/** Class names by whether they are there. Only for `class`. */
export interface ClassMap {
  readonly [className: string]: boolean | null | undefined;
}

/** What may stand in a hole of a template. What fits a hole depends on its context, and is checked when it is shown. */
export type TemplateValue = TextValue | ClassMap | readonly (string | false | null | undefined | ClassMap)[];
