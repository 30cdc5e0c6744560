/**
 * defineApp: what an application consists of. Its module is loaded by every scheduler thread and by no other, so that
 * every process can be started anywhere; nothing happens at import.
 */
import { OptionError, shown } from "../kernel/errors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type ChildSpec, checkChildSpecs } from "../supervisor/child-spec.ts";
import { defaultLayout, type Layout } from "./layout.ts";
import type { LiveRoute } from "./router.ts";

export interface AppOptions {
  /** Started in this order, under one supervisor (one for one), before the first page is served; stopped in reverse. */
  readonly children?: readonly ChildSpec[];
  /** Live routes; the first that fits wins. */
  readonly routes: readonly LiveRoute[];
  /** The page around a view; default: an empty HTML page. */
  readonly layout?: Layout;
  /** Before the first child starts, on the children's thread; again when that thread is replaced. A failure is theirs. */
  readonly start?: AppHook;
  /** When all views have been told to stop, before the last child is. A failure is reported, and the stop goes on. */
  readonly prepStop?: AppHook;
  /** When all children have stopped. A failure is reported. */
  readonly stop?: AppHook;
}

/** What an app does at a point of its life; it is waited for. `kernel` is that of the children's thread. */
export type AppHook = (kernel: Kernel) => void | Promise<void>;

/** Made by `defineApp`; the default export of an app module. */
export class App {
  readonly children: readonly ChildSpec[];
  readonly routes: readonly LiveRoute[];
  readonly layout: Layout;
  readonly start: AppHook | undefined;
  readonly prepStop: AppHook | undefined;
  readonly stop: AppHook | undefined;

  /** @internal */
  constructor(options: AppOptions) {
    this.children = options.children ?? [];
    this.routes = options.routes;
    this.layout = options.layout ?? defaultLayout;
    this.start = options.start;
    this.prepStop = options.prepStop;
    this.stop = options.stop;
  }
}

/**
 *   start ─▷ children, in order ─▷ pages are served ─▷ ... ─▷ views stop ─▷ prepStop ─▷ children, in reverse ─▷ stop
 *
 * @throws {ChildSpecError} when a child spec is wrong
 * @throws {OptionError} when a path is routed twice, or a hook is no function
 */
export function defineApp(options: AppOptions): App {
  checkChildSpecs(options.children ?? []);
  for (const hook of ["start", "prepStop", "stop"] as const) {
    const given: unknown = options[hook];
    if (given === undefined || typeof given === "function") continue;
    throw new OptionError(`defineApp: expected ${hook} to be a function, got ${shown(given)}.`);
  }
  const seen = new Set<string>();
  for (const { path } of options.routes) {
    if (seen.has(path))
      throw new OptionError(`defineApp: the path "${path}" is routed twice. Only the first would be found.`);
    seen.add(path);
  }
  return new App(options);
}
