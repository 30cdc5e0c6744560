/**
 * What a scheduler thread boots: the app's module, the host of its live views, and, on the first thread, the app's
 * children under one supervisor. If that supervisor gives up, its thread ends and is started anew, with a report.
 */

import { ThreadError } from "../kernel/errors.ts";
import { reasonText } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
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
  const root = slot === 1 ? await supervisor(app.children, { name: "Application" }).start(kernel) : undefined;
  if (root !== undefined) {
    kernel.spawn(async function applicationMonitor(self) {
      self.monitor(root);
      const down = await self.receive({ match: (message) => message instanceof DownMessage });
      const { reason } = down as DownMessage;
      if (!stopping) fail(`the application's supervisor ended: ${reasonText(reason)}`);
    });
  }
  await host.start();
  let stopping = false;
  return {
    async stop() {
      stopping = true;
      await host.stop();
      if (root === undefined) return;
      await new Promise<void>((resolve) => {
        kernel.spawn(async function stopApplication(self) {
          self.monitor(root);
          self.exit(root, "shutdown");
          await self.receive({ match: (message) => message instanceof DownMessage });
          resolve();
        });
      });
    },
  };
}

async function loadApp(url: string): Promise<App> {
  const module = (await import(url)) as { default?: unknown };
  if (module.default instanceof App) return module.default;
  throw new ThreadError(`App module ${url}: expected its default export to be made by defineApp(...).`);
}
