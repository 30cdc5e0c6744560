/**
 * serve: starts a server for an app. Sockets and HTTP on this thread, the app on scheduler threads.
 *
 *   serve(app) ─▷ kernel 0 ─▷ schedulers boot the app ─▷ endpoint ─▷ transport listens
 *   close()    ─▷ transport closes (1012) ─▷ views and children stop, in order ─▷ threads end
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { OptionError, shown, ThreadError } from "../../kernel/errors.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { type Reporter, reportToStderr } from "../../kernel/observe/report.ts";
import { StatsTable } from "../../kernel/observe/stats.ts";
import type { Pid } from "../../kernel/pid.ts";
import { startRuntimePool, type TaskPoolOptions } from "../../kernel/pool/task-pool.ts";
import { realWorld } from "../../kernel/real-world.ts";
import { checkSafeguards, pickSafeguards, refuseSafeguards, type Safeguards } from "../../kernel/threads/safeguards.ts";
import { startVitals } from "../../kernel/threads/vitals.ts";
import { originPolicy } from "../session/origin.ts";
import { SessionCookie } from "../session/session-cookie.ts";
import { TokenSigner } from "../session/token.ts";
import { chooseTransport, type TransportPreference } from "../transport/choose.ts";
import { resolveListenOptions } from "../transport/listen-options.ts";
import type { Listener, ListenOptions } from "../transport/transport.ts";
import type { Variables } from "./config.ts";
import { Endpoint } from "./endpoint.ts";
import { type RootRestarts, type Runtime, runHere, runOnThreads } from "./runtime.ts";
import { RuntimeControl } from "./runtime-control.ts";
import type { BootData } from "./scheduler-boot.ts";
import { endBySignals } from "./signals.ts";
import { StaticFiles } from "./static-files.ts";

export interface ServeOptions
  extends Safeguards,
    Pick<ListenOptions, "maxFrameBytes" | "maxBackpressureBytes" | "maxSockets" | "idleTimeoutMs"> {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Address to bind; default "127.0.0.1". */
  readonly host?: string;
  /** At least 32 bytes that nobody can guess; or a list, of which the first signs and all verify. */
  readonly secret: string | readonly string[];
  /**
   * Scheduler threads; default: one less than the machine has cores, at least 1. 0: everything on this thread, for
   * development: nothing watches over it, so that none of the safeguards can be asked for.
   */
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
  /** Of the worker threads behind `Task.pool`; default: one less than the machine has cores, with a queue of 1,000. */
  readonly pool?: TaskPoolOptions;
  /** Milliseconds for each thread's views and children to stop at `close`, in all; default 60,000. */
  readonly stopTimeoutMs?: number;
  /** Of these, milliseconds for the views of a thread to end; who is late is reported and killed. Default 5,000. */
  readonly viewStopMs?: number;
  /**
   * Milliseconds that a callback of a view may go on after its client has gone; then it is reported ("lingering") and killed.
   * Default 300,000: long enough for whatever is worth to be finished.
   */
  readonly maxLingerMs?: number;
  /**
   * How often the app's supervisor may give up and be booted again; default 5 times in 30 s. Beyond that the server closes
   * by itself, and `onGiveUp` is called.
   */
  readonly rootRestarts?: RootRestarts;
  /** The app gave up for good, and all is closed. Default: the program's exit code becomes 1. */
  readonly onGiveUp?: (why: string) => void;
  /**
   * SIGTERM and SIGINT close the server in order and end the program with 0 (signals.ts). It then also ends, with 1, when
   * the app gives up. Default false: a library leaves signals alone.
   */
  readonly handleSignals?: boolean;
  /** What the app's config is read from; default: this program's environment variables, as they are now. */
  readonly variables?: Variables;
  /** Other processes of this program listen on the port, too (`ListenOptions.sharePort`). Default false. */
  readonly sharePort?: boolean;
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
  /**
   * The process of a scheduler thread, on the main thread's kernel: monitor it, link to it, or send it an exit signal.
   * "shutdown" ends the thread in order, "kill" at once. Undefined when there is no such thread.
   */
  threadPid(thread: number): Pid | undefined;
  /** Ends a scheduler thread, whatever it does. A new one takes its place; its views come back by themselves. */
  killThread(thread: number): Promise<void>;
  /**
   * For development: starts fresh threads from the modules as they are on disk now. What runs stops in order first; the
   * sockets stay open, and the views come back by themselves.
   *
   * @param timeoutMs for what runs to stop; default 5000
   * @throws {ThreadError} when the modules do not load: then all goes on as it was; or when there are no threads
   */
  reload(timeoutMs?: number): Promise<void>;
  /**
   * Reads the app's config anew, on all threads, and tells the app when something has changed (`configChange`).
   *
   * @param variables default: this program's environment variables, as they are now
   * @returns the keys that have changed
   * @throws {ConfigError} when the app does not accept it, or when a key cannot change: nothing has changed then
   * @throws {ThreadError} when none of the app's threads is up
   */
  changeConfig(variables?: Variables): Promise<readonly string[]>;
  /** The supervision tree of each thread, and its views, as text. */
  tree(): Promise<string>;
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
  const { stopTimeoutMs = 60_000, viewStopMs = 5000, maxLingerMs = 300_000 } = options;
  for (const [name, value] of Object.entries({ stopTimeoutMs, viewStopMs, maxLingerMs })) {
    if (typeof value === "number" && value > 0 && value < 2 ** 31) continue;
    throw new OptionError(`serve: expected ${name} to be milliseconds above 0, got ${shown(value)}.`);
  }
  const { rootRestarts = { maxRestarts: 5, maxSeconds: 30 } } = options;
  if (!(rootRestarts.maxRestarts >= 0 && rootRestarts.maxSeconds > 0)) {
    throw new OptionError(
      `serve: expected rootRestarts to be { maxRestarts: 0 or more, maxSeconds: above 0 }, got ${shown(rootRestarts)}.`,
    );
  }
  checkSafeguards("serve", options);
  if (schedulers === 0) refuseSafeguards("serve", options);
  const listenOptions = resolveListenOptions(options); // before anything has started
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
  const variables = { ...(options.variables ?? process.env) };
  const name = Buffer.from(world.randomBytes(9)).toString("base64url");
  const bootData: BootData = {
    app: app.href,
    secrets,
    runtime: name,
    variables,
    viewStopMs,
    maxLingerMs,
    maxFrameBytes: listenOptions.maxFrameBytes,
  };
  let runtime: Runtime | undefined;
  const control = new RuntimeControl(kernel, bootData, () => runtime?.threads ?? []);
  const endpoint = new Endpoint({
    kernel,
    cookie: new SessionCookie({
      signer,
      randomBytes: (size) => world.randomBytes(size),
      systemMs: () => world.systemMs(),
      ...(options.secureCookie === undefined ? {} : { secure: options.secureCookie }),
    }),
    origin,
    scheme: options.secureCookie === true ? "https" : "http",
    files,
    maxChannels: options.maxChannelsPerSocket ?? 100,
    threads: () => runtime?.roomy ?? [],
  });
  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  let reloading: Promise<void> = Promise.resolve();
  let ignoreSignals: (() => void) | undefined;
  const closeAll = async (): Promise<void> => {
    await listener?.close();
    await runtime?.stop(stopTimeoutMs);
    endpoint.stop();
    stopVitals();
    kernel.close();
    ignoreSignals?.();
  };
  const close = (): Promise<void> => (closing ??= closeAll());
  let isUp = false;
  let gaveUp: string | undefined;
  const onGiveUp = (why: string): void => {
    report({ kind: "thread", thread: 0, event: "gaveUp", detail: why });
    gaveUp = why;
    if (!isUp) return; // then `serve` itself fails
    void close().then(() => {
      if (options.onGiveUp !== undefined) options.onGiveUp(why);
      else process.exitCode = 1;
      if (options.handleSignals === true) process.exit(1);
    });
  };
  try {
    const events = {
      onUp: (thread: number) => {
        control.threadUp(thread);
        endpoint.threadUp();
      },
      onDown: (thread: number) => endpoint.threadDown(thread),
      onGiveUp,
      rootRestarts,
    };
    startRuntimePool(kernel, options.pool);
    const started =
      schedulers === 0
        ? await runHere(kernel, bootData, events)
        : await runOnThreads(kernel, bootData, {
            ...events,
            count: schedulers,
            ...pickSafeguards(options),
          });
    runtime = started;
    const transport = await chooseTransport(options.transport ?? "auto", world, {
      onFallback: (reason) =>
        report({ kind: "thread", thread: 0, event: "transport", detail: `ws is used: ${reason}` }),
    });
    listener = await transport.listen(listenOptions, endpoint);
    const { port } = listener;
    if (gaveUp !== undefined) throw new ThreadError(`serve: ${gaveUp}`);
    isUp = true;
    if (options.handleSignals === true) ignoreSignals = endBySignals(close, () => world.monotonicMs());
    const { host } = listenOptions;
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    return {
      port,
      url,
      transport: transport.name,
      kernel,
      get threads() {
        return started.threads;
      },
      threadPid: (thread) => started.pidOf(thread),
      killThread: (thread) => started.kill(thread),
      reload: (timeoutMs = 5000) => {
        reloading = reloading.catch(() => undefined).then(() => started.reload(timeoutMs)); // one after the other
        return reloading;
      },
      changeConfig: (variables = process.env) => control.changeConfig({ ...variables }),
      tree: () => control.tree(`Lintel ${url}  process ${process.pid}, ${transport.name}`),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the app serves, and the browser client. */
async function staticFiles(directory: string | URL | undefined): Promise<readonly StaticFiles[]> {
  const body = await readFile(new URL("../../client/lintel.min.js", import.meta.url));
  const client = new StaticFiles([{ path: "/assets/lintel.js", body }]);
  if (directory === undefined) return [client];
  const path = directory instanceof URL ? fileURLToPath(directory) : directory;
  return [await StaticFiles.fromDirectory(path), client];
}
