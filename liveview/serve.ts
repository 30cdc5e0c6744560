/**
 * serve: starts a server for an app. Sockets and HTTP on this thread, the app on scheduler threads.
 *
 *   serve(app) ─▷ kernel 0 ─▷ schedulers boot the app ─▷ endpoint ─▷ transport listens
 *   close()    ─▷ transport closes (1012) ─▷ views and children stop, in order ─▷ threads end
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { OptionError, shown } from "../kernel/errors.ts";
import { Kernel } from "../kernel/kernel.ts";
import { realWorld } from "../kernel/real-world.ts";
import { type Reporter, reportToStderr } from "../kernel/report.ts";
import { StatsTable } from "../kernel/stats.ts";
import { startVitals } from "../kernel/threads/vitals.ts";
import { Endpoint } from "./endpoint.ts";
import { originPolicy } from "./origin.ts";
import { type Runtime, runHere, runOnThreads } from "./runtime.ts";
import type { BootData } from "./scheduler-boot.ts";
import { SessionCookie } from "./session-cookie.ts";
import { StaticFiles } from "./static-files.ts";
import { TokenSigner } from "./token.ts";
import { chooseTransport, type TransportPreference } from "./transport/choose.ts";
import type { Listener } from "./transport/transport.ts";

export interface ServeOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Address to bind; default "127.0.0.1". */
  readonly host?: string;
  /** At least 32 bytes that nobody can guess; or a list, of which the first signs and all verify. */
  readonly secret: string | readonly string[];
  /** Scheduler threads; default: one less than the machine has cores, at least 1. 0: everything on this thread. */
  readonly schedulers?: number;
  /** Default "auto": uWebSockets.js where it loads, else ws. */
  readonly transport?: TransportPreference;
  /** Origins that may open the websocket; default: the page's own. See origin.ts for the forms. */
  readonly allowOrigins?: readonly string[];
  /** Accepts websockets without an Origin, from programs that are no browsers. Default false. */
  readonly allowMissingOrigin?: boolean;
  /** A directory whose files are served at `/`, read once at start. */
  readonly staticDirectory?: string | URL;
  /** Sends the session cookie over https alone. Default false; true for every site that has https. */
  readonly secureCookie?: boolean;
  /** Views that one socket may join; default 100. */
  readonly maxChannelsPerSocket?: number;
  /** Milliseconds for which a thread's event loop may stand still before the thread is replaced; default 1,000. */
  readonly stuckMs?: number;
  /** Where reports go; default standard error. */
  readonly report?: Reporter;
}

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
  readonly transport: "uws" | "ws";
  /** This thread's kernel: send, call and broadcast to the app's processes from here. It hosts none of them. */
  readonly kernel: Kernel;
  /** Numbers of the scheduler threads that are up. */
  readonly threads: readonly number[];
  /** Ends a scheduler thread, whatever it does. A new one takes its place; its views come back by themselves. */
  killThread(thread: number): Promise<void>;
  /** Stops in order: sockets (close code 1012), views, children, threads. Repeating it waits for the first. */
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param app URL of a module whose default export was made by `defineApp`; the scheduler threads load it
 * @throws {OptionError} for an option that makes no sense
 * @throws {SecretError} for a secret that is too short
 * @throws {ThreadError} when the app's module cannot be loaded, or one of its children does not start
 * @throws {ListenError} when the port cannot be bound
 */
export async function serve(app: URL, options: ServeOptions): Promise<Server> {
  const schedulers = options.schedulers ?? Math.max(1, availableParallelism() - 1);
  if (!Number.isInteger(schedulers) || schedulers < 0 || schedulers > 1024) {
    throw new OptionError(`serve: expected schedulers to be an integer from 0 to 1024, got ${shown(schedulers)}.`);
  }
  const world = realWorld;
  const report = options.report ?? reportToStderr;
  const secrets = typeof options.secret === "string" ? [options.secret] : options.secret;
  const signer = new TokenSigner(secrets, () => world.systemMs());
  const origin = originPolicy({
    ...(options.allowOrigins === undefined ? {} : { allow: options.allowOrigins }),
    allowMissing: options.allowMissingOrigin === true,
  });
  const files = await staticFiles(options.staticDirectory);
  const kernel = new Kernel({ world, report, statsTable: new StatsTable(Math.max(schedulers, 1) + 1) });
  const stopVitals = startVitals(world, kernel.stats);
  const bootData: BootData = { app: app.href, secrets };
  let runtime: Runtime | undefined;
  const endpoint = new Endpoint({
    kernel,
    cookie: new SessionCookie({
      signer,
      randomBytes: (size) => world.randomBytes(size),
      systemMs: () => world.systemMs(),
      ...(options.secureCookie === undefined ? {} : { secure: options.secureCookie }),
    }),
    origin,
    files,
    maxChannels: options.maxChannelsPerSocket ?? 100,
    threads: () => runtime?.threads ?? [],
  });
  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await listener?.close();
    await runtime?.stop();
    endpoint.stop();
    stopVitals();
    kernel.close();
  };
  try {
    const events = {
      onUp: () => endpoint.threadUp(),
      onDown: (thread: number) => endpoint.threadDown(thread),
    };
    const { stuckMs } = options;
    const started =
      schedulers === 0
        ? await runHere(kernel, bootData, events)
        : await runOnThreads(kernel, bootData, {
            ...events,
            count: schedulers,
            ...(stuckMs === undefined ? {} : { stuckMs }),
          });
    runtime = started;
    const transport = await chooseTransport(options.transport ?? "auto", world, {
      onFallback: (reason) =>
        report({ kind: "thread", thread: 0, event: "transport", detail: `ws is used: ${reason}` }),
    });
    const host = options.host ?? "127.0.0.1";
    listener = await transport.listen({ host, port: options.port }, endpoint);
    const { port } = listener;
    return {
      port,
      url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
      transport: transport.name,
      kernel,
      get threads() {
        return started.threads;
      },
      killThread: (thread) => started.kill(thread),
      close: () => (closing ??= close()),
      [Symbol.asyncDispose]: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the app serves, and the browser client. */
async function staticFiles(directory: string | URL | undefined): Promise<readonly StaticFiles[]> {
  const body = await readFile(new URL("../client/lintel.min.js", import.meta.url));
  const client = new StaticFiles([{ path: "/assets/lintel.js", body }]);
  if (directory === undefined) return [client];
  const path = directory instanceof URL ? fileURLToPath(directory) : directory;
  return [await StaticFiles.fromDirectory(path), client];
}
