/**
 * Rosters: lists of pids that a process publishes, known on every thread: what the address of a partition is looked up in.
 *
 *   owner "counters" <1.5>   0: <1.6>   1: <2.1.3>   2: ·   3: <2.1.4>        ·: not up at the moment
 *
 * Every change is announced to all threads, one place at a time; a thread that comes gets the whole of it. A roster goes
 * when its owner ends, with its thread or without. A look on another thread than the owner's may be a moment late.
 */
import type { Kernel } from "../kernel.ts";
import type { Pid } from "../pid.ts";
import type { Process } from "../process.ts";
import type { OwnedTable } from "../rare.ts";

type Place = Pid | undefined;

const op = { resize: 0, set: 1, gone: 2 } as const;

type News =
  | [op: typeof op.resize, owner: Pid, size: number]
  | [op: typeof op.set, owner: Pid, at: number, pid: Place]
  | [op: typeof op.gone, owner: Pid];

/** Kind of its records. */
export const rosterKind = 4;

export class Rosters implements OwnedTable {
  readonly #kernel: Kernel;
  readonly #lists = new Map<Pid, Place[]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.peers.onValue(rosterKind, (_thread, news) => this.#take(news as News));
  }

  /** The roster of a process, wherever it lives; undefined when it has none. */
  of(owner: Pid): readonly Place[] | undefined {
    return this.#lists.get(owner);
  }

  /** Makes the roster of a process of this thread, or makes it longer or shorter. */
  resize(owner: Process, size: number): void {
    if (!this.#lists.has(owner.pid)) {
      const rare = owner.ensureRare();
      rare.tables ??= new Set();
      rare.tables.add(this);
    }
    this.#tell([op.resize, owner.pid, size]);
  }

  /** Writes one place; one that does not exist yet is made. */
  set(owner: Process, at: number, pid: Place): void {
    this.#tell([op.set, owner.pid, at, pid]);
  }

  /** @internal */
  ownerEnded(owner: Process): void {
    this.#tell([op.gone, owner.pid]);
  }

  /** @internal A thread has come. */
  connected(thread: number): void {
    for (const [owner, list] of this.#lists) {
      if (owner.thread !== this.#kernel.thread) continue;
      this.#post(thread, [op.resize, owner, list.length]);
      for (const [at, pid] of list.entries()) if (pid !== undefined) this.#post(thread, [op.set, owner, at, pid]);
    }
  }

  /** @internal A thread has ended. */
  threadDown(thread: number): void {
    for (const owner of this.#lists.keys()) if (owner.thread === thread) this.#lists.delete(owner);
  }

  #tell(news: News): void {
    this.#take(news);
    for (const thread of this.#kernel.peers.threads) this.#post(thread, news);
  }

  #take(news: News): void {
    const owner = news[1];
    if (news[0] === op.gone) {
      this.#lists.delete(owner);
      return;
    }
    const list = this.#lists.get(owner) ?? [];
    this.#lists.set(owner, list);
    if (news[0] === op.set) {
      while (list.length <= news[2]) list.push(undefined);
      list[news[2]] = news[3];
    } else {
      list.length = Math.min(list.length, news[2]);
      while (list.length < news[2]) list.push(undefined);
    }
  }

  #post(thread: number, news: News): void {
    const { peers } = this.#kernel;
    peers.writeValue(thread, rosterKind, news);
  }
}
