/** What tests of tasks are made with. */
import { expect } from "vitest";
import { TaskError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { sleep } from "../../kernel/sleep.ts";

export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(TaskError);
      return (error as TaskError).reason;
    },
  );
}

export async function late<R>(task: Process, ms: number, value: R): Promise<R> {
  await sleep(task, ms);
  return value;
}

export const boom = (): never => {
  throw new Error("boom");
};

export function leftOf(kernel: Kernel, self: Process): object {
  return { timers: kernel.timers.size, monitors: self.monitors?.size ?? 0, calls: self.rare?.calls?.size ?? 0 };
}

export const nothing = { timers: 0, monitors: 0, calls: 0 };
