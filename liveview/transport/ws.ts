/**
 * WsTransport: HTTP by node:http, websockets by ws. Runs wherever Node does.
 *
 *   node:http ─┬─ request ────────────▶ ┐
 *              └─ upgrade ─▶ ws ──────▶ ┴ WsListener ─▶ Contained ─▶ TransportHandlers
 *
 * What these two leave to their user is done here: limits in time on every half of an exchange (a request that trickles
 * in, an answer that is not read), a limit in size on bodies, fragments and send queues, pings, and an `error` listener
 * on everything that can emit one, since one that nobody hears ends the process.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Alarm, World } from "../../kernel/world.ts";
import { BAD_REQUEST, BODY_TOO_LARGE, bodyShape, HEAD_TOO_LARGE, headerLines } from "./answer.ts";
import { type CheckedUpgrade, Contained, whenSettled } from "./contain.ts";
import { ListenError } from "./errors.ts";
import { resolveListenOptions } from "./listen-options.ts";
import {
  addHeader,
  emptyHeaders,
  MAX_HEADER_BYTES,
  MAX_HEADER_LINES,
  plainAddress,
  refuseRequest,
  refuseUpgrade,
  wantsWebsocket,
} from "./request-head.ts";
import type { HttpRequest, HttpResponse, Listener, ListenOptions, Transport, TransportHandlers } from "./transport.ts";
import { WsSocket } from "./ws-socket.ts";

/** For the head of a request, and for a connection that says nothing at all. */
const HEAD_TIMEOUT_MS = 10_000;
/** For a whole request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks at the two above. */
const CHECK_INTERVAL_MS = 2000;
/** A reader that takes nothing of its answer for so long is cut off. */
const WRITE_TIMEOUT_MS = 12_000;
/** For the closing handshake of a websocket, and for requests under way once the listener closes. */
const CLOSE_GRACE_MS = 3000;
/** Frames of one message. Browsers send one; the bound keeps a million empty ones from being a message. */
const MAX_FRAGMENTS = 64;

export class WsTransport implements Transport {
  readonly name = "ws";
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async listen<Data>(options: ListenOptions, handlers: TransportHandlers<Data>): Promise<Listener> {
    const listener = new WsListener(this.#world, resolveListenOptions(options), handlers);
    await listener.bind();
    return listener;
  }
}

class WsListener<Data> implements Listener {
  port = 0;
  readonly #world: World;
  readonly #options: Required<ListenOptions>;
  readonly #contained: Contained<Data>;
  readonly #server: Server;
  readonly #wss: WebSocketServer;
  readonly #sockets = new Set<WsSocket<Data>>();
  /** The subprotocol to answer with, between our decision and the moment that ws asks for it. */
  readonly #protocols = new WeakMap<IncomingMessage, string>();
  /** Connections between their handshake and our answer: neither Node nor ws watches over them. */
  readonly #pendingUpgrades = new Set<Duplex>();
  #sweepAlarm: Alarm | undefined;
  #closing: Promise<void> | undefined;

  constructor(world: World, options: Required<ListenOptions>, handlers: TransportHandlers<Data>) {
    this.#world = world;
    this.#options = options;
    this.#contained = new Contained(handlers);
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      maxFragments: MAX_FRAGMENTS,
      // TCP may hand over a frame in pieces, each of which costs an object: bytes alone are no bound.
      maxBufferedChunks: Math.max(1024, Math.ceil(options.maxFrameBytes / 64)),
      closeTimeout: CLOSE_GRACE_MS,
      handleProtocols: (_offered, request) => this.#protocols.get(request) ?? false,
    } as WsServerOptions);
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      keepAliveTimeout: HEAD_TIMEOUT_MS,
    });
    // Node leaves out the lines beyond this number without a word; the one more lets us see that there were too many.
    this.#server.maxHeadersCount = MAX_HEADER_LINES + 1;
    this.#server.on("request", (incoming, response) => this.#request(incoming, response));
    this.#server.on("upgrade", (incoming, raw, head) => this.#upgrade(incoming, raw, head));
  }

  bind(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(new ListenError(`Cannot listen on ${host}:${port}: ${cause.message}.`, { cause }));
      });
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.removeAllListeners("error");
        // Such as EMFILE while accepting: that connection is lost, the server goes on.
        this.#server.on("error", (error) => this.#contained.report(error, "request"));
        this.port = (this.#server.address() as AddressInfo).port;
        this.#armSweep();
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #shutDown(): Promise<void> {
    this.#sweepAlarm?.cancel();
    return new Promise((resolve) => {
      // Upgraded connections count, too: this rings when the last one has gone.
      this.#server.close(() => {
        cutOff.cancel();
        resolve();
      });
      const cutOff = this.#world.alarm(
        CLOSE_GRACE_MS,
        () => {
          this.#server.closeAllConnections();
          for (const raw of this.#pendingUpgrades) raw.destroy();
        },
        true,
      );
      for (const socket of this.#sockets) socket.close(1012, "service restart");
    });
  }

  #request(incoming: IncomingMessage, response: ServerResponse): void {
    incoming.on("error", ignore);
    response.on("error", ignore);
    const request = readHead(incoming);
    const refusal = tooManyHeaders(incoming) ? HEAD_TOO_LARGE : refuseRequest(request);
    if (refusal !== undefined) {
      this.#send(refusal, request, response, true);
      return;
    }
    if (request.method === "GET" || request.method === "HEAD") {
      this.#answer(request, response);
      return;
    }
    this.#collectBody(incoming, request, response);
  }

  #collectBody(incoming: IncomingMessage, request: HttpRequest, response: ServerResponse): void {
    const { maxBodyBytes } = this.#options;
    if (Number(request.headers["content-length"]) > maxBodyBytes) {
      this.#send(BODY_TOO_LARGE, request, response);
      return;
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
      // The rest is read and forgotten, up to the request's timeout: a reset now would swallow the answer.
      else if (!response.headersSent) this.#send(BODY_TOO_LARGE, request, response);
    });
    incoming.on("end", () => {
      if (size <= maxBodyBytes) this.#answer({ ...request, body: Buffer.concat(chunks, size) }, response);
    });
  }

  #answer(request: HttpRequest, response: ServerResponse): void {
    whenSettled(this.#contained.request(request), (answer) => this.#send(answer, request, response));
  }

  #send(answer: HttpResponse, request: HttpRequest, response: ServerResponse, closeConnection = false): void {
    if (response.destroyed || response.headersSent) return;
    try {
      response.setTimeout(WRITE_TIMEOUT_MS);
      if (closeConnection || this.#closing !== undefined) response.shouldKeepAlive = false;
      const lines = headerLines(answer).flat();
      const shape = bodyShape(answer, request);
      if (shape !== "none") lines.push("content-length", String(Buffer.byteLength(answer.body)));
      response.writeHead(answer.status, STATUS_CODES[answer.status] ?? "Unknown", lines);
      response.end(shape === "body" ? answer.body : undefined);
    } catch (error) {
      this.#contained.report(error, "request");
      response.destroy();
    }
  }

  #upgrade(incoming: IncomingMessage, raw: Duplex, head: Buffer): void {
    // Node has taken its own listener off.
    raw.on("error", ignore);
    const request = readHead(incoming);
    if (!wantsWebsocket(request)) {
      this.#ignoreUpgrade(incoming, request, raw);
      return;
    }
    const hasRoom = this.#sockets.size + this.#pendingUpgrades.size < this.#options.maxSockets;
    const refusal = tooManyHeaders(incoming)
      ? HEAD_TOO_LARGE
      : refuseUpgrade(request, this.#options.socketPath, hasRoom);
    if (refusal !== undefined) {
      this.#sendRaw(refusal, request, incoming, raw);
      return;
    }
    this.#pendingUpgrades.add(raw);
    raw.once("close", () => this.#pendingUpgrades.delete(raw));
    whenSettled(this.#contained.upgrade(request), (answer) => {
      this.#pendingUpgrades.delete(raw);
      this.#finishUpgrade(incoming, request, raw, head, answer);
    });
  }

  #finishUpgrade(
    incoming: IncomingMessage,
    request: HttpRequest,
    raw: Duplex,
    head: Buffer,
    answer: CheckedUpgrade<Data>,
  ): void {
    if (raw.destroyed) return;
    if (!answer.accept) {
      this.#sendRaw(answer.response, request, incoming, raw);
      return;
    }
    if (answer.protocol !== undefined) this.#protocols.set(incoming, answer.protocol);
    try {
      this.#wss.handleUpgrade(incoming, raw, head, (ws) => this.#open(ws, raw, answer.data));
    } catch (error) {
      this.#contained.report(error, "upgrade");
      raw.destroy();
    }
  }

  /** Node takes every request with an `upgrade` header out of HTTP; those that want no websocket are put back. */
  #ignoreUpgrade(incoming: IncomingMessage, request: HttpRequest, raw: Duplex): void {
    const refusal = tooManyHeaders(incoming) ? HEAD_TOO_LARGE : refuseRequest(request);
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    // A body would be in `raw`, where nobody decodes it.
    if (refusal !== undefined || hasBody) {
      this.#sendRaw(refusal ?? BAD_REQUEST, request, incoming, raw);
      return;
    }
    this.#answer(request, lastResponse(incoming, raw));
  }

  #sendRaw(answer: HttpResponse, request: HttpRequest, incoming: IncomingMessage, raw: Duplex): void {
    this.#send(answer, request, lastResponse(incoming, raw), true);
  }

  #open(ws: WebSocket, raw: Duplex, data: Data): void {
    const socket = new WsSocket(data, ws, raw, this.#options.maxBackpressureBytes, (drained) =>
      this.#contained.drain(drained),
    );
    this.#sockets.add(socket);
    // Protocol errors; ws closes the socket by itself, with the code that fits.
    ws.on("error", ignore);
    ws.on("message", (message, isBinary) => {
      socket.heard();
      // A Buffer, as `binaryType` is "nodebuffer".
      if (socket.isOpen) this.#contained.message(socket, message as Buffer, isBinary);
    });
    ws.on("ping", () => socket.heard());
    ws.on("pong", () => socket.heard());
    ws.on("close", (code) => {
      this.#sockets.delete(socket);
      this.#contained.close(socket, socket.closedWith(code));
    });
    this.#contained.open(socket);
    // It was accepted while the listener closed.
    if (this.#closing !== undefined) socket.close(1012, "service restart");
  }

  /** One alarm for all sockets, and no clock: each socket counts the sweeps since it was heard. */
  #armSweep(): void {
    this.#sweepAlarm = this.#world.alarm(Math.max(1, this.#options.idleTimeoutMs / 8), () => {
      for (const socket of this.#sockets) socket.sweep();
      this.#armSweep();
    });
  }
}

/** The types of ws lag behind ws itself. */
type WsServerOptions = ConstructorParameters<typeof WebSocketServer>[0] & {
  maxFragments: number;
  maxBufferedChunks: number;
  closeTimeout: number;
};

/** A response on a connection that Node has let go for an upgrade. The connection ends with it. */
function lastResponse(incoming: IncomingMessage, raw: Duplex): ServerResponse {
  const response = new ServerResponse(incoming);
  response.on("error", ignore);
  response.shouldKeepAlive = false;
  response.assignSocket(raw as Socket);
  response.on("finish", () => (raw as Socket).destroySoon());
  raw.once("timeout", () => raw.destroy());
  return response;
}

function readHead(incoming: IncomingMessage): HttpRequest {
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

function tooManyHeaders(incoming: IncomingMessage): boolean {
  return incoming.rawHeaders.length / 2 > MAX_HEADER_LINES;
}

function ignore(): void {}
