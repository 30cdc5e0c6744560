/** PortBoundary: the way to another thread over a MessagePort. A slab is transferred, not copied. */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Boundary } from "../world.ts";

export class PortBoundary implements Boundary {
  readonly #port: MessagePort;
  #onSlab: ((slab: Uint8Array) => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(slab: Uint8Array): void {
    this.#port.postMessage(slab, [slab.buffer as ArrayBuffer]);
  }

  listen(onSlab: (slab: Uint8Array) => void): void {
    this.#onSlab = onSlab;
    this.#port.on("message", onSlab);
  }

  drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#onSlab?.(next.message as Uint8Array);
    }
  }

  close(): void {
    this.#port.close();
  }
}
