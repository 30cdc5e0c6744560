/** How a part of a URL is checked, such as `${id}` in `href="/users/${id}"`. */
import { safeSchemes, type UrlRule, urlAttribute } from "./safe-url.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const urlDelimiterOrHole = /[:&/?#\\\u0000]/;
const urlDelimiter = /[:&/?#\\]/;

/**
 * Only what comes before the scheme is settled can do harm.
 *
 * @param before the attribute's value up to the hole; holes in it are `holeMark`s
 * @param after from the hole on
 * @returns the rule for what the hole shows, null: none; or why a hole cannot stand there
 */
export function urlPartRule(
  tag: string,
  name: string,
  before: string,
  after: string,
): UrlRule | null | { readonly refused: string } {
  const rule = urlAttribute(tag, name);
  if (rule === null) return null;
  const written = before.trimStart();
  const settling = urlDelimiter.exec(written);
  if (settling === null) {
    const next = urlDelimiterOrHole.exec(after)?.[0];
    if (next === ":" || next === "&") return { refused: `the scheme of a URL cannot come from a part of ${name}` };
    return written === "" ? rule : "rest";
  }
  if (settling[0] === "&") return { refused: `before a hole in ${name}, write the URL without entities` };
  if (settling[0] !== ":" || safeSchemes.has(written.slice(0, settling.index).toLowerCase())) return null;
  if (rule === "image" && /^data:image\//i.test(written)) return null;
  return { refused: `a hole cannot follow the scheme ${written.slice(0, settling.index + 1)} in ${name}` };
}
