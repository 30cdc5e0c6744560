/** State machines that follow rules, and write down what happens to them. */
import { expect } from "vitest";
import type { StatemEvent } from "../../kernel/gen-statem/events.ts";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import {
  type EnterActions,
  type EventActions,
  keepStateAndData,
  nextState,
  repeatStateAndData,
} from "../../kernel/gen-statem/transitions.ts";
import { type SimKernel, simKernel } from "./kernels.ts";

/** What a machine of these tests does with an event: by `state event`, or by `event` alone; without an entry, nothing. */
export type Rules = Readonly<
  Record<string, EventActions<unknown> & { readonly to?: string; readonly again?: boolean }>
>;

/** A machine that follows rules and writes down `state event`, and `state <from` for state enter calls. */
export function ruled(rules: Rules, log: string[], first: EventActions = {}) {
  return genStatem({
    name: "Ruled",
    init: (state: string) => nextState(state, 0, first),
    handleEvent(event: StatemEvent, state: string) {
      const name = nameOf(event);
      log.push(`${state} ${name}`);
      const { to, again, ...actions } = rules[`${state} ${name}`] ?? rules[name] ?? {};
      if (to !== undefined) return nextState(to, 0, actions);
      return again === true ? repeatStateAndData(actions) : keepStateAndData(actions);
    },
    enter(state, _data, from) {
      log.push(`${state} <${from}`);
      return keepStateAndData((rules[`enter ${state}`] ?? {}) as EnterActions);
    },
  });
}

export function nameOf(event: StatemEvent): string {
  switch (event.type) {
    case "call":
    case "cast":
    case "internal":
      return event.name;
    case "info":
      return String(event.message);
    case "timeout":
    case "stateTimeout":
      return `${event.type}${event.content === undefined ? "" : `:${String(event.content)}`}`;
    case "genericTimeout":
      return `@${event.name}${event.content === undefined ? "" : `:${String(event.content)}`}`;
  }
}

export const internal = (...names: string[]): StatemEvent[] => names.map((name) => ({ type: "internal", name }));

/**
 * Runs a ruled machine over casts, sent all at once.
 *
 * @returns its log, but for the state enter call of the first state, `a <a`
 */
export async function play(rules: Rules, casts: readonly string[], first?: EventActions): Promise<string> {
  const { world, kernel } = simKernel();
  const log: string[] = [];
  const pid = await world.until(ruled(rules, log, first).start(kernel, "a"));
  for (const name of casts) kernel.cast(pid, name);
  await world.runAsync();
  expect(kernel.timers.size).toBe(0);
  return log.slice(1).join(", ");
}

/** A ruled machine in a world whose clock the test moves. */
export async function machine(rules: Rules, options: { first?: EventActions; maxMailbox?: number } = {}) {
  const sim: SimKernel = simKernel(options.maxMailbox === undefined ? {} : { maxMailbox: options.maxMailbox });
  const log: string[] = [];
  const pid = await sim.world.until(ruled(rules, log, options.first).start(sim.kernel, "a"));
  log.length = 0;
  return {
    ...sim,
    pid,
    log,
    cast: (name: string) => sim.kernel.cast(pid, name),
    pass: (forMs: number) => sim.world.runAsync({ forMs }),
  };
}
