/**
 * sleep: a handler waits, its process takes no message meanwhile, and all others run. A sleeper can be killed at any
 * moment: then its timer is cancelled, and the code behind the `await` never runs.
 * Source: Elixir, Process.sleep; K40 of the feature map.
 */
import { OptionError, shown } from "./errors.ts";
import { setOwned } from "./message-timers.ts";
import type { Process } from "./process.ts";
import type { Timer } from "./timer-wheel.ts";

/**
 * Waits. To hear of something that may happen later use `self.sendAfter`, which does not stop the process.
 *
 * @param durationMs milliseconds, or Infinity: until it is killed
 * @throws {OptionError} when it is no such number
 * @example
 * const kernel = new Kernel();
 * kernel.spawn(async (self) => {
 *   await sleep(self, 10);
 *   console.log("awake");
 * });
 */
export function sleep(self: Process, durationMs: number): Promise<void> {
  self.assertAlive();
  checkTimeout(`sleep of ${self.pid}`, "duration", durationMs);
  return new Promise((resolve) => ownedTimer(self, durationMs, () => self.kernel.turns.wake(self, resolve)));
}

/** @internal A timer that ends with its process; for Infinity there is none. Cancel it by `self.cancelTimer`. */
export function ownedTimer(self: Process, ms: number, run: () => void): Timer | undefined {
  if (ms === Number.POSITIVE_INFINITY) return undefined;
  return setOwned(self, ms, run);
}

/** @internal @throws {OptionError} naming whose it is */
export function checkTimeout(whose: string, option: string, value: unknown): void {
  if (typeof value === "number" && value >= 0) return;
  throw new OptionError(
    `${whose}: expected ${option} to be milliseconds of at least 0, or Infinity, got ${shown(value)}.`,
  );
}
