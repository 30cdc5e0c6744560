/** The command line of `lintel`. That of `lintel start` is read by the parent process, and by each runtime process. */
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ParseArgsConfig, parseArgs } from "node:util";

export const usage = `Usage: lintel start APP [options]
       lintel dev APP [options]
       lintel tree [options]
       lintel help

lintel start              runs an app in processes of its own, and keeps them up
  APP                     the app's module; its default export is made by defineApp(...)

  --processes N           runtime processes that share the port; default 1
  --schedulers N          scheduler threads of each process; default: one less than there are cores, at least 1
  --host ADDRESS          address to bind; default 127.0.0.1
  --port N                default 4000
  --transport uws|ws      default: uws where it loads, else ws
  --secret-env NAME       environment variable that holds the secret, of at least 32 bytes; default LINTEL_SECRET
  --static DIRECTORY      its files are served at /
  --allow-origin ORIGIN   may open the websocket; may be given again. Default: the page's own origin alone
  --secure-cookie         the session cookie travels by https alone
  --env-file FILE         variables for the app's config, beside those of the environment, which win; read anew at SIGHUP
  --stop-timeout MS       for the app to stop in order; default 60000
  --hang-timeout MS       a process whose main thread stands still for so long is replaced; default 10000, 0: never
  --max-restarts N        gives up, with 1, after more than so many within 10 minutes; default 20 for each process
  --control PATH          the socket for lintel tree; default: named after the port; none: not opened

lintel dev                as start, in one process, and with fresh code whenever a file beside the app's module changes:
                          sockets stay open, views are mounted anew, and what does not load leaves all as it was
  --watch DIRECTORY       watched in place of the app's own; may be given again

lintel tree               shows what an app that runs consists of: supervisors, children, views, on all threads
  --port N                the app's; default 4000
  --control PATH          the socket, if lintel start was given one

lintel help               shows this`;

export interface StartOptions {
  readonly app: URL;
  readonly processes: number;
  readonly schedulers: number | undefined;
  readonly host: string;
  readonly port: number;
  readonly transport: "auto" | "uws" | "ws";
  readonly secret: string;
  readonly staticDirectory: string | undefined;
  readonly allowOrigins: readonly string[] | undefined;
  readonly secureCookie: boolean;
  readonly stopTimeoutMs: number;
  /** Directories whose changes bring fresh code; empty: none do. */
  readonly watch: readonly string[];
  readonly envFile: string | undefined;
  /** 0: never. */
  readonly hangTimeoutMs: number;
  /** Of all processes together, within ten minutes. */
  readonly maxRestarts: number;
  /** Path of the control socket; undefined: named after the port; "none": there is none. */
  readonly control: string | undefined;
}

/** What `lintel tree` asks. */
export interface TreeOptions {
  readonly port: number;
  readonly control: string | undefined;
}

/** The command line makes no sense. The message has no full stop, and no secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * @param args what follows `start`
 * @throws {UsageError} naming the first option that makes no sense
 */
export function parseStart(args: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  const { values, positionals } = parsed(args, startOptions);
  const [app, ...others] = positionals;
  if (app === undefined || others.length > 0) {
    throw new UsageError(`expected one app module, got ${positionals.length === 0 ? "none" : positionals.join(" ")}`);
  }
  const secretName = values["secret-env"] ?? "LINTEL_SECRET";
  const secret = env[secretName];
  if (secret === undefined || secret === "") {
    throw new UsageError(`expected a secret of at least 32 bytes in the environment variable ${secretName}, got none`);
  }
  const processes = integer("processes", values.processes ?? "1", 1, 256);
  return {
    app: pathToFileURL(resolve(app)),
    processes,
    schedulers: values.schedulers === undefined ? undefined : integer("schedulers", values.schedulers, 0, 1024),
    host: values.host ?? "127.0.0.1",
    port: integer("port", values.port ?? "4000", 1, 65_535),
    transport: transportFor(processes, values.transport ?? "auto"),
    secret,
    staticDirectory: values.static,
    allowOrigins: values["allow-origin"],
    secureCookie: values["secure-cookie"] === true,
    stopTimeoutMs: integer("stop-timeout", values["stop-timeout"] ?? "60000", 1, 86_400_000),
    watch: values.watch ?? [],
    envFile: values["env-file"],
    hangTimeoutMs: integer("hang-timeout", values["hang-timeout"] ?? "10000", 0, 86_400_000),
    maxRestarts: integer("max-restarts", values["max-restarts"] ?? String(20 * processes), 0, 1_000_000),
    control: values.control,
  };
}

/**
 * What `lintel dev` is, in terms of `start`.
 *
 * @param args what follows `dev`
 * @throws {UsageError} naming the first option that makes no sense
 */
export function startArgsOfDev(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const { processes, schedulers, watch, app } = parseStart(args, env);
  if (processes > 1) throw new UsageError(`expected --processes to be 1 with dev, got "${processes}"`);
  if (schedulers === 0) throw new UsageError('expected --schedulers to be at least 1 with dev, got "0"');
  return watch.length > 0 ? [...args] : [...args, "--watch", dirname(fileURLToPath(app))];
}

/**
 * @param args what follows `tree`
 * @throws {UsageError} naming the first option that makes no sense
 */
export function parseTree(args: readonly string[]): TreeOptions {
  const { values, positionals } = parsed(args, { port: { type: "string" }, control: { type: "string" } });
  if (positionals.length > 0) throw new UsageError(`expected options alone, got ${positionals.join(" ")}`);
  return { port: integer("port", values.port ?? "4000", 1, 65_535), control: values.control };
}

const startOptions = {
  processes: { type: "string" },
  schedulers: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  transport: { type: "string" },
  "secret-env": { type: "string" },
  static: { type: "string" },
  "allow-origin": { type: "string", multiple: true },
  "secure-cookie": { type: "boolean" },
  "env-file": { type: "string" },
  watch: { type: "string", multiple: true },
  "stop-timeout": { type: "string" },
  "hang-timeout": { type: "string" },
  "max-restarts": { type: "string" },
  control: { type: "string" },
} as const;

function parsed<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\.$/, ""));
  }
}

/** Several processes share a port by the native code's SO_REUSEPORT, which spreads connections on Linux alone. */
function transportFor(processes: number, transport: string): "auto" | "uws" | "ws" {
  if (transport !== "auto" && transport !== "uws" && transport !== "ws") {
    throw new UsageError(`expected --transport to be uws or ws, got "${transport}"`);
  }
  if (processes === 1 || process.platform === "linux" || transport === "ws") return transport;
  if (transport === "auto") return "ws";
  throw new UsageError("expected --transport ws: with uws, several processes can share a port on Linux only");
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`expected --${name} to be an integer from ${min} to ${max}, got "${text}"`);
}
