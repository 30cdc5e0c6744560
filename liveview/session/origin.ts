/**
 * Origin: may a page of that origin open a socket here?
 *
 * Browsers let every page open a websocket to every server, with the server's cookies, and say in `origin` whose page it
 * is. So the server has to look (cross-site websocket hijacking); this is where it does.
 *
 *   rule in the allow-list           page's origin must have
 *   "https://example.test"           this scheme, this host, the scheme's port (443)
 *   "https://example.test:4443"      this scheme, host and port
 *   "//example.test"                 this host; any scheme, any port
 *   "//example.test:4443"            this host and port; any scheme
 *   "//*.example.test"               a host below example.test, at any depth, but not example.test itself
 *
 * The default is "same-origin": host and port as in the request's own `host` header. It does not compare the scheme,
 * which a server behind a TLS proxy does not know, and does not withstand DNS rebinding, where both headers carry the
 * attacker's name: a server that is reached by known names should list them.
 *
 * An origin is read by a grammar as narrow as what browsers write, and not by `URL`, which forgives too much: user info,
 * backslashes, tabs, other spellings of addresses. Pure; linear in the origin, of which at most 300 characters are read.
 * Source: RFC 6454; Phoenix, `check_origin`, for the form of the rules.
 */
import { OptionError } from "../../kernel/errors.ts";

export interface OriginOptions {
  /** "same-origin" (default), or rules as above. An empty list allows none. */
  readonly allow?: "same-origin" | readonly string[];
  /** Accept requests without an `origin`: clients that are no browsers. Default false. `null` is never accepted. */
  readonly allowMissing?: boolean;
}

/** Compiled options; see `originPolicy`. */
export interface OriginPolicy {
  readonly rules: "same-origin" | readonly OriginRule[];
  readonly allowMissing: boolean;
}

interface OriginRule {
  /** Undefined: any. */
  readonly scheme: string | undefined;
  readonly host: string;
  /** True: the hosts below `host`, which then begins with a dot. */
  readonly isWildcard: boolean;
  /** Undefined: any. */
  readonly port: number | undefined;
}

/**
 * Compiles options, once at boot.
 *
 * @throws {OptionError} for a rule that is not of one of the forms above
 */
export function originPolicy(options: OriginOptions = {}): OriginPolicy {
  const { allow = "same-origin", allowMissing = false } = options;
  return { rules: allow === "same-origin" ? allow : allow.map(parseRule), allowMissing };
}

/**
 * Decides on one request.
 *
 * @param origin the request's `origin` header
 * @param host the request's `host` header; only "same-origin" looks at it
 */
export function checkOrigin(policy: OriginPolicy, origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return policy.allowMissing;
  const page = parseOrigin(origin);
  if (page === undefined) return false;
  if (policy.rules === "same-origin") return isSameHost(page, host);
  return policy.rules.some((rule) => matches(rule, page));
}

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

const MAX_ORIGIN_LENGTH = 300;
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);
// A host as browsers write it: ASCII labels (other scripts arrive as xn--...), or an address in brackets.
const HOST = String.raw`[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]`;
const ORIGIN = new RegExp(`^(https?)://(${HOST})(?::([1-9][0-9]{0,4}))?$`, "i");
const AUTHORITY = new RegExp(`^(${HOST})(?::([1-9][0-9]{0,4}))?$`, "i");
const RULE = new RegExp(String.raw`^(?:(https?):)?//(\*\.)?(${HOST})(?::([1-9][0-9]{0,4}))?$`, "i");

function parseOrigin(text: string): Origin | undefined {
  const match = text.length <= MAX_ORIGIN_LENGTH ? ORIGIN.exec(text) : null;
  if (match === null) return undefined;
  const scheme = match[1]!.toLowerCase();
  const port = portOf(match[3]) ?? DEFAULT_PORTS.get(scheme)!;
  return port > 65_535 ? undefined : { scheme, host: match[2]!.toLowerCase(), port };
}

function parseRule(text: string): OriginRule {
  const match = typeof text === "string" && text.length <= MAX_ORIGIN_LENGTH ? RULE.exec(text) : null;
  const port = portOf(match?.[4]);
  if (match === null || (port ?? 0) > 65_535) {
    throw new OptionError(
      `Allowed origin: expected "https://example.test", "//example.test" or "//*.example.test", with ":port" or without, got ${JSON.stringify(text)}.`,
    );
  }
  const scheme = match[1]?.toLowerCase();
  const isWildcard = match[2] !== undefined;
  const host = match[3]!.toLowerCase();
  return {
    scheme,
    host: isWildcard ? `.${host}` : host,
    isWildcard,
    port: port ?? (scheme === undefined ? undefined : DEFAULT_PORTS.get(scheme)),
  };
}

function matches(rule: OriginRule, page: Origin): boolean {
  if (rule.scheme !== undefined && rule.scheme !== page.scheme) return false;
  if (rule.port !== undefined && rule.port !== page.port) return false;
  return rule.isWildcard ? page.host.endsWith(rule.host) : page.host === rule.host;
}

/** Is it what a `host` header may be: a name or an address, with a port or without? What else there may be in it ends up in URLs. */
export function isAuthority(host: string): boolean {
  return host.length <= MAX_ORIGIN_LENGTH && AUTHORITY.test(host);
}

/** A `host` without port means the default port of the page's scheme, as the browser that wrote both left it out. */
function isSameHost(page: Origin, host: string | undefined): boolean {
  const match = host !== undefined && host.length <= MAX_ORIGIN_LENGTH ? AUTHORITY.exec(host) : null;
  if (match === null) return false;
  const port = portOf(match[2]) ?? DEFAULT_PORTS.get(page.scheme);
  return match[1]!.toLowerCase() === page.host && port === page.port;
}

function portOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
