/**
 * What crosses from one thread to another, and how soon? Rival: the BEAM, from one scheduler to another.
 *
 *   main thread: producer, pinger  ──▷  scheduler thread (thread-boot.ts): counter, echo, frame counter
 */
import { type Behaviour, type Kernel, type Pid, Schedulers, StatsTable } from "lintel/kernel";
import { percentile } from "../../support/statistics.ts";
import { expectEqual, type Measurement, nowNs, perSecond, type Timed } from "../program.ts";
import { deferred, inProcess, newKernel } from "./support.ts";
import { counterName, echoName, frameCounterName, frameKind, type ToCounter } from "./thread-protocol.ts";

/** The main thread's kernel, and the thread that thread-boot.ts runs on. */
export interface Pair {
  readonly kernel: Kernel;
  readonly thread: number;
}

export const threads: Measurement = (size, repeats) =>
  withThread(async (pair) => ({
    "thread-send": await perSecond(
      oneWay(pair, (n) => ({ tag: "message", n })),
      size,
      repeats,
    ),
    "thread-send-map": await perSecond(oneWay(pair, mapOfTen), size, repeats),
    "thread-frames": await perSecond(frames(pair), size, repeats),
  }));

export const threadRoundTrip: Measurement = (size) =>
  withThread(async (pair) => {
    await roundTrips(pair, size / 2, 0);
    const asleep = await roundTrips(pair, size / 2, 2);
    const awake = await roundTrips(pair, size, 0);
    return {
      "thread-asleep-p50": percentile(asleep, 50),
      "thread-asleep-p99": percentile(asleep, 99),
      "thread-awake-p50": percentile(awake, 50),
    };
  });

/** Runs with a thread of its own, which ends afterwards. */
export async function withThread<T>(run: (pair: Pair) => Promise<T>): Promise<T> {
  const kernel = newKernel({ statsTable: new StatsTable(2) });
  const schedulers = await Schedulers.start(kernel, {
    count: 1,
    boot: new URL("./thread-boot.js", import.meta.url),
    bootData: undefined,
    onUp: () => {},
    onDown: () => {},
  });
  // The thread has booted, but its names travel by another way.
  for (const name of [counterName, echoName, frameCounterName]) {
    while (kernel.names.whereis(name) === undefined) await new Promise(setImmediate);
  }
  try {
    return await run({ kernel, thread: schedulers.threads[0]! });
  } finally {
    await schedulers.close(0);
    kernel.close();
  }
}

export function mapOfTen(n: number): { readonly n: number } {
  return { n, a: 1, b: 2, c: "three", d: 4, e: true, f: 6, g: "seven", h: 8, i: 9 } as { n: number };
}

/** At most so many on their way: a mailbox holds 100,000. */
const window = 50_000;
const batch = 200;

/** Messages from a process here to one there. */
export function oneWay({ kernel }: Pair, make: (n: number) => unknown): Timed {
  return async (size) => {
    const counter = kernel.names.whereis(counterName)!;
    const done = deferred<number>();
    let sent = 0;
    let acknowledged = 0;
    let isWaiting = false;
    const producer: Behaviour = {
      label: "producer",
      init: (self) => {
        self.send(counter, { tag: "count", from: self.pid, size } satisfies ToCounter);
        self.send(self.pid, "more");
      },
      handle: (self, message) => {
        if (message !== "more") acknowledged = message as number;
        if (acknowledged === size) done.resolve(nowNs());
        if (message !== "more" && !isWaiting) return;
        isWaiting = sent - acknowledged >= window;
        if (isWaiting) return;
        for (let i = 0; i < batch && sent < size; i++) {
          sent += 1;
          self.send(counter, make(sent));
        }
        if (sent < size) self.send(self.pid, "more");
      },
    };
    const begun = nowNs();
    const pid = kernel.spawn(producer);
    const ended = await done.promise;
    kernel.exit(pid, "kill");
    return ended - begun;
  };
}

const framesPerFlush = 16;
const frame = new Uint8Array(300).fill(7);
const maxBytesInFlight = 4 << 20;

/** Frames as the transports of live views write them: bytes beside the messages, flushed 16 at a time. */
export function frames({ kernel, thread }: Pair): Timed {
  return async (size) => {
    const counter = kernel.names.whereis(frameCounterName)!;
    const took = await inProcess(kernel, async (self) => {
      self.send(counter, { from: self.pid, size });
      expectEqual("counter", await self.receive(), "ready");
      const begun = nowNs();
      for (let sent = 0; sent < size; ) {
        for (let i = 0; i < framesPerFlush && sent < size; i++) {
          kernel.peers.write(thread, frameKind, 0, frame);
          sent += 1;
        }
        kernel.peers.flush();
        while (kernel.peers.inFlight(thread) > maxBytesInFlight) await new Promise(setImmediate);
      }
      expectEqual("bytes", await self.receive(), size * frame.length);
      return nowNs() - begun;
    });
    return took;
  };
}

/** @param pauseMs how long both threads sleep before each @returns nanoseconds of each */
export async function roundTrips({ kernel }: Pair, count: number, pauseMs: number): Promise<readonly number[]> {
  const echo = kernel.names.whereis(echoName)!;
  return inProcess(kernel, async (self) => {
    const samples: number[] = [];
    for (let n = 0; n < count; n++) {
      if (pauseMs > 0) await self.receive({ after: pauseMs });
      const begun = nowNs();
      self.send(echo, { from: self.pid, n } satisfies { from: Pid; n: number });
      expectEqual("echo", await self.receive(), n);
      samples.push(nowNs() - begun);
    }
    return samples;
  });
}
