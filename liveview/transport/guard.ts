/**
 * Guard: the only way from uWebSockets.js to our code. Nothing else calls `app.any` or `app.ws`.
 *
 *   native ─▶ Guard ─▶ handler(exchange, ...)          exchange: a response that one cannot misuse
 *
 * Why there is one: the native code ends the whole process, `uncaughtException` or not, when an HTTP handler throws, or
 * returns without an answer and without `onAborted`; and throws when a response or socket is used after its end. So:
 * - `onAborted` is registered before anything else runs;
 * - whatever a handler throws is caught, reported, and answered with 500;
 * - an exchange knows when it is over, and is then silent.
 */
import { STATUS_CODES } from "node:http";
import { bodyShape, headerLines, INTERNAL_ERROR } from "./answer.ts";
import type { HandlerName, HttpResponse } from "./transport.ts";
import type { UwsApp, UwsBehavior, UwsContext, UwsRequest, UwsResponse } from "./uws-module.ts";

type Report = (error: unknown, where: HandlerName) => void;

/** A behavior whose upgrade handler gets an exchange in place of the native response. */
export interface GuardedBehavior extends Omit<UwsBehavior, "upgrade"> {
  upgrade(exchange: Exchange, request: UwsRequest, context: UwsContext): void;
}

export class Guard {
  readonly #app: UwsApp;
  readonly #report: Report;
  #requestsUnderWay = 0;
  #upgradesUnderWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(app: UwsApp, report: Report) {
    this.#app = app;
    this.#report = report;
  }

  /** Every request that is no websocket handshake. The native request is valid during the call only. */
  requests(handler: (exchange: Exchange, request: UwsRequest) => void): void {
    this.#app.any("/*", (response, request) =>
      this.#begin(response, "request", (exchange) => handler(exchange, request)),
    );
  }

  /** Every websocket, on whatever path. */
  sockets(behavior: GuardedBehavior): void {
    const { upgrade, open, message, drain, close, ...settings } = behavior;
    this.#app.ws("/*", {
      ...settings,
      upgrade: (response, request, context) =>
        this.#begin(response, "upgrade", (exchange) => upgrade(exchange, request, context)),
      open: (socket) => this.#catch("open", () => open(socket)),
      message: (socket, data, isBinary) => {
        // The hot path: no closure.
        try {
          message(socket, data, isBinary);
        } catch (error) {
          this.#report(error, "message");
        }
      },
      drain: (socket) => this.#catch("drain", () => drain(socket)),
      close: (socket, code) => this.#catch("close", () => close(socket, code)),
    });
  }

  /** Handshakes without an answer yet, the one that is being handled among them. */
  get upgradesUnderWay(): number {
    return this.#upgradesUnderWay;
  }

  /** Resolves once no exchange is under way. */
  idle(): Promise<void> {
    if (this.#requestsUnderWay + this.#upgradesUnderWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #begin(response: UwsResponse, where: "request" | "upgrade", handler: (exchange: Exchange) => void): void {
    const exchange = new Exchange(response, this.#report, where, () => this.#count(where, -1));
    this.#count(where, 1);
    try {
      handler(exchange);
    } catch (error) {
      this.#report(error, where);
      exchange.answer(INTERNAL_ERROR, "GET");
    }
  }

  #count(where: "request" | "upgrade", change: 1 | -1): void {
    if (where === "request") this.#requestsUnderWay += change;
    else this.#upgradesUnderWay += change;
    if (this.#requestsUnderWay + this.#upgradesUnderWay === 0) this.#onIdle?.();
  }

  #catch(where: HandlerName, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#report(error, where);
    }
  }
}

/** Beyond this a body is sent in pieces, as the reader takes them, in place of being copied whole into the native queue. */
const LARGE_BODY_BYTES = 65_536;

/** One request and its answer. No method throws; after the end, none does anything. */
export class Exchange {
  readonly #response: UwsResponse;
  readonly #report: Report;
  readonly #where: HandlerName;
  readonly #onOver: () => void;
  #isOver = false;
  #isAnswered = false;

  constructor(response: UwsResponse, report: Report, where: HandlerName, onOver: () => void) {
    response.onAborted(() => this.#end());
    this.#response = response;
    this.#report = report;
    this.#where = where;
    this.#onOver = onOver;
  }

  /** The peer's address as text, or "". */
  remoteAddress(): string {
    return this.#isOver ? "" : Buffer.from(this.#response.getRemoteAddressAsText()).toString("latin1");
  }

  /**
   * Collects the body.
   *
   * @param done called once, unless the client leaves first: with the body, or undefined when it has more than `maxBytes`
   */
  body(maxBytes: number, done: (body: Uint8Array | undefined) => void): void {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let isDone = false;
    this.#response.onData((chunk, isLast) => {
      if (isDone || this.#isOver) return;
      size += chunk.byteLength;
      const isTooLarge = size > maxBytes;
      // Copied, since the native memory is gone when this returns.
      if (!isTooLarge) chunks.push(new Uint8Array(chunk.slice(0)));
      if (!isTooLarge && !isLast) return;
      isDone = true;
      this.#safely(() => done(isTooLarge ? undefined : Buffer.concat(chunks, size)));
    });
  }

  /** Sends an answer that `checkResponse` has passed. The first one counts. */
  answer(response: HttpResponse, method: string, closeConnection = false): void {
    if (this.#isOver || this.#isAnswered) return;
    this.#isAnswered = true;
    this.#response.cork(() => this.#safely(() => this.#write(response, method, closeConnection)));
  }

  /**
   * Makes a websocket of it.
   *
   * @returns false when the client has left meanwhile
   */
  upgrade(userData: object, key: string, protocol: string, context: UwsContext): boolean {
    if (this.#isOver || this.#isAnswered) return false;
    this.#isAnswered = true;
    // Over before the native call, which runs the open handler.
    this.#end();
    let isUpgraded = false;
    this.#response.cork(() =>
      this.#safely(() => {
        this.#response.upgrade(userData, key, protocol, "", context);
        isUpgraded = true;
      }),
    );
    return isUpgraded;
  }

  #write(answer: HttpResponse, method: string, closeConnection: boolean): void {
    const { status, body } = answer;
    const response = this.#response;
    response.writeStatus(`${status} ${STATUS_CODES[status] ?? "Unknown"}`);
    for (const [name, value] of headerLines(answer)) response.writeHeader(name, value);
    const shape = bodyShape(answer, { method });
    if (shape === "body" && body.length > LARGE_BODY_BYTES) {
      this.#stream(typeof body === "string" ? Buffer.from(body) : body);
      return;
    }
    if (shape === "body") response.end(body, closeConnection);
    else if (shape === "length" && closeConnection) response.endWithoutBody(Buffer.byteLength(body), true);
    else {
      // Given a length, `endWithoutBody` closes the connection, whatever its second argument says.
      if (shape === "length") response.writeHeader("content-length", String(Buffer.byteLength(body)));
      response.endWithoutBody();
    }
    this.#end();
  }

  /** A reader that takes nothing for some 12 s is closed by the native code, which rings `onAborted`. */
  #stream(body: Uint8Array): void {
    const response = this.#response;
    const start = response.getWriteOffset();
    const push = (offset: number): boolean => {
      if (this.#isOver) return true;
      const [isSent, isDone] = response.tryEnd(body.subarray(offset - start), body.length);
      if (isDone) this.#end();
      return isSent;
    };
    if (!push(start)) response.onWritable(push);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }

  #safely(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#report(error, this.#where);
    }
  }
}
