/**
 * Via: an address that somebody else than the kernel's table of names resolves. Erlang's `{via, Module, Name}`.
 *
 *   self.send(via, m)  self.call(via, ...)  self.monitor(via)  timers     ─▷ via.whereis(kernel) ─▷ pid, or undefined
 *   spawn(..., { name: via })  Server.start(..., { name: via })           ─▷ via.register(process)
 *
 * `UniqueRegistry.via` makes them; any object of this shape will do. Erlang's contract has four functions: the fourth,
 * `send`, is `whereis` and a send in every implementation there is, and here it is always that. Who has taken a name
 * gives it back when its process ends: as registries do, or by a resource of the process (`process.own`).
 */
import type { Kernel } from "../kernel.ts";
import type { Pid } from "../pid.ts";
import type { Process } from "../process.ts";

export interface Via<Protocol = unknown> {
  /** Who has the name, as the kernel knows it: undefined, and a message to it has nowhere to go, when nobody has. */
  whereis(kernel: Kernel): Pid<Protocol> | undefined;
  /** Shown in errors, and in the `down` message of a monitor that was set by this address. */
  toString(): string;
}

/** A `Via` that a process can be started under. */
export interface ViaName<Protocol = unknown> extends Via<Protocol> {
  /** Gives a process the name, before it runs. @throws when somebody has it */
  register(process: Process): void;
  /** Takes it back. Does nothing when the process has not got it. */
  unregister(process: Process): void;
}
