/**
 * Troupe: a few threads full of actors, a ledger that watches them, and what befalls threads: they end, others come, the
 * world stands still, the wall clock jumps, processes are suspended.
 */
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Pid } from "../../../kernel/pid.ts";
import { sys } from "../../../kernel/server/sys.ts";
import { type Random, SimThreads, type SimWorld } from "../../../kernel/testing/index.ts";
import { Actor, names } from "./actor.ts";
import { Ledger } from "./ledger.ts";
import { idOf, type Violations } from "./violations.ts";

export class Troupe {
  readonly #world: SimWorld;
  readonly #random: Random;
  readonly #threads: SimThreads;
  readonly #actor: Actor;
  readonly ledger: Ledger;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#random = world.fork();
    const random = this.#random;
    this.#threads = new SimThreads(world, random.pick([1, 2, 2, 3, 3, 3]), {
      maxDelayMs: random.pick([0, 2, 2, 20]),
      kernel: { sliceMs: random.pick([0.4, 0.01]), chargeRejections: false, report: () => {} },
    });
    this.ledger = new Ledger(world, this.#threads.ended);
    this.#actor = new Actor(world, this.ledger, { maxActors: 24, ticks: 16 });
    const cast: Pid[] = [];
    const actors = 3 + random.below(12);
    for (let i = 0; i < actors; i++) cast.push(this.#spawn(this.#kernels[i % this.#kernels.length]!));
    this.#introduce(cast, cast);
    this.#plan();
  }

  get violations(): Violations {
    return this.ledger.violations;
  }

  /** What happened, counted: letters, ends, replies and the like. */
  get events(): number {
    return this.ledger.events;
  }

  /** Plays to the end, and asks the ledger. */
  async play(): Promise<void> {
    await this.#world.runAsync({ maxSteps });
    this.ledger.check(this.#kernels, this.#threads.ended.size === 0);
    this.#checkTables();
    for (const kernel of this.#kernels) for (const pid of kernel.processes()) this.#kill(kernel, pid);
    await this.#world.runAsync({ maxSteps });
    this.#checkNothingIsLeft();
    this.ledger.lives.closed = true;
    this.#threads.close();
  }

  // ---- what befalls them ------------------------------------------------------------------------------------------------

  #plan(): void {
    const random = this.#random;
    const isJoined = this.#kernels.length > 1;
    if (isJoined && random.chance(0.3)) this.#at(60, () => this.#threads.end());
    if (random.chance(0.15)) this.#at(40, () => this.#comeOn());
    if (random.chance(0.2)) this.#at(60, () => this.#stall(random.pick([3, 50, 2000])));
    if (random.chance(0.1)) this.#at(60, () => this.#world.jumpSystemClock(random.pick([-1, 1]) * 3_600_000));
    if (random.chance(0.2)) {
      this.ledger.late(1e9); // who is suspended handles what it gets later
      for (let i = 1 + random.below(3); i > 0; i--) this.#at(40, () => void this.#suspend());
    }
  }

  #at(withinMs: number, run: () => void): void {
    this.#world.alarm(this.#random.number() * withinMs, run);
  }

  #stall(ms: number): void {
    this.ledger.late(ms);
    this.#world.stall(ms);
  }

  /** A new thread comes, with actors who get to know some of those that are there. */
  #comeOn(): void {
    const kernel = this.#threads.add();
    const there = [...this.ledger.lives.alive().values()].map(({ pid }) => pid);
    const coming = [this.#spawn(kernel), this.#spawn(kernel)];
    this.#introduce(coming, [...coming, ...there]);
    this.#introduce(there, coming);
  }

  async #suspend(): Promise<void> {
    const { lives } = this.ledger;
    const alive = [...lives.alive().values()];
    if (alive.length === 0) return;
    const { kernel, pid } = this.#random.pick(alive);
    try {
      await sys.suspend(kernel, pid, { timeout: Number.POSITIVE_INFINITY });
    } catch {
      return; // it has ended
    }
    lives.suspended(pid, 1);
    this.#at(20, () => {
      lives.suspended(pid, -1);
      sys.resume(kernel, pid).catch(() => {});
    });
  }

  // ---- what must hold in the kernels -----------------------------------------------------------------------------------

  #checkTables(): void {
    const { violations, lives, watches } = this.ledger;
    const alive = lives.alive();
    for (const [id, process] of alive) {
      for (const ref of process.monitors?.keys() ?? []) {
        violations.must(watches.isActive(ref), `${process.pid} holds a stale monitor`);
      }
      for (const [ref, watcher] of process.monitoredBy ?? []) {
        const knows = alive.get(idOf(watcher))?.monitors?.has(ref) === true;
        violations.must(knows, `${process.pid} is monitored by ${watcher}, who does not know`);
      }
      violations.must((process.mailbox?.length ?? 0) === 0, `${process.pid} has mail and does not handle it`);
      violations.must(process.kernel.localProcess(process.pid.serial) === process, `process ${id} is not in its table`);
    }
    for (const kernel of this.#kernels) {
      const known = kernel.processes().every((pid) => alive.has(idOf(pid)));
      violations.must(known, `thread ${kernel.thread} has processes that have ended`);
      for (const thread of kernel.peers.threads) {
        violations.must(kernel.peers.inFlight(thread) >= 0, `thread ${thread} has acknowledged more than it got`);
      }
    }
    this.#checkNames();
  }

  #checkNames(): void {
    const { violations, lives } = this.ledger;
    const alive = lives.alive();
    for (const name of names) {
      const owners = new Set(this.#kernels.map((kernel) => String(kernel.names.whereis(name))));
      violations.must(owners.size <= 1, `"${name}" is ${[...owners].join(" or ")}, depending on the thread`);
      const holders = [...alive.values()].filter((process) => process.rare?.name === name);
      const expected = holders.length === 0 ? "undefined" : String(holders[0]!.pid);
      violations.must(
        owners.has(expected) && holders.length <= 1,
        `"${name}" is ${[...owners]}, but ${expected} has it`,
      );
    }
  }

  /** Every process has ended. */
  #checkNothingIsLeft(): void {
    for (const kernel of this.#kernels) {
      const left = {
        processes: kernel.processes().length,
        names: kernel.names.registered().length,
        topics: kernel.pubsub.size,
        timers: kernel.timers.size,
        calls: kernel.peers.openCalls,
        aliases: kernel.aliases.size,
      };
      for (const [what, count] of Object.entries(left)) {
        this.ledger.violations.must(count === 0, `${count} ${what} left on thread ${kernel.thread}`);
      }
    }
    this.ledger.memberships.check(this.#kernels, new Map());
  }

  // ---- actors -----------------------------------------------------------------------------------------------------------

  get #kernels(): Kernel[] {
    return this.#threads.kernels;
  }

  #spawn(kernel: Kernel): Pid {
    const pid = kernel.spawn(this.#actor);
    this.ledger.lives.spawned(pid);
    return pid;
  }

  /** By messages from outside, on the thread of each. */
  #introduce(who: readonly Pid[], to: readonly Pid[]): void {
    for (const kernel of this.#kernels) {
      for (const { thread, serial } of who) {
        if (thread !== kernel.thread) continue;
        for (const pid of to) {
          kernel.send(kernel.peers.pid(thread, serial), { kind: "meet", pid: this.#threads.at(kernel, pid) });
        }
      }
    }
  }

  #kill(kernel: Kernel, pid: Pid): void {
    this.ledger.lives.sentence(pid, "kill");
    kernel.exit(pid, "kill");
  }
}

/** A run of this play takes a few hundred. */
const maxSteps = 30_000;
