/** Components that leave the page: what becomes of them until the browser has said so twice, and when they come back. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { type ComponentUse, each, html, liveComponent, liveView, stream } from "../../../liveview/index.ts";
import { joinView } from "../../support/live-views.ts";
import { Counter, showing } from "../../support/shown-component.ts";

describe("a component that leaves the page (C5)", () => {
  const view = showing({
    shown: () => html`<p>${Counter({ id: "a" })}</p>`,
    hidden: () => html`<p>${""}</p>`,
  });
  const renderCalls = async (steps: (page: Awaited<ReturnType<typeof joinView>>) => Promise<void>) => {
    const page = await joinView(
      liveView({
        mount: () => ({ shown: true }),
        events: { toggle: (socket) => socket.update("shown", (shown) => !shown) },
        render: ({ shown }) => html`<p>${shown && Counter({ id: "a" })}</p>`,
      }),
    );
    await page.event("more", {}, 1);
    await page.event("toggle");
    await steps(page);
    return page;
  };

  test("is deleted when the client has said so twice, and begins anew when it comes back", async () => {
    const page = await renderCalls(async (page) => {
      expect(await page.push("cids_will_destroy", { cids: [1] })).toEqual({});
      const told: unknown[] = [];
      const listen = (message: unknown): number => told.push(message);
      subscribe("lintel.liveview.componentDestroyed", listen);
      expect(await page.push("cids_destroyed", { cids: [1] })).toEqual({ cids: [1] });
      unsubscribe("lintel.liveview.componentDestroyed", listen);
      expect(told).toEqual([{ view: String(page.pid), component: "Counter", id: "a", cid: 1 }]);
      expect(await page.event("more", {}, 1)).toEqual({});
      await page.event("toggle");
    });
    expect(page.html()).toBe("<p><b>0+1</b></p>");
  });

  test("a client that says so of one that it shows loses that one's state, and nothing else", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ step: 1 }),
        events: { grow: (socket) => socket.update("step", (step) => step + 1) },
        render: ({ step }) => html`<p>${Counter({ id: "a", step })}${Counter({ id: "b", step })}</p>`,
      }),
    );
    await page.event("more", {}, 1);
    await page.event("more", {}, 2);
    await page.push("cids_will_destroy", { cids: [1] });
    expect(await page.push("cids_destroyed", { cids: [1] })).toEqual({ cids: [1] });
    expect(await page.event("more", {}, 1)).toEqual({});
    await page.event("grow");
    expect(page.html()).toBe("<p><b>0+2</b><b>1+2</b></p>");
  });

  test("shown again between the two it keeps its state, is sent in full, and is not deleted", async () => {
    const page = await renderCalls(async (page) => {
      await page.push("cids_will_destroy", { cids: [1] });
      expect(await page.event("toggle")).toEqual({
        diff: { 0: 1, c: { 1: { 0: "1", 1: "1", r: 1, s: ["<b>", "+", "</b>"] } } },
      });
      expect(await page.push("cids_destroyed", { cids: [1] })).toEqual({ cids: [] });
    });
    expect(page.html()).toBe("<p><b>1+1</b></p>");
  });

  test("shown again before the client has said anything, its number alone is sent", async () => {
    await renderCalls(async (page) => {
      expect(await page.event("toggle")).toEqual({ diff: { 0: 1 } });
    });
  });

  test("what a client says of numbers that there never were means nothing", async () => {
    const page = await joinView(view);
    expect(await page.push("cids_will_destroy", { cids: [7, "1", null, { a: 1 }, -1] })).toEqual({});
    expect(await page.push("cids_will_destroy", { cids: 1 })).toEqual({});
    expect(await page.push("cids_destroyed", { cids: [7, "1", null, 1, 0.5] })).toEqual({ cids: [] });
    expect(await page.push("cids_destroyed", {})).toEqual({ cids: [] });
    expect(page.html()).toBe("<p><b>0+1</b></p>");
  });
});

describe("a component that has left the page, and is not forgotten yet", () => {
  const Shelf = liveComponent({
    name: "Shelf",
    mount: () => ({ title: "shelf" }),
    update: ({ n }: { n: number }) => ({ n }),
    events: { rename: (socket) => socket.assign({ title: "renamed" }) },
    render: ({ title, n }) => html`<section>${title}${Counter({ id: "kept", step: n })}</section>`,
  });
  const Page = liveView({
    mount: () => ({ onShelf: true }),
    events: { move: (socket) => socket.update("onShelf", (onShelf) => !onShelf) },
    render: ({ onShelf }) => html`<main>${onShelf ? Shelf({ id: 1, n: 1 }) : Counter({ id: "kept", step: 2 })}</main>`,
  });

  test("takes its events, and is not rendered: what it showed may stand elsewhere by now", async () => {
    const page = await joinView(Page);
    await page.event("more", {}, 2);
    await page.event("move");
    page.diffs();
    expect(await page.event("rename", {}, 1)).toEqual({});
    expect(page.diffs()).toEqual([]);
    expect(page.html()).toBe("<main><b>1+2</b></main>");
    expect(await page.event("more", {}, 2)).toEqual({ diff: { c: { 2: { 0: "3" } } } });
    // Back again, it shows what has become of it.
    await page.event("move");
    expect(page.html()).toBe("<main><section>renamed<b>3+1</b></section></main>");
  });

  test("changed meanwhile, it is shown so also when what it comes back in has nothing new to show", async () => {
    const Inner = liveComponent({
      name: "Inner",
      mount: () => ({ n: 0 }),
      events: { more: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ n }) => html`<b>${n}</b>`,
    });
    const Outer = liveComponent({ name: "Outer", render: () => html`<div>${Inner({ id: "i" })}</div>` });
    const Other = liveComponent({ name: "Other", render: () => html`<p>${Inner({ id: "i" })}</p>` });
    const shown: Record<string, () => ComponentUse | null> = {
      outer: () => Outer({ id: "o" }),
      other: () => Other({ id: "x" }),
      none: () => null,
    };
    const page = await joinView(
      liveView({
        mount: () => ({ what: "outer" }),
        events: { show: (socket, { name }) => socket.assign({ what: String(name) }) },
        render: ({ what }) => html`<main>${shown[what]!()}</main>`,
      }),
    );
    await page.event("show", { name: "none" });
    expect(await page.event("more", {}, 2)).toEqual({});
    await page.event("show", { name: "outer" });
    expect(page.html()).toBe("<main><div><b>1</b></div></main>");
    // And when a component that is rendered for the first time shows it.
    await page.event("show", { name: "none" });
    await page.event("more", {}, 2);
    await page.event("show", { name: "other" });
    expect(page.html()).toBe("<main><p><b>2</b></p></main>");
  });

  test("what it comes back with may have been elsewhere meanwhile: it is as it is shown here, with the state that it has", async () => {
    const titled = (title: string): ComponentUse => Counted({ id: "i", title });
    const Counted = liveComponent({
      name: "Counted",
      mount: () => ({ n: 0 }),
      update: ({ title }: { title: string }) => ({ title }),
      events: { more: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ title, n }) => html`<b>${title} ${n}</b>`,
    });
    const Box = liveComponent({
      name: "Box",
      update: ({ content }: { content: ComponentUse }) => ({ content }),
      render: ({ content }) => html`<div>${content}</div>`,
    });
    const first = Box({ id: "x", content: titled("first") });
    const page = await joinView(
      liveView({
        mount: () => ({ what: "box" }),
        events: { show: (socket, { name }) => socket.assign({ what: String(name) }) },
        render: ({ what }) => html`<main>${what === "box" ? first : what === "alone" ? titled("alone") : ""}</main>`,
      }),
    );
    expect(page.html()).toBe("<main><div><b>first 0</b></div></main>");
    await page.event("show", { name: "alone" });
    await page.event("more", {}, 2);
    expect(page.html()).toBe("<main><b>alone 1</b></main>");
    await page.event("show", { name: "box" });
    expect(page.html()).toBe("<main><div><b>first 1</b></div></main>");
    await page.event("more", {}, 2);
    expect(page.html()).toBe("<main><div><b>first 2</b></div></main>");
    // Gone altogether, it begins anew there.
    await page.event("show", { name: "alone" });
    await page.event("show", { name: "none" });
    await page.push("cids_will_destroy", { cids: [2] });
    await page.push("cids_destroyed", { cids: [2] });
    await page.event("show", { name: "box" });
    expect(page.html()).toBe("<main><div><b>first 0</b></div></main>");
  });

  test("in an item of a stream it is taken for shown", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ items: stream<{ id: number }>("items", [{ id: 1 }]) }),
        render: ({ items }) =>
          html`<ul id="items" phx-update="stream">${each(items, (domId, { id }) => html`<li id=${domId}>${Counter({ id })}</li>`)}</ul>`,
      }),
    );
    expect(await page.event("more", {}, 1)).toEqual({ diff: { c: { 1: { 0: "1" } } } });
  });
});
