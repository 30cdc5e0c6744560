/**
 * Actor: a process that does to others, again and again and by the seed, whatever a process can do, and writes it all down.
 *
 *   tick ─▷ one to four acts ─▷ the next tick, a little later
 *   everything else that comes ─▷ the ledger, which knows whether it may
 *
 * What actors of one run do often and what they never do follows from the seed, too: that finds more than doing everything
 * in every run.
 */
import type { Alias } from "../../../kernel/alias.ts";
import type { Behaviour } from "../../../kernel/behaviour.ts";
import { CallMessage, type From } from "../../../kernel/calls.ts";
import { nameBehaviour } from "../../../kernel/crossing/behaviours.ts";
import type { ExitReason } from "../../../kernel/exit-reason.ts";
import type { GroupMessage } from "../../../kernel/names/process-groups.ts";
import { topic } from "../../../kernel/names/pubsub.ts";
import type { Pid, Ref } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Protocol } from "../../../kernel/protocol.ts";
import { timedOut } from "../../../kernel/receive.ts";
import { DownMessage, ExitMessage } from "../../../kernel/system-messages.ts";
import type { Random, SimWorld } from "../../../kernel/testing/index.ts";
import type { Timer } from "../../../kernel/timer-wheel.ts";
import type { Ledger } from "./ledger.ts";
import { groupNames, groups } from "./memberships.ts";
import { idOf } from "./violations.ts";

export interface ActorOptions {
  /** Actors that may be alive or dead in the end. */
  readonly maxActors: number;
  /** How often each actor does something. */
  readonly ticks: number;
}

/** What actors say to each other. */
export type Line =
  | { readonly kind: "tick" }
  | { readonly kind: "ring" | "beat"; readonly id: number }
  | { readonly kind: "meet"; readonly pid: Pid }
  | { readonly kind: "letter"; readonly from: Pid; readonly to: Pid; readonly n: number }
  | { readonly kind: "shout"; readonly from: Pid; readonly n: number }
  | { readonly kind: "answer"; readonly from: From; readonly request: number }
  | { readonly kind: "alias"; readonly alias: Alias<Line> }
  | { readonly kind: "through"; readonly ref: Ref; readonly open: boolean };

type LetterLine = Extract<Line, { kind: "letter" }>;

interface EchoProtocol extends Protocol {
  readonly calls: { readonly echo: { readonly request: number; readonly reply: number } };
  readonly casts: Record<never, never>;
}

const stage = topic<Line>("stage");
export const names = ["a", "b", "c"];

/** `process.state` of an actor. */
interface Part {
  readonly random: Random;
  readonly known: Pid[];
  readonly knownIds: Set<number>;
  readonly refs: Ref[];
  readonly aliases: Alias<Line>[];
  readonly others: Alias<Line>[];
  readonly views: Ref[];
  readonly timers: { readonly id: number; readonly timer: Timer }[];
  readonly intervals: Map<number, { cancel(): void }>;
  readonly owed: { readonly from: From; readonly request: number }[];
  ticks: number;
  name: string | undefined;
  shouts: number;
  subscriptions: number;
}

/** Names of behaviours are the program's, and a seed may be played again. */
let troupes = 0;

export class Actor implements Behaviour<undefined> {
  readonly label = "actor";
  readonly #world: SimWorld;
  readonly #ledger: Ledger;
  readonly #options: ActorOptions;
  readonly #weights: readonly [Act, number][];
  readonly #totalWeight: number;
  /** The longest time between two things that an actor does: short against the way between threads, or long. */
  readonly #paceMs: number;
  /** How many others an actor has to do with: a few again and again, or all. */
  readonly #circle: number;
  #reasons = 0;

  constructor(world: SimWorld, ledger: Ledger, options: ActorOptions) {
    this.#world = world;
    this.#ledger = ledger;
    this.#options = options;
    const random = world.fork();
    const isAsync = random.chance(0.3);
    // What waits behind an async handler is late, by no fault of the timers.
    if (isAsync) ledger.late(1e9);
    const theme: readonly Act[] | undefined = random.chance(0.3) ? random.pick(themes) : undefined;
    const weights = (Object.keys(acts) as Act[]).map((act): [Act, number] => {
      const often = theme === undefined ? random.pick([0, 1, 1, 4]) : theme.includes(act) ? 10 : random.pick([0, 0.3]);
      return [act, asyncActs.has(act) && !isAsync ? 0 : acts[act] * often];
    });
    this.#weights = weights.filter(([, weight]) => weight > 0);
    this.#totalWeight = this.#weights.reduce((sum, [, weight]) => sum + weight, 1);
    this.#paceMs = random.pick([1, 6]);
    this.#circle = theme === undefined ? random.pick([2, 4, Number.POSITIVE_INFINITY]) : random.pick([2, 3]);
    troupes += 1;
    nameBehaviour(`actor of troupe ${troupes}`, this);
  }

  init(self: Process): void {
    const part: Part = {
      random: this.#world.fork(),
      known: [self.pid],
      knownIds: new Set([idOf(self.pid)]),
      refs: [],
      aliases: [],
      others: [],
      views: [],
      timers: [],
      intervals: new Map(),
      owed: [],
      ticks: this.#options.ticks,
      name: undefined,
      shouts: 0,
      subscriptions: 0,
    };
    self.state = part;
    this.#ledger.lives.began(self);
    self.own({ [Symbol.dispose]: () => this.#ledger.requests.ended(idOf(self.pid)) });
    this.#trap(self, part.random.chance(0.5));
    if (part.random.chance(0.1)) self.priority = part.random.pick(["low", "high", "max"]);
    this.#tickLater(self, part);
  }

  handle(self: Process, message: unknown): void | Promise<void> {
    this.#ledger.lives.acts(self);
    const part = self.state as Part;
    if (message instanceof CallMessage) this.#answer(self, part, message);
    else if (message instanceof DownMessage) this.#down(self, message);
    else if (message instanceof ExitMessage) this.#exited(self, message);
    else if ((message as GroupMessage).type !== undefined) {
      this.#ledger.memberships.heard(self, message as GroupMessage<string>);
    } else return this.#play(self, part, message as Line);
  }

  terminate(self: Process, reason: ExitReason): void {
    this.#ledger.lives.terminates(self, reason);
  }

  // ---- what comes -----------------------------------------------------------------------------------------------------

  #exited(self: Process, message: ExitMessage): void {
    const { from, reason } = message;
    const letter = letterIn(self, message);
    if (letter !== undefined) {
      this.#ledger.letters.received(self, from, letter.to, letter.n);
      if (from === self.pid) this.#leave(self, reason);
      return;
    }
    if (from === self.pid) this.#leave(self, reason); // another thread has given its name away, too
    if (this.#ledger.ties.exited(self, message)) this.#mustBeFree(self, from);
  }

  #down(self: Process, message: DownMessage): void {
    const target = this.#ledger.watches.down(self, message);
    if (target !== undefined) this.#mustBeFree(self, target);
  }

  /** What a process had is let go of before anybody hears of its end. */
  #mustBeFree(self: Process, ended: Pid): void {
    for (const name of names) {
      if (self.kernel.names.whereis(name) !== ended) continue;
      this.#ledger.violations.add(`${self.pid} was told of the end of ${ended}, who is still "${name}"`);
    }
    for (const group of groupNames) {
      if (!groups.getMembers(self, group).includes(ended)) continue;
      this.#ledger.violations.add(`${self.pid} was told of the end of ${ended}, who is still in "${group}"`);
    }
  }

  #play(self: Process, part: Part, line: Line): void | Promise<void> {
    const { letters, alarms, openings, violations } = this.#ledger;
    switch (line.kind) {
      case "tick":
        part.ticks -= 1;
        this.#tickLater(self, part);
        for (let i = part.random.below(4); i >= 0; i--) {
          const going = this.#act(self, part);
          if (going !== undefined) return this.#wait(self, going);
        }
        return;
      case "meet":
        letters.sees(self, line.pid);
        meet(part, line.pid);
        return;
      case "letter":
        letters.received(self, line.from, line.to, line.n);
        return;
      case "shout":
        letters.heard(self, line.from, line.n);
        return;
      case "answer":
        part.owed.push(line);
        return;
      case "ring":
        alarms.rang(self, line.id);
        return;
      case "beat":
        if (alarms.beat(self, line.id) >= 10) {
          part.intervals.get(line.id)?.cancel();
          alarms.stopped(line.id);
        }
        return;
      case "alias":
        part.others.push(line.alias);
        return;
      case "through": {
        const monitor = openings.got(self, line.ref, line.open);
        if (monitor !== undefined) this.#ledger.watches.mayBeOver(monitor);
        return;
      }
      default:
        violations.add(`${self.pid} got what nobody sent: ${JSON.stringify(line)}`);
    }
  }

  async #wait(self: Process, going: Promise<void>): Promise<void> {
    this.#ledger.lives.busy(self, true);
    await going;
    // It may have been ended after its promise was fulfilled: JavaScript goes on with it all the same.
    if (self.isAlive) this.#ledger.lives.acts(self, true);
    this.#ledger.lives.busy(self, false);
  }

  #tickLater(self: Process, part: Part): void {
    if (part.ticks > 0) self.sendAfter(part.random.number() * this.#paceMs, { kind: "tick" });
  }

  #answer(self: Process, part: Part, { from, request }: CallMessage): void {
    const dice = part.random.number();
    if (dice < 0.6) this.#reply(self, { from, request: request as number });
    else if (dice < 0.8) self.send(this.#someone(part), { kind: "answer", from, request: request as number });
    if (dice < 0.1) self.kernel.reply(from, -1); // the second one: it must not arrive
  }

  #reply(self: Process, { from, request }: { readonly from: From; readonly request: number }): void {
    this.#ledger.requests.answered(request);
    self.kernel.reply(from, request);
  }

  // ---- what it does ---------------------------------------------------------------------------------------------------

  #act(self: Process, part: Part): void | Promise<void> {
    const { letters, lives, watches, ties, alarms, openings, memberships } = this.#ledger;
    const { random } = part;
    const other = this.#someone(part);
    switch (this.#choose(random)) {
      case "send":
        self.send(other, { kind: "letter", from: self.pid, to: other, n: letters.next(self.pid, other) });
        return;
      case "sendToName": {
        const name = random.pick(names);
        const to = self.kernel.names.whereis(name);
        if (to === undefined) return;
        self.send(name, { kind: "letter", from: self.pid, to, n: letters.next(self.pid, to) });
        return;
      }
      case "spawn":
        if (lives.size < this.#options.maxActors) this.#spawn(self, part, other);
        return;
      case "link":
        ties.linked(self.pid, other);
        self.link(other);
        return;
      case "unlink":
        ties.unlinked(self.pid, other);
        self.unlink(other);
        return;
      case "monitor": {
        const ref = self.monitor(other);
        part.refs.push(ref);
        watches.set(self, ref, other);
        return;
      }
      case "monitorName": {
        const name = random.pick(names);
        const owner = self.kernel.names.whereis(name);
        if (owner === undefined) return;
        const ref = self.monitor(name);
        part.refs.push(ref);
        watches.set(self, ref, owner, name);
        return;
      }
      case "demonitor": {
        const ref = takeOne(random, part.refs);
        if (ref === undefined) return;
        const flush = random.chance(0.5);
        const wasActive = self.demonitor(ref, { flush });
        watches.takenOff(ref, wasActive, flush);
        if (wasActive) openings.closed(ref);
        return;
      }
      case "call":
        if (other !== self.pid) void this.#ask(self, other, random.pick([1, 100, 100, Number.POSITIVE_INFINITY]));
        return;
      case "awaitCall":
        return other === self.pid ? undefined : this.#ask(self, other, random.pick([1, 100]));
      case "awaitLetter":
        return this.#awaitLetter(self, other, random.number() * 5);
      case "reply": {
        const owed = part.owed.pop();
        if (owed !== undefined) this.#reply(self, owed);
        return;
      }
      case "shout":
        part.shouts += 1;
        letters.shouts(self);
        self.broadcastFrom(stage, { kind: "shout", from: self.pid, n: part.shouts });
        return;
      case "subscribe":
        part.subscriptions = part.subscriptions >= 2 ? 0 : part.subscriptions + 1;
        if (part.subscriptions === 0) self.unsubscribe(stage);
        else self.subscribe(stage);
        letters.subscribed(self, part.subscriptions);
        return;
      case "register": {
        const name = random.pick(names);
        if (part.name !== undefined) {
          self.unregister(part.name);
          part.name = undefined;
        } else if (self.whereis(name) === undefined) {
          self.register(name);
          part.name = name;
        }
        return;
      }
      case "timer": {
        const delayMs = random.number() * random.pick([1, 10, 600, 40_000]);
        const id = alarms.set(self, delayMs);
        part.timers.push({ id, timer: self.sendAfter(delayMs, { kind: "ring", id }) });
        return;
      }
      case "cancel": {
        const set = takeOne(random, part.timers);
        if (set !== undefined) alarms.cancelled(set.id, self.cancelTimer(set.timer));
        return;
      }
      case "interval": {
        const everyMs = 1 + random.number() * 20;
        const id = alarms.every(self, everyMs);
        part.intervals.set(id, self.sendInterval(everyMs, { kind: "beat", id }));
        return;
      }
      case "alias":
        this.#makeAlias(self, part, other);
        return;
      case "unalias": {
        const alias = takeOne(random, part.aliases);
        if (alias === undefined) return;
        const wasOpen = self.unalias(alias);
        openings.closed(alias.ref, wasOpen);
        return;
      }
      case "through": {
        if (part.others.length === 0) return;
        const alias = random.pick(part.others);
        const { open, monitor } = openings.through(alias, self);
        if (monitor !== undefined) watches.mayBeOver(monitor);
        self.send(alias, { kind: "through", ref: alias.ref, open }, { priority: random.chance(0.5) });
        return;
      }
      case "join": {
        const group = random.pick(groupNames);
        memberships.joined(self, group);
        groups.join(self, group);
        return;
      }
      case "leave": {
        const group = random.pick(groupNames);
        memberships.left(self, group, groups.leave(self, group));
        return;
      }
      case "watchGroup": {
        if (part.views.length > 1) {
          const view = part.views.pop()!;
          groups.demonitor(self, view);
          memberships.unwatched(view);
          return;
        }
        const group = random.pick(groupNames);
        const { ref, members } = groups.monitor(self, group);
        part.views.push(ref);
        memberships.watched(self, group, ref, members);
        return;
      }
      case "trap":
        this.#trap(self, !self.trapExit);
        return;
      case "signal":
        this.#signal(self, other, random);
        return;
      case "exit":
        return this.#leave(self, random.pick<ExitReason>(["normal", "shutdown", "kill", this.#reason("left")]));
      case "crash": {
        const { because } = this.#reason("crashed");
        lives.leaves(self, { because });
        throw new Error(because);
      }
    }
  }

  #spawn(self: Process, part: Part, other: Pid): void {
    const { random } = part;
    let child: Pid;
    const where = random.chance(0.4) ? { on: random.pick(["anywhere", "spread"] as const) } : undefined;
    if (random.chance(0.5)) {
      child = self.spawnLink(this, undefined, where);
      this.#ledger.lives.spawned(child);
      this.#ledger.ties.linked(self.pid, child);
    } else {
      const { pid, ref } = self.spawnMonitor(this, undefined, where);
      child = pid;
      this.#ledger.lives.spawned(child);
      part.refs.push(ref);
      this.#ledger.watches.set(self, ref, child);
    }
    meet(part, child);
    self.send(child, { kind: "meet", pid: other });
    self.send(other, { kind: "meet", pid: child });
  }

  #ask(self: Process, server: Pid, timeout: number): Promise<void> {
    const { requests } = this.#ledger;
    const n = requests.next();
    const reply = self.call(server as Pid<EchoProtocol>, "echo", n, { timeout });
    return requests.asked(self, server, n, timeout, reply);
  }

  /** Selective receive, inside a handler: the next letter of somebody, which may be an exit signal. */
  async #awaitLetter(self: Process, from: Pid, after: number): Promise<void> {
    const match = (message: unknown): message is LetterLine | ExitMessage =>
      message instanceof ExitMessage
        ? message.from === from && letterIn(self, message) !== undefined
        : (message as Line).kind === "letter" && (message as LetterLine).from === from;
    const got = await self.receive({ match, after });
    if (got === timedOut || !self.isAlive) return;
    if (got instanceof ExitMessage) this.#exited(self, got);
    else this.#ledger.letters.received(self, got.from, got.to, got.n);
  }

  #makeAlias(self: Process, part: Part, other: Pid): void {
    const { random } = part;
    const { openings, watches } = this.#ledger;
    let alias: Alias<Line>;
    if (random.chance(0.5)) {
      const mode = random.pick(["explicitUnalias", "reply"] as const);
      alias = self.alias<Line>({ mode, priority: random.chance(0.3) });
      openings.opened(self, alias, mode === "reply");
      part.aliases.push(alias);
    } else {
      const mode = random.pick(["demonitor", "replyDemonitor"] as const);
      const made = self.monitorWithAlias<Line>(other, mode);
      alias = made.alias;
      openings.opened(self, alias, mode === "replyDemonitor", mode === "replyDemonitor" ? made.ref : undefined);
      watches.set(self, made.ref, other);
      part.refs.push(made.ref);
    }
    self.send(other, { kind: "alias", alias });
  }

  #signal(self: Process, to: Pid, random: Random): void {
    const kind = random.pick(["normal", "kill", "letter", "letter"]);
    if (kind === "letter") {
      const reason = { ...this.#reason("signalled"), from: self.pid, to, n: this.#ledger.letters.next(self.pid, to) };
      this.#ledger.lives.sentence(to, reason);
      self.exit(to, reason);
      return;
    }
    if (kind === "kill" || to === self.pid) this.#ledger.lives.sentence(to, kind);
    if (kind === "normal") this.#ledger.ties.sentNormal(self.pid, to);
    self.exit(to, kind);
  }

  #leave(self: Process, reason: ExitReason): never {
    this.#ledger.lives.leaves(self, reason);
    return self.exit(reason);
  }

  #reason(what: string): { readonly because: string } {
    this.#reasons += 1;
    return { because: `${what} ${this.#reasons}` };
  }

  #trap(self: Process, trap: boolean): void {
    self.trapExit = trap;
    if (!trap) this.#ledger.ties.doesNotTrap(self);
  }

  #choose(random: Random): Act {
    let at = random.number() * this.#totalWeight;
    for (const [act, weight] of this.#weights) if ((at -= weight) < 0) return act;
    return "send";
  }

  #someone({ random, known }: Part): Pid {
    return known[random.below(Math.min(known.length, this.#circle))]!;
  }
}

/** An exit signal that was sent by `exit`, and is numbered; undefined: it came over a link. */
function letterIn(self: Process, { from, reason }: ExitMessage): { to: Pid; n: number } | undefined {
  const letter = reason as { from?: Pid; to?: Pid; n?: number } | null;
  if (letter?.n === undefined || letter.from !== from || letter.to !== self.pid) return undefined;
  return { to: letter.to, n: letter.n };
}

function meet(part: Part, pid: Pid): void {
  const id = idOf(pid);
  if (part.knownIds.has(id)) return;
  part.knownIds.add(id);
  part.known.push(pid);
}

function takeOne<T>(random: Random, from: T[]): T | undefined {
  return from.length === 0 ? undefined : from.splice(random.below(from.length), 1)[0];
}

/** What actors do, and how often in relation to each other. */
const acts = {
  ...{ send: 20, sendToName: 3, call: 5, reply: 3, shout: 2, subscribe: 3, timer: 3, cancel: 2, interval: 1, spawn: 5 },
  ...{ link: 8, unlink: 6, monitor: 8, monitorName: 1, demonitor: 5, alias: 3, unalias: 1, through: 4 },
  ...{ register: 4, join: 3, leave: 2, watchGroup: 2, trap: 3, signal: 1, exit: 0.5, crash: 0.5 },
  ...{ awaitCall: 2, awaitLetter: 2 },
};
type Act = keyof typeof acts;
/** Some troupes do little else than one thing, each to a few others: this finds what needs several of them in a row. */
const themes: readonly (readonly Act[])[] = [
  ["link", "unlink", "trap"],
  ["monitor", "monitorName", "demonitor"],
  ["register", "sendToName", "monitorName"],
  ["call", "reply", "awaitCall"],
  ["join", "leave", "watchGroup"],
  ["alias", "through", "unalias", "demonitor"],
  ["timer", "cancel", "interval"],
];
const asyncActs: ReadonlySet<Act> = new Set(["awaitCall", "awaitLetter"]);
