/**
 * dynamicTag: an element whose tag is known only when it is shown.
 *
 *   dynamicTag({ tag: `h${level}`, class: "title", inner: text })
 *
 * Where the choice is small, a template for each is better: `level === 1 ? html`<h1>…</h1>` : html`<h2>…</h2>``.
 */
import { attributesHtml, type GlobalAttributes } from "../template/attributes.ts";
import { type ComponentCall, component } from "../template/function-component.ts";
import { raw } from "../template/rendered.ts";
import { renderSlot, type Slot } from "../template/slots.ts";
import { isOrdinaryTag } from "../template/tag-name.ts";
import { html } from "../template/template.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";

export type DynamicTagInputs = GlobalAttributes & {
  /** Letters, digits and dashes; not one whose content is no HTML, and none that has no content. */
  readonly tag: string;
  readonly inner?: Slot;
};

const none: ReadonlySet<string> = new Set();

export const dynamicTag: (inputs: DynamicTagInputs) => ComponentCall = component(
  ({ tag, inner, ...rest }: DynamicTagInputs) => {
    if (!isOrdinaryTag(tag)) {
      const given: unknown = tag;
      const got = typeof given === "string" ? JSON.stringify(given.slice(0, 40)) : kindOf(given);
      throw new TemplateError(`dynamicTag(): expected the name of an element with ordinary content, got ${got}.`);
    }
    const attributes = attributesHtml(
      tag.toLowerCase(),
      none,
      rest,
      (sentence) => new TemplateError(`dynamicTag(): ${sentence}.`),
    );
    // A browser drops a line break at the start of <pre>: this one, in place of the content's.
    const start = /^(?:pre|listing)$/i.test(tag) ? "\n" : "";
    return html`${raw(`<${tag}${attributes}>${start}`)}${renderSlot(inner)}${raw(`</${tag}>`)}`;
  },
);
