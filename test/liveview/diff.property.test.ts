import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { attrs } from "../../liveview/template/attributes.ts";
import { each } from "../../liveview/template/each.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import { type Rendered, raw, type TextValue } from "../../liveview/template/rendered.ts";
import { html } from "../../liveview/template/template.ts";
import { loadOfficial, OfficialClient } from "../support/official-rendered.ts";
import { WireClient } from "../support/wire-merge.ts";

/** What stands in a hole, as data: fast-check can shrink and show it. */
type Spec = string | number | boolean | null | TemplateSpec | ListSpec | { raw: string };
interface TemplateSpec {
  template: keyof typeof templates;
  values: [Spec, Spec];
}
interface ListSpec {
  list: "array" | "inline" | "constant" | "indexed";
  entries: { key: number; spec: Spec }[];
}
interface Entry {
  key: number;
  value: Spec;
}

const attribute = (value: TextValue) =>
  typeof value === "string" || typeof value === "number" || value === null ? value : true;

const templates = {
  element: (a: TextValue) => html`<p>${a}</p>`,
  attributes: (a: TextValue, b: TextValue) => html`<div id=${attribute(b)} title="t ${attribute(b)}">${a}</div>`,
  styled: (a: TextValue, b: TextValue) => {
    const style = b === "b" ? { top: 1 } : null;
    return html`<u class=${a === "a" && ["x", attribute(b)]} style=${style} ${attrs({ title: attribute(b) })}>${a}</u>`;
  },
  text: (a: TextValue, b: TextValue) => html`${a}-${b}`,
  fixed: () => html`<b>fixed</b>`,
  nested: (a: TextValue, b: TextValue) => html`
    <section>
      <h1>${a}</h1>
      ${html`<i>${b}</i>`}${html`<i>${a}</i>`}
    </section>
  `,
  conditional: (a: TextValue, b: TextValue) => html`<ul>${a === "a" && html`<li>${b}</li>`}${b}</ul>`,
  voidElement: (a: TextValue, b: TextValue) => html`<input value="${attribute(a)}" disabled=${b === "b"}>`,
};

/** Equal entries are one object, so that an identical item may be skipped. */
const interned = new Map<string, Entry>();
function intern(entry: Entry): Entry {
  const text = JSON.stringify(entry);
  const known = interned.get(text);
  if (known === undefined) interned.set(text, entry);
  return known ?? entry;
}

const row = (entry: Entry): Rendered => {
  const value = shownBy(entry.value);
  // Some entries come from another template than the rest.
  return entry.key === 5 ? html`<li><b>${value}</b></li>` : html`<li id="k${entry.key}">${value} ${entry.key}</li>`;
};
const indexedRow = (entry: Entry, index: number): Rendered => html`<li>${index} ${shownBy(entry.value)}</li>`;

function shownBy(spec: Spec): TextValue {
  if (typeof spec !== "object" || spec === null) return spec;
  if ("raw" in spec) return raw(spec.raw);
  if ("template" in spec) return templates[spec.template](shownBy(spec.values[0]), shownBy(spec.values[1]));
  const entries = spec.entries.map(({ key, spec }) => intern({ key, value: spec }));
  switch (spec.list) {
    case "array":
      return entries.map((entry) => (entry.key === 4 ? shownBy(entry.value) : row(entry)));
    case "inline":
      return each(
        entries,
        (entry) => entry.key,
        (entry) => row(entry),
      );
    case "constant":
      return each(entries, (entry) => entry.key, row);
    case "indexed":
      return each(entries, (entry) => entry.key, indexedRow);
  }
}

const { spec } = fc.letrec<{ spec: Spec; template: TemplateSpec; list: ListSpec }>((tie) => ({
  spec: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom<Spec>("a", "b", "", "<&>\"'\\\n", 0, 1, null, false, { raw: "<u>" }) },
    { weight: 3, arbitrary: tie("template") },
    { weight: 3, arbitrary: tie("list") },
  ),
  template: fc.record({
    template: fc.constantFrom(...(Object.keys(templates) as (keyof typeof templates)[])),
    values: fc.tuple(tie("spec"), tie("spec")),
  }),
  list: fc.record({
    list: fc.constantFrom("array", "inline", "constant", "indexed"),
    entries: fc.uniqueArray(fc.record({ key: fc.integer({ min: 0, max: 5 }), spec: tie("spec") }), {
      selector: (entry) => entry.key,
      maxLength: 6,
    }),
  }),
}));

const root = (spec: Spec, other: Spec) => html`<main>${shownBy(spec)}<hr>${shownBy(other)}</main>`;
const otherRoot = (spec: Spec) => html`<article>${shownBy(spec)}</article>`;

/** Renders each step, and checks that both clients show what a fresh render shows. */
function follow(steps: Rendered[], clients: (WireClient | OfficialClient)[]): void {
  const renderer = new ViewRenderer();
  steps.forEach((step, i) => {
    const message = i === 0 ? renderer.full(step) : renderer.diff(step);
    const expected = renderToString(step);
    for (const client of clients) expect(client.receive(message).html()).toBe(expected);
    expect(renderer.diff(step)).toBe("");
  });
}

describe("a client that merges all diffs shows what a fresh render shows", () => {
  let official: Awaited<ReturnType<typeof loadOfficial>>;
  beforeAll(async () => {
    official = await loadOfficial();
  });

  test("for any trees one after another", () => {
    const step = fc.tuple(spec, spec, fc.nat(9));
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (steps) => {
        const trees = steps.map(([a, b, n]) => (n === 0 ? otherRoot(a) : root(a, b)));
        follow(trees, [new WireClient(), new OfficialClient(official)]);
      }),
      { numRuns: 300 },
    );
  });

  test("for lists whose entries come, go, move and change", () => {
    const kind = fc.constantFrom<ListSpec["list"]>("array", "inline", "constant", "indexed");
    const template = fc.record({
      template: fc.constantFrom<keyof typeof templates>("element", "attributes", "styled", "text"),
      values: fc.tuple(fc.constantFrom<Spec>("a", "b"), fc.constantFrom<Spec>("a", "b")),
    });
    const entries = fc.tuple(
      fc.shuffledSubarray([0, 1, 2, 3, 6, 7, 8, 9], { minLength: 0 }),
      fc.array(template, { minLength: 10, maxLength: 10 }),
    );
    fc.assert(
      fc.property(kind, fc.array(entries, { minLength: 2, maxLength: 10 }), (list, steps) => {
        const trees = steps.map(([keys, specs]) =>
          root({ list, entries: keys.map((key) => ({ key, spec: specs[key]! })) }, keys.length),
        );
        follow(trees, [new WireClient(), new OfficialClient(official)]);
      }),
      { numRuns: 300 },
    );
  });
});
