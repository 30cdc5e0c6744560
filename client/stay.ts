/**
 * Stay: the browser was sent to another page, and this one is still there: what came was a download, or nothing at all, or
 * the user was asked and did not want to go. What had made room for the other page comes back then.
 *
 *   sent away ── 2 s ──▶ still there: back        pagehide meanwhile: gone for good
 *                5 s when a form was sent: who finds it live again too soon sends it twice
 *
 * Invariant: it comes back `maxReturns` times at most until the user does something, so that a view that sends its browser
 * away whenever it is joined does not go on and on.
 */

/** A page that takes longer to load than this finds its predecessor alive, which does no harm. */
const goneWithinMs = 2000;
/** Of the answer to a form; in milliseconds, too. */
export const submittedWithinMs = 5000;
const maxReturns = 3;

export class Stay {
  #returns = 0;
  #visit = 0;

  /** Starts listening, for the life of the page. */
  start(): void {
    window.addEventListener("pagehide", () => (this.#visit += 1));
    for (const input of ["pointerdown", "keydown"]) {
      window.addEventListener(input, () => (this.#returns = 0), { capture: true, passive: true });
    }
  }

  /** The browser has been sent away. @param back called when it has not gone within so many milliseconds */
  orBack(back: () => void, withinMs = goneWithinMs): void {
    const visit = this.#visit;
    setTimeout(() => {
      if (visit !== this.#visit || this.#returns >= maxReturns) return;
      this.#returns += 1;
      back();
    }, withinMs);
  }
}
