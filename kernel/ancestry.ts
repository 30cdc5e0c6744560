/**
 * Ancestry: for whom does a process work, and who started it? Newest first.
 *
 *   view ── Task.async ──▷ task ── Task.async ──▷ subtask      callersOf(subtask)     [task, view]
 *     ▲ started by                                             ancestorsOf(subtask)   [task, view, supervisor, ...]
 *   supervisor
 *
 * The two differ for a task that a TaskSupervisor starts: its ancestor is the supervisor, its caller who asked for it.
 * That is what a test or a trace follows to find the process on whose behalf something happens. The last ancestor is what
 * everything grew from: a thread's application, as a group leader tells it on the BEAM.
 *
 * Ancestors are known also when they have ended: each process holds its parent's line, which siblings share. A line is cut
 * to 32 when it has become 64 long, and callers to 32: a chain that goes on for ever must not grow for ever. Of a process
 * that was started from another thread only the parent is known.
 * Source: Elixir, Task, "Ancestor and Caller Tracking"; Erlang/OTP, proc_lib, `$ancestors`.
 */
import type { Pid } from "./pid.ts";
import type { Process } from "./process.ts";

/** The chain of processes on whose behalf this one runs, the nearest first; empty for a process that is no task. */
export function callersOf(process: Process): readonly Pid[] {
  return (process.rare?.dictionary?.get(callersKey) as readonly Pid[] | undefined) ?? [];
}

/** Who started this process, who started that one, and so on; the 32 nearest. */
export function ancestorsOf(process: Process): readonly Pid[] {
  const ancestors: Pid[] = [];
  for (let line = process.lineage; line !== undefined && ancestors.length < maxChain; line = line.up) {
    ancestors.push(line.pid);
  }
  return ancestors;
}

/** @internal A process that has children, and those before it. */
export class Lineage {
  readonly pid: Pid;
  readonly up: Lineage | undefined;
  readonly length: number;

  constructor(pid: Pid, up: Lineage | undefined) {
    this.pid = pid;
    this.up = up;
    this.length = (up?.length ?? 0) + 1;
  }
}

/** @internal The line of this process's children. */
export function lineageBelow(parent: Process): Lineage {
  const rare = parent.ensureRare();
  rare.lineage ??= new Lineage(parent.pid, cut(parent.lineage));
  return rare.lineage;
}

function cut(line: Lineage | undefined): Lineage | undefined {
  if (line === undefined || line.length < 2 * maxChain) return line;
  const nearest: Pid[] = [];
  for (let each: Lineage | undefined = line; nearest.length < maxChain; each = each!.up) nearest.push(each!.pid);
  return nearest.reduceRight<Lineage | undefined>((up, pid) => new Lineage(pid, up), undefined);
}

/** @internal The callers of a task that this process is about to start. */
export function callersBelow(caller: Process | undefined): readonly Pid[] {
  return caller === undefined ? [] : [caller.pid, ...callersOf(caller)].slice(0, maxChain);
}

/** @internal Writes down for whom a new task works. */
export function inherit(task: Process, callers: readonly Pid[]): void {
  task.dictionary.set(callersKey, callers);
}

/** In the process dictionary. */
const callersKey = "$callers";

const maxChain = 32;
