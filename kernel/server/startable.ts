/** Startable: what GenServer and GenStatem have in common, a behaviour whose own methods start its processes. */

import type { Behaviour } from "../behaviour.ts";
import { nameBehaviour } from "../crossing/behaviours.ts";
import { OptionError, shown } from "../errors.ts";
import { Kernel, type StartOptions } from "../kernel.ts";
import type { Name, Pid } from "../pid.ts";
import type { Process } from "../process.ts";

/** @internal @throws {OptionError} when nobody is there to be linked to */
export function checkLinkable(whose: string, self: unknown): void {
  if ((self as Process | undefined)?.kernel instanceof Kernel) return;
  const got = self instanceof Kernel ? "a kernel" : shown(self);
  throw new OptionError(
    `${whose}.startLink: expected the process that it is linked to, got ${got}. Code that is no process calls start.`,
  );
}

export abstract class Startable implements Behaviour {
  readonly label: string;

  /** @param name of its definition, if it has one: by that other threads know it. Default: its kind */
  constructor(name: string | undefined, kind: string) {
    this.label = name ?? kind;
    if (name !== undefined) nameBehaviour(name, this);
  }

  abstract init(self: Process, arg: unknown): void | Promise<void>;
  abstract handle(self: Process, message: unknown): void | Promise<void>;

  async start(by: Process | Kernel, arg?: unknown, options: StartOptions = {}): Promise<Pid> {
    return by instanceof Kernel ? by.start(undefined, this, arg, options) : by.kernel.start(by, this, arg, options);
  }

  async startLink(self: Process, arg?: unknown, options: StartOptions = {}): Promise<Pid> {
    checkLinkable(this.label, self);
    return self.kernel.start(self, this, arg, { ...options, link: true });
  }

  named(name: string): Name {
    return name as Name;
  }
}
