/** A thread under full load, which measures itself: see saturation.ts. */
import { createServer } from "node:net";
import { PerformanceObserver } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import type { Behaviour, Kernel, Pid } from "lintel/kernel";
import { percentile } from "../../support/statistics.ts";
import { expectEqual, type Figures, nowNs } from "../program.ts";
import { inProcess, mixBehaviours, newKernel } from "./support.ts";

const { name, size } = workerData as { name: "in-flight" | "pauses" | "saturated"; size: number };
const isQuick = size < 100_000;
const warmUpMs = isQuick ? 200 : 2_000;
const measuredMs = isQuick ? 500 : 4_000;

/** A thousand processes pass on what they get, each message a new one; `size` of them are always in mailboxes. */
async function inFlight(): Promise<Figures> {
  const kernel = newKernel();
  const pids: Pid[] = [];
  let handled = 0;
  const passOn: Behaviour<number> = {
    label: "passes on",
    init: (self, i) => {
      self.state = i;
    },
    handle: (self, message) => {
      handled += 1;
      const { n } = message as { n: number };
      self.send(pids[((self.state as number) + n) % pids.length]!, { tag: "token", n: (n + 1) & 0xffff });
    },
  };
  for (let i = 0; i < 1_000; i++) pids.push(kernel.spawn(passOn, i));
  for (let n = 0; n < size; n++) kernel.send(pids[n % pids.length]!, { tag: "token", n: n & 0xffff });
  await sleep(warmUpMs);
  const before = handled;
  const inProcessMs = processDelays(kernel, measuredMs);
  const delaysMs = await timerDelays(measuredMs);
  const rate = (handled - before) / (measuredMs / 1000);
  expectEqual("messages lost", dropped(kernel), 0);
  return {
    "in-flight-delay-p99": percentile(delaysMs, 99) * 1e6,
    "in-flight-delay-max": Math.max(...delaysMs) * 1e6,
    "in-flight-process-p99": percentile(await inProcessMs, 99) * 1e6,
    "in-flight-rate": rate,
  };
}

/**
 * How late is what is due at every millisecond? One long stop makes many moments late, and each counts: they are those
 * at which somebody could have come in.
 */
class Lateness {
  readonly delaysMs: number[] = [];
  readonly #endMs: number;
  #dueMs: number;

  constructor(durationMs: number) {
    this.#dueMs = performance.now() + 1;
    this.#endMs = this.#dueMs + durationMs;
  }

  /** @returns milliseconds until the next moment; undefined when that was the last */
  record(): number | undefined {
    const now = performance.now();
    for (; this.#dueMs <= now; this.#dueMs += 1) this.delaysMs.push(now - this.#dueMs);
    return now < this.#endMs ? this.#dueMs - now : undefined;
  }
}

/** ... in the event loop. */
function timerDelays(durationMs: number): Promise<readonly number[]> {
  return new Promise((resolve) => {
    const lateness = new Lateness(durationMs);
    const tick = (): void => {
      if (lateness.record() === undefined) resolve(lateness.delaysMs);
      else setTimeout(tick, 1);
    };
    setTimeout(tick, 1);
  });
}

/** ... in a process, which has its turn like all the others. */
function processDelays(kernel: Kernel, durationMs: number): Promise<readonly number[]> {
  const lateness = new Lateness(durationMs);
  return inProcess(kernel, async (self) => {
    for (let waitMs = lateness.record(); waitMs !== undefined; waitMs = lateness.record()) {
      self.sendAfter(waitMs, "due");
      await self.receive();
    }
    return lateness.delaysMs;
  });
}

/** `size` tokens go round among as many processes, and whatever comes in by a socket goes out again. */
function saturated(): Promise<never> {
  const kernel = newKernel();
  const pids: Pid[] = [];
  const passOn: Behaviour<number> = {
    label: "passes on",
    init: (self, i) => {
      self.state = i;
    },
    handle: (self, message) => {
      const { n } = message as { n: number };
      self.send(pids[((self.state as number) + n) % pids.length]!, { tag: "token", n: (n + 1) & 0xffff });
    },
  };
  for (let i = 0; i < size; i++) pids.push(kernel.spawn(passOn, i));
  for (const [n, pid] of pids.entries()) kernel.send(pid, { tag: "token", n });
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as { port: number }).port}`));
  return new Promise(() => {});
}

/** `size` processes, whose states are replaced at random, so that each new one outlives a few collections. */
async function pauses(): Promise<Figures> {
  const kernel = newKernel();
  const pids: Pid[] = [];
  let handled = 0;
  const holder: Behaviour = {
    label: "holder",
    init: (self) => {
      self.state = { n: 0, items: [1, 2, 3], name: "" };
    },
    handle: (self, message) => {
      handled += 1;
      const n = message as number;
      self.state = { n, items: [n, n + 1, n + 2], name: `name ${n}` };
    },
  };
  for (let i = 0; i < size; i++) pids.push(kernel.spawn(holder));
  let random = 1;
  kernel.spawn({
    label: "driver",
    init: (self) => self.send(self.pid, "more"),
    handle: (self) => {
      for (let i = 0; i < 200; i++) {
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
        self.send(pids[random % size]!, random & 0xffff);
      }
      self.send(self.pid, "more");
    },
  });
  await sleep(warmUpMs);
  const durationsMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) durationsMs.push(entry.duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  const before = handled;
  const begun = nowNs();
  await sleep(measuredMs);
  const rate = (handled - before) / ((nowNs() - begun) / 1e9);
  await sleep(50);
  observer.disconnect();
  if (durationsMs.length === 0) throw new Error("no garbage collection was seen");
  return { "gc-p99": percentile(durationsMs, 99) * 1e6, "gc-rate": rate };
}

function dropped(kernel: Kernel): number {
  return kernel.statsTable.read()[0]!.dropped;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await mixBehaviours();
const measurements = { "in-flight": inFlight, pauses, saturated };
parentPort!.postMessage(await measurements[name]());
