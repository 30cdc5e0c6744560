/**
 * Sampler: a process that looks at the machine and the runtime once a second, keeps the last minute, and tells everybody.
 *
 *   every second ─▷ read ─▷ sample ─┬─▷ broadcast on `Samples` ─▷ each open page, on whichever thread
 *                                   └─▷ history, at most 60 ◁─ call "history" ─ a page that mounts
 *
 * It is a child of the app (app.ts): when it ends, its supervisor starts another, whose history begins anew.
 */
import { CallError, genServer, type Kernel, noreply, type Process, reply, topic } from "lintel/kernel";
import { type Reading, readSystem } from "./reading.ts";
import { type Sample, sampleBetween } from "./sample.ts";

export const sampleEveryMs = 1000;
export const maxSamples = 60;

/** Every sample, as it is taken. */
export const Samples = topic<Sample>("samples");

interface State {
  readonly before: Reading;
  /** The oldest first. */
  readonly samples: readonly Sample[];
}

/** @param read what it looks at: the real thing, or a test's */
export function makeSampler(read: (kernel: Kernel) => Reading) {
  return genServer({
    name: "Sampler",
    init: (_: undefined, self): State => {
      self.sendInterval(sampleEveryMs, "sample");
      return { before: read(self.kernel), samples: [] };
    },
    calls: {
      history: (state: State) => reply(state.samples, state),
    },
    info: (state: State, message: unknown, { self }) => {
      if (message !== "sample") return noreply(state);
      const now = read(self.kernel);
      const sample = sampleBetween(state.before, now, self.pid.toString());
      self.broadcast(Samples, sample);
      return noreply({ before: now, samples: [...state.samples.slice(1 - maxSamples), sample] });
    },
  });
}

export const Sampler = makeSampler(readSystem);

/** The name that the app's sampler goes by. */
export const sampler = Sampler.named("sampler");

/** What the sampler has kept; nothing when it is not there just now. New samples come by the topic in any case. */
export async function recentSamples(self: Process): Promise<readonly Sample[]> {
  try {
    return await self.call(sampler, "history");
  } catch (error) {
    if (error instanceof CallError) return [];
    throw error;
  }
}
