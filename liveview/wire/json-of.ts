import { OptionError } from "../../kernel/errors.ts";

/**
 * What travels to a browser, as JSON text.
 *
 * @param whose for the error's sentence
 * @throws {OptionError} when JSON cannot carry it: it has a cycle, a bigint, or is too deep
 */
export function jsonOf(value: unknown, whose: string): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new OptionError(`${whose}: expected what JSON can carry. ${why}.`, { cause });
  }
}
