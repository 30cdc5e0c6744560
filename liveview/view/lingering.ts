/**
 * Lingering: views whose clients have gone, and that have not ended yet. One that is in a callback which never returns, such
 * as a request without a timeout, does not read that its client has gone.
 *
 *   add ─▷ ends: delete
 *      └─▷ after `maxLingerMs` still there: killed
 *
 * Cost: one alarm for all, while there are any.
 */
import type { Pid } from "../../kernel/pid.ts";
import type { Alarm, World } from "../../kernel/world.ts";

export class Lingering {
  readonly #world: World;
  readonly #maxLingerMs: number;
  readonly #kill: (pid: Pid) => void;
  /** When the client has gone, oldest first. */
  readonly #sinceMs = new Map<Pid, number>();
  #alarm: Alarm | undefined;

  /**
   * @param maxLingerMs what a callback may still be at with nobody there to see it; milliseconds
   * @param kill ends one that has had its time; `delete` follows
   */
  constructor(world: World, maxLingerMs: number, kill: (pid: Pid) => void) {
    this.#world = world;
    this.#maxLingerMs = maxLingerMs;
    this.#kill = kill;
  }

  add(pid: Pid): void {
    if (this.#sinceMs.has(pid)) return;
    this.#sinceMs.set(pid, this.#world.monotonicMs());
    this.#alarm ??= this.#world.alarm(this.#maxLingerMs, () => this.#sweep());
  }

  /** It has ended. */
  delete(pid: Pid): void {
    if (!this.#sinceMs.delete(pid) || this.#sinceMs.size > 0) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #sweep(): void {
    this.#alarm = undefined;
    const oldestMs = this.#world.monotonicMs() - this.#maxLingerMs;
    for (const [pid, sinceMs] of [...this.#sinceMs]) {
      if (sinceMs > oldestMs) {
        this.#alarm ??= this.#world.alarm(sinceMs - oldestMs, () => this.#sweep());
        return;
      }
      this.#sinceMs.delete(pid);
      this.#kill(pid);
    }
  }
}
