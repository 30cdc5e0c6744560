/**
 * A TCP client that sends a line every two milliseconds and waits for its echo: how soon does a busy program answer?
 * Latency is counted from the moment at which a line was due, so that a stop hides nothing.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { percentile } from "../support/statistics.ts";
import type { Figures } from "./program.ts";

const everyMs = 2;

export async function measureEcho(port: number, warmUpMs: number, measuredMs: number): Promise<Figures> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const startMs = performance.now();
  const samples: number[] = [];
  let sent = 0;
  let answered = 0;
  const dueMs = (n: number): number => startMs + n * everyMs;
  await new Promise<void>((resolve, reject) => {
    const count = Math.ceil((warmUpMs + measuredMs) / everyMs);
    let partial = 0;
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed the connection")));
    socket.on("data", (data) => {
      const now = performance.now();
      for (partial += data.length; partial >= lineBytes; partial -= lineBytes) {
        if (answered * everyMs >= warmUpMs) samples.push((now - dueMs(answered)) * 1e6);
        answered += 1;
      }
      if (answered === count) resolve();
    });
    // Timers are too coarse: the loop turns without pause, on a core of its own.
    const poll = (): void => {
      while (sent < count && performance.now() >= dueMs(sent)) {
        socket.write(line);
        sent += 1;
      }
      if (sent < count) setImmediate(poll);
    };
    poll();
  });
  socket.removeAllListeners("close");
  socket.destroy();
  return { "saturated-echo-p50": percentile(samples, 50), "saturated-echo-p99": percentile(samples, 99) };
}

const line = "twelve bytes";
const lineBytes = line.length;
