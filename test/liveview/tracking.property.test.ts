/** Random programs of templates, functions, components and lists over assigns that change at random. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { attrs } from "../../liveview/template/attributes.ts";
import { each } from "../../liveview/template/each.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import type { Rendered, TextValue } from "../../liveview/template/rendered.ts";
import { renderSlot, type Slot } from "../../liveview/template/slots.ts";
import { html } from "../../liveview/template/template.ts";
import { loadOfficial, OfficialClient } from "../support/official-rendered.ts";
import { WireClient } from "../support/wire-merge.ts";

interface Row {
  readonly key: number;
  readonly text: string;
}
interface Assigns {
  readonly a: number;
  readonly b: string;
  readonly c: boolean;
  readonly o: { readonly x: number; readonly inner: { readonly y: string } } | null;
  readonly rows: readonly Row[];
}
type Hole = (assigns: never) => TextValue;

/** A part of a render, as data. */
type Part =
  | { readonly read: "a" | "b" | "x" | "y" }
  | { readonly run: Part; readonly by: "parameter" | "closure" }
  | { readonly hold: "x" | "inner"; readonly beside: Part }
  | { readonly pair: readonly [Part, Part] }
  | { readonly when: Part; readonly otherwise: Part }
  | { readonly card: Part; readonly given: "a" | "o" }
  | { readonly rows: Part; readonly by: "constant" | "inline" | "array" };

const card = component(({ given, inner }: { given: number | Assigns["o"]; inner: Slot }) => {
  const shown = typeof given === "object" ? given?.inner.y : given;
  return html`<section ${attrs({ title: shown })}>${shown}${renderSlot(inner)}</section>`;
});
const constantRow = (row: Row) =>
  html`<li id="r${row.key}">${row.text}${((assigns: Assigns) => (assigns.a % 2 === 0 ? row.key : assigns.b)) as Hole as () => TextValue}</li>`;

function shown(part: Part, assigns: Assigns): TextValue {
  if ("read" in part) {
    switch (part.read) {
      case "x":
        return assigns.o === null ? "none" : assigns.o.x;
      case "y":
        return assigns.o?.inner.y;
      default:
        return assigns[part.read];
    }
  }
  if ("run" in part) {
    if (part.by === "closure") return () => shown(part.run, assigns);
    return ((view: Assigns) => shown(part.run, view)) as Hole as () => TextValue;
  }
  if ("hold" in part) {
    // Reads one field of an object, and lets a function in it look into the rest at another time.
    return (({ o }: Assigns) =>
      html`<em>${part.hold === "x" ? o?.x : o?.inner.y}${(({ a }: Assigns) => (a % 2 === 0 ? "" : `${o?.x}${o?.inner.y}`)) as Hole as () => TextValue}${shown(part.beside, assigns)}</em>`) as Hole as () => TextValue;
  }
  if ("pair" in part)
    return html`<p class=${() => assigns.b}>${shown(part.pair[0], assigns)} ${shown(part.pair[1], assigns)}</p>`;
  if ("when" in part) return assigns.c ? html`<b>${shown(part.when, assigns)}</b>` : shown(part.otherwise, assigns);
  if ("card" in part) return card({ given: assigns[part.given], inner: html`<i>${shown(part.card, assigns)}</i>` });
  switch (part.by) {
    case "constant":
      return each(assigns.rows, (row) => row.key, constantRow);
    case "inline":
      return each(
        assigns.rows,
        (row) => row.key,
        (row) => html`<li>${row.text}${shown(part.rows, assigns)}</li>`,
      );
    case "array":
      return assigns.rows.map((row) => (row.key === 3 ? shown(part.rows, assigns) : html`<li>${row.text}</li>`));
  }
}

const { part } = fc.letrec<{ part: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    {
      weight: 3,
      arbitrary: fc.record({ read: fc.constantFrom("a" as const, "b" as const, "x" as const, "y" as const) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ run: tie("part"), by: fc.constantFrom("parameter" as const, "closure" as const) }),
    },
    { weight: 3, arbitrary: fc.record({ hold: fc.constantFrom("x" as const, "inner" as const), beside: tie("part") }) },
    { weight: 2, arbitrary: fc.record({ pair: fc.tuple(tie("part"), tie("part")) }) },
    { weight: 1, arbitrary: fc.record({ when: tie("part"), otherwise: tie("part") }) },
    { weight: 2, arbitrary: fc.record({ card: tie("part"), given: fc.constantFrom("a" as const, "o" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        rows: tie("part"),
        by: fc.constantFrom("constant" as const, "inline" as const, "array" as const),
      }),
    },
  ),
}));

const rows = [0, 1, 2, 3].flatMap((key) => ["s", "t"].map((text): Row => ({ key, text: `${text}${key}` })));
const o = fc.option(fc.record({ x: fc.nat(1), inner: fc.record({ y: fc.constantFrom("p", "q") }) }));
const change: fc.Arbitrary<Partial<Assigns>> = fc.oneof(
  fc.record({ a: fc.nat(3) }),
  fc.record({ b: fc.constantFrom("m", "n") }),
  fc.record({ c: fc.boolean() }),
  { weight: 3, arbitrary: fc.record({ o }) },
  fc.record({
    rows: fc
      .shuffledSubarray(rows)
      .map((some) => some.filter((row, i) => some.findIndex(({ key }) => key === row.key) === i)),
  }),
);

/** Two parts stand in functions of their own, so that render itself reads nothing; the third it reads itself. */
const page = (parts: readonly [Part, Part, Part]) => (assigns: object) => {
  const all = assigns as Assigns;
  return html`<main>${() => shown(parts[0], all)}<hr>${((view: Assigns) => shown(parts[1], view)) as Hole as () => TextValue}<hr>${shown(parts[2], all)}</main>`;
};

describe("what is computed again is all that must be", () => {
  let official: Awaited<ReturnType<typeof loadOfficial>>;
  beforeAll(async () => {
    official = await loadOfficial();
  });

  test("F2, F3, F14: clients that merge all diffs show what a fresh render shows", () => {
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.array(change, { minLength: 2, maxLength: 10 }), (parts, changes) => {
        const render = page(parts);
        const renderer = new ViewRenderer();
        const clients = [new WireClient(), new OfficialClient(official)];
        let assigns: Assigns = { a: 0, b: "m", c: true, o: null, rows: [] };
        const follow = (message: string): void => {
          const fresh = renderToString(render(assigns), assigns);
          for (const client of clients) expect(client.receive(message).html()).toBe(fresh);
        };
        follow(renderer.fullOf(assigns, render));
        for (const one of changes) {
          assigns = { ...assigns, ...one };
          follow(renderer.diffOf(assigns, render as (assigns: object) => Rendered));
          expect(renderer.diffOf(assigns, render)).toBe("");
        }
      }),
      { numRuns: 500 },
    );
  });
});
