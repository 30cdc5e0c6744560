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
 * of an attribute that is on or off; `class={x}`; `phx-hook`, `phx-update`, and what stands in a stream's container, without
 * `id`. It is stricter than a browser on purpose: what it accepts, a browser reads in the very same way, but for elements
 * that it adds (a `tbody`) or that other templates put where they cannot stand.
 *
 * What it changes in the HTML, so that less travels and the client finds what it looks for:
 *   - a literal that begins with a line break is a heredoc: space around it and common indentation are dropped
 *   - a hole right behind <textarea> or <pre> gets a line break before it, which a browser drops: so it does not drop the
 *     first one of the hole's text
 *   - white space between attributes becomes one space, `a=b` becomes `a="b"`, `<p/>` becomes `<p></p>`
 *   - `class=□` and `style=□` become `class="□"` and `style="□"`: they are there also when they are empty, so that a change
 *     is the value alone
 */
import { escapeAttribute } from "./escape.ts";
import { Hole } from "./hole.ts";
import { lineBreakDroppers, rawTextElements, rcdataElements, voidElements } from "./html-names.ts";
import { endedBy } from "./nesting.ts";
import { checkIds, readAttributes, space } from "./tag-attributes.ts";
import { TemplateCursor } from "./template-cursor.ts";
import { holeMark, lineNumber } from "./template-errors.ts";

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

const tagName = /[a-z][a-z0-9:_.-]*/iy;

class TemplateParser {
  readonly #cursor: TemplateCursor;
  /** Put into each start tag; "" usually. */
  readonly #annotation: string;
  readonly #open: OpenElement[] = [];
  #rootElements = 0;
  #rootHasId = false;
  #rootIdHole = -1;
  /** Is there anything but elements and white space at the top? */
  #looseContent = false;

  constructor(source: string, location: string | undefined, annotation: string | undefined) {
    this.#cursor = new TemplateCursor(source, location);
    this.#annotation = annotation === undefined ? "" : ` data-phx-loc="${escapeAttribute(annotation)}"`;
  }

  parse(): ParsedTemplate {
    while (this.#cursor.at < this.#cursor.source.length) this.#content();
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined) this.#cursor.fail(unclosed.offset, `<${unclosed.name}> is never closed`);
    this.#cursor.statics.push(this.#cursor.static);
    const root = this.#rootElements === 1 && !this.#looseContent;
    const rootIdHole = root ? this.#rootIdHole : -1;
    return {
      statics: this.#cursor.statics,
      holes: this.#cursor.holes,
      root,
      rootHasId: root && this.#rootHasId,
      rootIdHole,
    };
  }

  /** One piece of content: text up to the next mark, a hole, or a tag. */
  #content(): void {
    const source = this.#cursor.source;
    const at = this.#cursor.at;
    const char = source[at];
    const next = source[at + 1];
    if (char === holeMark) this.#textHole();
    else if (char !== "<") this.#text();
    else if (source.startsWith("<!--", at)) this.#comment();
    else if (next === "!") this.#doctype();
    else if (next === "/") this.#closeTag();
    else if (next === holeMark) this.#cursor.fail(at + 1, "a hole cannot be the name of a tag");
    else if (next === "?") this.#cursor.fail(at, 'expected a tag, got "<?"');
    else if (next !== undefined && /[a-z]/i.test(next)) this.#openTag();
    else {
      // A lone "<" is text.
      this.#notRoot();
      this.#cursor.write(at + 1);
    }
  }

  #text(): void {
    let end = this.#cursor.at;
    while (
      end < this.#cursor.source.length &&
      this.#cursor.source[end] !== "<" &&
      this.#cursor.source[end] !== holeMark
    )
      end++;
    if (/\S/.test(this.#cursor.source.slice(this.#cursor.at, end))) this.#notRoot();
    this.#cursor.write(end);
  }

  #textHole(): void {
    this.#notRoot();
    const parent = this.#open.at(-1);
    this.#cursor.hole(new Hole("text", parent?.name ?? "", "", null, { inStream: parent?.inStream }));
  }

  #comment(): void {
    // Above the root element the client tolerates comments of one line only, so a root has none at all.
    this.#notRoot();
    const end = this.#cursor.source.indexOf("-->", this.#cursor.at + 4);
    if (end === -1) this.#cursor.fail(this.#cursor.at, "a comment is never closed, expected -->");
    this.#cursor.refuseHoles(this.#cursor.at, end, "a hole cannot stand in a comment");
    this.#cursor.write(end + 3);
  }

  #doctype(): void {
    const end = this.#cursor.source.indexOf(">", this.#cursor.at);
    if (end === -1 || !/^<!doctype\s/i.test(this.#cursor.source.slice(this.#cursor.at, end))) {
      this.#cursor.fail(this.#cursor.at, 'expected a tag, a comment or <!DOCTYPE html>, got "<!"');
    }
    this.#cursor.refuseHoles(this.#cursor.at, end, "a hole cannot stand in a doctype");
    this.#notRoot();
    this.#cursor.write(end + 1);
  }

  #closeTag(): void {
    const start = this.#cursor.at;
    const name = this.#cursor.match(tagName, start + 2);
    if (name === "") this.#cursor.fail(start + 2, "expected the name of a tag after </");
    const end = start + 2 + name.length + this.#cursor.match(space, start + 2 + name.length).length;
    if (this.#cursor.source[end] !== ">") this.#cursor.fail(end, `expected > at the end of </${name}`);
    const lower = name.toLowerCase();
    if (voidElements.has(lower)) this.#cursor.fail(start, `<${lower}> has no content and no closing tag`);
    const open = this.#open.at(-1);
    if (open === undefined) this.#cursor.fail(start, `</${lower}> closes nothing`);
    if (open.name !== lower) {
      const line = lineNumber(this.#cursor.source, open.offset);
      this.#cursor.fail(start, `expected </${open.name}> (opened on line ${line}), got </${lower}>`);
    }
    this.#open.pop();
    this.#cursor.static += `</${name}>`;
    this.#cursor.at = end + 1;
  }

  #openTag(): void {
    const start = this.#cursor.at;
    const name = this.#cursor.match(tagName, start + 1);
    const lower = name.toLowerCase();
    this.#cursor.write(start + 1 + name.length);
    if (this.#cursor.source[this.#cursor.at] === holeMark)
      this.#cursor.fail(this.#cursor.at, "a hole cannot be a part of a tag's name");
    const ended = endedBy(lower, this.#open);
    if (ended !== undefined) {
      const line = lineNumber(this.#cursor.source, ended.offset);
      this.#cursor.fail(
        start,
        `<${lower}> cannot stand inside <${ended.name}> (opened on line ${line}): a browser ends that first`,
      );
    }
    this.#cursor.static += this.#annotation;
    const attributes = readAttributes(this.#cursor, start, lower);
    checkIds(this.#cursor, start, lower, attributes, this.#open.at(-1)?.inStream === true);
    if (this.#open.length === 0) {
      this.#rootElements++;
      this.#rootHasId = attributes.spreadHole !== -1 || attributes.names.has("id");
      this.#rootIdHole = attributes.idHole;
    }

    this.#cursor.static += ">";
    const closed = this.#cursor.source[this.#cursor.at] === "/";
    this.#cursor.at += closed ? 2 : 1;
    if (voidElements.has(lower)) return;
    if (!closed && lineBreakDroppers.has(lower) && this.#cursor.source[this.#cursor.at] === holeMark)
      this.#cursor.static += "\n";
    if (closed) this.#cursor.static += `</${name}>`;
    else if (rawTextElements.has(lower)) this.#rawText(start, lower);
    else if (rcdataElements.has(lower)) this.#rcdata(start, lower);
    else {
      const inStream = attributes.update === undefined ? undefined : attributes.update === "stream";
      this.#open.push({ name: lower, offset: start, inStream });
    }
  }

  #rawText(start: number, tag: string): void {
    const end = this.#endOfRawText(start, tag);
    this.#cursor.refuseHoles(this.#cursor.at, end, `a hole cannot stand inside <${tag}>, where nothing can be escaped`);
    if (tag === "script" && this.#cursor.source.slice(this.#cursor.at, end).includes("<!--")) {
      this.#cursor.fail(this.#cursor.source.indexOf("<!--", this.#cursor.at), "a script cannot contain <!--");
    }
    this.#cursor.write(end);
    this.#cursor.static += `</${tag}>`;
    this.#cursor.at = this.#cursor.source.indexOf(">", end) + 1;
  }

  #rcdata(start: number, tag: string): void {
    const end = this.#endOfRawText(start, tag);
    for (let at = this.#cursor.at; at < end; at++) {
      if (this.#cursor.source[at] !== holeMark) continue;
      this.#cursor.write(at);
      this.#cursor.hole(new Hole("rcdata", tag));
    }
    this.#cursor.write(end);
    this.#cursor.static += `</${tag}>`;
    this.#cursor.at = this.#cursor.source.indexOf(">", end) + 1;
  }

  #endOfRawText(start: number, tag: string): number {
    const close = new RegExp(`</${tag}\\s*>`, "gi");
    close.lastIndex = this.#cursor.at;
    const found = close.exec(this.#cursor.source);
    if (found === null) this.#cursor.fail(start, `<${tag}> is never closed`);
    return found.index;
  }

  #notRoot(): void {
    if (this.#open.length === 0) this.#looseContent = true;
  }
}
