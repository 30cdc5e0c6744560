/** Credit, seen from the view: what a client that does not keep up is spared. Over the wire: test/wire/credit.test.ts. */
import { expect, test } from "vitest";
import type { Pid } from "../../kernel/pid.ts";
import { liveComponent } from "../../liveview/component/live-component.ts";
import { html } from "../../liveview/template/template.ts";
import { liveView } from "../../liveview/view/live-view.ts";
import { joinView } from "../support/live-views.ts";

type Order = { readonly to: string; readonly replace?: boolean } | "leave";

const Pages = liveView({
  mount: () => ({ page: "", seen: 0 }),
  params: (socket, { page = "" }) => {
    if (page === "first") socket.pushPatch("/?page=second", { replace: true });
    socket.assign({ page: String(page) }).update("seen", (n) => n + 1);
  },
  events: {
    look: () => {},
    turn: (socket) => socket.pushPatch("/?page=turned"),
  },
  info: (socket, order: Order) => {
    if (order === "leave") socket.pushNavigate("/elsewhere");
    else socket.pushPatch(order.to, { replace: order.replace === true });
  },
  render: ({ page, seen }, { events }) =>
    html`<p phx-click=${events.look}>${page}, ${seen}<b phx-click=${events.turn}></b></p>`,
});

const joined = () => joinView(Pages, { at: "/", acknowledges: true });
/** Has the view patch by itself, and the next 16 frames are under way. */
async function outrun(page: Awaited<ReturnType<typeof joined>>, patches: number, replace = false): Promise<void> {
  for (let n = 1; n <= patches; n++) page.sim.kernel.send(page.pid, { to: `/?page=${n}`, replace });
  await page.run(0);
}

test("V20: patches of a view that its client cannot keep up with run params, and the client is told of the last", async () => {
  const page = await joined();
  await outrun(page, 1_000);
  const early = page.pushes();
  expect(early).toHaveLength(8); // and as many diffs
  expect(early[7]).toEqual(["live_patch", { to: "/?page=8", kind: "push" }]);
  expect(page.html()).toContain("8, 9<b");
  await page.push("ack", { seq: 16 });
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=1000", kind: "push" }]]);
  expect(page.html()).toContain("1000, 1001<b");
  await page.push("ack", { seq: 18 });
  expect(page.pushes()).toEqual([]);
});

test("what is held back of patches is said before a reply that shows where they led", async () => {
  const page = await joined();
  await outrun(page, 20);
  page.pushes();
  await page.event("look");
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=20", kind: "push" }]]);
  expect(page.html()).toContain("20, 21<b");
  await outrun(page, 20);
  expect(page.pushes()).toEqual([]);
  await page.event("turn");
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=turned", kind: "push", ref: "6" }]]);
  expect(page.html()).toContain("turned, 42<b");
});

test("patches that replace are told as one that replaces; with one among them that does not, as one that does not", async () => {
  const page = await joined();
  await outrun(page, 20, true);
  page.pushes();
  await page.push("ack", { seq: 16 });
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=20", kind: "replace" }]]);
  await outrun(page, 20);
  await outrun(page, 20, true);
  page.pushes();
  await page.push("ack", { seq: 32 });
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=20", kind: "push" }]]);
});

test("a patch that the browser asks for overrules what was held back, also from within params", async () => {
  const page = await joined();
  await outrun(page, 20);
  page.pushes();
  await page.push("live_patch", { url: "http://test/?page=mine" });
  expect(page.pushes()).toEqual([]);
  expect(page.html()).toContain("mine, 22<b");
  page.sim.kernel.send(page.pid, { to: "/?page=first" });
  await page.push("ack", { seq: 17 });
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=second", kind: "push" }]]);
  expect(page.html()).toContain("second, 24<b");
});

test("a view that leaves says first where it has been", async () => {
  const page = await joined();
  await outrun(page, 20);
  page.pushes();
  page.sim.kernel.send(page.pid, "leave");
  await page.run(0);
  expect(page.pushes().map(([event, { to }]) => [event, to])).toEqual([
    ["live_patch", "/?page=20"],
    ["live_redirect", "/elsewhere"],
    ["phx_close", undefined],
  ]);
});

test("what a component changes as it patches is held back, too", async () => {
  let process: Pid;
  const Counter = liveComponent({
    name: "Counter",
    mount: ({ self }) => {
      process = self.pid;
      return { n: 0 };
    },
    info: (socket, to: string) => void socket.update("n", (n) => n + 1).pushPatch(to),
    render: ({ n }) => html`<i>${n}</i>`,
  });
  const Page = liveView({
    mount: () => ({}),
    params: () => {},
    render: () => html`<p>${Counter({ id: "counter" })}</p>`,
  });
  const page = await joinView(Page, { at: "/", acknowledges: true });
  for (let n = 1; n <= 1_000; n++) page.sim.kernel.send(process!, `/?page=${n}`);
  await page.run(0);
  expect(page.pushes().length + page.diffs().length).toBe(17); // with the tree itself
  await page.push("ack", { seq: 16 });
  expect(page.pushes()).toEqual([["live_patch", { to: "/?page=1000", kind: "push" }]]);
  expect(page.html()).toBe("<p><i>1000</i></p>");
});
