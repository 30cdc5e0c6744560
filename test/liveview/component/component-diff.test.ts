/** What travels of a component: its statics once, its streams under refs of their own, and the way to what has changed. */
import { describe, expect, test } from "vitest";
import { each, html, liveComponent, liveView, stream } from "../../../liveview/index.ts";
import { joinView } from "../../support/live-views.ts";
import { Counter, showing } from "../../support/shown-component.ts";

describe("the statics of a component", () => {
  const Card = liveComponent({
    name: "Card",
    update: (props: { mark: string; tags: string[]; long?: boolean }) => props,
    render: ({ mark, tags, long = false }) => html`
      <section>
        ${long ? html`<h1>${mark}</h1>` : html`<h2>${mark}</h2>`}
        <ul>${each(tags, String, (tag) => html`<li>${bold(tag)}${bold(tag)}</li>`)}</ul>
      </section>`,
  });
  const bold = (tag: string) => html`<b>${tag}</b>`;
  const own = { r: 1, s: ["<section>\n  ", "\n  <ul>", "</ul>\n</section>"] };
  const b = (text: string) => ({ 0: text, r: 1, s: 0 });
  /** So few that sharing would not be shorter. */
  const inline = (text: string) => ({ 0: text, r: 1, s: ["<b>", "</b>"] });

  test("are those of another one in the message, also nested ones; lists leave out theirs, and bring templates for entries (F6, F9)", async () => {
    const page = await joinView(
      showing({
        two: () =>
          html`<p>${Card({ id: 1, mark: "x", tags: ["t", "u"] })}${Card({ id: 2, mark: "y", tags: ["v"] })}</p>`,
        three: () =>
          html`<p>${Card({ id: 1, mark: "x", tags: ["t", "u"] })}${Card({ id: 3, mark: "z", tags: [], long: true })}</p>`,
      }),
    );
    const list = { p: { 0: ["<b>", "</b>"] } };
    expect((page.rendered as { c: object }).c).toEqual({
      1: {
        0: { 0: "x", r: 1, s: ["<h2>", "</h2>"] },
        1: {
          ...list,
          k: { 0: { 0: b("t"), 1: b("t") }, 1: { 0: b("u"), 1: b("u") }, kc: 2 },
          s: ["<li>", "", "</li>"],
        },
        ...own,
      },
      2: { 0: { 0: "y" }, 1: { k: { 0: { 0: inline("v"), 1: inline("v") }, kc: 1 } }, s: 1 },
    });
    // The next one takes them from what the client has.
    expect(await page.event("show", { name: "three" })).toMatchObject({
      diff: { s: expect.anything(), c: { 3: { 0: { 0: "z", r: 1, s: ["<h1>", "</h1>"] }, 1: "", s: 1 } } },
    });
  });

  test("are those of one that the client has, by its negative number (F9)", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ id: 1 }),
        events: { next: (socket) => socket.update("id", (id) => id + 1) },
        render: ({ id }) => html`<p>${Card({ id, mark: `m${id}`, tags: ["t"] })}</p>`,
      }),
    );
    const list = { k: { 0: { 0: inline("t"), 1: inline("t") }, kc: 1 } };
    expect(await page.event("next")).toEqual({ diff: { 0: 2, c: { 2: { 0: { 0: "m2" }, 1: list, s: -1 } } } });
    // One that the client has announced to forget is no source.
    await page.push("cids_will_destroy", { cids: [1, 2] });
    expect(await page.event("next")).toMatchObject({ diff: { 0: 3, c: { 3: own } } });
    expect(await page.event("next")).toMatchObject({ diff: { 0: 4, c: { 4: { s: -3 } } } });
  });

  test("are those of any other one when the one that brought them has gone, or changes in this message (F9)", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ ids: ["a", "b", "c"], step: 1 }),
        events: {
          next: (socket, { ids, step }) =>
            socket.assign({ ids: ids as string[], step: Number(step ?? socket.assigns.step) }),
        },
        render: ({ ids, step }) =>
          html`<p>${each(ids, String, (id) => Counter({ id, step: id === "b" ? step : 1 }))}</p>`,
      }),
    );
    await page.event("next", { ids: ["b", "c"] });
    await page.push("cids_will_destroy", { cids: [1] });
    await page.push("cids_destroyed", { cids: [1] });
    expect(await page.event("next", { ids: ["b", "c", "d"] })).toMatchObject({ diff: { c: { 4: { 0: "0", s: -2 } } } });
    expect(await page.event("next", { ids: ["b", "c", "d", "e"], step: 2 })).toMatchObject({
      diff: { c: { 2: { 1: "2" }, 5: { 0: "0", s: -3 } } },
    });
    expect(page.html()).toBe("<p><b>0+2</b><b>0+1</b><b>0+1</b><b>0+1</b></p>");
  });
});

describe("streams in components", () => {
  const Log = liveComponent({
    name: "Log",
    mount: ({ id }) => ({ lines: stream<{ id: number }>(`log-${id}`, [{ id: 1 }]) }),
    events: { add: (socket, { id }) => socket.streamInsert("lines", { id: Number(id) }) },
    render: ({ lines }, { id }) =>
      html`<ul id=${`ul-${id}`} phx-update="stream">${each(lines, (domId, line) => html`<li id=${domId}>${line.id}</li>`)}</ul>`,
  });

  test("have refs of their own, and are forgotten once shown (ST1, ST6, ST7)", async () => {
    const page = await joinView(showing({ only: () => html`<p>${Log({ id: "a" })}${Log({ id: "b" })}</p>` }));
    const { c } = page.rendered as { c: Record<string, Record<string, { stream: unknown[] }>> };
    expect(c["1"]!["1"]!.stream).toEqual(["1-0", [["log-a-1", -1, null, false]], []]);
    expect(c["2"]!["1"]!.stream).toEqual(["2-0", [["log-b-1", -1, null, false]], []]);
    expect(await page.event("add", { id: 2 }, 2)).toEqual({
      diff: {
        c: {
          2: {
            1: { k: { 0: { 0: ' id="log-b-2"', 1: "2" }, kc: 1 }, stream: ["2-0", [["log-b-2", -1, null, false]], []] },
          },
        },
      },
    });
  });
});

test("what a component shows, with everything that changes around it, reaches the official client too (F13)", async () => {
  // The client skips an element without a change: so a changed component inside of one is named on the way.
  const page = await joinView(
    liveView({
      mount: () => ({ n: 0 }),
      events: { inc: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ n }) => html`<main>${n}${html`<p>${Counter({ id: 1, step: n })}</p>`}${Counter({ id: 2 })}</main>`,
    }),
  );
  expect(await page.event("inc")).toEqual({ diff: { 0: "1", 1: { 0: 1 }, c: { 1: { 1: "1" } } } });
});

test("the way to a changed component is not named where nothing around it is sent", async () => {
  const Inner = liveComponent({
    name: "Inner",
    update: ({ n }: { n: number }) => ({ n }),
    render: ({ n }) => html`<b>${n}</b>`,
  });
  const Middle = liveComponent({
    name: "Middle",
    update: ({ n }: { n: number }) => ({ n }),
    render: ({ n }) => html`<p>${html`<i>${Inner({ id: 1, n })}</i>`}</p>`,
  });
  const page = await joinView(
    liveView({
      mount: () => ({ n: 0, shown: 0 }),
      events: {
        inc: (socket) => socket.update("n", (n) => n + 1),
        both: (socket) => socket.assign({ n: socket.assigns.n + 1, shown: socket.assigns.shown + 1 }),
      },
      render: ({ n, shown }) => html`<main>${shown}${html`<div>${Middle({ id: 1, n })}</div>`}</main>`,
    }),
  );
  expect(await page.event("inc")).toEqual({ diff: { c: { 2: { 0: "1" } } } });
  expect(await page.event("both")).toEqual({
    diff: { 0: "1", 1: { 0: 1 }, c: { 1: { 0: { 0: 2 } }, 2: { 0: "2" } } },
  });
  // Around it may be a component.
  const Outer = liveComponent({
    mount: () => ({ n: 0 }),
    events: { inc: (socket) => socket.update("n", (n) => n + 1) },
    render: ({ n }) => html`<div>${n}${html`<p>${Middle({ id: 1, n })}</p>`}</div>`,
  });
  const outer = await joinView(showing({ only: () => html`<main>${Outer({ id: 1 })}</main>` }));
  expect(await outer.event("inc", {}, 1)).toEqual({
    diff: { c: { 1: { 0: "1", 1: { 0: 2 } }, 2: { 0: { 0: 3 } }, 3: { 0: "1" } } },
  });
});
