/**
 * Template: one `html` literal of the program, parsed and checked at its first use and never again.
 *
 *   html`<b>${x}</b>`   the engine gives every place in the code one array of strings, always the same,
 *       │               so the array's identity is the template's fingerprint
 *       ▼
 *   WeakMap: array -> Template { statics, holes, wire: '["<b>","</b>"]', root }
 *
 * Bound: there are as many templates as literals in the code; those of code that went away are collected with it.
 * Cost of a use: one look-up, one small object; nothing is parsed, escaped or joined.
 */

import { callSite } from "./call-site.ts";
import { isAnnotated, withComments } from "./debug-annotations.ts";
import type { Hole } from "./hole.ts";
import { Rendered, type TemplateValue } from "./rendered.ts";
import { holeMark, kindOf, TemplateError, templateError } from "./template-errors.ts";
import { parseTemplate } from "./template-parser.ts";
import { templateSource } from "./template-source.ts";

export class Template {
  /** `file:line` where the literal stands; undefined when the engine does not tell. */
  readonly location: string | undefined;
  /** The literal's parts joined by `holeMark`, for errors. */
  readonly source: string;
  /** HTML around the holes: one more than `holes`. */
  readonly statics: readonly string[];
  readonly holes: readonly Hole[];
  /** `statics` as JSON. */
  readonly wire: string;
  /** One element and nothing else: the client may skip it when nothing in it changed. */
  readonly root: boolean;
  /** Has that one element an `id`? */
  readonly rootHasId: boolean;
  readonly rootIdHole: number;

  /** @throws {TemplateError} with a frame of the mistake */
  constructor(parts: readonly (string | undefined)[], location?: string) {
    this.location = location;
    this.source = templateSource(parts, location);
    const annotated = location !== undefined && isAnnotated(location) ? location : undefined;
    const parsed = parseTemplate(this.source, location, annotated);
    this.statics = annotated === undefined ? parsed.statics : withComments(parsed.statics, annotated);
    this.holes = parsed.holes;
    this.wire = JSON.stringify(this.statics);
    this.root = parsed.root;
    this.rootHasId = parsed.rootHasId;
    this.rootIdHole = parsed.rootIdHole;
  }

  /** An error about the value in a hole, with a frame that shows which one. */
  errorAt(hole: number, sentence: string): TemplateError {
    let offset = -1;
    for (let i = 0; i <= hole; i++) offset = this.source.indexOf(holeMark, offset + 1);
    return templateError(this.source, offset, sentence, this.location);
  }
}

const templates = new WeakMap<readonly string[], Template>();

/**
 * The tag for templates: html`<p class=${name}>${text}</p>`. Every value is escaped for the place where it stands.
 *
 *   ${x}              between tags: text, another template, a component, a list, `each(...)`, `raw(...)`; null, false,
 *                     true: nothing
 *   name=${x}         a whole attribute: true makes it bare; false, null and undefined make it vanish
 *   name="a ${x} b"   a part of one
 *   class=${x}        in both ways: arrays and maps of names, too; `style`: maps. They are empty rather than vanish
 *   ${attrs({...})}   inside a tag: attributes by name
 *   href=${x} ...     URLs: relative, http, https, mailto, tel (images: data:image too); others become "#blocked"
 *   phx-click=${x}    an event's name, or commands: `JS.push("inc")`. Text that a client would take for commands becomes
 *                     "#blocked"
 *   ${() => x}        any of these, computed again only when an assign that it read has changed, or one that the code
 *   ${({ n }) => n}   around it read. The second form gets the assigns; take `html` from render's context, which knows
 *                     their types (tracking.ts)
 *
 * A literal that begins with a line break is read like a heredoc: the space around it and the indentation that all its
 * lines share are dropped.
 *
 * @throws {TemplateError} at the first use of a literal that is not well-formed, or has a hole in an unsafe place
 */
export function html(strings: TemplateStringsArray, ...values: TemplateValue[]): Rendered {
  return new Rendered(templates.get(strings) ?? addTemplate(strings), values);
}

/** `html`, whose functions in holes get these assigns. The same tag, known better to the compiler. */
export type Html<Assigns> = (strings: TemplateStringsArray, ...values: TemplateValue<Readonly<Assigns>>[]) => Rendered;

function addTemplate(strings: TemplateStringsArray): Template {
  // Only literals are templates: what comes as a plain string or array may have a stranger's words in it.
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new TemplateError(`html is a tag: write html\`...\`. It was called as a function with ${kindOf(strings)}.`);
  }
  const template = new Template(strings, callSite(html));
  templates.set(strings, template);
  return template;
}
