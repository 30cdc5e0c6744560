/**
 * A page as HTTP sees it, with its components: mounted, updated and rendered as in a connected view, level by level, and
 * put into their places at the end. A crash inside a boundary shows its fallback. Then the views that are nested in it,
 * all at once, each a page of its own; one that fails fails the whole.
 *
 *   view       <main>▯1▯</main>         ▯ a word that nobody can guess stands around the cid
 *   cid 1      <p>▯2▯</p>          ─▷   <main><p><b>…</b></p></main>
 *   cid 2      <b>…</b>
 */
import { crashReason } from "../../kernel/exit-reason.ts";
import type { Process } from "../../kernel/process.ts";
import { NestedViewError } from "../nested/errors.ts";
import { withoutParent } from "../nested/nested-cell.ts";
import { maxNested, shownTwice as nestedTwice, tooMany } from "../nested/nested-table.ts";
import type { NestedUse } from "../nested/nested-use.ts";
import { renderToString } from "../template/render-to-string.ts";
import type { Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import { noFlash } from "../view/flash.ts";
import { mountView } from "../view/mounting.ts";
import type { Socket } from "../view/socket.ts";
import { shownTwice } from "./component-cell.ts";
import { ComponentTable, type CrashListener } from "./component-table.ts";
import type { ComponentUse } from "./component-use.ts";
import { type ComponentOutput, Cycle, drive } from "./cycle.ts";
import type { Instance } from "./instance.ts";

/** What the views of one page, nested in each other, have in common. */
export interface NestedPage {
  readonly signStatic: (id: string) => string;
  /** Of the containers so far. */
  readonly ids: Set<string>;
  /** How many views are around this one. */
  readonly depth: number;
}

/** Views around a view: one that shows itself comes to an end. */
const maxDepth = 16;

/** The page that is being rendered; rendering waits for nothing, so there is one at the most. */
let active: DeadPage | null = null;

/**
 * @param view mounted
 * @param nested null (default): it can show no nested views
 */
export async function renderPage(
  view: Socket,
  render: (assigns: object) => Rendered,
  nested: NestedPage | null = null,
): Promise<string> {
  return new DeadPage(view, nested).render(view.assigns, render);
}

/** What stands in a page for a component, until the page is complete. */
export function componentHtml(owner: Template, hole: number, use: ComponentUse): string {
  if (active === null) throw owner.errorAt(hole, `${use}: a live component can be shown by a live view only`);
  return active.show(owner, hole, use);
}

/** The same for a nested view. */
export function nestedHtml(owner: Template, hole: number, use: NestedUse): string {
  const mark = active?.nest(use);
  if (mark === undefined) throw withoutParent(owner, hole, use);
  return mark;
}

/** A part of a page; marked: in which marks may stand for components and nested views. */
interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

class DeadPage implements ComponentOutput {
  readonly #self: Process;
  readonly #id: string;
  readonly #nested: NestedPage | null;
  /** Nested views in the order in which they were come across, those among them that turned out not to be shown. */
  readonly #uses: NestedUse[] = [];
  readonly #cycle: Cycle;
  readonly #html = new Map<string, string>();
  readonly #mark: string;

  constructor(view: Socket, nested: NestedPage | null) {
    const { self } = view;
    this.#self = self;
    this.#id = view.id;
    this.#nested = nested;
    this.#cycle = new Cycle(new ComponentTable(view, reporter(self)), this);
    this.#mark = Buffer.from(self.kernel.world.randomBytes(15)).toString("base64url");
  }

  async render(assigns: object, render: (assigns: object) => Rendered): Promise<string> {
    const html = this.#toHtml(assigns, render);
    await drive(this.#cycle.run());
    const complete = this.#complete(html);
    return this.#uses.length === 0 ? complete : this.#withNested(complete);
  }

  write(instance: Instance, assigns: object, render: (assigns: object) => Rendered): void {
    this.#html.set(String(instance.cid), this.#toHtml(assigns, render));
  }

  show(owner: Template, hole: number, use: ComponentUse): string {
    const instance = this.#cycle.show(use, undefined);
    if (instance === undefined) throw shownTwice(owner, hole, use);
    return this.#mark + instance.cid + this.#mark;
  }

  /** @returns what stands for it; undefined: nothing can be nested here */
  nest(use: NestedUse): string | undefined {
    if (this.#nested === null) return undefined;
    this.#uses.push(use);
    return `${this.#mark}${nestedMark}${this.#uses.length - 1}${this.#mark}`;
  }

  #toHtml(assigns: object, render: (assigns: object) => Rendered): string {
    const outer = active;
    active = this;
    try {
      return renderToString(render(assigns), assigns);
    } finally {
      active = outer;
    }
  }

  /** Piece by piece, the next one last: text that were put together at each level would be copied at each, too. */
  #complete(html: string): string {
    let page = "";
    const left: Piece[] = [{ text: html, isMarked: true }];
    for (let piece = left.pop(); piece !== undefined; piece = left.pop()) {
      if (!piece.isMarked) {
        page += piece.text;
        continue;
      }
      const texts = piece.text.split(this.#mark);
      for (let i = texts.length - 1; i >= 0; i--) {
        const text = texts[i]!;
        if (i % 2 === 0) left.push({ text, isMarked: false });
        else if (text.startsWith(nestedMark)) left.push({ text: this.#mark + text + this.#mark, isMarked: false });
        else left.push({ text: this.#html.get(text)!, isMarked: true });
      }
    }
    return page;
  }

  async #withNested(html: string): Promise<string> {
    const pieces = await Promise.all(
      html
        .split(this.#mark)
        .map((piece, i) => (i % 2 === 0 ? piece : this.#child(this.#uses[Number(piece.slice(1))]!))),
    );
    return pieces.join("");
  }

  async #child(use: NestedUse): Promise<string> {
    const { signStatic, ids, depth } = this.#nested!;
    if (ids.has(use.id)) throw nestedTwice(use);
    ids.add(use.id);
    if (ids.size > maxNested) throw tooMany(use);
    if (depth >= maxDepth) {
      throw new NestedViewError(
        `liveRender ${use}: expected at most ${maxDepth} views around it. Does it show itself?`,
      );
    }
    const { socket } = await mountView({
      view: use.view,
      id: use.id,
      self: this.#self,
      connected: false,
      session: JSON.parse(use.session) as Record<string, unknown>,
      connectParams: undefined,
      url: null,
      flash: noFlash,
    });
    const inner = await renderPage(socket, use.view.show, {
      signStatic,
      ids,
      depth: depth + 1,
    });
    return use.html(this.#id, { session: "", static: signStatic(use.id) }, inner);
  }
}

/** Before the number of a nested view; components have their cid. */
const nestedMark = "n";

/** In a page nothing is restarted: the browser joins, and all is mounted anew. */
function reporter(self: Process): CrashListener {
  const report = (guardian: Instance, crashed: Instance, error: unknown): void =>
    self.kernel.report({
      kind: "supervisor",
      supervisor: `boundary of ${guardian} in a page, ${self.pid}`,
      event: "startError",
      child: String(crashed),
      reason: crashReason(error),
    });
  return { caught: report, gaveUp: report };
}
