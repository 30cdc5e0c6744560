/**
 * Router: which live view a path shows.
 *
 *   live("/stocks/:symbol", StockLive)      "/stocks/ACME" ─▷ { symbol: "ACME" }
 *
 * The first route that fits wins. A segment is fixed or a `:name`; a trailing slash does not matter.
 *
 *   liveSession("admin", [live("/users", Users), live("/logs", Logs)])      from one to the other without a page load,
 *                                                                           from outside into it by one only
 */
import { OptionError, shown } from "../../kernel/errors.ts";
import type { Layout } from "../view/layout.ts";
import type { LiveView, ViewDefinition } from "../view/live-view.ts";

export interface LiveRoute {
  readonly path: string;
  readonly view: ViewDefinition;
  readonly segments: readonly string[];
  /** Views navigate within it. */
  readonly liveSession: LiveSession;
}

/** A group of routes; made by `liveSession`. */
export interface LiveSession {
  readonly name: string;
  /** Undefined: the app's. */
  readonly layout: Layout | undefined;
}

/** Of routes that are in no other. */
const defaultSession: LiveSession = { name: "default", layout: undefined };

/**
 * A route to a live view.
 *
 * @param path begins with "/"; `:name` stands for one segment, and is a param
 * @throws {OptionError} when the path is none, or names a param twice
 */
export function live<Assigns extends object, Events extends string, Info>(
  path: string,
  view: LiveView<Assigns, Events, Info>,
): LiveRoute {
  if (typeof path !== "string" || !path.startsWith("/")) {
    throw new OptionError(`live(): expected a path that begins with "/", got ${shown(path)}.`);
  }
  if (view?.definition === undefined) {
    throw new OptionError(`live(${shown(path)}): expected a view made by liveView(), got ${shown(view)}.`);
  }
  const segments = split(path);
  const names = segments.filter((segment) => segment.startsWith(":"));
  if (new Set(names).size !== names.length || names.includes(":")) {
    throw new OptionError(`live(${shown(path)}): expected each :param to have a name of its own.`);
  }
  return { path, view: view.definition, segments, liveSession: defaultSession };
}

export interface LiveSessionOptions {
  /** The page around its views; default: the app's. */
  readonly layout?: Layout;
}

/**
 * A group of routes between whose views one navigates on the open socket. Whoever comes from outside loads a page, so that
 * what guards the group's pages is asked. Source: Phoenix.LiveView.Router, live_session; N4 of the feature map.
 *
 * @param name unique in the app
 * @throws {OptionError} when the name is none, or "default", or a route is in a live session already
 *
 * @example
 * const Users = liveView({ mount: () => ({ users: 3 }), render: ({ users }) => html`<p>${users} users</p>` });
 * const Home = liveView({ mount: () => ({}), render: () => html`<a href="/admin">Users</a>` });
 *
 * export const routes = [live("/", Home), ...liveSession("admin", [live("/admin", Users)])];
 */
export function liveSession(
  name: string,
  routes: readonly LiveRoute[],
  { layout }: LiveSessionOptions = {},
): LiveRoute[] {
  if (typeof name !== "string" || name === "" || name === defaultSession.name) {
    throw new OptionError(`liveSession: expected a name other than "default", got ${shown(name)}.`);
  }
  if (layout !== undefined && typeof layout !== "function") {
    throw new OptionError(`liveSession(${shown(name)}): expected layout to be a function, got ${shown(layout)}.`);
  }
  const session: LiveSession = { name, layout };
  return routes.map((route) => {
    if (route.liveSession === defaultSession) return { ...route, liveSession: session };
    throw new OptionError(
      `liveSession(${shown(name)}): the route "${route.path}" is in "${route.liveSession.name}" already. Live sessions do not nest.`,
    );
  });
}

export interface Match {
  readonly route: LiveRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** @param path as it came, not decoded */
export function matchRoute(routes: readonly LiveRoute[], path: string): Match | undefined {
  const parts = split(path);
  for (const route of routes) {
    const params = bind(route.segments, parts);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function bind(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = Object.create(null);
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    const part = decoded(parts[i]!);
    if (part === undefined) return undefined;
    if (segment.startsWith(":")) params[segment.slice(1)] = part;
    else if (segment !== part) return undefined;
  }
  return params;
}

function split(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
