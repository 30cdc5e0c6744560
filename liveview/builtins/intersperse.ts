/** intersperse: entries with something between them, and nothing before the first or after the last. */
import { type ComponentCall, component } from "../template/function-component.ts";
import type { TextValue } from "../template/rendered.ts";
import { renderSlot, type Slot } from "../template/slots.ts";

export interface IntersperseInputs<T> {
  readonly items: readonly T[];
  readonly separator: Slot;
  readonly inner: Slot<[item: T, index: number]>;
}

/** `intersperse({ items: crumbs, separator: " / ", inner: (crumb) => crumb.name })` */
export const intersperse: <T>(inputs: IntersperseInputs<T>) => ComponentCall = component(
  <T>({ items, separator, inner }: IntersperseInputs<T>): TextValue =>
    items.map((item, index) => [index > 0 && renderSlot(separator), renderSlot(inner, item, index)]),
);
