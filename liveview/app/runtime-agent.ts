/**
 * RuntimeAgent: a process on each thread of the app, through which the main thread asks it and tells it things.
 *
 *   tree          ─▷ what runs there, as text
 *   checkConfig   ─▷ would this be a config? Nothing changes; the answer is what is wrong, when something is
 *   takeConfig    ─▷ what was checked last counts from now on; the answer is which keys have changed
 *   configChanged ─▷ the apps of this thread are told of what was taken last
 *
 * It hears the next question while it still works on one.
 */
import type { From } from "../../kernel/calls.ts";
import { crashReason, reasonText } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Name } from "../../kernel/pid.ts";
import type { ProtocolOf } from "../../kernel/protocol.ts";
import { type CallContext, genServer } from "../../kernel/server/gen-server.ts";
import { noreply, type Outcome } from "../../kernel/server/outcome.ts";
import type { Host } from "../view/host.ts";
import type { Application } from "./application.ts";
import { type Config, type ConfigChange, ConfigError, type Variables } from "./config.ts";
import { nested } from "./nested-text.ts";

/** What runs on its thread. */
interface Here {
  readonly kernel: Kernel;
  readonly host: Host;
  /** On the first thread. */
  readonly application: Application | undefined;
  /** Of all apps. */
  readonly configs: readonly Config[];
  /** What was checked last. */
  checked: ReadonlyMap<Config, object>;
  /** What was taken last. */
  changes: ReadonlyMap<Config, ConfigChange>;
}

/** Checks the configs of a thread that boots, and takes them. @throws {ConfigError} */
export async function takeConfigs(kernel: Kernel, configs: readonly Config[], variables: Variables): Promise<void> {
  const read = await readConfigs(kernel, configs, variables);
  for (const [config, values] of read) config.take(kernel, values);
}

async function readConfigs(
  kernel: Kernel,
  configs: readonly Config[],
  variables: Variables,
): Promise<ReadonlyMap<Config, object>> {
  const read = new Map<Config, object>();
  for (const config of configs) read.set(config, await config.read(kernel, variables));
  return read;
}

const agent = genServer({
  name: "RuntimeAgent",
  init: (here: Here) => here,
  calls: {
    tree: (here, _none: undefined, context) => later(here, context, () => treeOf(here)),
    checkConfig: (here, variables: Variables, context) => later(here, context, () => checkConfig(here, variables)),
    takeConfig: (here, _none: undefined, context) => later(here, context, async () => takeChecked(here)),
    configChanged: (here, _none: undefined, context) =>
      later(here, context, async () => {
        await here.application?.configChanged(here.changes);
        return undefined;
      }),
  },
});

/** Starts the agent of a thread. */
export async function startAgent(kernel: Kernel, here: Omit<Here, "kernel" | "checked" | "changes">): Promise<void> {
  const state = { ...here, kernel, checked: new Map(), changes: new Map() };
  await agent.start(kernel, state, { name: agentOf(kernel.thread) });
}

/** The agent of a thread. */
export function agentOf(thread: number): Name<ProtocolOf<typeof agent>> {
  return agent.named(`lintel.runtime.${thread}`);
}

/** Answers a call when the work is done. What the work throws ends the agent, and its thread is none the worse. */
function later<Value>(here: Here, { self, from }: CallContext, work: () => Promise<Value>): Outcome<Here, Value> {
  const answer = (to: From, value: Value): void => self.kernel.reply(to, value);
  work().then(
    (value) => answer(from, value),
    (thrown: unknown) => self.kernel.report({ kind: "error", where: "RuntimeAgent", reason: crashReason(thrown) }),
  );
  return noreply(here) as Outcome<Here, Value>;
}

async function treeOf({ kernel, host, application }: Here): Promise<string> {
  const trees = (await application?.tree()) ?? [];
  return nested(`thread ${kernel.thread}`, [...trees, host.tree()]);
}

async function checkConfig(here: Here, variables: Variables): Promise<string | undefined> {
  try {
    here.checked = await readConfigs(here.kernel, here.configs, variables);
    return undefined;
  } catch (thrown) {
    return thrown instanceof ConfigError ? thrown.message : `Config: ${reasonText(crashReason(thrown))}`;
  }
}

function takeChecked(here: Here): readonly string[] {
  const changes = new Map<Config, ConfigChange>();
  for (const [config, values] of here.checked) {
    const change = config.take(here.kernel, values);
    if (change !== undefined) changes.set(config, change);
  }
  here.checked = new Map();
  here.changes = changes;
  return [...changes.values()].flatMap(({ changed }) => changed as readonly string[]);
}
