/**
 * What we use of uWebSockets.js, in our own words: so that our types do not depend on a package that may not be there,
 * and a reader sees at a glance how little of it we touch.
 *
 * All of it is native and unforgiving: see guard.ts before calling anything here.
 */
export interface UwsModule {
  App(): UwsApp;
  us_listen_socket_close(listenSocket: UwsListenSocket): void;
  us_socket_local_port(listenSocket: UwsListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  readonly DISABLED: number;
}

/** Opaque. */
export type UwsListenSocket = object;

export interface UwsApp {
  listen(host: string, port: number, flags: number, done: (listenSocket: UwsListenSocket | false) => void): UwsApp;
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  ws(pattern: string, behavior: UwsBehavior): UwsApp;
  /** Closes every connection at once. */
  close(): UwsApp;
}

/** Valid during the handler's call only, not after it returned. */
export interface UwsRequest {
  getMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
  forEach(each: (name: string, value: string) => void): void;
}

/** Valid until it has ended, was upgraded, or `onAborted` rang. */
export interface UwsResponse {
  onAborted(handler: () => void): UwsResponse;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  onWritable(handler: (offset: number) => boolean): UwsResponse;
  cork(run: () => void): UwsResponse;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  getWriteOffset(): number;
  tryEnd(body: Uint8Array, totalBytes: number): [isSent: boolean, isDone: boolean];
  end(body: string | Uint8Array, closeConnection: boolean): UwsResponse;
  /** Closes the connection when it is given a length. */
  endWithoutBody(contentLength?: number, closeConnection?: boolean): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  upgrade(userData: object, key: string, protocol: string, extensions: string, context: UwsContext): void;
}

/** Opaque. */
export type UwsContext = object;

export interface UwsBehavior {
  compression: number;
  maxPayloadLength: number;
  idleTimeout: number;
  maxBackpressure: number;
  closeOnBackpressureLimit: boolean;
  sendPingsAutomatically: boolean;
  upgrade(response: UwsResponse, request: UwsRequest, context: UwsContext): void;
  open(socket: UwsWebSocket): void;
  message(socket: UwsWebSocket, data: ArrayBuffer, isBinary: boolean): void;
  drain(socket: UwsWebSocket): void;
  close(socket: UwsWebSocket, code: number): void;
}

/** Valid until its `close` handler has run. */
export interface UwsWebSocket {
  /** @returns 0 buffered, 1 sent, 2 dropped */
  send(data: string | Uint8Array, isBinary: boolean): number;
  getBufferedAmount(): number;
  getUserData(): object;
  cork(run: () => void): UwsWebSocket;
  /** Runs the `close` handler before it returns. */
  end(code: number, reason: string): void;
  /** Runs the `close` handler before it returns. */
  close(): void;
}
