/**
 * printTree: a supervision tree as text, for a terminal, a log, a test.
 *
 *   Shop <0.1>  restForOne
 *   ├─ database <0.2>  permanent
 *   ├─ sessions <0.3>  permanent, oneForOne
 *   │  └─ Session <0.5>  temporary
 *   └─ cache  transient, restarting
 *
 * Supervisors are asked, by sys requests and calls: they may live on other threads. One that is busy (a child takes long
 * to start or to stop) is waited for, up to `timeoutMs`, and shown as such.
 */

import { question } from "../kernel/crossing/inquiries.ts";
import { CallError } from "../kernel/errors.ts";
import { type ExitReason, reasonText } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Address, Pid } from "../kernel/pid.ts";
import { sys } from "../kernel/server/sys.ts";
import type { ChildInfo } from "./child.ts";
import type { SupervisorStatus } from "./supervision.ts";

export interface PrintTreeOptions {
  /** Children shown of one supervisor; the others are counted. Default 50. */
  readonly maxChildren?: number;
  /** Milliseconds that one supervisor may take to answer; default 1,000. */
  readonly timeoutMs?: number;
}

/**
 * @param kernel of the thread that asks
 * @param root a supervisor, on any thread
 * @returns lines with their ends; a process that is no supervisor is one line
 */
export async function printTree(kernel: Kernel, root: Address, options: PrintTreeOptions = {}): Promise<string> {
  const pid = root instanceof Pid ? root : kernel.names.whereis(root);
  if (pid === undefined) return `${String(root)}  not running\n`;
  const branch = await look(kernel, pid, { maxChildren: 50, timeoutMs: defaultTimeoutMs, ...options });
  const lines = [line(branch.label ?? (await labelOf(kernel, pid, options.timeoutMs)) ?? "", pid, notes(branch))];
  draw(branch, "", lines);
  return lines.map((text) => `${text}\n`).join("");
}

/** A supervisor that has been asked; or a failure to. */
interface Branch {
  readonly label?: string | undefined;
  readonly strategy?: string | undefined;
  readonly failed?: ExitReason;
  readonly leaves: readonly Leaf[];
  /** Children that are not shown. */
  readonly more: number;
}

interface Leaf {
  readonly text: string;
  readonly branch?: Branch | undefined;
}

async function look(kernel: Kernel, pid: Pid, options: Required<PrintTreeOptions>): Promise<Branch> {
  try {
    const { label, strategy, children } = await ask(kernel, pid, options.timeoutMs);
    const shown = children.slice(0, options.maxChildren);
    const leaves = await Promise.all(shown.map((child) => leafOf(kernel, child, options)));
    return { label, strategy, leaves, more: children.length - shown.length };
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown;
    return { failed: thrown.reason, leaves: [], more: 0 };
  }
}

interface Answer {
  readonly label?: string;
  readonly strategy?: string;
  readonly children: readonly ChildInfo[];
}

/** What it is and what it has: by its status if it is one of ours, else by the call that all supervisors know. */
async function ask(kernel: Kernel, pid: Pid, timeout: number): Promise<Answer> {
  const status = await sys.getStatus(kernel, pid, { timeout }).catch((thrown: unknown) => {
    if (thrown instanceof CallError) throw thrown;
    return undefined; // its state is no data
  });
  const state = status?.state as Partial<SupervisorStatus> | undefined;
  const label = status === undefined ? {} : { label: status.label };
  if (state?.children !== undefined && state.strategy !== undefined) {
    return { ...label, strategy: state.strategy, children: state.children };
  }
  const children = await kernel.call(pid as Pid, "whichChildren", undefined, { timeout });
  return { ...label, children: children as readonly ChildInfo[] };
}

async function leafOf(kernel: Kernel, child: ChildInfo, options: Required<PrintTreeOptions>): Promise<Leaf> {
  const { id, pid, type, restart, restarts = 0 } = child;
  const kind = restart === undefined ? [] : [restart];
  const again = restarts === 0 ? [] : [`restarted ${restarts === 1 ? "once" : `${restarts} times`}`];
  if (!(pid instanceof Pid)) return { text: line(id, undefined, [...kind, pid ?? "stopped", ...again]) };
  if (type !== "supervisor") {
    const label = await labelOf(kernel, pid, options.timeoutMs);
    return { text: line(named(id, label), pid, [...kind, ...again]) };
  }
  const branch = await look(kernel, pid, options);
  return { text: line(named(id, branch.label), pid, [...kind, ...notes(branch), ...again]), branch };
}

function draw({ leaves, more }: Branch, indent: string, lines: string[]): void {
  const all = more === 0 ? leaves : [...leaves, { text: `… ${more} more` }];
  for (const [i, { text, branch }] of all.entries()) {
    const isLast = i === all.length - 1;
    lines.push(`${indent}${isLast ? "└─" : "├─"} ${text}`);
    if (branch !== undefined) draw(branch, `${indent}${isLast ? "   " : "│  "}`, lines);
  }
}

function notes({ strategy, failed }: Branch): string[] {
  if (failed !== undefined) return [failed === "noproc" ? "not running" : `no answer: ${reasonText(failed)}`];
  return strategy === undefined ? [] : [strategy];
}

function line(name: string, pid: Pid | undefined, remarks: readonly string[]): string {
  const head = pid === undefined ? name : `${name} ${pid}`;
  return remarks.length === 0 ? head : `${head}  ${remarks.join(", ")}`;
}

/** Both, when they are not the same. */
function named(id: string, label: string | undefined): string {
  return label === undefined || label === id ? id : `${id} (${label})`;
}

/** Its own thread is asked: who it is stands there alone. */
function labelOf(kernel: Kernel, pid: Pid, timeoutMs = defaultTimeoutMs): Promise<string | undefined> {
  if (pid.thread === kernel.thread) return Promise.resolve(kernel.processInfo(pid)?.label);
  return new Promise((resolve) => {
    const late = kernel.world.alarm(timeoutMs, () => resolve(undefined));
    kernel.inquiries.ask(pid.thread, question.label, pid, (label) => {
      late.cancel();
      resolve(typeof label === "string" ? label : undefined);
    });
  });
}

const defaultTimeoutMs = 1000;
