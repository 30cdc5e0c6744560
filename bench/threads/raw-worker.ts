/** The other thread of raw.ts. */
import { parentPort } from "node:worker_threads";
import type { FromRaw, ToRaw } from "./raw-protocol.ts";

const port = parentPort!;
const tell = (message: FromRaw): void => port.postMessage(message);
let size = 0;
let every = 0;
let count = 0;
let sliceMs = 0;

port.on("message", (message: ToRaw | readonly unknown[] | { type: undefined }) => {
  if (Array.isArray(message)) counted(message.length);
  else if (ArrayBuffer.isView(message)) counted(1);
  else {
    const order = message as ToRaw;
    switch (order.type) {
      case "count":
        ({ size, every } = order);
        count = 0;
        return;
      case "echo":
        tell({ type: "echo", n: order.n });
        return;
      case "load":
        if (sliceMs === 0 && order.sliceMs > 0) setImmediate(slice);
        ({ sliceMs } = order);
        return;
      default:
        counted(1);
    }
  }
});

function counted(more: number): void {
  const before = count;
  count += more;
  if (count >= size || Math.floor(count / every) > Math.floor(before / every)) tell({ type: "counted", count });
}

function slice(): void {
  const end = performance.now() + sliceMs;
  while (performance.now() < end);
  if (sliceMs > 0) setImmediate(slice);
}
