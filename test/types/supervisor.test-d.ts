/**
 * What must compile, and what must not, in child specs and supervisors. Checked by `tsc` as part of `npm test`; nothing here
 * runs. A line under `@ts-expect-error` that does compile is an error.
 */
import {
  Agent,
  genServer,
  ignore,
  type Kernel,
  type Pid,
  type Process,
  type ProtocolOf,
  reply,
  Task,
} from "../../kernel/index.ts";
import {
  bridge,
  type CheckedChildSpec,
  type ChildSpec,
  checkChildSpecs,
  childSpec,
  DynamicSupervisor,
  dynamicSupervisor,
  PartitionSupervisor,
  partitionSupervisor,
  Supervisor,
  supervisor,
  TaskSupervisor,
} from "../../supervisor/index.ts";

/** True when both types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const kernel: Kernel;
declare const self: Process;

const Stock = genServer({
  name: "Stock",
  init: (price: number) => ({ price }),
  calls: { price: (state) => reply(state.price, state) },
});
const Clock = genServer({ name: "Clock", init: () => 0 });
const Log = genServer({ name: "Log", init: (options: { file: string }) => options });
const Anything = genServer({ name: "Anything", init: (arg: unknown) => arg });
const Perhaps = genServer({ name: "Perhaps", init: (on: boolean) => (on ? { on } : ignore()) });

// ---- child specs -----------------------------------------------------------------------------------------------------------

export function specs(): void {
  // By position: the argument, if there is one, then the options
  childSpec(Stock, 100);
  childSpec(Stock, 100, { name: Stock.named("acme"), restart: "transient", shutdown: 1000, significant: true });
  childSpec(Clock);
  childSpec(Clock, undefined, { name: Clock.named("clock"), backoff: { minMs: 10, maxMs: 100 } });
  childSpec(Log, { file: "a" });
  childSpec(Log, { file: "a" }, { id: "log", mailbox: { max: 10 }, timeout: 500 });
  childSpec(Perhaps, true);
  childSpec(Agent, () => 7, { name: "seven" });
  childSpec(Task, () => {});
  childSpec(TaskSupervisor, {}, { name: "loads" });

  // By name: no `undefined` in front of the options
  childSpec({ start: Clock, name: "clock", restart: "transient" });
  childSpec({ start: Stock, arg: 100, name: Stock.named("acme") });
  childSpec({ start: Log, arg: { file: "a" }, id: "log" });
  childSpec({ start: Anything, arg: 7 });
  childSpec({ start: Anything });

  // By hand: what is left out has OTP's defaults
  const made = childSpec({ id: "ticker", start: (supervisor) => supervisor.spawnLink(async () => {}) });
  const isChecked: Same<typeof made, CheckedChildSpec> = true;
  const byHand: ChildSpec = { id: "pool", start: async () => undefined, restart: "temporary", shutdown: "brutalKill" };
  childSpec({ ...childSpec(Stock, 100), id: "copy" });
  void [isChecked, byHand];

  // @ts-expect-error Stock takes an argument
  childSpec(Stock);
  // @ts-expect-error a number
  childSpec(Stock, "100");
  // @ts-expect-error Clock takes none: its options come third, or by name
  childSpec(Clock, { name: "clock" });
  // @ts-expect-error Stock takes an argument
  childSpec({ start: Stock, name: "acme" });
  // @ts-expect-error a number
  childSpec({ start: Stock, arg: "100" });
  // @ts-expect-error Clock takes none
  childSpec({ start: Clock, arg: 7 });
  // @ts-expect-error there is no such restart
  childSpec({ start: Clock, restart: "always" });
  // @ts-expect-error the supervisor links it
  childSpec({ start: Clock, link: false });
  // @ts-expect-error no id
  childSpec({ start: () => undefined });
  // @ts-expect-error a pid, or nothing to do
  childSpec({ id: "odd", start: () => 7 });
}

// ---- supervisors -----------------------------------------------------------------------------------------------------------

export async function supervisors(): Promise<void> {
  const Top = supervisor(
    [Clock, childSpec(Stock, 100), supervisor([]), dynamicSupervisor(), { id: "a", start: () => undefined }],
    {
      strategy: "restForOne",
      autoShutdown: "anySignificant",
    },
  );
  const top = await Top.start(kernel);
  await Top.startLink(self, undefined, { name: "top" });
  const Rooms = supervisor((names: readonly string[]) =>
    names.map((name) => childSpec(Log, { file: name }, { id: name })),
  );
  await Rooms.start(kernel, ["kitchen"], { name: "rooms" });
  childSpec(Rooms, ["kitchen"]);
  supervisor(() => [Clock]).start(kernel);
  checkChildSpecs([Clock], "never");

  const pid: Pid | undefined = await Supervisor.startChild(self, top, childSpec(Stock, 1));
  await Supervisor.startChild(kernel, Top.named("top"), Clock);
  await Supervisor.startChild(kernel, "top", { id: "b", start: () => undefined });
  const restarted: Pid | undefined = await Supervisor.restartChild(self, top, "Stock");
  const [first] = await Supervisor.whichChildren(kernel, top);
  const child: Pid | "restarting" | undefined = first?.pid;
  const { active }: { active: number } = await Supervisor.countChildren(kernel, top);
  const spec: CheckedChildSpec = await Supervisor.getChildSpec(kernel, top, "Stock");
  void [pid, restarted, child, active, spec];

  // @ts-expect-error Stock takes an argument
  supervisor([Stock]);
  // @ts-expect-error there is no such strategy
  supervisor([], { strategy: "allForOne" });
  // @ts-expect-error it takes the names
  await Rooms.start(kernel);
  // @ts-expect-error names are strings
  childSpec(Rooms, [7]);
  // @ts-expect-error ids are strings
  await Supervisor.terminateChild(kernel, top, 7);
  // @ts-expect-error a Stock is no supervisor
  await Supervisor.whichChildren(kernel, await Stock.start(kernel, 1));
}

export async function dynamic(): Promise<void> {
  const Sessions = dynamicSupervisor({ maxChildren: 10 });
  const sessions = await Sessions.start(kernel);
  const pid: Pid | undefined = await DynamicSupervisor.startChild(self, sessions, childSpec(Stock, 1));
  await DynamicSupervisor.startChild(self, sessions, Clock);
  await DynamicSupervisor.startChild(self, "sessions", Clock);
  await DynamicSupervisor.terminateChild(self, Sessions.named("sessions"), pid!);

  const pooled = await dynamicSupervisor({ extraArguments: [{ pool: true }, 7] }).start(kernel);
  await DynamicSupervisor.startChild(self, pooled, {
    id: "session",
    start: (supervisor, { pool }, size) => {
      const types: [Same<typeof pool, boolean>, Same<typeof size, number>] = [true, true];
      void types;
      return supervisor.spawnLink(async () => {});
    },
  });
  await DynamicSupervisor.startChild(self, pooled, childSpec(Stock, 1)); // one that has no use for them

  // @ts-expect-error children of a dynamic supervisor are known by their pids
  await DynamicSupervisor.terminateChild(self, sessions, "Stock");
  // @ts-expect-error there are no extra arguments
  await DynamicSupervisor.startChild(self, sessions, { id: "a", start: (_self, pool: string) => void pool });
  // @ts-expect-error it has no order, so it has one strategy
  dynamicSupervisor({ strategy: "oneForAll" });
  // @ts-expect-error it has no ids
  await Supervisor.terminateChild(self, sessions, "Stock");
}

export async function partitions(): Promise<void> {
  const Stocks = partitionSupervisor((partition) => childSpec(Stock, partition), { partitions: 4 });
  partitionSupervisor(Clock, { partitions: 4, strategy: "oneForAll" });
  const stocks = await Stocks.start(kernel, undefined, { name: "stocks" });
  const price = await kernel.call(PartitionSupervisor.via<ProtocolOf<typeof Stock>>("stocks", ["acme", 7]), "price");
  const isNumber: Same<typeof price, number> = true;
  await PartitionSupervisor.resize(self, stocks, 2);
  const count: number = await PartitionSupervisor.partitions(self, Stocks.named("stocks"));
  void [isNumber, count];

  partitionSupervisor(Clock, {}); // as many as there are schedulers
  // @ts-expect-error a number
  partitionSupervisor((partition) => childSpec(Stock, String(partition)), { partitions: 4 });
  // @ts-expect-error no key
  PartitionSupervisor.via("stocks", {});
  // @ts-expect-error there is no such call
  await kernel.call(PartitionSupervisor.via<ProtocolOf<typeof Stock>>("stocks", 1), "prices");
}

export async function bridges(): Promise<void> {
  const Pool = bridge({
    start: async (size: number, lost) => {
      lost("for good");
      return { size };
    },
    stop: (pool) => void pool.size,
  });
  const pool = await Pool.start(kernel, 4);
  const { size } = Pool.resource(self, pool);
  const isNumber: Same<typeof size, number> = true;
  void [isNumber, childSpec(Pool, 4, { name: Pool.named("pool") }), Pool.resource(kernel, "pool").size];
  const Plain = bridge({ start: () => "here", stop: (here: string) => here });
  supervisor([Plain]);

  // @ts-expect-error Pool takes a size
  supervisor([Pool]);
  // @ts-expect-error a number
  childSpec(Pool, "4");
  // @ts-expect-error not what it opens
  bridge({ start: () => 7, stop: (text: string) => text });
}
