/** What keeps one process from taking a thread, or all threads, for itself: the options. docs/runaways.md explains them. */
import { totalmem } from "node:os";
import { OptionError, shown } from "../errors.ts";

export interface Safeguards {
  /**
   * Milliseconds that one handler may run before it returns or awaits; then its process is killed, alone (watchdog.ts).
   * Default 100. Infinity: never. What takes longer on purpose belongs into `Task.pool`.
   */
  readonly turnLimitMs?: number;
  /** Milliseconds for which a thread's event loop may stand still; then it is replaced. Default 500. Infinity: never. */
  readonly stuckMs?: number;
  /** When what was ended too often is refused. Default: 3 times within 60 s, for 60 s. */
  readonly quarantine?: QuarantineOptions;
  /** How much memory each thread may take. */
  readonly memory?: MemoryOptions;
}

export interface QuarantineOptions {
  /** How often the same event, or mount, of a view may be cut off or cost its thread; default 3. Infinity: never refused. */
  readonly strikes?: number;
  /** ... within so many milliseconds; default 60,000. */
  readonly withinMs?: number;
  /** For so many milliseconds it is refused then; default 60,000. */
  readonly forMs?: number;
}

export interface MemoryOptions {
  /**
   * Megabytes of a thread's heap; default: its share of half the machine's memory, from 128 to 4,096. V8 ends a thread at
   * twice of it, or, for some shapes of garbage, the program.
   */
  readonly heapMb?: number;
  /** Megabytes of buffers beside the heap; V8 itself sets no limit to them. Default: as `heapMb`. */
  readonly buffersMb?: number;
  /** Parts of either at which no more views are mounted, default 0.7; */
  readonly refuseAt?: number;
  /** at which the process that holds the most is killed, default 0.85; */
  readonly killAt?: number;
  /** and at which the thread is drained and replaced, default 0.95. */
  readonly recycleAt?: number;
}

/** What a thread is told of it; all of it filled in. */
export interface MemoryLimits {
  readonly heapMb: number;
  readonly buffersMb: number;
  readonly refuseAt: number;
  readonly killAt: number;
  readonly recycleAt: number;
}

/**
 * @param whose for the error's sentence
 * @throws {OptionError} naming the option
 */
export function checkSafeguards(
  whose: string,
  { turnLimitMs, stuckMs, quarantine = {}, memory = {} }: Safeguards,
): void {
  const above0 = { turnLimitMs, stuckMs, ...prefixed("quarantine", quarantine), ...prefixed("memory", memory) };
  for (const [name, value] of Object.entries(above0)) {
    if (value === undefined || (typeof value === "number" && value > 0)) continue;
    throw new OptionError(`${whose}: expected ${name} to be a number above 0, got ${shown(value)}.`);
  }
  const { refuseAt, killAt, recycleAt } = memoryLimits(memory, 1);
  if (refuseAt > killAt || killAt > recycleAt || recycleAt > 1) {
    throw new OptionError(
      `${whose}: expected memory.refuseAt <= killAt <= recycleAt <= 1, got ${refuseAt}, ${killAt}, ${recycleAt}.`,
    );
  }
}

/**
 * For processes that share the main thread, where nobody watches over them. `Infinity`, which turns one off, may stand.
 *
 * @throws {OptionError} naming the first that was asked for
 */
export function refuseSafeguards(whose: string, options: Safeguards): void {
  const name = safeguardNames.find((one) => options[one] !== undefined && options[one] !== Number.POSITIVE_INFINITY);
  if (name === undefined) return;
  throw new OptionError(
    `${whose}: expected no ${name} with schedulers: 0, got ${shown(options[name])}. On the main thread nothing can be cut off. Ask for at least one scheduler, or leave it out.`,
  );
}

/** The options' names. */
export const safeguardNames = ["turnLimitMs", "stuckMs", "quarantine", "memory"] as const;

/** Those that are given, of all options of something. */
export function pickSafeguards(options: Safeguards): Safeguards {
  return Object.fromEntries(
    safeguardNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

/** @param threads that share the machine */
export function memoryLimits(memory: MemoryOptions, threads: number): MemoryLimits {
  const shareMb = Math.floor(machineBytes() / 2 / threads / 2 ** 20);
  const heapMb = memory.heapMb ?? Math.min(4096, Math.max(128, shareMb));
  return {
    heapMb,
    buffersMb: memory.buffersMb ?? heapMb,
    refuseAt: memory.refuseAt ?? 0.7,
    killAt: memory.killAt ?? 0.85,
    recycleAt: memory.recycleAt ?? 0.95,
  };
}

/** What a container allows, where there is one. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

function prefixed(prefix: string, options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`${prefix}.${name}`, value]));
}
