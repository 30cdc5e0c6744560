/**
 * GroupTable: one thread's view of all process groups, and who watches them. The state behind process-groups.ts.
 *
 *   scope "pg" ─▷ group "resize" ─▷ <1.7> ×1  <1.9> ×2  <2.4> ×1        every thread holds the whole table
 *                                    └──────┬────────┘    └─▷ told by thread 2
 *                                  own processes: joins and leaves are announced to the other threads
 *
 * A thread changes the membership of its own processes only, and tells each other thread in the order of its changes, in
 * the same stream as its signals. So there is nothing to agree on: a view is behind at most, never in conflict, and a
 * thread that hears of a process's end has heard of its leaves before.
 *
 * Cost: a join or leave O(1) here and one record to each other thread; reading a group O(members).
 * Source: Erlang/OTP, pg.
 */
import { GroupError, shown } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import { Pid, processOf, type Ref } from "../pid.ts";
import type { Process } from "../process.ts";
import type { OwnedTable } from "../rare.ts";
import { flush } from "../receive.ts";
import { type Key, keyId } from "./key.ts";

/**
 * Tells a watcher who has joined or left. Erlang's `{Ref, join | leave, Group, Pids}`. A process that joins or leaves
 * several times at once is listed as often.
 */
export interface GroupMessage<Group extends Key = Key, Protocol = unknown> {
  readonly type: "join" | "leave";
  /** What `monitor` or `monitorScope` returned. */
  readonly ref: Ref;
  readonly group: Group;
  readonly pids: readonly Pid<Protocol>[];
}

class Scope {
  readonly name: string;
  readonly groups = new Map<unknown, Group>();
  readonly watchers = new Set<Watcher>();

  constructor(name: string) {
    this.name = name;
  }
}

/** It is in its scope for as long as it has a member or a watcher. */
class Group {
  readonly scope: Scope;
  readonly key: Key;
  readonly id: unknown;
  /** How often each has joined. */
  readonly members = new Map<Pid, number>();
  readonly watchers = new Set<Watcher>();

  constructor(scope: Scope, key: Key, id: unknown) {
    this.scope = scope;
    this.key = key;
    this.id = id;
  }
}

class Watcher {
  readonly ref: Ref;
  readonly process: Process;
  readonly watched: Scope | Group;

  constructor(ref: Ref, process: Process, watched: Scope | Group) {
    this.ref = ref;
    this.process = process;
    this.watched = watched;
  }
}

/** What a process of this thread has here. */
class Held {
  readonly groups = new Set<Group>();
  /** Joins that it has not taken back. */
  joins = 0;
  readonly watchers = new Map<Ref, Watcher>();
}

/** Joins without their leave that one process may have; beyond it `join` throws. */
const maxJoins = 65_536;

export class GroupTable implements OwnedTable {
  readonly #kernel: Kernel;
  readonly #scopes = new Map<string, Scope>();
  readonly #held = new Map<Process, Held>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** @throws {GroupError} when one of them is no process of this thread, or has joined too often: none has joined then */
  join(scope: string, key: Key, pids: readonly Pid[]): void {
    const id = keyId(key, whose(scope));
    const joining = this.#own(scope, key, pids, "join");
    for (const [process, times] of counted(joining)) {
      const joins = (this.#held.get(process)?.joins ?? 0) + times;
      if (joins > maxJoins) {
        throw new GroupError(
          `${whose(scope)}: ${process.pid} cannot join ${shown(key)}: expected at most ${maxJoins} joins of one process that it has not left, got ${joins}. Leave the groups that it is done with.`,
        );
      }
    }
    if (joining.length === 0) return;
    const group = this.#group(scope, seal(key), id);
    for (const process of joining) {
      const held = this.#holds(process);
      held.groups.add(group);
      held.joins += 1;
    }
    const joined = joining.map((process) => process.pid);
    this.#kernel.peers.announceJoined(scope, group.key, joined);
    this.#add(group, joined);
  }

  /**
   * @returns false when none of them was a member
   * @throws {GroupError} when one of them is no process of this thread
   */
  leave(scope: string, key: Key, pids: readonly Pid[]): boolean {
    const group = this.#find(scope, key);
    const leaving = this.#own(scope, key, pids, "leave");
    if (group === undefined) return false;
    const left: Pid[] = [];
    for (const [{ pid }, times] of counted(leaving)) {
      left.push(...repeated(pid, Math.min(times, group.members.get(pid) ?? 0)));
    }
    if (left.length === 0) return false;
    this.#leave(group, left);
    return true;
  }

  members(scope: string, key: Key): Pid[] {
    return listed(this.#find(scope, key)?.members);
  }

  localMembers(scope: string, key: Key): Pid[] {
    const group = this.#find(scope, key);
    return group === undefined ? [] : this.#local(group);
  }

  /** Those with a member. */
  groups(scope: string): Key[] {
    return this.#groups(scope)
      .filter((group) => group.members.size > 0)
      .map((group) => group.key);
  }

  /** Those with a member on this thread. */
  localGroups(scope: string): Key[] {
    return this.#groups(scope)
      .filter((group) => this.#local(group).length > 0)
      .map((group) => group.key);
  }

  monitor(process: Process, scope: string, key: Key): { ref: Ref; members: Pid[] } {
    const id = keyId(key, whose(scope));
    const group = this.#group(scope, seal(key), id);
    return { ref: this.#watch(process, group), members: listed(group.members) };
  }

  monitorScope(process: Process, name: string): { ref: Ref; groups: Map<Key, Pid[]> } {
    const scope = this.#scope(name);
    const groups = new Map<Key, Pid[]>();
    for (const group of scope.groups.values()) {
      if (group.members.size > 0) groups.set(group.key, listed(group.members));
    }
    return { ref: this.#watch(process, scope), groups };
  }

  demonitor(process: Process, ref: Ref): boolean {
    const watcher = this.#held.get(process)?.watchers.get(ref);
    if (watcher === undefined) return false;
    this.#unwatch(watcher);
    this.#forget(process);
    flush(process, (message) => isGroupMessage(message) && message.ref === ref);
    return true;
  }

  ownerEnded(process: Process): void {
    const held = this.#held.get(process);
    if (held === undefined) return;
    for (const watcher of held.watchers.values()) this.#unwatch(watcher);
    for (const group of held.groups) this.#leave(group, repeated(process.pid, group.members.get(process.pid)!));
    this.#held.delete(process);
  }

  // ---- other threads --------------------------------------------------------------------------------------------------

  /** Processes of another thread have joined. */
  joined(scope: string, key: Key, pids: readonly Pid[]): void {
    this.#add(this.#group(scope, seal(key), keyId(key, whose(scope))), pids);
  }

  /** Processes of another thread have left. */
  left(scope: string, key: Key, pids: readonly Pid[]): void {
    const group = this.#find(scope, key);
    if (group !== undefined) this.#remove(group, pids);
  }

  /** A thread has ended, and its processes with it. */
  threadDown(thread: number): void {
    for (const scope of [...this.#scopes.values()]) {
      for (const group of [...scope.groups.values()]) {
        const gone = listed(group.members).filter((pid) => pid.thread === thread);
        if (gone.length > 0) this.#remove(group, gone);
      }
    }
  }

  /** The memberships of this thread's processes, for a thread that has just come. */
  *local(): Generator<[scope: string, key: Key, pids: Pid[]]> {
    for (const scope of this.#scopes.values()) {
      for (const group of scope.groups.values()) {
        const pids = this.#local(group);
        if (pids.length > 0) yield [scope.name, group.key, pids];
      }
    }
  }

  // ---- changes --------------------------------------------------------------------------------------------------------

  /** The processes of this thread that these pids are of. Those that have ended are left out: they are in no group. */
  #own(scope: string, key: Key, pids: readonly Pid[], verb: string): Process[] {
    return pids.flatMap((pid) => {
      if (!(pid instanceof Pid) || pid.thread !== this.#kernel.thread) {
        throw new GroupError(
          `${whose(scope)}: ${shown(pid)} cannot ${verb} ${shown(key)} from thread ${this.#kernel.thread}: expected a process of this thread. Let it ${verb} by itself, where it lives.`,
        );
      }
      return processOf(pid) ?? [];
    });
  }

  #leave(group: Group, pids: readonly Pid[]): void {
    this.#kernel.peers.announceLeft(group.scope.name, group.key, pids);
    this.#remove(group, pids);
    for (const pid of pids) {
      const process = processOf(pid);
      const held = process === undefined ? undefined : this.#held.get(process);
      if (process === undefined || held === undefined) continue;
      held.joins -= 1;
      if (!group.members.has(pid)) held.groups.delete(group);
      this.#forget(process);
    }
  }

  #add(group: Group, pids: readonly Pid[]): void {
    for (const pid of pids) group.members.set(pid, (group.members.get(pid) ?? 0) + 1);
    this.#notify("join", group, pids);
  }

  #remove(group: Group, pids: readonly Pid[]): void {
    for (const pid of pids) {
      const times = group.members.get(pid) ?? 0;
      if (times > 1) group.members.set(pid, times - 1);
      else group.members.delete(pid);
    }
    this.#notify("leave", group, pids);
    this.#dropEmpty(group);
  }

  #notify(type: GroupMessage["type"], group: Group, pids: readonly Pid[]): void {
    for (const watchers of [group.scope.watchers, group.watchers]) {
      for (const { ref, process } of watchers) {
        const message: GroupMessage = { type, ref, group: group.key, pids };
        this.#kernel.deliver(process, seal(message));
      }
    }
  }

  // ---- watchers -------------------------------------------------------------------------------------------------------

  #watch(process: Process, watched: Scope | Group): Ref {
    const watcher = new Watcher(this.#kernel.newRef(), process, watched);
    watched.watchers.add(watcher);
    this.#holds(process).watchers.set(watcher.ref, watcher);
    return watcher.ref;
  }

  #unwatch(watcher: Watcher): void {
    const { ref, process, watched } = watcher;
    watched.watchers.delete(watcher);
    this.#held.get(process)?.watchers.delete(ref);
    if (watched instanceof Group) this.#dropEmpty(watched);
    else this.#dropEmptyScope(watched);
  }

  // ---- what is there for as long as it is needed ------------------------------------------------------------------------

  #scope(name: string): Scope {
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      scope = new Scope(name);
      this.#scopes.set(name, scope);
    }
    return scope;
  }

  #group(scopeName: string, key: Key, id: unknown): Group {
    const scope = this.#scope(scopeName);
    let group = scope.groups.get(id);
    if (group === undefined) {
      group = new Group(scope, key, id);
      scope.groups.set(id, group);
    }
    return group;
  }

  #find(scope: string, key: Key): Group | undefined {
    const id = keyId(key, whose(scope));
    return this.#scopes.get(scope)?.groups.get(id);
  }

  #groups(scope: string): Group[] {
    return [...(this.#scopes.get(scope)?.groups.values() ?? [])];
  }

  #local(group: Group): Pid[] {
    return listed(group.members).filter((pid) => pid.thread === this.#kernel.thread);
  }

  #dropEmpty(group: Group): void {
    if (group.members.size > 0 || group.watchers.size > 0) return;
    group.scope.groups.delete(group.id);
    this.#dropEmptyScope(group.scope);
  }

  #dropEmptyScope(scope: Scope): void {
    if (scope.groups.size === 0 && scope.watchers.size === 0) this.#scopes.delete(scope.name);
  }

  #holds(process: Process): Held {
    let held = this.#held.get(process);
    if (held === undefined) {
      held = new Held();
      this.#held.set(process, held);
      const rare = process.ensureRare();
      rare.tables ??= new Set();
      rare.tables.add(this);
    }
    return held;
  }

  #forget(process: Process): void {
    const held = this.#held.get(process);
    if (held === undefined || held.joins > 0 || held.watchers.size > 0) return;
    this.#held.delete(process);
    process.rare?.tables?.delete(this);
  }
}

/** Each member as often as it has joined. */
function listed(members: ReadonlyMap<Pid, number> | undefined): Pid[] {
  const pids: Pid[] = [];
  if (members !== undefined) {
    for (const [pid, times] of members) for (let i = 0; i < times; i++) pids.push(pid);
  }
  return pids;
}

function repeated(pid: Pid, times: number): Pid[] {
  return new Array<Pid>(times).fill(pid);
}

/** How often each is there. */
function counted(processes: readonly Process[]): Map<Process, number> {
  const counts = new Map<Process, number>();
  for (const process of processes) counts.set(process, (counts.get(process) ?? 0) + 1);
  return counts;
}

function whose(scope: string): string {
  return `Process groups "${scope}"`;
}

function isGroupMessage(message: unknown): message is GroupMessage {
  if (typeof message !== "object" || message === null || !("type" in message)) return false;
  return (message.type === "join" || message.type === "leave") && "ref" in message;
}
