/**
 * Contained: handlers whose failures stay in their own request or socket.
 *
 *   transport ─▶ Contained ─▶ TransportHandlers
 *                   │ throws, rejects, or answers what cannot be sent
 *                   └─▶ onError, and: request, upgrade ─▶ 500; open, message, drain ─▶ close 1011; close ─▶ nothing more
 *
 * No method here throws, and no promise that it returns rejects: the native code below could not bear it.
 */
import { isPromise } from "../../kernel/is-promise.ts";
import { checkResponse, INTERNAL_ERROR, plainResponse } from "./answer.ts";
import { AnswerError } from "./errors.ts";
import { offeredProtocols } from "./request-head.ts";
import type {
  HandlerName,
  HttpRequest,
  HttpResponse,
  TransportHandlers,
  TransportSocket,
  UpgradeAnswer,
} from "./transport.ts";

/** An upgrade's answer, either to accept it or to send in its place. */
export type CheckedUpgrade<Data> =
  | { readonly accept: true; readonly data: Data; readonly protocol: string | undefined }
  | { readonly accept: false; readonly response: HttpResponse };

export class Contained<Data> {
  readonly #handlers: TransportHandlers<Data>;

  constructor(handlers: TransportHandlers<Data>) {
    this.#handlers = handlers;
  }

  /** @returns an answer that can be sent; a promise only when the handler gave one */
  request(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    return this.#answer(
      "request",
      INTERNAL_ERROR,
      () => this.#handlers.request(request),
      (response) => {
        checkResponse(response, request);
        return response;
      },
    );
  }

  /** @returns an answer that can be sent; a promise only when the handler gave one */
  upgrade(request: HttpRequest): CheckedUpgrade<Data> | Promise<CheckedUpgrade<Data>> {
    const failed: CheckedUpgrade<Data> = { accept: false, response: INTERNAL_ERROR };
    return this.#answer(
      "upgrade",
      failed,
      () => this.#handlers.upgrade(request),
      (answer) => checkUpgrade(answer, request),
    );
  }

  open(socket: TransportSocket<Data>): void {
    try {
      this.#watch(this.#handlers.open(socket), "open", socket);
    } catch (error) {
      this.#fail(error, "open", socket);
    }
  }

  message(socket: TransportSocket<Data>, data: Buffer, isBinary: boolean): void {
    try {
      this.#watch(this.#handlers.message(socket, data, isBinary), "message", socket);
    } catch (error) {
      this.#fail(error, "message", socket);
    }
  }

  drain(socket: TransportSocket<Data>): void {
    try {
      this.#watch(this.#handlers.drain?.(socket), "drain", socket);
    } catch (error) {
      this.#fail(error, "drain", socket);
    }
  }

  close(socket: TransportSocket<Data>, code: number): void {
    try {
      this.#watch(this.#handlers.close(socket, code), "close", socket);
    } catch (error) {
      this.#fail(error, "close", socket);
    }
  }

  /** For failures that are ours or the native code's, found while a handler's answer was carried out. */
  report(error: unknown, where: HandlerName): void {
    try {
      if (this.#handlers.onError) this.#watch(this.#handlers.onError(error, where), where, undefined);
      else console.error(`Transport: the ${where} handler failed.`, error);
    } catch {
      // Whoever reports errors by throwing has nobody left to tell.
    }
  }

  #answer<Given, Checked>(
    where: "request" | "upgrade",
    failed: Checked,
    ask: () => Given | Promise<Given>,
    check: (given: Given) => Checked,
  ): Checked | Promise<Checked> {
    const failedWith = (error: unknown): Checked => {
      this.report(error, where);
      return failed;
    };
    try {
      const given = ask();
      return isPromise(given) ? Promise.resolve(given).then(check).catch(failedWith) : check(given);
    } catch (error) {
      return failedWith(error);
    }
  }

  /** A handler declared void may still be an async function; its rejection must not become the process's. */
  #watch(result: unknown, where: HandlerName, socket: TransportSocket<Data> | undefined): void {
    if (result === undefined || !isPromise(result)) return;
    result.then(undefined, (error: unknown) => {
      if (socket !== undefined) this.#fail(error, where, socket);
    });
  }

  #fail(error: unknown, where: HandlerName, socket: TransportSocket<Data>): void {
    this.report(error, where);
    socket.close(1011);
  }
}

/** Goes on with a value, at once when it is there, without waiting for a turn. */
export function whenSettled<T>(value: T | Promise<T>, then: (value: T) => void): void {
  if (isPromise(value)) void value.then(then);
  else then(value);
}

function checkUpgrade<Data>(answer: UpgradeAnswer<Data>, request: HttpRequest): CheckedUpgrade<Data> {
  if (!answer.accept) {
    const response = plainResponse(answer.status, answer.body ?? "");
    checkResponse(response, request);
    return { accept: false, response };
  }
  const { data, protocol } = answer;
  if (protocol !== undefined && !offeredProtocols(request).includes(protocol)) {
    throw new AnswerError(
      `The upgrade of ${request.path.slice(0, 100)}: expected a protocol that the client offered, got ${JSON.stringify(protocol)}.`,
    );
  }
  return { accept: true, data, protocol };
}
