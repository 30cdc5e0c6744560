/**
 * Step: one transition of a state machine, while it is gathered: from what the handler returned, then `enter`.
 *
 *   handler ──▷ take ──▷ (enter ──▷ take)* ──▷ the machine completes it (machine.ts)
 *
 * Replies and stops happen as they are taken; everything else waits for the end of the transition.
 */
import { isDeepStrictEqual } from "node:util";
import { From } from "../calls.ts";
import { shown } from "../errors.ts";
import { ProcessExit } from "../process.ts";
import { Outcome, ReturnError } from "../server/outcome.ts";
import { type CallEvent, eventText, type StatemEvent } from "./events.ts";
import type { Machine } from "./machine.ts";
import { eventTimeout, stateTimeout, type Timeout, type TimeoutKey } from "./timeouts.ts";
import { type EventActions, type Reply, Transition } from "./transitions.ts";

export class Step {
  /** Undefined: the first one, from `init`. */
  readonly event: StatemEvent | undefined;
  /** The state that it leaves. */
  readonly from: unknown;
  /** The state is another one than before. */
  changed = false;
  /** `enter` is to run; once in it, to run again. */
  enters: boolean;
  /** What is taken now comes from `enter`. */
  entering = false;
  postpone = false;
  hibernate = false;
  inserted: readonly StatemEvent[] | undefined;
  /** The last one for a key counts, at its own place in the order. */
  timeouts: Map<TimeoutKey, Timeout> | undefined;
  readonly #machine: Machine;

  constructor(machine: Machine, event: StatemEvent | undefined) {
    this.#machine = machine;
    this.event = event;
    this.from = machine.state;
    this.enters = event === undefined;
  }

  /**
   * Takes over what a handler or `enter` returned.
   *
   * @throws {ReturnError} when it is none of what may be returned there
   * @throws {ProcessExit} when it is the end
   */
  take(returned: unknown): void {
    const machine = this.#machine;
    if (returned instanceof Outcome && returned.kind === "stop") {
      if (returned.state !== undefined) machine.data = returned.state;
      if (returned.hasValue) this.#reply(this.#caller(), returned.value);
      throw new ProcessExit(returned.reason);
    }
    if (!(returned instanceof Transition)) throw this.#wrong(shown(returned));
    if (returned.kind === "next") this.#go(returned);
    if (returned.hasData) machine.data = returned.data;
    if (returned.kind === "repeat") this.enters = true;
    if (returned.actions !== undefined) this.#act(returned.actions);
    if (returned.kind === "stop") throw new ProcessExit(returned.reason);
  }

  #go(next: Transition<unknown, unknown, unknown, "event" | "enter">): void {
    const machine = this.#machine;
    const changed = !isSame(next.state, machine.state);
    if (this.entering && (changed || next.definition !== undefined)) {
      throw this.#wrong(`nextState(${shown(next.state)})`);
    }
    if (next.definition !== undefined) machine.changeDefinition(next.definition);
    if (changed || next.definition !== undefined) machine.callbacks.checkState(machine, next.state);
    if (!changed) return;
    machine.state = next.state;
    this.changed = true;
    this.enters = true;
  }

  #act(actions: EventActions<unknown>): void {
    for (const action of Object.keys(actions) as (keyof EventActions)[]) {
      if (actions[action] === undefined && action !== "reply") continue;
      switch (action) {
        case "reply":
          this.#reply(this.#caller(), actions.reply);
          break;
        case "replies":
          for (const { to, value } of actions.replies!) this.#reply(to, value);
          break;
        case "postpone":
          if (this.entering) throw this.#wrongAction(action);
          this.postpone = actions.postpone === true;
          break;
        case "nextEvents":
          if (this.entering) throw this.#wrongAction(action);
          this.inserted = actions.nextEvents;
          break;
        case "timeout":
          this.#want(eventTimeout, actions.timeout!);
          break;
        case "stateTimeout":
          this.#want(stateTimeout, actions.stateTimeout!);
          break;
        case "timeouts":
          for (const [name, timeout] of Object.entries(actions.timeouts!)) this.#want(name, timeout);
          break;
        case "hibernate":
          this.hibernate = actions.hibernate === true;
          break;
        default:
          throw this.#wrongAction(action);
      }
    }
  }

  #want(key: TimeoutKey, timeout: Timeout): void {
    this.timeouts ??= new Map();
    this.timeouts.delete(key);
    this.timeouts.set(key, timeout);
  }

  #reply(to: Reply["to"], value: unknown): void {
    if (!(to instanceof From)) {
      throw new ReturnError(`${this.#where()}: expected replyTo(from, value) with a call's from, got ${shown(to)}.`);
    }
    this.#machine.self.kernel.reply(to, value);
  }

  #caller(): CallEvent["from"] {
    if (this.event?.type === "call" && !this.entering) return this.event.from;
    throw new ReturnError(
      `${this.#where()}: expected replies: [replyTo(from, value)], since nobody waits for this one, got reply.`,
    );
  }

  #wrong(got: string): ReturnError {
    return new ReturnError(
      `${this.#where()}: expected it to return ${this.entering ? enterResults : eventResults}, got ${got}.`,
    );
  }

  #wrongAction(action: string): ReturnError {
    const known = this.entering ? enterActions : `reply, postpone, nextEvents, ${enterActions}`;
    return new ReturnError(`${this.#where()}: expected actions among ${known}, got ${shown(action)}.`);
  }

  #where(): string {
    const place = this.entering ? "enter" : this.event === undefined ? "init" : eventText(this.event);
    return `${this.#machine.where()}, ${place}`;
  }
}

/** States may be any data: two that are equal are the same state. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && isDeepStrictEqual(a, b));
}

const enterActions = "replies, timeout, stateTimeout, timeouts, hibernate";
const eventResults =
  "nextState, keepState, keepStateAndData, repeatState, repeatStateAndData, postpone, stop or stopAndReply";
const enterResults =
  "keepState, keepStateAndData, repeatState, repeatStateAndData, stop or stopAndReply, and so to stay in the state that it enters";
