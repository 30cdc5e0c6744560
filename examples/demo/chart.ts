/**
 * Charts of the last minute, as SVG: a bar a second.
 *
 *   viewBox="{last - 59} -{top} 60 {top}"     ┌─────────────┐
 *   bar: M{at}.5 0V-{value}                   │  ▁▂▇▃▁▂▂▃▅▆ │    bars stand where their second is, in the units of the
 *                                             └─────────────┘    data: a view box slides over them, and sets the scale
 *
 * So a new second costs one bar and one number of the view box, and a new scale costs no bar at all.
 */
import { each, html, type Rendered } from "lintel/liveview";
import { newest, type Ring, ringSize, type Slot, slotIndex } from "./ring.ts";

export interface ChartOptions<T> {
  readonly title: string;
  /** Height of a bar; not negative. */
  readonly value: (item: T) => number;
  /** Top of the scale, above 0. Default: 1, 2 or 5 times a power of ten, at least the highest bar. */
  readonly top?: (newest: T) => number;
  /** A value in words. */
  readonly label: (value: number) => string;
}

/** A function component: bars, with the present value and the scale in words. */
export function chart<T>({ title, value, top, label }: ChartOptions<T>): (ring: Ring<T>) => Rendered {
  const drawn = bars(value);
  return (ring) => {
    const item = newest(ring);
    const ceiling = item !== undefined && top !== undefined ? top(item) : roundAbove(highest(ring, value));
    return html`
      <figure class="chart">
        <figcaption>${title} <b>${item === undefined ? "…" : label(value(item))}</b></figcaption>
        ${drawn(ring, ceiling)}
        <p class="scale"><span>${label(ceiling)}</span> <span>${label(0)}</span></p>
        <p class="time"><span>a minute ago</span> <span>now</span></p>
      </figure>`;
  };
}

/** The bars alone. Make it once, not in `render`: its bars are then compared by identity. */
export function bars<T>(value: (item: T) => number): (ring: Ring<T>, top: number) => Rendered {
  const bar = ({ at, item }: Slot<T>) => html`<path d="M${at}.5 0V-${value(item)}"/>`;
  return (ring, top) => html`
    <svg class="bars" viewBox="${ring.last + 1 - ringSize} -${top} ${ringSize} ${top}" preserveAspectRatio="none" stroke="currentColor" stroke-width=".75" aria-hidden="true">${each(ring.slots, slotIndex, bar)}</svg>`;
}

function highest<T>(ring: Ring<T>, value: (item: T) => number): number {
  return ring.slots.reduce((high, { item }) => Math.max(high, value(item)), 0);
}

/** The first of 1, 2, 5, 10, 20, 50, ... that is not below the value. */
export function roundAbove(value: number): number {
  let step = 1;
  while (step * 5 < value) step *= 10;
  return [step, step * 2, step * 5].find((top) => top >= value)!;
}
