/**
 * Bridge: something that is not a process, in a supervision tree: a pool, a server handle, a connection.
 *
 *   supervisor ── bridge process ── resource
 *     start   ─▷  start(arg, lost) ─▷ opened            the supervisor waits for it
 *     restart ◁─  ends  ◁─────────── lost(reason)       its "close" or "error" event
 *     stop    ─▷  stop(resource, reason) ─▷ closed      the supervisor waits for as long as `shutdown` says
 *     kill    ─▷  stop(resource, "killed")              called as well; then nobody waits for it
 *
 * What was started is stopped, once, however the bridge ends: also when it was killed while it still started.
 * Source: Erlang/OTP, supervisor_bridge; S15 of the feature map.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import { CallMessage } from "../kernel/calls.ts";
import { nameBehaviour } from "../kernel/crossing/behaviours.ts";
import { NameError, shown } from "../kernel/errors.ts";
import { crashReason, type ExitReason } from "../kernel/exit-reason.ts";
import { Kernel, type StartOptions } from "../kernel/kernel.ts";
import { seal } from "../kernel/message.ts";
import { type Address, type Name, Pid, processOf } from "../kernel/pid.ts";
import { type Process, ProcessExit } from "../kernel/process.ts";
import type { Payload } from "../kernel/protocol.ts";
import { ExitMessage } from "../kernel/system-messages.ts";
import type { Startable } from "./child-spec.ts";
import { SupervisorError } from "./errors.ts";
import { type By, refuseCall, whom } from "./requests.ts";

export interface BridgeOptions<Arg, Resource> {
  /** Shown in reports. Default "Bridge". */
  readonly name?: string;
  /**
   * Opens the resource. A failure is the child's failure to start.
   *
   * @param lost to be called when the resource has ended by itself: the bridge ends with that reason, and its supervisor
   *   does what its spec says. It may be called from anywhere, at any time, more than once, and with an Error:
   *   `socket.on("error", lost)`
   */
  readonly start: (arg: Arg, lost: (reason: ExitReason) => void) => Resource | Promise<Resource>;
  /** Closes it. Not called when it was lost. */
  readonly stop: (resource: Resource, reason: ExitReason) => unknown;
}

declare const resourceOf: unique symbol;

export interface BridgeProtocol<Resource> {
  readonly calls: Record<never, never>;
  readonly casts: Record<never, never>;
  readonly info: never;
  /** For the compiler alone. */
  readonly [resourceOf]?: Resource;
}

export interface Bridge<Arg, Resource> extends Startable<Arg>, Behaviour<Arg> {
  /** Opens the resource, in a process that is not linked to anybody. @throws {StartError} when it does not open */
  start(by: By, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid<BridgeProtocol<Resource>>>;
  /** Like `start`, linked. */
  startLink(self: Process, ...arg: [...Payload<Arg>, options?: StartOptions]): Promise<Pid<BridgeProtocol<Resource>>>;
  /** A registered name of such a bridge. */
  named(name: string): Name<BridgeProtocol<Resource>>;
  /**
   * The resource behind a bridge of this thread, as it is now. Ask each time: after a restart it is another one.
   *
   * @throws {NameError} when nobody has the name, or the bridge has ended
   * @throws {SupervisorError} `otherThread`; `notSupervisor` when it is no bridge
   */
  resource(by: By, bridge: Address<BridgeProtocol<Resource>>): Resource;
}

/**
 * Defines a bridge.
 *
 * @example
 * const Listener = bridge({
 *   name: "Listener",
 *   start: (port: number, lost) => {
 *     const server = new EventTarget(); // net.createServer().listen(port), and so on
 *     server.addEventListener("close", () => lost("closed"));
 *     return { server, port };
 *   },
 *   stop: ({ server }) => server.dispatchEvent(new Event("close")),
 * });
 * const Web = supervisor([childSpec(Listener, 8080, { name: "listener", shutdown: 1000 })]);
 * const kernel = new Kernel();
 * const web = await Web.start(kernel);
 * console.log(Listener.resource(kernel, "listener").port);
 * kernel.exit(web, "shutdown");
 */
export function bridge<Resource, Arg = undefined>(options: BridgeOptions<Arg, Resource>): Bridge<Arg, Resource> {
  return new BridgeBehaviour(options as BridgeOptions<unknown, Resource>) as unknown as Bridge<Arg, Resource>;
}

class BridgeBehaviour<Resource> implements Behaviour {
  readonly label: string;
  readonly #options: BridgeOptions<unknown, Resource>;

  constructor(options: BridgeOptions<unknown, Resource>) {
    this.#options = options;
    this.label = options.name ?? "Bridge";
    if (options.name !== undefined) nameBehaviour(options.name, this as Behaviour);
  }

  start(by: By, arg?: unknown, options: StartOptions = {}): Promise<Pid> {
    const [kernel, parent] = by instanceof Kernel ? [by, undefined] : [by.kernel, by];
    return kernel.start(parent, this, arg, options);
  }

  startLink(self: Process, arg?: unknown, options: StartOptions = {}): Promise<Pid> {
    return this.start(self, arg, { ...options, link: true });
  }

  named(name: string): Name {
    return name as Name;
  }

  async init(self: Process, arg: unknown): Promise<void> {
    self.trapExit = true;
    const held = new Held<Resource>(self, this.#options.stop);
    await held.opened(await this.#options.start(arg, (reason) => held.lost(reason)));
    if (self.isAlive) self.state = held;
  }

  handle(self: Process, message: unknown): void {
    if (message instanceof CallMessage) refuseCall(self, message);
    if (!(message instanceof ExitMessage)) return;
    if (message.from === self.parent || message.from === self.pid) throw new ProcessExit(message.reason);
  }

  async terminate(self: Process, reason: ExitReason): Promise<void> {
    await (self.state as Held<Resource>).close(reason);
  }

  getState(): undefined {
    return undefined; // the resource is no data
  }

  resource(by: By, address: Address): Resource {
    const kernel = by instanceof Kernel ? by : by.kernel;
    const pid = address instanceof Pid ? address : kernel.names.whereis(address);
    const bridge = `Bridge ${whom(address)}`;
    if (pid === undefined) {
      throw new NameError(`${bridge}: nobody has that name. Put it before its users in the supervision tree.`);
    }
    if (pid.thread !== kernel.thread) {
      throw new SupervisorError(
        `${bridge}: expected one of thread ${kernel.thread}, got ${pid}: a resource cannot leave its thread. Start one on each thread.`,
        "otherThread",
      );
    }
    const process = processOf(pid);
    if (process === undefined) throw new NameError(`${bridge}: it has ended. Ask for it by its name.`);
    if (!(process.behaviour instanceof BridgeBehaviour)) {
      throw new SupervisorError(`${bridge}: expected a bridge, got ${shown(process.label)} ${pid}.`, "notSupervisor");
    }
    const held = process.state as Held<Resource> | undefined;
    if (held?.isOpen !== true) throw new NameError(`${bridge}: its resource is not open.`);
    return held.resource as Resource;
  }
}

/** `process.state` of a bridge, and what the process owns: disposed of when it ends by a kill, which nothing can wait for. */
class Held<Resource> implements AsyncDisposable {
  readonly #self: Process;
  readonly #stop: (resource: Resource, reason: ExitReason) => unknown;
  resource: Resource | undefined = undefined;
  isOpen = false;
  /** Lost, perhaps before its start was done. */
  #lost: { readonly reason: ExitReason } | undefined = undefined;

  constructor(self: Process, stop: (resource: Resource, reason: ExitReason) => unknown) {
    this.#self = self;
    this.#stop = stop;
  }

  async opened(resource: Resource): Promise<void> {
    this.resource = resource;
    this.isOpen = true;
    const { kernel } = this.#self;
    if (!this.#self.isAlive) {
      // Killed while it started: nobody waits, but it must not stay open.
      await this.close("killed").catch((thrown: unknown) =>
        kernel.report({ kind: "error", where: `stop of ${this.#self.label}`, reason: crashReason(thrown) }),
      );
      return;
    }
    this.#self.own(this);
    if (this.#lost !== undefined) this.#end(this.#lost.reason);
  }

  /** The resource has ended by itself. */
  lost(reason: ExitReason): void {
    if (this.#lost !== undefined) return;
    this.#lost = { reason: asData(reason) };
    if (this.isOpen) this.#end(this.#lost.reason);
  }

  /** Stops the resource, unless that has been done, or it is gone. */
  async close(reason: ExitReason): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.#stop(this.resource as Resource, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close("killed");
  }

  #end(reason: ExitReason): void {
    this.isOpen = false;
    this.#self.kernel.end(this.#self, reason, false);
  }
}

/** `socket.on("error", lost)` hands over an Error. */
function asData(reason: unknown): ExitReason {
  if (reason instanceof Error) return crashReason(reason);
  try {
    return seal(reason);
  } catch {
    return crashReason(reason);
  }
}
