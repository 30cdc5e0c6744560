/**
 * Screen: what a view shows: its tree, its container on the page, and what the user has done to that meanwhile.
 *
 *   diff ──▶ Tree ──▶ patches ──▶ Patcher ──▶ page
 *                                    │  └───▶ copies of elements that wait for an answer (Refs)
 *                                    └──────▶ outcome: components that have left, a form to be submitted
 *
 * Invariant: the tree describes what is on the page, or in the copies of locked elements beside it.
 */
import type { WireTree } from "../liveview/protocol.ts";
import { tellDeparted } from "./departed.ts";
import { focusNewWraps } from "./focus-wrap.ts";
import { Patcher, type PatchOutcome } from "./patch.ts";
import { Refs } from "./refs.ts";
import { type Patch, Tree } from "./tree.ts";

/** What a screen needs of the page around it. */
export interface ScreenPage {
  /** Moves the focus without that counting as the user's doing. */
  silently(move: () => void): void;
  /** Elements came or went: joins new views, destroys those whose container is gone. */
  sync(): void;
  /** Submits a form over HTTP: the page is about to go. */
  submit(form: HTMLFormElement): void;
}

/** A full tree that was not shown yet. */
export interface NewTree {
  readonly patch: Patch;
  /** Its HTML as elements, not on the page. */
  readonly html: Element;
}

export class Screen {
  readonly el: HTMLElement;
  readonly refs: Refs;
  readonly #page: ScreenPage;
  readonly #patcher: Patcher;
  readonly #tell: Parameters<typeof tellDeparted>[3];
  #tree: Tree | null = null;

  /** @param tell sends a message of the view to the server */
  constructor(el: HTMLElement, page: ScreenPage, tell: Parameters<typeof tellDeparted>[3]) {
    this.el = el;
    this.#page = page;
    this.#tell = tell;
    this.refs = new Refs(el);
    this.#patcher = new Patcher(el, this.refs);
  }

  /** There is a tree, shown or about to be. */
  get isLive(): boolean {
    return this.#tree !== null;
  }

  /**
   * After a join: another tree, and nothing that the user has done is awaited any more.
   *
   * @throws {Error} when it is not well-formed
   */
  begin(rendered: WireTree): NewTree {
    this.refs.releaseAll();
    this.#tree = new Tree(this.el.id, rendered);
    const patch = this.#tree.toHtml();
    return { patch, html: this.#patcher.parse(patch.html) };
  }

  show({ patch, html }: NewTree): void {
    this.#apply([patch], html);
  }

  /** @throws {Error} when the diff does not fit the tree; the view has to be joined anew then */
  update(diff: WireTree): void {
    if (!this.#tree || Object.keys(diff).length === 0) return;
    this.#apply(this.#tree.update(diff, (mark) => this.#patcher.find(mark) !== null));
  }

  /** The server has answered an event (see Refs). */
  release(ref: number): void {
    const outcomes: PatchOutcome[] = [];
    this.#page.silently(() => {
      this.refs.release(ref, (el, copy) => outcomes.push(this.#patcher.unlock(el, copy)));
    });
    if (outcomes.length > 0) this.#patched(outcomes);
  }

  /** The server knows nothing any more of what is shown here. */
  lost(): void {
    this.#tree = null;
  }

  /** The view leaves the page. What is in its container is left as it is. */
  destroy(): void {
    this.#tree = null;
    this.refs.releaseAll();
    this.#patcher.removeTeleported();
  }

  /** @param joined after a join: the patch's HTML */
  #apply(patches: Iterable<Patch>, joined?: Element): void {
    this.#page.silently(() => {
      const outcomes = Array.from(patches, (patch) => this.#patcher.apply(patch, joined));
      // The page had lost something that the tree took for shown. Shown in full, it is right again.
      if (outcomes.some(({ incomplete }) => incomplete)) outcomes.push(this.#patcher.apply(this.#tree!.toHtml()));
      this.#patched(outcomes);
    });
  }

  #patched(outcomes: readonly PatchOutcome[]): void {
    this.#patcher.settle();
    document.dispatchEvent(new Event("phx:update"));
    focusNewWraps();
    const tree = this.#tree;
    const removed = new Set(outcomes.flatMap(({ removedCids }) => [...removedCids]));
    if (tree) tellDeparted(removed, this.el.id, tree, this.#tell, () => tree === this.#tree);
    this.#page.sync();
    const form = outcomes.find(({ triggered }) => triggered)?.triggered;
    if (form) this.#page.submit(form);
  }
}
