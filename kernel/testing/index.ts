// A world that follows from a seed, for tests of what is built on processes.

export { SimulationError } from "./errors.ts";
export { Random } from "./random.ts";
export { seeds } from "./seeds.ts";
export { type SimBoundaryOptions, simBoundaryPair } from "./sim-boundary.ts";
export { SimThread } from "./sim-thread.ts";
export { SimThreads, type SimThreadsOptions } from "./sim-threads.ts";
export { type RunOptions, SimWorld, type SimWorldOptions } from "./sim-world.ts";
