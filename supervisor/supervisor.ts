/**
 * Supervisor: starts children in order, starts again what ends, stops them in reverse order.
 *
 *   start   a ─▷ b ─▷ c          one after the other; a failure stops what has started, in reverse, and fails the start
 *   crash   b ✗ ─▷ b'            oneForOne: the others are not touched
 *   stop    c ─▷ b ─▷ a          each within its own `shutdown`
 *   more than maxRestarts in maxSeconds: stops all, then itself with "shutdown"
 *
 * Source: Erlang/OTP, supervisor; S1, S3 to S7, S10 of the feature map.
 */

import { CallMessage } from "../kernel/calls.ts";
import { OptionError, StartError, shown } from "../kernel/errors.ts";
import { crashReason, type ExitReason, isQuiet } from "../kernel/exit-reason.ts";
import { Kernel, type StartOptions } from "../kernel/kernel.ts";
import type { Pid } from "../kernel/pid.ts";
import { type Behaviour, type Process, ProcessExit } from "../kernel/process.ts";
import { timedOut } from "../kernel/receive.ts";
import { DownMessage, ExitMessage } from "../kernel/system-messages.ts";
import { type ChildSpec, checkChildSpecs, type Startable } from "./child-spec.ts";
import { RestartWindow } from "./restart-window.ts";

export interface SupervisorOptions {
  /** Shown in reports. Default "Supervisor". */
  readonly name?: string;
  /** How a child's end touches its siblings. Default "oneForOne": not at all. */
  readonly strategy?: "oneForOne";
  /** Restarts allowed within `maxSeconds`; default 3. One more, and the supervisor gives up. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
}

/** One entry of `whichChildren`. */
export interface ChildInfo {
  readonly id: string;
  /** Undefined: not running (ended and not to be restarted). */
  readonly pid: Pid | "restarting" | undefined;
  readonly type: "worker" | "supervisor";
}

export interface SupervisorProtocol {
  readonly calls: {
    readonly whichChildren: { readonly request: undefined; readonly reply: readonly ChildInfo[] };
    readonly countChildren: {
      readonly request: undefined;
      readonly reply: {
        readonly specs: number;
        readonly active: number;
        readonly supervisors: number;
        readonly workers: number;
      };
    };
  };
  readonly casts: Record<never, never>;
  readonly info: never;
}

export interface SupervisorDefinition extends Startable<undefined>, Behaviour<undefined> {
  start(by: Process | Kernel, arg?: undefined, options?: StartOptions): Promise<Pid<SupervisorProtocol>>;
  startLink(self: Process, arg?: undefined, options?: StartOptions): Promise<Pid<SupervisorProtocol>>;
}

/**
 * Defines a supervisor.
 *
 * @param children in the order in which they start
 * @throws {ChildSpecError} at once, when a spec is wrong or two have the same id
 * @throws {OptionError} at once, when an option makes no sense
 */
export function supervisor(children: readonly ChildSpec[], options: SupervisorOptions = {}): SupervisorDefinition {
  checkChildSpecs(children);
  checkOptions(options);
  return new Supervisor(children, options);
}

function checkOptions({ name = "Supervisor", strategy, maxRestarts = 3, maxSeconds = 5 }: SupervisorOptions): void {
  const expected = (option: string, what: string, got: unknown): never => {
    throw new OptionError(`${name}: expected ${option} to be ${what}, got ${shown(got)}.`);
  };
  if (strategy !== undefined && strategy !== "oneForOne") expected("strategy", '"oneForOne"', strategy);
  if (!(maxRestarts >= 0)) expected("maxRestarts", "a number of at least 0", maxRestarts);
  if (!(maxSeconds > 0)) expected("maxSeconds", "a number above 0", maxSeconds);
}

interface Child {
  readonly spec: ChildSpec;
  pid: Pid | undefined;
  restarting: boolean;
}

/** `process.state` of a supervisor. */
interface Held {
  readonly children: Child[];
  readonly window: RestartWindow;
}

class Supervisor implements SupervisorDefinition {
  readonly label: string;
  readonly childType = "supervisor";
  readonly #specs: readonly ChildSpec[];
  readonly #options: SupervisorOptions;

  constructor(specs: readonly ChildSpec[], options: SupervisorOptions) {
    this.#specs = specs;
    this.#options = options;
    this.label = options.name ?? "Supervisor";
  }

  start(by: Process | Kernel, _arg?: undefined, options: StartOptions = {}): Promise<Pid<SupervisorProtocol>> {
    const started =
      by instanceof Kernel
        ? by.start(undefined, this, undefined, options)
        : by.kernel.start(by, this, undefined, options);
    return started as Promise<Pid<SupervisorProtocol>>;
  }

  startLink(self: Process, _arg?: undefined, options: StartOptions = {}): Promise<Pid<SupervisorProtocol>> {
    return self.kernel.start(self, this, undefined, { ...options, link: true }) as Promise<Pid<SupervisorProtocol>>;
  }

  async init(self: Process): Promise<void> {
    self.trapExit = true;
    const held: Held = {
      children: this.#specs.map((spec) => ({ spec, pid: undefined, restarting: false })),
      window: new RestartWindow(this.#options.maxRestarts ?? 3, this.#options.maxSeconds ?? 5),
    };
    self.state = held;
    for (const child of held.children) {
      try {
        child.pid = await child.spec.start(self);
      } catch (thrown) {
        const reason = startFailure(thrown);
        this.#report(self, "startError", child, reason);
        await this.#stopAll(self, held);
        throw new ProcessExit({ shutdown: { failedToStart: child.spec.id, reason } });
      }
    }
  }

  handle(self: Process, message: unknown): void | Promise<void> {
    const held = self.state as Held;
    if (message instanceof ExitMessage) return this.#exited(self, held, message);
    if (message instanceof CallMessage) self.kernel.reply(message.from, answer(held, message.name));
  }

  terminate(self: Process): Promise<void> {
    return this.#stopAll(self, self.state as Held);
  }

  #exited(self: Process, held: Held, message: ExitMessage): void | Promise<void> {
    const child = held.children.find((candidate) => candidate.pid === message.from);
    if (child === undefined) {
      if (message.from === self.parent || message.from === self.pid) throw new ProcessExit(message.reason);
      return;
    }
    child.pid = undefined;
    const { reason } = message;
    if (!isQuiet(reason)) this.#report(self, "childTerminated", child, reason);
    if (child.spec.restart === "permanent" || (child.spec.restart === "transient" && !isQuiet(reason))) {
      return this.#restart(self, held, child);
    }
    if (child.spec.restart === "temporary") held.children.splice(held.children.indexOf(child), 1);
  }

  /** Tries until the child is up or the intensity is exceeded: a restart that fails counts like any other. */
  async #restart(self: Process, held: Held, child: Child): Promise<void> {
    child.restarting = true;
    while (held.window.record(self.kernel.world.monotonicMs())) {
      try {
        child.pid = await child.spec.start(self);
        child.restarting = false;
        return;
      } catch (thrown) {
        this.#report(self, "startError", child, startFailure(thrown));
      }
    }
    child.restarting = false;
    this.#report(self, "shutdown", child, "reached the maximum of restarts");
    throw new ProcessExit("shutdown");
  }

  /** One at a time, the youngest first. */
  async #stopAll(self: Process, held: Held): Promise<void> {
    for (const child of [...held.children].reverse()) {
      if (child.pid === undefined) continue;
      const reason = await stopChild(self, child.pid, child.spec.shutdown);
      child.pid = undefined;
      const asked =
        reason === "shutdown" || reason === "normal" || (reason === "killed" && child.spec.shutdown === "brutalKill");
      if (!asked && !isQuiet(reason)) this.#report(self, "shutdownError", child, reason);
    }
  }

  #report(self: Process, event: string, child: Child, reason: ExitReason): void {
    self.kernel.report({
      kind: "supervisor",
      supervisor: `${self.label} ${self.pid}`,
      event,
      child: child.spec.id,
      reason,
    });
  }
}

/** Stops a child and waits for its end. It is monitored, so that one which has unlinked itself is waited for as well. */
async function stopChild(self: Process, pid: Pid, shutdown: ChildSpec["shutdown"]): Promise<ExitReason> {
  const ref = self.monitor(pid);
  const down = (message: unknown): message is DownMessage => message instanceof DownMessage && message.ref === ref;
  self.exit(pid, shutdown === "brutalKill" ? "kill" : "shutdown");
  const waited = await self.receive({
    match: down,
    after: typeof shutdown === "number" ? shutdown : Number.POSITIVE_INFINITY,
  });
  if (waited !== timedOut) return waited.reason === "noproc" ? endedBefore(self, pid) : waited.reason;
  self.exit(pid, "kill");
  return (await self.receive({ match: down })).reason;
}

/** The child was gone already: why, its exit message says, which waits in the mailbox. */
async function endedBefore(self: Process, pid: Pid): Promise<ExitReason> {
  const match = (message: unknown): message is ExitMessage => message instanceof ExitMessage && message.from === pid;
  const exit = await self.receive({ match, after: 0 });
  return exit === timedOut ? "noproc" : exit.reason;
}

function answer(held: Held, name: string): unknown {
  if (name === "whichChildren") {
    return held.children.map(({ spec, pid, restarting }) => ({
      id: spec.id,
      pid: restarting ? "restarting" : pid,
      type: spec.type,
    }));
  }
  const count = (type: ChildSpec["type"]): number => held.children.filter(({ spec }) => spec.type === type).length;
  return {
    specs: held.children.length,
    active: held.children.filter(({ pid }) => pid !== undefined).length,
    supervisors: count("supervisor"),
    workers: count("worker"),
  };
}

function startFailure(thrown: unknown): ExitReason {
  return thrown instanceof StartError ? thrown.reason : crashReason(thrown);
}
