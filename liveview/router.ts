/**
 * Router: which live view a path shows.
 *
 *   live("/stocks/:symbol", StockLive)      "/stocks/ACME" ─▷ { symbol: "ACME" }
 *
 * The first route that fits wins. A segment is fixed or a `:name`; a trailing slash does not matter.
 */
import { OptionError, shown } from "../kernel/errors.ts";
import type { LiveView, ViewDefinition } from "./live-view.ts";

export interface LiveRoute {
  readonly path: string;
  readonly view: ViewDefinition;
  readonly segments: readonly string[];
}

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
  return { path, view: view.definition, segments };
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
