/**
 * Troupe: a few kernels full of actors that do to each other all that processes can, and a ledger that watches them.
 *
 *   kernels 1..3, each pair joined by a simulated boundary
 *   actors: spawn, send numbered messages, call, broadcast, link, unlink, monitor, demonitor, trap, register, crash, kill
 *   ledger: knows what was sent, called and monitored, and notes whatever must not happen
 *
 * Everything follows from the seed of the world: also what actors of this troupe do often and what they never do, which
 * finds more than doing everything in every run. Handlers are synchronous, so that `world.run()` runs it all.
 */
import { CallMessage, type From } from "../../kernel/calls.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Pid, Ref } from "../../kernel/pid.ts";
import type { Behaviour, Process } from "../../kernel/process.ts";
import type { Protocol } from "../../kernel/protocol.ts";
import { topic } from "../../kernel/pubsub.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { type Random, SimThread, type SimWorld, simBoundaryPair } from "../../kernel/testing/index.ts";
import type { Timer } from "../../kernel/timer-wheel.ts";
import type { Boundary } from "../../kernel/world.ts";

type Play =
  | { readonly kind: "tick" }
  | { readonly kind: "ring"; readonly id: number }
  | { readonly kind: "meet"; readonly pid: Pid }
  | { readonly kind: "number"; readonly from: Pid; readonly to: Pid; readonly n: number }
  | { readonly kind: "shout"; readonly from: Pid; readonly n: number }
  | { readonly kind: "answer"; readonly from: From; readonly request: number };

interface EchoProtocol extends Protocol {
  readonly calls: { readonly echo: { readonly request: number; readonly reply: number } };
  readonly casts: Record<never, never>;
}

const stage = topic<Play>("stage");

interface Scene {
  readonly kernel: Kernel;
  readonly thread: SimThread;
  readonly boundaries: Boundary[];
}

export interface TroupeOptions {
  readonly kernels: number;
  /** Actors at the start, spread over the kernels. */
  readonly actors: number;
  /** Actors that may be alive or dead in the end. */
  readonly maxActors: number;
  /** How often each actor does something. */
  readonly ticks: number;
}

export class Troupe {
  readonly world: SimWorld;
  readonly ledger = new Ledger();
  readonly #scenes: Scene[] = [];
  readonly #actor: Actor;

  constructor(world: SimWorld, options: TroupeOptions) {
    this.world = world;
    this.#actor = new Actor(world, this.ledger, options);
    for (let thread = 1; thread <= options.kernels; thread++) {
      const simThread = new SimThread(world);
      const kernel = new Kernel({ world: simThread, thread, report: () => {} });
      this.#scenes.push({ kernel, thread: simThread, boundaries: [] });
    }
    for (const [i, a] of this.#scenes.entries()) {
      for (const b of this.#scenes.slice(i + 1)) {
        const [endA, endB] = simBoundaryPair(world);
        a.boundaries.push(endA);
        b.boundaries.push(endB);
        a.kernel.peers.connect(b.kernel.thread, endA);
        b.kernel.peers.connect(a.kernel.thread, endB);
      }
    }
    const pids = Array.from({ length: options.actors }, (_, i) =>
      this.#scenes[i % options.kernels]!.kernel.spawn(this.#actor),
    );
    for (const pid of pids) this.ledger.spawned(pid);
    for (const { kernel } of this.#scenes) {
      for (const process of kernel.localProcesses()) {
        for (const pid of pids)
          kernel.send(process.pid, { kind: "meet", pid: kernel.peers.pid(pid.thread, pid.serial) });
      }
    }
  }

  /** Kernels of threads that have not been ended. */
  get kernels(): Kernel[] {
    return this.#scenes.filter(({ thread }) => !thread.stopped).map(({ kernel }) => kernel);
  }

  /** Ends a thread in the middle of what it does; the others hear of it one by one. */
  endThread(random: Random): void {
    const scene = random.pick(this.#scenes.filter(({ thread }) => !thread.stopped));
    scene.thread.stop();
    this.ledger.threadEnded(scene.kernel.thread);
    for (const boundary of scene.boundaries) boundary.close();
    for (const { kernel, thread } of this.#scenes) {
      if (!thread.stopped) thread.alarm(random.number() * 5, () => kernel.peers.disconnect(scene.kernel.thread));
    }
  }

  killAll(): void {
    for (const kernel of this.kernels) for (const pid of kernel.processes()) kernel.exit(pid, "kill");
  }

  /** What must hold when nothing is left to do. */
  checkQuiescence(): void {
    const alive = new Map<string, Process>();
    for (const kernel of this.kernels)
      for (const process of kernel.localProcesses()) alive.set(String(process.pid), process);
    for (const process of alive.values()) {
      const me = String(process.pid);
      for (const linked of process.links ?? []) {
        const back = [...(alive.get(String(linked))?.links ?? [])].map(String);
        this.ledger.must(back.includes(me), `${me} is linked to ${linked}, but not the other way round`);
      }
      for (const ref of process.monitors?.keys() ?? [])
        this.ledger.must(this.ledger.isActive(ref), `${me} holds a stale monitor`);
      for (const [ref, watcher] of process.monitoredBy ?? []) {
        this.ledger.must(
          alive.get(String(watcher))?.monitors?.has(ref) === true,
          `${me} is monitored by ${watcher}, who does not know`,
        );
      }
      this.ledger.must((process.mailbox?.length ?? 0) === 0, `${me} has mail and does not handle it`);
    }
    this.ledger.checkQuiescence(alive);
    this.#checkNames(alive);
  }

  #checkNames(alive: Map<string, Process>): void {
    const names = new Set([...alive.values()].flatMap((process) => process.rare?.name ?? []));
    for (const kernel of this.kernels) for (const name of kernel.names.registered()) names.add(name);
    for (const name of names) {
      const owners = new Set(this.kernels.map((kernel) => String(kernel.names.whereis(name))));
      this.ledger.must(owners.size === 1, `"${name}" is ${[...owners].join(" or ")}, depending on the thread`);
      const [owner] = [...owners];
      this.ledger.must(
        alive.get(owner!)?.rare?.name === name,
        `"${name}" is ${owner}, who is not alive or does not know`,
      );
    }
  }

  /** Nobody waits for a reply for ever. To be asked after native promises have settled. */
  checkCalls(): void {
    for (const kernel of this.kernels) {
      this.ledger.must(kernel.peers.openCalls === 0, `thread ${kernel.thread} remembers calls that are over`);
    }
    this.ledger.checkCalls(new Set(this.kernels.flatMap((kernel) => kernel.processes().map(String))));
  }

  /** What must hold when every process has ended. */
  checkNothingIsLeft(): void {
    for (const kernel of this.kernels) {
      const left = {
        processes: kernel.processes().length,
        names: kernel.names.registered().length,
        topics: kernel.pubsub.size,
        timers: kernel.timers.size,
        calls: kernel.peers.openCalls,
      };
      for (const [what, count] of Object.entries(left))
        this.ledger.must(count === 0, `${count} ${what} left on thread ${kernel.thread}`);
    }
  }
}

interface Monitor {
  readonly owner: string;
  readonly target: string;
  state: "active" | "fired" | "over";
}

/** Numbers of the messages between two actors. */
interface Pair {
  readonly from: string;
  readonly to: string;
  sent: number;
  received: number;
}

class Ledger {
  readonly #pairs = new Map<string, Pair>();
  readonly #shouts = new Map<string, number>();
  readonly #monitors = new Map<Ref, Monitor>();
  readonly #timers: { owner: string; dueMs: number; state: "set" | "rung" | "been cancelled" }[] = [];
  readonly #pids = new Map<string, Pid>();
  readonly #calls = new Map<{ owner: string }, number>();
  readonly #known = new Set<string>();
  readonly #gone = new Map<string, Set<string>>();
  readonly #endedThreads = new Set<number>();
  /** What must not have happened. Kept, not thrown: a handler that throws only ends its actor. */
  readonly violations: string[] = [];
  /** What happened how often: a test of the test. */
  readonly counts = { messages: 0, downs: 0, exits: 0, replies: 0, failures: 0, shouts: 0, timers: 0 };

  must(holds: boolean, otherwise: string): void {
    if (!holds) this.violations.push(otherwise);
  }

  get size(): number {
    return this.#known.size;
  }

  spawned(pid: Pid): void {
    this.#known.add(String(pid));
  }

  threadEnded(thread: number): void {
    this.#endedThreads.add(thread);
  }

  /** On one thread there is one object for one pid, for ever. */
  sees(self: Process, pid: Pid): void {
    const key = `${self.kernel.thread} ${pid}`;
    const known = this.#pids.get(key);
    if (known === undefined) this.#pids.set(key, pid);
    else this.must(known === pid, `there are two objects for ${pid} on thread ${self.kernel.thread}`);
  }

  next(from: Pid, to: Pid): number {
    const pair = this.#pair(from, to);
    pair.sent += 1;
    return pair.sent;
  }

  received(self: Process, from: Pid, to: Pid, n: number): void {
    this.sees(self, from);
    this.must(to === self.pid, `${self.pid} got what was for ${to}`);
    this.#notGone(self, from);
    const pair = this.#pair(from, to);
    pair.received += 1;
    this.must(n === pair.received, `${to} got message ${n} of ${from} where ${pair.received} was to come`);
    this.counts.messages += 1;
  }

  heard(self: Process, from: Pid, n: number): void {
    this.#notGone(self, from);
    const key = `${from} > ${self.pid}`;
    this.must(n > (this.#shouts.get(key) ?? 0), `${self.pid} heard shout ${n} of ${from} out of turn`);
    this.#shouts.set(key, n);
    this.counts.shouts += 1;
  }

  monitored(self: Process, ref: Ref, target: Pid): void {
    this.must(!this.#monitors.has(ref), `ref ${ref} was given away twice`);
    this.#monitors.set(ref, { owner: String(self.pid), target: String(target), state: "active" });
  }

  demonitored(ref: Ref, wasActive: boolean, flushed: boolean): void {
    const monitor = this.#monitors.get(ref)!;
    if (wasActive)
      this.must(monitor.state === "active", `demonitor said that ref ${ref} was active: it was ${monitor.state}`);
    if (wasActive || flushed) monitor.state = "over";
  }

  down(self: Process, message: DownMessage): void {
    const monitor = this.#monitors.get(message.ref);
    this.must(monitor?.state === "active", `${self.pid} got a down that is ${monitor?.state ?? "not its own"}`);
    this.must(monitor?.owner === String(self.pid) && monitor.target === String(message.object), "a down went astray");
    monitor!.state = "fired";
    this.counts.downs += 1;
    const from = String(message.object);
    let gone = this.#gone.get(String(self.pid));
    if (gone === undefined) this.#gone.set(String(self.pid), (gone = new Set()));
    gone.add(from);
    const pair = this.#pairs.get(`${from} > ${self.pid}`);
    if (pair === undefined || this.#isLost(from)) return;
    this.must(
      pair.received === pair.sent,
      `${self.pid} was told that ${from} is down before it had all of its messages`,
    );
  }

  timer(self: Process, dueMs: number): number {
    this.#timers.push({ owner: String(self.pid), dueMs, state: "set" });
    return this.#timers.length - 1;
  }

  rang(self: Process, id: number, nowMs: number): void {
    const timer = this.#timers[id]!;
    this.must(timer.state === "set", `a timer of ${self.pid} rang that had ${timer.state}`);
    this.must(
      nowMs >= timer.dueMs && nowMs < timer.dueMs + 5,
      `a timer rang at ${nowMs} that was due at ${timer.dueMs}`,
    );
    timer.state = "rung";
    this.counts.timers += 1;
  }

  cancelled(id: number, leftMs: number | false): void {
    const timer = this.#timers[id]!;
    if (leftMs === false) return; // it has rung, or is in the mailbox
    this.must(timer.state === "set", "a timer was cancelled that had rung");
    timer.state = "been cancelled";
  }

  isActive(ref: Ref): boolean {
    return this.#monitors.get(ref)?.state === "active";
  }

  called(self: Process, reply: Promise<number>, n: number): void {
    const call = { owner: String(self.pid) };
    this.#calls.set(call, n);
    reply.then(
      (value) => {
        this.must(this.#calls.delete(call), "a call settled twice");
        this.must(value === n, `a call for ${n} got the reply to ${value}`);
        this.counts.replies += 1;
      },
      () => {
        this.#calls.delete(call);
        this.counts.failures += 1;
      },
    );
  }

  checkCalls(alive: ReadonlySet<string>): void {
    for (const { owner } of this.#calls.keys()) this.must(!alive.has(owner), `a call of ${owner} never settled`);
  }

  checkQuiescence(alive: ReadonlyMap<string, Process>): void {
    for (const [ref, { owner, target, state }] of this.#monitors) {
      if (state !== "active" || !alive.has(owner)) continue;
      this.must(alive.has(target), `${owner} was never told that ${target} is down (ref ${ref})`);
    }
    for (const { owner, dueMs, state } of this.#timers) {
      this.must(state !== "set" || !alive.has(owner), `a timer of ${owner} that was due at ${dueMs} never rang`);
    }
    for (const { from, to, sent, received } of this.#pairs.values()) {
      if (!alive.has(to) || this.#isLost(from)) continue;
      this.must(sent === received, `${to} got ${received} of the ${sent} messages of ${from}`);
    }
  }

  #pair(from: Pid, to: Pid): Pair {
    const key = `${from} > ${to}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = { from: String(from), to: String(to), sent: 0, received: 0 };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  #notGone(self: Process, from: Pid): void {
    this.must(
      this.#gone.get(String(self.pid))?.has(String(from)) !== true,
      `${self.pid} heard of ${from} after its down`,
    );
  }

  #isLost(pid: string): boolean {
    return this.#endedThreads.has(Number(pid.slice(1, pid.indexOf("."))));
  }
}

/** `process.state` of an actor. */
interface Part {
  readonly random: Random;
  readonly known: Set<Pid>;
  readonly refs: Ref[];
  readonly timers: { readonly id: number; readonly timer: Timer }[];
  readonly owed: { readonly from: From; readonly request: number }[];
  ticks: number;
  shouts: number;
  subscribed: boolean;
}

class Actor implements Behaviour<undefined> {
  readonly label = "actor";
  readonly #world: SimWorld;
  readonly #ledger: Ledger;
  readonly #options: TroupeOptions;
  readonly #weights: readonly [Act, number][];
  readonly #totalWeight: number;
  /** The longest time between two things that an actor does: short against the way between threads, or long. */
  readonly #paceMs: number;
  /** How many others an actor has to do with: a few again and again, or all. */
  readonly #circle: number;

  constructor(world: SimWorld, ledger: Ledger, options: TroupeOptions) {
    this.#world = world;
    this.#ledger = ledger;
    this.#options = options;
    const random = world.fork();
    const names = Object.keys(acts) as Act[];
    this.#weights = names.map((act) => [act, acts[act] * random.pick([0, 1, 1, 4])]);
    this.#totalWeight = this.#weights.reduce((sum, [, weight]) => sum + weight, 1);
    this.#paceMs = random.pick([1, 6]);
    this.#circle = random.pick([2, 4, Number.POSITIVE_INFINITY]);
  }

  init(self: Process): void {
    const part: Part = {
      random: this.#world.fork(),
      known: new Set([self.pid]),
      refs: [],
      timers: [],
      owed: [],
      ticks: this.#options.ticks,
      shouts: 0,
      subscribed: false,
    };
    self.state = part;
    self.trapExit = part.random.chance(0.5);
    this.#tickLater(self, part);
  }

  handle(self: Process, message: unknown): void {
    const part = self.state as Part;
    if (message instanceof CallMessage) this.#answer(self, part, message);
    else if (message instanceof DownMessage) this.#ledger.down(self, message);
    else if (message instanceof ExitMessage) this.#exited(self, message);
    else this.#play(self, part, message as Play);
  }

  #exited(self: Process, message: ExitMessage): void {
    this.#ledger.counts.exits += 1;
    if (message.from === self.pid) self.exit(message.reason);
  }

  #play(self: Process, part: Part, play: Play): void {
    switch (play.kind) {
      case "tick":
        part.ticks -= 1;
        this.#tickLater(self, part);
        for (let i = part.random.below(4); i >= 0; i--) this.#act(self, part);
        return;
      case "meet":
        this.#ledger.sees(self, play.pid);
        part.known.add(play.pid);
        return;
      case "number":
        this.#ledger.received(self, play.from, play.to, play.n);
        return;
      case "shout":
        this.#ledger.heard(self, play.from, play.n);
        return;
      case "answer":
        part.owed.push(play);
        return;
      case "ring":
        this.#ledger.rang(self, play.id, this.#world.nowMs);
        return;
    }
  }

  #tickLater(self: Process, part: Part): void {
    if (part.ticks > 0) self.sendAfter(part.random.number() * this.#paceMs, { kind: "tick" });
  }

  #answer(self: Process, part: Part, call: CallMessage): void {
    const dice = part.random.number();
    if (dice < 0.6) self.kernel.reply(call.from, call.request);
    else if (dice < 0.8) self.send(this.#someone(part), { kind: "answer", from: call.from, request: call.request });
  }

  #act(self: Process, part: Part): void {
    const { random } = part;
    const other = this.#someone(part);
    switch (this.#choose(random)) {
      case "send":
        self.send(other, { kind: "number", from: self.pid, to: other, n: this.#ledger.next(self.pid, other) });
        return;
      case "spawn": {
        if (this.#ledger.size >= this.#options.maxActors) return;
        const child = random.chance(0.5) ? self.spawnLink(this) : this.#spawnMonitor(self, part);
        this.#ledger.spawned(child);
        part.known.add(child);
        self.send(child, { kind: "meet", pid: other });
        self.send(other, { kind: "meet", pid: child });
        return;
      }
      case "link":
        self.link(other);
        return;
      case "unlink":
        self.unlink(other);
        return;
      case "monitor":
        this.#monitor(self, part, other);
        return;
      case "demonitor": {
        if (part.refs.length === 0) return;
        const [ref] = part.refs.splice(random.below(part.refs.length), 1);
        const flush = random.chance(0.5);
        this.#ledger.demonitored(ref!, self.demonitor(ref!, { flush }), flush);
        return;
      }
      case "call":
        if (other !== self.pid) {
          const n = random.uint32();
          const timeout = random.chance(0.2) ? 1 : 100;
          this.#ledger.called(self, self.call(other as Pid<EchoProtocol>, "echo", n, { timeout }), n);
        }
        return;
      case "reply": {
        const owed = part.owed.pop();
        if (owed !== undefined) self.kernel.reply(owed.from, owed.request);
        return;
      }
      case "shout":
        part.shouts += 1;
        self.broadcastFrom(stage, { kind: "shout", from: self.pid, n: part.shouts });
        return;
      case "subscribe":
        if (part.subscribed) self.unsubscribe(stage);
        else self.subscribe(stage);
        part.subscribed = !part.subscribed;
        return;
      case "register": {
        const name = random.pick(["a", "b", "c"]);
        const owner = self.kernel.names.whereis(name);
        if (owner === undefined && self.rare?.name === undefined) self.register(name);
        else if (owner === self.pid) self.unregister(name);
        return;
      }
      case "timer": {
        const delayMs = random.number() * random.pick([1, 10, 600, 40_000]);
        const id = this.#ledger.timer(self, this.#world.nowMs + delayMs);
        part.timers.push({ id, timer: self.sendAfter(delayMs, { kind: "ring", id }) });
        return;
      }
      case "cancel": {
        if (part.timers.length === 0) return;
        const [{ id, timer }] = part.timers.splice(random.below(part.timers.length), 1) as [Part["timers"][0]];
        this.#ledger.cancelled(id, self.cancelTimer(timer));
        return;
      }
      case "trap":
        self.trapExit = !self.trapExit;
        return;
      case "signal":
        self.exit(other, random.pick(["normal", "kill", { because: "signalled" }]));
        return;
      case "exit":
        self.exit(random.pick(["normal", "shutdown", "kill", { because: "exited" }]));
        return;
      case "crash":
        throw new Error("an actor crashes");
    }
  }

  #choose(random: Random): Act {
    let at = random.number() * this.#totalWeight;
    for (const [act, weight] of this.#weights) if ((at -= weight) < 0) return act;
    return "send";
  }

  #monitor(self: Process, part: Part, other: Pid): void {
    const ref = self.monitor(other);
    part.refs.push(ref);
    this.#ledger.monitored(self, ref, other);
  }

  #spawnMonitor(self: Process, part: Part): Pid {
    const { pid, ref } = self.spawnMonitor(this);
    part.refs.push(ref);
    this.#ledger.monitored(self, ref, pid);
    return pid;
  }

  #someone(part: Part): Pid {
    return part.random.pick([...part.known].slice(0, this.#circle));
  }
}

/** What actors do, and how often in relation to each other. */
const acts = {
  ...{ send: 20, call: 5, reply: 3, shout: 2, subscribe: 3, timer: 3, cancel: 2, spawn: 5 },
  ...{ link: 8, unlink: 6, monitor: 8, demonitor: 5, register: 4, trap: 3, signal: 1, exit: 0.5, crash: 0.5 },
};
type Act = keyof typeof acts;
