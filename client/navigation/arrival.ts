/**
 * Arrival: a main view on its way in, while the one before it is still on the page.
 *
 *   page        old container ─────────────────────────────────▶ replaced by the new one, and filled
 *   main view     join ──▶ reply, with a child in it              ▲ show   ▲ show
 *   child                    join ──────────────▶ reply ──────────┴────────┘
 *
 * Nothing of it is shown before all are ready: the main view, the children in its reply, and theirs. One that crashes
 * meanwhile is awaited again; one that has given up is not.
 */

/** How a view comes onto the page. */
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
  readonly entry: Entry;
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
  constructor(entry: Entry, replace: () => void, done: () => void) {
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

  /** It was destroyed. */
  gone(participant: Participant): void {
    this.#ready.delete(participant);
    this.#awaited.delete(participant);
    this.#showAll();
  }

  /** Another navigation takes its place: nothing of it will be shown. */
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
