/**
 * Hole: the place of one value in a template, with the context that decides how the value is written.
 *
 *   <p title="a ${part} b" hidden=${attribute} ${spread}>${text}</p> <textarea>${rcdata}</textarea>
 *
 *   text        a value between tags: text, a template, a list, trusted HTML
 *   rcdata      the content of textarea or title: text only, tags mean nothing there
 *   attribute   a whole attribute, ` name="value"` with its leading space, so that it can vanish
 *   part        a part of a quoted attribute, or all of `class` or `style`: the value alone
 *   spread      attributes by name, each with its leading space (attributes.ts)
 */
import { Commands } from "./commands.ts";
import { attributeJson, attributePartJson, escapeAttribute } from "./escape.ts";
import { blockedUrl, safeUrl, type UrlRule } from "./safe-url.ts";
import { safeStyle, safeStylePart, styleText } from "./style.ts";

export type HoleKind = "text" | "rcdata" | "attribute" | "part" | "spread";

export interface HoleDetails {
  readonly inStream?: boolean | undefined;
  readonly taken?: ReadonlySet<string>;
  /** Does the attribute's value begin with this part? Default true. */
  readonly isLead?: boolean;
  /** Is this part all of the value? Default false. */
  readonly isWhole?: boolean;
  /** Has this part white space, or an end of the value, on both sides? Default: if it is whole. */
  readonly isWord?: boolean;
}

const none: ReadonlySet<string> = new Set();

export class Hole {
  readonly kind: HoleKind;
  /** The element that the text or attribute belongs to, in lower case; "" at the template's top. */
  readonly tag: string;
  /** The attribute, in lower case; "" for text. */
  readonly name: string;
  /** Inside a tag, where there are attributes. */
  readonly inTag: boolean;
  /** What a string must go through besides being escaped; null: nothing. */
  readonly check: ((text: string) => string) | null;
  /** Is this text directly inside an element with `phx-update="stream"`? Undefined: the template does not tell. */
  readonly inStream: boolean | undefined;
  /** Spread: the attributes that the tag has in the template, in lower case. */
  readonly taken: ReadonlySet<string>;
  /** An `id`, or a spread that must have one: what about its element cannot do without. Null: nothing. Set by the parser alone. */
  neededBy: string | null = null;
  /** Of a `class`: names, and not a part of one. */
  readonly isNames: boolean;
  /** ` name`, as it was written in the template. */
  readonly bare: string;
  /** ` name="`, for whole attributes. */
  readonly open: string;
  /** The same inside a JSON string, with the string's opening quote. */
  readonly openJson: string;

  constructor(
    kind: HoleKind,
    tag: string,
    written = "",
    url: UrlRule | null = null,
    { inStream, taken = none, isLead = true, isWhole = false, isWord = isWhole }: HoleDetails = {},
  ) {
    this.kind = kind;
    this.tag = tag;
    this.name = written.toLowerCase();
    this.inTag = kind !== "text" && kind !== "rcdata";
    this.check = url === null ? checkFor(kind === "part" && !isWhole, this.name, isLead) : (text) => safeUrl(text, url);
    this.inStream = inStream;
    this.taken = taken;
    this.isNames = this.name === "class" && (kind === "attribute" || isWord);
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
 *   class             arrays and maps as well: what is falsy is dropped, the others joined; none left: as for null. So is 0,
 *                     but not as a part of a name: `col-0`
 *   style             maps of declarations as well
 *   phx-, data-       commands as well
 */
export function attributeValue(hole: Hole, value: unknown): AttributeValue | undefined {
  if (hole.neededBy !== null && (value === true || (!value && value !== 0))) return undefined;
  switch (typeof value) {
    case "string":
      return hole.check === null ? value : hole.check(value);
    case "number":
    case "bigint":
      // `count && "some"` is 0 for none.
      if (value || !hole.isNames) return value;
      return hole.kind === "attribute" ? false : "";
    case "boolean":
      if (hole.kind === "attribute") return value;
      return hole.name === "class" || hole.name === "style" ? "" : String(value);
    case "undefined":
      return hole.kind === "attribute" ? false : "";
  }
  if (value === null) return hole.kind === "attribute" ? false : "";
  if (typeof value !== "object") return undefined;
  if (value instanceof Commands) return holdsCommands(hole.name) ? JSON.stringify(value) : undefined;
  const made = hole.name === "class" ? classNames(value) : hole.name === "style" ? styleOf(value) : undefined;
  return made === "" && hole.kind === "attribute" ? false : made;
}

/** What is special about a string in an attribute that holds no URL. */
function checkFor(isPart: boolean, name: string, isLead: boolean): Hole["check"] {
  if (name === "style") return isPart ? safeStylePart : safeStyle;
  return isLead && isBinding(name) ? notCommands : null;
}

/** What a client may take for commands. */
function isBinding(name: string): boolean {
  return name.startsWith("phx-") && !name.startsWith("phx-value-");
}

/** Commands may also wait in an attribute of data, for `JS.exec`. */
function holdsCommands(name: string): boolean {
  return isBinding(name) || name.startsWith("data-");
}

/** A client reads a binding that begins with "[" as commands: text must not. */
function notCommands(text: string): string {
  return text.startsWith("[") ? blockedUrl : text;
}

function styleOf(value: object): string | undefined {
  return isPlain(value) ? styleText(value) : undefined;
}

/** The HTML of an attribute hole. */
export function attributeHtml(hole: Hole, value: AttributeValue): string {
  const text = typeof value === "string" ? value : String(value);
  if (hole.kind === "spread") return text;
  // Numbers and booleans have nothing to escape.
  const escaped = text === value ? escapeAttribute(text) : text;
  if (hole.kind === "part") return escaped;
  if (value === false) return "";
  return value === true ? hole.bare : `${hole.open}${escaped}"`;
}

/** The HTML of an attribute hole, as a JSON string. */
export function attributeWire(hole: Hole, value: AttributeValue): string {
  if (hole.kind === "part") return typeof value === "string" ? attributePartJson(value) : `"${value}"`;
  if (hole.kind === "spread") return JSON.stringify(value);
  if (value === false) return '""';
  if (value === true) return `"${hole.bare}"`;
  return attributeJson(hole.open, hole.openJson, String(value));
}

/** Class names of an array (nested ones too) or a map, joined by spaces. Undefined: something that names no class. */
function classNames(value: unknown): string | undefined {
  let names = "";
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      if (!item || item === true) continue;
      const isName = typeof item === "string" || typeof item === "number" || typeof item === "bigint";
      const more = isName ? String(item) : classNames(item);
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

/** An object written as a literal, or by `JSON.parse`; no instance of a class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
