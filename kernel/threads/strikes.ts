/**
 * Strikes: counts, on the main thread, how often the same thing was cut off or cost its thread, and says when that was once
 * too often. What is counted is named by the app (a view's route and event), never by a visitor; at most 1,000 of them.
 */
import type { World } from "../world.ts";
import type { QuarantineOptions } from "./safeguards.ts";

export class Strikes {
  readonly #world: World;
  readonly #options: Required<QuarantineOptions>;
  readonly #strikesMs = new Map<string, number[]>();
  readonly #untilMs = new Map<string, number>();

  constructor(world: World, options: QuarantineOptions) {
    this.#world = world;
    this.#options = { strikes: 3, withinMs: 60_000, forMs: 60_000, ...options };
  }

  /** @returns milliseconds for which it is to be refused from now on; undefined: not yet, or already */
  record(what: string): number | undefined {
    const nowMs = this.#world.monotonicMs();
    const { strikes, withinMs, forMs } = this.#options;
    const recent = (this.#strikesMs.get(what) ?? []).filter((atMs) => atMs > nowMs - withinMs);
    recent.push(nowMs);
    this.#strikesMs.delete(what); // to the end: the oldest one is forgotten first
    if (recent.length < strikes) {
      this.#strikesMs.set(what, recent);
      if (this.#strikesMs.size > maxKept) this.#strikesMs.delete(this.#strikesMs.keys().next().value!);
      return undefined;
    }
    this.#untilMs.set(what, nowMs + forMs);
    if (this.#untilMs.size > maxKept) this.#untilMs.delete(this.#untilMs.keys().next().value!);
    return forMs;
  }

  /** What is refused now, and for how long still: for a thread that starts. */
  current(): [what: string, forMs: number][] {
    const nowMs = this.#world.monotonicMs();
    for (const [what, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(what);
    return [...this.#untilMs].map(([what, untilMs]) => [what, untilMs - nowMs]);
  }
}

const maxKept = 1000;
