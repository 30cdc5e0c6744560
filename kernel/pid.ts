/**
 * Pid: the address of a process. A value: send it in a message, to another thread too, compare it with `===`, use it as
 * a Map key. It stays valid for ever: what is sent to a process that has ended is dropped in silence.
 *
 *   thread   incarnation of the scheduler thread that hosts it; never used again, also when a thread is replaced
 *   serial   number of the process on that thread; never used again. Who starts a process on another thread gives it its
 *            pid, so that it can be used at once: such serials say for which thread (see `originOf`)
 *
 * On each thread there is one object for one process (kernel/crossing/peers.ts sees to it), which is what makes `===` right;
 * it also holds the way to the process, so that a local send needs no look-up.
 * The type parameter is the protocol that the process speaks (protocol.ts); it exists for the compiler alone.
 */
import { OptionError, shown } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import type { Via } from "./names/via.ts";
import type { Process } from "./process.ts";

declare const protocolOf: unique symbol;

/** @internal The process itself, when it lives on this thread. */
export let processOf: (pid: Pid) => Process | undefined;
/** @internal The kernel that this pid object belongs to. */
export let kernelOf: (pid: Pid) => Kernel;
/** @internal Ties a pid to the process that has just been made for it. */
export let attach: (pid: Pid, process: Process) => void;
/** @internal Cuts the way to a process that has ended. */
export let detach: (pid: Pid) => void;

export class Pid<Protocol = unknown> {
  /** Never there at run time. */
  declare readonly [protocolOf]: Protocol;
  readonly thread: number;
  readonly serial: number;
  readonly #kernel: Kernel;
  #process: Process | undefined;

  /** @internal Processes are made by `spawn`. */
  constructor(kernel: Kernel, thread: number, serial: number) {
    this.thread = thread;
    this.serial = serial;
    this.#kernel = kernel;
  }

  /** `<thread.serial>`, as logs and reports show it; `<thread.origin.serial>` when another thread started it. */
  toString(): string {
    return pidText(this.thread, this.serial);
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Pid${this.toString()}`;
  }

  static {
    processOf = (pid) => pid.#process;
    kernelOf = (pid) => pid.#kernel;
    attach = (pid, process) => {
      pid.#process = process;
    };
    detach = (pid) => {
      pid.#process = undefined;
    };
  }
}

/** @internal @throws {OptionError} when it is a name, or nothing at all: ties are between processes */
export function checkPid(whose: () => string, pid: unknown): void {
  if (pid instanceof Pid) return;
  const wayOut = typeof pid === "string" ? ` Look the name up: whereis(${shown(pid)}).` : "";
  throw new OptionError(`${whose()}: expected a pid, got ${shown(pid)}.${wayOut}`);
}

/** @internal What is thrown when a pid came from another kernel of the same thread: their clocks and queues are not shared. */
export function otherKernel(pid: Pid): OptionError {
  return new OptionError(
    `${pid} belongs to another kernel of this thread: expected a pid of this one. Make one kernel, and import it where it is needed.`,
  );
}

/** As a pid's `toString`. */
export function pidText(thread: number, serial: number): string {
  const origin = originOf(serial);
  return origin === undefined ? `<${thread}.${serial}>` : `<${thread}.${origin}.${countOf(serial)}>`;
}

/** @internal Serial of the nth process that a thread starts on some other one. */
export function serialFrom(origin: number, n: number): number {
  return (origin + 1) * serialsOfOrigin + n;
}

/** @internal Which other thread started the process; undefined: its own. */
export function originOf(serial: number): number | undefined {
  return serial < serialsOfOrigin ? undefined : Math.floor(serial / serialsOfOrigin) - 1;
}

/** @internal As which of the processes that its origin started here. */
export function countOf(serial: number): number {
  return serial % serialsOfOrigin;
}

/** As refs are counted (`Kernel.newRef`): 2 ** 15 threads in a runtime's life, and as many of each as nobody can start. */
const serialsOfOrigin = 2 ** 38;

declare const refBrand: unique symbol;
/** A unique reference: of a monitor, of a call. Comparable, and data. */
export type Ref = number & { readonly [refBrand]: true };

declare const nameBrand: unique symbol;
/** A registered name with the protocol of whoever has it; made by `GenServer.named` or `name<Protocol>(...)`. */
export type Name<Protocol = unknown> = string & { readonly [nameBrand]?: Protocol };

/** Where a message can be sent: a pid, the name of a registered process, or an address of a registry (via.ts). */
export type Address<Protocol = unknown> = Pid<Protocol> | Name<Protocol> | Via<Protocol>;
