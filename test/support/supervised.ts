/**
 * Supervised: a supervision tree in a simulated world, told in a line, that writes down what happens to it.
 *
 *   children   "a b:transient* c/200 I[d e]"     in order. name, restart type (permanent), * significant, /shutdown,
 *                                                %10 its init takes 10 ms, ~10 its end does, ^ it never ends by itself;
 *                                                I[...] a supervisor of its own
 *   log        "b! c- b+ c+"                     + started   ? failed to start   0 ignored
 *                                                ! ended by itself   - told to   x killed
 *   state      "a b~ c."                         a runs, b is restarting, c is stopped; "gone: shutdown" is the supervisor
 */

import type { Behaviour } from "../../kernel/behaviour.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { type Process, ProcessExit } from "../../kernel/process.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import type { BackoffOptions } from "../../supervisor/backoff.ts";
import { type ChildSpec, childSpec } from "../../supervisor/child-spec.ts";
import { SupervisorError } from "../../supervisor/errors.ts";
import {
  Supervisor,
  type SupervisorOptions,
  type SupervisorProtocol,
  supervisor,
} from "../../supervisor/supervisor.ts";
import { type SimKernel, simKernel } from "./kernels.ts";

export interface SupervisedOptions extends SupervisorOptions {
  /** Starts of a child, counted from 1, that fail. */
  readonly fails?: Readonly<Record<string, readonly number[]>>;
  /** Starts of a child that it ignores. */
  readonly ignores?: Readonly<Record<string, readonly number[]>>;
  readonly backoff?: Readonly<Record<string, BackoffOptions>>;
  /** Options of the supervisors inside. */
  readonly inner?: SupervisorOptions;
}

interface Manners {
  readonly initMs: number;
  readonly endMs: number;
  readonly stubborn: boolean;
}

/** How a child ends: killed, unless it comes to the end of its `terminate`. */
interface End {
  how: "!" | "-" | "x";
  why: "!" | "-" | "x";
}

/** Of all options, those that are a supervisor's own. */
export function ofSupervisor(options: SupervisorOptions): SupervisorOptions {
  const own: readonly string[] = ["name", "strategy", "maxRestarts", "maxSeconds", "reportProgress", "autoShutdown"];
  return Object.fromEntries(Object.entries(options).filter(([key]) => own.includes(key)));
}

export class Supervised {
  readonly sim: SimKernel;
  readonly options: SupervisedOptions;
  #log: string[] = [];
  readonly #starts = new Map<string, number>();
  #top: Pid<SupervisorProtocol> | undefined;
  #ended: { readonly reason: unknown } | undefined;

  constructor(options: SupervisedOptions = {}, sim: SimKernel = simKernel()) {
    this.options = options;
    this.sim = sim;
  }

  get kernel(): Kernel {
    return this.sim.kernel;
  }

  get top(): Pid<SupervisorProtocol> {
    return this.#top!;
  }

  /** What has happened since the last look. */
  takeLog(): string {
    const log = this.#log.join(" ");
    this.#log = [];
    return log;
  }

  /** Events of supervisors, as `childTerminated b odd`. */
  reports(): string[] {
    return this.sim.reports
      .filter((report) => report.kind === "supervisor")
      .map(({ event, child, reason }) => `${event} ${child} ${reasonWord(reason)}`);
  }

  /** Starts a supervisor of these children. @throws what its start does */
  async start(children: string): Promise<void> {
    const definition = supervisor(this.specs(children), { name: "Top", ...ofSupervisor(this.options) });
    this.#top = await this.sim.world.until(definition.start(this.kernel));
    this.kernel.spawn({
      label: "watcher",
      init: (self) => void self.monitor(this.top),
      handle: (_self, message) => {
        if (message instanceof DownMessage) this.#ended = { reason: message.reason };
      },
    });
    await this.run();
  }

  async run(forMs?: number): Promise<void> {
    await this.sim.world.runAsync(forMs === undefined ? {} : { forMs });
  }

  /** Every child, and how it is. */
  async state(supervisorPid: Pid<SupervisorProtocol> = this.top): Promise<string> {
    if (supervisorPid === this.top && this.#ended !== undefined) return `gone: ${reasonWord(this.#ended.reason)}`;
    const children = await this.sim.world.until(Supervisor.whichChildren(this.kernel, supervisorPid));
    return children.map(({ id, pid }) => `${id}${pid === undefined ? "." : pid === "restarting" ? "~" : ""}`).join(" ");
  }

  /**
   * Does what a line says, and lets the world come to rest: "crash b", "crash a b" (in one turn), "leave b normal",
   * "kill b", "unlink b", "stop", "wait 100", and requests, whose answer is returned: "start d:temporary", "terminate b",
   * "restart b", "delete b", "spec b", "count".
   */
  async do(action: string): Promise<string | undefined> {
    const [verb = "", ...words] = action.split(" ");
    const { kernel } = this;
    switch (verb) {
      case "crash":
        for (const name of words) this.#tell(name, { leave: "odd" });
        return this.run() as Promise<undefined>;
      case "leave":
        this.#tell(words[0]!, { leave: words[1] === "{shutdown}" ? { shutdown: "why" } : words[1] });
        return this.run() as Promise<undefined>;
      case "kill":
        for (const name of words) kernel.exit(this.pid(name), "kill");
        return this.run() as Promise<undefined>;
      case "unlink":
        kernel.localProcess(this.pid(words[0]!).serial)!.unlink(this.top);
        return undefined;
      case "stop":
        kernel.exit(this.top, "shutdown");
        return this.run() as Promise<undefined>;
      case "wait":
        return this.run(Number(words[0])) as Promise<undefined>;
      default:
        return this.request(verb, words.join(" "));
    }
  }

  pid(name: string): Pid {
    const pid = this.kernel.names.whereis(name);
    if (pid === undefined) throw new Error(`No process is called ${name}.`);
    return pid;
  }

  specs(children: string): ChildSpec[] {
    return words(children).map((text) => {
      const [, name, inner, rest] = /^(\w+)\[(.*)\](\S*)$/.exec(text) ?? [];
      return name === undefined ? this.#worker(text) : this.#inner(name, inner!, rest!);
    });
  }

  /** The answer of a request to the supervisor, in a word. */
  async request(verb: string, argument: string): Promise<string> {
    const { kernel, top, sim } = this;
    const asked: Promise<unknown> =
      verb === "start"
        ? Supervisor.startChild(kernel, top, this.specs(argument)[0]!)
        : verb === "terminate"
          ? Supervisor.terminateChild(kernel, top, argument)
          : verb === "restart"
            ? Supervisor.restartChild(kernel, top, argument)
            : verb === "delete"
              ? Supervisor.deleteChild(kernel, top, argument)
              : verb === "spec"
                ? Supervisor.getChildSpec(kernel, top, argument).then(({ id, restart }) => `${id} ${restart}`)
                : Supervisor.countChildren(kernel, top).then((counts) => Object.values(counts).join(" "));
    const answer = await sim.world.until(
      asked.then(
        (value) => (typeof value === "string" ? value : value === undefined ? "ok" : "pid"),
        (thrown: unknown) => (thrown instanceof SupervisorError ? reasonWord(thrown.reason) : (thrown as Error).name),
      ),
    );
    await this.run();
    return answer;
  }

  #tell(name: string, what: { readonly leave: unknown }): void {
    this.kernel.send(this.pid(name), what);
  }

  #worker(text: string): ChildSpec {
    const [, name = "", restart, significant, manners = "", shutdown] =
      /^(\w+)(?::(\w+))?(\*)?([%~^\d]*)(?:\/(\w+))?$/.exec(text) ?? [];
    if (name === "") throw new Error(`What child is ${text}?`);
    const number = (mark: string): number => Number(new RegExp(`${mark}(\\d+)`).exec(manners)?.[1] ?? 0);
    const behaviour = this.#behaviour(name, {
      initMs: number("%"),
      endMs: number("~"),
      stubborn: manners.includes("^"),
    });
    const backoff = this.options.backoff?.[name];
    return {
      id: name,
      start: async (self) => {
        const start = (this.#starts.get(name) ?? 0) + 1;
        this.#starts.set(name, start);
        if (this.options.ignores?.[name]?.includes(start)) {
          this.#log.push(`${name}0`);
          return undefined;
        }
        return self.kernel.start(self, behaviour, start, { link: true, name });
      },
      ...(restart === undefined ? {} : { restart: restart as "transient" }),
      ...(significant === undefined ? {} : { significant: true }),
      ...(shutdown === undefined
        ? {}
        : { shutdown: /^\d+$/.test(shutdown) ? Number(shutdown) : (shutdown as "infinity") }),
      ...(backoff === undefined ? {} : { backoff }),
    };
  }

  #inner(name: string, children: string, rest: string): ChildSpec {
    const restart = /^:(\w+)/.exec(rest)?.[1];
    return {
      ...childSpec({ start: supervisor(this.specs(children), { name, ...this.options.inner }), name }),
      ...(restart === undefined ? {} : { restart: restart as "transient" }),
      ...(rest.includes("*") ? { significant: true } : {}),
    };
  }

  #behaviour(name: string, { initMs, endMs, stubborn }: Manners): Behaviour<number> {
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void this.sim.world.alarm(ms, () => resolve(undefined)));
    const begin = (self: Process, start: number): void => {
      if (this.options.fails?.[name]?.includes(start)) {
        this.#log.push(`${name}?`);
        throw new Error(`${name} cannot start`);
      }
      this.#log.push(`${name}+`);
      const end: End = { how: "x", why: "x" };
      self.state = end;
      self.own({ [Symbol.dispose]: () => void this.#log.push(name + end.how) });
    };
    return {
      label: name,
      init: (self, start) => {
        self.trapExit = true;
        if (initMs === 0) return begin(self, start);
        return pause(initMs).then(() => begin(self, start));
      },
      handle: (self, message) => {
        if (message instanceof ExitMessage) {
          if (stubborn) return;
          (self.state as End).why = "-";
          throw new ProcessExit(message.reason);
        }
        const { leave } = message as { leave: unknown };
        (self.state as End).why = "!";
        throw new ProcessExit(leave);
      },
      terminate: (self) => {
        const end = self.state as End;
        if (endMs > 0) return pause(endMs).then(() => void (end.how = end.why));
        end.how = end.why;
      },
    };
  }
}

/** Splits at spaces outside of brackets. */
function words(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let word = "";
  for (const character of `${text} `) {
    if (character === "[") depth += 1;
    if (character === "]") depth -= 1;
    if (character !== " " || depth > 0) word += character;
    else if (word !== "") {
      found.push(word);
      word = "";
    }
  }
  return found;
}

export function reasonWord(reason: unknown): string {
  if (typeof reason !== "object" || reason === null) return String(reason);
  return Object.entries(reason)
    .map(([key, value]) => (key === "error" ? (value as Error).message : key === "alreadyStarted" ? key : `{${key}}`))
    .join();
}
