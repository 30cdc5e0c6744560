import { describe, expect, test } from "vitest";
import { withoutPlaces } from "../../../liveview/component/without-places.ts";
import { each, html, liveComponent, liveView, type TextValue } from "../../../liveview/index.ts";
import { joinView } from "../../support/live-views.ts";

describe("withoutPlaces", () => {
  test.each<[string, number[], string]>([
    ['{"0":1,"1":"x"}', [], '{"0":1,"1":"x"}'],
    ['{"0":1,"1":"x"}', [1], '{"1":"x"}'],
    ['{"0":1,"1":2}', [1], '{"1":2}'],
    ['{"2":{"0":1}}', [1], ""],
    ['{"2":{"0":1,"1":{"0":1}},"3":"x"}', [1], '{"3":"x"}'],
    // Positions in lists are numbers, too.
    [
      '{"0":{"k":{"0":1,"1":[1,{"0":1}],"2":{"0":1},"3":{},"kc":4,"km":true}}}',
      [1],
      '{"0":{"k":{"0":1,"1":1,"3":{},"kc":4,"km":true}}}',
    ],
    // What is new is complete.
    ['{"0":{"0":1,"s":["",""]}}', [1], '{"0":{"0":1,"s":["",""]}}'],
    ["", [1], ""],
  ])("%s without %j: %s", (change, cids, left) => {
    expect(withoutPlaces(change, new Set(cids))).toBe(left);
  });
});

describe("a component that is given other props, and shows the same", () => {
  /** Its props are never the same, what it shows may be. */
  const Rounded = liveComponent({
    name: "Rounded",
    update: ({ n }: { n: number; fresh?: object }) => ({ n: Math.floor(n) }),
    render: ({ n }) => html`<b>${n}</b>`,
  });
  const view = (show: (n: number) => TextValue) =>
    liveView({
      mount: () => ({ n: 1, other: 0 }),
      events: {
        half: (socket) => socket.update("n", (n) => n + 0.5),
        both: (socket) => socket.assign({ n: socket.assigns.n + 0.5, other: socket.assigns.other + 1 }),
      },
      render: ({ n, other }) => html`<main>${show(n)}${other}</main>`,
    });

  test.each<[string, (n: number) => TextValue, object]>([
    ["in the tree", (n) => Rounded({ id: 1, n }), { 0: 1 }],
    ["in a template", (n) => html`<p>${Rounded({ id: 1, n })}</p>`, { 0: { 0: 1 } }],
    [
      "in a list",
      (n) => each([1], Number, (id) => html`<p>${Rounded({ id, n })}</p>`),
      { 0: { k: { 0: { 0: 1 }, kc: 1 } } },
    ],
  ])("%s, sends nothing, and no more with other changes (F15)", async (_where, show, way) => {
    const page = await joinView(view(show));
    expect(await page.event("half")).toEqual({});
    const { diff } = (await page.event("half")) as { diff: Record<string, unknown> };
    expect(diff).toEqual({ c: { 1: { 0: "2" } } });
    expect(await page.event("both")).toMatchObject({ diff: { 1: "1" } });
    expect(await page.event("both")).toEqual({ diff: { ...way, 1: "2", c: { 1: { 0: "3" } } } });
  });

  test("inside of another one that shows it somewhere else", async () => {
    const Outer = liveComponent({
      name: "Outer",
      update: ({ n }: { n: number }) => ({ n }),
      render: ({ n }) => html`<section>${n >= 2}${n}${Rounded({ id: 1, n })}</section>`,
    });
    const page = await joinView(view((n) => Outer({ id: 1, n })));
    expect(await page.event("half")).toEqual({ diff: { c: { 1: { 1: "1.5" } } } });
    expect(await page.event("half")).toEqual({ diff: { c: { 1: { 1: "2", 2: 2 }, 2: { 0: "2" } } } });
  });
});
