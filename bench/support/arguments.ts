/** What the suites' runners take on their command line, checked. */

/** @throws {Error} naming the option */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option}: expected a number from 1, got "${text}".`);
  return value;
}

/**
 * @param list names with commas between them; undefined: all
 * @returns those that are in the list, in their own order
 * @throws {Error} naming the option, when the list has another name
 */
export function chosen<Name extends string>(
  option: string,
  list: string | undefined,
  names: readonly Name[],
): readonly Name[] {
  const wanted: readonly string[] = list?.split(",") ?? names;
  const unknown = wanted.find((name) => !names.some((one) => one === name));
  if (unknown !== undefined) throw new Error(`--${option}: expected some of ${names.join(", ")}, got "${unknown}".`);
  return names.filter((name) => wanted.includes(name));
}

/** What the name of a result's file ends in. */
export function labelsOf({ label, quick }: { readonly label?: string | undefined; readonly quick: boolean }): string[] {
  return [...(label === undefined || label === "" ? [] : [label]), ...(quick ? ["quick"] : [])];
}
