/** What reaches a component from elsewhere: messages to its own process (C6), and props that are sent to it (C1). */
import { describe, expect, test } from "vitest";
import { type Pid, type Process, topic } from "../../../kernel/index.ts";
import { boundary, html, liveComponent, liveView, sendUpdate } from "../../../liveview/index.ts";
import { actor, type SimKernel, simKernels } from "../../support/kernels.ts";
import { deadHtml, joinView } from "../../support/live-views.ts";

const News = topic<string>("news");

/** Their processes, by id: what a component would send its pid for. */
const processes = new Map<string, Process>();

const Ticker = liveComponent({
  name: "Ticker",
  mount: ({ self, id, connected }) => {
    processes.set(id, self);
    if (connected) self.subscribe(News);
    return { last: "none", by: "" };
  },
  update: ({ by = "mount" }: { by?: string }) => ({ by }),
  events: {
    soon: ({ self }) => void self.sendAfter(500, "timer"),
    crash: () => {
      throw new Error("crash");
    },
  },
  info: (socket, message: unknown) => {
    if (message === "crash") throw new Error("crash");
    socket.assign({ last: typeof message === "string" ? message : JSON.stringify(message) });
  },
  render: ({ last, by }) => html`<b>${last}, ${by}</b>`,
});

const Page = liveView({
  mount: () => ({ ids: ["a", "b"], heard: 0 }),
  events: { fewer: (socket) => socket.assign({ ids: ["a"] }) },
  info: (socket) => socket.update("heard", (n) => n + 1),
  render: ({ ids, heard }) =>
    html`<main>${heard}${ids.map((id) => boundary({ fallback: () => html`<i></i>`, backoff: { minMs: 100 } }, Ticker({ id })))}</main>`,
});

/** Of the list in the page, entry by entry: what it says changed. */
const changed = (changes: Record<number, string>) => ({
  c: Object.fromEntries(Object.entries(changes).map(([cid, last]) => [cid, { 0: last }])),
});

describe("a component with info (C6)", () => {
  test("has a process of its own: what is sent there is its message, and nobody else's", async () => {
    const page = await joinView(Page);
    page.diffs();
    const other = actor(page.sim.kernel);
    other.self.send(processes.get("b")!.pid, "hello");
    await page.run(0);
    expect(page.diffs()).toEqual([changed({ 2: "hello" })]);
    expect(page.html()).toBe("<main>0<b>none, mount</b><b>hello, mount</b></main>");
  });

  test("is subscribed by itself, and hears once what is said", async () => {
    const page = await joinView(Page);
    actor(page.sim.kernel).self.broadcast(News, "extra");
    await page.run(0);
    expect(page.html()).toBe("<main>0<b>extra, mount</b><b>extra, mount</b></main>");
  });

  test("has timers and monitors of its own", async () => {
    const page = await joinView(Page);
    await page.event("soon", {}, 1);
    await page.run(600);
    expect(page.html()).toBe("<main>0<b>timer, mount</b><b>none, mount</b></main>");
    const other = actor(page.sim.kernel);
    processes.get("b")!.monitor(other.pid);
    other.self.kernel.end(other.self, "normal", true);
    await page.run(0);
    expect(page.html()).toContain("down");
  });

  test("its process ends with it, and what it had subscribed to is over", async () => {
    const page = await joinView(Page);
    const { kernel } = page.sim;
    const b = processes.get("b")!;
    await page.event("fewer");
    await page.push("cids_will_destroy", { cids: [2] });
    expect(b.isAlive).toBe(true);
    await page.push("cids_destroyed", { cids: [2] });
    expect(b.isAlive).toBe(false);
    expect(kernel.pubsub.subscribers(News)).toEqual([processes.get("a")!.pid]);
    expect(page.self.isAlive).toBe(true);
  });

  test("its process ends with its view", async () => {
    const page = await joinView(Page);
    await page.push("phx_leave", {});
    await page.run(0);
    expect([...processes.values()].map(({ isAlive }) => isAlive)).toEqual([false, false]);
    expect(page.sim.reports).toEqual([]);
  });

  test("after a crash another one takes its place: what came for the former is dropped", async () => {
    const page = await joinView(Page);
    const former = processes.get("a")!;
    const other = actor(page.sim.kernel);
    other.self.send(former.pid, "crash");
    other.self.send(former.pid, "too late");
    await page.run(0);
    expect(page.html()).toBe("<main>0<i></i><b>none, mount</b></main>");
    await page.run(200);
    expect(page.html()).toBe("<main>0<b>none, mount</b><b>none, mount</b></main>");
    expect(processes.get("a")).not.toBe(former);
    other.self.send(processes.get("a")!.pid, "in time");
    await page.run(0);
    expect(page.html()).toBe("<main>0<b>in time, mount</b><b>none, mount</b></main>");
  });

  test("a process that it is linked to crashes it, and not the view", async () => {
    const page = await joinView(Page);
    const other = actor(page.sim.kernel);
    processes.get("a")!.link(other.pid);
    await page.run(0);
    other.self.kernel.end(other.self, "broken", true);
    await page.run(0);
    expect(page.html()).toBe("<main>0<i></i><b>none, mount</b></main>");
    expect(page.sim.reports).toMatchObject([
      { child: 'Ticker "a" (cid 1)', reason: { error: { message: expect.stringContaining("broken") } } },
    ]);
  });

  test("one that is linked to a process that ends as it should is not concerned", async () => {
    const page = await joinView(Page);
    const other = actor(page.sim.kernel);
    processes.get("a")!.link(other.pid);
    await page.run(0);
    other.self.kernel.end(other.self, "normal", true);
    await page.run(0);
    expect(page.html()).toBe("<main>0<b>none, mount</b><b>none, mount</b></main>");
  });

  test("in a dead page there is the page's process alone", async () => {
    expect(await deadHtml(Page)).toBe("<main>0<b>none, mount</b><b>none, mount</b></main>");
    expect(processes.get("a")).toBe(processes.get("b"));
  });
});

describe("sendUpdate", () => {
  const Panel = liveComponent({
    name: "Panel",
    mount: () => ({ clicks: 0 }),
    update: ({ title, size = 1 }: { title: string; size?: number }) => ({ title, size }),
    events: { click: (socket) => socket.update("clicks", (n) => n + 1) },
    render: ({ title, size, clicks }) => html`<p>${title} ${size} ${clicks}</p>`,
  });
  const View = liveView({
    mount: () => ({ size: 1 }),
    events: {
      grow: (socket) => socket.update("size", (n) => n + 1),
      rename: ({ self }) => sendUpdate(self, self.pid, Panel, "a", { title: "by the view" }),
    },
    render: ({ size }) => html`<main>${Panel({ id: "a", title: "first", size })}</main>`,
  });

  test("updates with what was sent and with the props that there were; the state stays", async () => {
    const page = await joinView(View);
    await page.event("click", {}, 1);
    page.diffs();
    expect(await page.event("rename")).toEqual({});
    expect(page.diffs()).toEqual([{ c: { 1: { 0: "by the view" } } }]);
    expect(page.html()).toBe("<main><p>by the view 1 1</p></main>");
    // The next props of its owner win.
    await page.event("grow");
    expect(page.html()).toBe("<main><p>first 2 1</p></main>");
  });

  test("from any process, by pid or name; nothing happens when nobody is there", async () => {
    const page = await joinView(View);
    const { self } = actor(page.sim.kernel);
    page.self.register("page");
    sendUpdate(self, "page" as never, Panel, "a", { title: "by name" });
    sendUpdate(self, page.pid, Panel, "b", { title: "nobody" });
    sendUpdate(self, page.pid, Unshown, "a", {});
    await page.run(0);
    expect(page.html()).toBe("<main><p>by name 1 0</p></main>");
    expect(page.sim.reports).toEqual([]);
  });

  const Unshown = liveComponent({ render: () => html`<i></i>` });

  test("to a component's own process it is for the view, too", async () => {
    const page = await joinView(Page);
    const { self } = actor(page.sim.kernel);
    sendUpdate(self, processes.get("b")!.pid, Ticker, "a", { by: "hand" });
    await page.run(0);
    expect(page.html()).toBe("<main>0<b>none, hand</b><b>none, mount</b></main>");
  });

  test("to another thread the component must have a name", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels;
    const page = await joinView(View, { sim: { world, kernel: two!, reports: [] } as SimKernel });
    const { self } = actor(one!);
    const far = at(one!, page.pid) as Pid;
    sendUpdate(self, far, Panel, "a", { title: "from afar" });
    await page.run(10);
    expect(page.html()).toBe("<main><p>from afar 1 0</p></main>");
    expect(() => sendUpdate(self, far, Unshown, "a", {})).toThrow(
      "is on another thread, where components are known by name",
    );
  });

  test("two kinds of one name are not told apart, and so refused", async () => {
    const Namesake = liveComponent({ name: "Panel", render: () => html`<i></i>` });
    const page = await joinView(
      liveView({ mount: () => ({}), render: () => html`<p>${Panel({ id: 1, title: "" })}${Namesake({ id: 1 })}</p>` }),
    );
    expect(page.sim.reports).toMatchObject([
      {
        reason: {
          error: { message: 'Panel "1": expected a name of its own, got that of another component of this view.' },
        },
      },
    ]);
  });
});
