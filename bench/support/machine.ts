/** The circumstances of a benchmark, without which its figures mean nothing. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

export interface Conditions {
  /** ISO 8601. */
  readonly date: string;
  /** Short hash, "and changes" when the tree is not clean; "none" outside a repository. */
  readonly commit: string;
  readonly node: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    /** The operating system's, such as 6.1.0. */
    readonly kernel: string;
  };
}

export function conditions(): Conditions {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memoryBytes: totalmem(), kernel: release() },
  };
}

/** The same in one line, for people. */
export function conditionsLine({ machine, node, commit }: Conditions): string {
  return `${machine.cpu}, ${machine.cores} cores, Node ${node}, commit ${commit}`;
}

function commit(): string {
  try {
    const git = (...words: string[]) =>
      execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return git("rev-parse", "--short", "HEAD").trim() + (git("status", "--porcelain") === "" ? "" : " and changes");
  } catch {
    return "none";
  }
}
