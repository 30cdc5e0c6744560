/** TreeLaws: what must be true of every supervision tree, on whatever threads; and what keeps watch over it. */
import { isQuiet } from "../../../kernel/exit-reason.ts";
import { SimulationError, SimWorld } from "../../../kernel/testing/index.ts";
import type { ChildInfo } from "../../../supervisor/child.ts";
import type { Life, TreePlace, TreePost } from "./tree.ts";

export class TreeLaws {
  readonly #world: SimWorld;
  #broken: string | undefined;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  /** Noted, not thrown: most of it is found inside handlers. The next step throws it (`rethrow`). */
  must(holds: boolean, sentence: () => string): void {
    if (!holds) this.#broken ??= `at ${this.#world.nowMs} ms: ${sentence()}`;
  }

  /** @throws {SimulationError} with the law that was broken first */
  rethrow(): void {
    if (this.#broken !== undefined) throw new SimulationError(this.#broken, this.#world.seed);
  }

  /**
   * A supervisor starts a child.
   *
   * @param alone without its siblings, and not because the supervisor itself starts
   * @param asked a request about it is under way
   * @param counts a restart is one of those of which there may be so many
   */
  starts(
    post: TreePost,
    place: TreePlace,
    { alone, asked, counts }: { readonly alone: boolean; readonly asked: boolean; readonly counts: boolean },
  ): void {
    const life = post.lives.get(place)!;
    const { restartsMs } = life;
    this.must(
      place.restart !== "temporary" || restartsMs === undefined,
      () => `${place.id} is temporary, and starts again`,
    );
    this.must(!(life.byHand && alone && !asked), () => `${place.id} was stopped by hand, and starts again`);
    life.byHand = false;
    if (restartsMs === undefined) life.restartsMs = [];
    else if (counts) this.#restarts(post, restartsMs, place.id);
  }

  /** A restart more than `maxRestarts` is allowed to begin before the window does: its start may have taken a while. */
  #restarts({ team, process }: TreePost, startsMs: number[], id: string): void {
    const { nowMs } = this.#world;
    startsMs.push(nowMs);
    while (startsMs[0]! < nowMs - team.maxSeconds * 1000) startsMs.shift();
    this.must(
      startsMs.length <= team.maxRestarts + 1,
      () => `${process.pid} restarts ${id} too often: at ${startsMs.join()}`,
    );
  }

  /** A supervisor lists its children in the order of its spec. */
  order({ team, process }: TreePost, children: readonly ChildInfo[]): void {
    let at = -1;
    for (const { id } of children) {
      const place = team.places.findIndex((candidate) => candidate.id === id);
      this.must(place > at, () => `${process.pid} lists ${id} out of order`);
      at = place;
    }
  }

  /** The supervisor rests: is this child as its spec says? @param isAsked a request may be the reason that it is down */
  child(
    { process, team }: TreePost,
    place: TreePlace,
    life: Life,
    children: readonly ChildInfo[],
    isAsked: boolean,
  ): void {
    const info = children.find(({ id }) => id === place.id);
    if (info === undefined) {
      this.must(place.restart === "temporary", () => `${process.pid} has lost ${place.id}`);
      return;
    }
    if (info.pid !== undefined) return; // up, or restarting
    const at = team.places.indexOf(place);
    const waits = children.some(({ id, pid }) => {
      if (pid !== "restarting" || team.strategy === "oneForOne") return false;
      return team.strategy === "oneForAll" || team.places.findIndex((other) => other.id === id) < at;
    });
    const done = place.restart === "transient" && isQuiet(life.lastReason);
    this.must(waits || done || life.byHand || isAsked, () => `${process.pid} has left ${place.id} down`);
  }
}

/** Calls back before every step: after every step but the last. */
export class WatchedWorld extends SimWorld {
  readonly #watch: () => void;

  constructor(seed: number, watch: () => void) {
    super(seed);
    this.#watch = watch;
  }

  override countStep(): void {
    super.countStep();
    this.#watch();
  }
}

/** Plays without stacks: children fail to start by the thousand, and nobody reads them. */
export async function withoutStacks(play: () => Promise<void>): Promise<void> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await play();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
