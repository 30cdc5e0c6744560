/**
 * Openings: aliases. What is sent through one while it is open arrives; what is sent later does not.
 */
import type { Alias } from "../../../kernel/alias.ts";
import type { Ref } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import { idOf, pidText, type Violations } from "./violations.ts";

interface Opening {
  readonly owner: number;
  readonly once: boolean;
  readonly monitor: Ref | undefined;
  open: boolean;
  /** Sent from its own thread while it was open, and got. */
  due: number;
  got: number;
}

export class Openings {
  readonly #violations: Violations;
  readonly #openings = new Map<Ref, Opening>();
  events = 0;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** @param monitor the monitor that ends with its first message */
  opened(self: Process, alias: Alias, once: boolean, monitor?: Ref): void {
    this.#openings.set(alias.ref, { owner: idOf(self.pid), once, monitor, open: true, due: 0, got: 0 });
  }

  isOpen(ref: Ref): boolean {
    return this.#openings.get(ref)?.open === true;
  }

  /** @param wasOpen what `unalias` said; undefined when something else has closed it */
  closed(ref: Ref, wasOpen?: boolean): void {
    const opening = this.#openings.get(ref);
    if (opening === undefined) return;
    // One for a single message is closed as that comes from another thread, before it is handled.
    const mayBeClosed = opening.once && wasOpen === false;
    if (wasOpen !== undefined && wasOpen !== opening.open && !mayBeClosed) {
      this.#violations.add(`unalias said that alias ${ref} was ${wasOpen ? "open" : "closed"}: it was not`);
    }
    opening.open = false;
  }

  /** @returns whether it will arrive (remote: may arrive), and the monitor that ends with it */
  through(alias: Alias, from: Process): { open: boolean; monitor: Ref | undefined } {
    const opening = this.#openings.get(alias.ref)!;
    const { open } = opening;
    if (!open || alias.thread !== from.pid.thread) return { open, monitor: undefined };
    opening.due += 1;
    if (opening.once) opening.open = false;
    return { open, monitor: opening.monitor };
  }

  /** @param open what `through` said when it was sent */
  got(self: Process, ref: Ref, open: boolean): Ref | undefined {
    const opening = this.#openings.get(ref)!;
    opening.got += 1;
    this.events += 1;
    if (!open) this.#violations.add(`${self.pid} got a message through an alias that was closed`);
    if (opening.owner !== idOf(self.pid)) this.#violations.add(`a message through an alias went astray to ${self.pid}`);
    if (!opening.once) return undefined;
    if (opening.got > 1) this.#violations.add(`${self.pid} got ${opening.got} messages through an alias for one`);
    const wasOpen = opening.open;
    opening.open = false;
    return wasOpen ? opening.monitor : undefined;
  }

  check(alive: ReadonlyMap<number, Process>): void {
    for (const { owner, due, got } of this.#openings.values()) {
      if (got < due && alive.has(owner)) {
        this.#violations.add(`${pidText(owner)} got ${got} of ${due} messages through an alias`);
      }
    }
  }
}
