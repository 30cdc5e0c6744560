/**
 * Application: the life of an app, and of those that it depends on, on the thread of their children.
 *
 *   start   Jobs ─▷ Shop           each: its `start`, then its children in order; a failure stops what has started
 *   stop    Shop ─▷ Jobs           each: its `prepStop`, its children in reverse within their own limits, its `stop`
 *
 *   supervisor ends     permanent    transient                    temporary
 *     gave up           fail         fail                         reported
 *     by autoShutdown   fail         reported                     reported
 *
 * fail: the thread is given up, and everything on it is booted anew (runtime.ts counts that). What is reported stays
 * ended, its `stop` has run, and the others go on.
 * Source: Erlang/OTP, application; O1, O3, S17 of the feature map.
 */
import { StartError, ThreadError } from "../../kernel/errors.ts";
import { crashReason, type ExitReason, isQuiet, reasonText } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Pid, processOf } from "../../kernel/pid.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { OrderedSupervision } from "../../supervisor/ordered-supervision.ts";
import { printTree } from "../../supervisor/print-tree.ts";
import { Supervision } from "../../supervisor/supervision.ts";
import type { App, AppHook } from "./app.ts";
import type { Config, ConfigChange } from "./config.ts";

/** An app after those that it depends on, each of them once. */
export function startOrder(app: App): readonly App[] {
  const order = new Set<App>();
  const add = (one: App): void => {
    for (const dependency of one.applications) add(dependency);
    order.add(one);
  };
  add(app); // cannot go round: an app names apps that were made before it
  return [...order];
}

interface Running {
  readonly app: App;
  readonly root: Pid;
  readonly held: Supervision | undefined;
}

export class Application {
  readonly #kernel: Kernel;
  readonly #main: App;
  readonly #fail: (why: string) => void;
  /** In the order of their starts. */
  readonly #running: Running[] = [];
  #stopping = false;
  /** What the stop waits for, for who is late. */
  #at = "";

  private constructor(kernel: Kernel, main: App, fail: (why: string) => void) {
    this.#kernel = kernel;
    this.#main = main;
    this.#fail = fail;
  }

  /**
   * Starts an app and those that it depends on.
   *
   * @param fail one of them has ended that may not
   * @throws {ThreadError} when one does not start: those that had started are stopped
   */
  static async start(kernel: Kernel, main: App, fail: (why: string) => void): Promise<Application> {
    const application = new Application(kernel, main, fail);
    try {
      for (const app of startOrder(main)) await application.#start(app);
      return application;
    } catch (cause) {
      await application.stop();
      throw cause;
    }
  }

  /** A stop is under way: what ends from now on is no failure. */
  beginStop(): void {
    this.#stopping = true;
  }

  /** Stops them, the last one first; each child has its own time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (let running = this.#running.at(-1); running !== undefined; running = this.#running.at(-1)) {
      const { app, root } = running;
      this.#at = `prepStop of ${this.#nameOf(app)}`;
      await this.#runHook(app, "prepStop", app.prepStop);
      this.#at = "";
      await stopChildren(this.#kernel, root);
      this.#at = `stop of ${this.#nameOf(app)}`;
      await this.#runHook(app, "stop", app.stop);
      this.#running.pop();
    }
  }

  /** Whom a stop that is under way waits for, for an operator. */
  waitsFor(): string {
    const running = this.#running.at(-1);
    if (this.#at !== "" || running === undefined) return this.#at;
    const { held, root } = running;
    return held === undefined ? `the supervisor ${root}` : late(this.#kernel, held, "");
  }

  /** Tells each app whose config has changed, in the order of their starts. */
  async configChanged(changes: ReadonlyMap<Config, ConfigChange>): Promise<void> {
    for (const { app } of [...this.#running]) {
      const change = app.config === undefined ? undefined : changes.get(app.config);
      if (change === undefined) continue;
      await this.#runHook(app, "configChange", (kernel) => app.configChange?.(kernel, change));
    }
  }

  /** Their supervision trees, as text, one below the other. */
  async tree(): Promise<string[]> {
    return Promise.all(this.#running.map(({ root }) => printTree(this.#kernel, root)));
  }

  async #start(app: App): Promise<void> {
    try {
      await app.start?.(this.#kernel);
    } catch (cause) {
      throw new ThreadError(`The start of ${this.#nameOf(app)} failed: ${reasonText(crashReason(cause))}`, { cause });
    }
    let root: Pid;
    try {
      root = await app.children.start(this.#kernel);
    } catch (cause) {
      const why = cause instanceof StartError ? reasonText(cause.reason) : String(cause);
      throw new ThreadError(`The children of ${this.#nameOf(app)} did not start: ${why}`, { cause });
    }
    const held = processOf(root)?.state;
    const running: Running = { app, root, held: held instanceof Supervision ? held : undefined };
    this.#running.push(running);
    this.#kernel.spawn(async (self) => {
      self.monitor(root);
      const down = await self.receive({ match: (message) => message instanceof DownMessage });
      this.#ended(running, (down as DownMessage).reason);
    });
  }

  #ended(running: Running, reason: ExitReason): void {
    if (this.#stopping) return;
    const { app, held } = running;
    const isDone = isQuiet(reason) && held?.gaveUp === false;
    const why = `the supervisor of ${this.#nameOf(app)} ${held?.gaveUp === true ? "gave up" : "ended"}: ${reasonText(reason)}`;
    if (app.restart === "permanent" || (app.restart === "transient" && !isDone)) return this.#fail(why);
    this.#running.splice(this.#running.indexOf(running), 1);
    const detail = `${why}; it is ${app.restart}, and stays so`;
    this.#kernel.report({ kind: "thread", thread: this.#kernel.thread, event: "applicationEnded", detail });
    void this.#runHook(app, "stop", app.stop);
  }

  async #runHook(app: App, name: string, hook: AppHook | undefined): Promise<void> {
    try {
      await hook?.(this.#kernel);
    } catch (thrown) {
      this.#kernel.report({ kind: "error", where: `${name} of ${this.#nameOf(app)}`, reason: crashReason(thrown) });
    }
  }

  #nameOf(app: App): string {
    return app === this.#main ? "the app" : `app "${app.name}"`;
  }
}

function stopChildren(kernel: Kernel, root: Pid): Promise<void> {
  return new Promise((resolve) => {
    kernel.spawn(async function stopApplication(self) {
      self.monitor(root);
      // Not an exit signal: it traps exits, and obeys those of its parent alone, which it has not.
      const process = processOf(root);
      if (process !== undefined && !process.terminating) kernel.end(process, "shutdown", false);
      await self.receive({ match: (message) => message instanceof DownMessage });
      resolve();
    });
  });
}

/** Which of its children a supervisor that stops them waits for, and who comes after. */
function late(kernel: Kernel, held: Supervision, path: string): string {
  const isThere = (pid: unknown): pid is Pid =>
    pid instanceof Pid && (pid.thread !== kernel.thread || kernel.isAlive(pid));
  const left = held.infos().flatMap(({ id, pid }) => (isThere(pid) ? [{ id, pid }] : []));
  if (!(held instanceof OrderedSupervision)) return `${left.length} children of "${path.slice(0, -1)}"`;
  const last = left.pop();
  if (last === undefined) return "children";
  const below = processOf(last.pid)?.state;
  const shutdown = held.specOf(last.id)?.shutdown;
  const limit = typeof shutdown === "number" ? `${shutdown} ms` : shutdown;
  const which =
    below instanceof Supervision && below.infos().length > 0
      ? late(kernel, below, `${path}${last.id}/`)
      : `child "${path}${last.id}" ${last.pid} (shutdown: ${limit})`;
  return left.length === 0 ? which : `${which}; not asked yet: ${left.map(({ id }) => `"${path}${id}"`).join(", ")}`;
}
