/**
 * Process: a mailbox, a behaviour with its state, links and monitors. This object is what handlers get as `self`.
 *
 *             send, timers, replies                     turn: at most `budget` messages, then the next process
 *   others ────────────▷ mailbox ──▷ run queue ──▷ behaviour.handle(self, message)
 *             exit signals ────────▷ at once, or after the running handler returns
 *
 *   status    idle ─▷ queued ─▷ running ─▷ idle | queued          a handler that returned
 *                                   └────▷ awaiting ─▷ queued     a handler that returned a promise: no other message is
 *             any ─▷ exited                                       handled until it settles
 *
 * Cost: an idle process holds no timer, promise or closure; links, monitors and the mailbox are made on first use.
 */

import type { Alias, AliasOptions, MonitorAliasMode } from "./alias.ts";
import type { Lineage } from "./ancestry.ts";
import type { Behaviour, ProcessFunction } from "./behaviour.ts";
import type { PendingCall } from "./calls.ts";
import { OptionError, shown } from "./errors.ts";
import { type ExitReason, reasonText } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { isPlaced, linkOnly, type SendOptions, type SpawnOptions } from "./kernel-options.ts";
import type { Mailbox } from "./mailbox.ts";
import { seal } from "./message.ts";
import { cancelTimer, sendAfter, sendInterval, type When } from "./message-timers.ts";
import type { Topic } from "./names/pubsub.ts";
import { checkKeys } from "./options.ts";
import { type Address, checkPid, type Name, type Pid, type Ref } from "./pid.ts";
import {
  awaiting,
  exited,
  idle,
  type Priority,
  type PriorityLevel,
  priorityLevels,
  type Status,
} from "./process-status.ts";
import type { CallName, CallReplyOf, CallRequestOf, CastName, CastPayloadOf, InfoOf, Payload } from "./protocol.ts";
import type { Rare } from "./rare.ts";
import { mark, type ReceiveOptions, receive, type timedOut } from "./receive.ts";
import type { MonitorOptions, MonitorTarget } from "./signals.ts";
import type { SmallMap, SmallSet } from "./small-collections.ts";
import { TimeoutMessage } from "./system-messages.ts";
import type { Timer } from "./timer-wheel.ts";

/** Thrown by `self.exit(reason)` to leave the handler; the kernel catches it. Do not catch it yourself. */
export class ProcessExit {
  readonly reason: ExitReason;

  /** @throws {MessageError} when the reason is not data: others get it in their exit signals */
  constructor(reason: ExitReason) {
    this.reason = seal(reason);
  }

  /** For a log of somebody who has caught it all the same. */
  toString(): string {
    return `ProcessExit: the process ends, or has ended: ${reasonText(this.reason)}. Let it through.`;
  }
}

/** @internal Of any thrown value, one that cannot be looked at, too. */
export function isProcessExit(thrown: unknown): thrown is ProcessExit {
  try {
    return thrown instanceof ProcessExit;
  } catch {
    return false;
  }
}

export class Process<Info = unknown> {
  readonly pid: Pid<{ calls: Record<never, never>; casts: Record<never, never>; info: Info }>;
  readonly kernel: Kernel;
  readonly behaviour: Behaviour;
  /** @internal Who spawned it, and so on (ancestry.ts). */ readonly lineage: Lineage | undefined;
  /** The behaviour's own. */
  state: unknown = undefined;

  /** @internal */ status: Status = idle;
  /** @internal */ next: Process | undefined = undefined;
  /** @internal Of its slot's chain (process-table.ts). */ nextInTable: Process | undefined = undefined;
  /** @internal Its status may change while it is there. */ inQueue = false;
  /** @internal */ mailbox: Mailbox | undefined = undefined;
  /** @internal Reductions by which its last turn went beyond its budget; the next turns are shorter for it. */
  debt = 0;
  /** @internal */ level: PriorityLevel = priorityLevels.normal;
  /** @internal */ links: SmallSet<Pid> | undefined = undefined;
  /** @internal Monitors that this process set. */ monitors: SmallMap<Ref, MonitorTarget> | undefined = undefined;
  /** @internal Monitors that others set on it. */ monitoredBy: SmallMap<Ref, Pid> | undefined = undefined;
  /** @internal Calls that wait for this process. */ callers: PendingCall | undefined = undefined;
  /** @internal */ rare: Rare | undefined = undefined;
  /** @internal Why it must end as soon as its handler returns. */ ending: { readonly reason: ExitReason } | undefined =
    undefined;
  /** @internal Its `init` has not run yet, and this is its argument. */ starting:
    | { readonly arg: unknown }
    | undefined;
  /** @internal */ terminating = false;
  #trapExit: boolean;
  #label: string | undefined = undefined;

  /** @internal */
  constructor(
    kernel: Kernel,
    pid: Pid,
    behaviour: Behaviour,
    lineage: Lineage | undefined,
    arg: unknown,
    trapExit: boolean,
  ) {
    this.kernel = kernel;
    this.pid = pid as Process<Info>["pid"];
    this.behaviour = behaviour;
    this.lineage = lineage;
    this.starting = { arg };
    this.#trapExit = trapExit;
  }

  /** Shown in reports and listings; the behaviour's name unless set. */
  get label(): string {
    return this.#label ?? this.behaviour.label;
  }

  set label(label: string) {
    this.#label = label;
  }

  /** Who spawned it; undefined when that was no process. */
  get parent(): Pid | undefined {
    return this.lineage?.pid;
  }

  get isAlive(): boolean {
    return this.status !== exited;
  }

  /**
   * True: exit signals arrive as `ExitMessage`s, `normal` ones too, instead of ending the process. Default false.
   * A `kill` cannot be trapped.
   */
  get trapExit(): boolean {
    return this.#trapExit;
  }

  set trapExit(trap: boolean) {
    if (typeof trap !== "boolean") {
      throw new OptionError(`Process ${this.pid}: expected trapExit to be true or false, got ${shown(trap)}.`);
    }
    this.#trapExit = trap;
  }

  /**
   * When it runs among others that are ready: `max` and `high` before all others, `low` in one turn of eight of the
   * normal ones. Default "normal". There is no preemption: a handler that runs is never interrupted.
   */
  get priority(): Priority {
    return (Object.keys(priorityLevels) as Priority[])[this.level]!;
  }

  set priority(priority: Priority) {
    if (!Object.hasOwn(priorityLevels, priority)) {
      throw new OptionError(
        `Process ${this.pid}: expected priority to be "low", "normal", "high" or "max", got ${shown(priority)}.`,
      );
    }
    this.level = priorityLevels[priority];
  }

  /** Aborted, with the exit reason, when the process ends: `fetch(url, { signal: self.signal })` dies with its owner. */
  get signal(): AbortSignal {
    if (this.status === exited) return this.rare?.abort?.signal ?? AbortSignal.abort("noproc");
    const rare = this.#rare();
    rare.abort ??= new AbortController();
    return rare.abort.signal;
  }

  /** The process dictionary: values by key, for what is the process's rather than its behaviour's (a locale). */
  get dictionary(): Map<unknown, unknown> {
    const rare = this.#rare();
    rare.dictionary ??= new Map();
    return rare.dictionary;
  }

  /**
   * Sends a message. Never blocks and never fails for a pid: what is sent to a process that has ended is dropped.
   * On this thread the message is frozen (message.ts), to another thread it is copied.
   *
   * @throws {NameError} when nobody has the name
   * @throws {MessageError} when the message is not data
   */
  send<P>(to: Address<P>, message: InfoOf<P>): void;
  /** Through an alias: dropped when it is not active any more. `priority`: before all that waits, if the alias allows it. */
  send<M>(to: Alias<M>, message: M, options?: SendOptions): void;
  send(to: Address | Alias, message: unknown, options?: SendOptions): void {
    this.assertAlive();
    this.kernel.observer?.sent(this as Process, to, message);
    this.kernel.send(to as Alias, message, options);
  }

  /**
   * Sends a message after a while: to oneself, or to somebody else. A timer to oneself ends with the process; a name is
   * looked up when the timer fires, and the message dropped if nobody has it then.
   *
   * @param when milliseconds, at least 0; or `{ at }`, a moment of `kernel.world.monotonicMs()`
   */
  sendAfter(when: When, message: Info): Timer;
  sendAfter<P>(when: When, message: InfoOf<P>, to: Address<P>): Timer;
  sendAfter(when: When, message: unknown, to: Address = this.pid): Timer {
    this.assertAlive();
    return sendAfter(this as Process, when, message, to);
  }

  /**
   * Like `sendAfter`, but the message comes as a `TimeoutMessage` with the timer's ref: one that fired just before it was
   * cancelled can be told from the next one. Erlang's `start_timer`.
   */
  startTimer(when: When, message: unknown, to: Address = this.pid): { readonly timer: Timer; readonly ref: Ref } {
    this.assertAlive();
    const ref = this.kernel.newRef();
    return { ref, timer: sendAfter(this as Process, when, new TimeoutMessage(ref, seal(message)), to) };
  }

  /**
   * Sends a message again and again, the first one after `intervalMs`. It does not drift: a late one is not made up for
   * by a longer wait. Ends with the process, or by `cancelTimer`.
   */
  sendInterval(intervalMs: number, message: Info): { cancel(): void } {
    this.assertAlive();
    return sendInterval(this as Process, intervalMs, message);
  }

  /** @returns milliseconds that were left, or false when it had fired or been cancelled: the message may be in the mailbox */
  cancelTimer(timer: Timer): number | false {
    return cancelTimer(this.kernel, timer);
  }

  /** @returns milliseconds that are left, or false when it has fired or been cancelled */
  readTimer(timer: Timer): number | false {
    return this.kernel.timers.read(timer);
  }

  /**
   * Starts a process. It runs at the earliest when the current handler has returned; with `options.on` on another thread,
   * and its pid can be used at once.
   *
   * @throws {PlacementError} when `options.on` is not possible
   */
  spawn<Arg = undefined>(run: Behaviour<Arg> | ProcessFunction<Arg>, arg?: Arg, options?: SpawnOptions): Pid {
    this.assertAlive();
    if (isPlaced(options)) return this.kernel.remoteSpawns.spawn(this as Process, run, arg, options);
    return this.kernel.spawnBy(this as Process, run, arg, options).pid;
  }

  /** `spawn` and `link` in one: there is no moment at which the child could end unnoticed. */
  spawnLink<Arg = undefined>(run: Behaviour<Arg> | ProcessFunction<Arg>, arg?: Arg, options?: SpawnOptions): Pid {
    return this.spawn(run, arg, options === undefined ? linkOnly : { ...options, link: true });
  }

  /** `spawn` and `monitor` in one. */
  spawnMonitor<Arg = undefined>(
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg?: Arg,
    options?: SpawnOptions,
  ): { pid: Pid; ref: Ref } {
    if (isPlaced(options)) {
      const ref = this.makeRef();
      return { pid: this.kernel.remoteSpawns.spawn(this as Process, run, arg, options, ref), ref };
    }
    const pid = this.spawn(run, arg, options);
    return { pid, ref: this.monitor(pid) };
  }

  /**
   * Ties this process to another: when one ends, the other gets an exit signal with its reason. One link per pair;
   * repeating it, or linking to oneself, does nothing. A dead pid gives the exit signal `noproc`.
   *
   * @param options.priority if this process traps exits, the `ExitMessage` goes before all messages that wait; default
   *   false. Repeating `link` changes it
   */
  link(pid: Pid, options?: { readonly priority?: boolean }): void {
    this.assertAlive();
    if (options !== undefined) checkKeys(() => `link of ${this.pid}`, options, linkOptions);
    checkPid(() => `link of ${this.pid}`, pid);
    this.kernel.signals.link(this as Process, pid, options?.priority === true);
  }

  /** Unties. No exit signal of that link arrives from now on; a message of it may be in the mailbox already. */
  unlink(pid: Pid): void {
    this.kernel.signals.unlink(this as Process, pid);
  }

  /**
   * Watches a process: exactly one `DownMessage` arrives, when it ends, or at once (`noproc`) if it is not there.
   * Every call makes a monitor of its own.
   *
   * @param options.tag data; the message's `tag`, to tell one's monitors apart
   * @param options.priority the message goes before all that wait; default false
   */
  monitor(target: Address, options?: MonitorOptions): Ref {
    this.assertAlive();
    if (options !== undefined) checkKeys(() => `monitor of ${this.pid}`, options, monitorOptions);
    const ref = this.kernel.newRef();
    // Only a plain process receives by itself, and gains by a marker.
    if (this.status === awaiting || this.behaviour.receives === true) mark(this as Process, ref);
    this.kernel.signals.monitor(this as Process, target, ref, options);
    return ref;
  }

  /** A unique ref, for a request whose answer will carry it; `receive({ since: ref })` finds that behind any backlog. */
  makeRef(): Ref {
    const ref = this.kernel.newRef();
    mark(this as Process, ref);
    return ref;
  }

  /**
   * Watches a process, and makes an alias for its answers that ends with the monitor. This is how a request is made whose
   * late answer must not come: send the alias along, wait for a message or the `DownMessage`, `demonitor`.
   *
   * @param mode "demonitor" (default): the alias ends with `demonitor` or the `DownMessage`. "replyDemonitor": also with
   *   the first message through it, and the monitor with it. "explicitUnalias": by `unalias` alone
   */
  monitorWithAlias<M = Info>(target: Address, mode: MonitorAliasMode = "demonitor"): { ref: Ref; alias: Alias<M> } {
    this.assertAlive();
    const ref = this.makeRef();
    const alias = this.kernel.aliases.makeForMonitor<M>(this as Process, ref, mode);
    if (mode !== "explicitUnalias") {
      const rare = this.#rare();
      rare.monitorAliases ??= new Set();
      rare.monitorAliases.add(ref);
    }
    this.kernel.signals.monitor(this as Process, target, ref);
    return { ref, alias };
  }

  /** Makes an address of this process that can be switched off. See alias.ts. */
  alias<M = Info>(options: AliasOptions = {}): Alias<M> {
    this.assertAlive();
    return this.kernel.aliases.make<M>(this as Process, options);
  }

  /** Switches an alias off: what is sent through it from now on is dropped. @returns whether it was active */
  unalias(alias: Alias): boolean {
    return this.kernel.aliases.unmake(this as Process, alias.ref);
  }

  /**
   * Stops watching.
   *
   * @param options.flush also takes the `DownMessage` out of the mailbox, if it is there already
   * @returns whether the monitor was still active
   */
  demonitor(ref: Ref, options: { flush?: boolean } = {}): boolean {
    return this.kernel.signals.demonitor(this as Process, ref, options.flush === true);
  }

  /** Ends this process: leaves the handler, runs `terminate`, and exits with the reason. */
  exit(reason: ExitReason): never;
  /**
   * Sends an exit signal to another process, as if a link of it had broken; `kill` cannot be trapped or ignored, and
   * makes it end with `killed`. `normal` is ignored, except by oneself.
   */
  exit(pid: Pid, reason: ExitReason): void;
  exit(...args: [ExitReason] | [Pid, ExitReason]): void {
    if (args.length === 1) throw new ProcessExit(args[0]);
    this.assertAlive();
    checkPid(() => `exit by ${this.pid}`, args[0]);
    this.kernel.signals.exit(args[0], this.pid, args[1]);
  }

  /**
   * Takes a name: a process has one at the most (a registry gives it more). It is free again when this process has ended,
   * before anybody is told of its end.
   *
   * @throws {NameError} when another process has it, or this one has a name already
   */
  register(name: Name): void {
    this.assertAlive();
    this.kernel.names.register(name, this as Process);
  }

  /** @returns who has the name, on whichever thread */
  whereis<P = unknown>(name: Name<P>): Pid<P> | undefined {
    return this.kernel.names.whereis(name);
  }

  unregister(name: Name): void {
    this.kernel.names.unregister(name, this as Process);
  }

  /**
   * Sends a request to a server and waits for its reply. A reply that comes after the timeout is dropped.
   *
   * @param timeout milliseconds or Infinity; default 5000
   * @throws {CallError} with the `reason`: `noproc` (nobody there), `timeout`, `callingSelf`, `mailboxFull`, or the
   *   server's own exit reason when it died before it replied
   * @see https://www.erlang.org/doc/apps/stdlib/gen_server.html#call/3
   */
  call<P, K extends CallName<P>>(
    to: Address<P>,
    name: K,
    ...request: [...Payload<CallRequestOf<P, K>>, options?: { timeout?: number }]
  ): Promise<CallReplyOf<P, K>> {
    this.assertAlive();
    this.kernel.observer?.sent(this as Process, to, { call: name, request: request[0] });
    return this.kernel.callBy(this as Process, to, name, request[0], request[1] as { timeout?: number }) as Promise<
      CallReplyOf<P, K>
    >;
  }

  /** Sends a request that has no reply. Never fails, not even for a name that nobody has. */
  cast<P, K extends CastName<P>>(to: Address<P>, name: K, ...payload: Payload<CastPayloadOf<P, K>>): void {
    this.assertAlive();
    this.kernel.observer?.sent(this as Process, to, { cast: name, payload: payload[0] });
    this.kernel.castTo(to, name, payload[0]);
  }

  /**
   * Gets every message that is broadcast on the topic from now on, from any thread. Subscribing twice delivers twice.
   *
   * @param metadata data, for a `kernel.pubsub.dispatch` that treats subscribers differently
   */
  subscribe<M>(topic: Topic<M>, metadata?: unknown): void {
    this.assertAlive();
    this.kernel.pubsub.subscribe(topic, this as Process, metadata);
  }

  /** Ends all subscriptions of this process to the topic. */
  unsubscribe<M>(topic: Topic<M>): void {
    this.kernel.pubsub.unsubscribe(topic, this as Process);
  }

  /** Sends a message to every subscriber, on every thread, oneself included. */
  broadcast<M>(topic: Topic<M>, message: M): void {
    this.assertAlive();
    this.kernel.broadcast(topic, message);
  }

  /** Like `broadcast`, but not to oneself. */
  broadcastFrom<M>(topic: Topic<M>, message: M): void {
    this.assertAlive();
    this.kernel.broadcast(topic, message, this.pid);
  }

  /**
   * Waits for a message, in a plain process: the oldest one that `match` accepts; the others stay, in their order.
   *
   * @param options.match takes a message or leaves it; default: takes any
   * @param options.after milliseconds to wait, 0 to look only; default Infinity. The clock is not reset by messages
   *   that do not match
   * @returns the message, or `timedOut`
   */
  receive<T = Info>(options: ReceiveOptions<T> & { after: number }): Promise<T | typeof timedOut>;
  receive<T = Info>(options?: ReceiveOptions<T>): Promise<T>;
  receive<T>(options?: ReceiveOptions<T>): Promise<T | typeof timedOut> {
    this.assertAlive();
    return receive<T>(this as Process, options);
  }

  /**
   * Ties a resource to this process: it is disposed of when the process ends, before links and monitors hear of it, the
   * last one first. An async one begins to be disposed of then; nobody waits for it.
   *
   * @returns the resource
   * @throws {OptionError} when it cannot be disposed of
   */
  own<R extends Disposable | AsyncDisposable>(resource: R): R {
    this.assertAlive();
    if (!isDisposable(resource)) {
      throw new OptionError(
        `Process ${this.pid}: expected a resource with [Symbol.dispose] or [Symbol.asyncDispose], got ${shown(resource)}.`,
      );
    }
    const rare = this.#rare();
    rare.resources ??= new Set();
    rare.resources.add(resource);
    return resource;
  }

  /** Unties a resource: whoever calls this disposes of it. @returns whether it was this process's */
  disown(resource: Disposable | AsyncDisposable): boolean {
    return this.rare?.resources?.delete(resource) === true;
  }

  /**
   * Gives back what this process holds for speed alone: its mailbox's memory, its receive marks. Its state stays where it
   * is: unlike on the BEAM there is no heap of its own to compact. It wakes with the next message like any other.
   */
  hibernate(): void {
    if (this.mailbox?.length === 0) this.mailbox.clear();
    if (this.rare?.marks !== undefined) delete this.rare.marks;
  }

  /** `Process<thread.serial> label`: printing it does not print its kernel. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Process${this.pid} ${this.label}`;
  }

  /** @internal Code of a handler that goes on after its process has ended must have no effect. */
  assertAlive(): void {
    this.kernel.turns.condemned?.halt(true);
    if (this.status === exited) throw new ProcessExit("noproc");
  }

  /** @internal */
  ensureRare(): Rare {
    return this.#rare();
  }

  #rare(): Rare {
    this.rare ??= {};
    return this.rare;
  }
}

function isDisposable(resource: unknown): boolean {
  const { [Symbol.dispose]: dispose, [Symbol.asyncDispose]: asyncDispose } = (resource ?? {}) as Record<
    symbol,
    unknown
  >;
  return typeof dispose === "function" || typeof asyncDispose === "function";
}

const linkOptions = ["priority"];
const monitorOptions = ["tag", "priority"];
