/**
 * What a scheduler thread boots: the app's module, the host of its live views, and, on the first thread, the app's
 * children under one supervisor. If that supervisor gives up, its thread ends and is started anew, with a report.
 */
import { StartError, ThreadError } from "../kernel/errors.ts";
import { crashReason, reasonText } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Pid, processOf } from "../kernel/pid.ts";
import { DownMessage } from "../kernel/system-messages.ts";
import type { Booted } from "../kernel/threads/control.ts";
import { supervisor } from "../supervisor/supervisor.ts";
import { App } from "./app.ts";
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
  const root = slot === 1 ? await startChildren(kernel, app) : undefined;
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
    async stop() {
      stopping = true;
      await host.stop();
      if (root === undefined) return;
      await new Promise<void>((resolve) => {
        kernel.spawn(async function stopApplication(self) {
          self.monitor(root);
          // Not an exit signal: it traps exits, and obeys those of its parent alone, which it has not.
          const process = processOf(root);
          if (process !== undefined) kernel.end(process, "shutdown", false);
          await self.receive({ match: (message) => message instanceof DownMessage });
          resolve();
        });
      });
    },
  };
}

async function startChildren(kernel: Kernel, app: App): Promise<Pid> {
  try {
    return await supervisor(app.children, { name: "Application" }).start(kernel);
  } catch (cause) {
    const why = cause instanceof StartError ? reasonText(cause.reason) : String(cause);
    throw new ThreadError(`The app's children did not start: ${why}`, { cause });
  }
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
