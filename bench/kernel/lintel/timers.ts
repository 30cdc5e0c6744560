/** What does a timer cost that is set, and one that is cancelled at once, as that of every call? Rival: the BEAM. */
import type { Process, Timer } from "lintel/kernel";
import { expectEqual, type Measurement, nowNs, nsEach, type Timed } from "../program.ts";
import { inProcess, newKernel } from "./support.ts";

export const timers: Measurement = async (size, repeats) => ({
  "timer-set": await nsEach(
    timed((self, size) => {
      for (let i = 0; i < size; i++) self.sendAfter(delayMs(i), "due");
      expectEqual("timers", self.kernel.timers.size, size + 1);
    }),
    size,
    repeats,
  ),
  "timer-cancel": await nsEach(
    timed((self, size) => {
      for (let i = 0; i < size; i++) cancelled(self.cancelTimer(self.sendAfter(delayMs(i), "due")));
      expectEqual("timers", self.kernel.timers.size, 1);
    }),
    size,
    repeats,
  ),
  "wheel-set": await nsEach(
    timed(({ kernel }, size) => {
      for (let i = 0; i < size; i++) kernel.timers.set(delayMs(i), nothing);
      expectEqual("timers", kernel.timers.size, size + 1);
    }),
    size,
    repeats,
  ),
  "wheel-cancel": await nsEach(
    timed(({ kernel }, size) => {
      for (let i = 0; i < size; i++) cancelled(kernel.timers.cancel(kernel.timers.set(delayMs(i), nothing)));
      expectEqual("timers", kernel.timers.size, 1);
    }),
    size,
    repeats,
  ),
});

/** One timer is set already: an alarm that is armed and disarmed for a single one would be another benchmark. */
function timed(run: (self: Process, size: number) => void): Timed {
  return async (size) => {
    const kernel = newKernel();
    let other: Timer | undefined;
    const took = await inProcess(kernel, (self) => {
      other = kernel.timers.set(3_600_000, nothing);
      const begun = nowNs();
      run(self, size);
      return nowNs() - begun;
    });
    kernel.timers.cancel(other!);
    kernel.close();
    return took;
  };
}

const nothing = (): void => {};

/** Spread over the minute that comes after the next. */
function delayMs(i: number): number {
  return 60_000 + (i % 60_000);
}

function cancelled(leftMs: number | false): void {
  if (leftMs === false) throw new Error("A timer of a minute has fired.");
}
