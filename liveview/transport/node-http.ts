/**
 * node:http in our words: a server with limits in time on every half of an exchange, requests as heads and bodies,
 * answers as `checkResponse` passed them. For ws.ts; the counterpart of guard.ts.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { bodyShape, HEAD_TOO_LARGE, headerLines } from "./answer.ts";
import { addHeader, emptyHeaders, MAX_HEADER_BYTES, MAX_HEADER_LINES, plainAddress } from "./request-head.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

/** For the head of a request, for a connection that says nothing at all, and between two requests. */
const HEAD_TIMEOUT_MS = 10_000;
/** For a whole request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks at the two above. */
const CHECK_INTERVAL_MS = 2000;
/** A reader that takes nothing of its answer is cut off after one to two of these. */
const WRITE_TIMEOUT_MS = 10_000;

export function createHttpServer(): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: HEAD_TIMEOUT_MS,
  });
  // Node leaves out the lines beyond this number without a word; the one more lets us see that there were too many.
  server.maxHeadersCount = MAX_HEADER_LINES + 1;
  return server;
}

/** The head of a request. From the raw lines, as Node's own record drops some that come twice, and has a prototype. */
export function readHead(incoming: IncomingMessage): HttpRequest {
  const headers = emptyHeaders();
  const lines = incoming.rawHeaders;
  for (let i = 0; i + 1 < lines.length; i += 2) addHeader(headers, lines[i]!.toLowerCase(), lines[i + 1]!);
  const url = incoming.url ?? "";
  const mark = url.indexOf("?");
  return {
    method: incoming.method ?? "",
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? "" : url.slice(mark + 1),
    headers,
    remoteAddress: plainAddress(incoming.socket.remoteAddress ?? ""),
  };
}

/** @returns the answer to refuse it with, or undefined when it is fine */
export function refuseHeaderLines(incoming: IncomingMessage): HttpResponse | undefined {
  return incoming.rawHeaders.length / 2 > MAX_HEADER_LINES ? HEAD_TOO_LARGE : undefined;
}

/**
 * Collects a request's body.
 *
 * @param done called once, unless the client leaves first: with the body, or undefined when it has more than `maxBytes`.
 *   In that case the rest is read and forgotten, up to the request's timeout: a reset now would swallow the answer
 */
export function collectBody(
  incoming: IncomingMessage,
  maxBytes: number,
  done: (body: Uint8Array | undefined) => void,
): void {
  const chunks: Uint8Array[] = [];
  let size = 0;
  incoming.on("data", (chunk: Uint8Array) => {
    const wasTooLarge = size > maxBytes;
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (!wasTooLarge) {
      chunks.length = 0;
      done(undefined);
    }
  });
  incoming.on("end", () => {
    if (size <= maxBytes) done(Buffer.concat(chunks, size));
  });
}

/**
 * Sends an answer that `checkResponse` has passed; does nothing when the client has left, or has its answer.
 *
 * @param isLast close the connection after it
 */
export function sendAnswer(answer: HttpResponse, method: string, response: ServerResponse, isLast: boolean): void {
  if (response.destroyed || response.headersSent) return;
  response.setTimeout(WRITE_TIMEOUT_MS);
  if (isLast) response.shouldKeepAlive = false;
  const lines = headerLines(answer).flat();
  const shape = bodyShape(answer, { method });
  if (shape !== "none") lines.push("content-length", String(Buffer.byteLength(answer.body)));
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? "Unknown", lines);
  response.end(shape === "body" ? answer.body : undefined);
}

/** A response on a connection that Node has let go for an upgrade. The connection ends with it. */
export function lastResponse(incoming: IncomingMessage, raw: Duplex): ServerResponse {
  const response = new ServerResponse(incoming);
  response.on("error", ignore);
  response.shouldKeepAlive = false;
  // Node types it as any stream; over TCP it is a socket.
  response.assignSocket(raw as Socket);
  response.on("finish", () => (raw as Socket).destroySoon());
  raw.once("timeout", () => raw.destroy());
  return response;
}

/** For `error` events that say nothing which a following `close` does not: unheard, they end the process. */
export function ignore(): void {}
