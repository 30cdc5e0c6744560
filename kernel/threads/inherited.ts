/** What a worker takes over from the command line of the program. */

/**
 * @internal Options for `new Worker`. Nothing, as a rule: Node then hands on all that the program was started with, V8's
 * options too, which it refuses when they are named. But of a program that was given as text (`--input-type` with `--eval`)
 * a worker, which has a file, may have only what says how modules are found and loaded.
 */
export function inheritedArgv(argv: readonly string[] = process.execArgv): { readonly execArgv?: string[] } {
  if (!argv.some((option) => /^--input-type(?:=|$)/.test(option))) return {};
  const execArgv: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [, value] = forModules.exec(argv[i]!) ?? [];
    if (value === undefined) continue;
    execArgv.push(argv[i]!);
    if (value === "" && argv[i + 1] !== undefined) execArgv.push(argv[++i]!);
  }
  return { execArgv };
}

/** With what follows the name: "" when the value is the next argument. */
const forModules = /^(?:--import|--require|-r|--conditions|-C|--loader|--experimental-loader)((?:=.*)?)$/;
