/**
 * Template parser: the parts of an `html` literal, checked once, and the context of every hole in them.
 *
 *   literal    <li id=${a} class="x ${b}">  ${c}</li>
 *   source     <li id=□ class="x □">  □</li>            parts joined, □ a hole
 *   statics    "<li"   ` class="x `   `">  `   "</li>"   always one more than there are holes
 *   holes        attribute id    part of class   text
 *
 * What it refuses, each with a frame of the place: tags that do not match or are not closed, a closed void element, an
 * element where a browser does not let it stand (nesting.ts), an attribute or comment without end, an attribute twice in a
 * tag, attributes without space between them; a hole in a tag's or attribute's name, inside of commands, in a comment, a
 * script or a style, in an `on...` handler or `srcdoc`, where a URL's scheme would be put together from pieces, as a part
 * of an attribute that is on or off; `phx-hook` and `phx-update` without `id`. It is stricter than a browser on purpose:
 * what it accepts, a browser reads in the very same way, but for elements that it adds (a `tbody`) or that other templates
 * put where they cannot stand.
 *
 * What it changes in the HTML, so that less travels and the client finds what it looks for:
 *   - a literal that begins with a line break is a heredoc: space around it and common indentation are dropped
 *   - a hole right behind <textarea> or <pre> gets a line break before it, which a browser drops: so it does not drop the
 *     first one of the hole's text
 *   - white space between attributes becomes one space, `a=b` becomes `a="b"`, `<p/>` becomes `<p></p>`
 */
import { escapeAttribute } from "./escape.ts";
import { Hole } from "./hole.ts";
import {
  booleanAttributes,
  clobbering,
  fields,
  lineBreakDroppers,
  rawTextElements,
  rcdataElements,
  updates,
  voidElements,
} from "./html-names.ts";
import { endedBy } from "./nesting.ts";
import { urlAttribute } from "./safe-url.ts";
import { holeMark, lineNumber, templateError } from "./template-errors.ts";
import { urlPartRule } from "./url-part.ts";

export interface ParsedTemplate {
  readonly statics: readonly string[];
  readonly holes: readonly Hole[];
  /** Is it one element, and nothing else but white space? */
  readonly root: boolean;
  /** If so: has that element an `id`? */
  readonly rootHasId: boolean;
  /** Of the hole that is all of this `id`; -1: there is none. */
  readonly rootIdHole: number;
}

/**
 * @param location `file:line` of the literal, for errors
 * @param annotation the same, to be put on each element as `data-phx-loc`; default: it is not
 * @throws {TemplateError} with a frame of the place
 */
export function parseTemplate(source: string, location?: string, annotation?: string): ParsedTemplate {
  return new TemplateParser(source, location, annotation).parse();
}

interface OpenElement {
  readonly name: string;
  readonly offset: number;
  readonly inStream: boolean | undefined;
}

/** What one tag's attributes add up to. */
interface TagAttributes {
  readonly names: Set<string>;
  /** A hole stands for further ones. */
  spread: boolean;
  /** Of `phx-update`, if it is a constant; "" if it is not there; undefined if it comes from a hole. */
  update: string | undefined;
}

const needIds = ["phx-hook", "phx-update"];

const tagName = /[a-z][a-z0-9:_.-]*/iy;
// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0000 is the mark of a hole
const attributeName = /[^\s"'<>/=\\\u0000-\u001f]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const unquotedValue = /[^\s"'=<>`\u0000]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const aloneHole = /\u0000|"\u0000"|'\u0000'/y;
const space = /\s*/y;

class TemplateParser {
  readonly #source: string;
  readonly #location: string | undefined;
  /** Put into each start tag; "" usually. */
  readonly #annotation: string;
  readonly #statics: string[] = [];
  readonly #holes: Hole[] = [];
  readonly #open: OpenElement[] = [];
  #at = 0;
  /** The static that is being written. */
  #static = "";
  #rootElements = 0;
  #rootHasId = false;
  #rootIdHole = -1;
  /** Is there anything but elements and white space at the top? */
  #looseContent = false;

  constructor(source: string, location: string | undefined, annotation: string | undefined) {
    this.#source = source;
    this.#location = location;
    this.#annotation = annotation === undefined ? "" : ` data-phx-loc="${escapeAttribute(annotation)}"`;
  }

  parse(): ParsedTemplate {
    while (this.#at < this.#source.length) this.#content();
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined) this.#fail(unclosed.offset, `<${unclosed.name}> is never closed`);
    this.#statics.push(this.#static);
    const root = this.#rootElements === 1 && !this.#looseContent;
    const rootIdHole = root ? this.#rootIdHole : -1;
    return { statics: this.#statics, holes: this.#holes, root, rootHasId: root && this.#rootHasId, rootIdHole };
  }

  /** One piece of content: text up to the next mark, a hole, or a tag. */
  #content(): void {
    const source = this.#source;
    const at = this.#at;
    const char = source[at];
    const next = source[at + 1];
    if (char === holeMark) this.#textHole();
    else if (char !== "<") this.#text();
    else if (source.startsWith("<!--", at)) this.#comment();
    else if (next === "!") this.#doctype();
    else if (next === "/") this.#closeTag();
    else if (next === holeMark) this.#fail(at + 1, "a hole cannot be the name of a tag");
    else if (next === "?") this.#fail(at, 'expected a tag, got "<?"');
    else if (next !== undefined && /[a-z]/i.test(next)) this.#openTag();
    else {
      // A lone "<" is text.
      this.#notRoot();
      this.#write(at + 1);
    }
  }

  #text(): void {
    let end = this.#at;
    while (end < this.#source.length && this.#source[end] !== "<" && this.#source[end] !== holeMark) end++;
    if (/\S/.test(this.#source.slice(this.#at, end))) this.#notRoot();
    this.#write(end);
  }

  #textHole(): void {
    this.#notRoot();
    const parent = this.#open.at(-1);
    this.#hole(new Hole("text", parent?.name ?? "", "", null, { inStream: parent?.inStream }));
  }

  #comment(): void {
    // Above the root element the client tolerates comments of one line only, so a root has none at all.
    this.#notRoot();
    const end = this.#source.indexOf("-->", this.#at + 4);
    if (end === -1) this.#fail(this.#at, "a comment is never closed, expected -->");
    this.#refuseHoles(this.#at, end, "a hole cannot stand in a comment");
    this.#write(end + 3);
  }

  #doctype(): void {
    const end = this.#source.indexOf(">", this.#at);
    if (end === -1 || !/^<!doctype\s/i.test(this.#source.slice(this.#at, end))) {
      this.#fail(this.#at, 'expected a tag, a comment or <!DOCTYPE html>, got "<!"');
    }
    this.#refuseHoles(this.#at, end, "a hole cannot stand in a doctype");
    this.#notRoot();
    this.#write(end + 1);
  }

  #closeTag(): void {
    const start = this.#at;
    const name = this.#match(tagName, start + 2);
    if (name === "") this.#fail(start + 2, "expected the name of a tag after </");
    const end = start + 2 + name.length + this.#match(space, start + 2 + name.length).length;
    if (this.#source[end] !== ">") this.#fail(end, `expected > at the end of </${name}`);
    const lower = name.toLowerCase();
    if (voidElements.has(lower)) this.#fail(start, `<${lower}> has no content and no closing tag`);
    const open = this.#open.at(-1);
    if (open === undefined) this.#fail(start, `</${lower}> closes nothing`);
    if (open.name !== lower) {
      const line = lineNumber(this.#source, open.offset);
      this.#fail(start, `expected </${open.name}> (opened on line ${line}), got </${lower}>`);
    }
    this.#open.pop();
    this.#static += `</${name}>`;
    this.#at = end + 1;
  }

  #openTag(): void {
    const start = this.#at;
    const name = this.#match(tagName, start + 1);
    const lower = name.toLowerCase();
    this.#write(start + 1 + name.length);
    if (this.#source[this.#at] === holeMark) this.#fail(this.#at, "a hole cannot be a part of a tag's name");
    const ended = endedBy(lower, this.#open);
    if (ended !== undefined) {
      const line = lineNumber(this.#source, ended.offset);
      this.#fail(
        start,
        `<${lower}> cannot stand inside <${ended.name}> (opened on line ${line}): a browser ends that first`,
      );
    }
    this.#static += this.#annotation;
    const attributes = this.#attributes(start, lower);
    this.#checkIds(start, lower, attributes);
    if (this.#open.length === 0) {
      this.#rootElements++;
      this.#rootHasId = attributes.spread || attributes.names.has("id");
    }

    this.#static += ">";
    const closed = this.#source[this.#at] === "/";
    this.#at += closed ? 2 : 1;
    if (voidElements.has(lower)) return;
    if (!closed && lineBreakDroppers.has(lower) && this.#source[this.#at] === holeMark) this.#static += "\n";
    if (closed) this.#static += `</${name}>`;
    else if (rawTextElements.has(lower)) this.#rawText(start, lower);
    else if (rcdataElements.has(lower)) this.#rcdata(start, lower);
    else {
      const inStream = attributes.update === undefined ? undefined : attributes.update === "stream";
      this.#open.push({ name: lower, offset: start, inStream });
    }
  }

  /** Reads attributes up to the tag's `>` or `/>`, and stops there. */
  #attributes(start: number, tag: string): TagAttributes {
    const found: TagAttributes = { names: new Set(), spread: false, update: "" };
    for (;;) {
      const gap = this.#match(space, this.#at);
      this.#at += gap.length;
      const char = this.#source[this.#at];
      if (char === undefined || char === "<") this.#fail(start, `the tag <${tag} is never closed, expected >`);
      if (char === ">" || (char === "/" && this.#source[this.#at + 1] === ">")) return found;
      if (gap === "") this.#fail(this.#at, "expected white space between attributes");
      if (char === holeMark) this.#spread(tag, found);
      else this.#attribute(tag, found);
    }
  }

  /** `${attrs({...})}`: it learns all names of the tag, also those that come behind it. */
  #spread(tag: string, found: TagAttributes): void {
    const after = this.#source[this.#at + 1];
    if (after === "=") {
      this.#fail(this.#at, `a hole cannot be the name of an attribute. Write \${attrs({ [name]: value })}`);
    }
    if (after !== undefined && !/[\s/>]/.test(after)) {
      this.#fail(this.#at, "expected white space behind a hole that stands for attributes");
    }
    if (found.spread)
      this.#fail(this.#at, "only one hole can stand for attributes of a tag. Put them into one attrs()");
    found.spread = true;
    if (!found.names.has("phx-update")) found.update = undefined;
    this.#hole(new Hole("spread", tag, "", null, { taken: found.names }));
  }

  #attribute(tag: string, found: TagAttributes): void {
    const start = this.#at;
    const name = this.#match(attributeName, start);
    if (name === "") this.#fail(start, `expected the name of an attribute, got ${JSON.stringify(this.#source[start])}`);
    const lower = name.toLowerCase();
    const written = lower === "id" ? lower : name;
    this.#at += name.length;
    if (this.#source[this.#at] === holeMark) this.#fail(this.#at, "a hole cannot be a part of an attribute's name");
    if (found.names.has(lower)) this.#fail(start, `the attribute ${lower} is there twice`);
    found.names.add(lower);

    const equals = this.#at + this.#match(space, this.#at).length;
    if (this.#source[equals] !== "=") {
      this.#static += ` ${written}`;
      return;
    }
    this.#at = equals + 1;
    this.#at += this.#match(space, this.#at).length;
    const char = this.#source[this.#at];
    const isRootId = lower === "id" && this.#open.length === 0;
    if (isRootId && this.#match(aloneHole, this.#at) !== "") this.#rootIdHole = this.#holes.length;
    if (char === holeMark) this.#wholeAttribute(tag, written);
    else if (char === '"' || char === "'") this.#quotedAttribute(tag, written, char);
    else this.#unquotedAttribute(written);
    const value = lower === "phx-update" || lower === "name" ? this.#constantValue(start) : undefined;
    if (lower === "phx-update") found.update = value;
    if (value !== undefined) this.#checkConstant(start, tag, lower, value);
  }

  /** @param name "phx-update" or "name" */
  #checkConstant(start: number, tag: string, name: string, value: string): void {
    if (name === "phx-update" && !updates.has(value)) {
      this.#fail(start, `expected phx-update to be "stream", "ignore" or "replace", got ${JSON.stringify(value)}`);
    }
    if (name === "name" && fields.has(tag) && clobbering.has(value.toLowerCase())) {
      this.#warn(start, `a field with the name "${value}" hides the form's own ${value}. Call it otherwise`);
    }
  }

  #wholeAttribute(tag: string, written: string): void {
    const after = this.#source[this.#at + 1];
    if (after !== undefined && !/[\s/>]/.test(after)) {
      this.#fail(this.#at, `an attribute with a hole and other text needs quotes: ${written}="…"`);
    }
    this.#refuseHandler(written.toLowerCase());
    this.#hole(new Hole("attribute", tag, written, urlAttribute(tag, written.toLowerCase())));
  }

  #quotedAttribute(tag: string, written: string, quote: string): void {
    const start = this.#at + 1;
    const end = this.#source.indexOf(quote, start);
    if (end === -1) this.#fail(this.#at, `the value of the attribute ${written} is never closed, expected ${quote}`);
    this.#static += ` ${written}=${quote}`;
    this.#at = start;
    const name = written.toLowerCase();
    for (let at = start; at < end; at++) {
      if (this.#source[at] !== holeMark) continue;
      this.#write(at);
      this.#refuseHandler(name);
      if (booleanAttributes.has(name)) {
        this.#fail(
          at,
          `the attribute ${name} is on or off, whatever its value. Write ${name}=\${value}, without quotes`,
        );
      }
      const isLead = this.#isLead(name, start, at);
      const rule = urlPartRule(tag, name, this.#source.slice(start, at), this.#source.slice(at + 1, end));
      if (typeof rule === "object" && rule !== null) this.#fail(at, rule.refused);
      this.#hole(new Hole("part", tag, written, rule, { isLead }));
    }
    this.#write(end + 1);
  }

  /** Is there nothing but holes before this one? Commands are never put together from text. */
  #isLead(name: string, start: number, at: number): boolean {
    const before = this.#source.slice(start, at);
    if (name.startsWith("phx-") && !name.startsWith("phx-value-") && before.startsWith("[")) {
      this.#fail(at, `a hole cannot stand inside of commands. Write ${name}=\${JS.push(…)}`);
    }
    return before.replaceAll(holeMark, "") === "";
  }

  #unquotedAttribute(written: string): void {
    const value = this.#match(unquotedValue, this.#at);
    const end = this.#at + value.length;
    if (value === "") this.#fail(this.#at, `expected a value after ${written}=`);
    if (this.#source[end] === holeMark) {
      this.#fail(end, `an attribute with a hole and other text needs quotes: ${written}="…"`);
    }
    this.#static += ` ${written}="${value}"`;
    this.#at = end;
  }

  /** The value of the attribute that was just read, from its start to here; undefined if it has a hole. */
  #constantValue(start: number): string | undefined {
    const text = this.#source.slice(start, this.#at);
    return text.includes(holeMark) ? undefined : text.slice(text.indexOf("=") + 1).replace(/["'\s]/g, "");
  }

  #refuseHandler(name: string): void {
    if (/^on/.test(name)) {
      this.#fail(this.#at, `a hole cannot stand in ${name}, which runs as code. Use a phx- binding or a hook`);
    }
    if (name === "srcdoc") this.#fail(this.#at, "a hole cannot stand in srcdoc, which is a page of its own");
  }

  #checkIds(start: number, tag: string, attributes: TagAttributes): void {
    // A hole that stands for attributes may bring one: it is checked when it is shown.
    if (attributes.spread || attributes.names.has("id")) return;
    for (const name of needIds) {
      if (attributes.names.has(name)) this.#fail(start, `<${tag}> has ${name}, so it needs an id that is its own`);
    }
  }

  #rawText(start: number, tag: string): void {
    const end = this.#endOfRawText(start, tag);
    this.#refuseHoles(this.#at, end, `a hole cannot stand inside <${tag}>, where nothing can be escaped`);
    if (tag === "script" && this.#source.slice(this.#at, end).includes("<!--")) {
      this.#fail(this.#source.indexOf("<!--", this.#at), "a script cannot contain <!--");
    }
    this.#write(end);
    this.#static += `</${tag}>`;
    this.#at = this.#source.indexOf(">", end) + 1;
  }

  #rcdata(start: number, tag: string): void {
    const end = this.#endOfRawText(start, tag);
    for (let at = this.#at; at < end; at++) {
      if (this.#source[at] !== holeMark) continue;
      this.#write(at);
      this.#hole(new Hole("rcdata", tag));
    }
    this.#write(end);
    this.#static += `</${tag}>`;
    this.#at = this.#source.indexOf(">", end) + 1;
  }

  #endOfRawText(start: number, tag: string): number {
    const close = new RegExp(`</${tag}\\s*>`, "gi");
    close.lastIndex = this.#at;
    const found = close.exec(this.#source);
    if (found === null) this.#fail(start, `<${tag}> is never closed`);
    return found.index;
  }

  #refuseHoles(from: number, to: number, sentence: string): void {
    const at = this.#source.indexOf(holeMark, from);
    if (at !== -1 && at < to) this.#fail(at, sentence);
  }

  /** Ends the static that is being written, and goes behind the hole. */
  #hole(hole: Hole): void {
    this.#statics.push(this.#static);
    this.#holes.push(hole);
    this.#static = "";
    this.#at++;
  }

  /** Copies the source from here to `end` into the static. */
  #write(end: number): void {
    this.#static += this.#source.slice(this.#at, end);
    this.#at = end;
  }

  #notRoot(): void {
    if (this.#open.length === 0) this.#looseContent = true;
  }

  #match(pattern: RegExp, at: number): string {
    pattern.lastIndex = at;
    return pattern.exec(this.#source)?.[0] ?? "";
  }

  #warn(offset: number, sentence: string): void {
    const { message } = templateError(this.#source, offset, sentence, this.#location);
    process.emitWarning(message, { code: "LINTEL_TEMPLATE" });
  }

  #fail(offset: number, sentence: string): never {
    throw templateError(this.#source, offset, sentence, this.#location);
  }
}
