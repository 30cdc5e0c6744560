/**
 * Names: what processes are registered as. A name has one owner at most; it is free again when the owner has ended, before exit
 * signals and `down` messages go out, so that a restart under the same name never collides. A process has one name at most,
 * as on the BEAM: what goes by many keys is a registry's (registry.ts).
 *
 * Every thread holds the whole table: a registration is made here and announced to the other threads. If two threads
 * give one name away at the same time, both see it as soon as the announcements cross, and the younger process (by
 * thread, then serial) ends with `{ nameConflict: name }`.
 *
 * Announcements of different threads have no order among each other: a third thread may hear of a new owner before it
 * hears that the old one is gone. So each thread keeps every claim that has not been withdrawn, and the oldest one counts.
 */
import { NameError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { type Name, type Pid, processOf } from "../pid.ts";
import type { Process } from "../process.ts";
import type { Via, ViaName } from "./via.ts";

export class Names {
  readonly #kernel: Kernel;
  readonly #owners = new Map<string, Pid>();
  /** Claims to names beside the owner's: there are some only while announcements cross. */
  readonly #rivals = new Map<string, Set<Pid>>();
  /** Who waits until no claim of a thread is hidden by an older one. */
  readonly #hidden = new Set<{ readonly thread: number; readonly settled: () => void }>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * @throws {NameError} when another process has the name, the process has one already, or it is not a name; for a via what
   *   its `register` throws
   */
  register(name: Name | ViaName, owner: Process): void {
    if (typeof name === "object" && typeof name?.register === "function") {
      name.register(owner);
      return;
    }
    if (typeof name !== "string" || name === "") {
      throw new NameError(`Process ${owner.pid}: expected a name that is a string with at least one character.`);
    }
    const holder = this.#owners.get(name);
    if (holder !== undefined) {
      throw new NameError(
        `Process ${owner.pid} cannot be registered as "${name}": ${holder === owner.pid ? "it has" : `${holder} has`} that name. Unregister it first, or choose another.`,
      );
    }
    const rare = owner.ensureRare();
    if (rare.name !== undefined) {
      throw new NameError(
        `Process ${owner.pid} cannot be registered as "${name}": it is registered as "${rare.name}". Unregister that name first, or use a registry for several.`,
      );
    }
    this.#owners.set(name, owner.pid);
    rare.name = name;
    this.#kernel.observer?.tell({ type: "register", pid: owner.pid, name });
    this.#kernel.peers.announceName(name, owner.pid);
  }

  /** @throws {NameError} when the process has not got that name */
  unregister(name: Name, owner: Process): void {
    if (owner.rare?.name !== name) {
      throw new NameError(`Process ${owner.pid} cannot give up the name "${name}": it has not got it.`);
    }
    delete owner.rare.name;
    this.#release(name, owner.pid);
  }

  /** @returns who has the name, on whichever thread; for a via whom it stands for */
  whereis<P = unknown>(name: Name<P> | Via<P>): Pid<P> | undefined {
    if (typeof name === "object" && typeof name?.whereis === "function") return name.whereis(this.#kernel);
    return this.#owners.get(name as string) as Pid<P> | undefined;
  }

  /** Names that are taken. */
  registered(): string[] {
    return [...this.#owners.keys()];
  }

  /** @internal The owner has ended. */
  ownerEnded(owner: Process): void {
    const name = owner.rare?.name;
    if (name !== undefined) this.#release(name, owner.pid);
  }

  /** @internal Another thread gave the name away. */
  announced(name: string, owner: Pid): void {
    const holder = this.#owners.get(name);
    if (holder === undefined || holder === owner) {
      this.#owners.set(name, owner);
      return;
    }
    const [older, younger] = isOlder(owner, holder) ? [owner, holder] : [holder, owner];
    this.#owners.set(name, older);
    const rivals = this.#rivals.get(name) ?? new Set();
    this.#rivals.set(name, rivals.add(younger));
    if (processOf(younger) !== undefined) this.#kernel.signals.exit(younger, younger, { nameConflict: name });
  }

  /** @internal Another thread took it back. */
  withdrawn(name: string, owner: Pid): void {
    this.#drop(name, owner);
  }

  /** @internal A thread has ended, and its processes with it. */
  threadDown(thread: number): void {
    for (const [name, rivals] of this.#rivals) {
      for (const rival of rivals) if (rival.thread === thread) this.#drop(name, rival);
    }
    for (const [name, owner] of this.#owners) if (owner.thread === thread) this.#drop(name, owner);
  }

  /**
   * @internal Calls back when no older claim hides one of that thread's: at once, but for the moment in which an owner's end
   * has not crossed. Two that live are not waited for: `conflictMs` is enough to tell them apart.
   */
  whenSettled(thread: number, done: () => void): void {
    if (!this.#hides(thread)) return done();
    const settled = (): void => {
      this.#kernel.timers.cancel(timer);
      this.#hidden.delete(hidden);
      done();
    };
    const hidden = { thread, settled };
    const timer = this.#kernel.timers.set(conflictMs, settled);
    this.#hidden.add(hidden);
  }

  #hides(thread: number): boolean {
    for (const rivals of this.#rivals.values()) for (const rival of rivals) if (rival.thread === thread) return true;
    return false;
  }

  /** @internal What this thread has given away, for a thread that has just come. */
  *local(): Generator<[name: string, owner: Pid]> {
    const { thread } = this.#kernel;
    for (const [name, owner] of this.#owners) if (owner.thread === thread) yield [name, owner];
    for (const [name, rivals] of this.#rivals)
      for (const rival of rivals) if (rival.thread === thread) yield [name, rival];
  }

  #release(name: string, owner: Pid): void {
    this.#kernel.observer?.tell({ type: "unregister", pid: owner, name });
    this.#drop(name, owner);
    this.#kernel.peers.withdrawName(name, owner);
  }

  /** A claim is over; if it was the owner's, the oldest of the others has the name now. */
  #drop(name: string, claimant: Pid): void {
    const rivals = this.#rivals.get(name);
    if (this.#owners.get(name) === claimant) {
      const heir = rivals === undefined ? undefined : [...rivals].reduce((a, b) => (isOlder(a, b) ? a : b));
      if (heir === undefined) this.#owners.delete(name);
      else this.#owners.set(name, heir);
      if (heir !== undefined) rivals?.delete(heir);
    } else rivals?.delete(claimant);
    if (rivals?.size === 0) this.#rivals.delete(name);
    for (const { thread, settled } of this.#hidden) if (!this.#hides(thread)) settled();
  }
}

const conflictMs = 1000;

function isOlder(a: Pid, b: Pid): boolean {
  return a.thread === b.thread ? a.serial < b.serial : a.thread < b.thread;
}
