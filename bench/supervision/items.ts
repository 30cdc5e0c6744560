/**
 * What is measured, and what we want of it: issue 4's figures. 100 supervisors of 1,000 children each; sizes are those of all
 * children, of which a tenth crashes.
 */
import type { Item } from "../kernel/figure.ts";

export const items: readonly Item[] = [
  {
    name: "restart",
    size: 100_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam"],
    figures: [
      { id: "restart-p50", title: "100 k alive: throw to child up, p50", unit: "µs" },
      { id: "restart-p99", title: "... p99", unit: "ms", gate: 5, overBeam: 1 },
      { id: "restart-max", title: "... max", unit: "ms", note: "of 10,000 restarts, one after the other" },
    ],
  },
  {
    name: "storm",
    size: 100_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam"],
    figures: [
      {
        id: "storm",
        title: "10 k of 100 k crash at once, all back",
        unit: "ms",
        gate: 200,
        overBeam: 1,
        note: "each throws in its handler; with a report that nobody prints",
      },
    ],
  },
  {
    name: "storm-killed",
    size: 100_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam"],
    figures: [
      {
        id: "storm-killed",
        title: "10 k of 100 k are killed at once, all back",
        unit: "ms",
        gate: 200,
        overBeam: 1,
        note: "by exit signals: no error, no stack",
      },
    ],
  },
  {
    name: "start",
    size: 100_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam"],
    figures: [
      { id: "start", title: "a tree of 100 k starts", unit: "ms" },
      { id: "stop", title: "... and stops, in order", unit: "ms", note: "children that do not trap exits" },
    ],
  },
];
