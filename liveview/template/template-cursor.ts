/**
 * TemplateCursor: how far the parser has come in a template's source, and what it has made of it by now.
 *
 *   source   <li id=□ class="x □">  □</li>
 *                   ▲ at
 *   statics  "<li", ` class="x`...                 holes  attribute id ...
 */
import type { Hole } from "./hole.ts";
import { holeMark, templateError } from "./template-errors.ts";

export class TemplateCursor {
  readonly source: string;
  readonly #location: string | undefined;
  /** Those that are complete: as many as there are holes. */
  readonly statics: string[] = [];
  readonly holes: Hole[] = [];
  at = 0;
  /** The static that is being written. */
  static = "";

  /** @param location `file:line` of the literal, for errors */
  constructor(source: string, location: string | undefined) {
    this.source = source;
    this.#location = location;
  }

  /** @throws {TemplateError} when there is a hole between the offsets */
  refuseHoles(from: number, to: number, sentence: string): void {
    const at = this.source.indexOf(holeMark, from);
    if (at !== -1 && at < to) this.fail(at, sentence);
  }

  /** Ends the static that is being written, and goes behind the hole. */
  hole(hole: Hole): void {
    this.statics.push(this.static);
    this.holes.push(hole);
    this.static = "";
    this.at++;
  }

  /** Copies the source from here to `end` into the static. */
  write(end: number): void {
    this.static += this.source.slice(this.at, end);
    this.at = end;
  }

  /** What is at an offset, for a sticky pattern; "" if it is not that. */
  match(pattern: RegExp, at: number): string {
    pattern.lastIndex = at;
    return pattern.exec(this.source)?.[0] ?? "";
  }

  /** Tells the program of what is a mistake, most likely. */
  warn(offset: number, sentence: string): void {
    const { message } = templateError(this.source, offset, sentence, this.#location);
    process.emitWarning(message, { code: "LINTEL_TEMPLATE" });
  }

  /** @throws {TemplateError} with a frame of the place */
  fail(offset: number, sentence: string): never {
    throw templateError(this.source, offset, sentence, this.#location);
  }
}
