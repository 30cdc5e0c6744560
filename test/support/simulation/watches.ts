/**
 * Watches: monitors. Each fires exactly once when its target ends, with the reason that it ended for; never after
 * `demonitor` has taken it off.
 */
import type { Pid, Ref } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { DownMessage } from "../../../kernel/system-messages.ts";
import type { Letters } from "./letters.ts";
import { type Lives, reasonKey } from "./lives.ts";
import { idOf, pidText, type Violations } from "./violations.ts";

interface Watch {
  readonly owner: number;
  readonly pid: Pid;
  readonly target: number;
  /** What `monitor` was given: the `down` message names it. */
  readonly object: string;
  /** The target, on the same thread, was there: `noproc` would be wrong. */
  readonly met: boolean;
  state: "active" | "fired" | "over";
}

export class Watches {
  readonly #violations: Violations;
  readonly #lives: Lives;
  readonly #letters: Letters;
  readonly #watches = new Map<Ref, Watch>();
  events = 0;

  constructor(violations: Violations, lives: Lives, letters: Letters) {
    this.#violations = violations;
    this.#lives = lives;
    this.#letters = letters;
  }

  set(self: Process, ref: Ref, target: Pid, name?: string): void {
    if (this.#watches.has(ref)) this.#violations.add(`ref ${ref} was given away twice`);
    const met = target.thread === self.pid.thread && !this.#lives.hasEnded(idOf(target));
    const object = name ?? String(target);
    this.#watches.set(ref, { owner: idOf(self.pid), pid: target, target: idOf(target), object, met, state: "active" });
  }

  /** @param wasActive what `demonitor` said */
  takenOff(ref: Ref, wasActive: boolean, flushed: boolean): void {
    const watch = this.#watches.get(ref)!;
    if (wasActive && watch.state !== "active") {
      this.#violations.add(`demonitor said that ref ${ref} was active: it was ${watch.state}`);
    }
    if (wasActive || flushed) watch.state = "over";
  }

  /** The first message through its alias took it off; a `down` message may be in the mailbox by then. */
  mayBeOver(ref: Ref): void {
    this.#watches.get(ref)!.state = "over";
  }

  isActive(ref: Ref): boolean {
    return this.#watches.get(ref)?.state === "active";
  }

  /** @returns who has ended */
  down(self: Process, message: DownMessage): Pid | undefined {
    const watch = this.#watches.get(message.ref);
    const key = reasonKey(message.reason);
    if (watch?.state !== "active") {
      this.#violations.add(`${self.pid} got a down that is ${watch?.state ?? "of nobody"}: ${message.object}, ${key}`);
      return undefined;
    }
    watch.state = "fired";
    this.events += 1;
    if (watch.owner !== idOf(self.pid) || watch.object !== String(message.object)) {
      this.#violations.add(`a down of ${watch.object} for ${pidText(watch.owner)} went astray to ${self.pid}`);
    }
    this.#letters.told(self, watch.target);
    this.#checkReason(self, watch, key);
    return watch.pid;
  }

  /** To be asked when nothing is under way. */
  check(alive: ReadonlyMap<number, Process>): void {
    for (const [ref, { owner, target, state }] of this.#watches) {
      if (state !== "active" || !alive.has(owner) || alive.has(target)) continue;
      this.#violations.add(`${pidText(owner)} was never told that ${pidText(target)} is down (ref ${ref})`);
    }
  }

  #checkReason(self: Process, watch: Watch, key: string): void {
    if (key === "noproc" && !watch.met) return;
    const actual = this.#lives.reasonOf(watch.target); // undefined: lost with its thread, or killed before its init
    if (actual === undefined ? key !== "noproc" : key === actual) return;
    if (key === "schedulerDown" && this.#lives.isLost(watch.target)) return;
    this.#violations.add(`${self.pid} was told that ${pidText(watch.target)} ended with ${key}: it was ${actual}`);
  }
}
