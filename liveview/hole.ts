/**
 * Hole: the place of one value in a template, with the context that decides how the value is written.
 *
 *   <p title="a ${part} b" hidden=${attribute}>${text}</p> <textarea>${rcdata}</textarea>
 *
 *   text        a value between tags: text, a template, a list, trusted HTML
 *   rcdata      the content of textarea or title: text only, tags mean nothing there
 *   attribute   a whole attribute, ` name="value"` with its leading space, so that it can vanish
 *   part        a part of a quoted attribute: the value alone
 */
import { attributeJson, attributePartJson, escapeAttribute } from "./escape.ts";
import { safeUrl, type UrlRule } from "./safe-url.ts";

export type HoleKind = "text" | "rcdata" | "attribute" | "part";

export class Hole {
  readonly kind: HoleKind;
  /** The element that the text or attribute belongs to, in lower case; "" at the template's top. */
  readonly tag: string;
  /** The attribute, in lower case; "" for text. */
  readonly name: string;
  /** How a URL in it is checked; null when it is none. */
  readonly url: UrlRule | null;
  /** Is this text directly inside an element with `phx-update="stream"`? Undefined: the template does not tell. */
  readonly inStream: boolean | undefined;
  /** ` name`, as it was written in the template. */
  readonly bare: string;
  /** ` name="`, for whole attributes. */
  readonly open: string;
  /** The same inside a JSON string, with the string's opening quote. */
  readonly openJson: string;

  constructor(kind: HoleKind, tag: string, written = "", url: UrlRule | null = null, inStream?: boolean) {
    this.kind = kind;
    this.tag = tag;
    this.name = written.toLowerCase();
    this.url = url;
    this.inStream = inStream;
    this.bare = ` ${written}`;
    this.open = `${this.bare}="`;
    this.openJson = JSON.stringify(this.open).slice(0, -1);
  }
}

/** What an attribute hole shows, once brought to one form: `false` vanishes, `true` is the bare attribute. */
export type AttributeValue = string | number | bigint | boolean;

/**
 * Brings a value for an attribute to the form that is compared and written. Undefined: this hole cannot show it.
 *
 *   whole attribute   null, undefined, false: it vanishes; true: bare; else its value
 *   part              null, undefined: nothing; booleans: the words, but nothing in class and style
 *   class             arrays and maps as well: falsy names are dropped, the others joined; none left: as for null
 */
export function attributeValue(hole: Hole, value: unknown): AttributeValue | undefined {
  switch (typeof value) {
    case "string":
      return hole.url === null ? value : safeUrl(value, hole.url);
    case "number":
    case "bigint":
      return value;
    case "boolean":
      if (hole.kind === "attribute") return value;
      return hole.name === "class" || hole.name === "style" ? "" : String(value);
    case "undefined":
      return hole.kind === "attribute" ? false : "";
  }
  if (value === null) return hole.kind === "attribute" ? false : "";
  if (hole.name !== "class") return undefined;
  const names = classNames(value);
  return names === "" && hole.kind === "attribute" ? false : names;
}

/** The HTML of an attribute hole. */
export function attributeHtml(hole: Hole, value: AttributeValue): string {
  if (hole.kind === "part") return escapeAttribute(String(value));
  if (value === false) return "";
  return value === true ? hole.bare : `${hole.open}${escapeAttribute(String(value))}"`;
}

/** The HTML of an attribute hole, as a JSON string. */
export function attributeWire(hole: Hole, value: AttributeValue): string {
  if (hole.kind === "part") return typeof value === "string" ? attributePartJson(value) : `"${value}"`;
  if (value === false) return '""';
  if (value === true) return `"${hole.bare}"`;
  return attributeJson(hole.open, hole.openJson, String(value));
}

/** Class names of an array (nested ones too) or a map, joined by spaces. Undefined: something that names no class. */
function classNames(value: unknown): string | undefined {
  let names = "";
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      if (item === false || item === null || item === undefined || item === true || item === "") continue;
      const more = typeof item === "string" || typeof item === "number" ? String(item) : classNames(item);
      if (more === undefined) return undefined;
      if (more !== "") names += names === "" ? more : ` ${more}`;
    }
    return names;
  }
  if (typeof value !== "object" || value === null || !isPlain(value)) return undefined;
  for (const [name, present] of Object.entries(value)) {
    if (present) names += names === "" ? name : ` ${name}`;
  }
  return names;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
