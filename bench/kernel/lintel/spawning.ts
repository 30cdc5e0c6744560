/** What does it take to start a process, to keep it, and to learn of its end? Rivals: the BEAM, nact, xstate. */
import { type Behaviour, DownMessage, ExitMessage, type Process, stat } from "lintel/kernel";
import { bytesEach, expectEqual, type Measurement, nowNs, nsEach } from "../program.ts";
import { deferred, inProcess, newKernel } from "./support.ts";

/** Waits for messages, for ever. Its argument, if there is one, is called when it has started. */
const idle: Behaviour<(() => void) | undefined> = {
  label: "idle",
  init: (_self, started) => started?.(),
  handle: () => {},
};

/** Until the last one has started: the run queue is first in, first out, so all have. */
export const spawn: Measurement = async (size, repeats) => ({
  spawn: await nsEach(
    async (size) => {
      const kernel = newKernel();
      const started = deferred<number>();
      const begun = await inProcess(kernel, (self) => {
        const begun = nowNs();
        for (let i = 1; i < size; i++) self.spawn(idle);
        self.spawn(idle, () => started.resolve(nowNs()));
        return begun;
      });
      const ended = await started.promise;
      expectEqual("processes", kernel.processes().length, size);
      kernel.close();
      return ended - begun;
    },
    size,
    repeats,
  ),
});

export const memory: Measurement = (size) => {
  const kernel = newKernel();
  return bytesEach(size, async () => {
    const started = deferred<void>();
    for (let i = 1; i < size; i++) kernel.spawn(idle);
    kernel.spawn(idle, started.resolve);
    await started.promise;
    expectEqual("processes", kernel.stats[stat.processes], size);
  });
};

/** One after the other: each is spawned when the end of the one before it has been told. */
export const spawnExit: Measurement = async (size, repeats) => ({
  "spawn-exit-link": await nsEach((size) => chain(size, "link"), size, repeats),
  "spawn-exit-monitor": await nsEach((size) => chain(size, "monitor"), size, repeats),
});

async function chain(size: number, tie: "link" | "monitor"): Promise<number> {
  const kernel = newKernel();
  const done = deferred<number>();
  const Told = tie === "link" ? ExitMessage : DownMessage;
  let left = size;
  const child = (): void => {};
  const next = (self: Process): void => {
    if (tie === "link") self.spawnLink(child);
    else self.spawnMonitor(child);
  };
  const parent: Behaviour = {
    label: "parent",
    init: next,
    handle: (self, message) => {
      if (!(message instanceof Told) || message.reason !== "normal") throw new Error(`got ${message}`);
      left -= 1;
      if (left === 0) done.resolve(nowNs());
      else next(self);
    },
  };
  const begun = nowNs();
  kernel.spawn(parent, undefined, { trapExit: true });
  const ended = await done.promise;
  expectEqual("processes", kernel.processes().length, 1);
  kernel.close();
  return ended - begun;
}
