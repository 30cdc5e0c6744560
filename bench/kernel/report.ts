/** The table of a run: a row for each figure, our gate and our rivals beside it. */

import { median } from "../support/statistics.ts";
import { markdown } from "../support/table.ts";
import { type Figure, type Item, inUnit, passes, type RivalName, timesBetter } from "./figure.ts";
import type { Run } from "./rivals.ts";

/** A rival's samples of one figure, in the figure's unit: one of each round. */
export interface Samples {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: readonly number[];
}

export interface FigureResult {
  readonly figure: Figure;
  readonly item: string;
  readonly samples: Readonly<Partial<Record<RivalName, Samples>>>;
  /** Whether our median reaches the gate; absent without a gate, or when the item failed. */
  readonly passes?: boolean;
  /** How many times better we are than the BEAM. */
  readonly overBeam?: number;
  /** ... than the best JavaScript library, and which that is. */
  readonly overJs?: number;
  readonly bestJs?: RivalName;
  /** What others used of a core meanwhile, in percent: the median of the item's runs. Where it is high, measure again. */
  readonly othersCpuPercent?: number;
}

export type Rounds = Readonly<Partial<Record<RivalName, readonly Run[]>>>;

export function figureResult(item: Item, figure: Figure, rounds: Rounds): FigureResult {
  const samples: Partial<Record<RivalName, Samples>> = {};
  for (const rival of item.rivals) {
    const values = (rounds[rival] ?? []).flatMap((run) => {
      const value = run.figures[figure.id];
      return value === undefined ? [] : [inUnit(figure, value)];
    });
    if (values.length === 0) continue;
    samples[rival] = {
      median: median(values),
      lowest: Math.min(...values),
      highest: Math.max(...values),
      rounds: values,
    };
  }
  const { lintel, beam } = samples;
  if (lintel === undefined) return { figure, item: item.name, samples };
  const libraries = (["nact", "xstate"] as const).filter((rival) => samples[rival] !== undefined);
  const [bestJs] = libraries.sort((a, b) => timesBetter(figure, samples[b]!.median, samples[a]!.median) - 1);
  const passed = passes(figure, lintel.median);
  const others = Object.values(rounds)
    .flat()
    .flatMap(({ othersCpuPercent }) => othersCpuPercent ?? []);
  return {
    figure,
    item: item.name,
    samples,
    ...(passed === undefined ? {} : { passes: passed }),
    ...(beam === undefined ? {} : { overBeam: timesBetter(figure, lintel.median, beam.median) }),
    ...(bestJs === undefined ? {} : { overJs: timesBetter(figure, lintel.median, samples[bestJs]!.median), bestJs }),
    ...(others.length === 0 ? {} : { othersCpuPercent: Math.round(median(others)) }),
  };
}

/**
 * One row for each figure: ours, our gate and whether it is met, then each rival's and how many times better we are. A
 * ratio that we wanted higher is marked with "<".
 */
export function report(results: readonly FigureResult[]): string {
  const header = [
    "figure",
    "Lintel",
    "lowest to highest",
    "gate",
    "",
    "BEAM",
    "times",
    "nact",
    "times",
    "xstate",
    "times",
    "others CPU %",
  ];
  return markdown([header, ...results.map(row)]);
}

function row(result: FigureResult): string[] {
  const { figure, samples } = result;
  const { lintel } = samples;
  const shown = (value: number | undefined) => (value === undefined ? "" : `${digits(value)}`);
  const spread =
    lintel === undefined || lintel.rounds.length < 2 ? "" : `${digits(lintel.lowest)} to ${digits(lintel.highest)}`;
  return [
    figure.title,
    lintel === undefined ? "failed" : `${digits(lintel.median)} ${figure.unit}`,
    spread,
    shown(figure.gate),
    result.passes === undefined ? "" : result.passes ? "met" : "MISSED",
    ...(["beam", "nact", "xstate"] as const).flatMap((rival) => [
      shown(samples[rival]?.median),
      times(timesOver(result, rival), rival === "beam" ? figure.overBeam : figure.overJs),
    ]),
    result.othersCpuPercent?.toString() ?? "",
  ];
}

/** How many times better we are than a rival. */
function timesOver({ figure, samples }: FigureResult, rival: RivalName): number | undefined {
  const { lintel, [rival]: other } = samples;
  return lintel === undefined || other === undefined ? undefined : timesBetter(figure, lintel.median, other.median);
}

/** Where the BEAM is quicker in this run: by how much, and why. One line each. */
export function losses(results: readonly FigureResult[]): string[] {
  return results.flatMap((result) => {
    const { figure, samples, overBeam } = result;
    const { lintel, beam } = samples;
    if (overBeam === undefined || overBeam >= 1 || lintel === undefined || beam === undefined) return [];
    const figures = `${digits(lintel.median)} against ${digits(beam.median)} ${figure.unit}, ${overBeam.toPrecision(2)}x`;
    const why = figure.whyBelowBeam ?? "we did not expect it; measure again, then find out.";
    return [`${figure.title}: ${figures}: ${why}`];
  });
}

function times(ratio: number | undefined, wanted: number | undefined): string {
  if (ratio === undefined) return "";
  return `${ratio.toPrecision(2)}x${wanted !== undefined && ratio < wanted ? ` < ${wanted}` : ""}`;
}

/** Three significant digits, or all of a whole number. */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(3)).toString();
}
