/**
 * RuntimeControl: asks the threads of the app, from the main thread, and tells them of a new config.
 *
 *   changeConfig   all threads check ──▷ all take it ──▷ the apps are told
 *                  └ one refuses: nothing has changed     a thread that boots meanwhile takes it when it is up
 *
 * Changes are made one after the other.
 */
import { CallError, ThreadError } from "../../kernel/errors.ts";
import { reasonText } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { ConfigError, type Variables } from "./config.ts";
import { nested } from "./nested-text.ts";
import { agentOf } from "./runtime-agent.ts";
import type { BootData } from "./scheduler-boot.ts";

export class RuntimeControl {
  readonly #kernel: Kernel;
  readonly #bootData: BootData;
  readonly #threads: () => readonly number[];
  #turn: Promise<unknown> = Promise.resolve();
  #hasChanged = false;

  /**
   * @param kernel the main thread's
   * @param bootData of the threads that are still to boot: its variables follow
   * @param threads those that are up
   */
  constructor(kernel: Kernel, bootData: BootData, threads: () => readonly number[]) {
    this.#kernel = kernel;
    this.#bootData = bootData;
    this.#threads = threads;
  }

  /** What runs on all threads, as text. */
  async tree(title: string): Promise<string> {
    const texts = this.#threads().map(async (thread) => {
      try {
        return await this.#kernel.call(await this.#agent(thread), "tree", undefined, { timeout: treeMs });
      } catch (thrown) {
        if (!(thrown instanceof CallError) && !(thrown instanceof ThreadError)) throw thrown;
        const why = thrown instanceof CallError ? reasonText(thrown.reason) : "it is starting";
        return `thread ${thread}  no answer: ${why}\n`;
      }
    });
    return nested(title, await Promise.all(texts));
  }

  /**
   * @returns the keys that have changed
   * @throws {ConfigError} when a thread does not accept it: nothing has changed
   * @throws {ThreadError} when no thread is up
   */
  changeConfig(variables: Variables): Promise<readonly string[]> {
    const change = this.#turn.then(() => this.#change(variables));
    this.#turn = change.catch(() => undefined);
    return change;
  }

  /** A thread is up: it may have booted with what was true before. */
  threadUp(thread: number): void {
    if (!this.#hasChanged) return;
    this.#turn = this.#turn.then(() => this.#spread([thread], this.#bootData.variables)).catch(() => undefined);
  }

  async #change(variables: Variables): Promise<readonly string[]> {
    const threads = this.#threads();
    if (threads.length === 0) throw new ThreadError("changeConfig: no thread of the app is up. Try again later.");
    const keys = await this.#spread(threads, variables);
    this.#bootData.variables = variables;
    this.#hasChanged = true;
    return keys;
  }

  /** A thread that ends meanwhile is none: its successor boots. */
  async #spread(threads: readonly number[], variables: Variables): Promise<readonly string[]> {
    const each = <T>(ask: (agent: ReturnType<typeof agentOf>) => Promise<T>): Promise<(T | undefined)[]> =>
      Promise.all(
        threads.map(async (thread) => {
          try {
            return await ask(await this.#agent(thread));
          } catch (thrown) {
            if (thrown instanceof CallError || thrown instanceof ThreadError) return undefined;
            throw thrown;
          }
        }),
      );
    const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
    const problems = await each((agent) => this.#kernel.call(agent, "checkConfig", given, { timeout: checkMs }));
    const problem = problems.find((text) => text !== undefined);
    if (problem !== undefined) throw new ConfigError(problem);
    const keys = await each((agent) => this.#kernel.call(agent, "takeConfig"));
    const changed = [...new Set(keys.flatMap((some) => some ?? []))];
    if (changed.length > 0) {
      await each((agent) =>
        this.#kernel.call(agent, "configChanged", undefined, { timeout: Number.POSITIVE_INFINITY }),
      );
    }
    return changed;
  }

  /** @returns the name of a thread's agent, once it is known here */
  async #agent(thread: number): Promise<ReturnType<typeof agentOf>> {
    const { names, world } = this.#kernel;
    const name = agentOf(thread);
    const endMs = world.monotonicMs() + nameMs;
    while (names.whereis(name) === undefined) {
      if (world.monotonicMs() > endMs) throw new ThreadError(`Thread ${thread} does not answer.`);
      await new Promise<void>((resolve) => void world.alarm(10, resolve));
    }
    return name;
  }
}

/** Supervisors that do not answer within a second are shown as such: this is for many of them. */
const treeMs = 10_000;
/** A schema may ask somebody. */
const checkMs = 30_000;
/** For the news of a name to come from a thread that has just booted. */
const nameMs = 2000;
