/**
 * A template's source: what is parsed and shown in errors.
 *
 *   html`                       parts      "\n    <p>", "</p>\n  "
 *     <p>${name}</p>            source     "<p>□</p>"            □ a hole (`holeMark`)
 *   `
 */
import { holeMark, TemplateError } from "./template-errors.ts";

/**
 * Parts joined by `holeMark`; a literal that begins with a line break is a heredoc, and loses its margin.
 *
 * @param parts of a literal; undefined are those with an escape sequence that JavaScript does not know
 * @param location `file:line` of the literal, for errors
 * @throws {TemplateError} for such a part, or one with U+0000
 */
export function templateSource(
  parts: readonly (string | undefined)[] & { readonly raw?: readonly string[] },
  location?: string,
): string {
  const where = location === undefined ? "Template" : `Template at ${location}`;
  for (const [i, part] of parts.entries()) {
    if (part === undefined) {
      const got = invalidEscape.exec(parts.raw?.[i] ?? "")?.[0];
      const quoted = got === undefined ? "" : `, got ${got}`;
      throw new TemplateError(
        `${where}: expected valid escape sequences${quoted}. A backslash itself is written \\\\.`,
      );
    }
    if (part.includes(holeMark)) throw new TemplateError(`${where}: it contains U+0000, which HTML does not allow.`);
  }
  const source = parts.join(holeMark);
  if (!/^[ \t]*\n/.test(source)) return source;
  const body = source.replace(/^\s*\n/, "").replace(/\s*\n[ \t]*$/, "");
  let margin = Number.POSITIVE_INFINITY;
  for (const [indent] of body.matchAll(/^[ \t]*(?=\S)/gm)) margin = Math.min(margin, indent.length);
  if (!Number.isFinite(margin)) return "";
  return body.replaceAll(new RegExp(`^[ \\t]{${margin}}`, "gm"), "").trimStart();
}

/** With what stands behind it, so that it can be found. */
const invalidEscape =
  /(?<=(?:^|[^\\])(?:\\\\)*)\\(?:x(?![\da-f]{2})|u(?![\da-f]{4}|\{(?:0*(?:10)?[\da-f]{1,5})\})|[1-9]|0\d).{0,8}/i;
