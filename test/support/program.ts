/** Runs a program of build/ in a process of its own, to its end. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Ended {
  /** Exit code; null when it was killed, for instance because it took too long. */
  readonly code: number | null;
  /** Standard output, a value per line of JSON. */
  readonly printed: readonly unknown[];
  readonly stderr: string;
}

/**
 * @param script path below build/
 * @param options.nodeArgs for Node itself, such as `--expose-gc`
 * @param options.timeoutMs then it is killed; default 30,000
 */
export function runProgram(
  script: string,
  args: readonly string[],
  options: { nodeArgs?: readonly string[]; timeoutMs?: number } = {},
): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../build/${script}`, import.meta.url));
  const { nodeArgs = [], timeoutMs = 30_000 } = options;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...nodeArgs, path, ...args],
      { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) =>
        resolve({
          code: child.exitCode,
          printed: stdout
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line) as unknown),
          stderr,
        }),
    );
  });
}
