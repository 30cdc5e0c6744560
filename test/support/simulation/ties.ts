/**
 * Ties: links. When one end ends, the other gets one exit signal with its reason: it ends with it, or gets a message if it
 * traps exits. Both ends agree whether there is a link.
 */
import type { Pid } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { ExitMessage } from "../../../kernel/system-messages.ts";
import type { Letters } from "./letters.ts";
import { type Lives, reasonKey } from "./lives.ts";
import { idOf, pairOf, pidText, type Violations } from "./violations.ts";

/** Two processes, from the first one's side. */
interface Tie {
  readonly self: number;
  readonly other: number;
  /** `link`s of the two, by either. */
  links: number;
  /** One of them was the first one's: the other's may be lost with its thread. */
  isOwn: boolean;
  /** Was there an `unlink`, by either? */
  unlinked: boolean;
  /** Exit messages that came of it. */
  exits: number;
  /** Exit signals `normal` that the other sent by `exit`: they look as if they came over a link. */
  normals: number;
}

export class Ties {
  readonly #violations: Violations;
  readonly #lives: Lives;
  readonly #letters: Letters;
  readonly #ties = new Map<number, Tie>();
  /** Who did not trap exits at some time: it may have passed over a `normal`. */
  readonly #untrapped = new Set<number>();
  events = 0;

  constructor(violations: Violations, lives: Lives, letters: Letters) {
    this.#violations = violations;
    this.#lives = lives;
    this.#letters = letters;
  }

  linked(by: Pid, other: Pid): void {
    if (idOf(by) === idOf(other)) return;
    this.#lives.tie(by, other);
    this.#tie(by, other).links += 1;
    this.#tie(other, by).links += 1;
    this.#tie(by, other).isOwn = true;
  }

  unlinked(a: Pid, b: Pid): void {
    this.#tie(a, b).unlinked = true;
    this.#tie(b, a).unlinked = true;
  }

  doesNotTrap(self: Process): void {
    this.#untrapped.add(idOf(self.pid));
  }

  /** `from` sends `to` an exit signal `normal`. */
  sentNormal(from: Pid, to: Pid): void {
    this.#tie(to, from).normals += 1;
  }

  /** An exit message came that is no letter. @returns whether it says that its sender has ended */
  exited(self: Process, { from, reason }: ExitMessage): boolean {
    const tie = this.#tie(self.pid, from);
    tie.exits += 1;
    this.events += 1;
    if (tie.exits > tie.links + tie.normals) {
      this.#violations.add(`${self.pid} got ${tie.exits} exits of ${from}, over ${tie.links} links`);
    }
    const key = reasonKey(reason);
    if (key === "normal" && tie.normals > 0) return false; // it may live
    this.#letters.told(self, tie.other);
    const actual = this.#lives.reasonOf(tie.other);
    if (key !== actual && actual !== undefined && key !== "noproc" && key !== "schedulerDown") {
      this.#violations.add(`${self.pid} was told that ${from} ended with ${key}: it was ${actual}`);
    }
    return true;
  }

  /** To be asked when nothing is under way. */
  check(alive: ReadonlyMap<number, Process>): void {
    for (const tie of this.#ties.values()) {
      if (tie.links === 0 || tie.unlinked || tie.exits > 0 || !alive.has(tie.self)) continue;
      if (!tie.isOwn && this.#lives.isLost(tie.other)) continue;
      if (!this.#lives.hasEnded(tie.other)) this.#mustBeLinked(tie, alive);
      else if (!this.#mayBeIgnored(tie)) {
        this.#violations.add(`${pidText(tie.self)} never heard of the end of ${pidText(tie.other)}, its link`);
      }
    }
    for (const [id, { links }] of alive) {
      for (const other of links ?? []) {
        const back = alive.get(idOf(other))?.links ?? [];
        if ([...back].some((pid) => idOf(pid) === id)) continue;
        this.#violations.add(`${pidText(id)} is linked to ${other}, but not the other way round`);
      }
    }
  }

  /** A `normal` is, by who does not trap exits; and nobody does before its init. */
  #mayBeIgnored({ self, other }: Tie): boolean {
    if (this.#lives.reasonOf(other) !== "normal") return false;
    return this.#untrapped.has(self) || this.#lives.endedBefore(other, self);
  }

  #mustBeLinked({ self, other }: Tie, alive: ReadonlyMap<number, Process>): void {
    if ([...(alive.get(self)!.links ?? [])].some((pid) => idOf(pid) === other)) return;
    this.#violations.add(`${pidText(self)} is not linked to ${pidText(other)} any more, and nobody unlinked them`);
  }

  #tie(self: Pid, other: Pid): Tie {
    const key = pairOf(idOf(self), idOf(other));
    let tie = this.#ties.get(key);
    if (tie === undefined) {
      tie = { self: idOf(self), other: idOf(other), links: 0, isOwn: false, unlinked: false, exits: 0, normals: 0 };
      this.#ties.set(key, tie);
    }
    return tie;
  }
}
