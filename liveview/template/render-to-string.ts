/**
 * renderToString: a template as HTML, for the page that a browser gets before it is connected, for mails and for tests.
 *
 * It is, character by character, what a client renders from the full tree of the same template. A stream shows its pending
 * inserts in order; `at` and `limit` are the browser's business. Nothing is consumed: whoever keeps a stream after a
 * dead render calls its `flush()`.
 */

import { ComponentUse } from "../component/component-use.ts";
import { componentHtml, nestedHtml } from "../component/dead-page.ts";
import { settledUse } from "../component/settled.ts";
import type { HoleFunction } from "../diff/computed.ts";
import { duplicateKey, entryOf, keyOf } from "../diff/keyed-diff.ts";
import { requireContainer } from "../diff/stream-diff.ts";
import { streamEntries } from "../diff/stream-entries.ts";
import { NestedUse } from "../nested/nested-use.ts";
import { spreadHtml } from "./attributes.ts";
import { type Key, KeyedList, StreamList } from "./each.ts";
import { escapeText } from "./escape.ts";
import { ComponentCall } from "./function-component.ts";
import { attributeHtml, attributeValue } from "./hole.ts";
import { Raw, Rendered } from "./rendered.ts";
import type { Template } from "./template.ts";
import { valueError } from "./value-error.ts";

/**
 * @param assigns what functions in holes get; default: nothing
 * @throws {TemplateError} for a value that its hole cannot show
 */
export function renderToString(rendered: Rendered, assigns: object = noAssigns): string {
  return withRendered("", rendered, assigns);
}

const noAssigns = Object.freeze({});

// What follows adds to the text that it is given: one long text is made flat sooner than a tree of short ones.

function withRendered(before: string, { template, values }: Rendered, assigns: object): string {
  const { statics, holes } = template;
  let html = before + statics[0]!;
  for (let i = 0; i < holes.length; i++) {
    html = withHole(html, template, i, values[i], assigns);
    html += statics[i + 1]!;
  }
  return html;
}

function withHole(html: string, template: Template, index: number, value: unknown, assigns: object): string {
  const hole = template.holes[index]!;
  if (hole.inTag) {
    if (typeof value === "function") return withHole(html, template, index, (value as HoleFunction)(assigns), assigns);
    const attribute = hole.kind === "spread" ? spreadHtml(template, index, value) : attributeValue(hole, value);
    if (attribute === undefined) throw valueError(template, index, value);
    return html + attributeHtml(hole, attribute);
  }
  switch (typeof value) {
    case "string":
      return html + escapeText(value);
    case "number":
    case "bigint":
      return html + String(value);
    case "undefined":
    case "boolean":
      return html;
    case "function":
      return withHole(html, template, index, (value as HoleFunction)(assigns), assigns);
  }
  if (value === null) return html;
  if (value instanceof Raw) return html + value.html;
  if (hole.kind === "text") {
    if (value instanceof Rendered) return withRendered(html, value, assigns);
    if (value instanceof ComponentUse)
      return (
        html +
        componentHtml(
          template,
          index,
          settledUse(value, () => assigns),
        )
      );
    if (value instanceof ComponentCall) return withHole(html, template, index, value.show(), assigns);
    if (value instanceof NestedUse) return html + nestedHtml(template, index, value);
    if (value instanceof KeyedList) return withList(html, template, index, value, assigns);
    if (value instanceof StreamList) {
      requireContainer(template, index, value);
      let all = html;
      for (const entry of streamEntries(template, index, value)) all = withRendered(all, entry, assigns);
      return all;
    }
    if (Array.isArray(value)) {
      let all = html;
      for (const entry of value) all = withHole(all, template, index, entry, assigns);
      return all;
    }
  }
  throw valueError(template, index, value);
}

/** The same checks as for the wire: a page that is refused there must not be shown here. */
function withList(html: string, owner: Template, hole: number, list: KeyedList, assigns: object): string {
  const { items } = list;
  const keys = new Set<Key>();
  let all = html;
  for (let i = 0; i < items.length; i++) {
    keys.add(keyOf(owner, hole, list, items[i]));
    if (keys.size === i) throw duplicateKey(owner, hole, list.key(items[i]));
    all = withRendered(all, entryOf(owner, hole, list.render, items[i], i), assigns);
  }
  return all;
}
