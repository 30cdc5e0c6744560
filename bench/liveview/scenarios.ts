/** The loads that make up the benchmark, at full size and small enough for CI. */
import type { LoadConfig } from "./load/load.ts";

/** A load without what is known only when the server runs. */
export type Scenario = DistributiveOmit<LoadConfig, "host" | "port" | "serverPid">;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const held = { connections: 1_000, warmupMs: 4_000, durationMs: 6_000 };
const closed = { mode: "closed", outstanding: 64, ...held } as const;
const open = { mode: "open", ...held, warmupMs: 2_000, durationMs: 10_000 } as const;
const mount = { mode: "mount", connections: 32, warmupMs: 4_000, durationMs: 8_000 } as const;

/** The same loads as the baseline's, so that each has its figure to stand beside. */
export const scenarios = {
  "counter-closed": { ...closed, page: "counter inc" },
  "dashboard-tick-closed": { ...closed, page: "dashboard tick" },
  "dashboard-one-closed": { ...closed, page: "dashboard one" },
  "dashboard-shuffle-closed": { ...closed, page: "dashboard shuffle" },
  "form-closed": { ...closed, page: "form validate" },
  "stream-closed": { ...closed, page: "stream add" },
  "counter-open": { ...open, page: "counter inc", rate: 5_000 },
  "dashboard-open": { ...open, page: "dashboard tick", rate: 2_000 },
  "counter-mount": { ...mount, page: "counter inc" },
  "dashboard-mount": { ...mount, page: "dashboard tick" },
  "room-fanout": { ...open, mode: "fanout", page: "room say", rate: 10 },
  "room-fanout-closed": { ...held, mode: "fanout", page: "room say", warmupMs: 2_000, durationMs: 8_000 },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

/** A scenario that takes 3 s and a tenth of the connections: it shows that all works, not how fast it is. */
export function quick(scenario: Scenario): Scenario {
  const short = { warmupMs: 1_000, durationMs: 2_000 };
  switch (scenario.mode) {
    case "open":
      return { ...scenario, ...short, connections: 100, rate: scenario.rate / 5 };
    case "closed":
      return { ...scenario, ...short, connections: 100, outstanding: 16 };
    case "mount":
      return { ...scenario, ...short, connections: 8 };
    case "fanout":
      return { ...scenario, ...short, connections: 100 };
  }
}
