/**
 * Style: what may become the content of a `style` attribute.
 *
 *   style=${{ width: `${w}%`, "--hue": hue, display: open ? "block" : null }}     width: 10%; --hue: 30
 *   style=${text}   style="width: ${w}%"                                          checked as below
 *
 * A style runs no code, but a stranger's could load from elsewhere, or cover the page. So what comes from a hole must be
 * plain: without `url(`, `image(`, `expression(`, `@`, comments, braces and escapes; a property's value, and a part of a
 * text, without `;` too. What is not plain is left out. Write URLs into the template itself, or into a style sheet.
 */

/** Properties by name, in kebab-case or camelCase; null, undefined and false: not there. Numbers get no unit. */
export interface StyleMap {
  readonly [property: string]: string | number | false | null | undefined;
}

const unplain = /[{}\\<>@]|\/\*|(?:url|image|image-set|cross-fade|element|expression|src)\s*\(/i;
const propertyName = /^(?:--[a-z0-9_-]+|-?[a-z][a-z-]*)$/i;

/** A whole style from a string: as it came, or "". */
export function safeStyle(text: string): string {
  return unplain.test(text) ? "" : text;
}

/** A part of a style: as it came, or "". */
export function safeStylePart(text: string): string {
  return text.includes(";") || unplain.test(text) ? "" : text;
}

/** Declarations of a map. Undefined: a name that is none, or a value of another kind. */
export function styleText(map: object): string | undefined {
  let text = "";
  for (const [name, value] of Object.entries(map)) {
    if (!isDeclaration(name, value)) return undefined;
    if (value === null || value === undefined || value === false) continue;
    const plain = typeof value === "number" ? String(value) : safeStylePart(value);
    if (plain === "") continue;
    const property = name.startsWith("--") ? name : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    text += `${text === "" ? "" : "; "}${property}: ${plain}`;
  }
  return text;
}

/** The first one that a map of declarations cannot have. Undefined: there is none, or it is no such map. */
export function wrongDeclaration(map: unknown): [name: string, value: unknown] | undefined {
  if (typeof map !== "object" || map === null || Array.isArray(map)) return undefined;
  return Object.entries(map).find(([name, value]) => !isDeclaration(name, value));
}

function isDeclaration(name: string, value: unknown): value is StyleMap[string] {
  if (!propertyName.test(name)) return false;
  return (
    value === null || value === undefined || value === false || typeof value === "string" || typeof value === "number"
  );
}
