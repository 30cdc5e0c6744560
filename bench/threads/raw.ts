/**
 * Rival: `postMessage` between two threads, with nothing around it: no processes, no order to keep with anything else, no
 * bound, no mailboxes. The producer lets its event loop turn every 1,024 messages and keeps at most `window` unanswered.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expectEqual, nowNs, type Timed } from "../kernel/program.ts";
import type { FromRaw, ToRaw } from "./raw-protocol.ts";

export class Raw implements AsyncDisposable {
  readonly #worker = new Worker(new URL("./raw-worker.js", import.meta.url));

  /** @param perPost 1: each message by itself; more: an array of so many */
  oneWay(make: (n: number) => unknown, perPost: number): Timed {
    return async (size) => {
      const done = this.#begin(size, window / 4);
      let acknowledged = 0;
      const acknowledge = (message: FromRaw): void => {
        if (message.type === "counted") acknowledged = message.count;
      };
      this.#worker.on("message", acknowledge);
      const begun = nowNs();
      for (let sent = 0; sent < size; ) {
        for (let i = 0; i < turnEvery && sent < size; i += perPost) {
          if (perPost === 1) this.#worker.postMessage(make(++sent));
          else {
            const batch: unknown[] = [];
            for (let j = 0; j < perPost && sent < size; j++) batch.push(make(++sent));
            this.#worker.postMessage(batch);
          }
        }
        do await new Promise(setImmediate);
        while (sent - acknowledged > window);
      }
      await done;
      this.#worker.off("message", acknowledge);
      return nowNs() - begun;
    };
  }

  /** @returns nanoseconds of each */
  async roundTrips(count: number, pauseMs: number): Promise<readonly number[]> {
    const samples: number[] = [];
    for (let n = 1; n <= count; n++) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const begun = nowNs();
      this.#tell({ type: "echo", n });
      const [answer] = (await once(this.#worker, "message")) as [FromRaw];
      expectEqual("echo", answer.type === "echo" ? answer.n : answer.type, n);
      samples.push(nowNs() - begun);
    }
    return samples;
  }

  /** The other thread works for slices of this length, and lets its event loop turn in between; 0 ends that. */
  load(sliceMs: number): void {
    this.#tell({ type: "load", sliceMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #begin(size: number, every: number): Promise<void> {
    this.#tell({ type: "count", size, every });
    for (;;) {
      const [message] = (await once(this.#worker, "message")) as [FromRaw];
      if (message.type === "counted" && message.count >= size) return;
    }
  }

  #tell(message: ToRaw): void {
    this.#worker.postMessage(message);
  }
}

const window = 50_000;
const turnEvery = 1024;
