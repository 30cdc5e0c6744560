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
import type { Behaviour } from "../../../kernel/behaviour.ts";
import { Kernel } from "../../../kernel/kernel.ts";
import { Pid, processOf } from "../../../kernel/pid.ts";
import { type Process, ProcessExit } from "../../../kernel/process.ts";
import { awaiting, idle } from "../../../kernel/process-status.ts";
import { ExitMessage } from "../../../kernel/system-messages.ts";
import type { Random } from "../../../kernel/testing/index.ts";
import type { BackoffOptions } from "../../../supervisor/backoff.ts";
import type { AutoShutdown, ChildSpec, Restart, Shutdown } from "../../../supervisor/child-spec.ts";
import { type SupervisorProtocol, supervisor } from "../../../supervisor/supervisor.ts";
import { TreeLaws, WatchedWorld, withoutStacks } from "./laws.ts";
import {
  askByHand,
  childrenOf,
  findTeam,
  growPlaces,
  newPost,
  randomLeave,
  randomPolicy,
  type TreePlace,
  type TreePost,
  type TreeTeam,
} from "./tree.ts";

interface Place extends TreePlace {
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

interface Team extends TreeTeam<Place> {
  readonly autoShutdown: AutoShutdown;
}

interface Post extends TreePost<Place> {
  readonly team: Team;
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
  readonly #laws: TreeLaws;
  /** Ends and restarts that have been seen. */
  events = 0;

  constructor(seed: number) {
    this.#world = new WatchedWorld(seed, () => this.#check());
    this.#laws = new TreeLaws(this.#world);
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
  play(): Promise<void> {
    return withoutStacks(() => this.#play());
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
    this.#laws.must(
      this.#kernel.processes().length === 0,
      () => `${this.#kernel.processes().join()} outlived the tree`,
    );
    this.#laws.must(this.#kernel.timers.size === 0, () => "a timer outlived the tree");
    this.#check();
    this.#kernel.close();
  }

  // ---- the tree --------------------------------------------------------------------------------------------------------

  #team(depth: number, size: number): Team {
    const random = this.#random;
    const autoShutdown = random.pick<AutoShutdown>(["never", "never", "never", "anySignificant", "allSignificant"]);
    const places = growPlaces(random, { depth, size, most: 8 }, (below) =>
      this.#place(autoShutdown, below > 0 ? this.#team(depth - 1, below) : undefined),
    );
    const policy = randomPolicy(random);
    const specs = places.map((place) => this.#spec(place));
    const definition = supervisor(specs, { name: `team of ${places[0]?.id}`, autoShutdown, ...policy });
    return { ...policy, autoShutdown, places, definition };
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
      else this.#kernel.send(pid, randomLeave(random));
    }
  }

  #bother(pid: Pid<SupervisorProtocol>): void {
    const random = this.#random;
    const post = this.#posts.get(pid)!;
    if (random.chance(0.1) && post.process.parent !== undefined) return this.#kernel.exit(pid, "kill");
    askByHand(random, this.#kernel, pid, post);
  }

  // ---- what is seen of it ----------------------------------------------------------------------------------------------

  /** A supervisor starts a child. */
  #begins(place: Place, self: Process): void {
    this.events += 1;
    const post = this.#postOf(self);
    const { team } = post;
    const life = post.lives.get(place)!;
    const asked = life.requests > 0;
    const alone = team.strategy === "oneForOne" && post.isUp;
    if (!alone && !asked) this.#mustBeLast(place, team, self, "starts after");
    this.#laws.starts(post, place, { alone, asked, counts: !asked });
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
    this.#laws.must(after.length === 0, () => `${place.id} ${does} ${after.map(({ id }) => id).join()}`);
  }

  #postOf(self: Process): Post {
    let post = this.#posts.get(self.pid);
    if (post === undefined) {
      const team = findTeam(this.#root, (candidate) => candidate.definition === (self.behaviour as unknown))!;
      post = { ...newPost<Place, Team>(team, self), isUp: team === this.#root };
      this.#posts.set(self.pid, post);
    }
    return post;
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
      this.#laws.must(this.#running(post.team, post.process).length === 0, () => `${pid} ended before its children`);
    }
  }

  #placeOf(team: Team | undefined): Place | undefined {
    if (team === undefined) return undefined;
    return findTeam(this.#root, ({ places }) => places.some((place) => place.team === team))?.places.find(
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

  // ---- what must be true -----------------------------------------------------------------------------------------------

  #check(): void {
    this.#laws.rethrow();
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
    this.#laws.must(told || starting || stubborn, () => `${process.pid} has no supervisor`);
    if (stubborn) this.#kernel.exit(process.pid, "kill"); // its supervisor was killed, and it does not care: so be it
  }

  #checkTeam(post: Post): void {
    const { process } = post;
    const children = childrenOf(process);
    this.#laws.order(post, children);
    const rests = process.status === idle && (process.mailbox?.length ?? 0) === 0 && !process.terminating;
    const busy = process.status === awaiting || process.terminating;
    for (const { id, pid } of children) {
      if (!(pid instanceof Pid)) continue;
      const child = processOf(pid);
      if (child === undefined) {
        this.#laws.must(busy || this.#knowsOf(process, pid), () => `${process.pid} does not know of the end of ${id}`);
      } else this.#laws.must(process.links?.has(pid) === true, () => `${process.pid} is not linked to ${id}`);
    }
    if (!rests) return;
    const listed = new Set(children.map(({ pid }) => pid));
    for (const pid of process.links ?? []) {
      this.#laws.must(listed.has(pid) || pid === process.parent, () => `${pid} is nobody's child`);
    }
    for (const [place, life] of post.lives) this.#laws.child(post, place, life, children, life.requests > 0);
  }

  #knowsOf(process: Process, pid: Pid): boolean {
    for (let i = 0; i < (process.mailbox?.length ?? 0); i++) {
      const message = process.mailbox!.at(i);
      if (message instanceof ExitMessage && message.from === pid) return true;
    }
    return false;
  }
}

const maxSteps = 200_000;
