/**
 * The error for a value that a hole cannot show: which hole, in which template, what it expected and what it got.
 */
import { Rendered } from "./rendered.ts";
import type { Template } from "./template.ts";
import { kindOf, type TemplateError } from "./template-errors.ts";

/** The error for a value that a hole cannot show. */
export function valueError(template: Template, index: number, value: unknown): TemplateError {
  const hole = template.holes[index]!;
  const where = `hole ${index + 1} of ${template.holes.length}`;
  if (value instanceof Promise) return template.errorAt(index, `${where} got a promise. Await it before rendering`);
  const got = value instanceof Rendered ? "a template" : kindOf(value);
  switch (hole.kind) {
    case "text":
      return template.errorAt(
        index,
        `${where} (text): expected a string, a number, html\`...\`, each(...) or an array of these, got ${got}`,
      );
    case "rcdata":
      return template.errorAt(index, `${where} (content of <${hole.tag}>): expected a string or a number, got ${got}`);
    default: {
      const expected =
        hole.name === "class" ? "names in a string, array or map" : "a string, a number, a boolean, null or undefined";
      return template.errorAt(
        index,
        `${where} (attribute ${hole.name} of <${hole.tag}>): expected ${expected}, got ${got}`,
      );
    }
  }
}
