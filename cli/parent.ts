/**
 * Parent: keeps the runtime processes up. It runs no code of the app's, and loads no native module, so that it survives
 * what a thread cannot contain: an abort for lack of memory takes a whole process, and every thread of it, along.
 *
 *   lintel start ── Parent ─┬─ slot 1  process ✗ ─▷ process ...     one that ends is started again (restart-delay.ts)
 *                           └─ slot 2  process                      all of them listen on one port
 *
 *   SIGTERM, SIGINT ─▷ SIGTERM to each ─▷ all have ended ─▷ exit 0
 *                                       └ the deadline has passed, or a second signal ─▷ SIGKILL ─▷ exit 1
 *   SIGUSR2         ─▷ to each
 *
 * The processes are those of a `node:cluster`, since Node 20 has no other way for them to share a port by node:http: each
 * accepts from one listening socket. Not in turn (SCHED_RR): a connection that is handed to a process just as that dies
 * would hang for ever. uWebSockets.js shares by itself (SO_REUSEPORT).
 * If this process is killed, its runtime processes notice, and end in order.
 */
import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import { whyNotFree } from "./port.ts";
import { RestartDelay } from "./restart-delay.ts";

export interface ParentOptions {
  /** Module of the runtime process. It sends `FromRuntime`. */
  readonly runtime: URL;
  /** Its command line. */
  readonly args: readonly string[];
  readonly processes: number;
  readonly host: string;
  readonly port: number;
  /** Milliseconds for all processes to end in order. */
  readonly deadlineMs: number;
}

/** What a runtime process tells its parent. */
export type FromRuntime =
  | { readonly type: "ready"; readonly url: string }
  | { readonly type: "failed"; readonly why: string };

interface Slot {
  readonly number: number;
  readonly delay: RestartDelay;
  worker: Worker | undefined;
  ready: boolean;
  /** Why it failed, in its own words. */
  why: string | undefined;
}

export class Parent {
  readonly #options: ParentOptions;
  readonly #slots: readonly Slot[];
  /** Some process has been ready: what the app needs is there, and trying again makes sense. */
  #hasStarted = false;
  /** Those that failed before that. */
  readonly #failedSlots: Slot[] = [];
  #announced = false;
  #stopping = false;
  #stoppedAtMs = 0;
  #exitCode = 0;

  constructor(options: ParentOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.processes }, (_, i) => ({
      number: i + 1,
      delay: new RestartDelay(),
      worker: undefined,
      ready: false,
      why: undefined,
    }));
  }

  /** Starts the processes. This process ends when they have: 0 after an orderly stop, else 1, with a reason. */
  async run(): Promise<void> {
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined); // its reader has gone
    const { host, port } = this.#options;
    const taken = await whyNotFree(host, port);
    if (taken !== undefined) {
      this.#log("giveUp", undefined, `cannot listen on ${host}:${port}: ${taken}`);
      process.exit(1);
    }
    for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => this.#stop());
    process.on("SIGUSR2", () => this.#signal("SIGUSR2", (slot) => slot.ready)); // unheard, it would end a process
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: fileURLToPath(this.#options.runtime), args: [...this.#options.args] });
    for (const slot of this.#slots) this.#start(slot);
  }

  #start(slot: Slot): void {
    const worker = cluster.fork();
    slot.worker = worker;
    slot.ready = false;
    slot.why = undefined;
    worker.on("message", (message: unknown) => this.#told(slot, message));
    worker.on("error", (error) => {
      if (worker.process.pid !== undefined) this.#log("error", slot, error.message);
      else this.#ended(slot, null, error.message); // it could not even be started
    });
    worker.on("exit", (code, signal) => this.#ended(slot, code, signal));
  }

  #told(slot: Slot, message: unknown): void {
    const told = message as Partial<FromRuntime> | null;
    if (told?.type === "failed") slot.why = String(told.why).slice(0, 4000);
    if (told?.type !== "ready") return;
    slot.ready = true;
    this.#hasStarted = true;
    for (const failed of this.#failedSlots.splice(0)) this.#startLater(failed, failed.delay.ended(performance.now()));
    if (this.#announced || !this.#slots.every(({ ready }) => ready)) return;
    this.#announced = true;
    console.log(`Lintel: ${String(told.url)} (processes: ${this.#slots.length})`);
  }

  #ended(slot: Slot, code: number | null, signal: string | null): void {
    const wasReady = slot.ready;
    const how = signal ?? `exit code ${code}`;
    const pid = slot.worker?.process.pid;
    slot.worker = undefined;
    slot.ready = false;
    if (this.#stopping) {
      // One that did not listen for signals yet ends by them.
      if (code !== 0 && (wasReady || signal !== "SIGTERM")) this.#failed(slot, `ended with ${how} as it was to stop`);
      this.#exitWhenEmpty();
      return;
    }
    const why = slot.why === undefined ? how : `${how}: ${slot.why}`;
    if (!this.#hasStarted) this.#failedToStart(slot, why);
    else {
      const delayMs = slot.delay.ended(performance.now());
      const ended = `process ${pid} ended${wasReady ? "" : " before it was ready"} (${why})`;
      this.#log("ended", slot, `${ended}; started again ${delayMs === 0 ? "at once" : `in ${delayMs} ms`}`);
      this.#startLater(slot, delayMs);
    }
  }

  /** Until some process has been ready none is tried again: it would fail for the same reason. */
  #failedToStart(slot: Slot, why: string): void {
    this.#log("failed", slot, `did not start (${why})`);
    this.#failedSlots.push(slot);
    if (this.#slots.some(({ worker }) => worker !== undefined)) return;
    this.#log("giveUp", undefined, "no process could start");
    process.exit(1);
  }

  #startLater(slot: Slot, delayMs: number): void {
    setTimeout(() => {
      if (!this.#stopping) this.#start(slot);
    }, delayMs);
  }

  #stop(): void {
    const nowMs = performance.now();
    if (this.#stopping) {
      if (nowMs - this.#stoppedAtMs > sameKeyMs) this.#kill("a second signal came");
      return;
    }
    this.#stopping = true;
    this.#stoppedAtMs = nowMs;
    // Not SIGINT: a terminal sends that to all processes itself, and they leave it to us.
    this.#signal("SIGTERM");
    setTimeout(() => this.#kill(`not ended within ${this.#options.deadlineMs} ms`), this.#options.deadlineMs).unref();
    this.#exitWhenEmpty();
  }

  #kill(why: string): void {
    for (const slot of this.#slots) if (slot.worker !== undefined) this.#failed(slot, `is killed: ${why}`);
    this.#signal("SIGKILL");
    process.exit(1);
  }

  #signal(signal: NodeJS.Signals, wants: (slot: Slot) => boolean = () => true): void {
    for (const slot of this.#slots) if (wants(slot)) slot.worker?.process.kill(signal);
  }

  #exitWhenEmpty(): void {
    if (this.#slots.every(({ worker }) => worker === undefined)) process.exit(this.#exitCode);
  }

  #failed(slot: Slot, detail: string): void {
    this.#exitCode = 1;
    this.#log("failed", slot, detail);
  }

  /** A line of JSON on standard error, as the reports of the processes are. */
  #log(event: string, slot: Slot | undefined, detail: string): void {
    process.stderr.write(`${JSON.stringify({ level: "error", kind: "parent", event, slot: slot?.number, detail })}\n`);
  }
}

/** A terminal sends Ctrl+C to a whole group of processes, and some, npm for one, pass it on: that is no second signal. */
const sameKeyMs = 250;
