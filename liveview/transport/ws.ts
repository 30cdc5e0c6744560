/**
 * WsTransport: HTTP by node:http, websockets by ws. Runs wherever Node does.
 *
 *   node:http ─┬─ request ────────────▶ ┐
 *              └─ upgrade ─▶ ws ──────▶ ┴ WsListener ─▶ Contained ─▶ TransportHandlers
 *
 * What these two leave to their user is done here, in node-http.ts and in ws-socket.ts: limits in time on every half of an
 * exchange (a request that trickles in, an answer that is not read), limits in size on bodies, fragments and send queues,
 * pings, and an `error` listener on everything that can emit one, since one that nobody hears ends the process.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Alarm, World } from "../../kernel/world.ts";
import { BAD_REQUEST, BODY_TOO_LARGE } from "./answer.ts";
import { type CheckedUpgrade, Contained, whenSettled } from "./contain.ts";
import { ListenError } from "./errors.ts";
import { resolveListenOptions } from "./listen-options.ts";
import {
  collectBody,
  createHttpServer,
  ignore,
  lastResponse,
  readHead,
  refuseHeaderLines,
  sendAnswer,
} from "./node-http.ts";
import { refuseRequest, refuseUpgrade, wantsWebsocket } from "./request-head.ts";
import type { HttpRequest, HttpResponse, Listener, ListenOptions, Transport, TransportHandlers } from "./transport.ts";
import { WsSocket } from "./ws-socket.ts";

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
  #onLastGone: (() => void) | undefined;

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
    this.#server = createHttpServer();
    this.#server.on("request", (incoming, response) => this.#request(incoming, response));
    this.#server.on("upgrade", (incoming, raw, head) => this.#upgrade(incoming, raw, head));
  }

  bind(): Promise<void> {
    const { host, port, sharePort } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(new ListenError(`Cannot listen on ${host}:${port}: ${cause.message}.`, { cause }));
      });
      this.#server.listen({ host, port, exclusive: !sharePort }, () => {
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

  async #shutDown(): Promise<void> {
    this.#sweepAlarm?.cancel();
    const cutOff = this.#world.alarm(CLOSE_GRACE_MS, () => this.#cutOff(), true);
    // Upgraded connections count, too: this rings when the last one has gone.
    const released = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // And the last handler may have been told a moment later.
    const lastGone = new Promise<void>((resolve) => {
      if (this.#sockets.size === 0) resolve();
      else this.#onLastGone = resolve;
    });
    for (const socket of this.#sockets) socket.close(1012, "service restart");
    await Promise.all([released, lastGone]);
    cutOff.cancel();
  }

  #cutOff(): void {
    this.#server.closeAllConnections();
    for (const raw of this.#pendingUpgrades) raw.destroy();
  }

  #request(incoming: IncomingMessage, response: ServerResponse): void {
    incoming.on("error", ignore);
    response.on("error", ignore);
    const request = readHead(incoming);
    const refusal = refuseHeaderLines(incoming) ?? refuseRequest(request);
    const { maxBodyBytes } = this.#options;
    if (refusal !== undefined) this.#send(refusal, request, response, true);
    else if (request.method === "GET" || request.method === "HEAD") this.#answer(request, response);
    else if (Number(request.headers["content-length"]) > maxBodyBytes) this.#send(BODY_TOO_LARGE, request, response);
    else {
      collectBody(incoming, maxBodyBytes, (body) => {
        if (body === undefined) this.#send(BODY_TOO_LARGE, request, response);
        else this.#answer({ ...request, body }, response);
      });
    }
  }

  #answer(request: HttpRequest, response: ServerResponse): void {
    whenSettled(this.#contained.request(request), (answer) => this.#send(answer, request, response));
  }

  #send(answer: HttpResponse, request: HttpRequest, response: ServerResponse, isLast = false): void {
    try {
      sendAnswer(answer, request.method, response, isLast || this.#closing !== undefined);
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
    const refusal = refuseHeaderLines(incoming) ?? refuseUpgrade(request, this.#options.socketPath, hasRoom);
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
    const refusal = refuseHeaderLines(incoming) ?? refuseRequest(request);
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
      if (this.#sockets.size === 0) this.#onLastGone?.();
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
