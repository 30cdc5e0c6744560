/**
 * RateLimiter: `phx-debounce` and `phx-throttle`, per element and kind of event.
 *
 *   events            x x xx  x         x              │ blur
 *   debounce="300"    ─────────────300──▶ run          ▶ run what waits
 *   debounce="blur"                                    ▶ run
 *   throttle="300"    run ──300──▶  run ...              (another key passes at once)
 *
 * Cost: one timer per element and kind that is waiting.
 */
const DEFAULT_MS = 300;

interface Waiting {
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Null while a throttle only counts down. */
  run: (() => void) | null;
  key: string | undefined;
}

/** The two attributes, as they are on the element. */
export interface Rate {
  debounce: string | null;
  throttle: string | null;
}

export class RateLimiter {
  readonly #waiting = new WeakMap<object, Map<string, Waiting>>();

  /**
   * Runs the callback now, later, or not at all.
   *
   * @param el whom to count for
   * @param kind events of other kinds on the same element are counted apart
   * @param key of a keyboard event: a throttle lets a key pass that differs from the last one
   */
  limit(el: object, kind: string, { debounce, throttle }: Rate, run: () => void, key?: string): void {
    if (debounce !== null) this.#wait(el, kind, debounce === "blur" ? null : milliseconds(debounce), run);
    else if (throttle !== null) this.#throttle(el, kind, milliseconds(throttle), run, key);
    else run();
  }

  /** Runs what waits for this element, now; and forgets its throttles. For when it loses the focus. */
  flush(el: object): void {
    const waiting = [...(this.#waiting.get(el)?.values() ?? [])];
    this.cancel(el);
    for (const { run } of waiting) run?.();
  }

  /** Forgets what waits for this element. For when its form is submitted, with all it would have said. */
  cancel(el: object): void {
    for (const { timer } of this.#waiting.get(el)?.values() ?? []) clearTimeout(timer);
    this.#waiting.delete(el);
  }

  #wait(el: object, kind: string, ms: number | null, run: () => void): void {
    const kinds = this.#kinds(el);
    clearTimeout(kinds.get(kind)?.timer);
    const timer = ms === null ? undefined : setTimeout(() => this.#due(el, kind), ms);
    kinds.set(kind, { timer, run, key: undefined });
  }

  #throttle(el: object, kind: string, ms: number, run: () => void, key: string | undefined): void {
    const kinds = this.#kinds(el);
    const last = kinds.get(kind);
    if (last && last.key === key) return;
    clearTimeout(last?.timer);
    kinds.set(kind, { timer: setTimeout(() => this.#due(el, kind), ms), run: null, key });
    run();
  }

  #due(el: object, kind: string): void {
    const waiting = this.#waiting.get(el)?.get(kind);
    this.#waiting.get(el)?.delete(kind);
    waiting?.run?.();
  }

  #kinds(el: object): Map<string, Waiting> {
    let kinds = this.#waiting.get(el);
    if (!kinds) this.#waiting.set(el, (kinds = new Map()));
    return kinds;
  }
}

/** An empty or malformed value means the default. */
function milliseconds(value: string): number {
  const ms = Number.parseInt(value, 10);
  return Number.isFinite(ms) && ms >= 0 ? ms : DEFAULT_MS;
}
