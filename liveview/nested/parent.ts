/** A nested view's parent, which may live on another thread. */
import { question } from "../../kernel/crossing/inquiries.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";

/** Asks the thread where it lives, if that is another one. */
export function isAlive(kernel: Kernel, pid: Pid): boolean | Promise<boolean> {
  if (pid.thread === kernel.thread) return kernel.isAlive(pid);
  return new Promise((resolve) => {
    kernel.inquiries.ask(pid.thread, question.alive, pid, (alive) => resolve(alive === true));
  });
}
