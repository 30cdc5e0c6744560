/**
 * What must compile, and what must not, of agents and tasks. Checked by `tsc` as part of `npm test`; nothing here runs.
 * A line under `@ts-expect-error` that does compile is an error.
 */
import {
  Agent,
  childSpec,
  type ExitReason,
  type Kernel,
  type Pid,
  type Process,
  poolModule,
  supervisor,
  Task,
  type TaskOutcome,
  TaskSupervisor,
} from "../../index.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>): void => {};

export async function tasks(self: Process): Promise<void> {
  // The result is what the function returns, sync or async; the argument is what it takes.
  const number = Task.async(self, () => 1);
  same<typeof number, Task<number>>(true);
  const text = Task.async(self, async (task, id: number) => `${task.pid} ${id}`, 7);
  same<typeof text, Task<string>>(true);
  const inferred = Task.asyncNolink(self, (_task, { id }) => [id], { id: 1n });
  same<typeof inferred, Task<bigint[]>>(true);
  // @ts-expect-error it takes a number
  Task.async(self, (_task, id: number) => id, "7");
  // @ts-expect-error its argument is missing
  Task.async(self, (_task, id: number) => id);
  // @ts-expect-error the owner says who it is
  Task.async(() => 1);
  // @ts-expect-error a task is no promise: await it by Task.await
  const wrong: string = await text;

  same<number, Awaited<ReturnType<typeof Task.await<number>>>>(true);
  const awaited: string = await Task.await(self, text, { timeout: 100 });
  const outcome = await Task.yield(self, number);
  same<typeof outcome, TaskOutcome<number> | undefined>(true);
  switch (outcome?.type) {
    case "ok":
      same<typeof outcome.value, number>(true);
      break;
    case "exit":
      same<typeof outcome.reason, ExitReason>(true);
      // @ts-expect-error an exit has no value
      outcome.value;
  }
  same<Awaited<ReturnType<typeof Task.shutdown<number>>>, TaskOutcome<number> | undefined>(true);
  await Task.shutdown(self, number, "brutalKill");
  // @ts-expect-error no such way to stop
  await Task.shutdown(self, number, "kill");

  // Many at a time keep their types, each in its place; lists do, too.
  const [n, s] = await Task.awaitMany(self, [number, text]);
  same<[typeof n, typeof s], [number, string]>(true);
  const [first, second] = await Task.yieldMany(self, [number, text], { limit: 1, onTimeout: "killTask" });
  same<typeof first, TaskOutcome<number> | undefined>(true);
  same<typeof second, TaskOutcome<string> | undefined>(true);
  const list = await Task.awaitMany(
    self,
    [1, 2].map((i) => Task.async(self, () => i > 1)),
  );
  const each: readonly boolean[] = list;
  // @ts-expect-error a list of tasks, not of promises
  await Task.awaitMany(self, [Promise.resolve(1)]);

  // A message that is the task's reply has its value.
  const message: unknown = await self.receive();
  if (text.isReply(message)) same<typeof message.value, string>(true);

  // Streams: input and result.
  for await (const outcome of Task.asyncStream(self, ["a"], async (_task, name) => name.length, { ordered: false })) {
    if (outcome.type === "ok") same<typeof outcome.value, number>(true);
    else same<typeof outcome.input, string>(true);
  }
  async function* source(): AsyncGenerator<Date> {}
  Task.asyncStream(self, source(), (_task, date) => date.getTime());
  // @ts-expect-error the source has dates
  Task.asyncStream(self, source(), (_task, name: string) => name);

  const supervised = TaskSupervisor.asyncNolink(self, "loads", async (_task, id) => ({ id }), 5);
  same<typeof supervised, Task<{ id: number }>>(true);
  const pid: Pid = TaskSupervisor.startChild(self, "loads", () => {}, { restart: "transient" });
  // @ts-expect-error no such restart
  TaskSupervisor.startChild(self, "loads", () => {}, { restart: "always" });
  const stopped: boolean = await TaskSupervisor.terminateChild(self, "loads", pid);
  void [wrong, awaited, each, stopped];
}

export async function agents(self: Process, kernel: Kernel): Promise<void> {
  // The state is what `init` makes.
  const agent = await Agent.start(kernel, async () => ({ name: "a", n: 1 }));
  const n: number = await Agent.get(self, agent, (state) => state.n);
  const later: string = await Agent.get(self, agent, async (state) => state.name);
  await Agent.update(self, agent, (state) => ({ ...state, n: state.n + 1 }));
  const old: number = await Agent.getAndUpdate(self, agent, (state) => [state.n, { ...state, n: 0 }]);
  Agent.cast(self, agent, (state) => state);
  await Agent.stop(self, agent);
  // @ts-expect-error the state has no "total"
  await Agent.get(self, agent, (state) => state.total);
  // @ts-expect-error an update returns the whole state
  await Agent.update(self, agent, (state) => ({ n: state.n }));
  // @ts-expect-error value and state
  await Agent.getAndUpdate(self, agent, (state) => state.n);
  // @ts-expect-error n is a number
  await Agent.getAndUpdate(self, agent, (state) => [state.n, { ...state, n: "0" }]);
  // @ts-expect-error an agent has no calls
  kernel.call(agent, "get");

  const settings = Agent.named<Map<string, string>>("settings");
  const theme: string | undefined = await Agent.get(self, settings, (map) => map.get("theme"));
  void [n, later, old, theme];
}

supervisor([
  childSpec(Agent, () => new Map<string, string>(), { name: "settings" }),
  childSpec(TaskSupervisor, { maxChildren: 10 }, { name: "loads" }),
  childSpec(Task, () => {}),
]);

// ---- Task.pool: a module's types, given once -----------------------------------------------------------------------

const paths = poolModule<typeof import("node:path")>(new URL("node:path"));

export async function pools(self: Process): Promise<void> {
  const joined = await Task.await(self, Task.pool(self, paths, "join", ["a", "b"], { timeout: 5 }));
  same<typeof joined, string>(true);
  const unknown = await Task.await(self, Task.pool(self, new URL("file:///x.js"), "anything", [1]));
  same<typeof unknown, unknown>(true);
  // @ts-expect-error the arguments are strings
  Task.pool(self, paths, "join", [1]);
  // @ts-expect-error there is no such function
  Task.pool(self, paths, "jion", []);
  // @ts-expect-error it is no function
  Task.pool(self, paths, "sep", []);
  // @ts-expect-error there is no such option
  Task.pool(self, paths, "join", [], { timeOut: 5 });
}
