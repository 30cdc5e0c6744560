import { describe, expect, test } from "vitest";
import { component, html, liveComponent, liveView, renderSlot, type Slot } from "../../../liveview/index.ts";
import { deadHtml, joinView } from "../../support/live-views.ts";

const Drawer = liveComponent({
  name: "Drawer",
  mount: () => ({ count: 100, opened: 0 }),
  update: ({ inner }: { inner: Slot }) => ({ inner }),
  events: { open: (socket) => socket.update("opened", (n) => n + 1) },
  render: (_, { html }) => html`<section>${({ opened }) => opened}:${({ inner }) => renderSlot(inner)}</section>`,
});
const card = component(({ inner }: { inner: Slot }) => html`<i>${renderSlot(inner)}</i>`);

describe("functions in content for a stateful component", () => {
  const Page = liveView({
    mount: () => ({ count: 1, other: 1 }),
    events: {
      inc: (socket) => socket.update("count", (n) => n + 1),
      other: (socket) => socket.update("other", (n) => n + 1),
    },
    render: (assigns, { html }) =>
      html`<main>${Drawer({
        id: "a",
        inner: html`<b>${({ count }) => count}</b>${[() => assigns.count]}${card({ inner: html`<u>${({ count }) => [count]}</u>` })}`,
      })}${({ other }) => other}</main>`,
  });

  test("F3: get the assigns of whoever wrote them, and follow these", async () => {
    const shown = (count: number, opened = 0, other = 1) =>
      `<main><section>${opened}:<b>${count}</b>${count}<i><u>${count}</u></i></section>${other}</main>`;
    expect(await deadHtml(Page)).toBe(shown(1));
    const page = await joinView(Page);
    expect(page.html()).toBe(shown(1));
    await page.event("inc");
    expect(page.html()).toBe(shown(2));
    await page.event("other");
    expect(page.html()).toBe(shown(2, 0, 2));
    await page.event("inc");
    expect(page.html()).toBe(shown(3, 0, 2));
  });

  test("F3, C8: also where it is given to a component that is given to another one", async () => {
    const inDrawer = liveView({
      mount: () => ({ count: 1 }),
      events: { inc: (socket) => socket.update("count", (n) => n + 1) },
      render: (_, { html }) =>
        html`<main>${Drawer({ id: "a", inner: html`<b>${Drawer({ id: "b", inner: html`<u>${({ count }) => count}</u>` })}</b>` })}</main>`,
    });
    const shown = (count: number) => `<main><section>0:<b><section>0:<u>${count}</u></section></b></section></main>`;
    expect(await deadHtml(inDrawer)).toBe(shown(1));
    const page = await joinView(inDrawer);
    await page.event("inc");
    expect(page.html()).toBe(shown(2));
  });

  test("F3: a component's own functions follow its own assigns", async () => {
    const page = await joinView(Page);
    await page.event("open", {}, 1);
    expect(page.html()).toContain("<section>1:<b>1</b>");
  });
});
