/**
 * A page as HTTP sees it, with its components: mounted, updated and rendered as in a connected view, level by level, and
 * put into their places at the end. A crash inside a boundary shows its fallback.
 *
 *   view       <main>▯1▯</main>         ▯ a word that nobody can guess stands around the cid
 *   cid 1      <p>▯2▯</p>          ─▷   <main><p><b>…</b></p></main>
 *   cid 2      <b>…</b>
 */
import { crashReason } from "../../kernel/exit-reason.ts";
import type { Process } from "../../kernel/process.ts";
import { renderToString } from "../render-to-string.ts";
import type { Rendered } from "../rendered.ts";
import { Socket } from "../socket.ts";
import type { Template } from "../template.ts";
import { shownTwice } from "./component-cell.ts";
import { ComponentTable, type CrashListener } from "./component-table.ts";
import type { ComponentUse } from "./component-use.ts";
import { type ComponentOutput, Cycle, drive } from "./cycle.ts";
import type { Instance } from "./instance.ts";

/** The page that is being rendered; rendering waits for nothing, so there is one at the most. */
let active: DeadPage | null = null;

/**
 * @param self the page's process
 * @param id of the view's container
 */
export async function renderPage(
  self: Process,
  id: string,
  assigns: object,
  render: (assigns: object) => Rendered,
): Promise<string> {
  const page = new DeadPage(self, new Socket(id, self, false, assigns));
  return page.render(assigns, render);
}

/** What stands in a page for a component, until the page is complete. */
export function componentHtml(owner: Template, hole: number, use: ComponentUse): string {
  if (active === null) throw owner.errorAt(hole, `${use}: a live component can be shown by a live view only`);
  return active.show(owner, hole, use);
}

class DeadPage implements ComponentOutput {
  readonly #cycle: Cycle;
  readonly #html = new Map<string, string>();
  readonly #mark: string;

  constructor(self: Process, view: Socket) {
    this.#cycle = new Cycle(new ComponentTable(view, reporter(self)), this);
    this.#mark = Buffer.from(self.kernel.world.randomBytes(15)).toString("base64url");
  }

  async render(assigns: object, render: (assigns: object) => Rendered): Promise<string> {
    const html = this.#toHtml(assigns, render);
    await drive(this.#cycle.run());
    return this.#complete(html);
  }

  write(instance: Instance, assigns: object, render: (assigns: object) => Rendered): void {
    this.#html.set(String(instance.cid), this.#toHtml(assigns, render));
  }

  show(owner: Template, hole: number, use: ComponentUse): string {
    const instance = this.#cycle.show(use, undefined);
    if (instance === undefined) throw shownTwice(owner, hole, use);
    return this.#mark + instance.cid + this.#mark;
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

  #complete(html: string): string {
    const pieces = html.split(this.#mark);
    for (let i = 1; i < pieces.length; i += 2) pieces[i] = this.#complete(this.#html.get(pieces[i]!)!);
    return pieces.join("");
  }
}

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
