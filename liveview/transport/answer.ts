/**
 * Answers: what may be put on the wire, checked before a byte of it is written. Both transports write the same lines.
 *
 *   HttpResponse ── checkResponse ──▶ headerLines ──▶ status line, header lines, body (or its length alone)
 */
import { AnswerError } from "./errors.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

/** A short answer of the transport's own. */
export function plainResponse(status: number, body: string): HttpResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

export const BAD_REQUEST = plainResponse(400, "Bad Request");
export const NOT_FOUND = plainResponse(404, "Not Found");
export const BODY_TOO_LARGE = plainResponse(413, "Content Too Large");
export const HEAD_TOO_LARGE = plainResponse(431, "Request Header Fields Too Large");
/** Says nothing of what went wrong: the peer may be anybody. */
export const INTERNAL_ERROR = plainResponse(500, "Internal Server Error");
export const TOO_MANY_SOCKETS = plainResponse(503, "Service Unavailable");
export const UPGRADE_REQUIRED: HttpResponse = {
  status: 426,
  headers: { "content-type": "text/plain; charset=utf-8", upgrade: "websocket", "sec-websocket-version": "13" },
  body: "Upgrade Required",
};

/**
 * Can this be sent?
 *
 * @param response as a handler gave it: it may be anything
 * @throws {AnswerError} naming the part that cannot
 */
export function checkResponse(response: HttpResponse, request: HttpRequest): void {
  const whose = `The answer to ${request.method} ${request.path.slice(0, 100)}`;
  if (typeof response !== "object" || response === null || typeof response.headers !== "object") {
    throw new AnswerError(`${whose}: expected { status, headers, body }, got ${typeof response}.`);
  }
  const { status, body } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new AnswerError(`${whose}: expected a status from 200 to 599, got ${String(status)}.`);
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new AnswerError(`${whose}: expected a body of string or Uint8Array, got ${typeof body}.`);
  }
  for (const [name, value] of headerLines(response)) {
    if (!TOKEN.test(name)) throw new AnswerError(`${whose}: header name ${JSON.stringify(name)} is not a token.`);
    // The value is not shown: it may be a secret.
    if (typeof value !== "string" || !FIELD_VALUE.test(value)) {
      throw new AnswerError(`${whose}: header "${name}": expected ASCII text without control characters.`);
    }
  }
}

/** The header lines to write, several of one name one after another, without those that the transport writes itself. */
export function headerLines(response: HttpResponse): [name: string, value: string][] {
  const lines: [string, string][] = [];
  for (const [name, value] of Object.entries(response.headers)) {
    if (FRAMING.has(name.toLowerCase())) continue;
    if (typeof value === "string") lines.push([name, value]);
    else for (const one of value) lines.push([name, one]);
  }
  return lines;
}

/** Does this answer carry its body, the body's length alone (HEAD), or neither (204, 304)? */
export function bodyShape(response: HttpResponse, request: { readonly method: string }): "body" | "length" | "none" {
  if (response.status === 204 || response.status === 304) return "none";
  return request.method === "HEAD" ? "length" : "body";
}

const FRAMING = new Set(["content-length", "transfer-encoding", "connection", "keep-alive", "date"]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t -~]*$/;
