/**
 * renderToString: a template as HTML, for the page that a browser gets before it is connected, for mails and for tests.
 *
 * It is, character by character, what a client renders from the full tree of the same template. A stream shows its pending
 * inserts in order; `at` and `limit` are the browser's business. Nothing is consumed: whoever keeps a stream after a
 * dead render calls its `flush()`.
 */

import { KeyedList, StreamList } from "./each.ts";
import { escapeText } from "./escape.ts";
import { attributeHtml, attributeValue } from "./hole.ts";
import { Raw, Rendered } from "./rendered.ts";
import type { Template } from "./template.ts";
import { valueError } from "./value-error.ts";

/** @throws {TemplateError} for a value that its hole cannot show */
export function renderToString(rendered: Rendered): string {
  const { template, values } = rendered;
  const { statics, holes } = template;
  let html = statics[0]!;
  for (let i = 0; i < holes.length; i++) {
    html += holeHtml(template, i, values[i]) + statics[i + 1]!;
  }
  return html;
}

function holeHtml(template: Template, index: number, value: unknown): string {
  const hole = template.holes[index]!;
  if (hole.kind === "attribute" || hole.kind === "part") {
    const attribute = attributeValue(hole, value);
    if (attribute === undefined) throw valueError(template, index, value);
    return attributeHtml(hole, attribute);
  }
  switch (typeof value) {
    case "string":
      return escapeText(value);
    case "number":
    case "bigint":
      return String(value);
    case "undefined":
    case "boolean":
      return "";
  }
  if (value === null) return "";
  if (value instanceof Raw) return value.html;
  if (hole.kind === "text") {
    if (value instanceof Rendered) return renderToString(value);
    if (value instanceof KeyedList) return value.items.map((item, i) => renderToString(value.render(item, i))).join("");
    if (value instanceof StreamList) {
      return Array.from(value.stream.inserts, ({ domId, item }) => renderToString(value.render(domId, item))).join("");
    }
    if (Array.isArray(value)) return value.map((entry) => holeHtml(template, index, entry)).join("");
  }
  throw valueError(template, index, value);
}
