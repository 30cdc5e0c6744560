/**
 * Raw TCP sockets that all read into one buffer: at 60,000 answers a second, a buffer for each read is what costs.
 * The buffer is free again when the listener returns, since Node reads and calls in one go.
 */
import { connect, type Socket } from "node:net";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface RawSocketListener {
  connected(): void;
  /** `bytes` from 0 to `length`, valid during the call only. */
  bytes(bytes: Buffer, length: number): void;
  /** Called once, with the error if one ended it. */
  closed(error: Error | undefined): void;
}

const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

export function rawSocket(target: Target, listener: RawSocketListener): Socket {
  const socket = connect({
    host: target.host,
    port: target.port,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length) => {
        listener.bytes(readBuffer, length);
        return true;
      },
    },
  });
  let error: Error | undefined;
  socket.on("connect", () => listener.connected());
  socket.on("error", (reason) => {
    error = reason;
  });
  socket.on("close", () => listener.closed(error));
  return socket;
}
