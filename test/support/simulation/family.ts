/**
 * Family: a supervisor of some strategy and its children, who crash, leave, are killed, fail to start, start slowly and do
 * not want to stop; and what a supervisor promises about them.
 *
 *   attempt a ─▷ up ─▷ ended      a child at a time once only; in order; never more often than the intensity allows;
 *   attempt a ─▷ ...              who must be there is there in the end, and nobody else
 */
import { genServer, noreply, stop } from "../../../kernel/gen-server.ts";
import { Kernel } from "../../../kernel/kernel.ts";
import { type Pid, processOf } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Random, SimWorld } from "../../../kernel/testing/index.ts";
import { childSpec, type Restart } from "../../../supervisor/child-spec.ts";
import { type SupervisorDefinition, supervisor } from "../../../supervisor/supervisor.ts";
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
  lastEnd: { readonly reason: unknown; readonly atMs: number } | undefined;
}

interface WorkerArg {
  readonly family: Family;
  readonly member: Member;
}

const workers = [false, true].map((trapExit) =>
  genServer({
    name: "worker",
    trapExit,
    init: (arg: { place: number }, self: Process) => families.get(self.kernel)!.begins(self, arg.place),
    casts: {
      crash: () => {
        throw new Error("crashed");
      },
      leave: (state: WorkerArg) => stop("normal", state),
      retire: (state: WorkerArg) => stop("shutdown", state),
      stay: (state: WorkerArg) => noreply(state),
    },
    terminate: async ({ member }, _reason, { self }) => {
      if (member.stubbornMs > 0) await self.receive({ match: never, after: member.stubbornMs });
    },
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
  /** Children stopped by the supervisor though nobody else was down: right only if it was about to end. */
  #lastGroundlessStopMs = Number.NEGATIVE_INFINITY;
  readonly violations = new Violations();
  restarts = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.fork();
    const random = this.#random;
    this.#kernel = new Kernel({ world, chargeRejections: false, report: () => {} });
    families.set(this.#kernel, this);
    this.#strategy = random.pick(["oneForOne", "oneForOne", "oneForAll", "restForOne"]);
    this.#maxRestarts = random.pick([0, 1, 2, 3, 5]);
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
    for (let i = 2 + random.below(10); i > 0; i--) {
      this.#world.alarm(random.number() * withinMs, () => this.#harm(random.pick(this.#members)));
    }
    if (random.chance(0.3)) {
      this.#world.alarm(random.number() * withinMs, () => {
        if (this.#supervisor === undefined) return;
        this.#dismissed = true;
        this.#kernel.exit(this.#supervisor.pid, random.pick(["shutdown", "shutdown", "kill"]));
      });
    }
    if (random.chance(0.2)) this.#world.alarm(random.number() * withinMs, () => this.#world.stall(random.pick([50, 2000])));
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
    self.own({ [Symbol.dispose]: () => this.#supervisorEnds(self) });
  }

  /** A worker's `init`. */
  async begins(self: Process, place: number): Promise<WorkerArg> {
    const member = this.#members[place]!;
    this.#checkAttempt(member);
    member.attemptsMs.push(this.#world.nowMs);
    member.pid = self.pid;
    self.own({ [Symbol.dispose]: () => this.#ends(member, self) });
    if (member.attemptsMs.length > 1) this.restarts += 1;
    if (member.slowMs > 0) await self.receive({ match: never, after: member.slowMs });
    if (member.failures[member.attemptsMs.length - 1] === true) throw new Error("does not start");
    member.isUp = true;
    return { family: this, member };
  }

  #checkAttempt(member: Member): void {
    const { place, id, restart, attemptsMs, pid } = member;
    if (pid !== undefined) this.violations.add(`${id} was started while it ran`);
    if (this.#endedMs !== undefined) this.violations.add(`${id} was started by a supervisor that has ended`);
    if (attemptsMs.length > 0 && restart === "temporary") this.violations.add(`${id}, which is temporary, was restarted`);
    if (this.#initial && this.#members.some((earlier) => earlier.place < place && !earlier.isUp)) {
      this.violations.add(`${id} was started before those before it were up`);
    }
    if (this.#initial || this.#strategy !== "oneForOne") {
      const later = this.#members.find((other) => other.place > place && other.pid !== undefined);
      if (later !== undefined) this.violations.add(`${id} was started while ${later.id} ran, which comes after it`);
    }
    const { lastEnd } = member;
    if (lastEnd === undefined || this.#strategy !== "oneForOne") return;
    const isQuiet = lastEnd.reason === "normal" || lastEnd.reason === "shutdown";
    if (restart === "transient" && isQuiet) this.violations.add(`${id}, which is transient, was restarted after a quiet end`);
  }

  #ends(member: Member, self: Process): void {
    if (member.pid !== self.pid) this.violations.add(`${member.id} ended twice`);
    member.pid = undefined;
    member.isUp = false;
    // The reason is not known before the signal is aborted, just after this.
    self.signal.addEventListener("abort", () => this.#endsWith(member, self.signal.reason));
  }

  #endsWith(member: Member, reason: unknown): void {
    member.lastEnd = { reason, atMs: this.#world.nowMs };
    if (reason !== "shutdown" || member.stubbornMs > 0) return; // a stubborn one is killed, and may be by anybody
    const later = this.#members.find((other) => other.place > member.place && other.pid !== undefined);
    const isOwn = this.#retired.delete(member);
    if (isOwn) return;
    if (later !== undefined && !this.#isKilled) {
      this.violations.add(`${member.id} was stopped before ${later.id}, which was started later`);
    }
    const first = this.#strategy === "restForOne" ? member.place : this.#members.length;
    const hasGround = this.#strategy !== "oneForOne" && this.#members.some(({ place, pid }) => place < first && !pid);
    if (!hasGround) this.#lastGroundlessStopMs = this.#world.nowMs;
  }

  #supervisorEnds(self: Process): void {
    this.#endedMs = this.#world.nowMs;
    self.signal.addEventListener("abort", () => {
      if (self.signal.reason === "killed") return;
      const survivor = this.#members.find(({ pid }) => pid !== undefined);
      if (survivor !== undefined) this.violations.add(`the supervisor ended before ${survivor.id}`);
    });
  }

  #failedToStart(): void {
    const survivor = this.#members.find(({ pid }) => pid !== undefined);
    if (survivor !== undefined) this.violations.add(`the supervisor did not start, but ${survivor.id} runs`);
    if (!this.#members.some(({ failures }) => failures[0])) this.violations.add("the supervisor did not start");
  }
}

/** A run of this play takes a few hundred. */
const maxSteps = 20_000;

function never(_message: unknown): _message is never {
  return false;
}
