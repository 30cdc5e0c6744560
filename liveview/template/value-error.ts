/**
 * The error for a value that a hole cannot show: which hole, in which template, what it expected and what it got.
 */
import { Stream } from "../diff/stream.ts";
import { attributeValue, type Hole } from "./hole.ts";
import { Rendered } from "./rendered.ts";
import { wrongDeclaration } from "./style.ts";
import type { Template } from "./template.ts";
import { kindOf, type TemplateError } from "./template-errors.ts";

/** The error for a value that a hole cannot show. */
export function valueError(template: Template, index: number, value: unknown): TemplateError {
  const hole = template.holes[index]!;
  const where = `hole ${index + 1} of ${template.holes.length}`;
  if (value instanceof Promise) return template.errorAt(index, `${where} got a promise. Await it before rendering`);
  const got = value instanceof Rendered ? "a template" : value === "" ? "an empty string" : kindOf(value);
  switch (hole.kind) {
    case "text":
      return template.errorAt(
        index,
        `${where} (text): expected a string, a number, html\`...\`, each(...) or an array of these, got ${got}${textHint(value)}`,
      );
    case "rcdata":
      return template.errorAt(index, `${where} (content of <${hole.tag}>): expected a string or a number, got ${got}`);
    default:
      return template.errorAt(
        index,
        `${where} (attribute ${hole.name} of <${hole.tag}>): expected ${expectedIn(hole)}, got ${wrongStyle(hole, value) ?? wrongName(hole, value) ?? got}`,
      );
  }
}

/** What an attribute can be. */
export function expectedIn({ name, tag, neededBy }: Hole): string {
  if (neededBy !== null) return `an id, which <${tag}> needs for its ${neededBy}`;
  if (name === "class") return "names in a string, array or map";
  if (name === "style") return "a string, or a map of declarations";
  const commands = name.startsWith("phx-") ? ", commands (JS)" : "";
  return `a string, a number, a boolean${commands}, null or undefined`;
}

/** Which declaration it is that a map cannot have. */
function wrongStyle({ name }: Hole, value: unknown): string | undefined {
  const wrong = name === "style" ? wrongDeclaration(value) : undefined;
  return wrong === undefined ? undefined : `${JSON.stringify(wrong[0])}: ${kindOf(wrong[1])}`;
}

/** What it is in a class list that names no class. */
function wrongName(hole: Hole, value: unknown): string | undefined {
  if (hole.name !== "class" || !Array.isArray(value)) return undefined;
  const wrong: unknown = value.find((item) => attributeValue(hole, item) === undefined);
  return wrongName(hole, wrong) ?? `${kindOf(wrong)} in an array`;
}

/** The way out, for what can be made a list. */
function textHint(value: unknown): string {
  if (value instanceof Stream) return ". Show it by each(stream, render)";
  const isIterable = typeof value === "object" && value !== null && Symbol.iterator in value;
  return isIterable ? ". Make an array of it: [...items]" : "";
}
