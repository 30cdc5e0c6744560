/** Options, looked at as they come in: a wrong or unknown one is refused with its name, before anything has begun. */
import { OptionError, shown } from "./errors.ts";

/**
 * @internal A misspelled option would be ignored in silence.
 *
 * @param whose for the error's sentence; a function where making it would cost more than the check
 * @throws {OptionError} when the options are no object, or hold a key that is none of the known
 */
export function checkKeys(whose: string | (() => string), options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    refuse(whose, `expected options { ${known.join(", ")} }, got ${shown(options)}`);
  }
  for (const key in options) {
    if (!known.includes(key)) refuse(whose, `there is no option ${shown(key)}, expected one of ${known.join(", ")}`);
  }
}

function refuse(whose: string | (() => string), what: string): never {
  throw new OptionError(`${typeof whose === "string" ? whose : whose()}: ${what}.`);
}

/** @internal @throws {OptionError} unless the value is undefined, true or false */
export function checkFlag(whose: string, option: string, value: boolean | undefined): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new OptionError(`${whose}: expected ${option} to be true or false, got ${shown(value)}.`);
}

/** @internal @throws {OptionError} unless the value is undefined, or such a number */
export function checkNumber(
  whose: string,
  option: string,
  value: number | undefined,
  { least, whole = false }: { readonly least: number; readonly whole?: boolean },
): void {
  if (value === undefined) return;
  if (typeof value === "number" && value >= least && (!whole || Number.isInteger(value))) return;
  const what = whole ? "a whole number" : "a number";
  throw new OptionError(`${whose}: expected ${option} to be ${what} of at least ${least}, got ${shown(value)}.`);
}
