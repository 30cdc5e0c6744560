/**
 * Call site: the file and line of the code that called a function of ours, for its error messages.
 *
 *   at rows (file:///srv/app/rows.ts:12:17)     ->   app/rows.ts:12     relative to where the program was started
 *
 * The engine's stack traces are its only source, and no standard: where one is of another shape, there is no location.
 * Cost: a stack trace of one frame, some microseconds; for what happens once a place in the code.
 */

const frame = /^\s*at (?:.*\()?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/;

/** @param callee the function whose caller is wanted; it must be on the stack */
// biome-ignore lint/complexity/noBannedTypes: any function at all
export function callSite(callee: Function): string | undefined {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(holder, callee);
  Error.stackTraceLimit = limit;
  const match = frame.exec(holder.stack?.split("\n")[1] ?? "");
  if (match === null) return undefined;
  const [, file, line] = match as unknown as [string, string, string];
  const root = `${process.cwd()}/`;
  return `${file.startsWith(root) ? file.slice(root.length) : file}:${line}`;
}
