/** Numbers in words. */

export function percent(value: number): string {
  return `${rounded(value, 1)} %`;
}

export function gibibytes(value: number): string {
  return `${rounded(value, 2)} GiB`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** "1 page", "2 pages". */
export function counted(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? "" : "s"}`;
}

/** The two largest units: "3 h 12 min". */
export function duration(seconds: number): string {
  const units: [string, number][] = [
    ["d", Math.floor(seconds / 86_400)],
    ["h", Math.floor(seconds / 3600) % 24],
    ["min", Math.floor(seconds / 60) % 60],
    ["s", Math.floor(seconds) % 60],
  ];
  const first = units.findIndex(([unit, value]) => value > 0 || unit === "s");
  return units
    .slice(first, first + 2)
    .map(([unit, value]) => `${value} ${unit}`)
    .join(" ");
}

/** Fewer digits after the point for larger numbers, none for 0. */
function rounded(value: number, digits: number): string {
  if (value === 0) return "0";
  return value.toFixed(value < 10 ? digits : digits - 1);
}
