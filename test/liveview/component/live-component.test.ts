// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test, vi } from "vitest";
import { Instance } from "../../../liveview/component/instance.ts";
import {
  boundary,
  type ComponentUse,
  each,
  html,
  liveComponent,
  liveView,
  type Rendered,
  renderToString,
} from "../../../liveview/index.ts";
import type { simKernel } from "../../support/kernels.ts";
import { deadHtml, joinView } from "../../support/live-views.ts";
import { Counter, showing } from "../../support/shown-component.ts";

describe("a live component", () => {
  const Page = liveView({
    mount: () => ({ step: 2, hidden: 0 }),
    events: {
      grow: (socket) => socket.update("step", (n) => n + 1),
      other: (socket) => socket.update("hidden", (n) => n + 1),
    },
    render: ({ step }) => html`<main>${Counter({ id: "a", step })}${Counter({ id: "b", step: 10 })}</main>`,
  });

  test("stands apart in the tree, by its number; the second one has the statics of the first (F9)", async () => {
    const page = await joinView(Page);
    expect(page.rendered).toEqual({
      0: 1,
      1: 2,
      s: ["<main>", "", "</main>"],
      c: { 1: { 0: "0", 1: "2", r: 1, s: ["<b>", "+", "</b>"] }, 2: { 0: "0", 1: "10", s: 1 } },
    });
  });

  test("an event for it changes it alone, and is answered with that alone (F11)", async () => {
    const page = await joinView(Page);
    expect(await page.event("more", {}, 2)).toEqual({ diff: { c: { 2: { 0: "10" } } } });
    expect(await page.event("more", {}, 1)).toEqual({ diff: { c: { 1: { 0: "2" } } } });
    expect(page.html()).toBe("<main><b>2+2</b><b>10+10</b></main>");
  });

  test("another prop updates it, where it stands and keeping its state (C1)", async () => {
    const page = await joinView(Page);
    await page.event("more", {}, 1);
    expect(await page.event("grow")).toEqual({ diff: { c: { 1: { 1: "3" } } } });
    expect(await page.event("more", {}, 1)).toEqual({ diff: { c: { 1: { 0: "5" } } } });
  });

  test("nothing is sent, and it is not called, when its props are the same (F15)", async () => {
    const page = await joinView(Page);
    page.diffs();
    expect(await page.event("other")).toEqual({});
    expect(await page.event("nothing", {}, 1)).toEqual({});
    expect(page.diffs()).toEqual([]);
  });

  test("a diagnostics channel tells that the view itself was not looked at (F18)", async () => {
    const page = await joinView(Page);
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe("lintel.liveview.render", listen);
    try {
      await page.event("more", {}, 2);
      await page.event("grow");
    } finally {
      unsubscribe("lintel.liveview.render", listen);
    }
    expect(heard).toMatchObject([
      { forced: false, view: false, changed: true },
      { forced: false, view: true, changed: true },
    ]);
  });

  test("answers hooks, and pushes events to the page", async () => {
    const page = await joinView(Page);
    expect(await page.event("ask", {}, 2)).toEqual({ diff: { r: { answer: 42 } } });
    expect(await page.event("tell", {}, 2)).toEqual({ diff: { e: [["told", { by: "b" }]] } });
  });

  test("an event for one that is not there, or that it has not declared, is acknowledged and ignored (C3)", async () => {
    const page = await joinView(Page);
    for (const cid of [3, 0, -1, 1.5, 2 ** 53]) expect(await page.event("more", {}, cid)).toEqual({});
    expect(await page.event("grow", {}, 1)).toEqual({});
    expect(await page.push("event", { type: "click", event: "more", value: {}, cid: "1" })).toEqual({});
    expect(page.html()).toBe("<main><b>0+2</b><b>0+10</b></main>");
    expect(page.sim.reports).toMatchObject([
      { kind: "refused", what: expect.stringContaining('"grow" for Counter "a"') },
    ]);
  });

  test("the dead page is what the connected one shows first (C15, F17)", async () => {
    const page = await joinView(Page);
    expect(await deadHtml(Page)).toBe(page.html());
  });

  test("cannot be shown without a view (T28)", () => {
    expect(() => renderToString(html`<p>${Counter({ id: "a" })}</p>`)).toThrow(
      'Counter "a": a live component can be shown by a live view only',
    );
  });

  test("needs an id", () => {
    // @ts-expect-error an id is missing
    expect(() => Counter({ step: 1 })).toThrow("Counter: expected an id");
    expect(() => Counter({ id: "" })).toThrow('got ""');
  });

  test("must be exactly one element (C4)", async () => {
    const Two = liveComponent({ name: "Two", render: () => html`<i></i><b></b>` });
    const Text = liveComponent({ name: "Text", render: () => html`text` });
    const Nested = liveComponent({ render: () => html`${Two({ id: 1 })}` });
    for (const [use, got] of [
      [Two({ id: 1 }), '"<i></i><b></b>"'],
      [Text({ id: 1 }), '"text"'],
      [Nested({ id: 1 }), "${…}"],
    ] as const) {
      const page = await joinView(showing({ only: () => html`<p>${use}</p>` }));
      expect(page.sim.reports).toMatchObject([{ kind: "crash" }]);
      const { message } = (page.sim.reports[0] as unknown as { reason: { error: Error } }).reason.error;
      expect(message).toContain("expected render to return html`...` of exactly one element");
      expect(message).toContain(got);
    }
  });

  test("a number that it shows is no component (F20)", async () => {
    const page = await joinView(showing({ only: () => html`<p>${1}${Counter({ id: 1 })}${[1, 2n]}</p>` }));
    expect(page.rendered).toMatchObject({ 0: "1", 1: 1, 2: { k: { 0: { 0: "1" }, 1: { 0: "2" } } } });
    expect(page.html()).toBe("<p>1<b>0+1</b>12</p>");
  });
});

describe("a component's identity", () => {
  const counter = (id: string | number): ComponentUse => Counter({ id });
  const view = showing({
    list: () => html`<main>${each(["a", "b", "c"], String, counter)}</main>`,
    reversed: () => html`<main>${each(["c", "b", "a"], String, counter)}</main>`,
    elsewhere: () => html`<main><p>${counter("b")}</p></main>`,
    none: () => html`<main></main>`,
    other: () => html`<section>${counter("a")}</section>`,
  });

  test("it keeps its state wherever it moves to (C2)", async () => {
    const page = await joinView(view);
    await page.event("more", {}, 2);
    await page.event("show", { name: "reversed" });
    expect(page.html()).toBe("<main><b>0+1</b><b>1+1</b><b>0+1</b></main>");
    await page.event("show", { name: "elsewhere" });
    expect(page.html()).toBe("<main><p><b>1+1</b></p></main>");
  });

  test("a move in a list sends no component", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ ids: ["a", "b", "c"] }),
        events: { turn: (socket) => socket.update("ids", (ids) => ids.toReversed()) },
        render: ({ ids }) => html`<main>${each(ids, String, counter)}</main>`,
      }),
    );
    expect(await page.event("turn")).toEqual({ diff: { 0: { k: { 0: 2, 2: 0, kc: 3, km: true } } } });
  });

  test("another template at the top sends all of them anew, with their state (F5)", async () => {
    const page = await joinView(view);
    await page.event("more", {}, 1);
    expect(await page.event("show", { name: "other" })).toEqual({
      diff: { 0: 1, s: ["<section>", "</section>"], c: { 1: { 0: "1", 1: "1", r: 1, s: ["<b>", "+", "</b>"] } } },
    });
    // The client has forgotten the others, so they are no source of statics.
    await page.event("show", { name: "list" });
    expect(page.html()).toBe("<main><b>1+1</b><b>0+1</b><b>0+1</b></main>");
  });

  test("one id is one component: a number is its text, another kind is another one", async () => {
    const Other = liveComponent({ name: "Other", render: () => html`<i></i>` });
    const page = await joinView(showing({ only: () => html`<p>${counter(1)}${Other({ id: 1 })}</p>` }));
    expect(page.html()).toBe("<p><b>0+1</b><i></i></p>");
    const twice = await joinView(showing({ only: () => html`<p>${counter(1)}${counter("1")}</p>` }));
    expect(crashOf(twice)).toContain('Counter "1" is shown already: each component of a kind needs an id of its own');
  });

  describe("shown twice, it crashes the view in the same render (C2)", () => {
    const Holder = liveComponent({
      name: "Holder",
      mount: () => ({ shown: false }),
      events: { show: (socket) => socket.assign({ shown: true }) },
      render: ({ shown }) => html`<div>${shown && counter("a")}</div>`,
    });
    const Self = liveComponent({ name: "Self", render: (_assigns): Rendered => html`<div>${Self({ id: "a" })}</div>` });

    test.each<[string, () => Rendered, number | undefined]>([
      ["in one tree", () => html`<p>${counter("a")}${counter("a")}</p>`, undefined],
      ["in a list", () => html`<p>${each([1, 2], Number, () => counter("a"))}</p>`, undefined],
      ["in itself", () => html`<p>${Self({ id: "a" })}</p>`, undefined],
      [
        "in the view's tree, which was not rendered, and in a component",
        () => html`<p>${counter("a")}${Holder({ id: 1 })}</p>`,
        2,
      ],
    ])("%s", async (_where, render, cid) => {
      const page = await joinView(showing({ only: render }));
      if (cid !== undefined) await page.event("show", {}, cid);
      expect(crashOf(page)).toMatch(/shown (already|at two places)/);
    });

    test("in a part that was not looked at, for it was identical", async () => {
      const rows = [{ id: 1 }];
      const rowView = () => html`<li>${counter("a")}</li>`;
      const page = await joinView(
        liveView({
          mount: () => ({ again: false }),
          events: { again: (socket) => socket.assign({ again: true }) },
          render: ({ again }) => html`<ul>${each(rows, ({ id }) => id, rowView)}${again && counter("a")}</ul>`,
        }),
      );
      await page.event("again");
      expect(crashOf(page)).toContain('Counter "a" is shown at two places of the page');
    });
  });

  test("a component that shows itself, under ever new ids, is stopped", async () => {
    const Deep = liveComponent({
      name: "Deep",
      update: ({ n }: { n: number }) => ({ n }),
      render: ({ n }): Rendered => html`<i>${Deep({ id: n + 1, n: n + 1 })}</i>`,
    });
    const page = await joinView(showing({ only: () => html`<p>${Deep({ id: 0, n: 0 })}</p>` }));
    expect(crashOf(page)).toContain("maxComponents");
  });

  test("as many as there may be can stand within each other: none looks at all that are around it (C2, C15)", async () => {
    const Nested = liveComponent({
      name: "Nested",
      update: ({ n }: { n: number }) => ({ n }),
      render: ({ n }): Rendered => html`<i>${n > 1 ? Nested({ id: n - 1, n: n - 1 }) : "x"}</i>`,
    });
    const view = (n: number) =>
      showing({
        one: () => html`<p>${Nested({ id: n, n })}</p>`,
        other: () => html`<p><b>${Nested({ id: n, n })}</b></p>`,
      });
    const shown = (n: number) => `${"<i>".repeat(n)}x${"</i>".repeat(n)}`;
    expect(await deadHtml(view(10_000))).toBe(`<p>${shown(10_000)}</p>`);

    const looks = vi.spyOn(Instance.prototype, "isWithin");
    const page = await joinView(view(1000));
    expect(page.html()).toBe(`<p>${shown(1000)}</p>`);
    expect(looks).not.toHaveBeenCalled();
    await page.event("show", { name: "other" });
    expect(page.html()).toBe(`<p><b>${shown(1000)}</b></p>`);
    looks.mockRestore();
  });
});

describe("updateMany (C1, F10)", () => {
  const calls: string[] = [];
  const users: Record<string, string> = { 1: "Ann", 2: "Bob", 3: "Cid" };
  const User = liveComponent({
    name: "User",
    mount: ({ id }) => {
      calls.push(`mount ${id}`);
      return { clicks: 0 };
    },
    updateMany: async (all: readonly { user: number }[], sockets) => {
      calls.push(
        `update ${all.map(({ user }) => user).join()} of ${sockets.map(({ componentId }) => componentId).join()}`,
      );
      await null; // one query for all of them
      return all.map(({ user }) => ({ name: users[user]! }));
    },
    events: { click: (socket) => socket.update("clicks", (n) => n + 1) },
    render: ({ name, clicks }) => {
      calls.push(`render ${name}`);
      return html`<li>${name} ${clicks}</li>`;
    },
  });
  const Group = liveComponent({
    name: "Group",
    update: ({ users }: { users: number[] }) => {
      calls.push(`group ${users.join()}`);
      return { users };
    },
    render: ({ users }) => html`<ul>${each(users, String, (user) => User({ id: user, user }))}</ul>`,
  });
  const Page = liveView({
    mount: () => ({ groups: [[1], [2]] }),
    events: { more: (socket) => socket.assign({ groups: [[1], [2, 3]] }) },
    render: ({ groups }) =>
      html`<main>${User({ id: "me", user: 3 })}${groups.map((users, i) => Group({ id: i, users }))}</main>`,
  });

  test("gets all of one level at once, level by level; a click updates nothing, another prop only what is new", async () => {
    const page = await joinView(Page);
    expect(calls.splice(0)).toEqual([
      "mount me",
      "update 3 of me",
      "render Cid",
      "group 1",
      "group 2",
      "mount 1",
      "mount 2",
      "update 1,2 of 1,2",
      "render Ann",
      "render Bob",
    ]);
    expect(page.html()).toBe("<main><li>Cid 0</li><ul><li>Ann 0</li></ul><ul><li>Bob 0</li></ul></main>");
    await page.event("click", {}, 4);
    expect(calls.splice(0)).toEqual(["render Ann"]);
    await page.event("more");
    // Of the groups one shows what it showed; of what the other one shows only one is new.
    expect(calls.splice(0)).toEqual(["group 2,3", "mount 3", "update 3 of 3", "render Cid"]);
    expect(page.html()).toBe("<main><li>Cid 0</li><ul><li>Ann 1</li></ul><ul><li>Bob 0</li><li>Cid 0</li></ul></main>");
    expect(await deadHtml(Page)).toBe("<main><li>Cid 0</li><ul><li>Ann 0</li></ul><ul><li>Bob 0</li></ul></main>");
  });

  test("what it returns must be one for each", async () => {
    const Wrong = liveComponent({
      name: "Wrong",
      updateMany: (_all: readonly object[]) => [],
      render: () => html`<i></i>`,
    });
    const page = await joinView(showing({ only: () => html`<p>${Wrong({ id: 1 })}</p>` }));
    expect(crashOf(page)).toBe("Wrong: expected updateMany to return the assigns of 1 components, got 0.");
  });
});

describe("a component that waits", () => {
  const Slow = liveComponent({
    name: "Slow",
    mount: async ({ id }) => {
      await null;
      return { id };
    },
    update: async ({ n }: { n: number }) => {
      await null;
      return { n };
    },
    events: {
      later: async (socket) => {
        await null;
        socket.assign({ id: "later" });
      },
    },
    render: ({ id, n }) => html`<i>${id}${n}</i>`,
  });
  const Page = liveView({
    mount: () => ({ n: 1 }),
    events: { inc: (socket) => socket.update("n", (n) => n + 1) },
    render: ({ n }) => html`<p>${n}${Slow({ id: "a", n })}${Slow({ id: "b", n })}</p>`,
  });

  test("holds back the message, and is complete in it", async () => {
    const page = await joinView(Page);
    expect(page.html()).toBe("<p>1<i>a1</i><i>b1</i></p>");
    expect(await page.event("inc")).toEqual({ diff: { 0: "2", 1: 1, 2: 2, c: { 1: { 1: "2" }, 2: { 1: "2" } } } });
    expect(await page.event("later", {}, 2)).toEqual({ diff: { c: { 2: { 0: "later" } } } });
    expect(await deadHtml(Page)).toBe("<p>1<i>a1</i><i>b1</i></p>");
  });
});

describe("content that a parent gives to a component (C8)", () => {
  const Panel = liveComponent({
    name: "Panel",
    mount: () => ({ open: true, renders: 0 }),
    update: ({ title, content }: { title: Rendered; content: (open: boolean) => Rendered }) => ({ title, content }),
    events: { toggle: (socket) => socket.update("open", (open) => !open) },
    render: ({ title, content, open }) => html`<section>${title}${content(open)}</section>`,
  });
  const Page = liveView({
    mount: () => ({ name: "Ann", other: 0 }),
    events: {
      rename: (socket) => socket.assign({ name: "Bob" }),
      other: (socket) => socket.update("other", (n) => n + 1),
    },
    render: ({ name }) => html`
      <main>${Panel({ id: 1, title: html`<h1>${name}</h1>`, content: (open) => html`<p>${name} ${open}${open && "open"}</p>` })}</main>`,
  });

  test("is written anew when the parent is, and shown by the component when it is", async () => {
    const page = await joinView(Page);
    expect(page.html()).toBe("<main><section><h1>Ann</h1><p>Ann open</p></section></main>");
    await page.event("toggle", {}, 1);
    expect(page.html()).toBe("<main><section><h1>Ann</h1><p>Ann </p></section></main>");
    expect(await page.event("rename")).toEqual({ diff: { c: { 1: { 0: { 0: "Bob" }, 1: { 0: "Bob" } } } } });
    expect(await page.event("other")).toEqual({});
  });

  test("a template that says the same is no reason to call the component", async () => {
    let renders = 0;
    const Box = liveComponent({
      update: ({ content }: { content: Rendered }) => ({ content }),
      render: ({ content }) => {
        renders += 1;
        return html`<div>${content}</div>`;
      },
    });
    const page = await joinView(
      liveView({
        mount: () => ({ name: "Ann", other: 0 }),
        events: {
          other: (socket) => socket.update("other", (n) => n + 1),
          rename: (socket) => socket.assign({ name: "Bob" }),
        },
        render: ({ name, other }) =>
          html`<p>${other}${Box({ id: 1, content: html`<b>${name}${html`<i>${name}</i>`}</b>` })}</p>`,
      }),
    );
    expect(await page.event("other")).toEqual({ diff: { 0: "1" } });
    expect(renders).toBe(1);
    await page.event("rename");
    expect(renders).toBe(2);
    expect(page.html()).toBe("<p>1<div><b>Bob<i>Bob</i></b></div></p>");
  });
});

test("a component whose boundary is taken away or added keeps its state", async () => {
  const guarded = (use: ComponentUse) => boundary({ fallback: () => html`<i></i>` }, use);
  const page = await joinView(
    showing({
      plain: () => html`<p>${Counter({ id: 1 })}</p>`,
      guarded: () => html`<p>${guarded(Counter({ id: 1 }))}</p>`,
    }),
  );
  await page.event("more", {}, 1);
  await page.event("show", { name: "guarded" });
  expect(page.html()).toBe("<p><b>1+1</b></p>");
  await page.event("show", { name: "plain" });
  expect(page.html()).toBe("<p><b>1+1</b></p>");
});

test("a boundary that is taken away while it shows its fallback is there until the restart (C16)", async () => {
  let fails = false;
  const Weak = liveComponent({
    events: {
      fail: () => {
        throw new Error("on purpose");
      },
    },
    update: ({ n }: { n: number }) => {
      if (fails) throw new Error("on purpose");
      return { n };
    },
    render: ({ n }) => html`<b>${n}</b>`,
  });
  const page = await joinView(
    liveView({
      mount: () => ({ n: 0 }),
      events: { inc: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ n }) => {
        const fallback = () => html`<i>${n}</i>`;
        return html`<p>${n === 0 ? boundary({ fallback }, Weak({ id: 1, n })) : Weak({ id: 1, n })}</p>`;
      },
    }),
  );
  await page.event("fail", {}, 1);
  await page.event("inc");
  expect(page.html()).toBe("<p><i>0</i></p>");
  await page.run(300);
  expect(page.html()).toBe("<p><b>1</b></p>");
  fails = true;
  await page.event("inc");
  expect(crashOf(page)).toBe("on purpose");
});

function crashOf(page: { sim: ReturnType<typeof simKernel> }): string {
  const crash = page.sim.reports.find(({ kind }) => kind === "crash") as { reason: { error: Error } } | undefined;
  return crash?.reason.error.message ?? "";
}
