#!/usr/bin/env node
/** lintel: the command. Loads nothing but the parent process: the app runs in processes of its own (runtime.ts). */
import { askControl, ControlError, controlPath } from "./control.ts";
import { parseStart, parseTree, startArgsOfDev, UsageError, usage } from "./options.ts";
import { Parent } from "./parent.ts";

const [command, ...args] = process.argv.slice(2);

try {
  if (command === "help" || command === "--help" || args.includes("--help")) console.log(usage);
  else if (command === "start") await start(args);
  else if (command === "dev") await start(startArgsOfDev(args, process.env));
  else if (command === "tree") await tree();
  else {
    throw new UsageError(
      `expected start, dev, tree or help, got ${command === undefined ? "nothing" : `"${command}"`}`,
    );
  }
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`lintel: ${error.message}.\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof ControlError) {
    console.error(`lintel ${command}: ${error.message}.`);
    process.exitCode = 1;
  } else throw error;
}

function start(args: readonly string[]): Promise<void> {
  const { processes, host, port, stopTimeoutMs, hangTimeoutMs, maxRestarts, control } = parseStart(args, process.env);
  return new Parent({
    runtime: new URL("./runtime.js", import.meta.url),
    args,
    processes,
    host,
    port,
    hangTimeoutMs,
    maxRestarts,
    control,
    // A runtime process ends by itself in that time; what does not is killed.
    deadlineMs: stopTimeoutMs + 10_000,
  }).run();
}

async function tree(): Promise<void> {
  const { port, control } = parseTree(args);
  try {
    process.stdout.write(await askControl(control ?? controlPath(port, process.env), "tree"));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const hint = control === undefined ? `Does an app of yours run on port ${port}, by lintel start? Pass --port` : "";
    throw new ControlError(`${error.message}${hint === "" ? "" : `. ${hint}`}`);
  }
}
