import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type BoundaryOptions,
  boundary,
  each,
  type Failure,
  html,
  liveComponent,
  liveView,
  type Rendered,
  sendUpdate,
} from "../../../liveview/index.ts";
import { deadHtml, joinView } from "../../support/live-views.ts";

afterEach(() => vi.unstubAllEnvs());

type Where = "mount" | "update" | "render" | "event" | "async event" | "info" | "later mount" | "nowhere";

/** Where a new one will throw: a test may change it between a crash and the restart. */
let where: Where = "nowhere";
const boom = (here: Where): void => {
  if (where === here) throw new Error(`boom in ${here}`);
};

const Fragile = liveComponent({
  name: "Fragile",
  mount: async ({ self, connected, id }) => {
    boom("mount");
    if (where === "later mount") {
      await null;
      throw new Error("boom in later mount");
    }
    if (connected && id === "f") self.register("fragile");
    return { count: 0 };
  },
  update: ({ n = 0 }: { n?: number }) => {
    boom("update");
    return { n };
  },
  events: {
    inc: (socket) => {
      socket.update("count", (count) => count + 1);
      boom("event");
    },
    later: async (socket) => {
      socket.update("count", (count) => count + 1);
      await null;
      boom("async event");
    },
  },
  info: (socket, message: number) => {
    boom("info");
    socket.assign({ count: message });
  },
  render: ({ count, n }) => {
    boom("render");
    return html`<b>${count}/${n}</b>`;
  },
});

const Steady = liveComponent({
  name: "Steady",
  mount: () => ({ count: 0 }),
  events: { inc: (socket) => socket.update("count", (count) => count + 1) },
  render: ({ count }) => html`<i>${count}</i>`,
});

const fallback = ({ error, crashes, retryMs }: Failure): Rendered =>
  html`<em>${crashes} ${retryMs} ${(error as Error | undefined)?.message}</em>`;

function pageWith(options: Partial<BoundaryOptions> = {}) {
  const all = { fallback, backoff: { minMs: 100, jitter: 0 }, ...options };
  return liveView({
    mount: () => ({ n: 0 }),
    events: { inc: (socket) => socket.update("n", (n) => n + 1) },
    render: ({ n }) => html`<main>${Steady({ id: "s" })}${boundary(all, Fragile({ id: "f", n }))}${n}</main>`,
  });
}

const steady = 1;
const fragile = 2;
const well = "<main><i>0</i><b>0/0</b>0</main>";
const failed = "<main><i>0</i><em>1 100 </em>0</main>";

describe("a boundary around a component (C16, M11)", () => {
  test.each<[Where, (page: Awaited<ReturnType<typeof joinView>>) => unknown]>([
    ["event", (page) => page.event("inc", {}, fragile)],
    ["async event", (page) => page.event("later", {}, fragile)],
    ["render", (page) => page.event("inc", {}, fragile)],
    ["info", (page) => page.self.send(page.self.whereis("fragile")!, 7)],
  ])("a crash in %s shows the fallback, then a new one", async (place, act) => {
    where = "nowhere";
    const page = await joinView(pageWith());
    await page.event("inc", {}, fragile);
    where = place;
    await act(page);
    await page.run(10);
    expect(page.html()).toBe(failed);
    where = "nowhere";
    await page.run(120);
    expect(page.html()).toBe(well);
    expect(page.self.isAlive).toBe(true);
  });

  test.each<Where>(["mount", "later mount", "update", "render"])("a crash in the first %s, too", async (place) => {
    where = place;
    const page = await joinView(pageWith());
    expect(page.html()).toBe(failed);
    where = "nowhere";
    await page.run(120);
    expect(page.html()).toBe(well);
  });

  test("a crash in an update by other props, too; these are there after the restart", async () => {
    where = "nowhere";
    const page = await joinView(pageWith());
    where = "update";
    await page.event("inc");
    expect(page.html()).toBe("<main><i>0</i><em>1 100 </em>1</main>");
    where = "nowhere";
    await page.event("inc");
    await page.run(120);
    expect(page.html()).toBe("<main><i>0</i><b>0/2</b>2</main>");
  });

  test("the answer to the event that crashed it is the fallback, of the one component", async () => {
    where = "nowhere";
    const page = await joinView(pageWith());
    where = "event";
    expect(await page.event("inc", {}, fragile)).toEqual({
      diff: { c: { 2: { 0: "1", 1: "100", 2: "", r: 1, s: ["<em>", " ", " ", "</em>"] } } },
    });
    // Meanwhile it takes no events.
    expect(await page.event("inc", {}, fragile)).toEqual({});
    where = "nowhere";
    page.diffs();
    await page.run(120);
    expect(page.diffs()).toEqual([{ c: { 2: { 0: "0", 1: "0", r: 1, s: ["<b>", "/", "</b>"] } } }]);
  });

  test("the parent, its other components, and what they show are as they were", async () => {
    where = "nowhere";
    const page = await joinView(pageWith());
    await page.event("inc", {}, steady);
    await page.event("inc");
    where = "event";
    await page.event("inc", {}, fragile);
    await page.event("inc", {}, steady);
    where = "nowhere";
    await page.run(120);
    expect(page.html()).toBe("<main><i>2</i><b>0/1</b>1</main>");
    await page.event("inc");
    expect(page.html()).toBe("<main><i>2</i><b>0/2</b>2</main>");
  });

  test("waits twice as long for each crash in a row, and gives up at one more than maxRestarts within maxSeconds", async () => {
    where = "render";
    const page = await joinView(pageWith({ maxRestarts: 3, maxSeconds: 5 }));
    for (const [crashes, waited] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      expect(page.html()).toBe(`<main><i>0</i><em>${crashes} ${waited} </em>0</main>`);
      await page.run(waited - 20);
      expect(page.html()).toContain(`<em>${crashes} `);
      await page.run(40);
    }
    expect(page.self.isAlive).toBe(false);
    const events = page.sim.reports.map((report) => ("event" in report ? report.event : report.kind));
    expect(events).toEqual(["childTerminated", "childTerminated", "childTerminated", "shutdown", "crash"]);
    expect(page.sim.reports.at(-1)).toMatchObject({ reason: { error: { message: "boom in render" } } });
  });

  test("reports each crash, with what crashed and where", async () => {
    where = "render";
    const page = await joinView(pageWith());
    expect(page.sim.reports).toEqual([
      {
        kind: "supervisor",
        supervisor: `boundary of Fragile "f" (cid 2) in LiveView /test ${page.pid}`,
        event: "childTerminated",
        child: 'Fragile "f" (cid 2)',
        reason: { error: expect.objectContaining({ message: "boom in render" }) },
      },
    ]);
  });

  test("crashes that are far enough apart are no row, and no reason to give up", async () => {
    where = "nowhere";
    const page = await joinView(
      pageWith({ maxRestarts: 1, maxSeconds: 2, backoff: { minMs: 100, jitter: 0, resetAfterMs: 1000 } }),
    );
    for (let i = 0; i < 5; i++) {
      where = "event";
      await page.event("inc", {}, fragile);
      expect(page.html()).toBe(failed);
      where = "nowhere";
      await page.run(3000);
      expect(page.html()).toBe(well);
    }
  });

  const Given = (options: (n: number) => Partial<BoundaryOptions>, id: (n: number) => string = () => "g") =>
    liveView({
      mount: () => ({ n: 0 }),
      events: { inc: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ n }, { events }) => {
        const again = () => html`<button phx-click=${events.inc}>again</button>`;
        return html`<p>${boundary({ fallback: again, ...options(n) }, Fragile({ id: id(n) }))}</p>`;
      },
    });

  test("follows options that change: other limits begin a new count", async () => {
    const page = await joinView(
      Given((n) => ({ maxRestarts: n === 0 ? 1 : 3, backoff: { minMs: n === 0 ? 1000 : 10, maxMs: 1000, jitter: 0 } })),
    );
    const crash = async (forMs: number): Promise<string | undefined> => {
      where = "event";
      await page.event("inc", {}, 1);
      where = "nowhere";
      await page.run(forMs);
      return page.self.isAlive ? page.html() : undefined;
    };
    expect(await crash(900)).toContain("again");
    await page.run(200);
    expect(page.html()).toBe("<p><b>0/0</b></p>");
    await page.event("inc");
    for (let i = 0; i < 3; i++) {
      await page.event("inc"); // the same limits, in another object
      expect(await crash(100)).toBe("<p><b>0/0</b></p>");
    }
    expect(await crash(100)).toBeUndefined();
  });

  test("under another id it begins at once, with a new count: a reset by key", async () => {
    where = "nowhere";
    const page = await joinView(
      Given(
        () => ({ maxRestarts: 1, backoff: { minMs: 60_000, maxMs: 60_000 } }),
        (n) => `g${n}`,
      ),
    );
    for (const cid of [1, 2, 3]) {
      where = "event";
      await page.event("inc", {}, cid);
      where = "nowhere";
      expect(page.html()).toBe('<p><button phx-click="inc">again</button></p>');
      await page.event("inc");
      expect(page.html()).toBe("<p><b>0/0</b></p>");
    }
  });

  test("what updateMany throws is the crash of each that it was called for (C1)", async () => {
    let fails = true;
    const Many = liveComponent({
      updateMany: (all: readonly { n: number }[]) => {
        if (fails) throw new Error("on purpose");
        return all.map(({ n }) => ({ n }));
      },
      render: ({ n }) => html`<b>${n}</b>`,
    });
    const one = (n: number) => boundary({ fallback: () => html`<em></em>` }, Many({ id: n, n }));
    const page = await joinView(liveView({ mount: () => ({}), render: () => html`<p>${[1, 2].map(one)}</p>` }));
    expect(page.html()).toBe("<p><em></em><em></em></p>");
    fails = false;
    await page.run(300);
    expect(page.html()).toBe("<p><b>1</b><b>2</b></p>");
  });

  test("Infinity never gives up, and keeps no times", async () => {
    where = "render";
    const page = await joinView(
      pageWith({ maxRestarts: Number.POSITIVE_INFINITY, backoff: { minMs: 1, maxMs: 1, jitter: 0 } }),
    );
    await page.run(500);
    expect(page.self.isAlive).toBe(true);
    expect(page.html()).toMatch(/<em>2\d\d 1 /);
  });

  test("the fallback gets the error in development, and nowhere else", async () => {
    where = "render";
    for (const [environment, shown] of [
      ["production", ""],
      ["test", ""],
      ["development", "boom in render"],
    ] as const) {
      vi.stubEnv("LINTEL_ENV", environment);
      const page = await joinView(pageWith());
      expect(page.html()).toBe(`<main><i>0</i><em>1 100 ${shown}</em>0</main>`);
      expect(await deadHtml(pageWith())).toBe(page.html());
    }
  });

  test("a fallback that throws, or is not one element, crashes what is around the boundary", async () => {
    for (const broken of [
      () => {
        throw new Error("fallback broken");
      },
      () => html`two<i></i>`,
    ]) {
      where = "render";
      const page = await joinView(pageWith({ fallback: broken }));
      expect(page.self.isAlive).toBe(false);
      // At once: it is not tried again, and does not count as one more crash inside.
      const events = page.sim.reports.map((report) => (report as { event?: string }).event);
      expect(events.filter((event) => event === "childTerminated")).toHaveLength(1);
    }
  });

  test("a dead page shows the fallback, and the connected one tries again", async () => {
    where = "mount";
    expect(await deadHtml(pageWith())).toBe(failed);
    where = "nowhere";
    expect((await joinView(pageWith())).html()).toBe(well);
  });

  test("without a boundary a component crashes its view", async () => {
    where = "nowhere";
    const page = await joinView(liveView({ mount: () => ({}), render: () => html`<p>${Fragile({ id: 1 })}</p>` }));
    where = "event";
    expect(await page.event("inc", {}, 1)).toBeUndefined();
    expect(page.self.isAlive).toBe(false);
  });

  test("a component that ends its view does so, boundary or not", async () => {
    const Exit = liveComponent({
      mount: () => ({}),
      events: { exit: ({ self }) => self.exit("normal") },
      render: () => html`<i></i>`,
    });
    const page = await joinView(
      liveView({ mount: () => ({}), render: () => html`<p>${boundary({ fallback }, Exit({ id: 1 }))}</p>` }),
    );
    await page.event("exit", {}, 1);
    expect(page.self.isAlive).toBe(false);
    expect(page.sim.reports).toEqual([]);
  });

  test.each<[string, object]>([
    ["fallback", { fallback: "<i></i>" }],
    ["maxRestarts", { fallback, maxRestarts: -1 }],
    ["maxRestarts", { fallback, maxRestarts: 1.5 }],
    ["maxSeconds", { fallback, maxSeconds: 0 }],
    ["backoff.minMs", { fallback, backoff: { minMs: 0 } }],
  ])("refuses an impossible %s", (option, options) => {
    expect(() => boundary(options as BoundaryOptions, Steady({ id: 1 }))).toThrow(`boundary: expected ${option} to be`);
  });

  test("refuses a second boundary around the same component, and what is neither component nor function", () => {
    const use = boundary({ fallback }, Steady({ id: 1 }));
    expect(() => boundary({ fallback }, use)).toThrow('Steady "1" has one already');
    expect(() => boundary({ fallback }, "text" as never)).toThrow(
      "expected a component, or a function that returns html",
    );
    // @ts-expect-error content needs an id
    expect(() => boundary({ fallback }, () => html`<p></p>`)).toThrow("boundary: expected an id");
  });
});

describe("a boundary around content", () => {
  const Page = liveView({
    mount: () => ({ items: [1, 2], broken: false }),
    events: {
      add: (socket) => socket.update("items", (items) => [...items, items.length + 1]),
      break: (socket) => socket.assign({ broken: true }),
      mend: (socket) => socket.assign({ broken: false }),
    },
    render: ({ items, broken }) =>
      html`<main>${boundary({ id: "side", fallback, backoff: { minMs: 100, jitter: 0 } }, () => {
        if (broken) throw new Error("content broken");
        return html`<aside>${each(items, String, (id) => Fragile({ id }))}</aside>`;
      })}</main>`,
  });
  // In the tree of the boundary, which is 1.
  const [first, second] = [2, 3];

  test("takes what the content throws, and what any component in it throws; all of it begins anew", async () => {
    where = "nowhere";
    const page = await joinView(Page);
    expect(page.html()).toBe("<main><aside><b>0/0</b><b>0/0</b></aside></main>");
    await page.event("inc", {}, first);
    where = "event";
    await page.event("inc", {}, second);
    expect(page.html()).toBe("<main><em>1 100 </em></main>");
    // Those inside are gone at once; the client hears of it when it says that it has lost them.
    expect(await page.push("cids_will_destroy", { cids: [first, second] })).toEqual({});
    expect(await page.push("cids_destroyed", { cids: [first, second] })).toEqual({ cids: [first, second] });
    where = "nowhere";
    await page.event("add");
    await page.run(120);
    expect(page.html()).toBe("<main><aside><b>0/0</b><b>0/0</b><b>0/0</b></aside></main>");
    await page.event("break");
    expect(page.html()).toBe("<main><em>2 200 </em></main>");
    await page.event("mend");
    await page.run(220);
    expect(page.html()).toBe("<main><aside><b>0/0</b><b>0/0</b><b>0/0</b></aside></main>");
  });

  test("must be one element", async () => {
    where = "nowhere";
    const page = await joinView(
      liveView({
        mount: () => ({}),
        render: () => html`<p>${boundary({ id: 1, fallback }, () => html`<i></i><i></i>`)}</p>`,
      }),
    );
    expect(page.html()).toMatch(/^<p><em>1 2\d\d <\/em><\/p>$/);
    expect(page.sim.reports).toMatchObject([{ reason: { error: { code: "ERR_COMPONENT" } } }]);
  });
});

describe("boundaries inside of one another", () => {
  const options = { fallback, backoff: { minMs: 100, jitter: 0 } };
  const Page = liveView({
    mount: () => ({}),
    render: () =>
      html`<main>${boundary(
        { id: "outer", ...options, fallback: () => html`<del>outer</del>` },
        () => html`<div>${Steady({ id: "s" })}${boundary({ ...options, maxRestarts: 1 }, Fragile({ id: "f" }))}</div>`,
      )}</main>`,
  });
  const fragileInside = 3;

  test("the innermost takes a crash; what it gives up on is the next one's", async () => {
    where = "nowhere";
    const page = await joinView(Page);
    await page.event("inc", {}, 2);
    where = "event";
    await page.event("inc", {}, fragileInside);
    expect(page.html()).toBe("<main><div><i>1</i><em>1 100 </em></div></main>");
    where = "render";
    await page.run(120);
    expect(page.html()).toBe("<main><del>outer</del></main>");
    where = "nowhere";
    await page.run(120);
    // Begun anew: the inner boundary has forgotten its crashes.
    expect(page.html()).toBe("<main><div><i>0</i><b>0/0</b></div></main>");
    expect(page.self.isAlive).toBe(true);
  });
});

describe("a fallback with components in it", () => {
  test("its crash is the boundary's", async () => {
    let broken = true;
    const Shaky = liveComponent({
      events: {
        crash: () => {
          throw new Error("shaky");
        },
      },
      render: () => html`<u></u>`,
    });
    const Broken = liveComponent({
      render: () => {
        if (broken) throw new Error("broken");
        return html`<b></b>`;
      },
    });
    const page = await joinView(
      liveView({
        mount: () => ({}),
        render: () =>
          html`<main>${boundary({ fallback: ({ crashes }) => html`<em>${crashes}${Shaky({ id: 1 })}</em>`, backoff: { minMs: 100, jitter: 0 } }, Broken({ id: 1 }))}</main>`,
      }),
    );
    expect(page.html()).toBe("<main><em>1<u></u></em></main>");
    broken = false;
    await page.run(80);
    await page.event("crash", {}, 2);
    expect(page.html()).toBe("<main><em>2<u></u></em></main>");
    // The timer of the first crash goes off now; that of the second one waits for 200 ms.
    await page.run(60);
    expect(page.html()).toBe("<main><em>2<u></u></em></main>");
    await page.run(160);
    expect(page.html()).toBe("<main><b></b></main>");
  });
});

describe("a crash in the message in which others take its statics", () => {
  /** The first of three is complete, and source of the others' statics, when what is in it crashes. */
  const Inner = liveComponent({
    name: "Inner",
    update: ({ bad }: { bad: boolean }) => ({ bad }),
    render: ({ bad }) => {
      if (bad) throw new Error("bad");
      return html`<i></i>`;
    },
  });
  const Card = liveComponent({
    name: "SharedCard",
    update: ({ bad }: { bad: boolean }) => ({ bad }),
    render: ({ bad }, { id }) => html`<section>${html`<h1>${id}</h1>`}${Inner({ id, bad })}</section>`,
  });
  const card = (id: number, bad: boolean) =>
    boundary({ fallback: () => html`<del>${id}</del>`, backoff: { minMs: 100, jitter: 0 } }, Card({ id, bad }));

  test("they have them all the same", async () => {
    const page = await joinView(
      liveView({ mount: () => ({}), render: () => html`<main>${[1, 2, 3].map((id) => card(id, id === 1))}</main>` }),
    );
    expect(page.html()).toBe(
      "<main><del>1</del><section><h1>2</h1><i></i></section><section><h1>3</h1><i></i></section></main>",
    );
  });

  test("one that is only changed in that message is no source", async () => {
    const page = await joinView(
      liveView({
        mount: () => ({ broken: false }),
        events: { break: (socket) => socket.assign({ broken: true }) },
        render: ({ broken }) => html`<main>${card(1, broken)}${broken && card(2, false)}</main>`,
      }),
    );
    await page.event("break");
    expect(page.html()).toBe("<main><del>1</del><section><h1>2</h1><i></i></section></main>");
  });
});

describe("props that were sent to a component (C1, C16)", () => {
  const Picky = liveComponent({
    name: "Picky",
    update: ({ n }: { n: number }) => {
      if (n < 0) throw new Error("negative");
      return { n };
    },
    render: ({ n }) => html`<b>${n}</b>`,
  });
  const Page = liveView({
    mount: () => ({}),
    info: ({ self }, n: number) => sendUpdate(self, self.pid, Picky, "p", { n }),
    render: () =>
      html`<main>${boundary({ fallback: () => html`<i></i>`, backoff: { minMs: 100, jitter: 0 } }, Picky({ id: "p", n: 1 }))}</main>`,
  });

  test("are lost when it crashes: it is restarted with those of the page, and does not crash of them again", async () => {
    const page = await joinView(Page);
    page.self.send(page.pid, -1);
    await page.run(0);
    expect(page.html()).toBe("<main><i></i></main>");
    await page.run(200);
    expect(page.html()).toBe("<main><b>1</b></main>");
    await page.run(10_000);
    expect(page.html()).toBe("<main><b>1</b></main>");
  });

  test("while it is down, are there when it is restarted", async () => {
    const page = await joinView(Page);
    page.self.send(page.pid, -1);
    await page.run(0);
    page.self.send(page.pid, 5);
    await page.run(200);
    expect(page.html()).toBe("<main><b>5</b></main>");
  });
});
