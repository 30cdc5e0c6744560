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
import { isDeepStrictEqual } from "node:util";
import { From } from "./calls.ts";
import { shown } from "./errors.ts";
import { Outcome, ReturnError } from "./gen-server.ts";
import { isPromise } from "./is-promise.ts";
import { type Process, ProcessExit } from "./process.ts";
import type { Callbacks } from "./statem-callbacks.ts";
import { type CallEvent, eventText, type StatemContext, type StatemEvent } from "./statem-events.ts";
import {
  eventTimeout,
  type RunningTimeout,
  stateTimeout,
  type Timeout,
  type TimeoutKey,
  Timeouts,
} from "./statem-timeouts.ts";
import { type DefinitionChange, type EventActions, type Reply, Transition } from "./statem-transitions.ts";
import { stat } from "./stats.ts";

/** One transition, while it is gathered: from the handler, then from `enter`. */
class Step {
  /** Undefined: the first one, from `init`. */
  readonly event: StatemEvent | undefined;
  /** The state that it leaves. */
  readonly from: unknown;
  /** It is with `enter` now. */
  entering = false;
  /** `enter` is to run; in it, to run again. */
  repeat = false;
  postpone = false;
  hibernate = false;
  inserted: readonly StatemEvent[] | undefined;
  /** The last one for a key counts, at its own place in the order. */
  timeouts: Map<TimeoutKey, Timeout> | undefined;

  constructor(event: StatemEvent | undefined, from: unknown) {
    this.event = event;
    this.from = from;
  }

  want(key: TimeoutKey, timeout: Timeout): void {
    this.timeouts ??= new Map();
    this.timeouts.delete(key);
    this.timeouts.set(key, timeout);
  }
}

export class Machine {
  state: unknown = undefined;
  data: unknown = undefined;
  /** The one in charge is the last; below it, those that it was pushed on. */
  readonly #definitions: Callbacks[];
  /** What handlers get. */
  readonly context: StatemContext;
  readonly #self: Process;
  /** In hand: the next one is at the end. */
  readonly #events: StatemEvent[] = [];
  /** The oldest first. */
  #postponed: StatemEvent[] = [];
  #timeouts: Timeouts | undefined;
  #hibernates = false;
  #dropped = false;

  constructor(self: Process, callbacks: Callbacks) {
    this.#self = self;
    this.#definitions = [callbacks];
    this.context = new Context(this);
  }

  get self(): Process {
    return this.#self;
  }

  get #maxPostponed(): number {
    return this.callbacks.definition.maxPostponed ?? defaultMaxPostponed;
  }

  /** Of the definition in charge. */
  get callbacks(): Callbacks {
    return this.#definitions.at(-1)!;
  }

  /** The first state: what `init` returned. The start does not wait for its `enter`. */
  begin(first: unknown): void | Promise<void> {
    if (!(first instanceof Transition) || first.kind !== "next") {
      throw this.#wrong("init", first, "it to return nextState(state, data), ignore() or stop(reason)");
    }
    this.state = first.state;
    if (first.definition === undefined) this.callbacks.checkState(this, this.state);
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
    if (this.#hibernates && !this.#isEnding) this.#self.hibernate();
  }

  #othersTurn(): Promise<void> {
    return new Promise((resolve) => this.#self.kernel.world.nextTurn(resolve));
  }

  // ---- a transition ---------------------------------------------------------------------------------------------------

  #handle(event: StatemEvent): void | Promise<void> {
    const returned = this.callbacks.handle(this, event);
    return isPromise(returned)
      ? returned.then((transition) => this.#apply(event, transition))
      : this.#apply(event, returned);
  }

  #apply(event: StatemEvent | undefined, returned: unknown): void | Promise<void> {
    if (!this.#self.isAlive) return;
    const step = new Step(event, this.state);
    this.#take(step, returned);
    if (event === undefined || !isSame(this.state, step.from)) {
      this.callbacks.checkState(this, this.state);
      step.repeat = true;
    }
    if (!step.repeat || !this.callbacks.hasEnter(this.state)) return this.#complete(step);
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
    step.repeat = false;
    this.#take(step, returned);
    return step.repeat ? this.#enter(step) : this.#complete(step);
  }

  /** Takes over what a handler or `enter` returned. */
  #take(step: Step, returned: unknown): void {
    if (returned instanceof Outcome && returned.kind === "stop") {
      if (returned.state !== undefined) this.data = returned.state;
      if (returned.hasValue) this.#reply(this.#caller(step), returned.value);
      throw new ProcessExit(returned.reason);
    }
    const expected = step.entering ? enterResults : eventResults;
    if (!(returned instanceof Transition)) throw this.#wrong(placeOf(step), returned, expected);
    if (step.entering && returned.kind === "next" && !(this.#isHere(returned) && returned.definition === undefined)) {
      throw this.#wrong(placeOf(step), returned, expected);
    }
    if (returned.definition !== undefined) this.#changeDefinition(returned.definition);
    if (returned.kind === "next" && !this.#isHere(returned)) this.state = returned.state;
    if (returned.hasData) this.data = returned.data;
    if (returned.kind === "repeat") step.repeat = true;
    if (returned.actions !== undefined) this.#act(step, returned.actions);
    if (returned.kind === "stop") throw new ProcessExit(returned.reason);
  }

  #isHere({ state }: Transition<unknown, unknown, unknown, "event" | "enter">): boolean {
    return isSame(state, this.state);
  }

  #act(step: Step, actions: EventActions<unknown>): void {
    for (const action of Object.keys(actions) as (keyof EventActions)[]) {
      if (actions[action] === undefined && action !== "reply") continue;
      if (step.entering && (action === "postpone" || action === "nextEvents")) {
        throw this.#wrong(placeOf(step), action, `actions among ${enterActionNames}`);
      }
      switch (action) {
        case "reply":
          this.#reply(this.#caller(step), actions.reply);
          break;
        case "replies":
          for (const { to, value } of actions.replies!) this.#reply(to, value);
          break;
        case "postpone":
          step.postpone = actions.postpone === true;
          break;
        case "nextEvents":
          step.inserted = actions.nextEvents;
          break;
        case "timeout":
          step.want(eventTimeout, actions.timeout!);
          break;
        case "stateTimeout":
          step.want(stateTimeout, actions.stateTimeout!);
          break;
        case "timeouts":
          for (const [name, timeout] of Object.entries(actions.timeouts!)) step.want(name, timeout);
          break;
        case "hibernate":
          step.hibernate = actions.hibernate === true;
          break;
        default:
          throw this.#wrong(placeOf(step), action, `actions among reply, postpone, nextEvents, ${enterActionNames}`);
      }
    }
  }

  /** The end of a transition. */
  #complete(step: Step): void {
    const { event, inserted } = step;
    if (step.postpone && event !== undefined) this.#postpone(event);
    this.#timeouts?.cancel(eventTimeout);
    if (!isSame(this.state, step.from)) {
      this.#timeouts?.cancel(stateTimeout);
      for (let i = this.#postponed.length - 1; i >= 0; i--) this.#events.push(this.#postponed[i]!);
      if (this.#postponed.length > 0) this.#postponed = [];
    }
    if (step.timeouts !== undefined) {
      this.#timeouts ??= new Timeouts(this.#self);
      for (const [key, timeout] of step.timeouts) this.#timeouts.start(key, timeout);
    }
    this.#hibernates = step.hibernate;
    if (inserted !== undefined) this.#insert(inserted);
  }

  #insert(inserted: readonly StatemEvent[]): void {
    if (this.#events.length + inserted.length > this.#maxPostponed + maxInserted) {
      throw new ReturnError(
        `${this.#where()}: expected fewer than ${maxInserted} inserted events that wait. Does every event insert more of them?`,
      );
    }
    for (let i = inserted.length - 1; i >= 0; i--) this.#events.push(inserted[i]!);
  }

  /** What is postponed would otherwise wait in the mailbox: beyond its limit, it is dropped as it is there. */
  #postpone(event: StatemEvent): void {
    const maxPostponed = this.#maxPostponed;
    if (this.#postponed.length < maxPostponed) {
      this.#postponed.push(event);
      return;
    }
    const { kernel, label, pid } = this.#self;
    kernel.stats[stat.dropped]! += 1;
    if (!this.#dropped) kernel.report({ kind: "mailboxFull", pid: pid.toString(), label, limit: maxPostponed });
    this.#dropped = true;
    if (event.type !== "call") return;
    if (event.from.pending === undefined) kernel.peers.failCall(event.from, "mailboxFull");
    else kernel.settle(event.from.pending, undefined, { reason: "mailboxFull" });
  }

  #changeDefinition(change: DefinitionChange): void {
    if (change.kind !== "push") {
      if (change.kind === "pop" && this.#definitions.length === 1) {
        throw new ReturnError(`${this.#where()}: expected a pushDefinition before popDefinition, got none.`);
      }
      this.#definitions.pop();
    }
    if (change.kind === "pop") return;
    if (this.#definitions.length >= maxPushed) {
      throw new ReturnError(
        `${this.#where()}: expected at most ${maxPushed} definitions that are pushed on each other.`,
      );
    }
    this.#definitions.push((change.to as { readonly callbacks: Callbacks }).callbacks);
  }

  #reply(to: Reply["to"], value: unknown): void {
    if (!(to instanceof From)) {
      throw new ReturnError(`${this.#where()}: expected replyTo(from, value) with a call's from, got ${shown(to)}.`);
    }
    this.#self.kernel.reply(to, value);
  }

  #caller(step: Step): CallEvent["from"] {
    if (step.event?.type === "call" && !step.entering) return step.event.from;
    throw this.#wrong(placeOf(step), "reply", "replies: [replyTo(from, value)], since nobody waits for this one");
  }

  #wrong(place: string, returned: unknown, expected: string): ReturnError {
    const got = returned instanceof Transition ? transitionText(returned) : shown(returned);
    return new ReturnError(`${this.#where()}, ${place}: expected ${expected}, got ${got}.`);
  }

  #where(): string {
    return `${this.#self.label} ${this.#self.pid}, state ${shown(this.state)}`;
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

function placeOf({ event, entering }: Step): string {
  return entering ? "enter" : event === undefined ? "init" : eventText(event);
}

/** States may be any data: two that are equal are the same state. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && isDeepStrictEqual(a, b));
}

function transitionText({ kind, state, actions }: Transition<unknown, unknown, unknown, "event" | "enter">): string {
  const where = kind === "next" ? ` state ${shown(state)}` : "";
  return `${kind}${where}${actions === undefined ? "" : ` with ${Object.keys(actions).join(", ")}`}`;
}

/** Events in a row, before other processes get their turn. */
const maxRun = 500;
/** Inserted events that wait, beside those that were postponed. */
const maxInserted = 100_000;
const maxPushed = 1000;
const defaultMaxPostponed = 100_000;
const enterActionNames = "replies, timeout, stateTimeout, timeouts, hibernate";
const eventResults =
  "it to return nextState, keepState, keepStateAndData, repeatState, repeatStateAndData, postpone, stop or stopAndReply";
const enterResults =
  "it to stay in the state that it enters: keepState, keepStateAndData, repeatState, repeatStateAndData, stop or stopAndReply";
