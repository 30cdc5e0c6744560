/**
 * Kernel: the processes of one thread. A value: several can live in one program, and nothing happens at import.
 *
 *   spawn ─▷ Process ─▷ run queue ─▷ turn ─▷ behaviour
 *              │ ▲                            │ throws, exits, or an exit signal comes
 *     signals ◁┘ └─ deliver ◁─ send, timers   ▼
 *     names, pubsub, calls                 end: names, subscriptions, timers and resources go first,
 *     peers ⇄ kernels of other threads          then links and monitors hear of it
 *
 * Source: Erlang/OTP, the reference manual's "Processes" and proc_lib.
 */

import { Alias, Aliases } from "./alias.ts";
import { CallMessage, CastMessage, From, isSysRequest, PendingCall } from "./calls.ts";
import { CallError, MailboxError, NameError, OptionError, StartError, shown } from "./errors.ts";
import { crashReason, type ExitReason, isQuiet, reasonText } from "./exit-reason.ts";
import { GroupTable } from "./group-table.ts";
import { isPromise } from "./is-promise.ts";
import { Mailbox } from "./mailbox.ts";
import { CoalescingMailbox, checkMailboxOptions, type MailboxOptions } from "./mailbox-options.ts";
import { seal } from "./message.ts";
import { Names } from "./names.ts";
import {
  checkSystemMonitorOptions,
  checkTraceOptions,
  Observer,
  type SystemEvent,
  type SystemMonitorOptions,
  type Trace,
  type TraceEvent,
  type TraceOptions,
} from "./observer.ts";
import { Peers } from "./peers.ts";
import { type Address, attach, detach, type Name, Pid, processOf, type Ref } from "./pid.ts";
import {
  awaiting,
  type Behaviour,
  exited,
  idle,
  type Priority,
  Process,
  ProcessExit,
  type ProcessFunction,
  queued,
  type Rare,
  receiving,
  running,
} from "./process.ts";
import { type ProcessInfo, processInfo, type TopBy, topKey } from "./process-info.ts";
import type { CallName, CallReplyOf, CallRequestOf, CastName, CastPayloadOf, InfoOf, Payload } from "./protocol.ts";
import { PubSub, type Topic } from "./pubsub.ts";
import { realWorld } from "./real-world.ts";
import { forgetScanned, removeUnread, stopReceiving, tryReceive } from "./receive.ts";
import { chargeRejections, runAs, setCurrent } from "./rejections.ts";
import { type Reporter, reportToStderr } from "./report.ts";
import { RunQueue } from "./run-queue.ts";
import { Signals } from "./signals.ts";
import { exceeds } from "./state-size.ts";
import { type Stats, StatsTable, stat } from "./stats.ts";
import { answerSys, isSuspended, refuseSys } from "./sys.ts";
import { DownMessage, ExitMessage, OwnTimeout, TaskReply } from "./system-messages.ts";
import { type Timer, TimerWheel } from "./timer-wheel.ts";
import type { ViaName } from "./via.ts";
import type { World } from "./world.ts";

export interface KernelOptions {
  /** Clocks, randomness, event loop; default the machine's own. */
  readonly world?: World;
  /** Number of this thread, part of every pid; default 0. */
  readonly thread?: number;
  /** Processes alive at one time; beyond it `spawn` throws. Default 1,048,576, as on the BEAM. */
  readonly maxProcesses?: number;
  /**
   * Messages that may wait for one process; default 100,000. What comes beyond is dropped and counted (`dropped` of the
   * stats), a call fails with `mailboxFull`; signals, `down` and exit messages always pass.
   */
  readonly maxMailbox?: number;
  /** Milliseconds that processes may run before the event loop gets its turn; default 0.4. */
  readonly sliceMs?: number;
  /** Where reports go; default standard error. */
  readonly report?: Reporter;
  /**
   * A promise that a process made and forgot, and that rejects, ends that process (rejections.ts). Default true; false
   * leaves it to Node, which ends the program.
   */
  readonly chargeRejections?: boolean;
  /** Where the counters of all threads are kept; default: a table for this kernel alone. */
  readonly statsTable?: StatsTable;
  /** This kernel's row in the table; default 0. */
  readonly statsRow?: number;
}

export interface SpawnOptions {
  /** Link the new process to the one that spawns it. */
  readonly link?: boolean;
  /** Register it under this name, before it runs. */
  readonly name?: Name | ViaName;
  /** Trap exits from the first moment. Default false. */
  readonly trapExit?: boolean;
  /** Shown in reports; default the behaviour's label. */
  readonly label?: string;
  /** Its place in the run queue; default "normal". */
  readonly priority?: Priority;
  /** How many messages may wait for it, and what happens to one more; default the kernel's `maxMailbox`, "dropNewest". */
  readonly mailbox?: MailboxOptions;
  /**
   * Bytes that its state may take, by estimate (state-size.ts), looked at every 64 turns; beyond, it is killed, with a
   * report. Default Infinity. The BEAM's `max_heap_size`, as far as one heap for all allows it: messages that wait are
   * not counted (`mailbox.max` bounds them), nor is what a plain process has in its variables.
   */
  readonly maxStateBytes?: number;
}

export interface SendOptions {
  /** Through an alias that allows it: before every message that waits. Default false. */
  readonly priority?: boolean;
}

export interface StartOptions extends SpawnOptions {
  /** Milliseconds that `init` may take; then the process is killed and the start fails. Default Infinity. */
  readonly timeout?: number;
}

export class Kernel {
  readonly world: World;
  readonly thread: number;
  readonly timers: TimerWheel;
  readonly names: Names;
  readonly pubsub: PubSub;
  /** @internal */ readonly groups: GroupTable;
  readonly peers: Peers;
  /** This kernel's counters. */
  readonly stats: Stats;
  /** The counters of all threads of the runtime. */
  readonly statsTable: StatsTable;
  /** @internal */ readonly signals: Signals;
  /** @internal */ readonly aliases: Aliases;
  readonly report: Reporter;

  readonly #queue: RunQueue;
  readonly #processes = new Map<number, Process>();
  readonly #maxProcesses: number;
  readonly #maxMailbox: number;
  readonly #ends: { process: Process; reason: ExitReason; crashed: boolean }[] = [];
  #ending = false;
  readonly #stopCharging: (() => void) | undefined;
  #running: Process | undefined;
  /** @internal There only while somebody asks. */ observer: Observer | undefined;
  #serial = 0;
  #refs = 0;

  constructor(options: KernelOptions = {}) {
    this.world = options.world ?? realWorld;
    this.thread = options.thread ?? 0;
    this.#maxProcesses = positive("Kernel option maxProcesses", options.maxProcesses ?? 1_048_576);
    this.#maxMailbox = positive("Kernel option maxMailbox", options.maxMailbox ?? 100_000);
    this.report = options.report === undefined ? reportToStderr : guarded(options.report);
    this.statsTable = options.statsTable ?? new StatsTable(1);
    this.stats = this.statsTable.row(options.statsRow ?? 0);
    this.stats.fill(0);
    this.stats[stat.thread] = this.thread;
    this.timers = new TimerWheel(this.world);
    this.#stopCharging = options.chargeRejections === false ? undefined : chargeRejections();
    this.names = new Names(this);
    this.pubsub = new PubSub(this);
    this.groups = new GroupTable(this);
    this.signals = new Signals(this);
    this.aliases = new Aliases(this);
    this.peers = new Peers(this);
    this.#queue = new RunQueue(
      this.world,
      positive("Kernel option sliceMs", options.sliceMs ?? 0.4),
      (process) => this.#turn(process),
      () => this.#afterSlice(),
    );
  }

  /** Starts a process that nobody is parent of. It runs in a later turn of the event loop. */
  spawn<Arg = undefined>(run: Behaviour<Arg> | ProcessFunction<Arg>, arg?: Arg, options?: SpawnOptions): Pid {
    return this.spawnBy(undefined, run, arg, options).pid;
  }

  /**
   * Starts a process and waits until its `init` has returned. Erlang's `proc_lib:start_link`.
   *
   * @param parent the process that starts it; linked to it with `options.link`
   * @throws {StartError} with the reason that `init` failed with, `timeout`, or `{ alreadyStarted: pid }` when the name
   *   is taken
   */
  async start<Arg>(
    parent: Process | undefined,
    run: Behaviour<Arg>,
    arg: Arg,
    options: StartOptions = {},
  ): Promise<Pid> {
    const holder = options.name === undefined ? undefined : this.names.whereis(options.name);
    if (holder !== undefined) {
      throw new StartError(`Cannot start "${options.name}": ${holder} has that name.`, { alreadyStarted: holder });
    }
    const process = this.spawnBy(parent, run, arg, options);
    const timeout = options.timeout ?? Number.POSITIVE_INFINITY;
    return new Promise<Pid>((resolve, reject) => {
      const timer =
        timeout === Number.POSITIVE_INFINITY
          ? undefined
          : this.timers.set(timeout, () => {
              fail("timeout");
              this.end(process, "killed", true);
            });
      const settled = (): void => {
        if (process.rare !== undefined) delete process.rare.started;
        if (timer !== undefined) this.timers.cancel(timer);
      };
      const fail = (reason: ExitReason): void => {
        settled();
        reject(new StartError(`${process.label} ${process.pid} did not start: ${reasonText(reason)}.`, reason));
      };
      process.ensureRare().started = {
        resolve: (pid) => {
          settled();
          resolve(pid as Pid); // undefined only where the server's own type says so
        },
        reject: fail,
      };
    });
  }

  /** Sends a message, on behalf of code that is no process. See `Process.send`. */
  send<P>(to: Address<P>, message: InfoOf<P>): void;
  send<M>(to: Alias<M>, message: M, options?: SendOptions): void;
  send(to: Address | Alias, message: unknown, options: SendOptions = {}): void {
    if (to instanceof Alias) {
      const urgent = options.priority === true;
      if (to.thread === this.thread) this.aliases.deliver(to.ref, seal(message), urgent);
      else this.peers.sendAlias(to, message, urgent);
      return;
    }
    const pid = to instanceof Pid ? to : this.names.whereis(to);
    if (pid === undefined) {
      throw new NameError(`Cannot send to "${String(to)}": nobody has that name. Start its process first.`);
    }
    const process = processOf(pid);
    if (process !== undefined) {
      if (!this.deliver(process, seal(message)) && process.rare?.mailboxOptions?.overflow === "reject") {
        throw new MailboxError(
          `Cannot send to ${process.label} ${pid}: ${process.mailbox?.limit} messages wait for it, which is its limit. Send less, or later.`,
        );
      }
    } else if (pid.thread !== this.thread) {
      this.#queue.reductions -= 1;
      this.peers.send(pid, message);
    } else seal(message);
  }

  /** Sends a request to a server and waits for its reply. See `Process.call`. */
  call<P, K extends CallName<P>>(
    to: Address<P>,
    name: K,
    ...request: [...Payload<CallRequestOf<P, K>>, options?: { timeout?: number }]
  ): Promise<CallReplyOf<P, K>> {
    return this.callBy(undefined, to, name, request[0], request[1] as { timeout?: number }) as Promise<
      CallReplyOf<P, K>
    >;
  }

  /** Sends a request that has no reply. See `Process.cast`. */
  cast<P, K extends CastName<P>>(to: Address<P>, name: K, ...payload: Payload<CastPayloadOf<P, K>>): void {
    this.castTo(to, name, payload[0]);
  }

  /** Answers a call; from its handler, later, or from any other process. A second reply is dropped. */
  reply(from: From, value: unknown): void {
    if (from.pending !== undefined) this.settle(from.pending, seal(value), undefined);
    else this.peers.reply(from, value);
  }

  /** Sends a message to every subscriber of a topic, on every thread. */
  broadcast<M>(topic: Topic<M>, message: M, except?: Pid): void {
    const sealed = seal(message);
    this.pubsub.localBroadcast(topic, sealed, except);
    this.peers.broadcast(topic, sealed, except);
  }

  /** Sends an exit signal, on behalf of code that is no process. */
  exit(pid: Pid, reason: ExitReason): void {
    this.signals.exit(pid, pid, reason);
  }

  /** @returns whether a process of this thread is alive */
  isAlive(pid: Pid): boolean {
    return processOf(pid) !== undefined;
  }

  /** The pids of this thread's processes. */
  processes(): Pid[] {
    return [...this.#processes.values()].map((process) => process.pid);
  }

  /** What there is to know of a process of this thread; undefined when it is not alive. */
  processInfo(pid: Pid): ProcessInfo | undefined {
    const process = processOf(pid);
    return process === undefined ? undefined : processInfo(process, this.observer?.account(process));
  }

  /**
   * The processes of this thread that have the most of something.
   *
   * @param by all but mailbox lengths need `accounting`
   * @param limit default 10
   * @throws {OptionError} when there is no such figure
   */
  top(by: TopBy, limit = 10): ProcessInfo[] {
    return [...this.#processes.values()]
      .map((process) => ({ process, key: topKey(process, this.observer?.account(process), by) }))
      .sort((one, other) => other.key - one.key)
      .slice(0, limit)
      .map(({ process }) => processInfo(process, this.observer?.account(process)));
  }

  /** Count turns, CPU time and messages per process? Default false. See observer.ts for the cost. */
  get accounting(): boolean {
    return this.observer?.accounting === true;
  }

  set accounting(on: boolean) {
    this.#observe().accounting = on;
    this.#unobserve();
  }

  /**
   * Tells the listener what processes of this thread do, until the limit, the time, or `stop`. Erlang's `trace`.
   *
   * @throws {OptionError} naming the option, or when 16 traces run
   */
  trace(options: TraceOptions, listener: (event: TraceEvent) => void): Trace {
    checkTraceOptions(options, this.observer?.traceCount ?? 0);
    return this.#observe().trace(options, listener, () => this.#unobserve());
  }

  /**
   * Tells the listener of slow turns and long mailboxes on this thread. Erlang's `system_monitor`.
   *
   * @throws {OptionError} naming the option
   */
  systemMonitor(options: SystemMonitorOptions, listener: (event: SystemEvent) => void): Disposable {
    checkSystemMonitorOptions(options);
    return this.#observe().monitor(options, listener, () => this.#unobserve());
  }

  #observe(): Observer {
    this.observer ??= new Observer(this);
    return this.observer;
  }

  #unobserve(): void {
    if (this.observer?.isNeeded === false) this.observer = undefined;
  }

  /** Cancels all timers and kills all processes, without running anything of theirs. The kernel is of no use afterwards. */
  close(): void {
    for (const process of [...this.#processes.values()]) this.#finish(process, "killed", false);
    this.#stopCharging?.();
    this.timers.clear();
    this.peers.close();
  }

  // ---- for the kernel's own files -------------------------------------------------------------------------------------

  /** @internal */
  localProcesses(): Process[] {
    return [...this.#processes.values()];
  }

  /** @internal */
  localProcess(serial: number): Process | undefined {
    return this.#processes.get(serial);
  }

  /** @internal Unique in the runtime: the thread's number in the upper bits. */
  newRef(): Ref {
    this.#refs += 1;
    return (this.thread * 2 ** 38 + this.#refs) as Ref;
  }

  /** @internal */
  spawnBy<Arg>(
    parent: Process | undefined,
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg: Arg | undefined,
    options: SpawnOptions = {},
  ): Process {
    const behaviour = typeof run === "function" ? plain(run as ProcessFunction<unknown>) : (run as Behaviour);
    if (this.#processes.size >= this.#maxProcesses) {
      throw new StartError(
        `Cannot start ${behaviour.label}: expected fewer than ${this.#maxProcesses} processes on thread ${this.thread}. Raise maxProcesses, or find out who starts so many.`,
        "processLimit",
      );
    }
    this.#serial += 1;
    const pid = new Pid(this, this.thread, this.#serial);
    const process = new Process(this, pid, behaviour, parent?.pid, arg, options.trapExit === true);
    attach(pid, process);
    if (options.label !== undefined) process.label = options.label;
    if (options.priority !== undefined) process.priority = options.priority;
    if (options.mailbox !== undefined) {
      checkMailboxOptions(options.mailbox, behaviour.label);
      process.ensureRare().mailboxOptions = options.mailbox;
    }
    if (options.maxStateBytes !== undefined && options.maxStateBytes !== Number.POSITIVE_INFINITY) {
      const maxBytes = positive(`${behaviour.label}: option maxStateBytes`, options.maxStateBytes);
      process.ensureRare().stateLimit = { maxBytes, turnsToCheck: turnsPerStateCheck };
    }
    this.#processes.set(this.#serial, process);
    if (options.name !== undefined) {
      try {
        this.names.register(options.name, process);
      } catch (error) {
        this.#processes.delete(pid.serial);
        process.status = exited;
        detach(pid);
        throw error;
      }
    }
    if (options.link === true && parent !== undefined) this.signals.link(parent, pid);
    this.stats[stat.processes]! += 1;
    this.stats[stat.spawned]! += 1;
    process.status = queued;
    this.#queue.push(process);
    this.observer?.tell({ type: "spawn", pid, parent: process.parent, label: process.label });
    return process;
  }

  /**
   * @internal Puts a sealed message into a mailbox of this thread.
   *
   * @returns false when it was dropped at a full mailbox
   */
  deliver(process: Process, message: unknown, urgent = false): boolean {
    if (process.status === exited) return true;
    // What will be dropped costs its sender as much: else who floods a full mailbox would have the thread for itself.
    this.#queue.reductions -= 1;
    const mailbox = (process.mailbox ??= this.#newMailbox(process));
    const key = mailbox instanceof CoalescingMailbox && !urgent ? this.#keyOf(process, mailbox, message) : undefined;
    if (key === undefined || !this.#coalesce(process, mailbox as CoalescingMailbox, key, message)) {
      if (mailbox.length >= mailbox.limit && !this.#makeRoom(process, mailbox, message)) return false;
      if (!urgent) mailbox.push(message, key);
      else if (process.behaviour.receives !== true || !isSysRequest(message)) mailbox.pushUrgent(message);
      else {
        refuseSys(process, message);
        return true;
      }
    }
    this.observer?.delivered(process, message);
    this.stats[stat.messages]! += 1;
    if (process.status === idle) {
      if (process.rare !== undefined && isSuspended(process) && !isSysRequest(message)) return true;
      process.status = queued;
      this.#queue.push(process);
    } else if (process.status === awaiting && process.rare?.receiving !== undefined) {
      process.status = receiving;
      this.#queue.push(process);
    }
    return true;
  }

  /** @internal */
  sendAfter(delayMs: number, message: unknown, to: Address, owner: Process): Timer {
    const sealed = seal(message);
    const toSelf = to === owner.pid;
    const timer = this.timers.set(duration(owner, delayMs), () => {
      if (toSelf) owner.rare?.timers?.delete(timer);
      const pid = to instanceof Pid ? to : this.names.whereis(to);
      const process = pid === undefined ? undefined : processOf(pid);
      // Nobody is there to catch what `send` throws at a full mailbox.
      if (process !== undefined) this.deliver(process, sealed);
      else if (pid !== undefined) this.send(pid, sealed);
    });
    if (toSelf) ownTimer(owner, timer);
    return timer;
  }

  /** @internal */
  sendInterval(intervalMs: number, message: unknown, owner: Process): { cancel(): void } {
    const sealed = seal(message);
    let dueMs = this.world.monotonicMs();
    let timer: Timer;
    const arm = (): void => {
      dueMs += Math.max(1, duration(owner, intervalMs));
      timer = this.timers.set(Math.max(0, dueMs - this.world.monotonicMs()), () => {
        owner.rare?.timers?.delete(timer);
        this.deliver(owner, sealed);
        arm();
      });
      ownTimer(owner, timer);
    };
    arm();
    return { cancel: () => void this.cancelTimer(timer, owner) };
  }

  /** @internal */
  cancelTimer(timer: Timer, owner: Process): number | false {
    owner.rare?.timers?.delete(timer);
    return this.timers.cancel(timer);
  }

  /** @internal */
  callBy(
    owner: Process | undefined,
    to: Address,
    name: string,
    request: unknown,
    options: { timeout?: number } = {},
  ): Promise<unknown> {
    const pid = to instanceof Pid ? to : this.names.whereis(to);
    const timeout = options.timeout ?? 5000;
    return new Promise((resolve, reject) => {
      if (typeof timeout !== "number" || !(timeout >= 0)) {
        throw new OptionError(
          `Call "${name}": expected timeout to be milliseconds of at least 0, or Infinity, got ${shown(timeout)}.`,
        );
      }
      const pending = new PendingCall(this.newRef(), owner, to, name, resolve, reject);
      if (pid === undefined) return this.settle(pending, undefined, { reason: "noproc" });
      if (pid === owner?.pid) return this.settle(pending, undefined, { reason: "callingSelf" });
      const server = processOf(pid);
      if (server !== undefined) {
        const message = new CallMessage(new From(this.thread, pending.ref, pending), name, seal(request));
        pending.server = server;
        pending.next = server.callers;
        if (server.callers !== undefined) server.callers.previous = pending;
        server.callers = pending;
        this.deliver(server, message, isSysRequest(message));
      } else if (pid.thread === this.thread || !this.peers.call(pid, pending, request)) {
        return this.settle(pending, undefined, { reason: "noproc" });
      }
      if (pending.settled) return;
      if (owner !== undefined) {
        const rare = owner.ensureRare();
        rare.calls ??= new Set();
        rare.calls.add(pending);
      }
      if (timeout !== Number.POSITIVE_INFINITY) {
        pending.timer = this.timers.set(timeout, () => this.settle(pending, undefined, { reason: "timeout", timeout }));
      }
    });
  }

  /** @internal */
  castTo(to: Address, name: string, payload: unknown): void {
    const pid = to instanceof Pid ? to : this.names.whereis(to);
    const process = pid === undefined ? undefined : processOf(pid);
    if (process !== undefined) this.deliver(process, new CastMessage(name, seal(payload)));
    else if (pid !== undefined && pid.thread !== this.thread) {
      this.#queue.reductions -= 1;
      this.peers.cast(pid, name, payload);
    } else seal(payload);
  }

  /** @internal Ends a call: with its reply, or with what it failed for; without either it is forgotten. */
  settle(
    pending: PendingCall,
    value: unknown,
    failure: { reason: ExitReason; timeout?: number } | "forget" | undefined,
  ): void {
    if (pending.settled) return;
    pending.settled = true;
    if (pending.timer !== undefined) this.timers.discard(pending.timer);
    const { server } = pending;
    if (server !== undefined) {
      if (pending.previous === undefined) {
        if (server.callers === pending) server.callers = pending.next;
      } else pending.previous.next = pending.next;
      if (pending.next !== undefined) pending.next.previous = pending.previous;
      pending.previous = pending.next = pending.server = undefined;
    }
    this.peers.forgetCall(pending);
    pending.owner?.rare?.calls?.delete(pending);
    if (failure === undefined) pending.resolve(value);
    else if (failure !== "forget") pending.reject(callError(pending, failure));
  }

  /**
   * @internal Lets `start` return before `init` has. Erlang's `proc_lib:init_ack`.
   *
   * @param pid undefined: there is nothing to do, and the process is about to end
   */
  initAck(process: Process, pid: Pid | undefined): void {
    if (pid !== undefined) process.starting = undefined;
    process.rare?.started?.resolve(pid);
  }

  /** @internal A promise that the process made has rejected, and nobody listens: as if its handler had thrown. */
  crash(process: Process, thrown: unknown): void {
    if (process.status === exited || process.terminating) return;
    stopReceiving(process);
    this.#crashed(process, thrown);
  }

  /**
   * @internal Ends a process: at once, or when its running handler returns.
   *
   * @param bySignal `terminate` does not run
   */
  end(process: Process, reason: ExitReason, bySignal: boolean): void {
    if (process.status === exited) return;
    if (process === this.#running) {
      if (process.ending === undefined || reason === "killed") process.ending = { reason };
    } else if (bySignal) this.#finish(process, reason, false);
    else this.#terminate(process, reason, false);
  }

  // ---- turns ----------------------------------------------------------------------------------------------------------

  #turn(process: Process): void {
    if (process.status === receiving) {
      process.status = awaiting;
      tryReceive(process);
      return;
    }
    if (process.status !== queued) return;
    process.status = running;
    this.#running = process;
    setCurrent(process);
    this.stats[stat.turns]! += 1;
    this.stats[stat.running] = process.pid.serial;
    this.observer?.turnBegins();
    let result: unknown;
    let handled = 0;
    try {
      if (process.starting !== undefined) {
        result = process.behaviour.init?.(process, process.starting.arg);
        if (!isPromise(result)) this.#started(process);
      }
      while (!isPromise(result) && process.ending === undefined) {
        const mailbox = process.mailbox;
        if (mailbox === undefined || mailbox.length === 0 || this.#queue.reductions <= 0) break;
        const at = isSuspended(process) ? firstSysRequest(mailbox) : 0;
        if (at < 0) break;
        this.#queue.reductions -= 1;
        const message = at === 0 ? mailbox.shift() : mailbox.removeAt(at);
        if (isSysRequest(message)) answerSys(process, message);
        else result = process.behaviour.handle(process, message);
        // Slow handlers must not make a long turn of it: the event loop waits.
        handled += 1;
        if ((handled & 15) === 0 && this.#queue.isSliceOver()) break;
      }
    } catch (thrown) {
      this.#running = undefined;
      setCurrent(undefined);
      this.stats[stat.running] = 0;
      this.observer?.turnEnds(process);
      this.#crashed(process, thrown);
      return;
    }
    this.#running = undefined;
    setCurrent(undefined);
    this.stats[stat.running] = 0;
    this.observer?.turnEnds(process);
    if (isPromise(result)) this.#wait(process, result);
    if (process.ending !== undefined) this.#finish(process, process.ending.reason, false);
    else if (!isPromise(result)) this.#rest(process);
  }

  /** Idle, or queued again when there is more to do. */
  #rest(process: Process): void {
    if (process.rare?.stateLimit !== undefined && this.#isOverweight(process, process.rare.stateLimit)) return;
    const { mailbox } = process;
    if (mailbox !== undefined && (isSuspended(process) ? firstSysRequest(mailbox) >= 0 : mailbox.length > 0)) {
      process.status = queued;
      this.#queue.push(process);
    } else process.status = idle;
  }

  /** Now and then: is its state beyond its limit? Then that was its end. */
  #isOverweight(process: Process, limit: NonNullable<Rare["stateLimit"]>): boolean {
    limit.turnsToCheck -= 1;
    if (limit.turnsToCheck > 0) return false;
    limit.turnsToCheck = turnsPerStateCheck;
    const { pid, label, behaviour } = process;
    try {
      const state = behaviour.getState === undefined ? process.state : behaviour.getState(process);
      if (!exceeds(state, limit.maxBytes)) return false;
    } catch (thrown) {
      this.#crashed(process, thrown); // a getter of its own state
      return true;
    }
    this.report({ kind: "stateLimit", pid: pid.toString(), label, maxBytes: limit.maxBytes });
    this.#finish(process, "killed", false);
    return true;
  }

  /** The handler goes on asynchronously: no other message is handled until its promise settles. */
  #wait(process: Process, promise: PromiseLike<unknown>): void {
    this.#await(process);
    promise.then(
      () => {
        if (process.status === exited || process.terminating) return;
        stopReceiving(process);
        if (process.starting !== undefined) this.#started(process);
        if (process.ending !== undefined) this.#finish(process, process.ending.reason, false);
        else if (!this.#isOver(process)) this.#rest(process);
      },
      (thrown: unknown) => {
        if (process.status === exited || process.terminating) return;
        stopReceiving(process);
        this.#crashed(process, thrown);
      },
    );
  }

  /** What came while the handler still ran may be what its `receive` waits for. */
  #await(process: Process): void {
    process.status = awaiting;
    if (process.rare?.receiving !== undefined && process.mailbox !== undefined && process.mailbox.length > 0) {
      process.status = receiving;
      this.#queue.push(process);
    }
  }

  #started(process: Process): void {
    this.initAck(process, process.pid);
    if (process.behaviour instanceof PlainBehaviour) process.ending ??= { reason: "normal" };
  }

  #isOver(process: Process): boolean {
    return (process.status as number) === exited;
  }

  #crashed(process: Process, thrown: unknown): void {
    const exit = thrown instanceof ProcessExit;
    const reason = exit ? thrown.reason : crashReason(thrown);
    if (!exit) this.stats[stat.crashed]! += 1;
    if (process.ending?.reason === "killed") this.#finish(process, "killed", true);
    else this.#terminate(process, reason, true);
  }

  /** Runs `terminate`, unless the process has not even started or is at it already; then the process is gone. */
  #terminate(process: Process, reason: ExitReason, crashed: boolean): void {
    const { behaviour } = process;
    if (behaviour.terminate === undefined || process.terminating || process.starting !== undefined) {
      this.#finish(process, reason, crashed);
      return;
    }
    process.terminating = true;
    process.status = running;
    const interrupted = this.#running;
    this.#running = process;
    let result: unknown;
    try {
      result = runAs(process, () => behaviour.terminate!(process, reason));
    } catch (thrown) {
      reason = thrown instanceof ProcessExit ? thrown.reason : crashReason(thrown);
      crashed = true;
    } finally {
      this.#running = interrupted;
    }
    if (!isPromise(result)) {
      this.#finish(process, reason, crashed);
      return;
    }
    this.#await(process);
    result.then(
      () => this.#finish(process, reason, crashed),
      (thrown: unknown) =>
        this.#finish(process, thrown instanceof ProcessExit ? thrown.reason : crashReason(thrown), true),
    );
  }

  /** The end, as a work list: it spreads over links without recursion. */
  #finish(process: Process, reason: ExitReason, crashed: boolean): void {
    this.#ends.push({ process, reason, crashed });
    if (this.#ending) return;
    this.#ending = true;
    try {
      for (let i = 0; i < this.#ends.length; i++) {
        const end = this.#ends[i]!;
        if (end.process.status !== exited) this.#remove(end.process, end.reason, end.crashed);
      }
    } finally {
      this.#ends.length = 0;
      this.#ending = false;
    }
  }

  #remove(process: Process, reason: ExitReason, crashed: boolean): void {
    const { rare, mailbox, pid } = process;
    this.observer?.tell({ type: "exit", pid, reason });
    const mailboxLength = mailbox?.length ?? 0;
    process.status = exited;
    process.mailbox = undefined;
    process.state = undefined;
    this.#processes.delete(pid.serial);
    detach(pid);
    this.stats[stat.processes]! -= 1;
    if (rare !== undefined) {
      this.names.ownerEnded(process);
      if (rare.tables !== undefined) for (const table of rare.tables) table.ownerEnded(process);
      this.pubsub.unsubscribeAll(process);
      this.aliases.unmakeAll(process);
      if (rare.timers !== undefined) for (const timer of rare.timers) this.timers.cancel(timer);
      if (rare.receiving?.timer !== undefined) this.timers.cancel(rare.receiving.timer);
      if (rare.calls !== undefined) for (const call of [...rare.calls]) this.settle(call, undefined, "forget");
      if (rare.resources !== undefined || rare.abort !== undefined) runAs(process, () => this.#letGo(process, reason));
      rare.started?.reject(reason);
      if (rare.remoteCalls !== undefined) this.peers.failCalls(rare.remoteCalls, reason);
    }
    for (let call = process.callers; call !== undefined; call = process.callers) {
      this.settle(call, undefined, { reason });
    }
    this.signals.spread(process, reason);
    // What still runs of it may ask for its signal: it is aborted, for this reason.
    process.rare = rare?.abort === undefined ? undefined : { abort: rare.abort };
    if (crashed && !isQuiet(reason)) {
      this.report({
        kind: "crash",
        pid: pid.toString(),
        label: process.label,
        reason,
        parent: process.parent?.toString(),
        mailboxLength,
      });
    }
  }

  /** Its resources, the last one first, and whatever listens to its signal. */
  #letGo(process: Process, reason: ExitReason): void {
    const { resources, abort } = process.rare!;
    for (const resource of [...(resources ?? [])].reverse()) this.#dispose(process, resource);
    abort?.abort(reason);
  }

  #dispose(process: Process, resource: Disposable | AsyncDisposable): void {
    const failed = (thrown: unknown): void =>
      this.report({
        kind: "error",
        where: `a resource of ${process.label} ${process.pid}`,
        reason: crashReason(thrown),
      });
    try {
      const { [Symbol.dispose]: dispose, [Symbol.asyncDispose]: disposeAsync } = resource as Disposable &
        AsyncDisposable;
      if (typeof dispose === "function") dispose.call(resource);
      else Promise.resolve(disposeAsync.call(resource)).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #newMailbox(process: Process): Mailbox {
    const options = process.rare?.mailboxOptions;
    const limit = options?.max ?? this.#maxMailbox;
    const overflow = options?.overflow;
    return typeof overflow === "object" ? new CoalescingMailbox(limit, overflow.coalesce) : new Mailbox(limit);
  }

  /** Of a message that may be coalesced. */
  #keyOf(process: Process, mailbox: CoalescingMailbox, message: unknown): unknown {
    if (message instanceof CallMessage || isSystem(message) || process.ending !== undefined) return undefined;
    try {
      return mailbox.keyOf(message);
    } catch (thrown) {
      // Not the sender's fault.
      const reason = crashReason(thrown);
      this.report({ kind: "error", where: `mailbox.overflow.coalesce of ${process.label} ${process.pid}`, reason });
      this.end(process, reason, true);
      return undefined;
    }
  }

  /** @returns whether the message took the place of one with the same key */
  #coalesce(process: Process, mailbox: CoalescingMailbox, key: unknown, message: unknown): boolean {
    if (!mailbox.replace(key, message)) return false;
    const rare = process.ensureRare();
    rare.coalesced = (rare.coalesced ?? 0) + 1;
    forgetScanned(process);
    return true;
  }

  /** At a full mailbox. @returns whether the message may go in */
  #makeRoom(process: Process, mailbox: Mailbox, message: unknown): boolean {
    if (isSystem(message)) return true;
    const rare = process.ensureRare();
    this.stats[stat.dropped]! += 1;
    rare.dropped = (rare.dropped ?? 0) + 1;
    if (rare.dropped === 1) {
      const { pid, label } = process;
      this.report({ kind: "mailboxFull", pid: pid.toString(), label, limit: mailbox.limit });
    }
    const overflow = rare.mailboxOptions?.overflow;
    if (overflow === "exit") {
      this.#drop(message);
      this.end(process, "mailboxFull", true);
      return false;
    }
    if (overflow === "dropOldest") {
      const end = Math.min(mailbox.length, mailbox.urgent + maxPassedOver);
      for (let i = mailbox.urgent; i < end; i++) {
        if (isSystem(mailbox.at(i))) continue;
        this.#drop(removeUnread(process, mailbox, i));
        return true;
      }
    }
    this.#drop(message);
    return false;
  }

  /** A message will not be handled: who waits for its answer is told. */
  #drop(message: unknown): void {
    if (!(message instanceof CallMessage)) return;
    if (message.from.pending !== undefined) this.settle(message.from.pending, undefined, { reason: "mailboxFull" });
    else this.peers.failCall(message.from, "mailboxFull");
  }

  #afterSlice(): void {
    this.stats[stat.runQueue] = this.#queue.length;
    this.peers.flush();
  }
}

/** What passes a full mailbox. */
function isSystem(message: unknown): boolean {
  return (
    message instanceof ExitMessage ||
    message instanceof DownMessage ||
    message instanceof TaskReply ||
    message instanceof OwnTimeout ||
    isSysRequest(message)
  );
}

/** @returns its position, or -1. What is urgent for other reasons may stand before it */
function firstSysRequest(mailbox: Mailbox): number {
  for (let i = 0; i < mailbox.urgent; i++) if (isSysRequest(mailbox.at(i))) return i;
  return -1;
}

/** Of a full mailbox so many of the kernel's own messages are looked at for an older one to drop; else the new one goes. */
const maxPassedOver = 64;

/** Turns of a process between two looks at the size of its state. */
const turnsPerStateCheck = 64;

/** A plain process's behaviour: its function is its `init`, and it is over when that is. */
class PlainBehaviour implements Behaviour {
  readonly label: string;
  readonly receives = true;
  readonly init: ProcessFunction<unknown>;

  constructor(run: ProcessFunction<unknown>) {
    this.label = run.name || "process";
    this.init = run;
  }

  handle(): void {
    // Messages wait in the mailbox for `receive`: the process is inside `init` for as long as it lives.
  }
}

const plainBehaviours = new WeakMap<ProcessFunction<unknown>, PlainBehaviour>();

function plain(run: ProcessFunction<unknown>): PlainBehaviour {
  let behaviour = plainBehaviours.get(run);
  if (behaviour === undefined) {
    behaviour = new PlainBehaviour(run);
    plainBehaviours.set(run, behaviour);
  }
  return behaviour;
}

/** A reporter that throws, or rejects, must not stop the kernel in the middle of its work, or end the program. */
function guarded(report: Reporter): Reporter {
  return (what) => {
    const failed = (thrown: unknown): void => {
      reportToStderr(what);
      reportToStderr({ kind: "error", where: "the reporter of the kernel's options", reason: crashReason(thrown) });
    };
    try {
      const result: unknown = runAs(undefined, () => report(what)); // its promises are not the running process's
      if (isPromise(result)) result.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
}

function ownTimer(owner: Process, timer: Timer): void {
  const rare = owner.ensureRare();
  rare.timers ??= new Set();
  rare.timers.add(timer);
}

function duration(owner: Process, ms: number): number {
  if (typeof ms === "number" && ms >= 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new OptionError(`Process ${owner.pid}: expected a delay in milliseconds of at least 0, got ${shown(ms)}.`);
}

function positive(which: string, value: number): number {
  if (typeof value === "number" && value > 0) return value;
  throw new OptionError(`${which}: expected a number above 0, got ${shown(value)}.`);
}

function callError(pending: PendingCall, failure: { reason: ExitReason; timeout?: number }): CallError {
  const { reason } = failure;
  const whom = pending.target instanceof Pid ? pending.target.toString() : `"${pending.target}"`;
  const why =
    reason === "timeout"
      ? `expected a reply within ${failure.timeout} ms, got none. Pass { timeout } for a longer wait, or reply earlier`
      : reason === "noproc"
        ? "nobody is there. Start the server before its callers"
        : reason === "callingSelf"
          ? "a process that calls itself would wait for ever. Use its state directly"
          : reason === "mailboxFull"
            ? "its mailbox is full"
            : `it ended: ${reasonText(reason)}`;
  return new CallError(`Call "${pending.call}" to ${whom} failed: ${why}.`, reason);
}
