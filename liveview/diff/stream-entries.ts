/**
 * Stream entries: what the pending inserts of a stream show. Each is one element whose `id` is the DOM id that the client
 * knows the item by: with another one, items could be neither updated nor deleted, and nobody would be told.
 *
 *   id=${domId}                        the usual one: the hole's value is compared
 *   id="log-${n}"  id="a"  ${attrs()}  the start tag is written, and its id read from that
 *   id=${() => ...}                    not known before it runs: not checked
 */
import { spreadHtml } from "../template/attributes.ts";
import type { StreamList } from "../template/each.ts";
import { escapeAttribute } from "../template/escape.ts";
import { shownBy } from "../template/function-component.ts";
import { attributeHtml, attributeValue } from "../template/hole.ts";
import { Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import { kindOf } from "../template/template-errors.ts";

/** What is shown of each item, in order. @throws {TemplateError} for what is not an element with the item's id */
export function streamEntries(owner: Template, hole: number, list: StreamList): Rendered[] {
  const entries: Rendered[] = [];
  for (const { domId, item } of list.stream.inserts) {
    const entry = shownBy(list.render(domId, item));
    if (!(entry instanceof Rendered)) {
      throw owner.errorAt(hole, `each(): expected render to return html\`...\`, got ${kindOf(entry)}`);
    }
    if (!entry.template.rootHasId) {
      throw owner.errorAt(hole, `an item of stream "${list.stream.name}" must be one element, with its DOM id as id`);
    }
    const wrong = otherId(entry, domId);
    if (wrong !== undefined) {
      const got = wrong === "" ? "none" : `"${wrong}"`;
      const sentence = `expected the item's DOM id "${domId}" as id of its element, got ${got}`;
      throw owner.errorAt(hole, `stream "${list.stream.name}": ${sentence}`);
    }
    entries.push(entry);
  }
  return entries;
}

/** The `id` of the entry's element, where it is another one: "" when it has none. */
function otherId({ template, values }: Rendered, domId: string): string | undefined {
  const { rootIdHole } = template;
  const id = rootIdHole === -1 ? idOfTag(template, values) : values[rootIdHole];
  if (id === domId || typeof id === "function") return undefined;
  if (rootIdHole !== -1)
    return typeof id === "string" || typeof id === "number" || typeof id === "bigint" ? `${id}` : "";
  return id === undefined || id === escapeAttribute(domId) ? undefined : (id as string);
}

const comments = /<!--.*?-->/gs;
const startTag = /^\s*<[^\s>]+((?:\s+[^\s"'<>/=]+(?:=(?:"[^"]*"|'[^']*'))?)*)\s*>/;
const attribute = /\s([^\s"'<>/=]+)(?:=(?:"([^"]*)"|'([^']*)'))?/g;

/** As the start tag has it, escaped; undefined: a function makes a part of that. */
function idOfTag(template: Template, values: readonly unknown[]): string | undefined {
  let html = template.statics[0]!.replace(comments, "");
  for (let i = 0; template.holes[i]?.inTag === true && !startTag.test(html); i++) {
    const hole = template.holes[i]!;
    const value = values[i];
    if (typeof value === "function") return undefined;
    const shown = hole.kind === "spread" ? spreadHtml(template, i, value) : attributeValue(hole, value);
    if (shown === undefined) return undefined; // the error for it comes when it is written
    html += attributeHtml(hole, shown) + template.statics[i + 1]!;
  }
  const attributes = startTag.exec(html)?.[1] ?? "";
  for (const [, name, double, single] of attributes.matchAll(attribute))
    if (name === "id") return double ?? single ?? "";
  return "";
}
