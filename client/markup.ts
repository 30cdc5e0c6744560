/**
 * Markup: what the static parts of a template tell about the HTML that they will become.
 *
 *   statics  ['<tr class="', '"><td>', '</td></tr>']
 *              ^^^ rootStart: tag "tr", attributes may be added at 3
 *             isSingleRoot: <tr> opens first, closes last, nothing beside it
 *
 * Answers are remembered per statics array: templates are few, renders are many.
 */

/** Where a template's root element starts. */
export interface RootStart {
  tag: string;
  /** Index into the first static, and so into the rendered HTML, where attributes can be added. */
  attributesAt: number;
}

type Statics = readonly string[];

/** Stands for a dynamic; cannot occur in HTML. */
const HOLE = "\0";
const TAG = /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][^\s/>\0]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/g;
const ROOT = /^\s*(?:<!--[\s\S]*?-->\s*)*<([a-zA-Z][^\s/>]*)/;
const ID = /(?:[^>"']|"[^"]*"|'[^']*')*?\sid=(?:"([^"]*)"|'([^']*)')/y;
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/i;
/** Elements whose content is not markup. */
const RAW_TEXT = /^(?:script|style|textarea|title|plaintext|xmp|iframe|noscript|template)$/i;

const starts = new WeakMap<Statics, RootStart | null>();
const singles = new WeakMap<Statics, boolean>();

/** The root element's start, or null when the first static does not begin with a tag. */
export function rootStart(statics: Statics): RootStart | null {
  let start = starts.get(statics);
  if (start === undefined) {
    // Where the static ends, the tag name does: a dynamic that follows is an attribute with its leading space.
    const match = ROOT.exec(statics[0] ?? "");
    start = match && { tag: match[1]!, attributesAt: match[0].length };
    starts.set(statics, start);
  }
  return start;
}

/**
 * Whether the template renders to exactly one element, judged from its statics. False in doubt: unclosed optional
 * tags, raw text elements, or a dynamic beside the root.
 */
export function isSingleRoot(statics: Statics): boolean {
  let single = singles.get(statics);
  if (single === undefined) {
    single = rootStart(statics) !== null && closesOnceAtEnd(statics.join(HOLE));
    singles.set(statics, single);
  }
  return single;
}

function closesOnceAtEnd(html: string): boolean {
  const open: string[] = [];
  let elements = 0;
  let textFrom = 0;
  for (const match of html.matchAll(TAG)) {
    if (open.length === 0 && html.slice(textFrom, match.index).trim() !== "") return false;
    textFrom = match.index + match[0].length;
    const [, closing, name, rest] = match;
    if (name === undefined) continue; // a comment
    if (RAW_TEXT.test(name)) return false;
    if (closing) {
      if (open.pop() !== name) return false;
    } else {
      if (open.length === 0) elements += 1;
      if (!VOID.test(name) && !rest!.endsWith("/")) open.push(name);
    }
  }
  return open.length === 0 && elements === 1 && html.slice(textFrom).trim() === "";
}

/**
 * The value of `id` in the root's start tag, as written (entities stay).
 *
 * @param html rendered HTML of one root element
 * @param attributesAt from `rootStart`
 */
export function idInStartTag(html: string, attributesAt: number): string | null {
  ID.lastIndex = attributesAt;
  const match = ID.exec(html);
  return match ? (match[1] ?? match[2] ?? null) : null;
}

/** An empty element of that tag that stands for one on the page which did not change. */
export function placeholder(tag: string, id: string | null, magicId: string): string {
  const attributes = `${id === null ? "" : ` id="${id}"`} data-phx-id="${magicId}" data-phx-skip`;
  return VOID.test(tag) ? `<${tag}${attributes}>` : `<${tag}${attributes}></${tag}>`;
}
