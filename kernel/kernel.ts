/**
 * Kernel: the processes of one thread. A value: several can live in one program, and nothing happens at import.
 *
 *   spawning.ts ─▷ Process ─▷ run-queue.ts ─▷ turns.ts ─▷ behaviour
 *                    │ ▲                         │ throws, exits, or an exit signal comes
 *       signals.ts ◁─┘ └─ delivery.ts            ▼
 *       names, pubsub      ▲                   ends.ts: names, subscriptions, timers and resources go first,
 *                          │                            then links and monitors hear of it
 *       send, calling.ts, message-timers.ts
 *       peers.ts ⇄ kernels of other threads
 *
 * This file is the face of it all: what a user can ask of a kernel, and where the parts find each other.
 *
 * Source: Erlang/OTP, the reference manual's "Processes" and proc_lib.
 */

import { Alias, Aliases } from "./alias.ts";
import type { Behaviour, ProcessFunction } from "./behaviour.ts";
import { Calling } from "./calling.ts";
import type { From, PendingCall } from "./calls.ts";
import { Hosts } from "./crossing/hosts.ts";
import { Inquiries } from "./crossing/inquiries.ts";
import { Peers } from "./crossing/peers.ts";
import { RemoteSpawns } from "./crossing/remote-spawns.ts";
import { Delivery } from "./delivery.ts";
import { Ends } from "./ends.ts";
import { type LintelError, MailboxError, NameError, OptionError, shown } from "./errors.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Note } from "./guard/note.ts";
import { Quarantine } from "./guard/quarantine.ts";
import { chargeRejections } from "./guard/rejections.ts";
import {
  checkKernelOptions,
  isPlaced,
  type KernelOptions,
  noOptions,
  positive,
  type SendOptions,
  type SpawnOptions,
  type StartOptions,
} from "./kernel-options.ts";
import { seal } from "./message.ts";
import { GroupTable } from "./names/group-table.ts";
import { NameNews } from "./names/name-news.ts";
import { Names } from "./names/names.ts";
import { PubSub, type Topic } from "./names/pubsub.ts";
import { Rosters } from "./names/rosters.ts";
import { guarded } from "./observe/guarded-reporter.ts";
import {
  checkSystemMonitorOptions,
  checkTraceOptions,
  Observer,
  type SystemEvent,
  type SystemMonitorOptions,
  type Trace,
  type TraceEvent,
  type TraceOptions,
} from "./observe/observer.ts";
import { type ProcessInfo, processInfo, type TopBy, topProcesses } from "./observe/process-info.ts";
import { type Reporter, reportToStderr } from "./observe/report.ts";
import { type Stats, StatsTable, stat } from "./observe/stats.ts";
import { checkNumber } from "./options.ts";
import { type Address, checkPid, otherKernel, Pid, processOf, type Ref } from "./pid.ts";
import type { Process } from "./process.ts";
import { ProcessTable } from "./process-table.ts";
import type { CallName, CallReplyOf, CallRequestOf, CastName, CastPayloadOf, InfoOf, Payload } from "./protocol.ts";
import { realWorld } from "./real-world.ts";
import { RunQueue } from "./run-queue.ts";
import { Signals } from "./signals.ts";
import { Spawning } from "./spawning.ts";
import { type Timer, TimerWheel } from "./timer-wheel.ts";
import { Turns } from "./turns.ts";
import type { World } from "./world.ts";

export type { KernelOptions, SendOptions, SpawnOptions, StartOptions } from "./kernel-options.ts";

export class Kernel {
  readonly world: World;
  readonly thread: number;
  readonly timers: TimerWheel;
  readonly names: Names;
  readonly pubsub: PubSub;
  /** @internal */ readonly groups: GroupTable;
  readonly peers: Peers;
  /** The threads that processes can be started on. */
  readonly hosts: Hosts;
  /** This kernel's counters. */
  readonly stats: Stats;
  /** The counters of all threads of the runtime. */
  readonly statsTable: StatsTable;
  /** @internal */ readonly signals: Signals;
  /** @internal */ readonly aliases: Aliases;
  /** @internal */ readonly inquiries: Inquiries;
  /** @internal */ readonly nameNews: NameNews;
  /** @internal */ readonly remoteSpawns: RemoteSpawns;
  /** @internal */ readonly rosters: Rosters;
  readonly report: Reporter;

  /** @internal */ readonly processTable = new ProcessTable();
  /** @internal */ readonly queue: RunQueue;
  /** @internal */ readonly turns: Turns;
  /** @internal */ readonly ends: Ends;
  readonly #spawning: Spawning;
  readonly #delivery: Delivery;
  readonly #calling: Calling;
  readonly #stopCharging: (() => void) | undefined;
  /** @internal What this thread refuses to run for now. */ readonly quarantine: Quarantine;
  /** @internal Where other threads can read what a process here is at. */ note: Note | undefined;
  /** @internal There only while somebody asks. */ observer: Observer | undefined;
  #refs = 0;

  constructor(options: KernelOptions = {}) {
    checkKernelOptions(options);
    this.world = options.world ?? realWorld;
    this.thread = options.thread ?? 0;
    this.report = options.report === undefined ? reportToStderr : guarded(options.report);
    this.statsTable = options.statsTable ?? new StatsTable(1);
    this.stats = this.statsTable.row(options.statsRow ?? 0);
    this.stats.fill(0);
    this.stats[stat.thread] = this.thread;
    this.timers = new TimerWheel(this.world);
    this.quarantine = new Quarantine(this.world);
    this.names = new Names(this);
    this.pubsub = new PubSub(this);
    this.groups = new GroupTable(this);
    this.signals = new Signals(this);
    this.aliases = new Aliases(this);
    this.peers = new Peers(this, options.crossing);
    this.inquiries = new Inquiries(this);
    this.nameNews = new NameNews(this);
    this.remoteSpawns = new RemoteSpawns(this);
    this.rosters = new Rosters(this);
    this.hosts = new Hosts(this, options.statsRow ?? 0);
    this.queue = new RunQueue(
      this.world,
      this.timers,
      positive("Kernel option sliceMs", options.sliceMs ?? 0.25),
      (process) => this.turns.run(process),
      () => this.#afterSlice(),
    );
    this.turns = new Turns(this);
    this.ends = new Ends(this);
    this.#spawning = new Spawning(this, positive("Kernel option maxProcesses", options.maxProcesses ?? 1_048_576));
    this.#delivery = new Delivery(this, positive("Kernel option maxMailbox", options.maxMailbox ?? 100_000));
    this.#calling = new Calling(this);
    // Last: what throws above leaves no hooks behind.
    this.#stopCharging = options.chargeRejections === false ? undefined : chargeRejections();
  }

  /**
   * Starts a process that nobody is parent of. It runs in a later turn of the event loop.
   *
   * @throws {PlacementError} when `options.on` is not possible
   */
  spawn<Arg = undefined>(run: Behaviour<Arg> | ProcessFunction<Arg>, arg?: Arg, options?: SpawnOptions): Pid {
    if (isPlaced(options)) return this.remoteSpawns.spawn(undefined, run, arg, options);
    return this.spawnBy(undefined, run, arg, options).pid;
  }

  /**
   * Starts a process and waits until its `init` has returned. Erlang's `proc_lib:start_link`.
   *
   * @param parent the process that starts it; linked to it with `options.link`
   * @throws {StartError} with the reason that `init` failed with, `timeout`, or `{ alreadyStarted: pid }` when the name
   *   is taken; on another thread also as remote-spawns.ts tells
   * @throws {PlacementError} when `options.on` is not possible
   */
  start<Arg>(parent: Process | undefined, run: Behaviour<Arg>, arg: Arg, options: StartOptions = {}): Promise<Pid> {
    if (isPlaced(options)) return this.remoteSpawns.start(parent, run, arg, options);
    return this.#spawning.start(parent, run, arg, options);
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
      throw nobody(to);
    }
    const process = processOf(pid);
    if (process !== undefined) {
      if (process.kernel !== this) throw otherKernel(pid);
      if (
        !this.#delivery.deliver(process, seal(message), false) &&
        process.rare?.mailboxOptions?.overflow === "reject"
      ) {
        throw new MailboxError(
          `Cannot send to ${process.label} ${pid}: ${process.mailbox?.limit} messages wait for it, which is its limit. Send less, or later.`,
        );
      }
    } else if (pid.thread !== this.thread) {
      this.queue.reductions -= 1;
      this.peers.send(pid, message);
    } else {
      seal(message);
      this.stats[stat.deadLetters]! += 1;
    }
  }

  /** Sends a request to a server and waits for its reply. See `Process.call`. */
  call<P, K extends CallName<P>>(
    to: Address<P>,
    name: K,
    ...request: [...Payload<CallRequestOf<P, K>>, options?: { timeout?: number }]
  ): Promise<CallReplyOf<P, K>> {
    return this.#calling.call(
      undefined,
      to,
      name,
      request[0],
      request[1] as { timeout?: number } | undefined,
    ) as Promise<CallReplyOf<P, K>>;
  }

  /** Sends a request that has no reply. See `Process.cast`. */
  cast<P, K extends CastName<P>>(to: Address<P>, name: K, ...payload: Payload<CastPayloadOf<P, K>>): void {
    this.#calling.cast(to, name, payload[0]);
  }

  /** Answers a call; from its handler, later, or from any other process. A second reply is dropped. */
  reply(from: From, value: unknown): void {
    if (from.pending !== undefined) this.settle(from.pending, seal(value), undefined);
    else this.peers.reply(from, value);
  }

  /** Sends a message to every subscriber of a topic, on every thread. */
  broadcast<M>(topic: Topic<M>, message: M, except?: Pid): void {
    if (typeof topic !== "string") throw new OptionError(`broadcast: expected a topic, got ${shown(topic)}.`);
    const sealed = seal(message);
    this.pubsub.localBroadcast(topic, sealed, except);
    this.peers.broadcast(topic, sealed, except);
  }

  /**
   * Starts a process later, that nobody is parent of. Erlang's `timer:apply_after`.
   *
   * @param delayMs milliseconds, at least 0
   */
  applyAfter<Arg = undefined>(
    delayMs: number,
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg?: Arg,
    options?: SpawnOptions,
  ): Timer {
    checkNumber("applyAfter", "delayMs", delayMs, { least: 0 });
    return this.timers.set(delayMs, () => this.spawn(run, arg, options));
  }

  /** Sends an exit signal, on behalf of code that is no process. */
  exit(pid: Pid, reason: ExitReason): void {
    checkPid(() => "exit", pid);
    this.signals.exit(pid, pid, reason);
  }

  /**
   * @returns whether a process of this thread is alive
   * @throws {OptionError} for one of another thread: nobody can know that here. Monitor it
   */
  isAlive(pid: Pid): boolean {
    if (pid.thread !== this.thread) {
      throw new OptionError(
        `isAlive: expected a pid of thread ${this.thread}, got ${pid}. Monitor it: its end, or that it is not there, comes as a message.`,
      );
    }
    return processOf(pid) !== undefined;
  }

  /** The pids of this thread's processes. */
  processes(): Pid[] {
    return this.processTable.all().map((process) => process.pid);
  }

  /** What there is to know of a process of this thread; undefined when it is not alive. */
  processInfo(pid: Pid): ProcessInfo | undefined {
    checkPid(() => "processInfo", pid);
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
    return topProcesses(this.processTable.all(), this.observer, by, limit);
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
    for (const process of this.processTable.all()) this.ends.finish(process, "killed", false);
    this.#stopCharging?.();
    this.timers.clear();
    this.peers.close();
  }

  // ---- for the kernel's own files, each told where it is done -------------------------------------------------------

  /** @internal All of them, the oldest first. */
  localProcesses(): Process[] {
    return this.processTable.all();
  }

  /** @internal */
  localProcess(serial: number): Process | undefined {
    return this.processTable.get(serial);
  }

  /** @internal Unique in the runtime: the thread's number in the upper bits. */
  newRef(): Ref {
    this.#refs += 1;
    return (this.thread * 2 ** 38 + this.#refs) as Ref;
  }

  /** @internal See spawning.ts. */
  spawnBy<Arg>(
    parent: Process | undefined,
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg: Arg | undefined,
    options: SpawnOptions = noOptions,
    given?: { readonly pid: Pid; readonly parent: Pid | undefined },
  ): Process {
    return this.#spawning.spawn(parent, run, arg, options, given);
  }

  /** @internal See delivery.ts. */
  deliver(process: Process, message: unknown, urgent = false): boolean {
    return this.#delivery.deliver(process, message, urgent);
  }

  /** @internal See calling.ts. */
  callBy(
    owner: Process | undefined,
    to: Address,
    name: string,
    request: unknown,
    options?: { timeout?: number },
  ): Promise<unknown> {
    return this.#calling.call(owner, to, name, request, options);
  }

  /** @internal See calling.ts. */
  castTo(to: Address, name: string, payload: unknown): void {
    this.#calling.cast(to, name, payload);
  }

  /** @internal See calling.ts. */
  settle(
    pending: PendingCall,
    value: unknown,
    failure: { reason: ExitReason; timeout?: number } | "forget" | undefined,
  ): void {
    this.#calling.settle(pending, value, failure);
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

  /** @internal See ends.ts. */
  end(process: Process, reason: ExitReason, bySignal: boolean): void {
    this.ends.end(process, reason, bySignal);
  }

  #afterSlice(): void {
    this.stats[stat.runQueue] = this.queue.length;
    this.peers.flush();
  }
}

/** What `send` throws when there is no pid for the address. */
function nobody(to: unknown): LintelError {
  if (typeof to === "string" || (typeof to === "object" && to !== null)) {
    return new NameError(`Cannot send to "${String(to)}": nobody has that name. Start its process first.`);
  }
  return new OptionError(`send: expected a pid, a name or an alias to send to, got ${shown(to)}.`);
}
