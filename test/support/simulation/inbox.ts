/**
 * Inbox: one process with a mailbox of some limit and policy, flooded from outside, and a model of what it holds.
 *
 *   messages, urgent ones, calls, casts, `down`s, exits, sys requests ─▷ process ─▷ what it gets, when
 *                                                                └──────▷ model  ─▷ must be the same
 *
 * The process handles messages one by one, or receives them selectively, with a receive marker too; it takes monitors off
 * and flushes; it is suspended. All senders are on its thread, so that the model hears of every message as it comes.
 */
import type { Alias } from "../../../kernel/alias.ts";
import type { Behaviour } from "../../../kernel/behaviour.ts";
import { CallMessage, CastMessage } from "../../../kernel/calls.ts";
import { CallError, MailboxError } from "../../../kernel/errors.ts";
import { Kernel } from "../../../kernel/kernel.ts";
import type { MailboxOptions } from "../../../kernel/mailbox-options.ts";
import type { Pid, Ref } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Protocol } from "../../../kernel/protocol.ts";
import { timedOut } from "../../../kernel/receive.ts";
import { sys } from "../../../kernel/server/sys.ts";
import { DownMessage, ExitMessage } from "../../../kernel/system-messages.ts";
import type { Random, SimWorld } from "../../../kernel/testing/index.ts";
import { type Entry, InboxModel } from "./inbox-model.ts";
import { Violations } from "./violations.ts";

interface Letter {
  readonly id: number;
  readonly tag: number;
  readonly key: number | undefined;
}

interface EchoProtocol extends Protocol {
  readonly calls: { readonly echo: { readonly request: Letter; readonly reply: number } };
  readonly casts: { readonly tell: Letter };
  readonly info: unknown;
}

export class Inbox {
  readonly #world: SimWorld;
  readonly #random: Random;
  readonly #kernel: Kernel;
  readonly #model: InboxModel;
  readonly #mailbox: MailboxOptions;
  readonly #isPlain: boolean;
  readonly #pid: Pid<EchoProtocol>;
  readonly #refs = new Map<Pid, Ref>();
  readonly #downs = new Map<Ref, number>();
  #urgent: Alias | undefined;
  #ordinary: Alias | undefined;
  readonly #watched: Pid[] = [];
  readonly #answers: number[] = [];
  #dead: Pid | undefined;
  /** Above all tags of messages that answer no request. */
  #ids = 10;
  #suspended = 0;
  #alive = true;
  readonly violations = new Violations();
  events = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.fork();
    const random = this.#random;
    this.#kernel = new Kernel({ world, chargeRejections: false, report: () => {} });
    const max = random.pick([1, 2, 3, 5, 8, 1000]);
    const coalesce = (message: unknown): number | undefined =>
      (message instanceof CastMessage ? (message.payload as Letter) : (message as Letter)).key;
    const overflow = random.pick(["dropNewest", "dropOldest", "dropOldest", "reject", "exit", { coalesce }] as const);
    this.#mailbox = { max, overflow };
    this.#model = new InboxModel(this.#mailbox);
    this.#isPlain = random.chance(0.5);
    for (let i = 0; i < 6; i++) this.#watched.push(this.#kernel.spawn({ label: "watched", handle: () => {} }));
    const options = { mailbox: this.#mailbox, trapExit: true };
    const run = this.#isPlain ? (self: Process) => this.#receive(self) : this.#behaviour();
    this.#pid = this.#kernel.spawn(run as Behaviour<undefined>, undefined, options) as Pid<EchoProtocol>;
  }

  async play(): Promise<void> {
    await this.#world.runAsync({ forMs: 1, maxSteps });
    for (let i = 12 + this.#random.below(20); i > 0; i--) {
      this.#world.alarm(this.#random.number() * 60, () =>
        this.#flood(1 + this.#random.below(this.#random.pick([3, 12]))),
      );
    }
    await this.#world.runAsync({ maxSteps });
    if (this.#alive && !this.#isPlain && this.#suspended === 0) {
      this.violations.must(this.#model.entries.length === 0, `it was not handed ${this.#model}`);
    }
    this.#kernel.exit(this.#pid, "kill");
    await this.#world.runAsync({ maxSteps });
    this.#kernel.close();
  }

  // ---- what comes -----------------------------------------------------------------------------------------------------

  #flood(messages: number): void {
    for (let i = 0; i < messages && this.#alive; i++) this.#one();
    this.#compare();
  }

  #one(): void {
    const random = this.#random;
    const entry = (kind: Entry["kind"], tag = random.below(3)): Entry => {
      this.#ids += 1;
      return { kind, id: this.#ids, tag, key: random.chance(0.6) ? random.below(3) : undefined };
    };
    switch (random.below(this.#isPlain ? 9 : 10)) {
      case 0:
      case 1:
        return this.#send(entry("plain"), this.#pid);
      case 2:
        return this.#send(entry("plain"), this.#ordinary!);
      case 3:
        return this.#send(entry("urgent"), this.#urgent!, true);
      case 4:
        return this.#call(entry("call"));
      case 5: {
        const told = entry("plain");
        this.#comes(told);
        return this.#kernel.cast(this.#pid, "tell", letter(told));
      }
      case 6: {
        const target = this.#watched.pop();
        if (target === undefined) return;
        this.#dead = target;
        const down = entry("system");
        this.#downs.set(this.#refs.get(target)!, down.id);
        this.#comes(down);
        return this.#kernel.exit(target, "kill");
      }
      case 7: {
        const exit = entry("system");
        this.#comes(exit);
        return this.#kernel.exit(this.#pid, { id: exit.id });
      }
      case 8: {
        const tag = this.#answers.shift();
        return tag === undefined ? undefined : this.#send(entry("plain", tag), this.#pid);
      }
      case 9:
        return this.#sysRequest(entry("sysRequest"));
    }
  }

  #send(entry: Entry, to: Pid<EchoProtocol> | Alias, priority = false): void {
    const fate = this.#comes(entry);
    let rejected = false;
    try {
      this.#kernel.send(to as Alias, letter(entry), { priority });
    } catch (thrown) {
      if (!(thrown instanceof MailboxError)) throw thrown;
      rejected = true;
    }
    const expected = fate === "dropped" && to === this.#pid && this.#mailbox.overflow === "reject";
    if (rejected !== expected) this.violations.add(`message ${entry.id} was ${rejected ? "" : "not "}rejected`);
  }

  #call(entry: Entry): void {
    this.#comes(entry);
    this.#kernel.call(this.#pid, "echo", letter(entry), { timeout: Number.POSITIVE_INFINITY }).then(
      (value) => this.violations.must(value === entry.id, `call ${entry.id} got the reply to ${value}`),
      (thrown: unknown) => {
        const reason = thrown instanceof CallError ? thrown.reason : thrown;
        if (reason !== "mailboxFull") this.violations.must(!this.#alive, `call ${entry.id} failed with ${reason}`);
        else if (this.#alive) {
          this.violations.must(this.#model.failedCalls.has(entry.id), `call ${entry.id} failed, but had its place`);
        }
      },
    );
  }

  #sysRequest(entry: Entry): void {
    const begins = this.#random.chance(0.5);
    if (!begins && this.#suspended === 0) return;
    this.#comes(entry);
    if (!begins) this.#suspended -= 1;
    const done = (): void => {
      this.#model.remove(entry.id);
      if (!begins) return;
      this.#suspended += 1;
      this.#world.alarm(this.#random.number() * 80, () => {
        if (this.#suspended > 0) this.#resume();
      });
    };
    (begins ? sys.suspend : sys.resume)(this.#kernel, this.#pid).then(done, () => {});
  }

  #resume(): void {
    this.#ids += 1;
    const entry: Entry = { kind: "sysRequest", id: this.#ids, tag: 0, key: undefined };
    this.#comes(entry);
    this.#suspended -= 1;
    sys.resume(this.#kernel, this.#pid).then(
      () => void this.#model.remove(entry.id),
      () => {},
    );
  }

  #comes(entry: Entry): string {
    const fate = this.#model.comes(entry);
    if (fate === "killed") this.#alive = false;
    return fate;
  }

  /** What can be seen of it from outside. */
  #compare(): void {
    const info = this.#kernel.processInfo(this.#pid);
    if (!this.#alive || info === undefined) {
      if (this.#alive !== (info !== undefined)) this.violations.add(`it is ${this.#alive ? "dead" : "alive"}`);
      this.#alive = false;
      return;
    }
    const { entries, dropped, coalesced } = this.#model;
    if (info.messageQueueLength !== entries.length) {
      this.violations.add(`it holds ${info.messageQueueLength} messages, not ${this.#model}`);
    }
    if (info.dropped !== dropped) this.violations.add(`it has dropped ${info.dropped} messages, not ${dropped}`);
    if (info.coalesced !== coalesced) this.violations.add(`it coalesced ${info.coalesced} messages, not ${coalesced}`);
  }

  // ---- what it gets ---------------------------------------------------------------------------------------------------

  #prepare(self: Process): void {
    this.#urgent = self.alias({ priority: true });
    this.#ordinary = self.alias();
    for (const pid of this.#watched) this.#refs.set(pid, self.monitor(pid));
  }

  #behaviour(): Behaviour<undefined> {
    return {
      label: "inbox",
      init: (self) => this.#prepare(self),
      handle: (self, message) => {
        if (this.#suspended > 0) this.violations.add(`it was handed ${this.#idOf(message)} while it was suspended`);
        // Those at the front have been answered, between two messages.
        while (this.#model.entries[0]?.kind === "sysRequest") this.#model.entries.shift();
        this.#gets(
          self,
          message,
          this.#model.take(() => true),
        );
        this.#flush(self);
      },
    };
  }

  /** Receives whatever comes, or only what has a tag; or makes a request and waits for the answer to it alone. */
  async #receive(self: Process): Promise<void> {
    this.#prepare(self);
    for (;;) {
      const kind = this.#random.below(4);
      const after = this.#random.number() * this.#random.pick([0, 10, 100]);
      const tag = kind === 0 ? this.#request() : kind < 3 ? this.#random.below(3) : undefined;
      const since = kind === 0 ? self.makeRef() : undefined;
      if (kind === 0 && this.#random.chance(0.5)) await self.receive({ match: never, after: 5 });
      const match = (message: unknown): message is unknown => tag === undefined || tagOf(message) === tag;
      const fromMs = this.#world.nowMs;
      const message = await self.receive({ match, after, ...(since === undefined ? {} : { since }) });
      if (!self.isAlive) return;
      const expected = this.#model.take((entry) => tag === undefined || (isLetter(entry) && entry.tag === tag));
      if (message !== timedOut) this.#gets(self, message, expected);
      else {
        if (expected !== undefined) this.violations.add(`it timed out, but ${expected.id} was there: ${this.#model}`);
        const tookMs = this.#world.nowMs - fromMs;
        if (tookMs < after - 1e-6 || tookMs > after + 3) this.violations.add(`it waited ${tookMs} ms, not ${after}`);
        if (kind === 3 && after > 60) return; // nothing has come for so long: it is over
      }
      this.#flush(self);
    }
  }

  #gets(self: Process, message: unknown, expected: Entry | undefined): void {
    this.events += 1;
    const id = this.#idOf(message);
    if (id !== expected?.id) this.violations.add(`it got ${id}, not ${expected?.id}; then ${this.#model}`);
    if (message instanceof CallMessage) self.kernel.reply(message.from, id);
  }

  /** A `down` message that is in the mailbox already, and is taken out of it. */
  #flush(self: Process): void {
    if (!this.#random.chance(0.2) || !self.isAlive) return;
    if (this.#dead !== undefined) self.demonitor(self.monitor(this.#dead), { flush: true });
  }

  #request(): number {
    this.#ids += 1;
    this.#answers.push(this.#ids);
    return this.#ids;
  }

  #idOf(message: unknown): number | undefined {
    if (message instanceof DownMessage) return this.#downs.get(message.ref);
    if (message instanceof ExitMessage) return (message.reason as { id: number }).id;
    return letterOf(message)?.id;
  }
}

/** A run of this play takes a few hundred. */
const maxSteps = 20_000;

function letter({ id, tag, key }: Entry): Letter {
  return { id, tag, key };
}

function letterOf(message: unknown): Letter | undefined {
  if (message instanceof CallMessage) return message.request as Letter;
  if (message instanceof CastMessage) return message.payload as Letter;
  return message instanceof DownMessage || message instanceof ExitMessage ? undefined : (message as Letter);
}

function tagOf(message: unknown): number | undefined {
  return letterOf(message)?.tag;
}

function isLetter({ kind }: Entry): boolean {
  return kind !== "system" && kind !== "sysRequest";
}

function never(_message: unknown): _message is never {
  return false;
}
