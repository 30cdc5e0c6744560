/**
 * Rush: processes that always have more to do, against the laws of the run queue.
 *
 *   shares   all of one priority; some send a thousand messages for each that they handle: everybody gets the same
 *   levels   max before high before normal; low gets one turn of eight; each spins for a while of its own, then rests
 *   slices   the event loop gets its turn after a slice, however much is left to do
 */
import { Kernel } from "../../../kernel/kernel.ts";
import { stat } from "../../../kernel/observe/stats.ts";
import type { Pid } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import { type Priority, priorityLevels } from "../../../kernel/process-status.ts";
import type { Random, SimWorld } from "../../../kernel/testing/index.ts";
import { Violations } from "./violations.ts";

/** A process that sends itself a message for each that it handles. */
interface Spinner {
  readonly name: string;
  readonly priority: Priority;
  /** Messages that it sends to the sink, for each that it handles. */
  readonly burst: number;
  /** Messages that it still handles. */
  left: number;
  /** Reductions that it has used. */
  used: number;
}

export class Rush {
  readonly #world: SimWorld;
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #law: "shares" | "levels" | "slices";
  readonly #spinners: Spinner[] = [];
  #reductions = 0;
  #spinning = true;
  #turn = -1;
  #turnOf: Spinner | undefined;
  #normalTurns = 0;
  #lowTurn = Number.NEGATIVE_INFINITY;
  #step = -1;
  #inStep = 0;
  #slices = 0;
  readonly violations = new Violations();

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.fork();
    const random = this.#random;
    this.#law = random.pick(["shares", "levels", "slices"]);
    const sliceMs = this.#law === "slices" ? shortSliceMs : 0.25;
    this.#kernel = new Kernel({ world, sliceMs, chargeRejections: false, report: () => {} });
    const sink = this.#kernel.spawn({ label: "sink", handle: () => this.#uses(1) });
    const levels = this.#law === "levels";
    for (let i = 2 + random.below(4); i > 0; i--) {
      const spinner: Spinner = {
        name: `spinner ${i}`,
        priority: levels ? random.pick(["low", "low", "normal", "normal", "high", "max"]) : "normal",
        burst: levels ? 0 : random.pick(this.#law === "shares" ? [0, 0, 20, 700, 1500] : [0, 1, 20, maxShortBurst]),
        left: levels ? 500 + random.below(4000) : Number.POSITIVE_INFINITY,
        used: 0,
      };
      this.#spinners.push(spinner);
      this.#spin(spinner, sink);
    }
  }

  get events(): number {
    return this.#reductions;
  }

  play(): void {
    this.#world.run({ maxSteps });
    if (this.#law === "shares") this.#checkShares();
    this.violations.must(this.#reductions > 1000, "nobody spun");
    this.#kernel.close();
  }

  #spin(spinner: Spinner, sink: Pid): void {
    const go = Object.freeze({});
    const handle = (self: Process): void => {
      if (!this.#spinning || spinner.left <= 0) return;
      this.#takesTurn(spinner);
      spinner.left -= 1;
      const used = 2 + spinner.burst;
      spinner.used += used;
      for (let i = 0; i < spinner.burst; i++) self.send(sink, go);
      self.send(self.pid, go);
      this.#uses(used);
    };
    const { priority } = spinner;
    const options = { priority };
    this.#kernel.spawn({ label: spinner.name, init: (self) => self.send(self.pid, go), handle }, undefined, options);
  }

  #uses(reductions: number): void {
    this.#reductions += reductions;
    if (this.#law !== "levels" && this.#reductions > 30_000) this.#spinning = false;
    if (this.#step !== this.#world.steps) {
      this.#step = this.#world.steps;
      this.#inStep = 0;
      this.#slices += 1;
    }
    this.#inStep += reductions;
    if (this.#law === "slices" && this.#inStep > mostInShortSlice) {
      this.violations.add(`${this.#inStep} reductions were used in one slice: the event loop never gets its turn`);
    }
  }

  #takesTurn(spinner: Spinner): void {
    const turn = this.#kernel.stats[stat.turns]!;
    if (turn === this.#turn && spinner === this.#turnOf) return;
    this.#turn = turn;
    this.#turnOf = spinner;
    if (this.#law === "levels") this.#checkTurn(spinner);
  }

  #checkTurn({ name, priority }: Spinner): void {
    const waits = (others: Priority): boolean =>
      this.#spinners.some((other) => other.priority === others && other.left > 0);
    const level = priorityLevels[priority];
    if (level < priorityLevels.max && waits("max")) this.violations.add(`${name} ran at ${priority} before max`);
    if (level < priorityLevels.high && waits("high")) this.violations.add(`${name} ran at ${priority} before high`);
    if (priority === "normal") {
      this.#normalTurns += 1;
      if (this.#normalTurns > turnsPerLow && waits("low")) this.violations.add(`low waits longer than seven turns`);
    } else if (priority === "low") {
      const since = this.#turn - this.#lowTurn;
      if (since < turnsPerLow && waits("normal")) this.violations.add(`low ran again after ${since} turns`);
      this.#lowTurn = this.#turn;
      this.#normalTurns = 0;
    }
  }

  /** Who has more than another had a turn more, or a message more, or its turn was cut by the end of a slice. */
  #checkShares(): void {
    const used = this.#spinners.map((spinner) => spinner.used);
    const burst = Math.max(...this.#spinners.map((spinner) => spinner.burst));
    const most = Math.max(...used);
    const least = Math.min(...used);
    if (most - least > 2 * turnReductions + burst + this.#slices * turnReductions) {
      this.violations.add(`shares differ: ${used.join(", ")} reductions`);
    }
  }
}

const turnReductions = 200;
const turnsPerLow = 8;
const shortSliceMs = 0.005;
const maxShortBurst = 60;
/** The clock is read every turn at least, and advances by a thousandth of a millisecond. */
const mostInShortSlice = (shortSliceMs * 1000 + 3) * (turnReductions + maxShortBurst + 2);
/** A run of this play takes a hundred. */
const maxSteps = 10_000;
