/**
 * Mutations: deliberate mistakes, each of which the simulation must find. They test the tests: `node scripts/mutations.mjs`
 * puts one at a time into the sources, in memory, and plays seeds until a law is broken.
 *
 * A mutation is a text that stands once in its file, and what to put there instead. Choose the mistake that an able engineer
 * might make and a reviewer might pass, not one that breaks everything.
 */
export interface Mutation {
  /** What is wrong then, as a sentence. */
  readonly name: string;
  /** From the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutations: readonly Mutation[] = [
  // ---- links, monitors, exits
  {
    name: "the down message of a normal end is dropped",
    file: "kernel/signals.ts",
    find: "else this.receiveDown(watcher, ref, reason);",
    replace: 'else if (reason !== "normal") this.receiveDown(watcher, ref, reason);',
  },
  {
    name: "an exit signal comes twice",
    file: "kernel/signals.ts",
    find: "else if (other.links?.delete(pid) === true) this.receiveExit(other, pid, reason, true);",
    replace:
      "else if (other.links?.delete(pid) === true) for (let i = 0; i < 2; i++) this.receiveExit(other, pid, reason, true);",
  },
  {
    name: "a link has one side only",
    file: "kernel/signals.ts",
    find: "      other.links.add(self.pid);\n",
    replace: "",
  },
  {
    name: "an unlink is not acknowledged",
    file: "kernel/crossing/remote-signals.ts",
    find: "this.#peers.unlinked(from, this.#peers.pid(kernel.thread, to), id);",
    replace: "void id;",
  },
  {
    name: "an old acknowledgement ends a newer unlink",
    file: "kernel/signals.ts",
    find: "if (self.rare?.unlinking?.get(by) === id) self.rare.unlinking.delete(by);",
    replace: "if (id > 0) self.rare?.unlinking?.delete(by);",
  },
  {
    name: "a link that crosses an unlink is taken for a new one",
    file: "kernel/signals.ts",
    find: "    if (self.rare?.unlinking?.has(by)) return;\n",
    replace: "",
  },
  {
    name: "demonitor with flush leaves the down message",
    file: "kernel/signals.ts",
    find: "if (flush) flushDown(self, ref);",
    replace: "void flush;",
  },
  {
    name: "a process that leaves does not terminate",
    file: "kernel/ends.ts",
    find: "else this.#terminate(process, reason, true);",
    replace: "else this.finish(process, reason, true);",
  },
  {
    name: "exit signals of another thread are dropped when they come over a link",
    file: "kernel/crossing/remote-signals.ts",
    find: "(linked && target.links?.delete(from) !== true)",
    replace: "(linked && target.links?.delete(from) === true)",
  },
  // ---- processes that are started on other threads
  {
    name: "a pid may be quicker than its process",
    file: "kernel/crossing/remote-spawns.ts",
    find: "return countOf(serial) > (this.#arrived.get(origin) ?? 0) ? origin : undefined;",
    replace: "return undefined;",
  },
  {
    name: "a child on another thread is linked at its own end only",
    file: "kernel/crossing/remote-spawns.ts",
    find: "      parent.links.add(pid);\n",
    replace: "",
  },
  {
    name: "a monitor is not set with the spawn",
    file: "kernel/crossing/remote-spawns.ts",
    find: "      process.monitoredBy.set(ref, parent);\n",
    replace: "",
  },
  // ---- names, groups, aliases, pids
  {
    name: "a name is not released on other threads",
    file: "kernel/names/names.ts",
    find: "    this.#kernel.peers.withdrawName(name, owner);\n",
    replace: "",
  },
  {
    name: "names of a thread that has ended stay taken",
    file: "kernel/crossing/peers.ts",
    find: "    this.#kernel.names.threadDown(thread);\n",
    replace: "",
  },
  {
    name: "a name is released after links and monitors were told",
    file: "kernel/ends.ts",
    find: "      kernel.names.ownerEnded(process);\n",
    replace:
      "      const later = { name: rare.name! };\n      kernel.world.microtask(() => kernel.names.ownerEnded(Object.assign(process, { rare: later })));\n",
  },
  {
    name: "a group keeps a member that has joined twice and ended",
    file: "kernel/names/group-table.ts",
    find: "this.#leave(group, repeated(process.pid, group.members.get(process.pid)!));",
    replace: "this.#leave(group, [process.pid]);",
  },
  {
    name: "an alias stays open when its monitor is taken off",
    file: "kernel/signals.ts",
    find: "    self.monitors!.delete(ref);\n    this.#endAlias(self, ref);\n",
    replace: "    self.monitors!.delete(ref);\n",
  },
  {
    name: "an alias for one message takes several",
    file: "kernel/alias.ts",
    find: "    if (once) this.unmake(process, ref);\n",
    replace: "    void once;\n",
  },
  {
    name: "the number of a process that has ended is given away again",
    file: "kernel/spawning.ts",
    find: "    if (given === undefined) this.#serial += 1;\n",
    replace:
      "    if (given === undefined) for (this.#serial = 1; kernel.processTable.get(this.#serial) !== undefined; ) this.#serial += 1;\n",
  },
  // ---- calls
  {
    name: "calls do not fail when their server ends",
    file: "kernel/ends.ts",
    find: "      kernel.settle(call, undefined, { reason });\n    }\n    kernel.signals.spread",
    replace: "      process.callers = call.next;\n    }\n    kernel.signals.spread",
  },
  {
    name: "calls from other threads do not fail when their server ends",
    file: "kernel/ends.ts",
    find: "if (rare.remoteCalls !== undefined) kernel.peers.failCalls(rare.remoteCalls, reason);",
    replace: "",
  },
  {
    name: "a server's second reply is taken for the reply to the next call",
    file: "kernel/calling.ts",
    find: "const pending = new PendingCall(this.#kernel.newRef(), owner,",
    replace: "const pending = new PendingCall(1 as Ref, owner,",
  },
  // ---- mailboxes
  {
    name: "a mailbox that grows while it is wound round loses a slot",
    file: "kernel/mailbox.ts",
    find: "for (let i = 0; i < this.length; i++) grown[i] = slots[(this.#head + i) & (slots.length - 1)];",
    replace: "for (let i = 0; i < this.length; i++) grown[i] = slots[Math.min(this.#head + i, slots.length - 1)];",
  },
  {
    name: "an urgent message is put last",
    file: "kernel/mailbox.ts",
    find: "slots[(this.#head + this.urgent) & mask] = message;",
    replace: "slots[(this.#head + this.length) & mask] = message;",
  },
  {
    name: "urgent messages overtake each other",
    file: "kernel/mailbox.ts",
    find: "for (let i = 0; i < this.urgent; i++) slots[(this.#head + i) & mask] = slots[(this.#head + i + 1) & mask];\n    slots[(this.#head + this.urgent) & mask] = message;",
    replace: "slots[this.#head] = message;",
  },
  {
    name: "a receive marker counts urgent messages",
    file: "kernel/mailbox.ts",
    find: "n - (this.pushed - (this.length - this.urgent))",
    replace: "n - (this.pushed - this.length)",
  },
  {
    name: "dropOldest drops a message of the kernel",
    file: "kernel/delivery.ts",
    find: "        if (isSystem(mailbox.at(i))) continue;\n",
    replace: "",
  },
  {
    name: "coalescing forgets that a message was taken",
    file: "kernel/mailbox-options.ts",
    find: "    this.#waiting.delete(slot.key);\n",
    replace: "",
  },
  {
    name: "a message of the kernel finds no room",
    file: "kernel/delivery.ts",
    find: "    if (isSystem(message)) return true;\n",
    replace: "",
  },
  {
    name: "a suspended process handles what comes",
    file: "kernel/turns.ts",
    find: "const at = isSuspended(process) ? firstSysRequest(mailbox) : 0;",
    replace: "const at = isSuspended(process) ? Math.max(0, firstSysRequest(mailbox)) : 0;",
  },
  {
    name: "a message is handled while an async handler waits",
    file: "kernel/turns.ts",
    find: "    process.status = awaiting;\n    if (process.rare?.receiving",
    replace: "    process.status = idle;\n    if (process.rare?.receiving",
  },
  // ---- timers
  {
    name: "a timer fires early",
    file: "kernel/timer-wheel.ts",
    find: "Math.ceil(now + delayMs)",
    replace: "Math.floor(now + delayMs)",
  },
  {
    name: "a timer that is late fires twice",
    file: "kernel/timer-wheel.ts",
    find: "      timer.fire();\n",
    replace:
      "      timer.fire();\n      if (this.#world.monotonicMs() - this.#originMs > timer.tick + 2) timer.fire();\n",
  },
  {
    name: "a timer that is set during a long stall waits for the next round",
    file: "kernel/timer-wheel.ts",
    find: "if (this.#count === 0 && !this.#advancing) this.#tick = Math.floor(now);",
    replace: "if (!this.#advancing) this.#tick = Math.floor(now);",
  },
  {
    name: "a timer that waits for its place never gets one",
    file: "kernel/timer-wheel.ts",
    find: "    if (this.#unplaced > 0) this.placeAt(this.#world.monotonicMs());\n",
    replace: "",
  },
  {
    name: "a timer that waits for its place counts from an older reading of the clock",
    file: "kernel/timer-wheel.ts",
    find: "      this.#startAt(timer, now, timer.tick);\n",
    replace: "      this.#startAt(timer, this.#count === 0 ? now : this.#tick, timer.tick);\n",
  },
  {
    name: "an interval drifts",
    file: "kernel/message-timers.ts",
    find: "    this.#dueMs += this.#intervalMs;\n",
    replace: "    this.#dueMs = world.monotonicMs() + this.#intervalMs;\n",
  },
  // ---- threads
  {
    name: "the end of a thread is silent",
    file: "kernel/crossing/peers.ts",
    find: "    this.#kernel.signals.threadDown(thread, reason);\n",
    replace: "",
  },
  {
    name: "a flush is scheduled once only",
    file: "kernel/crossing/peers.ts",
    find: "      this.#flushScheduled = false;\n",
    replace: "",
  },
  {
    name: "a broadcast comes back to who made it",
    file: "kernel/names/pubsub.ts",
    find: "      if (process.pid === except) continue;\n",
    replace: "",
  },
  // ---- run queue
  {
    name: "who sends much has no debt",
    file: "kernel/run-queue.ts",
    find: "if (this.reductions < 0) process.debt = -this.reductions;",
    replace: "",
  },
  {
    name: "low priority starves",
    file: "kernel/run-queue.ts",
    find: "(this.#normal.first === undefined || this.#sinceLow >= turnsPerLow - 1)",
    replace: "this.#normal.first === undefined",
  },
  {
    name: "a slice does not end",
    file: "kernel/run-queue.ts",
    find: "if (this.#untilLook <= 0 && this.#look()) break;",
    replace: "if (this.#untilLook <= 0) this.#look();",
  },
  // ---- supervisors
  {
    name: "a child is restarted twice",
    file: "supervisor/ordered-supervision.ts",
    find: "    for (const child of children) {\n      const started = await this.start(child);",
    replace:
      "    for (const child of children) {\n      if (children.length === 1 && child.lastPid !== undefined) await this.start(child);\n      const started = await this.start(child);",
  },
  {
    name: "one restart fewer is allowed",
    file: "supervisor/restart-window.ts",
    find: "return this.#restartsMs.length <= this.#maxRestarts;",
    replace: "return this.#restartsMs.length < this.#maxRestarts;",
  },
  {
    name: "one restart more is allowed",
    file: "supervisor/restart-window.ts",
    find: "return this.#restartsMs.length <= this.#maxRestarts;",
    replace: "return this.#restartsMs.length <= this.#maxRestarts + 1;",
  },
  {
    name: "restarts are never forgotten",
    file: "supervisor/restart-window.ts",
    find: "this.#restartsMs[0]! < nowMs - this.#windowMs",
    replace: "this.#restartsMs[0]! < nowMs - this.#windowMs * 1000",
  },
  {
    name: "a transient child is restarted after a quiet end",
    file: "supervisor/supervision.ts",
    find: '(restart === "transient" && !isQuiet(reason))',
    replace: '(restart === "transient" && reason !== "normal")',
  },
  {
    name: "children are stopped in the order in which they started",
    file: "supervisor/ordered-supervision.ts",
    find: "for (const child of [...children].reverse()) {",
    replace: "for (const child of [...children]) {",
  },
  {
    name: "restForOne leaves those after it alone",
    file: "supervisor/strategy.ts",
    find: "return children.slice(children.indexOf(child));",
    replace: "return children.slice(children.indexOf(child), children.indexOf(child) + 1);",
  },
];
