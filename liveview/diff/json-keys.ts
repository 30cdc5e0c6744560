/**
 * JSON keys of positions, as text that is ready to be added: `"7":`.
 *
 * Nearly all are small, and each is written many times a second, so they are kept: those below 1024, made when first
 * asked for.
 */
const kept = 1024;
const keys: string[] = [];

export function jsonKey(position: number): string {
  return position < keys.length ? keys[position]! : makeKey(position);
}

function makeKey(position: number): string {
  while (keys.length <= position && keys.length < kept) keys.push(`"${keys.length}":`);
  return `"${position}":`;
}
