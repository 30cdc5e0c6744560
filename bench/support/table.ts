/** Tables for people: Markdown, with aligned columns, so that it reads well in a terminal too. */

/** @param rows the first is the header; a row that is shorter (a failure) stands as it is */
export function markdown(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]!.length;
  const whole = rows.filter((row) => row.length === columns);
  const widths = Array.from({ length: columns }, (_, i) => Math.max(3, ...whole.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const [header, ...body] = rows;
  return [line(header!), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** A whole number with its thousands apart; nothing for undefined. */
export function number(value: number | undefined): string {
  return value === undefined ? "" : Math.round(value).toLocaleString("en-US");
}
