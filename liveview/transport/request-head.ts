/**
 * What a request's head must be like before a handler sees it, the same on every transport.
 *
 * Two parsers with different opinions are how requests get smuggled past a proxy: so whatever is ambiguous is refused
 * here, though the parser below let it through (uWebSockets.js takes the first of two content lengths; Node takes a
 * request target in absolute form).
 */
import { isAuthority } from "../session/origin.ts";
import { BAD_REQUEST, NOT_FOUND, TOO_MANY_SOCKETS, UPGRADE_REQUIRED } from "./answer.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

/** Header lines in one request; more are answered 431. uWebSockets.js has this limit built in. */
export const MAX_HEADER_LINES = 100;

/** Bytes of one request's head; more are answered 431. */
export const MAX_HEADER_BYTES = 16_384;

/** A record without prototype, so that a header called `__proto__` or `constructor` is a header. */
export function emptyHeaders(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** Adds one header line. `name` is in lower case. */
export function addHeader(headers: Record<string, string>, name: string, value: string): void {
  const before = headers[name];
  headers[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`;
}

/**
 * Is this head unambiguous?
 *
 * @returns the answer to refuse it with, or undefined when it is fine
 */
export function refuseRequest(request: HttpRequest): HttpResponse | undefined {
  const { path, query, headers } = request;
  if (!path.startsWith("/") || !VISIBLE_ASCII.test(path) || !VISIBLE_ASCII.test(query)) return BAD_REQUEST;
  const host = headers["host"];
  if (host === undefined || !isAuthority(host)) return BAD_REQUEST;
  const length = headers["content-length"];
  if (length === undefined) return undefined;
  return /^\d{1,15}$/.test(length) && headers["transfer-encoding"] === undefined ? undefined : BAD_REQUEST;
}

/** Does it ask for a websocket? Other protocols in `upgrade` (h2c) are ignored, as HTTP allows. */
export function wantsWebsocket(request: HttpRequest): boolean {
  return request.method === "GET" && request.headers["upgrade"]?.toLowerCase() === "websocket";
}

/**
 * May this websocket handshake go on to the upgrade handler? Checks RFC 6455, 4.2.1, then the path, then the room left.
 *
 * @returns the answer to refuse it with, or undefined when it is fine
 */
export function refuseUpgrade(request: HttpRequest, socketPath: string, hasRoom: boolean): HttpResponse | undefined {
  const refusal = refuseRequest(request);
  if (refusal !== undefined) return refusal;
  if (request.headers["sec-websocket-version"] !== "13") return UPGRADE_REQUIRED;
  // 16 bytes in base64: 22 characters and the padding.
  if (!/^[+/0-9A-Za-z]{22}==$/.test(request.headers["sec-websocket-key"] ?? "")) return BAD_REQUEST;
  if (request.path !== socketPath) return NOT_FOUND;
  return hasRoom ? undefined : TOO_MANY_SOCKETS;
}

/** The subprotocols that the client offers, in its order. */
export function offeredProtocols(request: HttpRequest): string[] {
  return (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
}

/** "127.0.0.1" in place of "::ffff:127.0.0.1", which a socket for both families shows. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

const VISIBLE_ASCII = /^[!-~]*$/;
