/**
 * Hosts: the threads on which processes can be started from elsewhere, and which of them is to be taken.
 *
 *   row of the stats table   0: main thread   1: thread 4   2: thread 2   3: thread 7, booting
 *                            not open         open          open          not open yet
 *
 *   "anywhere"   the least of: run queue + a tenth of its percents busy + a thousandth of its processes
 *                              + what was sent there and has not arrived. The thread's own row if it is as good
 *   "spread"     1, 2, 3, 1, ...: the next open one; each parent counts for itself
 *   a number     that row
 *
 * A thread opens when it has loaded what its processes are made of. What is true of the others is read from shared memory.
 */
import { PlacementError, shown } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Placement } from "../kernel-options.ts";
import { type Stats, stat } from "../observe/stats.ts";
import type { Process } from "../process.ts";

export class Hosts {
  readonly #kernel: Kernel;
  readonly #slot: number;
  readonly #rows: readonly Stats[];
  /** By row: processes that were sent there, and how many had come there in all when that was last looked at. */
  readonly #sent: { count: number; spawned: number; thread: number }[] = [];
  readonly #waiting = new Set<() => void>();
  #turn = 0;

  /** @param slot the kernel's own row of the stats table */
  constructor(kernel: Kernel, slot: number) {
    this.#kernel = kernel;
    this.#slot = slot;
    this.#rows = Array.from({ length: kernel.statsTable.rows }, (_, row) => kernel.statsTable.row(row));
  }

  /** Is this thread open? One that is alone always is. */
  get isOpen(): boolean {
    return this.#kernel.stats[stat.open] === 1 || this.#rows.length === 1;
  }

  /**
   * From now on other threads may start processes here: call it when all modules are loaded whose behaviours they may be
   * made of. Schedulers do so before they boot.
   */
  open(): void {
    this.#kernel.stats[stat.open] = 1;
    this.#kernel.remoteSpawns.tellOpen();
    this.changed();
  }

  /** Nobody is sent here any more. */
  close(): void {
    this.#kernel.stats[stat.open] = 0;
  }

  /** @throws {PlacementError} when it says nothing, or there never will be such a thread */
  check(on: Placement): void {
    if (on === "same" || on === "anywhere" || on === "spread") return;
    const last = this.#rows.length - 1;
    if (typeof on !== "number" || !Number.isInteger(on) || on < 0 || on > last) {
      const which = last === 0 ? "there are none" : `0 to ${last}`;
      throw new PlacementError(
        `on: expected "same", "anywhere", "spread" or the number of a scheduler (${which}), got ${shown(on)}.`,
      );
    }
    if (on === 0 && this.#threadIn(0) === undefined) {
      throw new PlacementError(
        "on: expected the number of a scheduler, from 1, got 0: the main thread is not open. Call kernel.hosts.open() there, if it is to run processes.",
      );
    }
  }

  /** Is there a thread for it at the moment? */
  has(on: Placement): boolean {
    if (typeof on === "number") return this.#threadIn(on) !== undefined;
    return on === "same" || this.#rows.some((_, slot) => this.#threadIn(slot) !== undefined);
  }

  /** @returns the number of a thread; undefined when there is none at the moment */
  choose(on: Placement, parent: Process | undefined): number | undefined {
    if (on === "same") return this.#kernel.thread;
    if (on === "anywhere") return this.#leastLoaded();
    return on === "spread" ? this.#next(parent) : this.#threadIn(on);
  }

  /** A process has been sent to a thread. */
  sent(thread: number): void {
    const slot = this.#rows.findIndex((row) => row[stat.thread] === thread);
    if (slot < 0) return;
    this.#underWay(slot);
    this.#sent[slot]!.count += 1;
  }

  /** Calls back when there may be another choice. @returns stops waiting */
  onChange(run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  /** @internal A thread has come, gone, or opened. */
  changed(): void {
    for (const run of [...this.#waiting]) run();
  }

  /** The thread in a row, when it is open and can be reached. */
  #threadIn(slot: number): number | undefined {
    if (slot === this.#slot) return this.isOpen ? this.#kernel.thread : undefined;
    const row = this.#rows[slot]!;
    const thread = row[stat.thread]!;
    return row[stat.open] === 1 && this.#kernel.peers.has(thread) ? thread : undefined;
  }

  #leastLoaded(): number | undefined {
    let best: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#rows.length; slot++) {
      const thread = this.#threadIn(slot);
      if (thread === undefined) continue;
      const load = this.#loadOf(slot) - (slot === this.#slot ? 1e-9 : 0);
      if (load >= least) continue;
      least = load;
      best = thread;
    }
    return best;
  }

  #loadOf(slot: number): number {
    const row = this.#rows[slot]!;
    const busy = Math.round(row[stat.busyPercent]! / 10);
    const queue = slot === this.#slot ? this.#kernel.queue.length : row[stat.runQueue]!; // its own is told once a slice
    return queue + busy + row[stat.processes]! / 1000 + this.#underWay(slot) * 1.001;
  }

  /** How many were sent there that have not arrived, as far as can be told: others send, too. */
  #underWay(slot: number): number {
    const row = this.#rows[slot]!;
    const thread = row[stat.thread]!;
    const spawned = row[stat.spawned]!;
    const sent = this.#sent[slot];
    if (sent === undefined || sent.thread !== thread) {
      this.#sent[slot] = { count: 0, spawned, thread };
      return 0;
    }
    sent.count = Math.max(0, sent.count - (spawned - sent.spawned));
    sent.spawned = spawned;
    return sent.count;
  }

  #next(parent: Process | undefined): number | undefined {
    const rare = parent?.ensureRare();
    const last = rare === undefined ? this.#turn : (rare.spread ?? 0);
    for (let i = 1; i <= this.#rows.length; i++) {
      const slot = (last + i) % this.#rows.length;
      const thread = this.#threadIn(slot);
      if (thread === undefined) continue;
      if (rare === undefined) this.#turn = slot;
      else rare.spread = slot;
      return thread;
    }
    return undefined;
  }
}
