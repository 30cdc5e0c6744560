/**
 * Forest: a random supervision tree whose processes live on two or three threads, shaken as a grove is (grove.ts), while
 * threads end and others take their places; and what must be true of it at every step of the world.
 *
 *   thread 1   root ─┬─ w1        s2 ─┬─ w5          every child has a placement: the same thread, anywhere, spread, a number
 *   thread 2         ├─ w3            └─ w6          a thread that ends takes its processes along, supervisors too;
 *   thread 3         └─ s2 ...                       a while later another one takes its place
 *
 * The laws. A supervisor that rests has the children of its spec, unless one is restarting, was stopped by hand, or had to
 * be given up. Nobody is half supervised: who has lost its supervisor ends, and a supervisor hears of every end, within
 * `tellMs`: what crosses threads takes its time. A child runs once. Temporary children start once. Siblings start in order.
 * A name is never in the way of a restart. Nobody restarts more often than allowed, the end of a thread counted once. When
 * the root ends, or its thread, nothing is left.
 */

import type { Behaviour } from "../../../kernel/behaviour.ts";
import { behaviour } from "../../../kernel/crossing/behaviours.ts";
import { StartError } from "../../../kernel/errors.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Placement } from "../../../kernel/kernel-options.ts";
import type { Trace } from "../../../kernel/observe/observer.ts";
import { reportLine } from "../../../kernel/observe/report.ts";
import { Pid } from "../../../kernel/pid.ts";
import { type Process, ProcessExit } from "../../../kernel/process.ts";
import { awaiting, exited, idle } from "../../../kernel/process-status.ts";
import { ExitMessage } from "../../../kernel/system-messages.ts";
import { type Random, SimThreads } from "../../../kernel/testing/index.ts";
import type { ChildSpec, Restart, Shutdown } from "../../../supervisor/child-spec.ts";
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
  readonly on: Placement | undefined;
  readonly name: string | undefined;
  readonly shutdown: Shutdown;
  readonly failRate: number;
  readonly initMs: number;
  readonly endMs: number;
  readonly traps: boolean;
  readonly team: Team | undefined;
}

type Team = TreeTeam<Place>;
type Post = TreePost<Place>;

/** Somebody who is there, wherever. */
interface Being {
  readonly key: string;
  readonly process: Process;
  readonly place: Place | undefined;
  /** Since when something is not as it should be, by what. */
  readonly oddSince: Map<string, number>;
}

/** Milliseconds of the world that news may take from one thread to another, inits and ends of those who tell included. */
const tellMs = 150;
const maxSteps = 400_000;
/** Longer than anything waits for anything. */
const restMs = 30_000;

/** Names of behaviours are the program's: a seed that is played again needs others. */
let plays = 0;
const forests = new Map<number, Forest>();

interface WorkerArg {
  readonly forest: number;
  readonly id: string;
}

const worker: Behaviour<WorkerArg> = behaviour("forest.worker", {
  label: "worker",
  init(self, { forest, id }) {
    self.state = { forest, id };
    return forests.get(forest)?.workerBegins(self, id);
  },
  handle(_self, message) {
    throw new ProcessExit(message instanceof ExitMessage ? message.reason : (message as { leave: unknown }).leave);
  },
  terminate(self) {
    const { forest, id } = self.state as WorkerArg;
    return forests.get(forest)?.workerEnds(self, id);
  },
});

export class Forest {
  readonly #world: WatchedWorld;
  readonly #random: Random;
  readonly #threads: SimThreads;
  readonly #id: number;
  /** Does another thread come when one has ended? If not, nobody is to wait for it. */
  readonly #replaces: boolean;
  readonly #placements: readonly (Placement | undefined)[];
  readonly #root: Team;
  readonly #placeById = new Map<string, Place>();
  /** By `keyOf` their pids. */
  readonly #posts = new Map<string, Post>();
  readonly #beings = new Map<string, Being>();
  readonly #traces: Trace[] = [];
  /** When who ended. */
  readonly #endMs = new Map<string, number>();
  #places = 0;
  readonly #laws: TreeLaws;
  #rootPid: Pid<SupervisorProtocol> | undefined;
  /** Starts and ends that have been seen. */
  events = 0;
  /** Threads that have ended. */
  threadEnds = 0;
  /** Children that lived on another thread than their supervisor. */
  away = 0;

  constructor(seed: number) {
    plays += 1;
    this.#id = plays;
    this.#world = new WatchedWorld(seed, () => this.#check());
    this.#laws = new TreeLaws(this.#world);
    this.#random = this.#world.fork();
    this.#threads = new SimThreads(this.#world, this.#random.pick([2, 2, 3]), {
      maxDelayMs: this.#random.pick([0, 1, 4]),
      kernel: {
        chargeRejections: false,
        report: (what) => this.#laws.must(what.kind !== "error", () => reportLine(what)),
      },
    });
    for (const kernel of this.#threads.kernels) this.#watch(kernel);
    this.#replaces = this.#random.chance(0.8);
    this.#placements = [
      undefined,
      "same",
      "anywhere",
      "anywhere",
      "spread",
      "spread",
      ...(this.#replaces ? [1, 2] : []),
    ];
    this.#root = this.#team(4, this.#random.pick([3, 6, 6, 12, 12, 25]));
  }

  get steps(): number {
    return this.#world.steps;
  }

  /** @throws {SimulationError} when a law is broken */
  async play(): Promise<void> {
    forests.set(this.#id, this);
    try {
      await withoutStacks(() => this.#play());
    } finally {
      forests.delete(this.#id);
    }
  }

  async #play(): Promise<void> {
    const random = this.#random;
    // Never settled when its thread ends before.
    this.#root.definition.start(this.#threads.kernels[0]!).then(
      (pid) => {
        this.#rootPid = pid;
      },
      () => undefined,
    );
    for (let i = 4 + random.below(16); i > 0; i--) this.#world.alarm(5 + random.below(300), () => this.#shake());
    for (let i = random.pick([0, 1, 1, 2]); i > 0; i--)
      this.#world.alarm(5 + random.below(300), () => this.#endThread());
    await this.#world.runAsync({ forMs: restMs, maxSteps });
    this.#check();
    const root = this.#rootPid;
    const home = root === undefined ? undefined : this.#threads.kernels.find(({ thread }) => thread === root.thread);
    if (root !== undefined) home?.exit(root, "shutdown");
    await this.#world.runAsync({ forMs: restMs, maxSteps });
    for (const trace of this.#traces) trace.stop();
    for (const kernel of this.#threads.kernels) {
      this.#laws.must(kernel.processes().length === 0, () => `${kernel.processes().join()} outlived the tree`);
      this.#laws.must(kernel.timers.size === 0, () => `a timer outlived the tree, on thread ${kernel.thread}`);
      this.#laws.must(
        kernel.names.registered().length === 0,
        () => `${kernel.names.registered().join()} outlived the tree`,
      );
      this.#laws.must(kernel.peers.openCalls === 0, () => `a call outlived the tree, on thread ${kernel.thread}`);
    }
    this.#check();
    this.#threads.close();
  }

  // ---- the tree --------------------------------------------------------------------------------------------------------

  #team(depth: number, size: number): Team {
    const random = this.#random;
    const places = growPlaces(random, { depth, size, most: 6 }, (below) =>
      this.#place(below > 0 ? this.#team(depth - 1, below) : undefined),
    );
    const policy = randomPolicy(random);
    const specs = places.map((place) => this.#spec(place));
    const name = `forest ${this.#id}, team of ${places[0]?.id}`;
    return { ...policy, places, definition: supervisor(specs, { name, ...policy }) };
  }

  #place(team: Team | undefined): Place {
    const random = this.#random;
    this.#places += 1;
    const id = `${team === undefined ? "w" : "s"}${this.#places}`;
    const place: Place = {
      id,
      on: random.pick(this.#placements),
      name: random.chance(0.3) ? `forest ${this.#id}.${id}` : undefined,
      restart: random.pick<Restart>(["permanent", "permanent", "transient", "temporary"]),
      shutdown: team === undefined ? random.pick<Shutdown>(["brutalKill", 5, 50, "infinity"]) : "infinity",
      failRate: random.chance(0.15) ? 0.3 : 0,
      initMs: random.chance(0.15) ? 2 : 0,
      endMs: random.chance(0.15) ? 4 : 0,
      traps: random.chance(0.7),
      team,
    };
    this.#placeById.set(id, place);
    return place;
  }

  #spec(place: Place): ChildSpec {
    const { id, restart, shutdown, team } = place;
    const options = {
      link: true,
      trapExit: place.traps,
      ...(place.on === undefined ? {} : { on: place.on }),
      ...(place.name === undefined ? {} : { name: place.name }),
    };
    return {
      id,
      restart,
      shutdown,
      type: team === undefined ? "worker" : "supervisor",
      start: async (self) => {
        this.#begins(place, self);
        const sinceMs = this.#world.nowMs;
        try {
          const pid = await (team === undefined
            ? self.kernel.start(self, worker, { forest: this.#id, id }, options)
            : team.definition.startLink(self, undefined, options));
          if (pid.thread !== self.kernel.thread) this.away += 1;
          return pid;
        } catch (thrown) {
          const inTheWay = thrown instanceof StartError && (thrown.reason as { alreadyStarted?: Pid }).alreadyStarted;
          if (inTheWay instanceof Pid && !this.#mayBeInTheWay(inTheWay, self.kernel, sinceMs)) {
            this.#laws.must(false, () => `${self.pid} cannot start ${id}: ${inTheWay} is in the way of its name`);
          }
          throw thrown;
        }
      },
    };
  }

  /** As in OTP: who has a supervisor, or takes its time to end on its late supervisor's own thread, is in the way. */
  #mayBeInTheWay(pid: Pid, { thread }: Kernel, sinceMs: number): boolean {
    const parent = this.#beings.get(keyOf(pid))?.process.parent;
    if (parent === undefined) return (this.#endMs.get(keyOf(pid)) ?? 0) >= sinceMs; // just now
    const isOld = this.#endMs.get(keyOf(parent));
    return isOld === undefined || isOld >= sinceMs || (pid.thread === thread && parent.thread === thread);
  }

  /** By the thread's own clock: it stands still when the thread has ended. */
  #pause(self: Process, ms: number): Promise<void> {
    return new Promise((resolve) => void self.kernel.world.alarm(ms, () => resolve(undefined)));
  }

  /** @internal A worker's init. */
  workerBegins(self: Process, id: string): void | Promise<void> {
    const place = this.#placeById.get(id)!;
    this.#beings.set(keyOf(self.pid), { key: keyOf(self.pid), process: self, place, oddSince: new Map() });
    const begin = (): void => {
      if (this.#world.nowMs > 5 && this.#random.chance(place.failRate)) throw "cannot start";
    };
    return place.initMs > 0 ? this.#pause(self, place.initMs).then(begin) : begin();
  }

  /** @internal A worker's terminate. */
  workerEnds(self: Process, id: string): void | Promise<void> {
    const { endMs } = this.#placeById.get(id)!;
    return endMs > 0 ? this.#pause(self, endMs) : undefined;
  }

  // ---- what befalls it -------------------------------------------------------------------------------------------------

  #shake(): void {
    const random = this.#random;
    const kernel = random.pick(this.#threads.kernels);
    const pids = kernel.processes();
    if (pids.length === 0) return;
    const pid = random.pick(pids);
    const post = this.#posts.get(keyOf(pid));
    if (post !== undefined) this.#bother(pid as Pid<SupervisorProtocol>, post);
    else if (random.chance(0.5)) kernel.exit(pid, "kill");
    else kernel.send(pid, randomLeave(random));
  }

  /** A supervisor is killed, or asked to stop or start a child: by a thread that need not be its own. */
  #bother(pid: Pid<SupervisorProtocol>, post: Post): void {
    const random = this.#random;
    const asker = random.pick(this.#threads.kernels);
    const there = this.#threads.at(asker, pid) as typeof pid;
    if (random.chance(0.15) && post.process.parent !== undefined) return asker.exit(there, "kill");
    askByHand(random, asker, there, post);
  }

  /** A thread ends, now and then the root's; after a while another one takes its place. */
  #endThread(): void {
    const kernels = this.#threads.kernels;
    if (kernels.length < 2) return;
    const kernel = this.#random.chance(0.2) ? kernels[0]! : this.#random.pick(kernels.slice(1));
    this.threadEnds += 1;
    const { thread } = kernel;
    for (const [key, being] of this.#beings) if (being.process.pid.thread === thread) this.#gone(key, "schedulerDown");
    for (const [key, post] of this.#posts) if (post.process.pid.thread === thread) this.#gone(key, "schedulerDown");
    this.#threads.end(kernel);
    if (this.#replaces) this.#world.alarm(1 + this.#random.below(60), () => this.#watch(this.#threads.add()));
  }

  // ---- what is seen of it ----------------------------------------------------------------------------------------------

  #watch(kernel: Kernel): void {
    const trace = kernel.trace({ events: ["spawn", "exit"], limit: 1_000_000, ms: 3_600_000 }, (event) => {
      if (event.type !== "exit") return;
      this.events += 1;
      this.#gone(keyOf(event.pid), event.reason);
    });
    this.#traces.push(trace);
  }

  /** A process has ended. */
  #gone(key: string, reason: unknown): void {
    const post = this.#posts.get(key);
    const process = post?.process ?? this.#beings.get(key)?.process;
    const place = post === undefined ? this.#beings.get(key)?.place : this.#placeOf(post.team);
    this.#posts.delete(key);
    this.#beings.delete(key);
    this.#endMs.set(key, this.#world.nowMs);
    const parent = process?.parent;
    if (parent === undefined || place === undefined) return;
    const life = this.#posts.get(keyOf(parent))?.lives.get(place);
    if (life !== undefined) life.lastReason = reason;
  }

  /** A supervisor starts a child. */
  #begins(place: Place, self: Process): void {
    this.events += 1;
    const post = this.#postOf(self);
    const { team } = post;
    const life = post.lives.get(place)!;
    const asked = life.requests > 0;
    const before = this.#of(post, place);
    this.#laws.must(before === undefined, () => `${self.pid} starts ${place.id} again, and ${before} still runs`);
    const alone = team.strategy === "oneForOne" && self.starting === undefined;
    if (!alone && !asked) this.#mustBeLast(post, place);
    this.#laws.starts(post, place, { alone, asked, counts: !asked && life.lastReason !== "schedulerDown" });
  }

  #mustBeLast(post: Post, place: Place): void {
    const { places } = post.team;
    for (const other of places.slice(places.indexOf(place) + 1)) {
      const there = this.#of(post, other);
      this.#laws.must(there === undefined, () => `${place.id} starts after ${other.id}, which is ${there}`);
    }
  }

  /** The process of a place under a supervisor, wherever it lives. */
  #of(post: Post, place: Place): Pid | undefined {
    for (const { process, place: of } of this.#beings.values()) {
      if (of === place && isSame(process.parent, post.process.pid)) return process.pid;
    }
    for (const { process, team } of this.#posts.values()) {
      if (team === place.team && isSame(process.parent, post.process.pid)) return process.pid;
    }
    return undefined;
  }

  #postOf(self: Process): Post {
    const key = keyOf(self.pid);
    let post = this.#posts.get(key);
    if (post === undefined) {
      const team = findTeam(this.#root, (candidate) => candidate.definition === (self.behaviour as unknown))!;
      post = newPost<Place, Team>(team, self);
      this.#posts.set(key, post);
      this.#beings.set(key, { key, process: self, place: this.#placeOf(team), oddSince: new Map() });
    }
    return post;
  }

  #placeOf(team: Team): Place | undefined {
    for (const place of this.#placeById.values()) if (place.team === team) return place;
    return undefined;
  }

  // ---- what must be true -----------------------------------------------------------------------------------------------

  #check(): void {
    this.#laws.rethrow();
    for (const being of this.#beings.values()) {
      if (being.process.status === exited) continue;
      if (being.process.parent !== undefined) {
        const orphaned = !this.#beings.has(keyOf(being.process.parent));
        this.#mayBe(being, "orphan", orphaned, () => `${being.process.pid} (${being.place?.id}) has no supervisor`);
      }
      const post = this.#posts.get(being.key);
      if (post !== undefined) this.#checkTeam(being, post);
    }
  }

  /** Allowed for a while: the news is on its way. */
  #mayBe(being: Being, what: string, isSo: boolean, sentence: () => string): void {
    const since = being.oddSince.get(what);
    if (!isSo) {
      if (since !== undefined) being.oddSince.delete(what);
    } else if (since === undefined) being.oddSince.set(what, this.#world.nowMs);
    else this.#laws.must(this.#world.nowMs - since < tellMs, () => `${sentence()}, since ${since}`);
  }

  #checkTeam(being: Being, post: Post): void {
    const { team, process } = post;
    const children = childrenOf(process);
    this.#laws.order(post, children);
    const rests = process.status === idle && (process.mailbox?.length ?? 0) === 0 && !process.terminating;
    for (const { id, pid } of children) {
      if (!(pid instanceof Pid)) continue;
      const isThere = this.#beings.has(keyOf(pid));
      const isKnown = process.status === awaiting || (process.mailbox?.length ?? 0) > 0 || process.terminating;
      this.#mayBe(
        being,
        `end of ${id} ${pid}`,
        !isThere && !isKnown,
        () => `${process.pid} does not know of the end of ${id}`,
      );
      this.#laws.must(process.links?.has(pid) === true || !rests, () => `${process.pid} is not linked to ${id}`);
    }
    if (!rests) return;
    const listed = new Set(children.map(({ pid }) => pid));
    for (const pid of process.links ?? []) {
      const isStranger = !listed.has(pid) && pid !== process.parent; // one that did not start, for a moment
      this.#mayBe(being, `link to ${pid}`, isStranger, () => `${pid} is nobody's child`);
    }
    const requests = [...post.lives.values()].some((one) => one.requests > 0);
    for (const [place, life] of post.lives) {
      const isAsked = team.strategy === "oneForOne" ? life.requests > 0 : requests;
      this.#laws.child(post, place, life, children, isAsked);
    }
  }
}

function keyOf(pid: Pid): string {
  return `${pid.thread}.${pid.serial}`;
}

/** Of kernels that have objects of their own for it. */
function isSame(one: Pid | undefined, other: Pid): boolean {
  return one !== undefined && one.serial === other.serial && one.thread === other.thread;
}
