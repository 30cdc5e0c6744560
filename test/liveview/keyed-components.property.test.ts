/**
 * Keyed lists whose entries are function components, made anew by each render, with functions in their holes: whatever
 * happens to the list, both clients show what a fresh render shows.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { component, each, type Html, html, renderToString, ViewRenderer } from "../../liveview/index.ts";
import { loadOfficial, OfficialClient } from "../support/official-rendered.ts";
import { WireClient } from "../support/wire-merge.ts";

interface Row {
  readonly id: number;
  readonly name: string;
  readonly kind: number;
}
interface Assigns {
  readonly n: number;
  readonly selected: number;
  readonly rows: readonly Row[];
}
type Step = readonly [
  what: "count" | "select" | "insert" | "remove" | "rename" | "turn" | "clear",
  at: number,
  kind: number,
];

let official: Awaited<ReturnType<typeof loadOfficial>>;
beforeAll(async () => {
  official = await loadOfficial();
});

const withAssigns: Html<Assigns> = html;
const counted = component(
  ({ row, on }: { row: Row; on: boolean }) => withAssigns`<li class=${on && "on"}>${row.name} ${({ n }) => n}</li>`,
);
const plain = component(
  ({ row, on }: { row: Row; on: boolean }) => html`<li>${row.name}${on && html`<b>${row.id}</b>`}</li>`,
);
const through = component(({ row, on }: { row: Row; on: boolean }) => counted({ row, on }));
const kinds = [counted, plain, through] as const;

/** @param kind that of all rows; undefined: each has its own */
const pageOf = (kind: number | undefined) => (assigns: object) => {
  const { rows, selected } = assigns as Assigns;
  return withAssigns`<ul>${each(
    rows,
    ({ id }) => id,
    (row) => kinds[kind ?? row.kind]!({ row, on: row.id === selected }),
  )}</ul>${({ n }) => n}`;
};

function after(before: Assigns, [what, at, kind]: Step, step: number): Assigns {
  const { rows } = before;
  const place = rows.length === 0 ? 0 : at % rows.length;
  const row = { id: 100 + step, name: `row ${step}`, kind };
  switch (what) {
    case "count":
      return { ...before, n: step };
    case "select":
      return { ...before, selected: rows[place]?.id ?? -1 };
    case "insert":
      return { ...before, rows: rows.toSpliced(place, 0, row) };
    case "remove":
      return { ...before, rows: rows.toSpliced(place, 1) };
    case "rename":
      return { ...before, n: step, rows: rows.map((old, i) => (i === place ? { ...row, id: old.id } : old)) };
    case "turn":
      return { ...before, rows: [...rows.slice(place), ...rows.slice(0, place)].reverse() };
    case "clear":
      return { ...before, rows: [] };
  }
}

const steps = fc.array(
  fc.tuple(
    fc.constantFrom<Step[0]>("count", "select", "insert", "insert", "insert", "remove", "rename", "turn", "clear"),
    fc.nat(9),
    fc.nat(2),
  ),
  { maxLength: 40 },
);

test("F2, F23: lists of function components are what a fresh render shows, in both clients", () => {
  fc.assert(
    fc.property(fc.option(fc.nat(2), { nil: undefined }), steps, (kind, all) => {
      const page = pageOf(kind);
      const renderer = new ViewRenderer();
      const clients = [new WireClient(), new OfficialClient(official)];
      let assigns: Assigns = { n: 0, selected: 1, rows: [{ id: 1, name: "first", kind: 0 }] };
      const shows = (message: string): void => {
        const fresh = renderToString(page(assigns), assigns);
        for (const client of clients) expect(client.receive(message).html()).toBe(fresh);
      };
      shows(renderer.fullOf(assigns, page));
      for (const [i, step] of all.entries()) {
        assigns = after(assigns, step, i);
        shows(renderer.diffOf(assigns, page));
      }
    }),
    { numRuns: 150 },
  );
});
