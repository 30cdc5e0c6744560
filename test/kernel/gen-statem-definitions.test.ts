/** State machines: `handleEvent`, and definitions that change. */
import { describe, expect, test } from "vitest";
import type { CallEvent, CastEvent } from "../../kernel/gen-statem/events.ts";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import {
  changeDefinition,
  keepState,
  keepStateAndData,
  nextState,
  popDefinition,
  postpone,
  pushDefinition,
  replyTo,
} from "../../kernel/gen-statem/transitions.ts";
import { stop } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { simKernel } from "../support/kernels.ts";

describe("handleEvent", () => {
  test("G18: a state is any data; it has changed when it is not equal", async () => {
    const { world, kernel } = simKernel();
    type Floor = { readonly at: number; readonly doors: readonly boolean[] };
    const entered: unknown[] = [];
    const Lift = genStatem({
      init: () => nextState({ at: 0, doors: [true] }, "lift"),
      handleEvent(
        event: CastEvent<"go", number> | CastEvent<"later"> | CallEvent<"at", undefined, number>,
        state: Floor,
        data,
      ) {
        if (event.type === "call") return keepState(data, { replies: [replyTo(event.from, state.at)] });
        if (event.name === "later") return state.at === 2 ? stop("normal") : postpone();
        return nextState({ at: event.payload, doors: [true] }, data);
      },
      enter(state, _data, from) {
        entered.push([from.at, state.at]);
        return keepStateAndData();
      },
    });
    const pid = await world.until(Lift.start(kernel));
    kernel.cast(pid, "later");
    kernel.cast(pid, "go", 0);
    kernel.cast(pid, "go", 1);
    expect(await world.until(kernel.call(pid, "at"))).toBe(1);
    kernel.cast(pid, "go", 2);
    await world.runAsync();
    expect(entered).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
    ]);
    expect(kernel.isAlive(pid)).toBe(false);
  });
});

describe("definitions", () => {
  test("G18: change, push and pop: other handlers, the same process, mailbox, postponed events and timeouts", async () => {
    const { world, kernel } = simKernel();
    const ended: unknown[] = [];
    const Open = genStatem({
      init: () => nextState("open", "never runs"),
      states: {
        open: {
          enter: (data, from) => keepState(`${data} <${String(from)}`),
          casts: { use: (data) => keepState(`${data} used`), back: (data) => popDefinition("idle", data) },
          timeouts: { t: (data) => keepState(`${data} t`) },
        },
      },
    });
    const Idle = genStatem({
      init: () => nextState("idle", "idle"),
      states: {
        idle: {
          casts: {
            use: postpone,
            push: (data) => pushDefinition(Open, "open", data, { timeouts: { t: 10 } }),
            change: (data) => changeDefinition(Open, "open", data),
            back: (data) => stop("wrong", data),
          },
        },
      },
      terminate: (data, reason) => void ended.push(data, reason),
    });
    const pid = await world.until(Idle.start(kernel));
    for (const name of ["use", "push"] as const) kernel.cast(pid, name);
    await world.runAsync();
    const data = "idle <idle used t";
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "open", data });
    kernel.cast(pid, "back");
    kernel.cast(pid, "change");
    await world.runAsync();
    expect(await world.until(sys.getState(kernel, pid))).toEqual({ state: "open", data: `${data} <idle` });
    kernel.exit(pid, "shutdown");
    await world.runAsync();
    expect(ended).toEqual([]); // of the definition in charge, which has no terminate
  });
});
