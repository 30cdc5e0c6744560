/**
 * Transport: what carries HTTP and websockets. One interface, two implementations (uws.ts, ws.ts), and one suite in
 * test/conformance/ that both must pass.
 *
 *   browser ⇄ Transport ⇄ TransportHandlers (the endpoint)      all on the main thread; no user code here
 *
 * Invariants that every implementation keeps:
 * - A handler that throws or rejects costs its own request or socket (500, or close 1011), never the process.
 * - `open` comes first, `close` last and exactly once for each accepted socket; no message after `close` on either side.
 * - `send` and `close` never call a handler before they return.
 * - `send` on a closed socket is a no-op that returns "closed".
 * - Nothing grows without a bound: bodies, frames, fragments and send queues have limits (see `ListenOptions`).
 */
export interface Transport {
  readonly name: "uws" | "ws";
  /**
   * Binds the port. Nobody else may have it, unless `sharePort` says so: it is never shared silently.
   *
   * @throws {ListenError} when the address cannot be bound (`ERR_LISTEN`)
   * @throws {OptionError} when an option makes no sense (`ERR_OPTION`)
   */
  listen<Data>(options: ListenOptions, handlers: TransportHandlers<Data>): Promise<Listener>;
}

export interface ListenOptions {
  /** Address to bind; default "127.0.0.1". */
  readonly host?: string;
  /** 0 lets the system choose; the choice is in `Listener.port`. */
  readonly port: number;
  /**
   * Other processes of the same program may listen there, too, and connections are spread over them. ws shares with the
   * processes of one `node:cluster`, uws with all that say so. Not with port 0. Default false.
   */
  readonly sharePort?: boolean;
  /** Upgrades are accepted on this path alone (without query), others are answered 404. Default "/live/websocket". */
  readonly socketPath?: string;
  /** Largest websocket message, all fragments together; beyond it the socket is closed. Default 65,536. */
  readonly maxFrameBytes?: number;
  /** Largest HTTP request body; beyond it the answer is 413. Default 1,048,576. */
  readonly maxBodyBytes?: number;
  /** Bytes that may wait for a slow reader; beyond it the socket is closed, never a frame dropped. Default 1,048,576. */
  readonly maxBackpressureBytes?: number;
  /**
   * A peer that says nothing for so long, not even an answer to our ping, is closed. Default 60,000; the protocol's
   * heartbeat comes every 30,000. At most 960,000. uWebSockets.js counts in steps of 4 s from 8 s on, and rounds up;
   * ws looks eight times per period, so that a peer may live an eighth longer.
   */
  readonly idleTimeoutMs?: number;
  /** Open websockets and pending upgrades; one more is answered 503. Default 16,384. */
  readonly maxSockets?: number;
}

export interface Listener {
  readonly port: number;
  /**
   * Stops accepting, closes every socket with 1012 (service restart), gives requests under way up to 3 s, and resolves
   * when the port is free and no connection is left. Calling it again returns the same promise.
   */
  close(): Promise<void>;
}

/** A request's head, copied: valid for as long as you hold it. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Path without query, not decoded, beginning with "/", visible ASCII. */
  readonly path: string;
  /** Query without "?", not decoded; "" when there is none. */
  readonly query: string;
  /**
   * Lower-case names; several of one name are joined with ", " ("; " for cookie). No prototype.
   * A value that is not ASCII is not reliable: uWebSockets.js gives "" for it.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The peer's address as text, "" when unknown. */
  readonly remoteAddress: string;
  /** Undefined for GET and HEAD, and for upgrades. */
  readonly body?: Uint8Array;
}

/** What cannot be sent is reported as `AnswerError`, and the answer is 500. */
export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  /**
   * Names are written as given. Values are ASCII without control characters (no CR, LF, NUL). Array: several lines.
   * Framing is the transport's own: `content-length`, `transfer-encoding`, `connection`, `keep-alive` and `date` given
   * here are left out.
   */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Left out of an answer to HEAD, and of 204 and 304. Bytes must not change after they were given. */
  readonly body: string | Uint8Array;
}

/** `protocol` must be one of those that the client offered in `sec-websocket-protocol`. */
export type UpgradeAnswer<Data> =
  | { readonly accept: true; readonly data: Data; readonly protocol?: string }
  | { readonly accept: false; readonly status: number; readonly body?: string };

/** "sent": on its way. "buffered": queued behind a slow reader. "closed": the socket is gone, or has just been closed for it. */
export type SendResult = "sent" | "buffered" | "closed";

export interface TransportSocket<Data> {
  /** What the upgrade handler gave. */
  readonly data: Data;
  /** Bytes queued in user space for a slow reader. */
  readonly bufferedAmount: number;
  /**
   * A string goes as a text frame, bytes as a binary frame unless `binary` is false (text, already UTF-8).
   * Bytes must not change after they were given: they may wait in the queue without being copied.
   */
  send(data: string | Uint8Array, binary?: boolean): SendResult;
  /**
   * Packs what `run` sends on this socket into few system calls. Worth it from two frames on: per frame half the time
   * with 2, a quarter with 4, an eighth with 16; one frame alone is a tenth slower (uWebSockets.js, 100 bytes).
   */
  cork(run: () => void): void;
  /**
   * Starts the closing handshake; from here on nothing is sent or delivered but the `close` handler. A peer that does
   * not answer is cut off after 3 s (ws) or 4 to 16 s (uWebSockets.js, a quarter of the idle timeout).
   *
   * @param code 1000 to 1014 without 1004 to 1006, or 3000 to 4999
   * @param reason cut to 123 bytes
   * @throws {OptionError} for another code
   */
  close(code: number, reason?: string): void;
}

/** Names of handlers, for `onError`. */
export type HandlerName = "request" | "upgrade" | "open" | "message" | "drain" | "close";

export interface TransportHandlers<Data> {
  request(request: HttpRequest): HttpResponse | Promise<HttpResponse>;
  upgrade(request: HttpRequest): UpgradeAnswer<Data> | Promise<UpgradeAnswer<Data>>;
  open(socket: TransportSocket<Data>): void;
  /** `data` is valid during the call only: copy what you keep. */
  message(socket: TransportSocket<Data>, data: Buffer, isBinary: boolean): void;
  /** The send queue went from "buffered" to empty. */
  drain?(socket: TransportSocket<Data>): void;
  /** `code` is the one that we closed with, else the peer's, else 1005 (it gave none) or 1006 (it went without a word). */
  close(socket: TransportSocket<Data>, code: number): void;
  /** Hears of every failure of the handlers above. Default: `console.error`. What it throws itself is ignored. */
  onError?(error: unknown, where: HandlerName): void;
}
