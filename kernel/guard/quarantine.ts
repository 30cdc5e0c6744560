/** Quarantine: what this thread refuses to run for a while, because it took threads for itself too often. */
import { LintelError } from "../errors.ts";
import type { World } from "../world.ts";

/** What was asked for is refused for now: it was cut off, or cost its thread, too often. */
export class QuarantineError extends LintelError {
  override readonly name = "QuarantineError";
  readonly code = "ERR_QUARANTINE";
}

export class Quarantine {
  readonly #world: World;
  readonly #untilMs = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  add(what: string, forMs: number): void {
    this.#untilMs.set(what, this.#world.monotonicMs() + forMs);
    if (this.#untilMs.size > maxKept) this.#untilMs.delete(this.#untilMs.keys().next().value!);
  }

  /** @throws {QuarantineError} when it is refused. Cost: nothing while nothing is */
  check(label: string, activity: string): void {
    if (this.#untilMs.size > 0 && this.has(label, activity)) {
      throw new QuarantineError(
        `${label}, ${activity}, is refused for now: it took its thread for itself too often. See the reports of kind "runaway".`,
      );
    }
  }

  has(label: string, activity: string): boolean {
    const what = quarantineKey(label, activity);
    const untilMs = this.#untilMs.get(what);
    if (untilMs === undefined) return false;
    if (this.#world.monotonicMs() < untilMs) return true;
    this.#untilMs.delete(what);
    return false;
  }
}

export function quarantineKey(label: string, activity: string): string {
  return `${label}, ${activity}`;
}

const maxKept = 1000;
