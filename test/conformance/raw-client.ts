/**
 * RawClient: a TCP client that says what it is told, right or wrong, and remembers what it hears.
 * For what well-behaved clients cannot be made to do.
 */
import { connect, type Socket } from "node:net";

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  #received = Buffer.alloc(0);
  #waiting: { readonly enough: (received: Buffer) => boolean; readonly resolve: (received: Buffer) => void }[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
        for (const { resolve } of this.#waiting.splice(0)) resolve(this.#received);
      });
    });
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      const waiting = this.#waiting;
      this.#waiting = waiting.filter(({ enough }) => !enough(this.#received));
      for (const { enough, resolve } of waiting) if (enough(this.#received)) resolve(this.#received);
    });
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  /** Connects and does a correct opening handshake. */
  static async websocket(port: number, path = "/live/websocket"): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.write(handshake(path));
    await client.until((received) => received.includes("\r\n\r\n"));
    return client;
  }

  get received(): Buffer {
    return this.#received;
  }

  /** A string goes as latin1: one character, one byte. */
  write(data: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
  }

  /** What was received, once it is enough, or all of it, once the connection has ended. */
  until(enough: (received: Buffer) => boolean): Promise<Buffer> {
    if (enough(this.#received) || this.socket.destroyed) return Promise.resolve(this.#received);
    return new Promise((resolve) => this.#waiting.push({ enough, resolve }));
  }

  /** The status of the first answer, or 0 when there was none before the end. */
  async status(): Promise<number> {
    const received = await this.until((bytes) => bytes.includes("\r\n\r\n"));
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(received.toString("latin1"))?.[1] ?? 0);
  }

  /** Leaves without a word: a reset, no FIN. */
  vanish(): void {
    this.socket.resetAndDestroy();
  }
}

/** A correct opening handshake; `lines` are added, and replace those of the same name. */
export function handshake(path: string, lines: Readonly<Record<string, string | undefined>> = {}): string {
  const all: Record<string, string | undefined> = {
    host: "example.test",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AQIDBAUGBwgJCgsMDQ4PEA==",
    ...lines,
  };
  const text = Object.entries(all).filter(([, value]) => value !== undefined);
  return `GET ${path} HTTP/1.1\r\n${text.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

export const TEXT = 1;
export const BINARY = 2;
export const CONTINUATION = 0;
export const CLOSE = 8;
export const PING = 9;

/** One websocket frame as a client sends it. */
export function frame(
  opcode: number,
  payload: string | Uint8Array,
  { fin = true, rsv = 0, masked = true }: { fin?: boolean; rsv?: number; masked?: boolean } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const maskBit = masked ? 0x80 : 0;
  if (bytes.length < 126) head.push(maskBit | bytes.length);
  else if (bytes.length < 65_536) head.push(maskBit | 126, bytes.length >> 8, bytes.length & 0xff);
  else {
    head.push(maskBit | 127, 0, 0, 0, 0);
    head.push(bytes.length >>> 24, (bytes.length >> 16) & 0xff, (bytes.length >> 8) & 0xff, bytes.length & 0xff);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), bytes]);
  const mask = [0x11, 0x22, 0x33, 0x44];
  return Buffer.from([...head, ...mask, ...bytes.map((byte, i) => byte ^ mask[i & 3]!)]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}
