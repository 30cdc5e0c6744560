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
 * @throws {TemplateError} when a part has an invalid escape sequence, or contains U+0000
 */
export function templateSource(parts: readonly (string | undefined)[]): string {
  for (const part of parts) {
    if (part === undefined) throw new TemplateError("Template: it contains an invalid escape sequence.");
    if (part.includes(holeMark)) throw new TemplateError("Template: it contains U+0000, which HTML does not allow.");
  }
  const source = parts.join(holeMark);
  if (!/^[ \t]*\n/.test(source)) return source;
  const body = source.replace(/^\s*\n/, "").replace(/\s*\n[ \t]*$/, "");
  let margin = Number.POSITIVE_INFINITY;
  for (const [indent] of body.matchAll(/^[ \t]*(?=\S)/gm)) margin = Math.min(margin, indent.length);
  if (!Number.isFinite(margin)) return "";
  return body.replaceAll(new RegExp(`^[ \\t]{${margin}}`, "gm"), "").trimStart();
}
