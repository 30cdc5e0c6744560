/**
 * ViewRenderer: one view's tree as its client has it, and what must be sent so that it becomes another.
 *
 *   html`<p class=${a}>${b} ${html`<i>${c}</i>`}</p>`
 *
 *   kept        TemplateNode <p_>_ _</p>  cells [a, b, ─]           raw values, not HTML: an unchanged hole costs one ===
 *                                                      └▷ TemplateNode <i>_</i>  cells [c]
 *   full        {"0":"a","1":"b","2":{"0":"c","r":1,"s":["<i>","</i>"]},"s":["<p class=\"","\">"," ","</p>"]}
 *   diff        {"2":{"0":"d"}}
 *
 * Files: cells.ts compares and writes values, list-diff.ts, keyed-diff.ts and stream-diff.ts lists, computed.ts what comes
 * by functions, shared-statics.ts the statics; tracking.ts knows what must be computed.
 * Invariant: after a call that returned, the tree is what the client shows once it has merged the text. After one that
 * threw it is not: the view must join again (its process crashes).
 * Memory: per hole a cell of 8 bytes plus its value; templates are shared by all views. Rendered trees are not kept.
 * Source: the wire protocol, section 6.
 */
import { isPromise } from "../../kernel/is-promise.ts";
import type { ComponentTable } from "../component/component-table.ts";
import { drive } from "../component/cycle.ts";
import { requireOnePlace } from "../component/places.ts";
import type { NestedTable } from "../nested/nested-table.ts";
import { Rendered } from "../template/rendered.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";
import { patchTemplate, placeCells, TemplateNode } from "./cells.ts";
import { refreshCells } from "./computed.ts";
import { Pass } from "./pass.ts";
import { tellRender } from "./render-telemetry.ts";
import { StreamRefs } from "./stream-refs.ts";
import { TrackedRender } from "./tracked-render.ts";

export class ViewRenderer {
  #root: TemplateNode | null = null;
  readonly #streamRefs = new StreamRefs();
  #tracked = new TrackedRender();

  /**
   * The whole tree, for the reply to a join. Pending operations of the streams in it are consumed.
   *
   * @returns JSON text of an object
   * @throws {TemplateError} for a value that its hole cannot show
   * @throws {StreamError} for a stream shown twice
   */
  full(rendered: Rendered): string {
    const pass = new Pass(this.#streamRefs);
    return pass.finish(this.#place(pass, rendered));
  }

  /**
   * What changed since the last call: of `full`, or of this. Another template at the top sends the whole tree, with `s`.
   * Pending operations of the streams in it are consumed.
   *
   * @returns JSON text of an object, or "" when nothing changed
   * @throws as `full`
   */
  diff(rendered: Rendered): string {
    const pass = new Pass(this.#streamRefs);
    return pass.finish(this.#patch(pass, rendered));
  }

  /**
   * As `full`, of what a render function makes of assigns. Functions in holes get them, too, and what these and the render
   * function read of them is tracked.
   */
  fullOf(assigns: object, render: (assigns: object) => Rendered): string {
    this.#root = null;
    this.#tracked = new TrackedRender();
    return this.#messageAlone(assigns, render, true);
  }

  /**
   * As `diff`, of what a render function makes of assigns. It is not called when nothing that it read has changed, and of
   * the functions in holes only those are that read something which has.
   */
  diffOf(assigns: object, render: (assigns: object) => Rendered): string {
    return this.#messageAlone(assigns, render, this.#root === null);
  }

  /**
   * A message with the view's components: the whole of it, as for a join, or what has changed.
   *
   * @param whole all that is shown, in full
   * @param changed the view's own assigns may have changed
   * @param nested the views that are nested in it; null (default): it can show none
   * @returns JSON text of an object, or "" when nothing changed; a promise when a component waited for something
   * @throws what no boundary takes
   */
  messageOf(
    table: ComponentTable,
    assigns: object,
    render: (assigns: object) => Rendered,
    { whole, changed }: { readonly whole: boolean; readonly changed: boolean },
    nested: NestedTable | null = null,
  ): string | Promise<string> {
    if (whole) {
      this.#root = null;
      this.#tracked = new TrackedRender();
    }
    const pass = new Pass(this.#streamRefs, table, nested);
    const tree = whole || changed ? this.#tree(pass, assigns, render) : "";
    if (whole || changed) {
      table.node = this.#root;
      table.shown = null;
    }
    if (pass.hasComponents) return this.#withComponents(pass, tree, whole, whole || changed);
    pass.flush();
    return this.#tell(pass, tree, whole, whole || changed);
  }

  #messageAlone(assigns: object, render: (assigns: object) => Rendered, isForced: boolean): string {
    const pass = new Pass(this.#streamRefs);
    const tree = this.#tree(pass, assigns, render);
    pass.flush();
    return this.#tell(pass, tree, isForced, true);
  }

  /** The view's own tree, or what changed in it. */
  #tree(pass: Pass, assigns: object, render: (assigns: object) => Rendered): string {
    const tracked = this.#tracked;
    // Most views are plain: no function is made for them at each message.
    const tree = tracked.isPlain
      ? this.#patch(pass, tracked.plain(pass, assigns, render))
      : this.#trackedTree(pass, assigns, render);
    pass.tracked = null;
    tracked.keep(this.#root!.live);
    return pass.fill(tree);
  }

  #trackedTree(pass: Pass, assigns: object, render: (assigns: object) => Rendered): string {
    return this.#tracked.run(pass, assigns, render, (rendered) => this.#patch(pass, rendered));
  }

  #withComponents(pass: Pass, tree: string, forced: boolean, view: boolean): string | Promise<string> {
    const message = drive(this.#cycle(pass, tree));
    if (!isPromise(message)) return this.#tell(pass, message, forced, view);
    return message.then((text) => this.#tell(pass, text, forced, view));
  }

  *#cycle(pass: Pass, tree: string): Generator<Promise<unknown>, string> {
    const { cycle, writer } = pass.components();
    const namesOnly = pass.changes === 0;
    yield* cycle.run();
    if (cycle.arrivals.length > 0) requireOnePlace(cycle.arrivals, this.#root);
    pass.flush();
    return writer.finish(tree, namesOnly, cycle.namedInPlace);
  }

  /** The message is complete. @returns it */
  #tell(pass: Pass, message: string, forced: boolean, view: boolean): string {
    pass.nested?.settle(this.#root);
    tellRender(message, forced, view);
    return message;
  }

  /** @param rendered null: what the root template shows by itself is what it was */
  #patch(pass: Pass, rendered: Rendered | null): string {
    const root = this.#root;
    if (rendered === null) return refreshCells(pass, root!.template, root!.cells, 0);
    requireRendered(rendered);
    if (root === null || root.template !== rendered.template) return this.#place(pass, rendered);
    return patchTemplate(pass, root, rendered);
  }

  #place(pass: Pass, rendered: Rendered): string {
    requireRendered(rendered);
    pass.replaceAll();
    const node = new TemplateNode(rendered.template);
    const { functions } = pass;
    const cells = placeCells(pass, node.template, node.cells, 0, rendered.values);
    node.live = pass.functions !== functions;
    this.#root = node;
    return `{${cells}${cells === "" ? "" : ","}"s":${pass.statics(node.template)}}`;
  }
}

function requireRendered(value: unknown): void {
  if (value instanceof Rendered) return;
  throw new TemplateError(`Expected render to return html\`...\`, got ${kindOf(value)}.`);
}
