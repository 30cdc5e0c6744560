/**
 * ProcessGroups: processes by group, on all threads of the runtime. Erlang's `pg`.
 *
 *   thread 1   <1.7>.join("resize") ─┐
 *   thread 2   <2.4>.join("resize") ─┴─▷ getMembers(self, "resize") on any thread: <1.7> <2.4>
 *
 * A group is there as soon as it has a member, and for as long. Nothing sends to a group: get its members and send to
 * one, some or all of them. A process may join a group several times; it is listed as often, and must leave as often.
 *
 * - A process joins on its own thread, by itself or by another process there.
 * - Between threads a view is eventually consistent: a join is seen here at once, elsewhere as soon as the news has
 *   crossed; threads may see the joins of different threads in different orders. Of one thread nothing is seen out of
 *   order: what a process sends after it has joined arrives where the join is known.
 * - Threads that are not tied to each other do not see each other's members. In a runtime all are.
 * - Members leave when their process ends, before its links and monitors hear of it, and when their thread ends.
 *
 * Other than with OTP a scope is no process: there is nothing to start, and nothing that could crash.
 * Source: Erlang/OTP, pg.
 */

import type { Kernel } from "../kernel.ts";
import type { Pid, Ref } from "../pid.ts";
import { Process } from "../process.ts";
import type { Key } from "./key.ts";

export type { GroupMessage } from "./group-table.ts";

/**
 * Names a scope of process groups: groups of two scopes have nothing to do with each other. To be had from any module
 * of any thread by the same name.
 *
 * @typeParam Group what groups are called by; default string
 * @typeParam Protocol what the members speak, such as `ProtocolOf<typeof Server>`
 *
 * @example
 * const Workers = processGroups("workers");
 * const Resizer = genServer({
 *   init: (_arg: undefined, self) => {
 *     Workers.join(self, "resize");
 *     return { widths: [] as number[] };
 *   },
 *   casts: { resize: (state, width: number) => noreply({ widths: [...state.widths, width] }) },
 * });
 * const kernel = new Kernel();
 * const resizer = await Resizer.start(kernel);
 * for (const pid of Workers.getMembers(kernel, "resize")) kernel.cast(pid, "resize", 80);
 * if (Workers.getMembers(kernel, "resize")[0] !== resizer) throw new Error("the resizer is not there");
 */
export function processGroups<Group extends Key = string, Protocol = unknown>(
  scope: string,
): ProcessGroups<Group, Protocol> {
  return new ProcessGroups(scope);
}

export class ProcessGroups<Group extends Key = string, Protocol = unknown> {
  readonly scope: string;

  /** @internal Made by `processGroups`. */
  constructor(scope: string) {
    this.scope = scope;
  }

  /**
   * Joins a group. Joining again counts again. A process that has ended is passed over.
   *
   * @param who default: oneself; or processes of this thread, the same one several times if it shall join so often
   * @throws {GroupError} when one of them lives on another thread, or has more than 65,536 joins that it has not left
   * @throws {NameError} when the group is no `Key`
   */
  join(self: Process, group: Group, who: Pid<Protocol> | readonly Pid<Protocol>[] = self.pid as Pid<Protocol>): void {
    self.assertAlive();
    self.kernel.groups.join(this.scope, group, listOf(who));
  }

  /**
   * Leaves a group, once for every time that a process is listed.
   *
   * @param who default: oneself
   * @returns false when none of them was a member
   * @throws {GroupError} when one of them lives on another thread
   */
  leave(
    self: Process,
    group: Group,
    who: Pid<Protocol> | readonly Pid<Protocol>[] = self.pid as Pid<Protocol>,
  ): boolean {
    self.assertAlive();
    return self.kernel.groups.leave(this.scope, group, listOf(who));
  }

  /** All members that this thread knows of, in no order to rely on; each as often as it has joined. */
  getMembers(at: Kernel | Process, group: Group): Pid<Protocol>[] {
    return kernelOf(at).groups.members(this.scope, group) as Pid<Protocol>[];
  }

  /** The members that live on this thread. */
  getLocalMembers(at: Kernel | Process, group: Group): Pid<Protocol>[] {
    return kernelOf(at).groups.localMembers(this.scope, group) as Pid<Protocol>[];
  }

  /** The groups that have a member. */
  whichGroups(at: Kernel | Process): Group[] {
    return kernelOf(at).groups.groups(this.scope) as Group[];
  }

  /** The groups that have a member on this thread. */
  whichLocalGroups(at: Kernel | Process): Group[] {
    return kernelOf(at).groups.localGroups(this.scope) as Group[];
  }

  /**
   * Watches a group, whether it has members or not: from now on a `GroupMessage` arrives for every join and leave.
   * They count at a full mailbox like other messages; who has missed some (`mailboxFull` is reported) monitors anew.
   *
   * @returns the members at this moment: with the messages, nothing is missed and nothing comes twice
   */
  monitor(self: Process, group: Group): { ref: Ref; members: Pid<Protocol>[] } {
    self.assertAlive();
    return self.kernel.groups.monitor(self, this.scope, group) as { ref: Ref; members: Pid<Protocol>[] };
  }

  /** Watches all groups of the scope, also those to come. @returns the groups that have members, and who they are */
  monitorScope(self: Process): { ref: Ref; groups: Map<Group, Pid<Protocol>[]> } {
    self.assertAlive();
    return self.kernel.groups.monitorScope(self, this.scope) as { ref: Ref; groups: Map<Group, Pid<Protocol>[]> };
  }

  /**
   * Stops watching. Takes the messages of this monitor out of the mailbox that are there already.
   *
   * @returns false when this process has no such monitor
   */
  demonitor(self: Process, ref: Ref): boolean {
    return self.kernel.groups.demonitor(self, ref);
  }
}

function listOf(who: Pid | readonly Pid[]): readonly Pid[] {
  return Array.isArray(who) ? who : [who as Pid];
}

function kernelOf(at: Kernel | Process): Kernel {
  return at instanceof Process ? at.kernel : at;
}
