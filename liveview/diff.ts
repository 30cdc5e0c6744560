/**
 * ViewRenderer: one view's tree as its client has it, and what must be sent so that it becomes another.
 *
 *   html`<p class=${a}>${b} ${html`<i>${c}</i>`}</p>`
 *
 *   kept        TemplateNode <p_>_ _</p>  cells [a, b, ─]           raw values, not HTML: an unchanged hole costs one ===
 *                                                      └▷ TemplateNode <i>_</i>  cells [c]
 *   full        {"0":" class=\"x\"","1":"b","2":{"0":"c","r":1,"s":["<i>","</i>"]},"s":["<p",">"," ","</p>"]}
 *   diff        {"2":{"0":"d"}}
 *
 * Files: cells.ts compares and writes values, list-diff.ts and stream-diff.ts lists, shared-statics.ts the statics.
 * Invariant: after a call that returned, the tree is what the client shows once it has merged the text. After one that
 * threw it is not: the view must join again (its process crashes).
 * Memory: per hole a cell of 8 bytes plus its value; templates are shared by all views. Rendered trees are not kept.
 * Source: the wire protocol, section 6.
 */
import { patchCells, placeCells, TemplateNode } from "./cells.ts";
import { Pass, StreamRefs } from "./pass.ts";
import { Rendered } from "./rendered.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

export class ViewRenderer {
  #root: TemplateNode | null = null;
  readonly #streamRefs = new StreamRefs();

  /**
   * The whole tree, for the reply to a join. Pending operations of the streams in it are consumed.
   *
   * @returns JSON text of an object
   * @throws {TemplateError} for a value that its hole cannot show
   * @throws {StreamError} for a stream shown twice
   */
  full(rendered: Rendered): string {
    requireRendered(rendered);
    const pass = new Pass(this.#streamRefs);
    const node = new TemplateNode(rendered.template);
    const cells = placeCells(pass, node.template, node.cells, 0, rendered.values);
    this.#root = node;
    return pass.finish(`{${cells}${cells === "" ? "" : ","}"s":${pass.statics(node.template)}}`);
  }

  /**
   * What changed since the last call: of `full`, or of this. Another template at the top sends the whole tree, with `s`.
   * Pending operations of the streams in it are consumed.
   *
   * @returns JSON text of an object, or "" when nothing changed
   * @throws as `full`
   */
  diff(rendered: Rendered): string {
    requireRendered(rendered);
    const root = this.#root;
    if (root === null || root.template !== rendered.template) return this.full(rendered);
    const pass = new Pass(this.#streamRefs);
    return pass.finish(patchCells(pass, root.template, root.cells, 0, rendered.values));
  }
}

function requireRendered(value: unknown): void {
  if (value instanceof Rendered) return;
  throw new TemplateError(`Expected render to return html\`...\`, got ${kindOf(value)}.`);
}
