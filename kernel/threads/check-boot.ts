/**
 * Do the modules load, as they are on disk now? Asked on a thread that is thrown away, so that those that run need not
 * end before the answer is yes.
 */

import { MessageChannel, Worker } from "node:worker_threads";
import { ThreadError } from "../errors.ts";
import { Note } from "../guard/note.ts";
import { StatsTable } from "../observe/stats.ts";
import type { World } from "../world.ts";
import type { FromScheduler, SchedulerData } from "./control.ts";
import { inheritedArgv } from "./inherited.ts";
import type { MemoryLimits } from "./safeguards.ts";
import { Verdict } from "./verdict.ts";

export interface CheckedBoot {
  /** Module that exports `boot`, and perhaps `load`. */
  readonly boot: URL;
  readonly bootData: unknown;
  readonly memory: MemoryLimits;
  /** Milliseconds for it to load. */
  readonly timeoutMs: number;
}

/** @throws {ThreadError} with why not */
export async function checkBoot(world: World, { boot, bootData, memory, timeoutMs }: CheckedBoot): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const data: SchedulerData = {
    thread: checkThread,
    slot: 1,
    stats: new StatsTable(2).buffer,
    note: new SharedArrayBuffer(Note.bytes),
    verdict: new SharedArrayBuffer(Verdict.bytes),
    guarded: false,
    memory,
    main: port2,
    boot: boot.href,
    bootData,
  };
  const worker = new Worker(new URL("./scheduler-main.js", import.meta.url), {
    ...inheritedArgv(),
    workerData: data,
    transferList: [port2],
    name: "lintel-check",
  });
  const why = await new Promise<string | undefined>((resolve) => {
    const late = world.alarm(timeoutMs, () => resolve(`they have not loaded within ${timeoutMs} ms`));
    const settle = (failure: string | undefined): void => {
      late.cancel();
      resolve(failure);
    };
    worker.on("message", (message: FromScheduler) => {
      if (message.type === "loaded") settle(undefined);
      else if (message.type === "failed") settle(`${message.error.name}: ${message.error.message}`);
    });
    worker.once("error", (error: Error) => settle(error.message));
    worker.once("exit", (code) => settle(`the thread ended with code ${code}`));
  });
  port1.close();
  await worker.terminate();
  if (why !== undefined) throw new ThreadError(`The modules do not load: ${why}`);
}

/** No other thread hears of it. */
const checkThread = 0x7fff;
