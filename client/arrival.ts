/**
 * Arrival: a view without a parent on its way in, while the page shows what came before it: the HTML that the page was
 * loaded with, or on live navigation the view that is left.
 *
 *   page        what came before ──────────────────────────────▶ brought up to date, or replaced by the new container
 *   view          join ──▶ reply, with a child in it              ▲ show   ▲ show
 *   child                    join ──────────────▶ reply ──────────┴────────┘
 *
 * Nothing of it is shown before all are ready: the view, the children in its reply, and theirs. One that crashes meanwhile
 * is awaited again; one that has given up is not.
 * Source: wire protocol, 5.7.
 */

/** How live navigation brings a view onto the page. */
export interface Entry {
  /** Absolute address. */
  readonly to: string;
  /** Address of the page that it was asked for on. */
  readonly referer: string;
  /** Token for the join. */
  readonly flash: string | undefined;
  /** The container on the page. */
  readonly outgoing: HTMLElement;
}

export class Arrival<Participant> {
  /** Null: the view came with its page. */
  readonly entry: Entry | null;
  readonly #replace: () => void;
  readonly #done: () => void;
  readonly #awaited = new Set<Participant>();
  /** What shows those that are ready; parents come before their children. */
  readonly #ready = new Map<Participant, () => void>();
  #isOver = false;

  /**
   * @param replace called once all are ready: puts the new container into the page
   * @param done called once all are shown
   */
  constructor(entry: Entry | null = null, replace = () => {}, done = () => {}) {
    this.entry = entry;
    this.#replace = replace;
    this.#done = done;
  }

  /** It has begun to join, or has to do so again. */
  await(participant: Participant): void {
    this.#ready.delete(participant);
    this.#awaited.add(participant);
  }

  /** It was joined, and all that its reply needs is awaited by now. */
  ready(participant: Participant, show: () => void): void {
    this.#awaited.delete(participant);
    this.#ready.set(participant, show);
    this.#showAll();
  }

  /** It was destroyed, or has ended. */
  gone(participant: Participant): void {
    this.#ready.delete(participant);
    this.#awaited.delete(participant);
    this.#showAll();
  }

  /** The view is destroyed, or another navigation takes its place: nothing of it will be shown. */
  cancel(): void {
    this.#isOver = true;
  }

  #showAll(): void {
    if (this.#isOver || this.#awaited.size > 0 || this.#ready.size === 0) return;
    this.#isOver = true;
    this.#replace();
    for (const show of this.#ready.values()) show();
    this.#done();
  }
}
