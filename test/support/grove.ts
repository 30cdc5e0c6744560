/**
 * Grove: a random supervision tree that is shaken, and what must be true of it at every step of the world.
 *
 *   tree      up to 4 supervisors deep, up to 50 children, all strategies, restart types, shutdowns, some with backoff
 *   shaken    children crash, leave, are killed, many at once; supervisors are killed; children are terminated and
 *             restarted by hand; inits fail, or take their time; some do not want to end
 *
 * The laws: a supervisor that rests has the children of its spec, unless one is restarting, was stopped by hand, or had
 * to be given up. Whatever runs is somebody's child, whatever is listed runs or its end is known of. Temporary children
 * start once. Siblings start in order and stop in reverse. Nobody restarts more often than allowed, or outlives the tree.
 */
import { CallError, StartError } from "../../kernel/errors.ts";
import { isQuiet } from "../../kernel/exit-reason.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { Pid, processOf } from "../../kernel/pid.ts";
import { awaiting, type Behaviour, idle, type Process, ProcessExit } from "../../kernel/process.ts";
import { ExitMessage } from "../../kernel/system-messages.ts";
import { type Random, SimulationError, SimWorld } from "../../kernel/testing/index.ts";
import type { BackoffOptions } from "../../supervisor/backoff.ts";
import type { ChildInfo } from "../../supervisor/child.ts";
import type { AutoShutdown, ChildSpec, Restart, Shutdown } from "../../supervisor/child-spec.ts";
import { SupervisorError } from "../../supervisor/errors.ts";
import type { Strategy } from "../../supervisor/strategy.ts";
import {
  Supervisor,
  type SupervisorDefinition,
  type SupervisorProtocol,
  supervisor,
} from "../../supervisor/supervisor.ts";

/** A place in the tree: a worker, or a supervisor with children. */
interface Place {
  readonly id: string;
  readonly restart: Restart;
  readonly significant: boolean;
  readonly shutdown: Shutdown;
  readonly backoff: BackoffOptions | undefined;
  readonly failRate: number;
  readonly initMs: number;
  readonly endMs: number;
  readonly traps: boolean;
  readonly stubborn: boolean;
  readonly team: Team | undefined;
}

/** What is remembered of a child, under one supervisor. */
interface Life {
  /** When it was restarted lately, on the world's clock; undefined: it has not started yet. */
  restartsMs: number[] | undefined;
  /** How its last process ended. */
  lastReason: unknown;
  /** It was stopped by hand, and is down for that. */
  byHand: boolean;
  /** Requests about it that have not been answered. */
  requests: number;
}

/** A supervisor's spec. */
interface Team {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly places: readonly Place[];
  readonly definition: SupervisorDefinition;
}

/** What is remembered of a supervisor that runs. */
interface Post {
  readonly team: Team;
  readonly process: Process;
  readonly lives: ReadonlyMap<Place, Life>;
  /** Its start is over. */
  isUp: boolean;
}

export class Grove {
  readonly #world: WatchedWorld;
  readonly #random: Random;
  readonly #kernel: Kernel;
  readonly #root: Team;
  readonly #posts = new Map<Pid, Post>();
  readonly #workers = new Map<Pid, Place>();
  readonly #parents = new Map<Pid, Pid>();
  readonly #behaviour: Behaviour<Place>;
  #places = 0;
  #broken: string | undefined;
  /** Ends and restarts that have been seen. */
  events = 0;

  constructor(seed: number) {
    this.#world = new WatchedWorld(seed, () => this.#check());
    this.#random = this.#world.fork();
    this.#kernel = new Kernel({
      world: this.#world,
      chargeRejections: false,
      report: () => {},
    });
    this.#behaviour = this.#worker();
    this.#root = this.#team(4, this.#random.pick([3, 6, 6, 12, 12, 25, 50]));
  }

  /** Supervisors above the lowest child, the root counted. */
  get depth(): number {
    const depth = ({ places }: Team): number =>
      1 + Math.max(0, ...places.map(({ team }) => (team === undefined ? 0 : depth(team))));
    return depth(this.#root);
  }

  get steps(): number {
    return this.#world.steps;
  }

  /** @throws {SimulationError} when a law is broken */
  async play(): Promise<void> {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // children fail to start by the thousand, and nobody reads their stacks
    try {
      await this.#play();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  async #play(): Promise<void> {
    const trace = this.#kernel.trace({ events: ["spawn", "exit"], limit: 1_000_000, ms: 3_600_000 }, (event) => {
      if (event.type === "exit") this.#ended(event.pid, event.reason);
      else if (event.type === "spawn" && event.parent !== undefined) this.#parents.set(event.pid, event.parent);
    });
    let root: Pid<SupervisorProtocol> | undefined;
    const started = this.#root.definition.start(this.#kernel).then(
      (pid) => {
        root = pid;
      },
      () => undefined,
    );
    for (let i = 4 + this.#random.below(26); i > 0; i--)
      this.#world.alarm(5 + this.#random.below(300), () => this.#shake());
    await this.#world.runAsync({ forMs: 700, maxSteps });
    await started;
    trace.stop();
    await this.#world.runAsync({ maxSteps });
    this.#check();
    if (root !== undefined) this.#kernel.exit(root, "shutdown");
    await this.#world.runAsync({ maxSteps });
    this.#must(this.#kernel.processes().length === 0, () => `${this.#kernel.processes().join()} outlived the tree`);
    this.#must(this.#kernel.timers.size === 0, () => "a timer outlived the tree");
    this.#check();
    this.#kernel.close();
  }

  // ---- the tree --------------------------------------------------------------------------------------------------------

  #team(depth: number, size: number): Team {
    const random = this.#random;
    const autoShutdown = random.pick<AutoShutdown>(["never", "never", "never", "anySignificant", "allSignificant"]);
    const places: Place[] = [];
    let left = size;
    while (left > 0 && places.length < 8) {
      const share = depth > 1 && left > 2 && random.chance(0.4) ? 1 + random.below(left - 1) : 0;
      places.push(this.#place(autoShutdown, share > 0 ? this.#team(depth - 1, share) : undefined));
      left -= 1 + share;
    }
    const strategy = random.pick<Strategy>(["oneForOne", "oneForAll", "restForOne"]);
    const maxRestarts = random.pick([0, 1, 2, 3, 5, 20]);
    const maxSeconds = random.pick([0.05, 0.2, 5]);
    const specs = places.map((place) => this.#spec(place));
    const definition = supervisor(specs, {
      name: `team of ${places[0]?.id}`,
      strategy,
      autoShutdown,
      maxRestarts,
      maxSeconds,
    });
    return { strategy, autoShutdown, maxRestarts, maxSeconds, places, definition };
  }

  #place(autoShutdown: AutoShutdown, team: Team | undefined): Place {
    const random = this.#random;
    const restart = random.pick<Restart>(["permanent", "permanent", "transient", "temporary"]);
    const shutdown = team === undefined ? random.pick<Shutdown>(["brutalKill", 5, 50, "infinity"]) : "infinity";
    this.#places += 1;
    return {
      id: `${team === undefined ? "w" : "s"}${this.#places}`,
      restart,
      significant: restart !== "permanent" && autoShutdown !== "never" && random.chance(0.5),
      shutdown,
      backoff: random.chance(0.1) ? { minMs: 3, maxMs: 40 } : undefined,
      failRate: random.chance(0.2) ? 0.3 : 0,
      initMs: random.chance(0.15) ? 2 : 0,
      endMs: random.chance(0.15) ? 4 : 0,
      traps: random.chance(0.7),
      stubborn: typeof shutdown === "number" && random.chance(0.1),
      team,
    };
  }

  #spec(place: Place): ChildSpec {
    const { id, restart, significant, shutdown, backoff, team } = place;
    return {
      id,
      restart,
      significant,
      shutdown,
      type: team === undefined ? "worker" : "supervisor",
      ...(backoff === undefined ? {} : { backoff }),
      start: async (self) => {
        this.#begins(place, self);
        const pid = await (team === undefined
          ? self.kernel.start(self, this.#behaviour, place, { link: true })
          : team.definition.startLink(self));
        const post = this.#posts.get(pid);
        if (post !== undefined) post.isUp = true;
        return pid;
      },
    };
  }

  #worker(): Behaviour<Place> {
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void this.#world.alarm(ms, () => resolve(undefined)));
    return {
      label: "worker",
      init: (self, place) => {
        this.#workers.set(self.pid, place);
        self.trapExit = place.traps;
        const begin = (): void => {
          if (this.#world.nowMs > 5 && this.#random.chance(place.failRate)) throw "cannot start";
        };
        return place.initMs > 0 ? pause(place.initMs).then(begin) : begin();
      },
      handle: (self, message) => {
        const place = this.#workers.get(self.pid)!;
        if (!(message instanceof ExitMessage)) throw new ProcessExit((message as { leave: unknown }).leave);
        this.#told(self, place);
        if (!place.stubborn) throw new ProcessExit(message.reason);
      },
      terminate: (self) => {
        const { endMs } = this.#workers.get(self.pid)!;
        return endMs > 0 ? pause(endMs) : undefined;
      },
    };
  }

  // ---- what befalls it -------------------------------------------------------------------------------------------------

  #shake(): void {
    const random = this.#random;
    const pids = this.#kernel.processes();
    if (pids.length === 0) return;
    for (let i = random.chance(0.2) ? 1 + random.below(5) : 1; i > 0; i--) {
      const pid = random.pick(pids);
      if (this.#posts.has(pid)) this.#bother(pid as Pid<SupervisorProtocol>);
      else if (random.chance(0.5)) this.#kernel.exit(pid, "kill");
      else
        this.#kernel.send(pid, {
          leave: random.pick<unknown>(["odd", "odd", "normal", "shutdown", { shutdown: "done" }]),
        });
    }
  }

  #bother(pid: Pid<SupervisorProtocol>): void {
    const random = this.#random;
    const post = this.#posts.get(pid)!;
    if (random.chance(0.1) && post.process.parent !== undefined) return this.#kernel.exit(pid, "kill");
    const place = random.pick(post.team.places);
    const life = post.lives.get(place)!;
    life.requests += 1;
    const asked = random.chance(0.6)
      ? Supervisor.terminateChild(this.#kernel, pid, place.id).then(() => this.#terminated(post, life))
      : Supervisor.restartChild(this.#kernel, pid, place.id);
    asked
      .catch((thrown: unknown) => {
        if (thrown instanceof SupervisorError || thrown instanceof CallError) return;
        if (!(thrown instanceof StartError)) throw thrown;
        life.byHand = true; // it could not be started by hand, and nobody else tries
      })
      .finally(() => {
        life.requests -= 1;
      });
  }

  /** Of a team that is restarted together, those who were to start after it stay down with it. */
  #terminated({ team, lives, process }: Post, life: Life): void {
    life.byHand = true;
    if (team.strategy === "oneForOne") return;
    for (const { id, pid } of this.#children(process.pid)) {
      if (pid === undefined) lives.get(team.places.find((place) => place.id === id)!)!.byHand = true;
    }
  }

  // ---- what is seen of it ----------------------------------------------------------------------------------------------

  /** A supervisor starts a child. */
  #begins(place: Place, self: Process): void {
    this.events += 1;
    const post = this.#postOf(self);
    const { team } = post;
    const life = post.lives.get(place)!;
    const { restartsMs } = life;
    const asked = life.requests > 0;
    this.#must(
      place.restart !== "temporary" || restartsMs === undefined,
      () => `${place.id} is temporary, and starts again`,
    );
    const alone = team.strategy === "oneForOne" && post.isUp;
    this.#must(!(life.byHand && alone && !asked), () => `${place.id} was stopped by hand, and starts again`);
    if (!alone && !asked) this.#mustBeLast(place, team, self, "starts after");
    life.byHand = false;
    if (restartsMs === undefined) life.restartsMs = [];
    else if (!asked) this.#checkIntensity(post, restartsMs, place.id);
  }

  /** A child is told to end. */
  #told(self: Process, place: Place): void {
    const parent = processOf(self.parent!);
    const post = this.#posts.get(self.parent!);
    if (parent === undefined || post === undefined || post.lives.get(place)!.requests > 0) return;
    this.#mustBeLast(place, post.team, parent, "is stopped before");
  }

  #mustBeLast(place: Place, team: Team, parent: Process, does: string): void {
    const at = team.places.indexOf(place);
    const after = this.#running(team, parent).filter((other) => team.places.indexOf(other) > at);
    this.#must(after.length === 0, () => `${place.id} ${does} ${after.map(({ id }) => id).join()}`);
  }

  #postOf(self: Process): Post {
    let post = this.#posts.get(self.pid);
    if (post === undefined) {
      const team = this.#teamOf(this.#root, (candidate) => candidate.definition === (self.behaviour as unknown))!;
      const life = (): Life => ({ restartsMs: undefined, lastReason: undefined, byHand: false, requests: 0 });
      const lives = new Map(team.places.map((place) => [place, life()]));
      post = { team, process: self, lives, isUp: false };
      this.#posts.set(self.pid, post);
      if (team === this.#root) post.isUp = true;
    }
    return post;
  }

  #teamOf(team: Team, is: (team: Team) => boolean): Team | undefined {
    if (is(team)) return team;
    for (const place of team.places) {
      const found = place.team === undefined ? undefined : this.#teamOf(place.team, is);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #ended(pid: Pid, reason: unknown): void {
    this.events += 1;
    const post = this.#posts.get(pid);
    const place = this.#workers.get(pid) ?? this.#placeOf(post?.team);
    const parent = this.#parents.get(pid);
    const life = place === undefined || parent === undefined ? undefined : this.#posts.get(parent)?.lives.get(place);
    if (life !== undefined) life.lastReason = reason;
    this.#posts.delete(pid);
    this.#workers.delete(pid);
    this.#parents.delete(pid);
    if (post?.process.terminating && reason !== "killed") {
      this.#must(this.#running(post.team, post.process).length === 0, () => `${pid} ended before its children`);
    }
  }

  #placeOf(team: Team | undefined): Place | undefined {
    if (team === undefined) return undefined;
    return this.#teamOf(this.#root, ({ places }) => places.some((place) => place.team === team))?.places.find(
      (place) => place.team === team,
    );
  }

  /** Children whose process lives, whether it is up or not. */
  #running(team: Team, self: Process): Place[] {
    const found: Place[] = [];
    for (const process of this.#kernel.localProcesses()) {
      if (process.parent !== self.pid) continue;
      const place = this.#workers.get(process.pid) ?? this.#placeOf(this.#posts.get(process.pid)?.team);
      if (place !== undefined && team.places.includes(place)) found.push(place);
    }
    return found;
  }

  /** A restart more than `maxRestarts` is allowed to begin before the window does: its start may have taken a while. */
  #checkIntensity({ team, process }: Post, startsMs: number[], id: string): void {
    const nowMs = this.#world.nowMs;
    startsMs.push(nowMs);
    while (startsMs[0]! < nowMs - team.maxSeconds * 1000) startsMs.shift();
    this.#must(
      startsMs.length <= team.maxRestarts + 1,
      () => `${process.pid} restarts ${id} too often: at ${startsMs.join()}`,
    );
  }

  // ---- what must be true -----------------------------------------------------------------------------------------------

  #check(): void {
    if (this.#broken !== undefined) throw new SimulationError(this.#broken, this.#world.seed);
    for (const process of this.#kernel.localProcesses()) {
      const post = this.#posts.get(process.pid);
      if (post !== undefined) this.#checkTeam(post);
      else if (process.parent !== undefined && this.#workers.has(process.pid)) this.#checkWorker(process);
    }
  }

  /** Its supervisor lives, or it has been told. */
  #checkWorker(process: Process): void {
    if (processOf(process.parent!) !== undefined) return;
    const told = process.terminating || (process.mailbox?.length ?? 0) > 0 || process.ending !== undefined;
    const starting = process.starting !== undefined;
    const { stubborn } = this.#workers.get(process.pid)!;
    this.#must(told || starting || stubborn, () => `${process.pid} has no supervisor`);
    if (stubborn) this.#kernel.exit(process.pid, "kill"); // its supervisor was killed, and it does not care: so be it
  }

  #checkTeam(post: Post): void {
    const { team, process } = post;
    const children = this.#children(process.pid);
    const rests = process.status === idle && (process.mailbox?.length ?? 0) === 0 && !process.terminating;
    const busy = process.status === awaiting || process.terminating;
    let at = -1;
    for (const { id, pid } of children) {
      const place = team.places.findIndex((candidate) => candidate.id === id);
      this.#must(place > at, () => `${process.pid} lists ${id} out of order`);
      at = place;
      if (!(pid instanceof Pid)) continue;
      const child = processOf(pid);
      if (child === undefined) {
        this.#must(busy || this.#knowsOf(process, pid), () => `${process.pid} does not know of the end of ${id}`);
      } else this.#must(process.links?.has(pid) === true, () => `${process.pid} is not linked to ${id}`);
    }
    if (!rests) return;
    const listed = new Set(children.map(({ pid }) => pid));
    for (const pid of process.links ?? []) {
      this.#must(listed.has(pid) || pid === process.parent, () => `${pid} is nobody's child`);
    }
    for (const [place, life] of post.lives) this.#checkPlace(post, place, life, children);
  }

  /** The supervisor rests: is this child as its spec says? */
  #checkPlace({ process, team }: Post, place: Place, life: Life, children: readonly ChildInfo[]): void {
    const info = children.find(({ id }) => id === place.id);
    if (info === undefined) {
      this.#must(place.restart === "temporary", () => `${process.pid} has lost ${place.id}`);
      return;
    }
    if (info.pid !== undefined) return; // up, or restarting
    const at = team.places.indexOf(place);
    const waits = children.some(({ id, pid }) => {
      if (pid !== "restarting" || team.strategy === "oneForOne") return false;
      return team.strategy === "oneForAll" || team.places.findIndex((other) => other.id === id) < at;
    });
    const done = place.restart === "transient" && isQuiet(life.lastReason);
    this.#must(waits || done || life.byHand || life.requests > 0, () => `${process.pid} has left ${place.id} down`);
  }

  #knowsOf(process: Process, pid: Pid): boolean {
    for (let i = 0; i < (process.mailbox?.length ?? 0); i++) {
      const message = process.mailbox!.at(i);
      if (message instanceof ExitMessage && message.from === pid) return true;
    }
    return false;
  }

  #children(pid: Pid): readonly ChildInfo[] {
    const process = processOf(pid);
    if (process?.state === undefined) return [];
    return (process.behaviour.getState!(process) as { readonly children: readonly ChildInfo[] }).children;
  }

  /** Noted, not thrown: most of it is found inside handlers. The next step throws it. */
  #must(holds: boolean, sentence: () => string): void {
    if (!holds) this.#broken ??= `at ${this.#world.nowMs} ms: ${sentence()}`;
  }
}

/** Calls back before every step: after every step but the last. */
class WatchedWorld extends SimWorld {
  readonly #watch: () => void;

  constructor(seed: number, watch: () => void) {
    super(seed);
    this.#watch = watch;
  }

  override countStep(): void {
    super.countStep();
    this.#watch();
  }
}

const maxSteps = 200_000;
