/**
 * Reloads: loading the page again when nothing else helps, without ever turning into a loop or a stampede.
 *
 * Reloads in a row are counted per path in `localStorage["<path>-consecutive-reloads"]`; a view that joined resets the
 * count. From `maxReloads` on each waits for `failsafeJitter`.
 */
import { leaveCookie } from "./one-request-cookie.ts";

export interface ReloadOptions {
  /** Bounds of the wait before a reload; milliseconds. */
  reloadJitterMin: number;
  reloadJitterMax: number;
  /** Reloads in a row that are still tried at the usual pace. */
  maxReloads: number;
  /** Wait before each further one; milliseconds. */
  failsafeJitter: number;
}

export class Reloads {
  readonly #options: ReloadOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReloadOptions) {
    this.#options = options;
  }

  /** Goes to another page, or to this one from scratch. A flash travels in a cookie. */
  visit(to: string, flash?: string): void {
    if (flash) leaveCookie("__phoenix_flash__", flash);
    const here = window.location.href;
    window.location.assign(to);
    // To another fragment of the same address the browser would only scroll.
    const { href, hash } = new URL(to, here);
    if (hash !== "" && href.split("#", 1)[0] === here.split("#", 1)[0]) window.location.reload();
  }

  /** The server no longer accepts what this page was rendered with: loads it again, at once unless that keeps failing. */
  refresh(): void {
    const count = this.#count();
    if (count > this.#options.maxReloads)
      this.#after(
        this.#options.failsafeJitter,
        () => true,
        () => window.location.reload(),
      );
    else window.location.reload();
  }

  /**
   * Loads the page again after a random wait.
   *
   * @param stillNeeded asked when the time has come; false cancels the reload
   * @param to the page to load; default: this one
   */
  later(stillNeeded: () => boolean, to?: string): void {
    const { reloadJitterMin, reloadJitterMax, maxReloads, failsafeJitter } = this.#options;
    const jitter = reloadJitterMin + Math.random() * (reloadJitterMax - reloadJitterMin);
    this.#after(this.#consecutive() >= maxReloads ? failsafeJitter : jitter, stillNeeded, () => {
      this.#count();
      if (to === undefined) window.location.reload();
      else this.visit(to);
    });
  }

  /** A view joined: the page works. */
  succeeded(): void {
    clearTimeout(this.#timer);
    storage((local) => local.removeItem(this.#key()));
  }

  #after(waitMs: number, stillNeeded: () => boolean, load: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (stillNeeded()) load();
    }, waitMs);
  }

  #count(): number {
    const count = this.#consecutive() + 1;
    storage((local) => local.setItem(this.#key(), String(count)));
    return count;
  }

  #consecutive(): number {
    return Number(storage((local) => local.getItem(this.#key()))) || 0;
  }

  #key(): string {
    return `${window.location.pathname}-consecutive-reloads`;
  }
}

/** Browsers may forbid storage altogether; then nothing is counted. */
function storage<T>(use: (local: Storage) => T): T | null {
  try {
    return use(window.localStorage);
  } catch {
    return null;
  }
}
