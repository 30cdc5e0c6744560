/**
 * RemoteSpawns: processes that are started on another thread than their parent's.
 *
 *   parent, thread 1                                 thread 2
 *     pid <2.1.7> is made here, and is linked,  ───▷ looks up the behaviour by its name, makes the process of that pid,
 *     watched and sent to at once                    linked, watched and named before it first runs
 *     start: waits                              ◁─── started, failed
 *
 * - Everything that the parent sends comes after the spawn, in the same stream: nothing is lost, and the order holds.
 * - A third thread that was told of the pid may be quicker than the spawn. Peers therefore hold back a record with a pid
 *   that is still to come (`isComing`) until it has come, and all that follows in that stream with it.
 * - A process that could not be made has ended at once, as seen from outside: its parent gets an exit signal or a `down`
 *   message, and `start` fails, with `{ unknownBehaviour: name }`, `{ ambiguousBehaviour: name }`, `processLimit`,
 *   `{ alreadyStarted: pid }`; or with `schedulerDown` when its thread ended before it answered.
 *
 * Source: Erlang/OTP, erlang:spawn_opt on another node, proc_lib; K37 of the feature map.
 */

import type { Behaviour, ProcessFunction } from "../behaviour.ts";
import { NameError, OptionError, PlacementError, StartError, shown } from "../errors.ts";
import { crashReason, type ExitReason, reasonInSentence } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import {
  checkSpawnOptions,
  type Placement,
  positive,
  type SpawnOptions,
  type StartOptions,
} from "../kernel-options.ts";
import { checkMailboxOptions } from "../mailbox-options.ts";
import { seal } from "../message.ts";
import { countOf, originOf, type Pid, type Ref, serialFrom } from "../pid.ts";
import type { Process } from "../process.ts";
import { awaiting, exited, priorityLevels, queued } from "../process-status.ts";
import { SmallMap, SmallSet } from "../small-collections.ts";
import type { Timer } from "../timer-wheel.ts";
import { behavioursNamed, nameOf, type Runnable } from "./behaviours.ts";

/** Of a spawn, on its way. All of it data. */
interface Order {
  readonly behaviour: string;
  readonly parent: Pid | undefined;
  /** The parent's monitor. */
  readonly ref: Ref | undefined;
  /** The parent waits for its `init`. */
  readonly starts: boolean;
  readonly options: Omit<SpawnOptions, "on" | "name"> & { readonly name?: string };
}

const op = { spawn: 0, started: 1, failed: 2, open: 3 } as const;

type Message =
  | [op: typeof op.spawn, serial: number, order: Order, arg: unknown]
  | [op: typeof op.started, serial: number, up: boolean]
  | [op: typeof op.failed, serial: number, reason: ExitReason]
  | [op: typeof op.open];

/** Kind of its records. */
export const spawnKind = 2;

/** A start that waits for its answer. */
interface Start {
  readonly label: string;
  readonly resolve: (pid: Pid) => void;
  readonly reject: (error: StartError) => void;
  readonly timer: Timer | undefined;
}

/** Milliseconds that a start waits for a thread that is down, and about to be replaced. */
const hostMs = 10_000;

export class RemoteSpawns {
  readonly #kernel: Kernel;
  /** By thread: how many were started there from here. */
  readonly #counts = new Map<number, number>();
  /** By thread: how many that one has started here. */
  readonly #arrived = new Map<number, number>();
  readonly #ended = new Set<number>();
  readonly #starts = new Map<Pid, Start>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.peers.onValue(spawnKind, (thread, value) => this.#told(thread, value as Message));
  }

  // ---- here, where the parent is --------------------------------------------------------------------------------------

  /**
   * @param ref the parent's monitor, if it wants one
   * @throws {PlacementError} when it cannot be started elsewhere, or no thread is there for it now
   * @throws {NameError} when the name is taken
   */
  spawn(
    parent: Process | undefined,
    run: Behaviour<never> | ProcessFunction<never>,
    arg: unknown,
    options: SpawnOptions,
    ref?: Ref,
  ): Pid {
    const { on, ...others } = options;
    const behaviour = this.#nameFor(run, others);
    const sealed = seal(arg);
    this.#kernel.hosts.check(on!);
    const thread = this.#kernel.hosts.choose(on!, parent);
    if (thread === undefined) {
      throw new PlacementError(
        `Cannot spawn ${shown(behaviour)} on ${shown(on)}: that thread is not there at the moment. Start it instead, which waits for a thread.`,
      );
    }
    const holder = others.name === undefined ? undefined : this.#kernel.names.whereis(others.name);
    if (holder !== undefined) {
      throw new NameError(
        `Cannot spawn ${shown(behaviour)} as "${others.name}": ${holder} has that name. Choose another.`,
      );
    }
    if (thread !== this.#kernel.thread) return this.#send(thread, parent, behaviour, sealed, others, ref, false);
    const { pid } = this.#kernel.spawnBy(parent, run as Behaviour, sealed, others);
    if (ref !== undefined) this.#kernel.signals.monitor(parent!, pid, ref);
    return pid;
  }

  /** See `Kernel.start`. */
  async start(parent: Process | undefined, run: Behaviour<never>, arg: unknown, options: StartOptions): Promise<Pid> {
    const { on, timeout = Number.POSITIVE_INFINITY, ...others } = options;
    const { hosts, names } = this.#kernel;
    const behaviour = this.#nameFor(run, others);
    const sealed = seal(arg);
    hosts.check(on!);
    const name = others.name as string | undefined;
    const holder = name === undefined ? undefined : names.whereis(name);
    if (holder !== undefined) await this.#release(name!, holder);
    if (!hosts.has(on!)) await this.#hostFor(on!, behaviour, Math.min(timeout, hostMs));
    parent?.assertAlive();
    const thread = hosts.choose(on!, parent);
    if (thread === undefined) throw noHost(behaviour, on!);
    if (thread === this.#kernel.thread)
      return this.#kernel.start(parent, run as Behaviour, sealed, { ...others, timeout });
    return new Promise((resolve, reject) => {
      const pid = this.#send(thread, parent, behaviour, sealed, others, undefined, true);
      const late = (): void => {
        this.#failed(pid, "timeout");
        this.#kernel.exit(pid, "kill");
      };
      const timer = timeout === Number.POSITIVE_INFINITY ? undefined : this.#kernel.timers.set(timeout, late);
      this.#starts.set(pid, { label: behaviour, resolve, reject, timer });
    });
  }

  #send(
    thread: number,
    parent: Process | undefined,
    behaviour: string,
    arg: unknown,
    options: SpawnOptions,
    ref: Ref | undefined,
    starts: boolean,
  ): Pid {
    const kernel = this.#kernel;
    const count = (this.#counts.get(thread) ?? 0) + 1;
    const serial = serialFrom(kernel.thread, count);
    const order: Order = { behaviour, parent: parent?.pid, ref, starts, options: seal(options) as Order["options"] };
    this.#post(thread, [op.spawn, serial, order, arg]);
    this.#counts.set(thread, count);
    kernel.hosts.sent(thread);
    const pid = kernel.peers.pid(thread, serial);
    if (parent !== undefined && options.link === true) {
      parent.links ??= new SmallSet();
      parent.links.add(pid);
    }
    if (ref !== undefined) {
      parent!.monitors ??= new SmallMap();
      parent!.monitors.set(ref, pid);
    }
    return pid;
  }

  /** @throws {PlacementError} unless another thread can know it by a name of its own */
  #nameFor(run: Runnable, options: SpawnOptions): string {
    const name = nameOf(run);
    const label = typeof run === "function" ? run.name : (run as Behaviour).label;
    if (name === undefined) {
      throw new PlacementError(
        `Cannot start ${label === "" ? "a function" : shown(label)} on another thread: expected it to have a name, by which that thread can find its own copy. Pass { name } to its definition, or name it by behaviour("name", ...).`,
      );
    }
    checkOptions(options, name);
    if (behavioursNamed(name).length > 1) {
      throw new PlacementError(
        `Cannot start ${shown(name)} on another thread: ${behavioursNamed(name).length} behaviours have that name here. Give each a name of its own.`,
      );
    }
    if (options.name !== undefined && typeof options.name !== "string") {
      throw new PlacementError(
        `Cannot start ${shown(name)} on another thread as "${options.name}": expected a name that is a string, for a registry is of one thread.`,
      );
    }
    return name;
  }

  #hostFor(on: Placement, behaviour: string, withinMs: number): Promise<void> {
    const { hosts, timers } = this.#kernel;
    return new Promise((resolve, reject) => {
      const stop = hosts.onChange(() => {
        if (!hosts.has(on)) return;
        stop();
        timers.cancel(timer);
        resolve();
      });
      const timer = timers.set(withinMs, () => {
        stop();
        reject(noHost(behaviour, on));
      });
    });
  }

  /** @throws {StartError} when the holder keeps the name */
  async #release(name: string, holder: Pid): Promise<void> {
    if (await this.#kernel.nameNews.released(name, holder)) return;
    throw new StartError(`Cannot start "${name}": ${holder} has that name.`, { alreadyStarted: holder });
  }

  #failed(pid: Pid, reason: ExitReason): void {
    const start = this.#settle(pid);
    const { thread } = pid;
    start?.reject(
      new StartError(`${start.label} ${pid} did not start: ${reasonInSentence(reason)}.`, reason, { thread }),
    );
  }

  #settle(pid: Pid): Start | undefined {
    const start = this.#starts.get(pid);
    this.#starts.delete(pid);
    if (start?.timer !== undefined) this.#kernel.timers.cancel(start.timer);
    return start;
  }

  // ---- there, where the process is to be -------------------------------------------------------------------------------

  #told(thread: number, message: Message): void {
    switch (message[0]) {
      case op.spawn: {
        const [, serial, order, arg] = message;
        this.#arrived.set(thread, countOf(serial));
        this.#make(this.#kernel.peers.pid(this.#kernel.thread, serial), thread, order, arg);
        this.#kernel.peers.settled(thread);
        return;
      }
      case op.started: {
        const pid = this.#kernel.peers.pid(thread, message[1]);
        this.#settle(pid)?.resolve((message[2] ? pid : undefined) as Pid); // undefined only where its type says so
        return;
      }
      case op.failed:
        return this.#failed(this.#kernel.peers.pid(thread, message[1]), seal(message[2]));
      case op.open:
        return this.#kernel.hosts.changed();
    }
  }

  #make(pid: Pid, thread: number, order: Order, arg: unknown): void {
    const kernel = this.#kernel;
    const { behaviour, parent, ref, starts, options } = order;
    const { name, ...others } = options;
    let process: Process;
    try {
      const [run, another] = behavioursNamed(behaviour);
      if (run === undefined) throw unknown(behaviour, kernel.thread);
      if (another !== undefined) throw ambiguous(behaviour, kernel.thread);
      process = kernel.spawnBy(undefined, run as Behaviour, seal(arg), others, { pid, parent });
    } catch (thrown) {
      const reason = thrown instanceof StartError ? thrown.reason : crashReason(thrown);
      this.#refuse(pid, thread, order, reason);
      return;
    }
    if (parent !== undefined && options.link === true) kernel.signals.linked(process, parent);
    if (parent !== undefined && ref !== undefined) {
      process.monitoredBy ??= new SmallMap();
      process.monitoredBy.set(ref, parent);
    }
    if (starts) {
      process.ensureRare().started = {
        resolve: (started) => {
          if (process.rare !== undefined) delete process.rare.started;
          const tell = (): void => this.#post(thread, [op.started, pid.serial, started !== undefined]);
          if (started === undefined || process.rare?.name === undefined) tell();
          else kernel.nameNews.known(tell);
        },
        reject: (reason) => this.#post(thread, [op.failed, pid.serial, reason]),
      };
    }
    if (name !== undefined) this.#name(process, name);
  }

  /** Its name may be about to be free: then it waits for that, before it first runs. */
  #name(process: Process, name: string): void {
    const { names, nameNews, queue, ends } = this.#kernel;
    const take = (): void => {
      const holder = names.whereis(name);
      if (holder === undefined) names.register(name, process);
      else ends.finish(process, { alreadyStarted: holder }, process.rare?.started === undefined);
    };
    const holder = names.whereis(name);
    const released = holder === undefined ? false : nameNews.released(name, holder);
    if (released === false) return take();
    process.status = awaiting;
    void released.then(() => {
      if ((process.status as number) === exited) return;
      process.status = queued;
      queue.push(process);
      take();
    });
  }

  /** It has not been made: whoever is tied to it hears that it has ended. */
  #refuse(pid: Pid, thread: number, { behaviour, parent, ref, starts, options }: Order, reason: ExitReason): void {
    const { peers } = this.#kernel;
    if (starts) this.#post(thread, [op.failed, pid.serial, reason]);
    else {
      const where = `spawn of ${shown(behaviour)}, asked for by thread ${thread}`;
      this.#kernel.report({ kind: "error", where, reason });
    }
    if (parent === undefined) return;
    if (options.link === true) peers.exit(parent, pid, reason, true);
    if (ref !== undefined) peers.down(parent, ref, reason);
  }

  /** Is it a process of this thread that another one has started, and whose spawn is still on its way? */
  comesFrom(serial: number): number | undefined {
    const origin = originOf(serial);
    if (origin === undefined || this.#ended.has(origin)) return undefined;
    return countOf(serial) > (this.#arrived.get(origin) ?? 0) ? origin : undefined;
  }

  // ---- threads that come and go ----------------------------------------------------------------------------------------

  tellOpen(): void {
    for (const thread of this.#kernel.peers.threads) this.#post(thread, [op.open]);
  }

  /** @param reason for those who wait for a start on that thread */
  threadDown(thread: number, reason: ExitReason): void {
    this.#ended.add(thread);
    this.#arrived.delete(thread);
    this.#counts.delete(thread);
    for (const pid of [...this.#starts.keys()]) if (pid.thread === thread) this.#failed(pid, reason);
  }

  #post(thread: number, message: Message): void {
    this.#kernel.peers.writeValue(thread, spawnKind, message);
  }
}

/** Here, where the mistake was made, and not only there. @throws {OptionError} naming the option */
function checkOptions(options: SpawnOptions, whose: string): void {
  checkSpawnOptions(options, whose);
  const { mailbox, maxStateBytes, priority } = options;
  if (mailbox !== undefined) checkMailboxOptions(mailbox, whose);
  if (maxStateBytes !== undefined) positive(`${whose}: option maxStateBytes`, maxStateBytes);
  if (priority === undefined || Object.hasOwn(priorityLevels, priority)) return;
  throw new OptionError(`${whose}: expected priority to be "low", "normal", "high" or "max", got ${shown(priority)}.`);
}

function unknown(behaviour: string, thread: number): StartError {
  return new StartError(
    `${shown(behaviour)}: thread ${thread} knows no behaviour of that name. Import its module where every thread does.`,
    { unknownBehaviour: behaviour },
  );
}

function ambiguous(behaviour: string, thread: number): StartError {
  return new StartError(
    `${shown(behaviour)}: thread ${thread} knows several behaviours of that name. Give each a name of its own.`,
    { ambiguousBehaviour: behaviour },
  );
}

function noHost(behaviour: string, on: Placement): StartError {
  return new StartError(
    `Cannot start ${shown(behaviour)} on ${shown(on)}: no such thread has come up in time.`,
    "schedulerDown",
  );
}
