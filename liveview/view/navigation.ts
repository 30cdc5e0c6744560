/**
 * Navigation: where a view sends its browser, checked.
 *
 *   patch      same view, other params    the URL changes, `params` runs, the process stays
 *   navigate   another view               of the same live session: a join on the open socket, no page load
 *   redirect   anywhere                   a page load
 *
 * `to` is a local path: what a browser would read as another host, or strip characters from, is refused.
 * Source: Phoenix.LiveView push_patch, push_navigate, redirect; V20, N7 and N17 of the feature map.
 */
import { LintelError, shown } from "../../kernel/errors.ts";
import type { Flash } from "./flash.ts";

/** A navigation that cannot be: a URL that is no local path, two at once, a patch to another view, patches without end. */
export class NavigationError extends LintelError {
  override readonly name = "NavigationError";
  readonly code = "ERR_NAVIGATION";
}

export interface HistoryOptions {
  /** Takes the place of the present entry in the browser's history. Default false: a new one. */
  readonly replace?: boolean;
}

/** Another site. */
export interface ExternalTarget {
  /** Absolute, http or https. */
  readonly external: string;
  /** The scheme of `external`, when it is another than http and https, and means no harm: "myapp". */
  readonly scheme?: string;
}

export interface RedirectOptions {
  /** Of the response to a page request: 301, 302 (default), 303, 307 or 308. A connected view has none. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

export type Navigation =
  | { readonly kind: "patch" | "navigate"; readonly to: string; readonly history: "push" | "replace" }
  | { readonly kind: "redirect"; readonly to: string; readonly status: number };

/** What a callback has asked for, and the messages that go along. */
export interface Departure {
  readonly navigation: Navigation;
  /** Put by this very callback. */
  readonly flash: Flash;
}

/** Thrown by `redirect` and `pushNavigate` of a mount: it ends there. */
export class MountRedirect {
  readonly departure: Departure;

  constructor(departure: Departure) {
    this.departure = departure;
  }
}

/** @throws {NavigationError} when it is no local path */
export function moveTo(kind: "patch" | "navigate", to: string, options: HistoryOptions = {}): Navigation {
  const call = kind === "patch" ? "pushPatch" : "pushNavigate";
  return { kind, to: localPath(call, to), history: options.replace === true ? "replace" : "push" };
}

/** @throws {NavigationError} when it is neither a local path nor a URL of another site */
export function redirectTo(target: string | ExternalTarget, { status = 302 }: RedirectOptions = {}): Navigation {
  if (!redirectStatuses.has(status)) {
    throw new NavigationError(`redirect: expected status to be 301, 302, 303, 307 or 308, got ${shown(status)}.`);
  }
  const to = typeof target === "object" && target !== null ? externalUrl(target) : localPath("redirect", target);
  return { kind: "redirect", to, status };
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const maxLength = 8_192;
// biome-ignore lint/suspicious/noControlCharactersInRegex: browsers strip them, and then see another URL
const stripped = /[\u0000-\u001f\u007f]/;
const loneSurrogate = /\p{Surrogate}/u;
const unescaped = /[^\u0021-\u007e]/gu;

/**
 * Is it a path of this site, as a browser reads it? `//host` and `/\host` are other hosts; tabs and line ends vanish, so
 * that what stands after them moves up.
 */
export function isLocalPath(path: unknown): path is string {
  return (
    typeof path === "string" &&
    path.length <= maxLength &&
    path.startsWith("/") &&
    path[1] !== "/" &&
    path[1] !== "\\" &&
    !stripped.test(path) &&
    !loneSurrogate.test(path)
  );
}

function localPath(call: string, to: unknown): string {
  if (isLocalPath(to)) return to.replace(unescaped, encodeURIComponent);
  throw new NavigationError(
    `${call}: expected a path of this site, which begins with one "/" and has no control characters, got ${shown(to)}. For another site: redirect({ external: url }).`,
  );
}

function externalUrl({ external, scheme }: ExternalTarget): string {
  const fail = (): never => {
    const expected = scheme === undefined ? "an absolute URL, http or https" : `an absolute URL of scheme ${scheme}`;
    throw new NavigationError(`redirect: expected external to be ${expected}, got ${shown(external)}.`);
  };
  if (typeof external !== "string" || external.length > maxLength || !URL.canParse(external)) return fail();
  const { protocol, href } = new URL(external);
  if (scheme === undefined ? protocol !== "http:" && protocol !== "https:" : protocol !== `${scheme.toLowerCase()}:`) {
    return fail();
  }
  if (dangerousSchemes.has(protocol)) return fail();
  return href;
}

/** They run code in the page that they are followed from. */
const dangerousSchemes: ReadonlySet<string> = new Set(["javascript:", "data:", "vbscript:"]);
