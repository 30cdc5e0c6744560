/** Spawning: how a process comes to be: its options checked, its name taken, its link made, before it first runs. */
import { Lineage, lineageBelow } from "./ancestry.ts";
import type { Behaviour, ProcessFunction } from "./behaviour.ts";
import { OptionError, StartError, shown } from "./errors.ts";
import { type ExitReason, reasonInSentence } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import { checkSpawnOptions, positive, type SpawnOptions, type StartOptions } from "./kernel-options.ts";
import { checkMailboxOptions } from "./mailbox-options.ts";
import { stat } from "./observe/stats.ts";
import { attach, detach, Pid } from "./pid.ts";
import { plain } from "./plain-process.ts";
import { Process } from "./process.ts";
import { exited, queued } from "./process-status.ts";
import { turnsPerStateCheck } from "./turns.ts";

export class Spawning {
  readonly #kernel: Kernel;
  readonly #maxProcesses: number;
  #serial = 0;

  /** @param maxProcesses alive at one time */
  constructor(kernel: Kernel, maxProcesses: number) {
    this.#kernel = kernel;
    this.#maxProcesses = maxProcesses;
  }

  /**
   * On this thread, whatever `options.on` says.
   *
   * @param given by a parent on another thread (remote-spawns.ts)
   * @throws {StartError} when there are too many, or the name is taken
   */
  spawn<Arg>(
    parent: Process | undefined,
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg: Arg | undefined,
    options: SpawnOptions,
    given?: { readonly pid: Pid; readonly parent: Pid | undefined },
  ): Process {
    const kernel = this.#kernel;
    const behaviour = typeof run === "function" ? plain(run as ProcessFunction<unknown>) : checked(run as Behaviour);
    if (kernel.processTable.size >= this.#maxProcesses) {
      throw new StartError(
        `Cannot start ${behaviour.label}: expected fewer than ${this.#maxProcesses} processes on thread ${kernel.thread}. Raise maxProcesses, or find out who starts so many.`,
        "processLimit",
      );
    }
    checkSpawnOptions(options, behaviour.label);
    if (given === undefined) this.#serial += 1;
    const pid = given?.pid ?? new Pid(kernel, kernel.thread, this.#serial);
    const process = new Process(
      kernel,
      pid,
      behaviour,
      lineageOf(parent, given?.parent),
      arg,
      options.trapExit === true,
    );
    attach(pid, process);
    if (options.label !== undefined) process.label = options.label;
    if (options.priority !== undefined) process.priority = options.priority;
    if (options.mailbox !== undefined) {
      checkMailboxOptions(options.mailbox, behaviour.label);
      process.ensureRare().mailboxOptions = options.mailbox;
    }
    if (options.maxStateBytes !== undefined && options.maxStateBytes !== Number.POSITIVE_INFINITY) {
      const maxBytes = positive(`${behaviour.label}: option maxStateBytes`, options.maxStateBytes);
      process.ensureRare().stateLimit = { maxBytes, turnsToCheck: turnsPerStateCheck };
    }
    kernel.processTable.add(process);
    if (options.name !== undefined) {
      try {
        kernel.names.register(options.name, process);
      } catch (error) {
        kernel.processTable.delete(process);
        process.status = exited;
        detach(pid);
        throw error;
      }
    }
    if (options.link === true && parent !== undefined) kernel.signals.link(parent, pid);
    kernel.stats[stat.processes]! += 1;
    kernel.stats[stat.spawned]! += 1;
    process.status = queued;
    kernel.queue.push(process);
    kernel.observer?.tell({ type: "spawn", pid, parent: process.parent, label: process.label });
    return process;
  }

  /** See `Kernel.start`. */
  async start<Arg>(
    parent: Process | undefined,
    run: Behaviour<Arg> | ProcessFunction<Arg>,
    arg: Arg,
    options: StartOptions,
  ): Promise<Pid> {
    const { names, nameNews } = this.#kernel;
    const holder = options.name === undefined ? undefined : names.whereis(options.name);
    if (holder !== undefined) {
      const released = typeof options.name === "string" && nameNews.released(options.name, holder);
      if (released === false || !(await released)) {
        throw new StartError(`Cannot start "${options.name}": ${holder} has that name.`, { alreadyStarted: holder });
      }
      parent?.assertAlive();
    }
    const process = this.spawn(parent, run, arg, options);
    const timeout = options.timeout ?? Number.POSITIVE_INFINITY;
    return new Promise<Pid>((resolve, reject) => {
      const timer =
        timeout === Number.POSITIVE_INFINITY
          ? undefined
          : this.#kernel.timers.set(timeout, () => {
              fail("timeout");
              this.#kernel.end(process, "killed", true);
            });
      const settled = (): void => {
        if (process.rare !== undefined) delete process.rare.started;
        if (timer !== undefined) this.#kernel.timers.discard(timer);
      };
      const fail = (reason: ExitReason): void => {
        settled();
        reject(new StartError(`${process.label} ${process.pid} did not start: ${reasonInSentence(reason)}.`, reason));
      };
      process.ensureRare().started = {
        resolve: (pid) => {
          settled();
          const tell = (): void => resolve(pid as Pid); // undefined only where the server's own type says so
          if (pid === undefined || process.rare?.name === undefined) tell();
          else nameNews.known(tell);
        },
        reject: fail,
      };
    });
  }
}

/** @throws {OptionError} when it is nothing that a process could run */
function checked(run: Behaviour): Behaviour {
  if (typeof (run as Behaviour | undefined)?.handle === "function") return run;
  throw new OptionError(`spawn: expected a function, or a behaviour such as a genServer, got ${shown(run)}.`);
}

function lineageOf(parent: Process | undefined, remote: Pid | undefined): Lineage | undefined {
  if (parent !== undefined) return lineageBelow(parent);
  return remote === undefined ? undefined : new Lineage(remote, undefined);
}
