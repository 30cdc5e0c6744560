/**
 * Memberships: process groups. Every thread comes to see the same members, and who watches a group can follow it.
 */
import type { Kernel } from "../../../kernel/kernel.ts";
import { type GroupMessage, processGroups } from "../../../kernel/names/process-groups.ts";
import type { Pid, Ref } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Lives } from "./lives.ts";
import { idOf, pidText, type Violations } from "./violations.ts";

export const groups = processGroups("troupe");
export const groupNames = ["strings", "brass"];

/** How often each is a member. */
type Members = Map<number, number>;

interface View {
  readonly watcher: Process;
  readonly group: string;
  readonly members: Members;
}

export class Memberships {
  readonly #violations: Violations;
  readonly #lives: Lives;
  readonly #joined = new Map<string, Members>(groupNames.map((name) => [name, new Map()]));
  readonly #views = new Map<Ref, View>();
  events = 0;

  constructor(violations: Violations, lives: Lives) {
    this.#violations = violations;
    this.#lives = lives;
  }

  joined(self: Process, group: string): void {
    change(this.#joined.get(group)!, idOf(self.pid), 1);
  }

  /** @param wasMember what `leave` said */
  left(self: Process, group: string, wasMember: boolean): void {
    const members = this.#joined.get(group)!;
    const id = idOf(self.pid);
    if (wasMember !== members.has(id)) this.#violations.add(`leave said ${wasMember} to ${self.pid}: it was wrong`);
    if (wasMember) change(members, id, -1);
  }

  watched(watcher: Process, group: string, ref: Ref, members: readonly Pid[]): void {
    this.#views.set(ref, { watcher, group, members: counted(members) });
  }

  unwatched(ref: Ref): void {
    this.#views.delete(ref);
  }

  heard(self: Process, { type, ref, group, pids }: GroupMessage): void {
    const view = this.#views.get(ref);
    if (view?.watcher !== self || view.group !== group) {
      this.#violations.add(`${self.pid} got news of a group that it does not watch`);
      return;
    }
    this.events += 1;
    for (const pid of pids) {
      if (type === "leave" && !view.members.has(idOf(pid))) {
        this.#violations.add(`${self.pid} heard that ${pid} left "${group}", which it was not in`);
      }
      change(view.members, idOf(pid), type === "join" ? 1 : -1);
    }
  }

  /** To be asked when nothing is under way. */
  check(kernels: readonly Kernel[], alive: ReadonlyMap<number, Process>): void {
    for (const group of groupNames) {
      const expected = text(new Map([...this.#joined.get(group)!].filter(([id]) => !this.#lives.hasEnded(id))));
      for (const kernel of kernels) this.#mustBe(`thread ${kernel.thread}`, group, kernel, expected);
      for (const view of this.#views.values()) {
        if (view.group !== group || !alive.has(idOf(view.watcher.pid))) continue;
        const seen = text(view.members);
        if (seen !== expected) this.#violations.add(`${view.watcher.pid} sees ${seen} in "${group}", not ${expected}`);
      }
    }
  }

  #mustBe(who: string, group: string, kernel: Kernel, expected: string): void {
    const seen = text(counted(groups.getMembers(kernel, group)));
    if (seen !== expected) this.#violations.add(`${who} sees ${seen} in "${group}", not ${expected}`);
  }
}

function change(members: Members, id: number, by: number): void {
  const times = (members.get(id) ?? 0) + by;
  if (times > 0) members.set(id, times);
  else members.delete(id);
}

function counted(pids: readonly Pid[]): Members {
  const members: Members = new Map();
  for (const pid of pids) change(members, idOf(pid), 1);
  return members;
}

function text(members: Members): string {
  const sorted = [...members].sort(([a], [b]) => a - b);
  return `{${sorted.map(([id, times]) => `${pidText(id)}x${times}`).join(" ")}}`;
}
