/**
 * The websocket's address: `/live` + params -> `wss://host/live/websocket?_csrf_token=...&vsn=2.0.0`.
 */
import { VSN } from "./frame.ts";

/**
 * @param path path of the socket (`/live`), or a full `ws:`, `wss:`, `http:` or `https:` address
 * @param params sent in the query; nested objects and arrays with brackets; undefined and null are left out
 * @param pageUrl address of the page, which completes a path
 */
export function socketUrl(path: string, params: Record<string, unknown>, pageUrl: string): string {
  const url = new URL(path, pageUrl);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/websocket`;
  url.hash = "";
  appendParams(url.searchParams, params);
  url.searchParams.append("vsn", VSN);
  return url.href;
}

/** `{a: {b: 1}, c: [2]}` -> `a[b]=1&c[]=2`. */
export function appendParams(query: URLSearchParams, params: Record<string, unknown>, prefix?: string): void {
  for (const [key, value] of Object.entries(params)) {
    const name = prefix === undefined ? key : Array.isArray(params) ? `${prefix}[]` : `${prefix}[${key}]`;
    if (value === null || value === undefined) continue;
    if (typeof value === "object") appendParams(query, value as Record<string, unknown>, name);
    else query.append(name, String(value));
  }
}
