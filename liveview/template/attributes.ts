/**
 * attrs: attributes by name, for a tag whose attributes are known only when it is shown.
 *
 *   <button type="button" ${attrs(rest)}>     a hole where an attribute could stand
 *   ` class="a" aria-label="b" disabled`      one dynamic on the wire, which may be ""
 *
 * Each attribute is checked as if it stood in the template: its name, URLs, styles, commands; `on...` handlers and
 * `srcdoc` are refused, and so is one that the tag has already. What needs an `id` is checked here, for it may be inside.
 */
import { attributeHtml, attributeValue, Hole, isPlain } from "./hole.ts";
import type { AttributeInput } from "./rendered.ts";
import { urlAttribute } from "./safe-url.ts";
import { idNeeders, missingId } from "./tag-attributes.ts";
import type { Template } from "./template.ts";
import { kindOf, TemplateError } from "./template-errors.ts";
import { expectedIn } from "./value-error.ts";

/** Attributes by name. Made by `attrs`, for a hole inside a tag. */
export class Attributes {
  readonly values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.values = values;
  }
}

/**
 * Attributes for a hole inside a tag: `<div ${attrs({ id, class: ["a", b && "b"], ...rest })}>`. One hole a tag.
 *
 * @param values by attribute name; what fits which is as in the template: false, null and undefined leave it out
 * @throws {TemplateError} at once when it is no plain object; when it is shown, for a name or value that is not allowed there
 */
export function attrs(values: Readonly<Record<string, AttributeInput>>): Attributes {
  if (typeof values !== "object" || values === null || !isPlain(values)) {
    throw new TemplateError(`attrs(): expected a plain object of attributes by name, got ${kindOf(values)}.`);
  }
  return new Attributes(values);
}

/** Attributes that any element can have: for components that pass what they do not know on to their element. */
export type GlobalAttributes = {
  readonly [name: `aria-${string}` | `data-${string}` | `phx-${string}`]: AttributeInput;
} & {
  readonly [name in
    | "accesskey"
    | "autocapitalize"
    | "autofocus"
    | "class"
    | "contenteditable"
    | "dir"
    | "draggable"
    | "enterkeyhint"
    | "exportparts"
    | "hidden"
    | "id"
    | "inert"
    | "inputmode"
    | "is"
    | "itemid"
    | "itemprop"
    | "itemref"
    | "itemscope"
    | "itemtype"
    | "lang"
    | "nonce"
    | "part"
    | "popover"
    | "role"
    | "slot"
    | "spellcheck"
    | "style"
    | "tabindex"
    | "title"
    | "translate"
    | "xml:lang"]?: AttributeInput;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what names must not contain
const attributeName = /^[^\s"'<>/=\\`\u0000-\u001f\u007f-\u009f]+$/;

/** Holes for the attributes of a tag, by name. Bounded: names beyond are checked anew each time. */
const maxHoles = 1000;
const holes = new Map<string, Hole>();

/**
 * The HTML of attributes, each with a space before it.
 *
 * @param taken names that the tag has in the template, in lower case
 * @param fail called with a sentence for what cannot be shown
 * @param neededBy what about the tag cannot do without an id; default: what is among the attributes
 */
export function attributesHtml(
  tag: string,
  taken: ReadonlySet<string>,
  values: Readonly<Record<string, unknown>>,
  fail: (sentence: string) => TemplateError,
  neededBy: string | null = null,
): string {
  let html = "";
  let seen: Set<string> | null = null;
  let hasId = taken.has("id");
  let needsId = neededBy ?? idNeeders.find((name) => taken.has(name));
  for (const written of Object.keys(values)) {
    const hole = holeFor(tag, written);
    if (hole === undefined) throw fail(`attrs(): ${JSON.stringify(written)} is not the name of an attribute`);
    const { name } = hole;
    if (/^on/.test(name)) throw fail(`attrs(): ${name} runs as code. Use a phx- binding or a hook`);
    if (name === "srcdoc") throw fail("attrs(): srcdoc is a page of its own, and not allowed");
    seen ??= new Set();
    if (taken.has(name) || seen.has(name)) throw fail(`attrs(): the attribute ${name} is there twice`);
    seen.add(name);
    const value = attributeValue(hole, values[written]);
    if (value === undefined) throw fail(notShown(hole, values[written]));
    if (value === false) continue;
    if (name === "id") hasId = value !== true && value !== "";
    else if (idNeeders.includes(name)) needsId ??= name;
    html += attributeHtml(hole, value);
  }
  if (needsId !== undefined && !hasId) throw fail(missingId(tag, needsId));
  return html;
}

/** The HTML of a hole that stands for attributes. Null, undefined and false: none. */
export function spreadHtml(template: Template, index: number, value: unknown): string {
  const hole = template.holes[index]!;
  const { tag, taken, neededBy } = hole;
  const fail = (sentence: string) => template.errorAt(index, sentence);
  if (value instanceof Attributes) return attributesHtml(tag, taken, value.values, fail, neededBy);
  if (value === null || value === undefined || value === false) return attributesHtml(tag, taken, {}, fail, neededBy);
  throw fail(`a hole that stands for attributes takes attrs({ name: value }), got ${kindOf(value)}`);
}

function notShown(hole: Hole, value: unknown): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what is to be written
  const hint = typeof value === "function" ? ". Let the hole be the function: ${() => attrs({ … })}" : "";
  return `attrs(): expected the attribute ${hole.name} to be ${expectedIn(hole)}, got ${kindOf(value)}${hint}`;
}

function holeFor(tag: string, written: string): Hole | undefined {
  const key = `${tag} ${written}`;
  let hole = holes.get(key);
  if (hole !== undefined) return hole;
  if (!attributeName.test(written)) return undefined;
  const name = written.toLowerCase();
  hole = new Hole("attribute", tag, name === "id" ? name : written, urlAttribute(tag, name));
  if (holes.size < maxHoles) holes.set(key, hole);
  return hole;
}
