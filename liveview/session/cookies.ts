/** Cookies: one read from a request's header, and one written for a response. Source: RFC 6265. */
import { parseCookie, stringifySetCookie } from "cookie";

export interface CookieAttributes {
  /** Seconds; 0: forget it. Undefined: until the browser closes. */
  readonly maxAge?: number;
  /** Scripts do not see it. Default false. */
  readonly httpOnly?: boolean;
  /** Over https alone. Default false. */
  readonly secure?: boolean;
}

/** @param header `cookie`, as it came */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (!header) return undefined;
  const cookies = parseCookie(header);
  return Object.hasOwn(cookies, name) ? cookies[name] : undefined;
}

/** The value of `set-cookie`, for the whole site, and not for requests that other sites make. */
export function writeCookie(name: string, value: string, attributes: CookieAttributes): string {
  return stringifySetCookie(name, value, { path: "/", sameSite: "lax", ...attributes });
}
