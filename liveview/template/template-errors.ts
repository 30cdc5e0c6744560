/**
 * Errors of templates and streams, and the frame that shows the place of a mistake.
 *
 *     Template at app/rows.ts:12: expected </li> (opened on line 2), got </ul>.
 *       2 |   <li>${…}
 *     > 3 | </ul>
 *         | ^
 */
import { LintelError } from "../../kernel/errors.ts";

/** A template that is not well-formed or not safe (thrown at its first use), or a value that a hole cannot show. */
export class TemplateError extends LintelError {
  override readonly name = "TemplateError";
  readonly code = "ERR_TEMPLATE";
}

/** A stream that was misused: an item without a DOM id, an impossible option, too much pending, shown twice. */
export class StreamError extends LintelError {
  override readonly name = "StreamError";
  readonly code = "ERR_STREAM";
}

/** Stands for a hole in a template's joined source. No template may contain this character. */
export const holeMark = "\u0000";

/** The error for a place of a template. @param location `file:line` of the literal */
export function templateError(
  source: string,
  offset: number,
  sentence: string,
  location: string | undefined,
): TemplateError {
  const where = location === undefined ? "Template" : `Template at ${location}`;
  return new TemplateError(`${where}: ${sentence}.\n${templateFrame(source, offset)}`);
}

const linesBefore = 2;
const linesAfter = 1;
const maxLineLength = 120;

/**
 * The lines around a place of a template, with a caret under it. Holes are shown as `${…}`.
 *
 * @param source the literal's parts, joined by `holeMark`
 * @param offset index into `source`
 */
export function templateFrame(source: string, offset: number): string {
  const lines = source.split("\n");
  const at = lineNumber(source, offset);
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  const column = visible(source.slice(lineStart, offset)).length;
  const cut = Math.max(0, column - maxLineLength + 20);
  const width = String(at + linesAfter).length;
  const frame: string[] = [];
  for (let number = Math.max(1, at - linesBefore); number <= Math.min(lines.length, at + linesAfter); number++) {
    const line = visible(lines[number - 1]!);
    const shown = number === at ? line.slice(cut, cut + maxLineLength) : line.slice(0, maxLineLength);
    frame.push(`${number === at ? ">" : " "} ${String(number).padStart(width)} | ${shown}`.trimEnd());
    if (number === at) frame.push(`  ${" ".repeat(width)} | ${" ".repeat(column - cut)}^`);
  }
  return frame.join("\n");
}

/** The line of a place, counted from 1. */
export function lineNumber(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}

/** What kind of thing a value is, for an error's sentence. Its content stays untold: it may be somebody's secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "Object" && name !== "" ? `an object (${name})` : "a plain object";
}

function visible(source: string): string {
  return source.replaceAll(holeMark, `\${…}`);
}
