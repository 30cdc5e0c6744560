/** The tables of a run: time and bytes, the rivals beside us. */
import { median } from "../support/statistics.ts";
import { markdown, number } from "../support/table.ts";
import type { Item } from "./items.ts";
import type { Rival, RivalName } from "./rival.ts";

export interface ItemResult {
  readonly name: string;
  readonly title: string;
  readonly kind: Item["kind"];
  /** Microseconds: of each round, and their median. */
  readonly samples: Readonly<Partial<Record<RivalName, readonly number[]>>>;
  readonly medians: Readonly<Partial<Record<RivalName, number>>>;
  /** Of what is sent for one update on average; of the page. UTF-8. */
  readonly bytes: Readonly<Partial<Record<RivalName, number>>>;
  /** Of all the data as JSON. */
  readonly jsonBytes: number;
  readonly wanted?: Item["wanted"];
  /** Do we reach what is wanted? Absent: nothing is. */
  readonly passes?: boolean;
}

export function summed(
  item: Item,
  samples: Readonly<Partial<Record<RivalName, readonly number[]>>>,
  rivals: readonly Rival[],
  count: number,
): ItemResult {
  const medians: Partial<Record<RivalName, number>> = {};
  const bytes: Partial<Record<RivalName, number>> = {};
  for (const rival of rivals) {
    medians[rival.name] = median(samples[rival.name]!);
    const work = item.start(rival, count);
    let sum = 0;
    for (let i = 1; i <= count; i++) sum += Buffer.byteLength(work(i));
    bytes[rival.name] = Math.round(sum / count);
  }
  const { name, title, kind, wanted } = item;
  const jsonBytes = Buffer.byteLength(JSON.stringify(item.data(count)));
  const result = { name, title, kind, samples, medians, bytes, jsonBytes };
  if (wanted === undefined) return result;
  return { ...result, wanted, passes: medians.lintel! <= wanted.times * medians[wanted.of]! };
}

const others: readonly RivalName[] = ["liveviewjs", "lit", "concat"];

export function report(results: readonly ItemResult[]): string {
  const header = ["item", "Lintel", ...others.flatMap((name) => [name, "times"]), "wanted"];
  const times = markdown([header, ...results.map(timeRow)]);
  const sizes = markdown([
    ["bytes", "Lintel", "liveviewjs", "whole HTML", "all data as JSON"],
    ...results.map(({ title, bytes, jsonBytes }) => [
      title,
      number(bytes.lintel),
      number(bytes.liveviewjs),
      number(bytes.concat),
      number(jsonBytes),
    ]),
  ]);
  return `${times}\n\n${sizes}`;
}

function timeRow({ title, medians, wanted, passes }: ItemResult): string[] {
  const cells = others.flatMap((name) => [digits(medians[name]!), `${digits(medians[name]! / medians.lintel!)}x`]);
  const want =
    wanted === undefined
      ? ""
      : wanted.times > 1
        ? `at most ${wanted.times}x ${wanted.of}`
        : `${1 / wanted.times}x ${wanted.of}`;
  return [title, digits(medians.lintel!), ...cells, `${want}${passes === false ? " !" : ""}`];
}

function digits(value: number): string {
  return value >= 100 ? number(value) : Number(value.toPrecision(3)).toString();
}
