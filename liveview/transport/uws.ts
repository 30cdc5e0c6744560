/**
 * UwsTransport: HTTP and websockets by uWebSockets.js.
 *
 *   uWebSockets.js ─▶ Guard ─▶ UwsTransport ─▶ Contained ─▶ TransportHandlers
 *   (native)          native's     our rules       user's failures
 *                     traps
 *
 * Where it differs from ws, and cannot be helped: frames that break the protocol or a limit close the connection without
 * a close frame (the browser sees 1006); frames that are not masked, requests without host and folded headers are never
 * answered, but time out; fragments are bounded by `maxFrameBytes`, not in number.
 */
import { type AddressInfo, createServer } from "node:net";
import type { World } from "../../kernel/world.ts";
import { BAD_REQUEST, BODY_TOO_LARGE } from "./answer.ts";
import { type CheckedUpgrade, Contained, whenSettled } from "./contain.ts";
import { ListenError } from "./errors.ts";
import { type Exchange, Guard } from "./guard.ts";
import { resolveListenOptions } from "./listen-options.ts";
import { addHeader, emptyHeaders, plainAddress, refuseRequest, refuseUpgrade, wantsWebsocket } from "./request-head.ts";
import type { HttpRequest, Listener, ListenOptions, Transport, TransportHandlers } from "./transport.ts";
import type { UwsContext, UwsListenSocket, UwsModule, UwsRequest, UwsWebSocket } from "./uws-module.ts";
import { UwsSocket } from "./uws-socket.ts";

/** How long requests under way may take to finish once the listener closes. */
const CLOSE_GRACE_MS = 3000;
/** The native code's LIBUS_LISTEN_DEFAULT: SO_REUSEPORT, where the system has it. */
const sharedPort = 0;
/** How long the peers get to read their close frame, before their connections are cut: a reset would swallow it. */
const LINGER_MS = 200;

export class UwsTransport implements Transport {
  readonly name = "uws";
  readonly #world: World;
  readonly #module: UwsModule;

  /** @param module what `loadUws` gave, on the main thread */
  constructor(world: World, module: UwsModule) {
    this.#world = world;
    this.#module = module;
  }

  async listen<Data>(options: ListenOptions, handlers: TransportHandlers<Data>): Promise<Listener> {
    const resolved = resolveListenOptions(options);
    const listener = new UwsListener(this.#world, this.#module, resolved, handlers);
    await listener.bind();
    return listener;
  }
}

class UwsListener<Data> implements Listener {
  port = 0;
  readonly #world: World;
  readonly #module: UwsModule;
  readonly #options: Required<ListenOptions>;
  readonly #contained: Contained<Data>;
  readonly #app: ReturnType<UwsModule["App"]>;
  readonly #guard: Guard;
  readonly #sockets = new Set<UwsSocket<Data>>();
  #listenSocket: UwsListenSocket | undefined;
  #closing: Promise<void> | undefined;

  constructor(world: World, module: UwsModule, options: Required<ListenOptions>, handlers: TransportHandlers<Data>) {
    this.#world = world;
    this.#module = module;
    this.#options = options;
    this.#contained = new Contained(handlers);
    this.#app = module.App();
    this.#guard = new Guard(this.#app, (error, where) => this.#contained.report(error, where));
    this.#guard.sockets({
      compression: module.DISABLED,
      maxPayloadLength: options.maxFrameBytes,
      maxBackpressure: options.maxBackpressureBytes,
      closeOnBackpressureLimit: true,
      idleTimeout: idleSeconds(options.idleTimeoutMs),
      // Sent only to peers that have been silent for about three quarters of the idle timeout.
      sendPingsAutomatically: true,
      upgrade: (exchange, request, context) => this.#upgrade(exchange, request, context),
      open: (native) => this.#open(native),
      message: (native, data, isBinary) => this.#contained.message(socketOf(native), Buffer.from(data), isBinary),
      drain: (native) => this.#drain(native),
      close: (native, code) => this.#close(native, code),
    });
    this.#guard.requests((exchange, request) => this.#request(exchange, request));
  }

  async bind(): Promise<void> {
    const { host, port } = this.#options;
    let failure: ListenError | undefined;
    // A port that was free a moment ago may be taken by now; one that was asked for is tried once.
    for (let attempt = 0; attempt < (port === 0 ? 3 : 1); attempt += 1) {
      // Left to choose by itself, the native code omits SO_REUSEADDR, and nobody could bind that port again for a
      // minute after a restart.
      const chosen = port === 0 ? await probe(host, 0) : port;
      const listenSocket = chosen instanceof Error ? false : await this.#listen(host, chosen);
      if (listenSocket !== false) {
        this.#listenSocket = listenSocket;
        this.port = this.#module.us_socket_local_port(listenSocket);
        return;
      }
      // The native code does not say why; Node does.
      const cause = chosen instanceof Error ? chosen : await probe(host, chosen);
      const why = cause instanceof Error ? cause.message : "uWebSockets.js gave no reason";
      failure = new ListenError(`Cannot listen on ${host}:${port}: ${why}.`, { cause });
    }
    this.#app.close();
    throw failure;
  }

  /** Exclusively: by default the native code shares a port with whoever shares it too, and neither would know. */
  #listen(host: string, port: number): Promise<UwsListenSocket | false> {
    const flags = this.#options.sharePort ? sharedPort : this.#module.LIBUS_LISTEN_EXCLUSIVE_PORT;
    return new Promise((resolve) => {
      this.#app.listen(host, port, flags, resolve);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    if (this.#listenSocket !== undefined) this.#module.us_listen_socket_close(this.#listenSocket);
    this.#listenSocket = undefined;
    const hadSockets = this.#sockets.size > 0;
    for (const socket of [...this.#sockets]) socket.close(1012, "service restart");
    await this.#quiet();
    if (hadSockets) await this.#delay(LINGER_MS);
    this.#app.close();
  }

  #request(exchange: Exchange, native: UwsRequest): void {
    const request = readHead(native, exchange.remoteAddress());
    // A handshake comes here when its key is not even of the right length.
    const refusal = wantsWebsocket(request) ? this.#refuseUpgrade(request) : refuseRequest(request);
    if (refusal !== undefined) {
      exchange.answer(refusal, request.method, true);
      return;
    }
    if (request.method === "GET" || request.method === "HEAD") {
      this.#answer(exchange, request);
      return;
    }
    const { maxBodyBytes } = this.#options;
    if (Number(request.headers["content-length"]) > maxBodyBytes) {
      exchange.answer(BODY_TOO_LARGE, request.method, true);
      return;
    }
    exchange.body(maxBodyBytes, (body) => {
      if (body === undefined) exchange.answer(BODY_TOO_LARGE, request.method, true);
      else this.#answer(exchange, { ...request, body });
    });
  }

  #answer(exchange: Exchange, request: HttpRequest): void {
    whenSettled(this.#contained.request(request), (answer) => {
      exchange.answer(answer, request.method, this.#closing !== undefined);
    });
  }

  #upgrade(exchange: Exchange, native: UwsRequest, context: UwsContext): void {
    const request = readHead(native, exchange.remoteAddress());
    const hasRoom = this.#sockets.size + this.#guard.upgradesUnderWay <= this.#options.maxSockets;
    const refusal = wantsWebsocket(request) ? refuseUpgrade(request, this.#options.socketPath, hasRoom) : BAD_REQUEST;
    if (refusal !== undefined) {
      exchange.answer(refusal, "GET", true);
      return;
    }
    whenSettled(this.#contained.upgrade(request), (answer) => this.#finishUpgrade(exchange, request, context, answer));
  }

  #finishUpgrade(exchange: Exchange, request: HttpRequest, context: UwsContext, answer: CheckedUpgrade<Data>): void {
    if (answer.accept) {
      const socket = new UwsSocket(answer.data);
      exchange.upgrade({ socket }, request.headers["sec-websocket-key"]!, answer.protocol ?? "", context);
    } else exchange.answer(answer.response, "GET", true);
  }

  #refuseUpgrade(request: HttpRequest): ReturnType<typeof refuseUpgrade> {
    return refuseUpgrade(request, this.#options.socketPath, true) ?? BAD_REQUEST;
  }

  #open(native: UwsWebSocket): void {
    const socket = socketOf<Data>(native);
    socket.attach(native);
    this.#sockets.add(socket);
    this.#contained.open(socket);
    // It was accepted while the listener closed.
    if (this.#closing !== undefined) socket.close(1012, "service restart");
  }

  #drain(native: UwsWebSocket): void {
    const socket = socketOf<Data>(native);
    if (socket.hasDrained()) this.#contained.drain(socket);
  }

  #close(native: UwsWebSocket, code: number): void {
    const socket = socketOf<Data>(native);
    socket.detach();
    this.#sockets.delete(socket);
    // Later, since this may run inside of our own `send` or `close`.
    this.#world.microtask(() => this.#contained.close(socket, code));
  }

  /** Resolves once nothing is under way, or the grace is over. */
  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      const graceOver = this.#world.alarm(CLOSE_GRACE_MS, resolve, true);
      void this.#guard.idle().then(() => {
        graceOver.cancel();
        resolve();
      });
    });
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.alarm(delayMs, resolve, true);
    });
  }
}

/** Binds the address by Node for a moment: which port was that, or why not? */
function probe(host: string, port: number): Promise<number | Error> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}

/** Copies what the native request holds: it is gone when its handler returns. */
function readHead(native: UwsRequest, remoteAddress: string): HttpRequest {
  const headers = emptyHeaders();
  native.forEach((name, value) => {
    addHeader(headers, name, value);
  });
  return {
    method: native.getMethod().toUpperCase(),
    path: native.getUrl(),
    query: native.getQuery() ?? "",
    headers,
    remoteAddress: plainAddress(remoteAddress),
  };
}

function socketOf<Data>(native: UwsWebSocket): UwsSocket<Data> {
  return (native.getUserData() as { readonly socket: UwsSocket<Data> }).socket;
}

/** The native code takes 8 to 960 s in steps of four, and ends the process for less than 8. */
function idleSeconds(idleTimeoutMs: number): number {
  return Math.min(960, Math.max(8, Math.ceil(idleTimeoutMs / 4000) * 4));
}
