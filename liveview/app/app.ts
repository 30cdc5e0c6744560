/**
 * defineApp: what an application consists of. Its module is loaded by every scheduler thread and by no other, so that
 * every process can be started anywhere; nothing happens at import. Its life: application.ts.
 */
import { OptionError, shown } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { ChildEntry } from "../../supervisor/child-spec.ts";
import { type SupervisorDefinition, type SupervisorOptions, supervisor } from "../../supervisor/supervisor.ts";
import { defaultLayout, type Layout } from "../view/layout.ts";
import { Config, type ConfigChange } from "./config.ts";
import type { LiveRoute, LiveSession } from "./router.ts";

/** What the end of an app's supervisor means; OTP's words for applications. */
export type AppRestart = "permanent" | "transient" | "temporary";

export interface AppOptions<Values extends object = object>
  extends Pick<SupervisorOptions, "strategy" | "maxRestarts" | "maxSeconds" | "autoShutdown"> {
  /** Of its supervisor, in the tree and in reports. Default "Application". */
  readonly name?: string;
  /** What it is told from outside: checked before anything starts, on every thread. */
  readonly config?: Config<Values>;
  /** Apps that it needs: each is started before it, once, and stopped after it. Their routes are not served. */
  readonly applications?: readonly App[];
  /** Started in this order, under one supervisor, before the first page is served; stopped in reverse. Default: none. */
  readonly children?: readonly ChildEntry[];
  /** Live routes; the first that fits wins. */
  readonly routes: readonly LiveRoute[];
  /** The page around a view; default: an empty HTML page. */
  readonly layout?: Layout;
  /**
   * What happens when its supervisor has ended. permanent (default): everything is started anew, and too often ends the
   * program. transient: that only when it gave up; its end by `autoShutdown` is reported. temporary: it is reported.
   */
  readonly restart?: AppRestart;
  /** Before the first child starts, on the children's thread; again when that thread is replaced. A failure is theirs. */
  readonly start?: AppHook;
  /** The config has changed, on all threads. On the children's thread; a failure is reported. */
  readonly configChange?: (kernel: Kernel, change: ConfigChange<NoInfer<Values>>) => void | Promise<void>;
  /** When all views have been stopped, before the last child is. A failure is reported, and the stop goes on. */
  readonly prepStop?: AppHook;
  /** When all children have stopped. A failure is reported. */
  readonly stop?: AppHook;
}

/** What an app does at a point of its life; it is waited for. `kernel` is that of the children's thread. */
export type AppHook = (kernel: Kernel) => void | Promise<void>;

/** Made by `defineApp`; the default export of an app module. */
export class App {
  readonly name: string;
  readonly config: Config | undefined;
  readonly applications: readonly App[];
  /** Its children, under one supervisor. */
  readonly children: SupervisorDefinition;
  readonly routes: readonly LiveRoute[];
  readonly layout: Layout;
  readonly restart: AppRestart;
  readonly start: AppHook | undefined;
  readonly configChange: ((kernel: Kernel, change: ConfigChange) => void | Promise<void>) | undefined;
  readonly prepStop: AppHook | undefined;
  readonly stop: AppHook | undefined;

  /** @internal @throws as `defineApp` */
  constructor(options: AppOptions) {
    const { name = "Application", children = [], strategy, maxRestarts, maxSeconds, autoShutdown } = options;
    this.name = name;
    this.config = options.config;
    this.applications = options.applications ?? [];
    this.children = supervisor(children, {
      name,
      ...(strategy === undefined ? {} : { strategy }),
      ...(maxRestarts === undefined ? {} : { maxRestarts }),
      ...(maxSeconds === undefined ? {} : { maxSeconds }),
      ...(autoShutdown === undefined ? {} : { autoShutdown }),
    });
    this.routes = options.routes;
    this.layout = options.layout ?? defaultLayout;
    this.restart = options.restart ?? "permanent";
    this.start = options.start;
    this.configChange = options.configChange;
    this.prepStop = options.prepStop;
    this.stop = options.stop;
  }
}

/**
 *   config is checked ─▷ applications ─▷ start ─▷ children, in order ─▷ pages are served ─▷ ...
 *   ... ─▷ views stop ─▷ prepStop ─▷ children, in reverse ─▷ stop ─▷ applications, in reverse
 *
 * @throws {ChildSpecError} when a child spec is wrong
 * @throws {OptionError} when a path is routed twice, a hook is no function, or another option makes no sense
 */
export function defineApp<Values extends object = object>(options: AppOptions<Values>): App {
  const expected = (option: string, what: string): never => {
    const got: unknown = options[option as keyof typeof options];
    throw new OptionError(`defineApp: expected ${option} to be ${what}, got ${shown(got)}.`);
  };
  for (const hook of ["start", "configChange", "prepStop", "stop"] as const) {
    if (options[hook] !== undefined && typeof options[hook] !== "function") expected(hook, "a function");
  }
  const { name, config, applications = [], restart = "permanent" } = options;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    expected("name", "a string with at least one character");
  }
  if (config !== undefined && !(config instanceof Config)) expected("config", "made by defineConfig(...)");
  if (!Array.isArray(applications) || !applications.every((app) => app instanceof App)) {
    expected("applications", "a list of apps, each made by defineApp(...)");
  }
  if (!["permanent", "transient", "temporary"].includes(restart)) {
    expected("restart", '"permanent", "transient" or "temporary"');
  }
  const seen = new Set<string>();
  const sessions = new Map<string, LiveSession>();
  for (const { path, liveSession } of options.routes) {
    if ((sessions.get(liveSession.name) ?? liveSession) !== liveSession) {
      throw new OptionError(
        `defineApp: expected one live session of the name "${liveSession.name}", got two. Put all its routes into one.`,
      );
    }
    sessions.set(liveSession.name, liveSession);
    if (seen.has(path))
      throw new OptionError(`defineApp: the path "${path}" is routed twice. Only the first would be found.`);
    seen.add(path);
  }
  return new App(options as unknown as AppOptions);
}
