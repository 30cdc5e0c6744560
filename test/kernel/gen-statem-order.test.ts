/** The order of events, against a model of it: any rules, any messages, handlers that are async or not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StatemEvent } from "../../kernel/gen-statem/events.ts";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import { keepStateAndData, nextState, repeatStateAndData } from "../../kernel/gen-statem/transitions.ts";
import { stop } from "../../kernel/server/outcome.ts";
import { simKernel } from "../support/kernels.ts";
import { modelLog, type Rule, type Rules } from "../support/statem-model.ts";

const states = ["a", "b", "c"];
const names = ["x", "y", "i", "j", "timeout", "stateTimeout", "@s", "@t"];
/** Rules may go on for ever: this much of it is compared. */
const max = 120;

const zero = fc.constantFrom(0, "cancel" as const, { update: 0 });
const timeouts = { timeout: zero, stateTimeout: zero, timeouts: fc.dictionary(fc.constantFrom("s", "t"), zero) };
const internal = fc.constantFrom("i", "j").map((name): StatemEvent => ({ type: "internal", name }));
const rule: fc.Arbitrary<Rule> = fc.record(
  {
    to: fc.constantFrom(...states),
    again: fc.boolean(),
    postpone: fc.boolean(),
    nextEvents: fc.array(internal, { maxLength: 2 }),
    ...timeouts,
  },
  { requiredKeys: [] },
);
const enterRule: fc.Arbitrary<Rule> = fc.record({ again: fc.boolean(), ...timeouts }, { requiredKeys: [] });
const rules: fc.Arbitrary<Rules> = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...states.flatMap((state) => names.map((name) => `${state} ${name}`))), rule),
    fc.dictionary(fc.constantFrom(...states.map((state) => `enter ${state}`)), enterRule),
  )
  .map(([events, enters]) => ({ ...events, ...enters }));

/** Follows the rules, and writes down what the model writes down. */
function follower(rulesOf: Rules, log: string[], isSlow: (entry: string) => boolean) {
  const act = <T>(entry: string, result: () => T): T | Promise<T> => {
    log.push(entry);
    return isSlow(entry) ? Promise.resolve().then(result) : result();
  };
  return genStatem({
    init: () => nextState("a", 0),
    handleEvent(event: StatemEvent, state: string) {
      const name = nameOf(event);
      return act(`${state} ${name}`, () => {
        const { to, again, ...actions } = rulesOf[`${state} ${name}`] ?? {};
        if (log.length >= max) return stop("normal");
        if (to !== undefined) return nextState(to, 0, actions);
        return again === true ? repeatStateAndData(actions) : keepStateAndData(actions);
      });
    },
    enter: (state, _data, from) =>
      act(`${state} <${from}`, () => {
        const {
          again,
          to: _,
          nextEvents: __,
          postpone: ___,
          reply: ____,
          ...actions
        } = rulesOf[`enter ${state}`] ?? {};
        if (log.length >= max) return stop("normal");
        return again === true ? repeatStateAndData(actions) : keepStateAndData(actions);
      }),
  });
}

function nameOf(event: StatemEvent): string {
  if (event.type === "genericTimeout") return `@${event.name}`;
  return event.type === "cast" || event.type === "internal" ? event.name : event.type;
}

describe("genStatem", () => {
  test("G18: handles postponed, inserted, retried and timed out events in the order of the model", async () => {
    const casts = fc.array(fc.constantFrom("x", "y"), { minLength: 1, maxLength: 8 });
    let longest = 0;
    await fc.assert(
      fc.asyncProperty(rules, casts, fc.integer({ min: 0, max: 5 }), async (given, sent, slowness) => {
        const { world, kernel, reports } = simKernel();
        const log: string[] = [];
        const isSlow = (entry: string): boolean => (entry.charCodeAt(2) + entry.charCodeAt(0)) % 5 < slowness;
        const pid = await world.until(follower(given, log, isSlow).start(kernel));
        for (const name of sent) kernel.cast(pid, name);
        await world.runAsync();
        expect(log).toEqual(modelLog(given, sent, max));
        expect(reports).toEqual([]);
        longest = Math.max(longest, log.length);
      }),
      { numRuns: 400, seed: 18 },
    );
    expect(longest).toBe(max);
  });
});
