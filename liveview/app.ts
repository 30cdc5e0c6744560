/**
 * defineApp: what an application consists of. Its module is loaded by every scheduler thread and by no other, so that
 * every process can be started anywhere; nothing happens at import.
 */
import { OptionError } from "../kernel/errors.ts";
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
}

/** Made by `defineApp`; the default export of an app module. */
export class App {
  readonly children: readonly ChildSpec[];
  readonly routes: readonly LiveRoute[];
  readonly layout: Layout;

  /** @internal */
  constructor(options: AppOptions) {
    this.children = options.children ?? [];
    this.routes = options.routes;
    this.layout = options.layout ?? defaultLayout;
  }
}

/**
 * @throws {ChildSpecError} when a child spec is wrong
 * @throws {OptionError} when a path is routed twice
 */
export function defineApp(options: AppOptions): App {
  checkChildSpecs(options.children ?? []);
  const seen = new Set<string>();
  for (const { path } of options.routes) {
    if (seen.has(path))
      throw new OptionError(`defineApp: the path "${path}" is routed twice. Only the first would be found.`);
    seen.add(path);
  }
  return new App(options);
}
