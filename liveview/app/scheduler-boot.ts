/**
 * What a scheduler thread boots: the app's module, its config, the host of its live views, and, on the first thread, the
 * app's children, with those of the apps that it depends on (application.ts).
 *
 *   load  ─▷ the app's module is loaded, its config checked: processes can be started here
 *   boot  ─▷ applications ─▷ host, which serves pages ─▷ agent
 *   stop  ─▷ views ─▷ applications, in reverse: prepStop, children in reverse within their own limits, stop
 */
import { ThreadError } from "../../kernel/errors.ts";
import { crashReason, reasonText } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Booted } from "../../kernel/threads/control.ts";
import type { Alarm } from "../../kernel/world.ts";
import { TokenSigner } from "../session/token.ts";
import { Host } from "../view/host.ts";
import { App } from "./app.ts";
import { Application, startOrder } from "./application.ts";
import { ConfigError, type Variables } from "./config.ts";
import { startAgent, takeConfigs } from "./runtime-agent.ts";

export interface BootData {
  /** URL of the app's module. */
  readonly app: string;
  readonly secrets: readonly string[];
  /** A name of this run: no other server has it, nor this one after a restart. */
  readonly runtime: string;
  /** What its config is read from. Those of a later boot, when it has changed. */
  variables: Variables;
  /** Milliseconds for its views to end. */
  readonly viewStopMs: number;
  /** Milliseconds that a view's callback may go on after its client has gone. */
  readonly maxLingerMs: number;
  /** Bytes of a frame of a client's; larger ones never come here. */
  readonly maxFrameBytes: number;
}

/** The app's module and its config: what processes are made of, those too that other threads start here. */
export async function load(kernel: Kernel, data: BootData): Promise<void> {
  await loadConfigs(kernel, configsOf(await loadApp(data.app)), data.variables);
}

/** After `load`. */
export async function boot(kernel: Kernel, data: BootData, slot: number, fail: (why: string) => void): Promise<Booted> {
  const app = await loadApp(data.app);
  const configs = configsOf(app);
  const signer = new TokenSigner(data.secrets, () => kernel.world.systemMs());
  const host = new Host(kernel, app, signer, data);
  const application = slot === 1 ? await Application.start(kernel, app, fail) : undefined;
  await host.start();
  await startAgent(kernel, { host, application, configs });
  return {
    async stop(timeoutMs) {
      let viewsStopped = false;
      const inOrder = async (): Promise<void> => {
        application?.beginStop();
        await host.stop(data.viewStopMs);
        viewsStopped = true;
        await application?.stop();
      };
      await inTime(kernel, timeoutMs, inOrder(), () => {
        const late = viewsStopped ? application?.waitsFor() : host.viewsLeft();
        const detail = `not stopped within ${timeoutMs} ms: ${late}`;
        kernel.report({ kind: "thread", thread: kernel.thread, event: "stopTimeout", detail });
      });
    },
  };
}

function configsOf(app: App): Parameters<typeof takeConfigs>[1] {
  return [...new Set(startOrder(app).flatMap(({ config }) => config ?? []))];
}

async function loadConfigs(
  kernel: Kernel,
  configs: Parameters<typeof takeConfigs>[1],
  variables: Variables,
): Promise<void> {
  try {
    await takeConfigs(kernel, configs, variables);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ThreadError(`The app cannot start with this config. ${cause.message}`, { cause });
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
