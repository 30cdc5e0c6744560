#!/usr/bin/env node
/** lintel: the command. Loads nothing but the parent process: the app runs in processes of its own (runtime.ts). */
import { parseStart, UsageError, usage } from "./options.ts";
import { Parent } from "./parent.ts";

const [command, ...args] = process.argv.slice(2);

try {
  if (command === "help" || command === "--help" || args.includes("--help")) console.log(usage);
  else if (command !== "start") {
    throw new UsageError(`expected the command "start", got ${command === undefined ? "none" : `"${command}"`}`);
  } else {
    const { processes, host, port, stopTimeoutMs } = parseStart(args, process.env);
    await new Parent({
      runtime: new URL("./runtime.js", import.meta.url),
      args,
      processes,
      host,
      port,
      // A runtime process ends by itself in that time; what does not is killed.
      deadlineMs: stopTimeoutMs + 10_000,
    }).run();
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`lintel: ${error.message}.\n\n${usage}`);
  process.exitCode = 2;
}
