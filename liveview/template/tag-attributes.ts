/** TagAttributes: the attributes of a start tag, read and checked. What is refused, and why: template-parser.ts. */
import { Hole } from "./hole.ts";
import { alwaysThere, booleanAttributes, clobbering, fields, updates } from "./html-names.ts";
import { urlAttribute } from "./safe-url.ts";
import type { TemplateCursor } from "./template-cursor.ts";
import { holeMark } from "./template-errors.ts";
import { urlPartRule } from "./url-part.ts";

/** What one tag's attributes add up to. */
export interface TagAttributes {
  readonly names: Set<string>;
  /** The hole that stands for further ones; -1: there is none. */
  spreadHole: number;
  /** Of `phx-update`, if it is a constant; "" if it is not there; undefined if it comes from a hole. */
  update: string | undefined;
  /** Of the hole that is all of the tag's `id`; -1: there is none. */
  idHole: number;
}

/** Attributes whose element needs an `id`. */
export const idNeeders = ["phx-hook", "phx-update"];
const inItsStream = "place in a stream";

/** `class={name}`: JSX and HEEx. In quotes, and as text, a brace is a brace. */
const otherLanguage = `a brace is no hole here. Write \${…}`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 is the mark of a hole
const attributeName = /[^\s"'<>/=\\\u0000-\u001f]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const unquotedValue = /[^\s"'=<>`\u0000]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const aloneHole = /\u0000|"\u0000"|'\u0000'/y;
export const space = /\s*/y;

/** Reads attributes up to the tag's `>` or `/>`, and stops there. */
export function readAttributes(cursor: TemplateCursor, start: number, tag: string): TagAttributes {
  const found: TagAttributes = { names: new Set(), spreadHole: -1, update: "", idHole: -1 };
  for (;;) {
    const gap = cursor.match(space, cursor.at);
    cursor.at += gap.length;
    const char = cursor.source[cursor.at];
    if (char === undefined || char === "<") cursor.fail(start, `the tag <${tag} is never closed, expected >`);
    if (char === ">" || (char === "/" && cursor.source[cursor.at + 1] === ">")) return found;
    if (gap === "") cursor.fail(cursor.at, "expected white space between attributes");
    if (char === holeMark) spread(cursor, tag, found);
    else attribute(cursor, tag, found);
  }
}

/** `${attrs({...})}`: it learns all names of the tag, also those that come behind it. */
function spread(cursor: TemplateCursor, tag: string, found: TagAttributes): void {
  const after = cursor.source[cursor.at + 1];
  if (after === "=") {
    cursor.fail(cursor.at, `a hole cannot be the name of an attribute. Write \${attrs({ [name]: value })}`);
  }
  if (after !== undefined && !/[\s/>]/.test(after)) {
    cursor.fail(cursor.at, "expected white space behind a hole that stands for attributes");
  }
  if (found.spreadHole !== -1)
    cursor.fail(cursor.at, "only one hole can stand for attributes of a tag. Put them into one attrs()");
  found.spreadHole = cursor.holes.length;
  if (!found.names.has("phx-update")) found.update = undefined;
  cursor.hole(new Hole("spread", tag, "", null, { taken: found.names }));
}

function attribute(cursor: TemplateCursor, tag: string, found: TagAttributes): void {
  const start = cursor.at;
  const name = cursor.match(attributeName, start);
  if (name.startsWith("{")) cursor.fail(start, otherLanguage);
  if (name === "") cursor.fail(start, `expected the name of an attribute, got ${JSON.stringify(cursor.source[start])}`);
  const lower = name.toLowerCase();
  const written = lower === "id" ? lower : name;
  cursor.at += name.length;
  if (cursor.source[cursor.at] === holeMark) cursor.fail(cursor.at, "a hole cannot be a part of an attribute's name");
  if (found.names.has(lower)) cursor.fail(start, `the attribute ${lower} is there twice`);
  found.names.add(lower);

  const equals = cursor.at + cursor.match(space, cursor.at).length;
  if (cursor.source[equals] !== "=") {
    cursor.static += ` ${written}`;
    return;
  }
  cursor.at = equals + 1;
  cursor.at += cursor.match(space, cursor.at).length;
  const char = cursor.source[cursor.at];
  if (lower === "id" && cursor.match(aloneHole, cursor.at) !== "") found.idHole = cursor.holes.length;
  if (char === holeMark) wholeAttribute(cursor, tag, written);
  else if (char === '"' || char === "'") quotedAttribute(cursor, tag, written, char);
  else unquotedAttribute(cursor, written);
  const value = lower === "phx-update" || lower === "name" ? constantValue(cursor, start) : undefined;
  if (lower === "phx-update") found.update = value;
  if (value !== undefined) checkConstant(cursor, start, tag, lower, value);
}

/** @param name "phx-update" or "name" */
function checkConstant(cursor: TemplateCursor, start: number, tag: string, name: string, value: string): void {
  if (name === "phx-update" && !updates.has(value)) {
    cursor.fail(start, `expected phx-update to be "stream", "ignore" or "replace", got ${JSON.stringify(value)}`);
  }
  if (name === "name" && fields.has(tag) && clobbering.has(value.toLowerCase())) {
    cursor.warn(start, `a field with the name "${value}" hides the form's own ${value}. Call it otherwise`);
  }
}

function wholeAttribute(cursor: TemplateCursor, tag: string, written: string): void {
  const after = cursor.source[cursor.at + 1];
  if (after !== undefined && !/[\s/>]/.test(after)) {
    cursor.fail(cursor.at, `an attribute with a hole and other text needs quotes: ${written}="…"`);
  }
  const name = written.toLowerCase();
  refuseHandler(cursor, name);
  if (alwaysThere.has(name)) {
    cursor.static += ` ${written}="`;
    cursor.hole(new Hole("part", tag, written, null, { isWhole: true }));
    cursor.static = '"';
  } else cursor.hole(new Hole("attribute", tag, written, urlAttribute(tag, name)));
}

function quotedAttribute(cursor: TemplateCursor, tag: string, written: string, quote: string): void {
  const start = cursor.at + 1;
  const end = cursor.source.indexOf(quote, start);
  if (end === -1) cursor.fail(cursor.at, `the value of the attribute ${written} is never closed, expected ${quote}`);
  cursor.static += ` ${written}=${quote}`;
  cursor.at = start;
  const name = written.toLowerCase();
  for (let at = start; at < end; at++) {
    if (cursor.source[at] !== holeMark) continue;
    cursor.write(at);
    refuseHandler(cursor, name);
    if (booleanAttributes.has(name)) {
      cursor.fail(
        at,
        `the attribute ${name} is on or off, whatever its value. Write ${name}=\${value}, without quotes`,
      );
    }
    const isLead = isLeadIn(cursor, name, start, at);
    const rule = urlPartRule(tag, name, cursor.source.slice(start, at), cursor.source.slice(at + 1, end));
    if (typeof rule === "object" && rule !== null) cursor.fail(at, rule.refused);
    const isWord = isGap(cursor, at - 1, start, end) && isGap(cursor, at + 1, start, end);
    cursor.hole(new Hole("part", tag, written, rule, { isLead, isWord }));
  }
  cursor.write(end + 1);
}

/** White space, or beyond the value. */
function isGap({ source }: TemplateCursor, at: number, start: number, end: number): boolean {
  return at < start || at >= end || /\s/.test(source[at]!);
}

/** Is there nothing but holes before this one? Commands are never put together from text. */
function isLeadIn(cursor: TemplateCursor, name: string, start: number, at: number): boolean {
  const before = cursor.source.slice(start, at);
  if (name.startsWith("phx-") && !name.startsWith("phx-value-") && before.startsWith("[")) {
    cursor.fail(at, `a hole cannot stand inside of commands. Write ${name}=\${JS.push(…)}`);
  }
  return before.replaceAll(holeMark, "") === "";
}

function unquotedAttribute(cursor: TemplateCursor, written: string): void {
  const value = cursor.match(unquotedValue, cursor.at);
  const end = cursor.at + value.length;
  if (value === "") cursor.fail(cursor.at, `expected a value after ${written}=`);
  if (value.startsWith("{")) cursor.fail(cursor.at, otherLanguage);
  if (cursor.source[end] === holeMark) {
    cursor.fail(end, `an attribute with a hole and other text needs quotes: ${written}="…"`);
  }
  cursor.static += ` ${written}="${value}"`;
  cursor.at = end;
}

/** The value of the attribute that was just read, from its start to here; undefined if it has a hole. */
function constantValue(cursor: TemplateCursor, start: number): string | undefined {
  const text = cursor.source.slice(start, cursor.at);
  return text.includes(holeMark) ? undefined : text.slice(text.indexOf("=") + 1).replace(/["'\s]/g, "");
}

function refuseHandler(cursor: TemplateCursor, name: string): void {
  if (/^on/.test(name)) {
    cursor.fail(cursor.at, `a hole cannot stand in ${name}, which runs as code. Use a phx- binding or a hook`);
  }
  if (name === "srcdoc") cursor.fail(cursor.at, "a hole cannot stand in srcdoc, which is a page of its own");
}

/** @param inStream it stands directly in a stream's container */
export function checkIds(
  cursor: TemplateCursor,
  start: number,
  tag: string,
  attributes: TagAttributes,
  inStream: boolean,
): void {
  const needer = idNeeders.find((name) => attributes.names.has(name)) ?? (inStream ? inItsStream : undefined);
  if (needer === undefined) return;
  // What a hole brings is checked when it is shown; one that stands for attributes may bring an id, too.
  if (attributes.idHole !== -1) cursor.holes[attributes.idHole]!.neededBy = needer;
  else if (attributes.names.has("id")) return;
  else if (attributes.spreadHole !== -1) cursor.holes[attributes.spreadHole]!.neededBy = needer;
  else cursor.fail(start, missingId(tag, needer));
}

/** @param needer what cannot do without: an attribute, or its place */
export function missingId(tag: string, needer: string): string {
  const [why, since] =
    needer === inItsStream
      ? [`stands directly in an element with phx-update="stream"`, ": the browser keeps nothing else there"]
      : [`has ${needer}`, ""];
  return `<${tag}> ${why}, so it needs an id that is its own${since}`;
}
