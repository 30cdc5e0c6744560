/**
 * UwsSocket: one websocket of uWebSockets.js, safe to hold after its end.
 *
 * The native object must not be touched once its close handler has run, so it is let go there (`detach`), and every
 * method looks whether it is still held.
 */
import { checkCloseCode, cutReason } from "./close-code.ts";
import type { SendResult, TransportSocket } from "./transport.ts";
import type { UwsWebSocket } from "./uws-module.ts";

export class UwsSocket<Data> implements TransportSocket<Data> {
  readonly data: Data;
  #native: UwsWebSocket | undefined;
  #isBuffered = false;

  constructor(data: Data) {
    this.data = data;
  }

  get bufferedAmount(): number {
    return this.#native?.getBufferedAmount() ?? 0;
  }

  send(data: string | Uint8Array, binary = true): SendResult {
    const native = this.#native;
    if (native === undefined) return "closed";
    switch (native.send(data, binary && typeof data !== "string")) {
      case 1:
        return "sent";
      case 0:
        this.#isBuffered = true;
        return "buffered";
      default:
        // Dropped, over the limit. A view with a diff missing is worse than one that joins again.
        native.close();
        return "closed";
    }
  }

  cork(run: () => void): void {
    const native = this.#native;
    if (native === undefined) {
      run();
      return;
    }
    let failure: { readonly error: unknown } | undefined;
    native.cork(() => {
      try {
        run();
      } catch (error) {
        failure = { error };
      }
    });
    // Thrown here, since no error may pass through the native frames.
    if (failure !== undefined) throw failure.error;
  }

  close(code: number, reason = ""): void {
    checkCloseCode(code);
    this.#native?.end(code, cutReason(reason));
  }

  /** For the transport: the native socket has opened. */
  attach(native: UwsWebSocket): void {
    this.#native = native;
  }

  /** For the transport: the native socket has closed. */
  detach(): void {
    this.#native = undefined;
  }

  /** For the transport: has the queue gone from "buffered" to empty? The native event comes for partial progress too. */
  hasDrained(): boolean {
    if (!this.#isBuffered || this.bufferedAmount > 0) return false;
    this.#isBuffered = false;
    return true;
  }
}
