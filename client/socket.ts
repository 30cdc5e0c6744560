/**
 * Socket: one websocket that comes back by itself, with the channels that share it.
 *
 *             ┌── heartbeat every 30 s; no answer within 30 s counts as closed
 *   open ─────┤
 *     ▲       └── closed by the server, the network: all channels are lost
 *     │                      │
 *     └── backoff ◀── hidden page: wait until it is shown
 *
 * A connection that was open for less than `STABLE_MS` does not reset the backoff, so a server that accepts and closes
 * at once is not hammered.
 */
import type { Frame } from "../liveview/protocol.ts";
import type { Backoff } from "./backoff.ts";
import { Channel, type ChannelHandlers, type ChannelLink, type ChannelTiming } from "./channel.ts";
import { type BinaryEncoding, decodeFrame, encodeFrame } from "./frame.ts";

const STABLE_MS = 2000;
const NORMAL_CLOSURE = 1000;

export interface SocketOptions {
  /** The address to connect to, asked for anew each time. */
  url(): string;
  heartbeatIntervalMs: number;
  reconnectAfterMs: Backoff;
  channel: ChannelTiming;
  /** For what comes as binary messages; null: they are dropped. */
  binary: BinaryEncoding | null;
  /** The connection ended without our asking. 1000 is the server's deliberate good-bye. */
  onClose(code: number): void;
}

export class Socket implements ChannelLink {
  readonly #options: SocketOptions;
  readonly #channels = new Set<Channel>();
  #connection: WebSocket | null = null;
  #wanted = false;
  #lastRef = 0;
  #tries = 0;
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined;
  #stableTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatRef: string | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
    document.addEventListener("visibilitychange", () => {
      if (this.#wanted && !this.#connection && !document.hidden) this.#open();
    });
  }

  /** Opens the connection, and keeps it open until `disconnect`. */
  connect(): void {
    this.#wanted = true;
    if (!this.#connection) this.#open();
  }

  /** Closes the connection, and does not reconnect. */
  disconnect(): void {
    this.#wanted = false;
    clearTimeout(this.#reconnectTimer);
    const connection = this.#release();
    if (connection) {
      connection.close(NORMAL_CLOSURE);
      for (const channel of [...this.#channels]) channel.socketClosed();
    }
  }

  isOpen(): boolean {
    return this.#connection?.readyState === WebSocket.OPEN;
  }

  nextRef(): string {
    this.#lastRef += 1;
    return String(this.#lastRef);
  }

  send(frame: Frame, isCompact = false, maxBytes = Number.POSITIVE_INFINITY): number {
    if (!this.isOpen()) return 0;
    const text = encodeFrame(frame, isCompact);
    const size = text.length * 3 > maxBytes ? new Blob([text]).size : 0;
    if (size > maxBytes) return size;
    this.#connection!.send(text);
    return 0;
  }

  channel(topic: string, handlers: ChannelHandlers): Channel {
    const channel = new Channel(topic, this, handlers, this.#options.channel);
    this.#channels.add(channel);
    return channel;
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel);
  }

  #open(): void {
    clearTimeout(this.#reconnectTimer);
    const connection = new WebSocket(this.#options.url());
    this.#connection = connection;
    connection.binaryType = "arraybuffer";
    connection.onopen = () => {
      this.#stableTimer = setTimeout(() => (this.#tries = 0), STABLE_MS);
      this.#beat();
      for (const channel of [...this.#channels]) channel.socketOpened();
    };
    connection.onmessage = (message) => this.#receive(message.data);
    connection.onclose = (close) => this.#closed(close.code);
  }

  /** Forgets the connection with its handlers and timers, so that nothing of it can be mistaken for the next one's. */
  #release(): WebSocket | null {
    const connection = this.#connection;
    this.#connection = null;
    clearTimeout(this.#stableTimer);
    clearTimeout(this.#heartbeatTimer);
    this.#heartbeatRef = null;
    if (connection) connection.onopen = connection.onmessage = connection.onclose = null;
    return connection;
  }

  #closed(code: number): void {
    this.#release();
    for (const channel of [...this.#channels]) channel.socketClosed();
    this.#reconnectLater();
    this.#options.onClose(code);
  }

  #reconnectLater(): void {
    clearTimeout(this.#reconnectTimer);
    if (!this.#wanted || document.hidden) return; // becoming visible reconnects
    this.#tries += 1;
    this.#reconnectTimer = setTimeout(() => {
      if (!document.hidden) this.#open();
    }, this.#options.reconnectAfterMs(this.#tries));
  }

  #receive(data: unknown): void {
    const frame = decodeFrame(data, this.#options.binary);
    if (!frame) return;
    const [, ref, topic] = frame;
    if (topic === "phoenix") {
      if (ref !== null && ref === this.#heartbeatRef) this.#beat();
      return;
    }
    // During a navigation two channels share a topic; their join refs tell them apart.
    for (const channel of [...this.#channels]) {
      if (topic === null || channel.topic === topic) channel.receive(frame);
    }
  }

  /** The last heartbeat was answered: the next one is due an interval from now, its answer an interval later. */
  #beat(): void {
    const interval = this.#options.heartbeatIntervalMs;
    clearTimeout(this.#heartbeatTimer);
    this.#heartbeatRef = null;
    this.#heartbeatTimer = setTimeout(() => {
      this.#heartbeatRef = this.nextRef();
      this.send([null, this.#heartbeatRef, "phoenix", "heartbeat", {}]);
      this.#heartbeatTimer = setTimeout(() => {
        const connection = this.#release();
        connection?.close(NORMAL_CLOSURE, "heartbeat timeout");
        this.#closed(1006);
      }, interval);
    }, interval);
  }
}
