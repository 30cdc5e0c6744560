/**
 * Letters: what one process sent to another, numbered, messages and exit signals in one count: all arrives, in order, and
 * before anybody hears of the sender's end.
 *
 *   sender  1 2 3 ✗        receiver  1 2 3 EXIT|DOWN        nothing of that sender after that
 *
 * Shouts (broadcasts) have counts of their own: as many times as the receiver had subscribed when they were made.
 */
import type { Pid } from "../../../kernel/pid.ts";
import type { Process } from "../../../kernel/process.ts";
import type { Lives } from "./lives.ts";
import { idOf, pairOf, pidText, type Violations } from "./violations.ts";

interface Pair {
  readonly from: number;
  readonly to: number;
  sent: number;
  received: number;
}

interface Hearing {
  readonly from: number;
  readonly to: number;
  /** Shouts that it must hear: those of its own thread. */
  due: number;
  heard: number;
  last: number;
}

export class Letters {
  readonly #violations: Violations;
  readonly #lives: Lives;
  readonly #pairs = new Map<number, Pair>();
  readonly #hearings = new Map<number, Hearing>();
  /** Pairs of whom the first was told, by a link or a monitor, that the second is no more. */
  readonly #gone = new Set<number>();
  readonly #subscriptions = new Map<Process, number>();
  readonly #pids = new Map<string, Pid>();
  events = 0;

  constructor(violations: Violations, lives: Lives) {
    this.#violations = violations;
    this.#lives = lives;
  }

  /** The number of the next letter. */
  next(from: Pid, to: Pid): number {
    const pair = this.#pair(idOf(from), idOf(to));
    pair.sent += 1;
    return pair.sent;
  }

  received(self: Process, from: Pid, to: Pid, n: number): void {
    this.sees(self, from);
    if (to !== self.pid) this.#violations.add(`${self.pid} got what was for ${to}`);
    this.notGone(self, from);
    const pair = this.#pair(idOf(from), idOf(self.pid));
    pair.received += 1;
    this.events += 1;
    if (n !== pair.received) {
      this.#violations.add(`${self.pid} got letter ${n} of ${from} where ${pair.received} was to come`);
    }
  }

  /** On one thread there is one object for one pid, for ever. */
  sees(self: Process, pid: Pid): void {
    const key = `${self.kernel.thread} ${idOf(pid)}`;
    const known = this.#pids.get(key);
    if (known === undefined) this.#pids.set(key, pid);
    else if (known !== pid) {
      this.#violations.add(`there are two objects for ${pid} on thread ${self.kernel.thread}`);
    }
  }

  /** It was told of an end. */
  told(self: Process, from: number): void {
    const to = idOf(self.pid);
    if (!this.#lives.hasEnded(from)) this.#violations.add(`${self.pid} was told that ${pidText(from)} has ended`);
    this.#gone.add(pairOf(to, from));
    const pair = this.#pairs.get(pairOf(from, to));
    if (pair === undefined || this.#lives.isLost(from) || pair.received === pair.sent) return;
    const { received, sent } = pair;
    this.#violations.add(`${self.pid} was told of the end of ${pidText(from)} after ${received} of ${sent} letters`);
  }

  notGone(self: Process, from: Pid): void {
    if (this.#gone.has(pairOf(idOf(self.pid), idOf(from)))) {
      this.#violations.add(`${self.pid} heard of ${from} after it was told of its end`);
    }
  }

  subscribed(self: Process, times: number): void {
    if (times === 0) this.#subscriptions.delete(self);
    else this.#subscriptions.set(self, times);
  }

  /** It broadcasts to all but itself. */
  shouts(from: Process): void {
    for (const [listener, times] of this.#subscriptions) {
      if (listener.kernel !== from.kernel || listener === from || !listener.isAlive) continue;
      this.#hearing(idOf(from.pid), idOf(listener.pid)).due += times;
    }
  }

  heard(self: Process, from: Pid, n: number): void {
    this.notGone(self, from);
    if (self.pid === from) this.#violations.add(`${from} heard its own shout`);
    const hearing = this.#hearing(idOf(from), idOf(self.pid));
    hearing.heard += 1;
    this.events += 1;
    if (n < hearing.last) this.#violations.add(`${self.pid} heard shout ${n} of ${from} after ${hearing.last}`);
    hearing.last = n;
  }

  /** To be asked when nothing is under way. */
  check(alive: ReadonlyMap<number, Process>): void {
    for (const { from, to, sent, received } of this.#pairs.values()) {
      if (!alive.has(to) || this.#lives.isLost(from) || sent === received) continue;
      this.#violations.add(`${pidText(to)} got ${received} of the ${sent} letters of ${pidText(from)}`);
    }
    for (const { from, to, due, heard } of this.#hearings.values()) {
      if (due > 0 && heard !== due && alive.has(to)) {
        this.#violations.add(`${pidText(to)} heard ${heard} of the ${due} shouts of ${pidText(from)}`);
      }
    }
  }

  #pair(from: number, to: number): Pair {
    const key = pairOf(from, to);
    let pair = this.#pairs.get(key);
    if (pair === undefined) this.#pairs.set(key, (pair = { from, to, sent: 0, received: 0 }));
    return pair;
  }

  #hearing(from: number, to: number): Hearing {
    const key = pairOf(from, to);
    let hearing = this.#hearings.get(key);
    if (hearing === undefined) this.#hearings.set(key, (hearing = { from, to, due: 0, heard: 0, last: 0 }));
    return hearing;
  }
}
