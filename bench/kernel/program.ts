/**
 * One rival's program: `main.js <item> <size> <repeats>` measures the item and prints a figure in each line, `id value`,
 * then the CPU seconds it took. Operations a second, nanoseconds or bytes; see items.ts.
 *
 * An item's run gives back what one timed run took, after it has made sure that the work was done right: a wrong answer
 * throws, and the program fails. The first runs are for that and for the compiler; then `repeats` are timed, and the median
 * counts. No garbage collection is forced in between: at a moment when nothing is under way, V8 would throw away the
 * hidden classes of all that is short-lived, and with them the compiled code.
 */
import { median } from "../support/statistics.ts";

/** Figures by id. */
export type Figures = Readonly<Record<string, number>>;
export type Measurement = (size: number, repeats: number) => Promise<Figures>;

/** Nanoseconds that `size` operations took. */
export type Timed = (size: number) => Promise<number>;

export async function program(measurements: Readonly<Record<string, Measurement>>): Promise<void> {
  const [name = "", size, repeats] = process.argv.slice(2);
  const measure = measurements[name];
  if (measure === undefined) throw new Error(`Expected one of ${Object.keys(measurements).join(", ")}, got "${name}".`);
  const figures = await measure(Number(size), Number(repeats));
  for (const [id, value] of Object.entries(figures)) console.log(`${id} ${value}`);
  const { user, system } = process.cpuUsage();
  console.log(`cpu-seconds ${(user + system) / 1e6}`);
  process.exit(0); // some libraries leave timers behind
}

/** Nanoseconds per operation. */
export async function nsEach(run: Timed, size: number, repeats: number): Promise<number> {
  const warmUp = Math.max(1, Math.ceil(size / 5));
  for (let i = 0; i < 2; i++) await run(warmUp);
  const samples: number[] = [];
  for (let i = 0; i < repeats; i++) {
    samples.push((await run(size)) / size);
  }
  return median(samples);
}

/** Operations a second. */
export async function perSecond(run: Timed, size: number, repeats: number): Promise<number> {
  return 1e9 / (await nsEach(run, size, repeats));
}

/**
 * Bytes that each of `size` things takes which `make` makes and keeps: of the process's memory, and of V8's heap. Needs
 * `--expose-gc`, and a program that has not done anything else before.
 */
export async function bytesEach(size: number, make: () => void | Promise<void>): Promise<Figures> {
  growYoungGeneration();
  const before = settledMemory();
  await make();
  const after = settledMemory();
  return { "memory-rss": (after.rss - before.rss) / size, "memory-heap": (after.heapUsed - before.heapUsed) / size };
}

/** To its full size, so that its growth while things are made is not taken for theirs. */
function growYoungGeneration(): void {
  let kept: object[] = [];
  for (let i = 0; i < 3_000_000; i++) {
    kept.push({ i, next: undefined });
    if (kept.length === 400_000) kept = [];
  }
}

function settledMemory(): NodeJS.MemoryUsage {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  return process.memoryUsage();
}

/** Nanoseconds since some moment. */
export function nowNs(): number {
  return performance.now() * 1e6;
}

/** @throws {Error} when a benchmark did something else than what it is supposed to measure */
export function expectEqual(what: string, got: unknown, expected: unknown): void {
  if (got !== expected) throw new Error(`${what}: expected ${expected}, got ${got}`);
}
