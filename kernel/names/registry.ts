/**
 * Registry: processes by key, with a value beside each. Elixir's `Registry`.
 *
 *   "lobby"  ─▷ { pid <1.7>, value }                  keys "unique": one entry for a key; `via` makes addresses of them
 *   "news"   ─▷ { pid <1.7>, value } { <1.9>, ... }   keys "duplicate": any number, also of one process; `dispatch`
 *
 * A process enters and withdraws itself only; its entries go when it ends, at once, before its links and monitors hear of
 * it: no look-up ever finds a dead process, and a restart under the same key never collides.
 *
 * A registry is a value, made once in a module. Its entries are those of one thread (`at`: the thread of that process or
 * kernel): a process of another thread is not found. For the whole runtime there are names (`self.register`), process
 * groups and topics.
 *
 * Where this differs from Elixir:
 * - Nothing is started: the table has no process that could crash. There are no `partitions` and no parallel dispatch,
 *   which share work between cores (here a thread runs one thing at a time), and no `compressed`.
 * - Match specs are functions over an entry; what a match spec would return, `map` makes of the result.
 * - Elixir cleans up after a process some time after its end, and tells listeners nothing of it. Here they are told.
 *
 * Cost: register, unregister and look-up O(1); select and the like O(entries).
 * Source: Elixir, Registry.
 */
import { OptionError, shown } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import { checkKeys } from "../options.ts";
import type { Name, Pid } from "../pid.ts";
import { Process } from "../process.ts";
import type { Payload } from "../protocol.ts";
import { type Key, keyId } from "./key.ts";
import { defaultMaxEntries, RegistryTable } from "./registry-table.ts";
import type { Via, ViaName } from "./via.ts";

export interface RegistryOptions {
  /** Shown in errors, and part of the listeners' messages. */
  readonly name: string;
  /** "unique": a key has one process at most. "duplicate": any number of entries. */
  readonly keys: "unique" | "duplicate";
  /** Processes, by name, that get a `RegistryMessage` for every change. A name that nobody has is passed over. */
  readonly listeners?: readonly Name[];
  /** What `meta` finds on every thread from the start. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Entries on one thread; beyond it `register` throws. Default 1,048,576. */
  readonly maxEntries?: number;
}

/** A process under a key. Data: it may be sent. */
export interface Entry<K extends Key = Key, Value = unknown, Protocol = unknown> {
  readonly key: K;
  readonly pid: Pid<Protocol>;
  readonly value: Value;
}

/** What a listener gets: the entry is there, or is there no more. */
export interface RegistryMessage<K extends Key = Key, Value = unknown, Protocol = unknown>
  extends Entry<K, Value, Protocol> {
  readonly type: "register" | "unregister";
  /** The registry's name. */
  readonly registry: string;
}

/**
 * Defines a registry.
 *
 * @typeParam K what entries are called by (key.ts); default string
 * @typeParam Value what stands beside the pid; default undefined: nothing
 * @typeParam Protocol what the processes speak, such as `ProtocolOf<typeof Room>`
 * @throws {OptionError} naming the option
 *
 * @example
 * const Room = genServer({ init: () => ({ guests: 3 }), calls: { guests: (state) => reply(state.guests, state) } });
 * const Rooms = registry({ name: "rooms", keys: "unique" });
 * const kernel = new Kernel();
 * const lobby = await Room.start(kernel, undefined, { name: Rooms.via("lobby") });
 * const guests = await kernel.call(Rooms.via("lobby"), "guests");
 * if (guests !== 3 || Rooms.whereis(kernel, "lobby") !== lobby) throw new Error("the lobby is not there");
 */
export function registry<K extends Key = string, Value = undefined, Protocol = unknown>(
  options: RegistryOptions & { readonly keys: "unique" },
): UniqueRegistry<K, Value, Protocol>;
export function registry<K extends Key = string, Value = undefined, Protocol = unknown>(
  options: RegistryOptions & { readonly keys: "duplicate" },
): DuplicateRegistry<K, Value, Protocol>;
export function registry(options: RegistryOptions): Registry {
  checkOptions(options);
  return options.keys === "unique" ? new UniqueRegistry(options) : new DuplicateRegistry(options);
}

/** What both kinds can do. */
export abstract class Registry<K extends Key = Key, Value = unknown, Protocol = unknown> {
  readonly name: string;
  readonly #options: RegistryOptions;
  readonly #tables = new WeakMap<Kernel, RegistryTable>();

  /** @internal Made by `registry`. */
  constructor(options: RegistryOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * Enters this process under a key.
   *
   * @param value data, frozen as a message is; others see it as it is
   * @throws {RegistryError} with the `reason` `{ alreadyRegistered: pid }` when the key of a unique registry has a
   *   process, be it this one; `entryLimit` at `maxEntries`
   * @throws {NameError} when the key is no `Key`
   * @throws {MessageError} when the value is not data
   */
  register(self: Process, key: K, ...value: Payload<Value>): void {
    self.assertAlive();
    this.table(self.kernel).register(self, key, value[0]);
  }

  /** Withdraws all entries of this process under the key. Does nothing when there is none. */
  unregister(self: Process, key: K): void {
    this.table(self.kernel).withdraw(self, key, () => true);
  }

  /** Withdraws the entries of this process under the key that the function accepts. */
  unregisterMatch(self: Process, key: K, where: (entry: Entry<K, Value, Protocol>) => boolean): void {
    this.table(self.kernel).withdraw(self, key, where as (entry: Entry) => boolean);
  }

  /** The entries under a key, oldest first; at most one in a unique registry. */
  lookup(at: Kernel | Process, key: K): Entry<K, Value, Protocol>[] {
    return this.#at(at).entries(key) as Entry<K, Value, Protocol>[];
  }

  /** The keys of a process of this thread, each as often as it is entered under it. */
  keys(at: Kernel | Process, pid: Pid): K[] {
    return this.#at(at)
      .entriesOf(pid)
      .map((entry) => entry.key as K);
  }

  /** The values of a process under a key. */
  values(at: Kernel | Process, key: K, pid: Pid): Value[] {
    return this.lookup(at, key)
      .filter((entry) => entry.pid === pid)
      .map((entry) => entry.value);
  }

  /** The entries under a key that the function accepts. */
  match<E extends Entry<K, Value, Protocol>>(
    at: Kernel | Process,
    key: K,
    where: (entry: Entry<K, Value, Protocol>) => entry is E,
  ): E[];
  match(
    at: Kernel | Process,
    key: K,
    where: (entry: Entry<K, Value, Protocol>) => boolean,
  ): Entry<K, Value, Protocol>[];
  match(
    at: Kernel | Process,
    key: K,
    where: (entry: Entry<K, Value, Protocol>) => boolean,
  ): Entry<K, Value, Protocol>[] {
    return this.lookup(at, key).filter(where);
  }

  /** The entries under all keys that the function accepts; default: all. */
  select<E extends Entry<K, Value, Protocol>>(
    at: Kernel | Process,
    where: (entry: Entry<K, Value, Protocol>) => entry is E,
  ): E[];
  select(at: Kernel | Process, where?: (entry: Entry<K, Value, Protocol>) => boolean): Entry<K, Value, Protocol>[];
  select(
    at: Kernel | Process,
    where: (entry: Entry<K, Value, Protocol>) => boolean = () => true,
  ): Entry<K, Value, Protocol>[] {
    return (this.#at(at).all() as Entry<K, Value, Protocol>[]).filter(where);
  }

  /** Entries on this thread, under all keys. Costs nothing. */
  count(at: Kernel | Process): number {
    return this.#at(at).count;
  }

  /** Entries under the key that the function accepts. */
  countMatch(at: Kernel | Process, key: K, where: (entry: Entry<K, Value, Protocol>) => boolean): number {
    return this.match(at, key, where).length;
  }

  /** Entries under all keys that the function accepts. */
  countSelect(at: Kernel | Process, where: (entry: Entry<K, Value, Protocol>) => boolean): number {
    return this.select(at, where).length;
  }

  /**
   * Calls the function with the entries under a key, if there are any. It runs here, in the caller: the processes know
   * nothing of it unless it sends to them, and what it throws, the caller throws.
   */
  dispatch(
    at: Kernel | Process,
    key: K,
    run: (entries: readonly [Entry<K, Value, Protocol>, ...Entry<K, Value, Protocol>[]]) => void,
  ): void {
    const entries = this.lookup(at, key);
    if (entries.length > 0) run(entries as [Entry<K, Value, Protocol>, ...Entry<K, Value, Protocol>[]]);
  }

  /** What is known of the registry itself, on this thread. */
  meta(at: Kernel | Process, key: Key): unknown {
    return this.#at(at).meta.get(keyId(key, this.#whose));
  }

  /** @param value data, frozen as a message is */
  putMeta(at: Kernel | Process, key: Key, value: unknown): void {
    this.#at(at).meta.set(keyId(key, this.#whose), seal(value));
  }

  deleteMeta(at: Kernel | Process, key: Key): void {
    this.#at(at).meta.delete(keyId(key, this.#whose));
  }

  /**
   * Runs a function while no other process of this thread runs one under the same key of this registry; others wait
   * their turn. For what reads, waits and then writes: between two `await`s a handler is alone anyhow. The key is the
   * lock's own and has nothing to do with entries. Given back when the function has settled, or the process has ended.
   *
   * @returns what the function returns
   * @throws {RegistryError} with the `reason` `callingSelf` when this process holds or awaits this lock already
   */
  async lock<T>(self: Process, key: Key, locked: () => T | PromiseLike<T>): Promise<T> {
    self.assertAlive();
    const table = this.table(self.kernel);
    table.belongsTo(self);
    return table.locks.run(self, keyId(key, this.#whose), `lock ${shown(key)} of ${this.#whose}`, locked);
  }

  toString(): string {
    return this.name;
  }

  /** @internal This thread's entries. */
  protected table(kernel: Kernel): RegistryTable {
    let table = this.#tables.get(kernel);
    if (table === undefined) {
      table = new RegistryTable(kernel, this.#options, this.#whose);
      this.#tables.set(kernel, table);
    }
    return table;
  }

  get #whose(): string {
    return `Registry "${this.name}"`;
  }

  #at(at: Kernel | Process): RegistryTable {
    return this.table(at instanceof Process ? at.kernel : at);
  }
}

/** A registry in which a key has one process at most: names for processes. */
export class UniqueRegistry<K extends Key = Key, Value = unknown, Protocol = unknown> extends Registry<
  K,
  Value,
  Protocol
> {
  /** Who is entered under the key on this thread. */
  whereis(at: Kernel | Process, key: K): Pid<Protocol> | undefined {
    return this.lookup(at, key)[0]?.pid;
  }

  /**
   * The address of whoever is entered under the key, looked up each time that it is used, on the thread where it is
   * used: `self.send`, `call`, `cast`, `monitor`, timers. With the value, also a name to start a process under; a
   * registry without values needs none. Elixir's `{:via, Registry, {registry, key, value}}`.
   */
  via(key: K, ...value: Payload<Value>): ViaName<Protocol>;
  via(key: K): Via<Protocol>;
  via(key: K, value?: unknown): ViaName<Protocol> {
    const id = keyId(key, `Registry "${this.name}"`);
    return {
      whereis: (kernel) => this.table(kernel).first(id)?.pid as Pid<Protocol> | undefined,
      register: (process) => this.table(process.kernel).register(process, key, value),
      unregister: (process) => this.unregister(process, key),
      toString: () => `${this.name}:${typeof key === "string" ? key : shown(key)}`,
    };
  }

  /**
   * Replaces the value beside this process.
   *
   * @param update gets the value and returns the new one
   * @returns both, or undefined when this process is not entered under the key
   * @throws {MessageError} when the new value is not data
   */
  updateValue(
    self: Process,
    key: K,
    update: (value: Value) => Value,
  ): { readonly value: Value; readonly old: Value } | undefined {
    self.assertAlive();
    const mine = (): Entry<K, Value, Protocol> | undefined =>
      this.lookup(self, key).find((entry) => entry.pid === (self.pid as Pid));
    const before = mine();
    if (before === undefined) return undefined;
    const value = seal(update(before.value));
    // The function may have changed the entry itself, or withdrawn it.
    const now = mine();
    if (now === undefined) return undefined;
    this.table(self.kernel).replace(self, now, value);
    return { value, old: before.value };
  }
}

/** A registry in which any number of processes may be entered under one key, any number of times. */
export class DuplicateRegistry<K extends Key = Key, Value = unknown, Protocol = unknown> extends Registry<
  K,
  Value,
  Protocol
> {}

function checkOptions(options: RegistryOptions): void {
  checkKeys("registry", options, ["name", "keys", "listeners", "meta", "maxEntries"]);
  const { name, keys, listeners, maxEntries = defaultMaxEntries } = options;
  const refuse = (option: string, what: string, got: unknown): never => {
    throw new OptionError(`Registry ${shown(name)}: expected ${option} to be ${what}, got ${shown(got)}.`);
  };
  if (typeof name !== "string" || name === "") refuse("name", "a string with at least one character", name);
  if (keys !== "unique" && keys !== "duplicate") refuse("keys", '"unique" or "duplicate"', keys);
  if (listeners !== undefined && !(Array.isArray(listeners) && listeners.every((one) => typeof one === "string"))) {
    refuse("listeners", "a list of names", listeners);
  }
  if (!(typeof maxEntries === "number" && maxEntries >= 1)) refuse("maxEntries", "a number of at least 1", maxEntries);
}
