/** LiveUrl: a URL of the app's, and what it says: which route, with what params. */

import { type LiveRoute, matchRoute } from "../app/router.ts";
import { decodeParams, mergeParams, type Params, ParamsError } from "./params.ts";

export interface LiveUrl {
  readonly route: LiveRoute;
  /** Path params win over the query's. */
  readonly params: Params;
  /** All of it: "http://host/path?query", or https. */
  readonly uri: string;
}

/**
 * @param url absolute; or a path, with a base
 * @param options.origin that the URL is known to be of, whatever it says itself
 * @returns undefined when it is no URL of http or https, one of no route, or one whose query is beyond limits
 */
export function liveUrl(
  routes: readonly LiveRoute[],
  url: unknown,
  { base, origin }: { readonly base?: string | undefined; readonly origin?: string | undefined } = {},
): LiveUrl | undefined {
  if (typeof url !== "string" || url.length > maxLength || !URL.canParse(url, base)) return undefined;
  const { protocol, pathname, search, hash, origin: own } = new URL(url, base);
  if (protocol !== "http:" && protocol !== "https:") return undefined; // such as javascript:/path, which has a path, too
  const match = matchRoute(routes, pathname);
  if (match === undefined) return undefined;
  const uri = `${origin ?? own}${pathname}${search}${hash}`;
  try {
    return { route: match.route, params: mergeParams(decodeParams(search.slice(1)), match.params), uri };
  } catch (error) {
    if (error instanceof ParamsError) return undefined;
    throw error;
  }
}

/** Do both show the same view, in the same live session? Then one patches to the other. */
export function isPatchable(from: LiveRoute, to: LiveRoute): boolean {
  return from.view === to.view && from.liveSession.name === to.liveSession.name;
}

const maxLength = 16_384;
