/**
 * What must compile, and what must not, in processes, servers and supervisors. Checked by `tsc` as part of `npm test`;
 * nothing here runs. A line under `@ts-expect-error` that does compile is an error.
 */
import {
  behaviour,
  type DownMessage,
  genServer,
  ignore,
  type Kernel,
  noreply,
  ok,
  type Pid,
  type Process,
  reply,
  stop,
  timedOut,
  topic,
} from "../../kernel/index.ts";
import { childSpec, supervisor } from "../../supervisor/index.ts";

/** True when both types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const kernel: Kernel;
declare const self: Process;

// ---- genServer: everything follows from the definition ---------------------------------------------------------------

type StockInfo = { readonly type: "tick" } | DownMessage;

const Stock = genServer({
  init: (opening: number) => ({ price: opening, trades: 0 }),
  calls: {
    price: (state) => reply(state.price, state),
    quote: (state, amount: number) => reply({ total: state.price * amount }, state),
    history: async (state, range: { from: number; to: number }) => reply([range.from, state.price], state),
    close: (state) => stop("normal", state, "closed" as const),
    later: (state, _request: undefined, { from, self }) => {
      self.kernel.reply(from, 1);
      return noreply(state);
    },
    // @ts-expect-error the state has no such field
    wrongState: (state) => reply(state.volume, state),
  },
  casts: {
    trade: (state, price: number) => noreply({ ...state, price }),
    reset: () => noreply({ price: 0, trades: 0 }),
    halt: (state) => stop("shutdown", state),
  },
  info: (state, message: StockInfo) => noreply({ ...state, trades: message.type === "tick" ? 1 : 2 }),
  terminate(state, reason) {
    const price: number = state.price;
    const why: unknown = reason;
    return void [price, why];
  },
});

export async function callers(): Promise<void> {
  const stock = await Stock.start(kernel, 100);
  await Stock.startLink(self, 100, { timeout: 10, name: "stock" });
  const isPid: Same<typeof stock extends Pid<infer P> ? Pid<P> : never, typeof stock> = true;

  const price = await kernel.call(stock, "price");
  const priceIsNumber: Same<typeof price, number> = true;
  const quote = await self.call(stock, "quote", 3);
  const quoteIsTotal: Same<typeof quote, { total: number }> = true;
  const history = await self.call(stock, "history", { from: 1, to: 2 }, { timeout: 100 });
  const historyIsNumbers: Same<typeof history, number[]> = true;
  const closed = await kernel.call(stock, "close", undefined, { timeout: 100 });
  const closedIsLiteral: Same<typeof closed, "closed"> = true;
  void [isPid, priceIsNumber, quoteIsTotal, historyIsNumbers, closedIsLiteral];

  kernel.cast(stock, "trade", 101);
  self.cast(stock, "reset");
  self.send(stock, { type: "tick" });

  // @ts-expect-error there is no such call
  await kernel.call(stock, "volume");
  // @ts-expect-error a cast is no call
  await kernel.call(stock, "trade", 1);
  // @ts-expect-error the request is a number
  await kernel.call(stock, "quote", "3");
  // @ts-expect-error the request is missing
  await kernel.call(stock, "quote");
  // @ts-expect-error it takes no request
  await kernel.call(stock, "price", 1);
  // @ts-expect-error there is no such cast
  kernel.cast(stock, "price");
  // @ts-expect-error the payload is a number
  kernel.cast(stock, "trade", "101");
  // @ts-expect-error the payload is missing
  self.cast(stock, "trade");
  // @ts-expect-error info takes other messages
  self.send(stock, { type: "tock" });
  // @ts-expect-error init takes a number
  await Stock.start(kernel, "100");
  // @ts-expect-error init takes an argument
  await Stock.start(kernel);
}

export async function names(): Promise<void> {
  const acme = Stock.named("acme");
  const price: number = await kernel.call(acme, "price");
  self.cast(acme, "trade", price);
  self.send(acme, { type: "tick" });
  // @ts-expect-error the name carries the protocol
  await kernel.call(acme, "volume");
  // @ts-expect-error the name carries the protocol
  self.send(acme, "tock");
  const anybody: unknown = await kernel.call("anybody", "anything", { at: 1 });
  void anybody;
}

// ---- init: a state, an outcome, or either ----------------------------------------------------------------------------

const Plain = genServer({ init: () => 5, calls: { get: (state) => reply(state, state) } });
const Later = genServer({ init: async () => ({ n: 1 }), calls: { get: (state) => reply(state.n, state) } });
const Options = genServer({
  init: () => ok({ n: 1 }, { continue: "load" }),
  calls: { get: (state) => reply(state.n, state) },
});
const Stops = genServer({
  init: (yes: boolean) => (yes ? { n: 1 } : stop("not today")),
  calls: { get: (state) => reply(state.n, state) },
});
const Optional = genServer({
  init: (wanted: boolean) => (wanted ? ok({ n: 1 }) : ignore()),
  calls: { get: (state) => reply(state.n, state) },
});

export async function starts(): Promise<void> {
  const fromPlain: number = await kernel.call(await Plain.start(kernel), "get");
  const fromLater: number = await kernel.call(await Later.start(kernel, undefined, { timeout: 5 }), "get");
  const fromOptions: number = await kernel.call(await Options.start(kernel), "get");
  const fromStops: number = await kernel.call(await Stops.start(kernel, true), "get");
  const optional = await Optional.start(kernel, true);
  // @ts-expect-error there may be no process: init may ignore
  await kernel.call(optional, "get");
  const fromOptional: number = optional === undefined ? 0 : await kernel.call(optional, "get");
  void [fromPlain, fromLater, fromOptions, fromStops, fromOptional];
}

// A handler gives back an outcome with the state of init.
// @ts-expect-error the state is { n: number }
genServer({ init: () => ({ n: 1 }), casts: { wrong: () => noreply({ n: "1" }) } });
// @ts-expect-error a cast has no reply
genServer({ init: () => ({ n: 1 }), casts: { replies: (state) => reply(1, state) } });
// @ts-expect-error a handler must say how it goes on
genServer({ init: () => ({ n: 1 }), casts: { nothing: () => undefined } });
// @ts-expect-error info, too
genServer({ init: () => ({ n: 1 }), info: (_state, message: string) => message });
// @ts-expect-error only init may ignore
genServer({ init: () => ({ n: 1 }), casts: { ignores: () => ignore() } });

// ---- plain processes ---------------------------------------------------------------------------------------------------

export function processes(): void {
  kernel.spawn(async (me) => {
    const any: unknown = await me.receive();
    const text = await me.receive({ match: (message): message is string => typeof message === "string" });
    const isString: Same<typeof text, string> = true;
    const orLate = await me.receive({ match: (message): message is string => typeof message === "string", after: 10 });
    const isEither: Same<typeof orLate, string | typeof timedOut> = true;
    // @ts-expect-error it may be timedOut
    orLate.length;
    if (orLate !== timedOut) orLate.length;
    void [any, isString, isEither];
  });
  kernel.spawn((_me, from: { n: number }) => void from.n, { n: 1 });
  // @ts-expect-error the function takes { n: number }
  kernel.spawn((_me, from: { n: number }) => void from.n, { n: "1" });
  self.exit("shutdown");
}

export function afterExit(process: Process): number {
  if (process.isAlive) return 1;
  return process.exit("normal"); // never returns
}

// ---- topics --------------------------------------------------------------------------------------------------------------

const Room = topic<{ readonly text: string }>("room");

export function topics(): void {
  self.subscribe(Room);
  self.broadcast(Room, { text: "hello" });
  kernel.broadcast(Room, { text: "hello" }, self.pid);
  // @ts-expect-error the topic says what its messages are
  self.broadcast(Room, { words: "hello" });
  // @ts-expect-error the topic says what its messages are
  kernel.broadcast(Room, "hello");
}

// ---- supervisors -----------------------------------------------------------------------------------------------------------

export async function supervisors(): Promise<void> {
  const Top = supervisor([
    childSpec(Stock, 100),
    childSpec(Stock, 100, { name: "acme", restart: "transient", shutdown: 1000 }),
    childSpec(Plain),
    childSpec(Plain, undefined, { shutdown: "brutalKill" }),
    childSpec(Optional, true),
    childSpec(supervisor([]), undefined, { id: "inner" }),
  ]);
  const top = await Top.start(kernel);
  const [first] = await kernel.call(top, "whichChildren");
  const pid: Pid | "restarting" | undefined = first?.pid;
  const { active }: { active: number } = await kernel.call(top, "countChildren");
  void [pid, active];

  // @ts-expect-error Stock takes a number
  childSpec(Stock, "100");
  // @ts-expect-error Stock takes an argument
  childSpec(Stock);
  // @ts-expect-error Plain takes no argument: options come third
  childSpec(Plain, { name: "plain" });
  // @ts-expect-error there is no such restart
  childSpec(Plain, undefined, { restart: "always" });
  // @ts-expect-error there is no such strategy yet
  supervisor([], { strategy: "allForOne" });
  // @ts-expect-error there is no such call
  await kernel.call(top, "children");
}

// ---- messages of which nobody has said what they are -----------------------------------------------------------------

genServer({
  init: () => 0,
  info: (state, message) => {
    const isUnknown: Same<typeof message, unknown> = true;
    return noreply(state + Number(isUnknown));
  },
  continue: (state, what) => {
    const isUnknown: Same<typeof what, unknown> = true;
    return noreply(state + Number(isUnknown));
  },
});

export async function strangers(): Promise<void> {
  const stranger = kernel.spawn(async (me) => {
    const message = await me.receive();
    const isUnknown: Same<typeof message, unknown> = true;
    void isUnknown;
  });
  const reply = await kernel.call(stranger, "anything");
  const isUnknown: Same<typeof reply, unknown> = true;
  void reply;
  self.monitor(stranger, { tag: "stranger", priority: true });
  self.startTimer({ at: 5 }, "late", stranger);
  void isUnknown;
  // @ts-expect-error there is no such option
  self.monitor(stranger, { tags: 1 });
  // @ts-expect-error there is no such option
  kernel.spawn(() => {}, undefined, { trapExits: true });
  // @ts-expect-error a moment is a number
  self.sendAfter({ at: "now" }, "late");
}

// ---- placement: a name for what has no definition, and where it runs -------------------------------------------------

const ticker = behaviour("types.ticker", async (me, every: number) => {
  await me.receive({ after: every });
});

export function placed(): void {
  kernel.spawn(ticker, 5, { on: "anywhere" });
  self.spawnLink(ticker, 5, { on: 2 });
  childSpec(Stock, 100, { on: "spread" });
  // @ts-expect-error the argument is a number
  kernel.spawn(ticker, "five", { on: "anywhere" });
  // @ts-expect-error there is no such placement
  kernel.spawn(ticker, 5, { on: "elsewhere" });
  // @ts-expect-error nor here
  childSpec(Stock, 100, { on: "everywhere" });
}
