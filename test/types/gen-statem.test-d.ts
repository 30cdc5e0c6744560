/**
 * What must compile, and what must not, in state machines. Checked by `tsc` as part of `npm test`; nothing here runs.
 * A line under `@ts-expect-error` that does compile is an error.
 */
import {
  type CallEvent,
  type CastEvent,
  changeDefinition,
  genStatem,
  type InfoEvent,
  type InternalEvent,
  ignore,
  type Kernel,
  keepState,
  keepStateAndData,
  nextState,
  noreply,
  type Pid,
  type Process,
  popDefinition,
  postpone,
  pushDefinition,
  repeatState,
  replyTo,
  type StatemCallContext,
  type StateTimeoutEvent,
  stop,
  stopAndReply,
} from "../../kernel/index.ts";
import { childSpec } from "../../supervisor/index.ts";

/** True when both types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const kernel: Kernel;
declare const self: Process;

// ---- states: names, data and protocol follow from the definition ------------------------------------------------------

const Lock = genStatem({
  init: (code: string) => nextState("locked", { code, typed: "", presses: 0 }),
  states: {
    locked: {
      enter(data, from) {
        const where: Same<typeof from, "locked" | "open"> = true;
        return where ? keepState({ ...data, typed: "" }) : stop("shutdown", data);
      },
      calls: {
        press: (data, digit: string) =>
          data.code === digit
            ? nextState("open", data, { reply: "opened" as const })
            : keepState({ ...data, typed: digit }, { reply: 1 }),
        later: (data, by: { ms: number }, { from }: StatemCallContext<Date>) =>
          keepState(data, { timeouts: { later: { after: by.ms, content: from } }, nextEvents: [] }),
        count: (data) => keepStateAndData({ reply: data.presses }),
        spend: (data, n: number) => {
          if (n > data.presses) return stop("shutdown", data, "broke" as const);
          return n === 0 ? stop("normal", data) : keepState({ ...data, presses: data.presses - n }, { reply: n });
        },
        never: (data, _request: undefined, { from, state }) => {
          const here: "locked" | "open" = state;
          return keepState(data, { replies: [replyTo(from, here)] });
        },
        async: async (data) => nextState("open", data, { reply: true }),
      },
      casts: { slam: postpone, leave: (data, why: string) => stop(why, data) },
      internal: { check: (data, strict: boolean) => (strict ? keepState(data) : nextState("open", data)) },
      info: (data, message: { readonly tick: number }) => keepState({ ...data, presses: message.tick }),
      timeouts: {
        later: (_data, from: StatemCallContext<Date>["from"]) => stopAndReply("normal", [replyTo(from, new Date(0))]),
      },
    },
    open: {
      enter: (data) => keepState(data, { stateTimeout: { after: 5000, content: "too late" }, hibernate: true }),
      calls: {
        press: postpone,
        count: (data) => keepState(data, { reply: data.presses, postpone: false }),
      },
      casts: { slam: (data) => nextState("locked", data, { stateTimeout: "cancel" }) },
      stateTimeout: (data, why: string) => nextState("locked", { ...data, typed: why }),
    },
  },
  common: {
    calls: { state: (_data, _request: undefined, { state }) => keepStateAndData({ reply: state }) },
    info: () => keepStateAndData(),
  },
  terminate(data, reason, { state }) {
    const all: [string, unknown, "locked" | "open"] = [data.code, reason, state];
    return void all;
  },
  codeChange: ({ state, data }) => ({ state, data: { ...data, presses: 0 } }),
});

export async function callers(): Promise<void> {
  const lock = await Lock.start(kernel, "1234");
  await Lock.startLink(self, "1234", { name: "lock" });
  const pressed: Same<Awaited<ReturnType<typeof press>>, "opened" | number> = true;
  const press = () => self.call(lock, "press", "1");
  const date: Date = await self.call(lock, "later", { ms: 10 });
  const count: number = await self.call(lock, "count");
  const spent: Same<typeof paid, number | "broke"> = true;
  const paid = await self.call(lock, "spend", 1);
  const opened: boolean = await kernel.call(lock, "async", undefined, { timeout: 10 });
  const state: "locked" | "open" = await kernel.call(Lock.named("lock"), "state");
  const unsaid: unknown = await kernel.call(lock, "never");
  // @ts-expect-error who replies did not say what
  const said: string = await kernel.call(lock, "never");
  self.cast(lock, "slam");
  self.cast(lock, "leave", "home");
  self.send(lock, { tick: 1 });

  // @ts-expect-error the code is a string
  await Lock.start(kernel, 1234);
  // @ts-expect-error a digit is a string
  await self.call(lock, "press", 1);
  // @ts-expect-error a digit is needed, though the open lock does not look at it
  await self.call(lock, "press");
  // @ts-expect-error there is no such call
  await self.call(lock, "pres", "1");
  // @ts-expect-error `check` is internal
  self.cast(lock, "check", true);
  // @ts-expect-error `slam` takes nothing
  self.cast(lock, "slam", "hard");
  void [pressed, spent, date, count, opened, state, unsaid, said, childSpec(Lock, "1234", { name: "lock" })];
}

genStatem({
  init: () => nextState("a", { n: 1 }),
  states: {
    a: {
      // @ts-expect-error there is no state "bb"
      casts: { go: (data) => nextState("bb", data) },
    },
    b: {
      // @ts-expect-error n is a number
      casts: { go: (data) => nextState("a", { n: String(data.n) }) },
    },
    c: {
      // @ts-expect-error nobody waits for a cast's reply
      casts: { go: (data) => keepState(data, { reply: 1 }) },
    },
    d: {
      // @ts-expect-error enter does not leave the state
      enter: (data) => nextState("a", data),
    },
    e: {
      // @ts-expect-error enter does not postpone
      enter: (data) => keepState(data, { postpone: true }),
    },
    f: {
      // @ts-expect-error enter does not insert events
      enter: (data) => repeatState(data, { nextEvents: [{ type: "internal", name: "x" }] }),
    },
    g: {
      // @ts-expect-error what handlers of a genServer return
      casts: { go: (data) => noreply(data) },
      // @ts-expect-error m is not in the data
      enter: (data) => keepState({ n: data.m }),
    },
  },
});

genStatem({
  // @ts-expect-error there is no state "start"
  init: () => nextState("start", { n: 1 }),
  states: { a: {}, b: {} },
});

// @ts-expect-error no timeout is called so
keepState(1, { statetimeout: 5 });
// @ts-expect-error neither is it a string
keepState(1, { stateTimeout: "5 s" });

const Maybe = genStatem({
  init: (wanted: boolean) => (wanted ? nextState("on", {}) : ignore()),
  states: { on: { calls: { get: () => keepStateAndData({ reply: 1 }) } } },
});

export async function maybe(): Promise<void> {
  const started = await Maybe.start(kernel, true);
  // @ts-expect-error it may not have started
  await kernel.call(started, "get");
  if (started !== undefined) void ((await kernel.call(started, "get")) satisfies number);
}

// ---- handleEvent: any state, and the protocol by the event's annotation -------------------------------------------------

type DialEvent =
  | CallEvent<"get", undefined, number>
  | CallEvent<"turn", { by: number }, "done">
  | CastEvent<"reset">
  | CastEvent<"set", number>
  | InfoEvent<"ping">
  | InternalEvent<"settle", number>
  | StateTimeoutEvent<string>;

type DialState = { readonly mode: "idle" } | { readonly mode: "turning"; readonly by: number };

const Dial = genStatem({
  init: (start: number) => nextState({ mode: "idle" }, { at: start }),
  handleEvent(event: DialEvent, state: DialState, data, { self }) {
    switch (event.type) {
      case "call":
        if (event.name === "get") return keepStateAndData({ replies: [replyTo(event.from, data.at)] });
        // @ts-expect-error `turn` is answered with "done"
        replyTo(event.from, "finished");
        return nextState({ mode: "turning", by: event.request.by }, data, { replies: [replyTo(event.from, "done")] });
      case "stateTimeout":
        return nextState({ mode: "idle" }, { at: data.at + (state.mode === "turning" ? state.by : 0) });
      case "cast":
        return event.name === "set" ? keepState({ at: event.payload }) : postpone();
      case "info":
        return stop(`${event.message} ${self.pid}`, data);
      case "internal":
        return keepState({ at: event.payload ?? 0 });
    }
  },
  enter: (state, data, from) => keepState(data, state.mode === from.mode ? {} : { stateTimeout: 100 }),
});

export async function dial(): Promise<void> {
  const pid = await Dial.start(kernel, 0);
  const at: number = await self.call(pid, "get");
  const done: "done" = await self.call(pid, "turn", { by: 2 });
  self.cast(pid, "set", 4);
  self.cast(pid, "reset");
  self.send(pid, "ping");
  // @ts-expect-error `turn` says by how much
  await self.call(pid, "turn");
  // @ts-expect-error only "ping"
  self.send(pid, "pong");
  void [at, done];
}

const Any = genStatem({
  init: () => nextState("x", 0),
  handleEvent: (event) => (event.type === "call" ? postpone() : keepState(1)),
});

export async function any(): Promise<void> {
  const pid: Pid | undefined = await Any.start(kernel);
  const known = await Any.start(kernel);
  const answer: unknown = await self.call(known, "whatever", 1);
  void [pid, answer];
}

// ---- other definitions -------------------------------------------------------------------------------------------------

genStatem({
  init: () => nextState("here", "text"),
  states: {
    here: {
      casts: {
        change: () => changeDefinition(Lock, "open", { code: "", typed: "", presses: 0 }),
        push: () => pushDefinition(Dial, { mode: "idle" }, { at: 1 }, { stateTimeout: 1 }),
        pop: () => popDefinition("there", {}),
        // @ts-expect-error Lock has no such state
        wrongState: () => changeDefinition(Lock, "here", { code: "", typed: "", presses: 0 }),
        // @ts-expect-error Dial's data is { at }
        wrongData: () => pushDefinition(Dial, { mode: "idle" }, "text"),
      },
    },
  },
});
