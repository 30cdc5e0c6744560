/** What a worker takes over from the command line of the program. */

/**
 * @internal Node's own options, but for those that say how the program's first text is to be read (`--input-type` with
 * `--eval`): a worker has a file, and Node refuses to start it with them.
 */
export function inheritedArgv(argv: readonly string[] = process.execArgv): string[] {
  const isOfFirstText = (option: string): boolean => option.startsWith("--input-type");
  return argv.filter((option, i) => !isOfFirstText(option) && argv[i - 1] !== "--input-type");
}
