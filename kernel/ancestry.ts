/**
 * Ancestry: for whom does a process work, and who started it? Kept in the dictionary of every task, newest first.
 *
 *   view ── Task.async ──▷ task ── Task.async ──▷ subtask      $callers    of subtask: [task, view]
 *     ▲ started by                                             $ancestors  of subtask: [task, view, supervisor, ...]
 *   supervisor
 *
 * The two differ for a task that a TaskSupervisor starts: its ancestor is the supervisor, its caller who asked for it.
 * That is what a test or a trace follows to find the process on whose behalf something happens.
 * At most 32 of each are kept: a chain of tasks that goes on for ever must not grow for ever.
 * Source: Elixir, Task, "Ancestor and Caller Tracking"; Erlang/OTP, proc_lib.
 */
import { type Pid, processOf } from "./pid.ts";
import type { Process } from "./process.ts";

/** The chain of processes on whose behalf this one runs, the nearest first; empty for a process that is no task. */
export function callersOf(process: Process): readonly Pid[] {
  return chain(process, "$callers") ?? [];
}

/** Who started this process, who started that one, and so on, as far as it is known. */
export function ancestorsOf(process: Process): readonly Pid[] {
  const known = chain(process, "$ancestors");
  if (known !== undefined) return known;
  const ancestors: Pid[] = [];
  for (let pid = process.parent; pid !== undefined && ancestors.length < maxChain; ) {
    ancestors.push(pid);
    const parent = processOf(pid);
    const inherited = parent === undefined ? undefined : chain(parent, "$ancestors");
    if (inherited !== undefined) return [...ancestors, ...inherited].slice(0, maxChain);
    pid = parent?.parent;
  }
  return ancestors;
}

/** @internal The callers of a task that this process is about to start. */
export function callersBelow(caller: Process | undefined): readonly Pid[] {
  return caller === undefined ? [] : [caller.pid, ...callersOf(caller)].slice(0, maxChain);
}

/** @internal Writes down where a new task comes from. */
export function inherit(task: Process, callers: readonly Pid[]): void {
  task.dictionary.set("$ancestors", ancestorsOf(task)).set("$callers", callers);
}

const maxChain = 32;

function chain(process: Process, key: string): readonly Pid[] | undefined {
  return process.rare?.dictionary?.get(key) as readonly Pid[] | undefined;
}
