/**
 * PidTable: one object for one process, on each thread (decision 1). It holds the pids that have left the thread or have come
 * to it, weakly: who holds a pid finds it again; a pid that nobody holds costs nothing for long.
 *
 *   thread 3 ─▷ serial 7 ─▷ WeakRef(pid)           the last few are at hand without a look into the maps
 */
import type { Kernel } from "../kernel.ts";
import { Pid } from "../pid.ts";

export class PidTable {
  readonly #kernel: Kernel;
  readonly #threads = new Map<number, Map<number, WeakRef<Pid>>>();
  /** Of what is in the maps. They hold their pids, and nothing else. */
  readonly #recent: (Pid | undefined)[] = new Array<undefined>(recentPids).fill(undefined);
  readonly #collected = new FinalizationRegistry<Place>((place) => this.#forget(place));

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The pid of a process, of this thread or another, alive or not. */
  get(thread: number, serial: number): Pid {
    const recent = this.#recent[slot(thread, serial)];
    if (recent !== undefined && recent.serial === serial && recent.thread === thread) return recent;
    const local = thread === this.#kernel.thread ? this.#kernel.localProcess(serial)?.pid : undefined;
    // Who has this one's numbers may use them again when its process has ended: it is exposed, too.
    const pid = local ?? this.#threads.get(thread)?.get(serial)?.deref() ?? new Pid(this.#kernel, thread, serial);
    this.expose(pid);
    return pid;
  }

  /** A pid leaves the thread: when it comes back it must be the same object, though its process has ended meanwhile. */
  expose(pid: Pid): void {
    const { thread, serial } = pid;
    const at = slot(thread, serial);
    if (this.#recent[at] === pid) return;
    this.#recent[at] = pid;
    let serials = this.#threads.get(thread);
    if (serials === undefined) {
      serials = new Map();
      this.#threads.set(thread, serials);
    }
    if (serials.get(serial)?.deref() !== undefined) return;
    serials.set(serial, new WeakRef(pid));
    this.#collected.register(pid, { thread, serial });
  }

  #forget({ thread, serial }: Place): void {
    const serials = this.#threads.get(thread);
    if (serials === undefined || serials.get(serial)?.deref() !== undefined) return;
    serials.delete(serial);
    if (serials.size === 0) this.#threads.delete(thread);
  }
}

interface Place {
  readonly thread: number;
  readonly serial: number;
}

/** A power of two. */
const recentPids = 256;

function slot(thread: number, serial: number): number {
  return (serial ^ (thread * 37)) & (recentPids - 1);
}
