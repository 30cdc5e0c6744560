/**
 * Escapers: a string from anywhere becomes text, or a part of a quoted attribute, and nothing else.
 *
 *   place in the HTML                    escaped           for the wire (also a JSON string)
 *   text, content of textarea/title      & < >             textJson
 *   attribute value in " or ' quotes     & < > " '         attributeJson
 *
 * Cost: one scan by a regular expression. A string with nothing to escape, the usual one, comes back as it is: nothing
 * is allocated but the quotes. What needs work is escaped for HTML first and then, by the engine, for JSON.
 */

const htmlInText = /[&<>]/;
const htmlInAttribute = /[&<>"']/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON strings must not contain
const wireInText = /[&<>"\\\u0000-\u001f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const wireInAttribute = /[&<>"'\\\u0000-\u001f]/;

/** Escapes for text between tags, and for the content of `textarea` and `title`. */
export function escapeText(value: string): string {
  return htmlInText.test(value) ? escapeSlowly(value, false) : value;
}

/** Escapes for a value inside a quoted attribute, whichever quotes it has. */
export function escapeAttribute(value: string): string {
  return htmlInAttribute.test(value) ? escapeSlowly(value, true) : value;
}

/** `escapeText`, as a JSON string with its quotes. */
export function textJson(value: string): string {
  return wireInText.test(value) ? JSON.stringify(escapeText(value)) : `"${value}"`;
}

/**
 * `escapeAttribute` between two texts that are HTML already, as a JSON string with its quotes.
 *
 * @param open what comes before the value, for example ` id="`
 * @param openJson the same inside a JSON string, with the string's opening quote: `" id=\"`
 */
export function attributeJson(open: string, openJson: string, value: string): string {
  return wireInAttribute.test(value)
    ? JSON.stringify(`${open}${escapeAttribute(value)}"`)
    : `${openJson}${value}${attributeCloseJson}`;
}

/** `escapeAttribute` as a JSON string with its quotes, for a value that is a part of an attribute. */
export function attributePartJson(value: string): string {
  return wireInAttribute.test(value) ? JSON.stringify(escapeAttribute(value)) : `"${value}"`;
}

const attributeCloseJson = '\\""';

function escapeSlowly(value: string, quotes: boolean): string {
  let escaped = "";
  let from = 0;
  for (let i = 0; i < value.length; i++) {
    const entity = entityOf(value.charCodeAt(i), quotes);
    if (entity === "") continue;
    escaped += value.slice(from, i) + entity;
    from = i + 1;
  }
  return escaped + value.slice(from);
}

function entityOf(char: number, quotes: boolean): string {
  switch (char) {
    case 38:
      return "&amp;";
    case 60:
      return "&lt;";
    case 62:
      return "&gt;";
    case 34:
      return quotes ? "&quot;" : "";
    case 39:
      return quotes ? "&#39;" : "";
    default:
      return "";
  }
}
