/**
 * SharedStatics: the statics of one message, written out once each.
 *
 *   while the message is written      "s":▯0▯ ... "s":▯1▯ ... "s":▯0▯         ▯ a character that JSON never contains
 *   when it is complete               template 0 came twice, 1 once:
 *   {"p":{"0":["<b>","</b>"]}, ... "s":0 ... "s":["<i>","</i>"] ... "s":0}
 *
 * How often a template comes is known only at the end, so its place is marked, and filled in then. What is not shorter
 * when it is shared stays in its place. Most messages have no statics at all and never come here.
 */
import type { Template } from "../template/template.ts";

const mark = "\u0001";
/** `"p":{},` */
const sharedOverhead = 7;

export class SharedStatics {
  readonly #templates: Template[] = [];
  readonly #numbers = new Map<Template, number>();

  /** Stands for the template's statics until `fill`. */
  mark(template: Template): string {
    let number = this.#numbers.get(template);
    if (number === undefined) {
      number = this.#templates.push(template) - 1;
      this.#numbers.set(template, number);
    }
    return mark + number + mark;
  }

  /** @param message an object's JSON text with marks; those that were dropped again do not count */
  fill(message: string): string {
    const pieces = message.split(mark);
    const uses = new Uint32Array(this.#templates.length);
    for (let i = 1; i < pieces.length; i += 2) uses[Number(pieces[i])]!++;
    const shared = new Map<Template, number>();
    const saved = this.#templates.map((template, number) => savedBySharing(template, uses[number]!));
    if (saved.reduce((sum, bytes) => sum + Math.max(0, bytes), 0) > sharedOverhead) {
      this.#templates.forEach((template, number) => {
        if (saved[number]! > 0) shared.set(template, shared.size);
      });
    }
    for (let i = 1; i < pieces.length; i += 2) {
      const template = this.#templates[Number(pieces[i])]!;
      const number = shared.get(template);
      pieces[i] = number === undefined ? template.wire : String(number);
    }
    const filled = pieces.join("");
    if (shared.size === 0) return filled;
    const templates = Array.from(shared, ([template, number]) => `"${number}":${template.wire}`);
    return `{"p":{${templates.join(",")}},${filled.slice(1)}`;
  }
}

/** Characters saved when a template that comes `uses` times is written once, as `"12":[...],`, and named by number. */
function savedBySharing(template: Template, uses: number): number {
  const digits = 2;
  return uses * (template.wire.length - digits) - (template.wire.length + digits + 4);
}
