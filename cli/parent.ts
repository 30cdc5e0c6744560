/**
 * Parent: keeps the runtime processes up. It runs no code of the app's, and loads no native module, so that it survives
 * what a thread cannot contain: an abort for lack of memory takes a whole process, and every thread of it, along.
 *
 *   lintel start ── Parent ─┬─ slot 1  process ✗ ─▷ process ...     one that ends is started again (restart-delay.ts)
 *                           └─ slot 2  process                      all of them listen on one port
 *
 *   a process stands still (heartbeat.ts) ─▷ SIGKILL ─▷ it has ended
 *   more ends than `maxRestarts` in 10 minutes ─▷ all stop in order ─▷ exit 1
 *   SIGTERM, SIGINT ─▷ SIGTERM to each ─▷ all have ended ─▷ exit 0
 *                                       └ the deadline has passed, or a second signal ─▷ SIGKILL ─▷ exit 1
 *   SIGUSR2         ─▷ to each: counters             SIGHUP ─▷ to each: reads its config anew
 *   lintel tree     ─▷ asked of each (control.ts)
 *
 * The processes are those of a `node:cluster`, since Node 20 has no other way for them to share a port by node:http: each
 * accepts from one listening socket. Not in turn (SCHED_RR): a connection that is handed to a process just as that dies
 * would hang for ever. uWebSockets.js shares by itself (SO_REUSEPORT).
 * If this process is killed, its runtime processes notice, and end in order.
 */
import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import { RestartWindow } from "../supervisor/restart-window.ts";
import { ControlError, controlPath, openControl } from "./control.ts";
import { Heartbeat } from "./heartbeat.ts";
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
  /** Milliseconds for which a process's main thread may stand still; 0: for ever. */
  readonly hangTimeoutMs: number;
  /** Of all processes together, within ten minutes. */
  readonly maxRestarts: number;
  /** Path of the socket for `lintel tree`; undefined: named after the port; "none": there is none. */
  readonly control: string | undefined;
}

/** What a runtime process tells its parent. */
export type FromRuntime =
  | { readonly type: "beat" }
  | { readonly type: "ready"; readonly url: string }
  | { readonly type: "failed"; readonly why: string }
  /** The answer to the question of that number. */
  | { readonly type: "answer"; readonly question: number; readonly text: string };

/** What a parent asks a runtime process. */
export interface ToRuntime {
  readonly type: "tree";
  readonly question: number;
}

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
  readonly #heartbeat: Heartbeat;
  readonly #restarts: RestartWindow;
  /** Who waits for an answer, by the number of the question. */
  readonly #questions = new Map<number, (text: string) => void>();
  #lastQuestion = 0;

  constructor(options: ParentOptions) {
    this.#options = options;
    this.#heartbeat = new Heartbeat(options.hangTimeoutMs, performance.now());
    this.#restarts = new RestartWindow(options.maxRestarts, restartsWithinSeconds);
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
    // Unheard, these would end a process.
    process.on("SIGUSR2", () => this.#signal("SIGUSR2", (slot) => slot.ready));
    process.on("SIGHUP", () => {
      if (process.stdout.isTTY)
        this.#stop(); // whose window has closed
      else this.#signal("SIGHUP", (slot) => slot.ready);
    });
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: fileURLToPath(this.#options.runtime), args: [...this.#options.args] });
    for (const slot of this.#slots) this.#start(slot);
    const { hangTimeoutMs } = this.#options;
    if (hangTimeoutMs > 0) setInterval(() => this.#endHung(), Heartbeat.everyMs(hangTimeoutMs));
    await this.#openControl();
  }

  /** Without it the app runs as well. */
  async #openControl(): Promise<void> {
    const { control, port } = this.#options;
    if (control === "none") return;
    try {
      const close = await openControl(control ?? controlPath(port, process.env), () => this.#tree());
      process.once("exit", close);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      this.#log("control", undefined, `lintel tree cannot ask: ${error.message}`);
    }
  }

  async #tree(): Promise<string> {
    return (await Promise.all(this.#slots.map((slot) => this.#ask(slot)))).join("");
  }

  /** A process that hangs, or ends meanwhile, must not keep the others from answering. */
  #ask(slot: Slot): Promise<string> {
    const { worker, number } = slot;
    if (worker === undefined || !slot.ready) return Promise.resolve(`slot ${number}  not running\n`);
    this.#lastQuestion += 1;
    const question = this.#lastQuestion;
    return new Promise((resolve) => {
      const answered = (text: string): void => {
        clearTimeout(late);
        this.#questions.delete(question);
        resolve(text);
      };
      const late = setTimeout(() => answered(`slot ${number}  process ${worker.process.pid}  no answer\n`), answerMs);
      this.#questions.set(question, answered);
      worker.send({ type: "tree", question } satisfies ToRuntime, () => undefined);
    });
  }

  #endHung(): void {
    for (const [number, forMs] of this.#heartbeat.check(performance.now())) {
      const slot = this.#slots[number - 1]!;
      slot.why = `its main thread stood still for ${Math.round(forMs)} ms`;
      slot.worker?.process.kill("SIGKILL");
    }
  }

  #start(slot: Slot): void {
    const worker = cluster.fork();
    slot.worker = worker;
    slot.ready = false;
    slot.why = undefined;
    this.#heartbeat.started(slot.number, performance.now());
    worker.on("message", (message: unknown) => this.#told(slot, message));
    worker.on("error", (error) => {
      if (worker.process.pid !== undefined) this.#log("error", slot, error.message);
      else this.#ended(slot, null, error.message); // it could not even be started
    });
    worker.on("exit", (code, signal) => this.#ended(slot, code, signal));
  }

  #told(slot: Slot, message: unknown): void {
    const told = message as Partial<FromRuntime> | null;
    if (told?.type === "beat") return this.#heartbeat.beat(slot.number, performance.now());
    if (told?.type === "answer") return this.#questions.get(Number(told.question))?.(String(told.text));
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
    this.#heartbeat.ended(slot.number);
    if (this.#stopping) {
      // One that did not listen for signals yet ends by them.
      if (code !== 0 && (wasReady || signal !== "SIGTERM")) this.#failed(slot, `ended with ${how} as it was to stop`);
      this.#exitWhenEmpty();
      return;
    }
    const why = slot.why === undefined ? how : `${how}: ${slot.why}`;
    if (!this.#hasStarted) this.#failedToStart(slot, why);
    else {
      const nowMs = performance.now();
      const delayMs = slot.delay.ended(nowMs);
      const ended = `process ${pid} ended${wasReady ? "" : " before it was ready"} (${why})`;
      if (!this.#restarts.record(nowMs)) return this.#giveUp(slot, ended);
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

  /** Too many ends: what is wrong does not get better by starting again. Whoever started us is to know. */
  #giveUp(slot: Slot, ended: string): void {
    const { maxRestarts } = this.#options;
    const limit = `more than ${maxRestarts} restarts within ${restartsWithinSeconds} s`;
    this.#failed(slot, ended);
    this.#log("giveUp", undefined, `${limit}; stopping`);
    this.#stop();
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
const restartsWithinSeconds = 600;
/** For a process to tell its tree. */
const answerMs = 15_000;
