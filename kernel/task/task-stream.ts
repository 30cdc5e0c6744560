/**
 * Streams of tasks: one task per input, some at a time, outcomes by demand.
 *
 *   inputs ──▷ places, `maxConcurrency` of them ──▷ for await (const outcome of stream)
 *              [ ok ][ runs ][ ok ][ runs ]
 *                └ ordered: only the first one may leave; else any that is done
 *
 * - Lazy: no input is read before the first outcome is asked for, and none while nobody asks.
 * - Backpressure: a place is free again when its outcome has been taken. So a slow reader holds back the inputs, and no
 *   more than `maxConcurrency` outcomes are ever held.
 * - The tasks end with the stream: when its loop is left, when it fails, and when the owner ends.
 *
 * Source: Elixir, Task.async_stream; G15 of the feature map. Elixir's `zip_input_on_exit` is always on.
 */
import { OptionError, shown, TaskError } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import { isPromise } from "../is-promise.ts";
import { checkKeys } from "../options.ts";
import type { Process } from "../process.ts";
import { checkTimeout, ownedTimer } from "../sleep.ts";
import type { Timer } from "../timer-wheel.ts";
import { spawnTask, type TaskFunction, type TaskOutcome, TaskRun, unwatch, watch } from "./task-process.ts";

export interface TaskStreamOptions {
  /** Tasks that run, or wait for their outcome to be taken, at one time; default 8. */
  readonly maxConcurrency?: number;
  /** Outcomes in the order of the inputs; default true. False: as they come, so that a slow one holds nobody back. */
  readonly ordered?: boolean;
  /** Milliseconds that each task may take, or Infinity; default 5000. */
  readonly timeout?: number;
  /**
   * Then "exit" (default): the loop throws a TaskError with `timeout`, which ends the owner if nobody catches it; or
   * "killTask": that task is killed, and its outcome is `{ type: "exit", reason: "timeout", input }`.
   */
  readonly onTimeout?: "exit" | "killTask";
}

/** What became of one input. */
export type TaskStreamOutcome<I, R> =
  | { readonly type: "ok"; readonly value: R }
  | { readonly type: "exit"; readonly reason: ExitReason; readonly input: I };

/** @internal How a stream starts a task, and whether the task's failure is the owner's. */
export interface StreamTasks {
  readonly linked: boolean;
  spawn(run: TaskRun): Process;
}

/** @internal Tasks that are the owner's children. */
export function ownTasks(self: Process, linked: boolean): StreamTasks {
  return { linked, spawn: (run) => spawnTask(self.kernel, self, run) };
}

/** @internal Behind `Task.asyncStream` and `TaskSupervisor.asyncStream`. */
export function asyncStream<I, R>(
  self: Process,
  inputs: Iterable<I> | AsyncIterable<I>,
  run: TaskFunction<I, R>,
  options: TaskStreamOptions,
  tasks: StreamTasks,
): AsyncIterable<TaskStreamOutcome<I, Awaited<R>>> {
  const checked = checkOptions(self, inputs, options);
  return {
    [Symbol.asyncIterator]: () => outcomesOf(new TaskStream<I, Awaited<R>>(self, inputs, run, checked, tasks)),
  };
}

async function* outcomesOf<I, R>(stream: TaskStream<I, R>): AsyncGenerator<TaskStreamOutcome<I, R>, void> {
  try {
    for (let taken = await stream.take(); taken !== undefined; taken = await stream.take()) yield taken;
  } finally {
    await stream[Symbol.asyncDispose]();
  }
}

/** A task of the stream, from its start until its outcome is taken. */
interface Place<I, R> {
  readonly input: I;
  readonly process: Process;
  readonly run: TaskRun;
  timer: Timer | undefined;
  outcome: TaskStreamOutcome<I, R> | undefined;
}

class TaskStream<I, R> implements AsyncDisposable {
  readonly #self: Process;
  readonly #inputs: Iterable<I> | AsyncIterable<I>;
  readonly #run: TaskFunction<I>;
  readonly #options: Required<TaskStreamOptions>;
  readonly #tasks: StreamTasks;
  /** In the order of the inputs. */
  #places: Place<I, R>[] = [];
  /** Those that are done, in the order in which they were. */
  #done: Place<I, R>[] = [];
  #iterator: Iterator<I> | AsyncIterator<I> | undefined;
  #reading = false;
  #exhausted = false;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(
    self: Process,
    inputs: Iterable<I> | AsyncIterable<I>,
    run: TaskFunction<I>,
    options: Required<TaskStreamOptions>,
    tasks: StreamTasks,
  ) {
    this.#self = self;
    this.#inputs = inputs;
    this.#run = run;
    this.#options = options;
    this.#tasks = tasks;
  }

  /** The next outcome; undefined when there is none to come. */
  async take(): Promise<TaskStreamOutcome<I, R> | undefined> {
    for (;;) {
      if (!this.#self.isAlive) await new Promise<never>(() => {}); // a loop ends with its owner
      this.#fill();
      if (this.#failure !== undefined) throw this.#failure.error;
      const ready = this.#ready();
      if (ready !== undefined) return ready;
      if (this.#exhausted && this.#places.length === 0) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Kills what still runs, at once, and lets go of the inputs. Also run by the owner's end. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#self.disown(this);
    for (const place of this.#places) if (place.outcome === undefined) this.#kill(place);
    this.#places = this.#done = [];
    if (this.#exhausted) return Promise.resolve();
    const returned = (async () => void (await this.#iterator?.return?.()))();
    // A source that is just being read says so only when it has answered: nobody should wait for that.
    return this.#reading ? Promise.resolve() : returned;
  }

  /** Reads inputs, and starts their tasks, while there are places. */
  #fill(): void {
    while (!this.#exhausted && !this.#reading && !this.#failure && this.#places.length < this.#options.maxConcurrency) {
      try {
        const next = this.#read();
        if (!isPromise(next)) this.#admit(next);
        else {
          this.#reading = true;
          next.then(
            (result) => this.#arrived(() => this.#admit(result)),
            (thrown: unknown) => {
              this.#exhausted = true;
              this.#arrived(() => this.#fail(thrown));
            },
          );
        }
      } catch (thrown) {
        this.#fail(thrown);
      }
    }
  }

  #read(): IteratorResult<I> | Promise<IteratorResult<I>> {
    if (this.#iterator === undefined) {
      const inputs = this.#inputs;
      this.#iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
      this.#self.own(this);
    }
    try {
      return this.#iterator.next();
    } catch (thrown) {
      this.#exhausted = true;
      throw thrown;
    }
  }

  #arrived(then: () => void): void {
    this.#reading = false;
    if (this.#closed) return;
    try {
      then();
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#wake?.();
  }

  #admit(next: IteratorResult<I>): void {
    if (next.done === true) {
      this.#exhausted = true;
      return;
    }
    const run = new TaskRun(this.#run, next.value, this.#self);
    const process = this.#tasks.spawn(run);
    const place: Place<I, R> = { input: run.arg as I, process, run, timer: undefined, outcome: undefined };
    this.#places.push(place);
    watch(this.#self, process, run, (outcome) => this.#ended(place, outcome));
    place.timer = ownedTimer(this.#self, this.#options.timeout, () => this.#timedOut(place));
  }

  #ended(place: Place<I, R>, outcome: TaskOutcome<R>): void {
    if (place.timer !== undefined) this.#self.cancelTimer(place.timer);
    if (outcome.type === "ok") {
      this.#settle(place, outcome);
      return;
    }
    const { reason } = outcome;
    if (this.#tasks.linked && reason !== "normal" && !this.#self.trapExit) {
      // The owner ends, and with it the loop: it must not go on for a moment.
      place.outcome = { type: "exit", reason, input: place.input };
      this.#self.kernel.signals.receiveExit(this.#self, place.process.pid, reason, true);
    } else this.#settle(place, { type: "exit", reason, input: place.input });
  }

  #timedOut(place: Place<I, R>): void {
    this.#kill(place);
    if (this.#options.onTimeout === "killTask") {
      this.#settle(place, { type: "exit", reason: "timeout", input: place.input });
      return;
    }
    const { timeout } = this.#options;
    this.#fail(
      new TaskError(
        `${place.process.label} ${place.process.pid} of a stream: expected its result within ${timeout} ms, got none. Pass { timeout } for longer, or { onTimeout: "killTask" } to go on without it.`,
        "timeout",
      ),
    );
    this.#wake?.();
  }

  #settle(place: Place<I, R>, outcome: TaskStreamOutcome<I, R>): void {
    place.outcome = outcome;
    this.#done.push(place);
    this.#wake?.();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #ready(): TaskStreamOutcome<I, R> | undefined {
    const place = this.#options.ordered ? this.#places[0] : this.#done[0];
    if (place?.outcome === undefined) return undefined;
    this.#places.splice(this.#places.indexOf(place), 1);
    this.#done.splice(this.#done.indexOf(place), 1);
    return place.outcome;
  }

  #kill(place: Place<I, R>): void {
    const { kernel } = this.#self;
    if (place.timer !== undefined) this.#self.cancelTimer(place.timer);
    unwatch(kernel, place.run);
    kernel.exit(place.process.pid, "kill");
  }
}

function checkOptions(self: Process, inputs: unknown, options: TaskStreamOptions): Required<TaskStreamOptions> {
  const whose = `asyncStream of ${self.pid}`;
  checkKeys(whose, options, ["maxConcurrency", "ordered", "timeout", "onTimeout"]);
  const { maxConcurrency = 8, ordered = true, timeout = 5000, onTimeout = "exit" } = options;
  const expected = (what: string, got: unknown): never => {
    throw new OptionError(`${whose}: expected ${what}, got ${shown(got)}.`);
  };
  const iterable = Object(inputs) as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  if (iterable[Symbol.iterator] === undefined && iterable[Symbol.asyncIterator] === undefined) {
    expected("inputs to be iterable", inputs);
  }
  if (!(maxConcurrency === Number.POSITIVE_INFINITY || (Number.isInteger(maxConcurrency) && maxConcurrency > 0))) {
    expected("maxConcurrency to be a whole number above 0", maxConcurrency);
  }
  if (typeof ordered !== "boolean") expected("ordered to be true or false", ordered);
  if (onTimeout !== "exit" && onTimeout !== "killTask") expected('onTimeout to be "exit" or "killTask"', onTimeout);
  checkTimeout(whose, "timeout", timeout);
  return { maxConcurrency, ordered, timeout, onTimeout };
}
