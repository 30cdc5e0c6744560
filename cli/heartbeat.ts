/**
 * Heartbeat: has a runtime process stood still for too long? Its main thread sends a beat four times in `hangMs`.
 *
 *   start ── ≤ startMs ──▷ beat ── ≤ hangMs ──▷ beat ── > hangMs ──▷ hung
 *
 * A check that comes late itself proves nothing: then we, or the whole machine, stood still, and all have a new chance.
 */
export class Heartbeat {
  readonly #hangMs: number;
  #lastCheckMs: number;
  readonly #lastMs = new Map<number, number>();
  readonly #hasBeaten = new Set<number>();

  /** @param hangMs 0: nobody ever hangs */
  constructor(hangMs: number, nowMs: number) {
    this.#hangMs = hangMs;
    this.#lastCheckMs = nowMs;
  }

  /** How often to check, and how often to beat; 0: never. */
  static everyMs(hangMs: number): number {
    return hangMs / 4;
  }

  started(slot: number, nowMs: number): void {
    this.#lastMs.set(slot, nowMs);
    this.#hasBeaten.delete(slot);
  }

  beat(slot: number, nowMs: number): void {
    if (!this.#lastMs.has(slot)) return; // it has ended meanwhile
    this.#lastMs.set(slot, nowMs);
    this.#hasBeaten.add(slot);
  }

  ended(slot: number): void {
    this.#lastMs.delete(slot);
  }

  /** @returns those that have stood still for too long, and for how many milliseconds; each is told of once */
  check(nowMs: number): ReadonlyMap<number, number> {
    const late = nowMs - this.#lastCheckMs > 2 * Heartbeat.everyMs(this.#hangMs);
    this.#lastCheckMs = nowMs;
    const hung = new Map<number, number>();
    if (this.#hangMs === 0) return hung;
    for (const [slot, lastMs] of this.#lastMs) {
      if (late) this.#lastMs.set(slot, nowMs);
      else if (nowMs - lastMs > (this.#hasBeaten.has(slot) ? this.#hangMs : Math.max(this.#hangMs, startMs))) {
        hung.set(slot, nowMs - lastMs);
        this.#lastMs.delete(slot);
      }
    }
    return hung;
  }
}

/** For Node to start, and to load the server, on a machine that is busy. */
const startMs = 30_000;
