/** Ledger: all that is written down of a troupe's play, and what of it must hold when the play is over. */
import type { Kernel } from "../../../kernel/kernel.ts";
import type { SimWorld } from "../../../kernel/testing/index.ts";
import { Alarms } from "./alarms.ts";
import { Letters } from "./letters.ts";
import { Lives } from "./lives.ts";
import { Memberships } from "./memberships.ts";
import { Openings } from "./openings.ts";
import { Requests } from "./requests.ts";
import { Ties } from "./ties.ts";
import { Violations } from "./violations.ts";
import { Watches } from "./watches.ts";

export class Ledger {
  readonly violations = new Violations();
  readonly lives: Lives;
  readonly letters: Letters;
  readonly watches: Watches;
  readonly ties: Ties;
  readonly alarms: Alarms;
  readonly requests: Requests;
  readonly openings: Openings;
  readonly memberships: Memberships;

  /** @param lostThreads numbers of the threads that have been ended; may grow */
  constructor(world: SimWorld, lostThreads: ReadonlySet<number>) {
    this.lives = new Lives(this.violations, lostThreads);
    this.letters = new Letters(this.violations, this.lives);
    this.watches = new Watches(this.violations, this.lives, this.letters);
    this.ties = new Ties(this.violations, this.lives, this.letters);
    this.alarms = new Alarms(this.violations, world);
    this.requests = new Requests(this.violations, world, this.lives);
    this.openings = new Openings(this.violations);
    this.memberships = new Memberships(this.violations, this.lives);
  }

  /** The world stands still for so long, or may be so late from now on. */
  late(ms: number): void {
    this.alarms.lateMs += ms;
    this.requests.lateMs += ms;
  }

  get events(): number {
    const { letters, watches, ties, alarms, requests, openings, memberships } = this;
    return [letters, watches, ties, alarms, requests, openings, memberships].reduce(
      (sum, { events }) => sum + events,
      0,
    );
  }

  /** What must hold when nothing is under way. */
  check(kernels: readonly Kernel[], lossless: boolean): void {
    const alive = this.lives.alive();
    this.lives.check();
    this.letters.check(alive);
    this.watches.check(alive);
    this.ties.check(alive);
    this.alarms.check(alive);
    this.requests.check(alive, lossless);
    this.openings.check(alive);
    this.memberships.check(kernels, alive);
  }
}
