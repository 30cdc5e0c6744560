/**
 * Family: a supervisor of some strategy and its children, who crash, leave, are killed, fail to start, start slowly and do
 * not want to stop; and what a supervisor promises about them.
 *
 *   attempt a ─▷ up ─▷ ended      a child at a time once only; in order; never more often than the intensity allows;
 *   attempt a ─▷ ...              who must be there is there in the end, and nobody else
 */

import { Kernel } from "../../../kernel/kernel.ts";
import { type Pid, processOf } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import { genServer } from "../../../kernel/server/gen-server.ts";
import { stop } from "../../../kernel/server/outcome.ts";
import type { Random, SimWorld } from "../../../kernel/testing/index.ts";
import { childSpec, type Restart } from "../../../supervisor/child-spec.ts";
import { type SupervisorDefinition, type SupervisorProtocol, supervisor } from "../../../supervisor/supervisor.ts";
import { Violations } from "./violations.ts";

/** One child, over all its lives. */
interface Member {
  readonly place: number;
  readonly id: string;
  readonly restart: Restart;
  readonly shutdown: "brutalKill" | number;
  /** It has one, and no two lives of it may have it at a time. */
  readonly name: string | undefined;
  /** Milliseconds that its `init` takes. */
  readonly slowMs: number;
  /** It traps exits, and takes so long to terminate. */
  readonly stubbornMs: number;
  /** Of its next starts: do they fail? */
  readonly failures: boolean[];
  readonly attemptsMs: number[];
  pid: Pid | undefined;
  isUp: boolean;
  /** How its last life ended. */
  lastEnd: { readonly reason: unknown } | undefined;
}

interface WorkerState {
  readonly place: number;
}

const workers = [false, true].map((trapExit) =>
  genServer({
    name: "worker",
    trapExit,
    init: ({ place }: WorkerState, self: Process) => families.get(self.kernel)!.begins(self, place),
    casts: {
      crash: () => {
        throw new Error("crashed");
      },
      leave: (state) => stop("normal", state),
      retire: (state) => stop({ shutdown: "retired" }, state),
    },
    terminate: ({ place }, _reason, { self }) => families.get(self.kernel)!.terminates(self, place),
  }),
);

/** A start's argument is data: the family is found by the kernel. */
const families = new WeakMap<Kernel, Family>();

export class Family {
  readonly #world: SimWorld;
  readonly #random: Random;
  readonly #kernel: Kernel;
  readonly #strategy: "oneForOne" | "oneForAll" | "restForOne";
  readonly #maxRestarts: number;
  readonly #maxSeconds: number;
  readonly #members: Member[] = [];
  readonly #definition: SupervisorDefinition;
  #supervisor: Process | undefined;
  #endedMs: number | undefined;
  /** It was told to stop, by us. */
  #dismissed = false;
  #initial = true;
  #stalledMs = 0;
  /** Children stopped by the supervisor though nobody else was down: right only if it was about to end. */
  #groundlessStopMs = Number.POSITIVE_INFINITY;
  readonly violations = new Violations();
  events = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.fork();
    const random = this.#random;
    this.#kernel = new Kernel({ world, chargeRejections: false, report: () => {} });
    families.set(this.#kernel, this);
    this.#strategy = random.pick(["oneForOne", "oneForOne", "oneForAll", "restForOne"]);
    this.#maxRestarts = random.pick([0, 1, 3, 5, 20]);
    this.#maxSeconds = random.pick([1, 5]);
    for (let place = 0, size = 1 + random.below(4); place < size; place++) this.#members.push(this.#newMember(place));
    this.#definition = supervisor(
      this.#members.map(({ place, id, name, restart, shutdown, stubbornMs }) =>
        childSpec(
          workers[stubbornMs > 0 ? 1 : 0]!,
          { place },
          { id, restart, shutdown, ...(name === undefined ? {} : { name }) },
        ),
      ),
      { strategy: this.#strategy, maxRestarts: this.#maxRestarts, maxSeconds: this.#maxSeconds },
    );
  }

  async play(): Promise<void> {
    const started = this.#definition.start(this.#kernel).then(
      (pid) => this.#begins(processOf(pid)!),
      () => this.#failedToStart(),
    );
    this.#plan();
    await this.#world.runAsync({ maxSteps });
    await started;
    if (this.#supervisor !== undefined) await this.#check();
    for (const pid of this.#kernel.processes()) this.#kernel.exit(pid, "kill");
    await this.#world.runAsync({ maxSteps });
    this.violations.must(this.#kernel.processes().length === 0, "somebody has survived a kill");
    this.#kernel.close();
  }

  #newMember(place: number): Member {
    const random = this.#random;
    // With oneForAll the first child's starts are counted: it is there in each of them.
    const isFirst = place === 0 && this.#strategy === "oneForAll";
    return {
      place,
      id: `child ${place}`,
      restart: isFirst ? "permanent" : random.pick(["permanent", "permanent", "transient", "temporary"]),
      shutdown: random.pick(["brutalKill", 50, 5000]),
      name: random.chance(0.5) ? `worker ${place}` : undefined,
      slowMs: random.chance(0.2) ? 30 : 0,
      stubbornMs: random.chance(0.2) ? 200 : 0,
      failures: [random.chance(0.02), random.chance(0.2), random.chance(0.2), random.chance(0.3)],
      attemptsMs: [],
      pid: undefined,
      isUp: false,
      lastEnd: undefined,
    };
  }

  // ---- what befalls them ------------------------------------------------------------------------------------------------

  #plan(): void {
    const random = this.#random;
    const withinMs = random.pick([20, 1500, 8000, 20_000]);
    for (let i = 4 + random.below(20); i > 0; i--) {
      this.#world.alarm(random.number() * withinMs, () => this.#harm(random.pick(this.#members)));
    }
    if (random.chance(0.3)) {
      this.#world.alarm(random.number() * withinMs, () => {
        if (this.#supervisor === undefined) return;
        this.#dismissed = true;
        this.#kernel.exit(this.#supervisor.pid, random.pick(["shutdown", "shutdown", "kill"]));
      });
    }
    if (random.chance(0.2)) this.#world.alarm(random.number() * withinMs, () => this.#stall(random.pick([50, 2000])));
  }

  #stall(ms: number): void {
    this.#stalledMs += ms;
    this.#world.stall(ms);
  }

  #harm({ pid }: Member): void {
    if (pid === undefined || this.#supervisor === undefined) return;
    const random = this.#random;
    if (random.chance(0.3)) this.#kernel.exit(pid, "kill");
    else this.#kernel.castTo(pid, random.pick(["crash", "crash", "leave", "retire"]), undefined);
  }

  // ---- what they do -----------------------------------------------------------------------------------------------------

  #begins(self: Process): void {
    this.#initial = false;
    if (!self?.isAlive) return;
    this.#supervisor = self;
    const { signal } = self;
    signal.addEventListener("abort", () => this.#supervisorEnds(signal.reason));
  }

  /** A worker's `init`. */
  async begins(self: Process, place: number): Promise<WorkerState> {
    const member = this.#members[place]!;
    this.#checkAttempt(member);
    member.attemptsMs.push(this.#world.nowMs);
    member.pid = self.pid;
    const { signal } = self;
    signal.addEventListener("abort", () => this.#ends(member, self, signal.reason));
    this.events += 1;
    if (member.slowMs > 0) await self.receive({ match: never, after: member.slowMs });
    if (member.failures[member.attemptsMs.length - 1] === true) throw new Error("does not start");
    member.isUp = true;
    return { place };
  }

  async terminates(self: Process, place: number): Promise<void> {
    const { stubbornMs } = this.#members[place]!;
    if (stubbornMs > 0) await self.receive({ match: never, after: stubbornMs });
  }

  #checkAttempt(member: Member): void {
    const { place, id, restart, attemptsMs, pid } = member;
    if (pid !== undefined) this.violations.add(`${id} was started while it ran`);
    if (this.#endedMs !== undefined) this.violations.add(`${id} was started by a supervisor that has ended`);
    if (this.#groundlessStopMs < this.#world.nowMs) this.violations.add("a child was stopped, though nobody was down");
    if (attemptsMs.length > 0 && restart === "temporary")
      this.violations.add(`${id}, which is temporary, was restarted`);
    if (this.#initial && this.#members.some((earlier) => earlier.place < place && !earlier.isUp)) {
      this.violations.add(`${id} was started before those before it were up`);
    }
    if (this.#initial || this.#strategy !== "oneForOne") {
      const later = this.#members.find((other) => other.place > place && other.pid !== undefined);
      if (later !== undefined) this.violations.add(`${id} was started while ${later.id} ran, which comes after it`);
    }
    const { lastEnd } = member;
    if (lastEnd === undefined || this.#strategy !== "oneForOne") return;
    if (restart === "transient" && hasLeft(lastEnd.reason))
      this.violations.add(`${id}, which is transient, was restarted after a quiet end`);
  }

  #ends(member: Member, self: Process, reason: unknown): void {
    if (member.pid !== self.pid) this.violations.add(`${member.id} ended twice`);
    member.pid = undefined;
    member.isUp = false;
    member.lastEnd = { reason };
    if (reason !== "shutdown") return;
    // The supervisor has stopped it.
    const later = this.#members.find((other) => other.place > member.place && other.pid !== undefined);
    if (later !== undefined)
      this.violations.add(`${member.id} was stopped before ${later.id}, which was started later`);
    const first = this.#strategy === "restForOne" ? member.place : this.#members.length;
    const hasGround = this.#strategy !== "oneForOne" && this.#members.some(({ place, pid }) => place < first && !pid);
    if (!hasGround) this.#groundlessStopMs = this.#world.nowMs;
  }

  #supervisorEnds(reason: unknown): void {
    this.#endedMs = this.#world.nowMs;
    if (reason === "killed") return; // it had no time to stop anybody
    const survivor = this.#members.find(({ pid }) => pid !== undefined);
    if (survivor !== undefined) this.violations.add(`the supervisor ended before ${survivor.id}`);
  }

  // ---- what must hold in the end ----------------------------------------------------------------------------------------

  async #check(): Promise<void> {
    const self = this.#supervisor!;
    if (self.isAlive) await this.#checkChildren(self);
    else {
      const survivor = this.#members.find(({ pid }) => pid !== undefined);
      if (survivor !== undefined) this.violations.add(`${survivor.id} runs, but its supervisor does not`);
    }
    this.#checkIntensity(self);
  }

  async #checkChildren(self: Process): Promise<void> {
    if (this.#dismissed) this.violations.add("the supervisor was told to stop, and runs");
    if (this.#groundlessStopMs < Number.POSITIVE_INFINITY) this.violations.add("a child was stopped for nobody's sake");
    const asked = this.#kernel.call(self.pid as Pid<SupervisorProtocol>, "whichChildren");
    const infos = await this.#world.until(asked);
    const listed = this.#members.filter(({ restart, lastEnd }) => restart !== "temporary" || lastEnd === undefined);
    const text = (children: readonly { readonly id: string; readonly pid?: unknown }[]): string =>
      children.map(({ id, pid }) => `${id} ${pid}`).join(", ");
    if (text(infos) !== text(listed)) this.violations.add(`children are listed as ${text(infos)}, not ${text(listed)}`);
    for (const member of listed) {
      const { id, pid, restart, lastEnd, name } = member;
      if (pid === undefined) {
        const mayRest = restart === "transient" && lastEnd !== undefined && hasLeft(lastEnd.reason);
        if (!mayRest) this.violations.add(`${id}, which is ${restart}, does not run`);
      } else if (self.links?.has(pid) !== true) this.violations.add(`${id} is not linked to its supervisor`);
      if (name !== undefined && this.#kernel.names.whereis(name) !== pid) this.violations.add(`${id} is not "${name}"`);
    }
  }

  /** Restarts are counted where their number shows: with oneForAll by those of the first child. */
  #checkIntensity(self: Process): void {
    const counted = this.#strategy === "oneForAll" ? this.#members.slice(0, 1) : this.#members;
    const restartsMs = counted.flatMap(({ attemptsMs }) => attemptsMs.slice(1)).sort((a, b) => a - b);
    const windowMs = this.#maxSeconds * 1000;
    const isPrompt = this.#strategy === "oneForOne" || this.#members.every(({ stubbornMs }) => stubbornMs === 0);
    if (isPrompt && this.#strategy !== "restForOne") {
      for (let i = 0; i + this.#maxRestarts < restartsMs.length; i++) {
        const tookMs = restartsMs[i + this.#maxRestarts]! - restartsMs[i]!;
        if (tookMs < windowMs - this.#stalledMs - 50) {
          this.violations.add(`${this.#maxRestarts + 1} restarts in ${tookMs} ms: allowed are ${this.#maxRestarts}`);
        }
      }
    }
    if (self.isAlive || this.#dismissed) return;
    const sinceMs = this.#endedMs! - windowMs - this.#stalledMs - mostStoppingMs;
    const late = restartsMs.filter((restartMs) => restartMs >= sinceMs).length;
    if (late < this.#maxRestarts)
      this.violations.add(`it gave up after ${late} restarts of ${this.#maxRestarts} allowed`);
  }

  #failedToStart(): void {
    const survivor = this.#members.find(({ pid }) => pid !== undefined);
    if (survivor !== undefined) this.violations.add(`the supervisor did not start, but ${survivor.id} runs`);
    if (!this.#members.some(({ failures }) => failures[0])) this.violations.add("the supervisor did not start");
  }
}

/** A run of this play takes a few hundred. */
const maxSteps = 20_000;

/** Stubborn children take 200 ms each. */
const mostStoppingMs = 1000;

/** By itself, and quietly. */
function hasLeft(reason: unknown): boolean {
  return reason === "normal" || (typeof reason === "object" && reason !== null && "shutdown" in reason);
}

function never(_message: unknown): _message is never {
  return false;
}
