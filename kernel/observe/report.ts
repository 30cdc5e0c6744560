/**
 * Reports: what a kernel has to tell an operator. Where they go is up to whoever makes the kernel; by default a line
 * on standard error each, as JSON, with control characters escaped and long texts cut.
 */
import type { CrashReason, ExitReason } from "../exit-reason.ts";
import { reasonText } from "../exit-reason.ts";

export type Report =
  | {
      readonly kind: "crash";
      readonly pid: string;
      readonly label: string;
      readonly reason: ExitReason;
      /** Who spawned it. */
      readonly parent: string | undefined;
      /** Who spawned that one, and so on, from the parent to the root of its tree. */
      readonly ancestors: readonly string[];
      /** Its links, the first 16. */
      readonly links: readonly string[];
      /** Messages that were waiting, and are lost. */
      readonly mailboxLength: number;
    }
  | { readonly kind: "refused"; readonly pid: string; readonly label: string; readonly what: string }
  | { readonly kind: "stateLimit"; readonly pid: string; readonly label: string; readonly maxBytes: number }
  | {
      readonly kind: "poolFull";
      readonly pid: string;
      readonly label: string;
      readonly maxThreads: number;
      readonly maxQueue: number;
    }
  | { readonly kind: "mailboxFull"; readonly pid: string; readonly label: string; readonly limit: number }
  | {
      readonly kind: "supervisor";
      readonly supervisor: string;
      readonly event: string;
      readonly child: string;
      /** The child's, when it has or had one. */
      readonly pid?: string;
      readonly reason: ExitReason;
      /** Of one that did not end as it was told to: what its spec allows it, milliseconds or a word. */
      readonly shutdown?: number | string;
    }
  | {
      /** Who took a thread for itself, and what was done about it. */
      readonly kind: "runaway";
      /** `process`: it was ended alone. `thread`: its thread was replaced. `memory`: it was ended for what it held. */
      readonly measure: "process" | "thread" | "memory";
      readonly thread: number;
      /** Of whom, what it is called, and what it was at: as far as the thread could still tell. */
      readonly pid?: string;
      readonly label?: string;
      readonly activity?: string;
      /** Of a server that handles a call or a cast: the name of that, at most 100 characters; never what it was given. */
      readonly request?: string;
      readonly reason: ExitReason;
      readonly detail: string;
      /** Of the code that ran. */
      readonly stack?: string;
    }
  | { readonly kind: "thread"; readonly thread: number; readonly event: string; readonly detail: string }
  | { readonly kind: "error"; readonly where: string; readonly reason: ExitReason };

export type Reporter = (report: Report) => void;

/** Writes a report as one line of JSON to standard error. */
export const reportToStderr: Reporter = (report) => {
  process.stderr.write(`${reportLine(report)}\n`);
};

/** A report as one line of JSON. */
export function reportLine(report: Report): string {
  const reason = "reason" in report ? report.reason : undefined;
  const stack = (reason as CrashReason | undefined)?.error?.stack;
  return JSON.stringify({
    level: warnings.has(report.kind) ? "warning" : "error",
    ...report,
    ...(reason === undefined ? {} : { reason: cut(reasonText(reason), 500) }),
    ...(stack === undefined ? {} : { stack: cut(stack, 4000) }),
  });
}

const warnings: ReadonlySet<Report["kind"]> = new Set(["supervisor", "thread", "refused", "poolFull"]);

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}
