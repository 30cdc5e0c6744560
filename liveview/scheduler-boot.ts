/**
 * What a scheduler thread boots: the app's module, the host of its live views, and, on the first thread, the app's
 * children under one supervisor. If that supervisor gives up, its thread ends and is started anew, with a report.
 *
 *   boot  ─▷ app.start ─▷ children, in order ─▷ host, which serves pages
 *   stop  ─▷ views ─▷ app.prepStop ─▷ children, in reverse, each within its own limit ─▷ app.stop
 */
import { StartError, ThreadError } from "../kernel/errors.ts";
import { crashReason, reasonText } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Pid, processOf } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import { DownMessage } from "../kernel/system-messages.ts";
import type { Booted } from "../kernel/threads/control.ts";
import type { Alarm } from "../kernel/world.ts";
import { supervisor } from "../supervisor/supervisor.ts";
import { App, type AppHook } from "./app.ts";
import { Host } from "./host.ts";
import { TokenSigner } from "./token.ts";

export interface BootData {
  /** URL of the app's module. */
  readonly app: string;
  readonly secrets: readonly string[];
}

export async function boot(kernel: Kernel, data: BootData, slot: number, fail: (why: string) => void): Promise<Booted> {
  const app = await loadApp(data.app);
  const signer = new TokenSigner(data.secrets, () => kernel.world.systemMs());
  const host = new Host(kernel, app, signer);
  const children = new Map<string, Pid>();
  const root = slot === 1 ? await startChildren(kernel, app, children) : undefined;
  let stopping = false;
  if (root !== undefined) {
    kernel.spawn(async function applicationMonitor(self) {
      self.monitor(root);
      const down = await self.receive({ match: (message) => message instanceof DownMessage });
      const { reason } = down as DownMessage;
      if (!stopping) fail(`the application's supervisor ended: ${reasonText(reason)}`);
    });
  }
  await host.start();
  return {
    async stop(timeoutMs) {
      stopping = true;
      let at = "views";
      const inOrder = async (): Promise<void> => {
        await host.stop();
        if (root === undefined) return;
        at = "prepStop of the app";
        await runHook(kernel, "prepStop", app.prepStop);
        at = "children";
        await stopChildren(kernel, root);
        at = "stop of the app";
        await runHook(kernel, "stop", app.stop);
      };
      await inTime(kernel, timeoutMs, inOrder(), () => {
        const late = [...children].filter(([, pid]) => processOf(pid) !== undefined);
        const names = late.map(([id, pid]) => `child "${id}" ${pid}`).join(", ");
        const detail = `not stopped within ${timeoutMs} ms: ${at === "children" ? names : at}`;
        kernel.report({ kind: "thread", thread: kernel.thread, event: "stopTimeout", detail });
      });
    },
  };
}

/** @param pids filled with the children that are up, by their ids */
async function startChildren(kernel: Kernel, app: App, pids: Map<string, Pid>): Promise<Pid> {
  const children = app.children.map((spec) => ({
    ...spec,
    start: async (parent: Process): Promise<Pid | undefined> => {
      const pid = await spec.start(parent);
      if (pid === undefined) pids.delete(spec.id);
      else pids.set(spec.id, pid);
      return pid;
    },
  }));
  try {
    await app.start?.(kernel);
  } catch (cause) {
    throw new ThreadError(`The app's start failed: ${reasonText(crashReason(cause))}`, { cause });
  }
  try {
    return await supervisor(children, { name: "Application" }).start(kernel);
  } catch (cause) {
    const why = cause instanceof StartError ? reasonText(cause.reason) : String(cause);
    throw new ThreadError(`The app's children did not start: ${why}`, { cause });
  }
}

function stopChildren(kernel: Kernel, root: Pid): Promise<void> {
  return new Promise((resolve) => {
    kernel.spawn(async function stopApplication(self) {
      self.monitor(root);
      // Not an exit signal: it traps exits, and obeys those of its parent alone, which it has not.
      const process = processOf(root);
      if (process !== undefined) kernel.end(process, "shutdown", false);
      await self.receive({ match: (message) => message instanceof DownMessage });
      resolve();
    });
  });
}

async function runHook(kernel: Kernel, name: string, hook: AppHook | undefined): Promise<void> {
  try {
    await hook?.(kernel);
  } catch (thrown) {
    kernel.report({ kind: "error", where: `${name} of the app`, reason: crashReason(thrown) });
  }
}

/** Waits for work, but not for ever. */
async function inTime(kernel: Kernel, timeoutMs: number, work: Promise<void>, onLate: () => void): Promise<void> {
  let alarm: Alarm | undefined;
  const over = new Promise<void>((resolve) => {
    alarm = kernel.world.alarm(timeoutMs, () => {
      onLate();
      resolve();
    });
  });
  await Promise.race([work, over]);
  alarm?.cancel();
}

async function loadApp(url: string): Promise<App> {
  let module: { default?: unknown };
  try {
    module = (await import(url)) as { default?: unknown };
  } catch (cause) {
    throw new ThreadError(`App module ${url} cannot be loaded: ${reasonText(crashReason(cause))}`, { cause });
  }
  if (module.default instanceof App) return module.default;
  throw new ThreadError(`App module ${url}: expected its default export to be made by defineApp(...).`);
}
