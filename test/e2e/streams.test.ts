/** Streams in a real browser, with our client and with the official one: what the server said is what the page shows. */
import fc from "fast-check";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { StreamOp } from "../fixtures/apps/streams.ts";
import { eventually, type Tab } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";
import { runCycle, type StreamCycle, StreamModel, streamCycle } from "../support/stream-model.ts";

describeWithClients({ APP: "test/fixtures/apps/streams.js" }, (stage) => {
  const isOurs = stage.client.name.startsWith("our");
  let tab: Tab;

  beforeAll(async () => {
    await stage.visitor.context.addInitScript(stage.client.rejoinSoon);
  });

  afterEach(async () => {
    expect(await stage.browser.closeTabs()).toEqual([]);
  });

  const open = async (path = "/streams"): Promise<void> => {
    tab = await stage.visitor.open(path);
    await mark();
  };
  /** The very elements that are there now, to be known again. */
  const mark = () =>
    tab.page.evaluate(() => {
      for (const el of document.querySelectorAll("li")) Object.assign(el, { isFirst: true });
    });
  const marked = () => tab.page.$$eval("#rows > li", (els) => els.filter((el) => "isFirst" in el).map((el) => el.id));
  const ids = (list = "rows") => tab.page.$$eval(`#${list} > *`, (els) => els.map((el) => el.id));
  const texts = (list = "rows") => tab.page.$$eval(`#${list} > *`, (els) => els.map((el) => el.textContent));
  /** All of them between two renders. The focus stays where it is. */
  const run = async (...ops: StreamOp[]): Promise<void> => {
    const runs = Number(await tab.text("#runs"));
    await tab.page.$eval(
      "#run",
      (button, value) => {
        button.setAttribute("phx-value-ops", value);
        (button as HTMLElement).click();
      },
      JSON.stringify(ops),
    );
    await tab.says("#runs", String(runs + 1));
    await tab.settled();
  };
  const onRows = (op: object): StreamOp => ({ stream: "rows", ...op }) as StreamOp;

  test("ST8: the join leaves of the first HTML's items those that are still there", async () => {
    const dead = await (await stage.visitor.context.request.get("/streams")).text();
    expect([...dead.matchAll(/<li id="(rows-[^"]*)"/g)].map(([, id]) => id)).toEqual(["rows-a", "rows-gone", "rows-b"]);
    await open();
    expect(await ids()).toEqual(["rows-a", "rows-b", "rows-c"]);
  });

  test("ST2: inserts at the end, at the start, and at an index", async () => {
    await open();
    await run(onRows({ insert: "d" }), onRows({ insert: "e", at: 0 }), onRows({ insert: "f", at: 2 }));
    expect(await texts()).toEqual(["e", "a", "f", "b", "c", "d"]);
    expect(await marked()).toEqual(["rows-a", "rows-b", "rows-c"]);
  });

  test("ST2: an item that is there is updated in place, whatever `at` says", async () => {
    await open();
    await tab.page.fill("#rows-a input", "my note");
    await run(onRows({ insert: "a", text: "new", at: 2 }), onRows({ insert: "c", text: "newer", at: 0 }));
    expect(await texts()).toEqual(["new", "b", "newer"]);
    expect(await marked()).toEqual(["rows-a", "rows-b", "rows-c"]);
    expect(await tab.page.inputValue("#rows-a input")).toBe("my note");
  });

  test("ST2: updateOnly changes what is there, and ignores what is not", async () => {
    await open();
    await run(
      onRows({ insert: "b", text: "new", at: 0, updateOnly: true }),
      onRows({ insert: "x", updateOnly: true }),
      onRows({ insert: "d" }),
    );
    expect(await texts()).toEqual(["a", "new", "c", "d"]);
  });

  test("ST2: a limit keeps the first or the last, counted after each new item", async () => {
    await open();
    await run(onRows({ insert: "d", at: 0, limit: 3 }));
    expect(await texts()).toEqual(["d", "a", "b"]);
    await run(onRows({ insert: "e", limit: 3 }));
    expect(await texts()).toEqual(["d", "a", "b"]);
    await run(onRows({ insert: "f", limit: -2 }));
    expect(await texts()).toEqual(["b", "f"]);
    await run(onRows({ insert: "g", at: 1, limit: -2 }), onRows({ insert: "h", at: 1, limit: -2 }));
    expect(await texts()).toEqual(["h", "f"]);
    await run(onRows({ insert: "i" }));
    expect(await texts()).toEqual(["h", "f", "i"]);
  });

  // The official client loses items there, for it moves them while it goes through them.
  test.runIf(isOurs)("ST2: in a container that comes late `at` and limit hold, too", async () => {
    await open();
    await run({ stream: "late", insert: "4", at: 0 }, { stream: "late", insert: "5", at: 0, limit: 4 });
    await tab.click("#open");
    expect(await texts("late")).toEqual(["5", "4", "1", "2"]);
  });

  test("ST3: deletes by item and by DOM id", async () => {
    await open();
    await run(onRows({ delete: "a" }), onRows({ deleteByDomId: "rows-c" }), onRows({ delete: "unknown" }));
    expect(await ids()).toEqual(["rows-b"]);
  });

  test("ST3, ST10: deleted and inserted in one cycle an item moves, with what was typed and the focus", async () => {
    await open();
    await tab.page.fill("#rows-a input", "typed");
    await tab.page.focus("#rows-a input");
    await run(onRows({ delete: "a" }), onRows({ insert: "a", text: "moved" }));
    expect(await texts()).toEqual(["b", "c", "moved"]);
    expect(await marked()).toEqual(["rows-b", "rows-c", "rows-a"]);
    await tab.page.keyboard.type(" on");
    expect(await tab.page.inputValue("#rows-a input")).toBe("typed on");
    await run(onRows({ delete: "c" }), onRows({ insert: "c", at: 0 }), onRows({ delete: "b" }));
    expect(await ids()).toEqual(["rows-c", "rows-a"]);
  });

  test("ST4: a reset keeps the elements of those that stay, in the new order, with what was typed and the focus", async () => {
    await open();
    await tab.page.fill("#rows-c input", "typed");
    await tab.page.focus("#rows-c input");
    await run(onRows({ reset: ["c", "d", "a"] }));
    expect(await texts()).toEqual(["c", "d", "a"]);
    expect(await marked()).toEqual(["rows-c", "rows-a"]);
    await tab.page.keyboard.type(" on");
    expect(await tab.page.inputValue("#rows-c input")).toBe("typed on");
    await run(onRows({ reset: [] }));
    expect(await ids()).toEqual([]);
    await run(onRows({ insert: "z" }));
    expect(await ids()).toEqual(["rows-z"]);
  });

  test("ST5: other children of the container stay, and are patched", async () => {
    await open();
    expect(await ids("notes")).toEqual(["none"]);
    await run({ stream: "notes", insert: "1" }, { stream: "notes", insert: "2" });
    expect(await texts("notes")).toEqual(["1", "2", "no notes, 1 runs"]);
    await run({ stream: "notes", reset: ["2", "3"] });
    expect(await texts("notes")).toEqual(["2", "3", "no notes, 2 runs"]);
    await run({ stream: "notes", delete: "2" }, { stream: "notes", delete: "3" });
    expect(await texts("notes")).toEqual(["no notes, 3 runs"]);
    expect(await tab.page.$eval("#none", (el) => "isFirst" in el && el.matches(":only-child"))).toBe(true);
  });

  // The official client puts items in front of all other children, also of those that stand before them in the template.
  test.runIf(isOurs)("ST5: items come where the template has them, between other children", async () => {
    await open();
    await run({ stream: "headed", insert: "1" }, { stream: "headed", insert: "2" });
    expect(await texts("headed")).toEqual(["head", "1", "2", "foot"]);
    await run({ stream: "headed", insert: "3", limit: -2 });
    expect(await texts("headed")).toEqual(["head", "2", "3", "foot"]);
    await run({ stream: "headed", reset: ["3", "2"] });
    expect(await texts("headed")).toEqual(["head", "3", "2", "foot"]);
    await run({ stream: "headed", reset: [] });
    await run({ stream: "headed", insert: "4" });
    expect(await texts("headed")).toEqual(["head", "4", "foot"]);
  });

  test("ST6: streams in components are their own: refs, limits and resets", async () => {
    await open();
    for (let i = 0; i < 4; i++) await tab.click("#panel-left .add");
    await tab.click("#panel-right .add");
    expect(await texts("left")).toEqual(["4", "3", "2"]);
    expect(await texts("right")).toEqual(["1", "0"]);
    await run(onRows({ reset: ["b"] }));
    await tab.click("#panel-right .clear");
    expect(await texts("right")).toEqual([]);
    expect(await texts("left")).toEqual(["4", "3", "2"]);
    expect(await texts()).toEqual(["b"]);
  });

  test("ST3, ST4, T14: what a portal has taken elsewhere in the page is a stream there, too", async () => {
    await open();
    expect(await tab.page.$$eval("main #ported", (els) => els.length)).toBe(0);
    await run({ stream: "ported", delete: "2" }, { stream: "ported", insert: "4", at: 0 });
    expect(await texts("ported")).toEqual(["4", "1", "3"]);
    await run({ stream: "ported", reset: ["3", "4"] });
    expect(await texts("ported")).toEqual(["3", "4"]);
    await run({ stream: "ported", reset: [] });
    expect(await texts("ported")).toEqual([]);
  });

  test("ST8: after a crash the page shows what mount says: old items go, elements of the others stay", async () => {
    await open();
    await run(onRows({ insert: "d" }), onRows({ insert: "e", at: 0 }), onRows({ delete: "b" }));
    expect(await texts()).toEqual(["e", "a", "c", "d"]);
    await tab.page.fill("#rows-a input", "typed");
    await tab.page.evaluate(() => document.getElementById("crash")!.click());
    await tab.says("#runs", "0");
    await eventually(() => texts()).toEqual(["a", "b", "c"]);
    expect(await marked()).toEqual(["rows-a", "rows-c"]);
    expect(await tab.page.inputValue("#rows-a input")).toBe("typed");
    await run(onRows({ insert: "b", text: "known" }), onRows({ reset: ["c", "b"] }));
    expect(await texts()).toEqual(["c", "b"]);
    expect(tab.loads).toBe(1);
    tab.complaints.length = 0; // the official client tells the console of the crash
  });

  test.runIf(isOurs)(
    "ST10: an iframe that moves goes on: moved alone, by a reset, and when others move around it",
    async () => {
      await open();
      await tab.page.$$eval("#frames iframe", (frames) => {
        for (const frame of frames) Object.assign((frame as HTMLIFrameElement).contentWindow!, { isFirst: true });
      });
      const kept = () =>
        tab.page.$$eval("#frames iframe", (frames) =>
          frames.map((frame) => "isFirst" in (frame as HTMLIFrameElement).contentWindow!),
        );
      await run({ stream: "frames", delete: "x" }, { stream: "frames", insert: "x" });
      expect(await ids("frames")).toEqual(["frames-y", "frames-z", "frames-x"]);
      expect(await kept()).toEqual([true, true, true]);
      await run({ stream: "frames", reset: ["x", "new", "z", "y"] });
      expect(await ids("frames")).toEqual(["frames-x", "frames-new", "frames-z", "frames-y"]);
      expect(await kept()).toEqual([true, false, true, true]);
    },
  );

  test("ST2, ST3, ST4: after random cycles the page shows what an array does", async () => {
    await open();
    const model = new StreamModel();
    await run(onRows({ reset: [] }));
    const cycles = fc.sample(isOurs ? streamCycle : streamCycle.map(withoutCutUpdates), {
      numRuns: 60,
      seed: 20_261_121,
    });
    for (const cycle of cycles) {
      const ops: StreamOp[] = [];
      runCycle(cycle, model);
      runCycle(cycle, {
        reset: (list) => ops.push(onRows({ reset: list.map(String) })),
        delete: (id) => ops.push(onRows({ delete: String(id) })),
        insert: (id, text, options) => ops.push(onRows({ insert: String(id), text, ...options })),
      });
      await run(...ops);
      const shown = await tab.page.$$eval("#rows > li", (els) => els.map((el) => `${el.id} ${el.textContent}`));
      // Texts of a reset are the ids.
      const expected = model.items.map(({ id, text }) => `rows-${id} ${text === "reset" ? id : text}`);
      expect(shown, JSON.stringify(cycle)).toEqual(expected);
    }
  });

  test("T3: a text's first line break is not lost at the start of textarea and pre, in the first HTML and in patches", async () => {
    const page = await stage.visitor.context.newPage();
    await page.route("**/assets/*", (route) => route.abort());
    await page.goto("/streams");
    const shown = (of: typeof page) => of.$$eval("#text, #pre", (els) => els.map((el) => el.textContent));
    expect(await shown(page)).toEqual(["\nline 0", "\nline 0"]);
    await page.close();
    await open();
    expect(await shown(tab.page)).toEqual(["\nline 0", "\nline 0"]);
    await run();
    expect(await shown(tab.page)).toEqual(["\nline 1", "\n\nline 1"]);
    expect(await tab.page.inputValue("#text")).toBe("\nline 1");
  });

  test("ST9: scrolled to an end the list goes on there, asked with the row's id; beyond it, with _overran", async () => {
    await open("/scroll");
    const rows = () => tab.page.$$eval("#list > li", (els) => [els.length, els[0]!.id, els.at(-1)!.id]);
    const scrollTo = (y: number) => tab.page.evaluate((top) => window.scrollTo(0, top), y);
    const bottom = () => tab.page.evaluate(() => document.documentElement.scrollHeight);
    const said: string[] = [];
    const says = async (...words: string[]): Promise<void> => {
      said.push(...words);
      await tab.says("#said", said.map((word) => ` ${word}`).join(""));
    };
    for (const page of [1, 2, 3]) {
      await scrollTo(await bottom());
      await says(`next:list-${20 * page - 1}`);
      await eventually(async () => (await rows())[2]).toBe(`list-${20 * page + 19}`);
      await tab.settled();
    }
    expect(await rows()).toEqual([60, "list-20", "list-79"]);
    // Up from the middle until the first row is in view, and the page above the list with it; once what is held lets go.
    await eventually(async () => {
      await scrollTo(1000);
      await tab.page.evaluate(() => new Promise(requestAnimationFrame));
      await scrollTo(50);
      return tab.text("#said");
    }).toMatch(/overran:list-\d+/);
    expect(await tab.text("#said")).toMatch(/(?:prev|overran):list-20/);
    await eventually(rows).toEqual([20, "list-0", "list-19"]);
  });

  test("ST9: within an element that scrolls, too; beyond is where phx-viewport-overrun-target says", async () => {
    await open("/box");
    const scrollTo = (y: number) => tab.page.$eval("#box", (box, top) => box.scrollTo(0, top), y);
    const frame = () => tab.page.evaluate(() => new Promise(requestAnimationFrame));
    await tab.page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await scrollTo(1e6);
    await tab.says("#said", " next:list-19");
    await tab.settled();
    await scrollTo(900);
    await frame();
    // The list's own top is in view, the target's is not.
    await scrollTo(500);
    await eventually(() => tab.text("#said")).toBe(" next:list-19 prev:list-0");
    await tab.settled();
    await scrollTo(0);
    await eventually(() => tab.text("#said")).toMatch(/^ next:list-19 prev:list-0(?: prev:list-0)* overran:list-0/);
  });
});

/** The official client loses an item that a limit has taken out before it is updated in the same message. */
function withoutCutUpdates(cycle: StreamCycle): StreamCycle {
  if (!cycle.inserts.some(({ limit }) => typeof limit === "number")) return cycle;
  return { ...cycle, deletes: [...new Set([...cycle.deletes, ...cycle.inserts.map(({ id }) => id)])] };
}
