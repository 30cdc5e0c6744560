/** PortBoundary: the way to another thread over a MessagePort. A slab is transferred, not copied. */
import type { MessagePort } from "node:worker_threads";
import type { Boundary } from "../world.ts";

export class PortBoundary implements Boundary {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(slab: Uint8Array): void {
    this.#port.postMessage(slab, [slab.buffer as ArrayBuffer]);
  }

  listen(onSlab: (slab: Uint8Array) => void): void {
    this.#port.on("message", onSlab);
  }

  close(): void {
    this.#port.close();
  }
}
