/**
 * WsSocket: one websocket of ws, with the guards that ws leaves to its user: a limit to what may wait for a slow reader,
 * a `drain` event, silence after our own `close`.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { checkCloseCode, cutReason } from "./close-code.ts";
import type { SendResult, TransportSocket } from "./transport.ts";

const NOTHING = Buffer.alloc(0);

export class WsSocket<Data> implements TransportSocket<Data> {
  readonly data: Data;
  readonly #ws: WebSocket;
  readonly #raw: Duplex;
  readonly #maxBackpressureBytes: number;
  readonly #onDrain: (socket: WsSocket<Data>) => void;
  #isOpen = true;
  #isCorked = false;
  #awaitsDrain = false;
  /** The code that we closed with. */
  #closeCode: number | undefined;
  /** Sweeps since the peer was last heard. */
  #silentSweeps = 0;

  /**
   * @param raw the connection below `ws`
   * @param onDrain the send queue went from "buffered" to empty
   */
  constructor(
    data: Data,
    ws: WebSocket,
    raw: Duplex,
    maxBackpressureBytes: number,
    onDrain: (socket: WsSocket<Data>) => void,
  ) {
    this.data = data;
    this.#ws = ws;
    this.#raw = raw;
    this.#maxBackpressureBytes = maxBackpressureBytes;
    this.#onDrain = onDrain;
  }

  /** False from our `close`, our `terminate`, or the peer's closing on. */
  get isOpen(): boolean {
    return this.#isOpen && this.#ws.readyState === this.#ws.OPEN;
  }

  get bufferedAmount(): number {
    return this.isOpen ? this.#ws.bufferedAmount : 0;
  }

  send(data: string | Uint8Array, binary = true): SendResult {
    if (!this.isOpen) return "closed";
    this.#ws.send(data, { binary: binary && typeof data !== "string" });
    let waiting = this.#ws.bufferedAmount;
    if (waiting > this.#maxBackpressureBytes && this.#isCorked) {
      // Full of our own making: let it flow before blaming the reader.
      this.#raw.uncork();
      this.#raw.cork();
      waiting = this.#ws.bufferedAmount;
    }
    if (waiting > this.#maxBackpressureBytes) {
      this.terminate();
      return "closed";
    }
    if (waiting === 0 || this.#isCorked) return "sent";
    this.#awaitDrain();
    return "buffered";
  }

  cork(run: () => void): void {
    if (!this.isOpen || this.#isCorked) {
      run();
      return;
    }
    this.#isCorked = true;
    this.#raw.cork();
    try {
      run();
    } finally {
      this.#isCorked = false;
      this.#raw.uncork();
      if (this.bufferedAmount > 0) this.#awaitDrain();
    }
  }

  close(code: number, reason = ""): void {
    checkCloseCode(code);
    if (!this.isOpen) return;
    this.#isOpen = false;
    this.#closeCode = code;
    this.#ws.close(code, cutReason(reason));
  }

  /** For the transport: cuts the connection without a word. */
  terminate(): void {
    this.#isOpen = false;
    this.#ws.terminate();
  }

  /** For the transport: the code to report, given the one that ws reports. */
  closedWith(code: number): number {
    this.#isOpen = false;
    return this.#closeCode ?? code;
  }

  /** For the transport: the peer has said something. */
  heard(): void {
    this.#silentSweeps = 0;
  }

  /** For the transport: called eight times per idle timeout. Pings a peer that has gone silent, and cuts one that stays so. */
  sweep(): void {
    if (!this.isOpen) return;
    this.#silentSweeps += 1;
    if (this.#silentSweeps > 8) this.terminate();
    else if (this.#silentSweeps === 4) this.#ws.ping();
  }

  /** An empty write queued behind all others rings when they are through; one at a time. */
  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#raw.write(NOTHING, () => {
      this.#awaitsDrain = false;
      if (!this.isOpen) return;
      if (this.#ws.bufferedAmount > 0) this.#awaitDrain();
      else this.#onDrain(this);
    });
  }
}
