/**
 * StatemModel: what gen_statem says about the order of events, told as plainly as it can be: three lists, read from the
 * front. The real machine is held against it. Time does not pass here: every timeout is one of 0 ms.
 */
import type { EventActions } from "../../kernel/gen-statem/transitions.ts";

/** What the machine does with an event, or in a state enter call. */
export type Rule = EventActions<never> & { readonly to?: string; readonly again?: boolean };
/** By `state event`, and `enter state`. */
export type Rules = Readonly<Record<string, Rule>>;

/** @returns `state event` for every event that is handled, `state <from` for every state enter call, the first `max` */
export function modelLog(rules: Rules, casts: readonly string[], max: number): string[] {
  const log: string[] = [];
  const mailbox = [...casts];
  let state = "a";
  let inHand: string[] = [];
  let postponed: string[] = [];
  let zero: string[] = [];

  const transition = (event: string | undefined, rule: Rule): void => {
    const from = state;
    const gathered: Rule[] = [rule];
    state = rule.to ?? state;
    let enter = event === undefined || state !== from || (rule.to === undefined && rule.again === true);
    while (enter && log.length < max) {
      log.push(`${state} <${from}`);
      const entered = rules[`enter ${state}`] ?? {};
      gathered.push(entered);
      enter = entered.again === true;
    }
    if (event !== undefined && rule.postpone === true) postponed = [...postponed, event];
    zero = zero.filter((key) => key !== "timeout");
    if (state !== from) {
      zero = zero.filter((key) => key !== "stateTimeout");
      inHand = [...postponed, ...inHand];
      postponed = [];
    }
    const all = gathered.flatMap(timeoutsIn);
    for (const [i, { key, what }] of all.entries()) {
      if (all.slice(i + 1).some((later) => later.key === key)) continue;
      if (what === "update" && zero.includes(key)) continue;
      zero = zero.filter((other) => other !== key);
      if (what !== "cancel") zero.push(key);
    }
    const inserted = (rule.nextEvents ?? []).map((inner) => (inner.type === "internal" ? inner.name : inner.type));
    inHand = [...inserted, ...inHand];
  };

  transition(undefined, {});
  while (log.length < max) {
    const event = inHand.shift() ?? zero.shift() ?? mailbox.shift();
    if (event === undefined) break;
    log.push(`${state} ${event}`);
    transition(event, rules[`${state} ${event}`] ?? {});
  }
  return log.slice(0, max);
}

interface Wanted {
  readonly key: string;
  readonly what: "start" | "update" | "cancel";
}

function timeoutsIn(rule: Rule): Wanted[] {
  return Object.entries(rule).flatMap(([key, value]): Wanted[] => {
    if (key === "timeout" || key === "stateTimeout") return [wanted(key, value)];
    if (key !== "timeouts") return [];
    return Object.entries(value as object).map(([name, one]) => wanted(`@${name}`, one));
  });
}

function wanted(key: string, value: unknown): Wanted {
  return { key, what: value === "cancel" ? "cancel" : typeof value === "object" ? "update" : "start" };
}
