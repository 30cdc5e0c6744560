/**
 * Charges unhandled rejections to the process that made them: a promise that a handler forgot, and that rejects, ends its
 * process with `{ error }`, as a throw in the handler would have. Without this, Node ends the whole program.
 *
 *   turn of P ─▷ promise made ─▷ owner P          made inside a continuation of one of P's promises: owner P, too
 *                    └─ rejects, nobody listens ─▷ P ends             with it or before it: nothing happens any more
 *
 * How: V8 tells of every promise as it is made (`v8.promiseHooks`), and before and after its continuations run.
 * A promise that no process made is as fatal to the program as Node's default has it, unless somebody else listens to
 * `unhandledRejection`. Such is also one that is made in the callback of Node's own `setTimeout` or of an event emitter,
 * whoever set it: V8 does not tell. `self.sendAfter` keeps to its process.
 * Cost: a property per promise, and three calls; nothing for processes that make none. One owner a thread.
 */
import { promiseHooks } from "node:v8";
import { shown } from "../errors.ts";
import type { Process } from "../process.ts";

const owner: unique symbol = Symbol("lintel.owner");
type Owned = Promise<unknown> & { [owner]?: Process | undefined };

/** Whose handler, or continuation of a handler, runs at this moment on this thread. */
let current: Process | undefined;

/** @internal The kernel says whose turn it is; undefined when it is nobody's. */
export function setCurrent(process: Process | undefined): void {
  current = process;
}

/** @internal Whose handler, or continuation of a handler, runs; undefined when it is nobody's, or nobody charges. */
export function currentProcess(): Process | undefined {
  return current;
}

/** @internal Runs code of another process than the one whose turn it is, or of nobody. */
export function runAs<T>(process: Process | undefined, run: () => T): T {
  const interrupted = current;
  current = process;
  try {
    return run();
  } finally {
    current = interrupted;
  }
}

let users = 0;
let uninstall: (() => void) | undefined;

/** Begins to charge rejections on this thread. @returns ends it; the last one to do so takes the hooks off */
export function chargeRejections(): () => void {
  users += 1;
  if (users === 1) uninstall = install();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    users -= 1;
    if (users === 0) uninstall?.();
  };
}

function install(): () => void {
  const stopHooks = promiseHooks.createHook({
    init(promise, parent) {
      const whose = current ?? (parent as Owned | undefined)?.[owner];
      if (whose !== undefined) (promise as Owned)[owner] = whose;
    },
    before(promise) {
      current = (promise as Owned)[owner];
    },
    after() {
      current = undefined;
    },
  });
  const unhandled = (thrown: unknown, promise: Promise<unknown>): void => {
    const whose = (promise as Owned)[owner];
    if (whose !== undefined) whose.kernel.ends.rejected(whose, thrown);
    else if (process.listenerCount("unhandledRejection") === 1) nobodys(thrown);
  };
  process.on("unhandledRejection", unhandled);
  return () => {
    stopHooks();
    process.off("unhandledRejection", unhandled);
  };
}

/** What Node does if nobody listens: the rejection is an uncaught exception. */
function nobodys(thrown: unknown): void {
  const error =
    thrown instanceof Error
      ? thrown
      : new Error(`A promise that no process made was rejected with ${shown(thrown)}, and nobody handled it.`);
  // To throw although somebody catches it would hold back the other rejections of this moment: Node forgets them then.
  const events: NodeJS.EventEmitter = process;
  events.emit("uncaughtExceptionMonitor", error, "unhandledRejection");
  if (!events.emit("uncaughtException", error, "unhandledRejection")) throw error;
}
