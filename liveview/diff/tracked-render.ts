/**
 * TrackedRender: a render function over assigns that change, called only when something that it read itself has changed.
 *
 *   first time            run, and tracked
 *   no function in a hole from then on run with the plain assigns each time: nothing is tracked, nothing costs
 *   some                  run anew when it is stale; else only the functions in its holes are looked at
 */

import type { Rendered } from "../template/rendered.ts";
import type { Pass } from "./pass.ts";
import { Scope, Tracker } from "./tracking.ts";

/** Of one that has not run yet. */
const noAssigns: object = Object.freeze({});

export class TrackedRender {
  #assigns = noAssigns;
  #isFirst: boolean;
  /** Null: nothing is tracked. */
  #tracker: Tracker | null = null;
  /** What render itself has read; null: not known, for it was not tracked when it ran. */
  #scope: Scope | null = null;

  /**
   * @param hasFunctions false when there will hardly be functions in holes: then the first run is not tracked either. Should
   *   there be some, the next one is
   */
  constructor(hasFunctions = true) {
    this.#isFirst = hasFunctions;
  }

  /** Is it to be run each time, and nothing tracked? Then `plain` will do, in place of `run`. */
  get isPlain(): boolean {
    return !this.#isFirst && this.#tracker === null;
  }

  /** What `render` makes of the assigns. Functions that come up in it get them from this pass. */
  plain(pass: Pass, assigns: object, render: (assigns: object) => Rendered): Rendered {
    pass.tracked = this;
    this.#assigns = assigns;
    return render(assigns);
  }

  /** The assigns as functions in holes get them. */
  get view(): object {
    this.#tracker ??= new Tracker(this.#assigns);
    return this.#tracker.view;
  }

  /**
   * Shows what `render` makes of the assigns. `keep` must be called afterwards.
   *
   * @param show compares and writes a template; null: the one that is shown is still right, only functions in it may be
   *   stale
   * @returns what `show` returned
   */
  run(
    pass: Pass,
    assigns: object,
    render: (assigns: object) => Rendered,
    show: (rendered: Rendered | null) => string,
  ): string {
    const outer = pass.tracked;
    pass.tracked = this;
    this.#assigns = assigns;
    if (this.#tracker !== null) this.#tracker.current = assigns as Tracker["current"];
    const wire = this.#run(render, show);
    pass.tracked = outer;
    return wire;
  }

  /** @param live are there functions in what is shown now? If not, nothing needs to be tracked any more. */
  keep(live: boolean): void {
    this.#isFirst = false;
    if (live || this.#tracker === null) return;
    this.#tracker = null;
    this.#scope = null;
  }

  #run(render: (assigns: object) => Rendered, show: (rendered: Rendered | null) => string): string {
    if (this.isPlain) return show(render(this.#assigns));
    if (this.#scope !== null && !this.#scope.isStale()) return this.#scope.inside(() => show(null));
    this.#tracker ??= new Tracker(this.#assigns);
    this.#scope ??= new Scope();
    const { assigns } = this.#tracker;
    return this.#scope.run(() => show(render(assigns)));
  }
}
