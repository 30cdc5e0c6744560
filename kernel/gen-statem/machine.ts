/**
 * Machine: one running state machine. Which event is next, and what a transition does.
 *
 *   1  events in hand    inserted ones ▷ postponed ones whose time has come ▷ the rest of those      first in first out
 *   2  timeouts of 0 ms                                                                              each
 *   3  the mailbox                                           only when there is nothing left of 1 and 2
 *
 * A transition, once its handler has returned, does this in order:
 *   replies go out ▷ `enter` of the new state, its actions after the handler's ▷ the event is postponed, if asked for
 *   ▷ the event timeout is cancelled ▷ on a change of state: all postponed events come to hand, the oldest first, and the
 *   state timeout is cancelled ▷ timeouts start ▷ inserted events come to hand, before everything else
 *
 * Handlers and `enter` never interleave, async or not: the next one begins when the last transition is complete. Other
 * processes get their turn after `maxRun` events in a row, though the mailbox would wait for ever.
 * Source: Erlang/OTP, gen_statem, "transition_option".
 */
import { shown } from "../errors.ts";
import { isPromise } from "../is-promise.ts";
import { stat } from "../observe/stats.ts";
import type { Process } from "../process.ts";
import { ReturnError } from "../server/outcome.ts";
import type { Callbacks } from "./callbacks.ts";
import type { StatemContext, StatemEvent } from "./events.ts";
import { Step } from "./step.ts";
import { eventTimeout, type RunningTimeout, stateTimeout, Timeouts } from "./timeouts.ts";
import { type DefinitionChange, Transition } from "./transitions.ts";

export class Machine {
  state: unknown = undefined;
  data: unknown = undefined;
  /** What handlers get. */
  readonly context: StatemContext = new Context(this);
  /** The name of the call or cast that is handled. */
  request: string | undefined = undefined;
  readonly #self: Process;
  /** Of each definition: the one in charge is the last; below it, those that it was pushed on. */
  readonly #callbacks: Callbacks[];
  /** In hand: the next one is at the end. */
  readonly #events: StatemEvent[] = [];
  /** The oldest first. */
  #postponed: StatemEvent[] = [];
  #timeouts: Timeouts | undefined;
  #hibernates = false;

  constructor(self: Process, callbacks: Callbacks) {
    this.#self = self;
    this.#callbacks = [callbacks];
  }

  get self(): Process {
    return this.#self;
  }

  /** Of the definition in charge. */
  get callbacks(): Callbacks {
    return this.#callbacks.at(-1)!;
  }

  /** The first state: what `init` returned. The start does not wait for its `enter`. */
  begin(first: unknown): void | Promise<void> {
    if (!(first instanceof Transition) || first.kind !== "next") {
      const got = first instanceof Transition ? `one of kind "${first.kind}"` : shown(first);
      throw new ReturnError(
        `${this.where()}, init: expected it to return nextState(state, data), ignore() or stop(reason), got ${got}.`,
      );
    }
    if (first.definition === undefined) this.callbacks.checkState(this, first.state);
    this.state = first.state;
    this.#self.kernel.initAck(this.#self, this.#self.pid);
    const begun = this.#apply(undefined, first);
    return isPromise(begun) ? this.#runAfter(begun) : this.#run();
  }

  /** An event from the mailbox. */
  receive(event: StatemEvent): void | Promise<void> {
    this.#events.push(event);
    return this.#run();
  }

  /** A timeout from the mailbox. One that was cancelled, or started again, is no event: it cancels nothing. */
  elapsed(running: RunningTimeout): void | Promise<void> {
    const event = this.#timeouts?.elapsed(running);
    if (event !== undefined) return this.receive(event);
  }

  changeDefinition(change: DefinitionChange): void {
    if (change.kind === "pop" && this.#callbacks.length === 1) {
      throw new ReturnError(`${this.where()}: expected a pushDefinition before popDefinition, got none.`);
    }
    if (change.kind === "push" && this.#callbacks.length >= maxPushed) {
      throw new ReturnError(
        `${this.where()}: expected at most ${maxPushed} definitions pushed on each other, got more.`,
      );
    }
    if (change.kind !== "push") this.#callbacks.pop();
    if (change.kind !== "pop") this.#callbacks.push((change.to as { readonly callbacks: Callbacks }).callbacks);
  }

  /** Who and where, for an error's sentence. */
  where(): string {
    const state = this.state === undefined ? "" : `, state ${shown(this.state)}`;
    return `${this.#self.label} ${this.#self.pid}${state}`;
  }

  // ---- which event is next --------------------------------------------------------------------------------------------

  #run(): void | Promise<void> {
    for (let count = 0; count < maxRun; count++) {
      const event = this.#next();
      if (event === undefined) return this.#rest();
      const done = this.#handle(event);
      if (isPromise(done)) return this.#runAfter(done);
    }
    return this.#runAfter(this.#othersTurn());
  }

  async #runAfter(done: Promise<void>): Promise<void> {
    await done;
    let count = 0;
    for (let event = this.#next(); event !== undefined; event = this.#next()) {
      const handled = this.#handle(event);
      if (isPromise(handled)) await handled;
      count += 1;
      if (count % maxRun === 0) await this.#othersTurn();
    }
    this.#rest();
  }

  /** Nothing more, when an exit signal has ended the process in the meantime. */
  #next(): StatemEvent | undefined {
    if (this.#isEnding) return undefined;
    return this.#events.pop() ?? this.#timeouts?.takeZero();
  }

  get #isEnding(): boolean {
    return !this.#self.isAlive || this.#self.ending !== undefined;
  }

  #rest(): void {
    this.request = undefined;
    if (this.#hibernates && !this.#isEnding) this.#self.hibernate();
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => this.#self.kernel.world.nextTurn(resolve));
  }

  // ---- a transition ---------------------------------------------------------------------------------------------------

  #handle(event: StatemEvent): void | Promise<void> {
    this.request = event.type === "call" || event.type === "cast" ? event.name : undefined;
    const returned = this.callbacks.handle(this, event);
    return isPromise(returned)
      ? returned.then((transition) => this.#apply(event, transition))
      : this.#apply(event, returned);
  }

  #apply(event: StatemEvent | undefined, returned: unknown): void | Promise<void> {
    if (!this.#self.isAlive) return;
    const step = new Step(this, event);
    step.take(returned);
    if (!step.enters || !this.callbacks.hasEnter(this.state)) return this.#complete(step);
    step.entering = true;
    return this.#enter(step);
  }

  #enter(step: Step): void | Promise<void> {
    const returned = this.callbacks.enter(this, step.from);
    return isPromise(returned)
      ? returned.then((transition) => this.#entered(step, transition))
      : this.#entered(step, returned);
  }

  #entered(step: Step, returned: unknown): void | Promise<void> {
    if (!this.#self.isAlive) return;
    step.enters = false;
    step.take(returned);
    return step.enters ? this.#enter(step) : this.#complete(step);
  }

  /** The end of a transition. */
  #complete(step: Step): void {
    if (step.postpone && step.event !== undefined) this.#postpone(step.event);
    this.#timeouts?.cancel(eventTimeout);
    if (step.changed) {
      this.#timeouts?.cancel(stateTimeout);
      for (let i = this.#postponed.length - 1; i >= 0; i--) this.#events.push(this.#postponed[i]!);
      if (this.#postponed.length > 0) this.#postponed = [];
    }
    if (step.timeouts !== undefined) {
      this.#timeouts ??= new Timeouts(this.#self);
      for (const [key, timeout] of step.timeouts) this.#timeouts.start(key, timeout);
    }
    this.#hibernates = step.hibernate;
    if (step.inserted !== undefined) this.#insert(step.inserted);
  }

  #insert(inserted: readonly StatemEvent[]): void {
    if (this.#events.length + inserted.length > this.#maxPostponed + maxInserted) {
      throw new ReturnError(
        `${this.where()}: expected fewer than ${maxInserted} inserted events that wait. Does every event insert more of them?`,
      );
    }
    for (let i = inserted.length - 1; i >= 0; i--) this.#events.push(inserted[i]!);
  }

  /** What is postponed would otherwise wait in the mailbox: beyond its limit, it is dropped as it is there. */
  #postpone(event: StatemEvent): void {
    if (this.#postponed.length < this.#maxPostponed) {
      this.#postponed.push(event);
      return;
    }
    const { kernel, label, pid } = this.#self;
    const rare = this.#self.ensureRare();
    if (rare.dropped === undefined) {
      kernel.report({ kind: "mailboxFull", pid: pid.toString(), label, limit: this.#maxPostponed });
    }
    rare.dropped = (rare.dropped ?? 0) + 1;
    kernel.stats[stat.dropped]! += 1;
    if (event.type !== "call") return;
    if (event.from.pending === undefined) kernel.peers.failCall(event.from, "mailboxFull");
    else kernel.settle(event.from.pending, undefined, { reason: "mailboxFull" });
  }

  get #maxPostponed(): number {
    return this.callbacks.definition.maxPostponed ?? defaultMaxPostponed;
  }
}

/** What handlers see of the machine. */
class Context implements StatemContext {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get self(): Process {
    return this.#machine.self;
  }

  get state(): unknown {
    return this.#machine.state;
  }
}

/** Events in a row, before other processes get their turn. */
const maxRun = 500;
/** Inserted events that wait, beside those that were postponed. */
const maxInserted = 100_000;
const maxPushed = 1000;
const defaultMaxPostponed = 100_000;
