/**
 * RegistryTable: the entries of one registry on one thread. The state behind registry.ts.
 *
 *   by key     "lobby" ─▷ entry            "news" ─▷ { entry, entry, ... }     oldest first
 *   by owner   <1.7>   ─▷ { entry, entry }                                     what goes when the process ends
 *
 * Invariant: an entry stands in both maps or in neither, and `count` is their number.
 * Cost: about 350 B for an entry under a key of its own, 110 B for one more under the same key.
 */
import { RegistryError, shown } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import { type Pid, processOf } from "../pid.ts";
import type { Process } from "../process.ts";
import type { OwnedTable } from "../rare.ts";
import { type Key, keyId } from "./key.ts";
import type { Entry, RegistryMessage, RegistryOptions } from "./registry.ts";
import { RegistryLocks } from "./registry-locks.ts";

/** Entries on one thread, unless `maxEntries` says otherwise. */
export const defaultMaxEntries = 1_048_576;

export class RegistryTable implements OwnedTable {
  readonly locks = new RegistryLocks();
  readonly meta = new Map<unknown, unknown>();
  count = 0;
  readonly #kernel: Kernel;
  readonly #options: RegistryOptions;
  readonly #whose: string;
  /** By key's id. */
  readonly #byKey = new Map<unknown, Entries>();
  readonly #byOwner = new Map<Pid, Entries>();

  constructor(kernel: Kernel, options: RegistryOptions, whose: string) {
    this.#kernel = kernel;
    this.#options = options;
    this.#whose = whose;
    for (const [key, value] of Object.entries(options.meta ?? {})) this.meta.set(key, seal(value));
  }

  register(owner: Process, key: Key, value: unknown): void {
    const id = keyId(key, this.#whose);
    const holder = this.#options.keys === "unique" ? this.first(id)?.pid : undefined;
    if (holder !== undefined) {
      throw new RegistryError(
        `${this.#whose}: ${owner.pid} cannot be registered under ${shown(key)}: ${holder === owner.pid ? "it" : holder} is already. Unregister it first, or choose another key.`,
        { alreadyRegistered: holder },
      );
    }
    const { maxEntries = defaultMaxEntries } = this.#options;
    if (this.count >= maxEntries) {
      throw new RegistryError(
        `${this.#whose}: expected fewer than ${maxEntries} entries on thread ${this.#kernel.thread}. Raise maxEntries, or find out who registers so many.`,
        "entryLimit",
      );
    }
    const entry: Entry = Object.freeze({ key: seal(key), pid: owner.pid as Pid, value: seal(value) });
    include(this.#byKey, id, entry);
    include(this.#byOwner, entry.pid, entry);
    this.count += 1;
    this.belongsTo(owner);
    this.#tell("register", entry);
  }

  withdraw(owner: Process, key: Key, where: (entry: Entry) => boolean): void {
    for (const entry of this.entries(key)) {
      if (entry.pid === (owner.pid as Pid) && where(entry)) this.#remove(entry);
    }
  }

  replace(owner: Process, old: Entry, value: unknown): void {
    const entry: Entry = Object.freeze({ ...old, value });
    const id = keyId(old.key, this.#whose);
    exclude(this.#byKey, id, old);
    include(this.#byKey, id, entry);
    exclude(this.#byOwner, owner.pid, old);
    include(this.#byOwner, owner.pid, entry);
  }

  first(id: unknown): Entry | undefined {
    const entries = this.#byKey.get(id);
    return entries instanceof Set ? entries.values().next().value : entries;
  }

  entries(key: Key): Entry[] {
    return listed(this.#byKey.get(keyId(key, this.#whose)));
  }

  entriesOf(owner: Pid): Entry[] {
    return listed(this.#byOwner.get(owner));
  }

  all(): Entry[] {
    return [...this.#byKey.values()].flatMap(listed);
  }

  /** From now on this table hears of the process's end. */
  belongsTo(owner: Process): void {
    const rare = owner.ensureRare();
    rare.tables ??= new Set();
    rare.tables.add(this);
  }

  ownerEnded(owner: Process): void {
    for (const entry of this.entriesOf(owner.pid)) this.#remove(entry);
    this.locks.release(owner);
  }

  #remove(entry: Entry): void {
    exclude(this.#byKey, keyId(entry.key, this.#whose), entry);
    exclude(this.#byOwner, entry.pid, entry);
    this.count -= 1;
    this.#tell("unregister", entry);
  }

  #tell(type: RegistryMessage["type"], entry: Entry): void {
    for (const listener of this.#options.listeners ?? []) {
      const pid = this.#kernel.names.whereis(listener);
      if (pid === undefined) continue;
      const message: RegistryMessage = { type, registry: this.#options.name, ...entry };
      const process = processOf(pid);
      if (process !== undefined) this.#kernel.deliver(process, seal(message));
      else this.#kernel.peers.send(pid, message);
    }
  }
}

/** One entry as itself, several as a set, oldest first: most keys have one, and most processes. No set is empty. */
type Entries = Entry | Set<Entry>;

function include<At>(map: Map<At, Entries>, at: At, entry: Entry): void {
  const entries = map.get(at);
  if (entries === undefined) map.set(at, entry);
  else if (entries instanceof Set) entries.add(entry);
  else map.set(at, new Set([entries, entry]));
}

function exclude<At>(map: Map<At, Entries>, at: At, entry: Entry): void {
  const entries = map.get(at);
  if (entries === entry || (entries instanceof Set && entries.delete(entry) && entries.size === 0)) map.delete(at);
}

function listed(entries: Entries | undefined): Entry[] {
  if (entries === undefined) return [];
  return entries instanceof Set ? [...entries] : [entries];
}
