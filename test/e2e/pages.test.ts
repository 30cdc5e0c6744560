/** The pages in a real browser: once with our client, once with the official one. */
import { afterEach, describe, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";
import { outline } from "../support/outline.ts";
import { expectedPages } from "./expected-pages.ts";

describeWithClients({}, (stage) => {
  afterEach(async () => {
    expect(await stage.browser.closeTabs()).toEqual([]);
  });

  describe("each page", () => {
    test.each(Object.entries(expectedPages))(
      "%s shows what is specified, before and after it is live",
      async (path, html) => {
        const tab = await stage.visitor.open(path);
        const expected = await tab.page.evaluate(outline, { html });
        const dead = await (await stage.visitor.context.request.get(path)).text();
        expect(await tab.page.evaluate(outline, { html: dead })).toBe(expected);
        expect(await tab.page.evaluate(outline, { selector: "[data-phx-main] > main" })).toBe(expected);
        expect(tab.hasKeptItsSocket()).toBe(true);
      },
    );
  });

  describe("/", () => {
    test("leads to every page, and each to the next", async () => {
      const tab = await stage.visitor.open("/");
      const paths = await tab.page.$$eval("nav a", (links) => links.map((link) => link.getAttribute("href")!));
      expect(paths.sort()).toEqual([...Object.keys(expectedPages), "/system", "/watches"].sort());
      for (const [link, title] of [
        [".index nav a[href='/counter']", "Counter"],
        ["nav a[href='/dashboard']", "Dashboard"],
      ] as const) {
        await tab.page.click(link);
        await tab.says("h1", title);
        await tab.live();
      }
      expect(tab.sockets).toHaveLength(3);
      expect(tab.loads).toBe(3);
    });
  });

  describe("/system", () => {
    test("draws the last minute, once a second, by itself", async () => {
      const tab = await stage.visitor.open("/system");
      const times = await noteSamples(tab);
      await eventually(async () => (await times()).length).toBeGreaterThanOrEqual(3);
      const [first, , third] = await times();
      expect(third! - first!).toBeGreaterThan(1000);
      expect(third! - first!).toBeLessThan(4000);
      const bars = await tab.page.$$eval(".chart svg", (charts) =>
        charts.map((chart) => [...chart.children].filter((bar) => bar instanceof SVGPathElement).length),
      );
      expect(bars).toHaveLength(4);
      for (const count of bars) expect(count).toBeGreaterThanOrEqual(3);
      expect(await tab.page.locator("#threads tbody tr").count()).toBe(2);
      expect(await tab.page.locator(".totals dd").allTextContents()).not.toContain("…");
      expect(tab.hasKeptItsSocket()).toBe(true);
    });

    test("goes on when the process that measures is killed", async () => {
      const tab = await stage.visitor.open("/system");
      await eventually(() => tab.text("#sampler")).not.toBe("…");
      const former = (await tab.text("#sampler"))!;
      await tab.click("#kill");
      await eventually(() => tab.text("#sampler")).not.toBe(former);
      expect(tab.hasKeptItsSocket()).toBe(true);
      expect(tab.loads).toBe(1);
    });
  });

  describe("/counter", () => {
    test("counts clicks and presses of Enter", async () => {
      const tab = await stage.visitor.open("/counter");
      await tab.click("#inc");
      await tab.says("#count", "1");
      await tab.page.press("#inc", "Enter");
      await tab.says("#count", "2");
    });

    test("keeps a count for each tab", async () => {
      const [one, other] = [await stage.visitor.open("/counter"), await stage.visitor.open("/counter")];
      for (let i = 0; i < 3; i++) await one.click("#inc");
      await other.click("#inc");
      await one.says("#count", "3");
      await other.says("#count", "1");
    });
  });

  describe("/dashboard", () => {
    test("tick changes price and volume of exactly ten rows", async () => {
      const tab = await stage.visitor.open("/dashboard");
      const before = await rows(tab);
      await tab.click("#tick");
      const after = await rows(tab);
      const changed = after.filter((row, i) => row.join() !== before[i]!.join());
      expect(changed).toHaveLength(10);
      for (const [id, name, price, volume, status] of changed) {
        expect([name, status]).toEqual([`Item ${id}`, "open"]);
        expect(Number(price)).toSatisfy(integerUpTo(9999));
        expect(Number(volume)).toSatisfy(integerUpTo(99_999));
      }
    });

    test("one changes one price", async () => {
      const tab = await stage.visitor.open("/dashboard");
      const before = await rows(tab);
      let changes: string[][];
      do {
        await tab.click("#one");
        changes = (await rows(tab)).filter((row, i) => row.join() !== before[i]!.join());
      } while (changes.length === 0); // the new price may be the old one
      expect(changes).toHaveLength(1);
      const [id, name, , volume, status] = changes[0]!;
      expect([name, volume, status]).toEqual([`Item ${id}`, String(Number(id) * 100), "open"]);
    });

    test("shuffle reverses the rows, and moves the elements they have", async () => {
      const tab = await stage.visitor.open("/dashboard");
      const before = await rows(tab);
      await markRows(tab);
      await tab.click("#shuffle");
      expect(await rows(tab)).toEqual(before.toReversed());
      expect(await marksThatMoved(tab)).toBe(0);
      await tab.click("#tick");
      const after = await rows(tab);
      expect(after.map(([id]) => id)).toEqual(before.toReversed().map(([id]) => id));
      expect(after.filter((row, i) => row.join() !== before.toReversed()[i]!.join())).toHaveLength(10);
      await tab.click("#shuffle");
      expect(await rows(tab)).toEqual(after.toReversed());
      expect(await marksThatMoved(tab)).toBe(0);
    });
  });

  describe("/room", () => {
    test("what one visitor says, all see", async () => {
      const stranger = await stage.browser.visitor(stage.server.url);
      const [speaker, listener] = [await stage.visitor.open("/room"), await stranger.open("/room")];
      await speaker.page.fill("input[name=text]", "Hello there");
      await speaker.page.click("button[type=submit]");
      for (const tab of [speaker, listener]) {
        await tab.says("#last", "Hello there");
        await tab.says("#count", "1");
      }
      await listener.page.fill("input[name=text]", "And to you");
      await listener.page.press("input[name=text]", "Enter");
      for (const tab of [speaker, listener]) {
        await tab.says("#last", "And to you");
        await tab.says("#count", "2");
      }
    });

    test("keeps focus and text of who has said something", async () => {
      const tab = await stage.visitor.open("/room");
      await tab.page.fill("input[name=text]", "One");
      await tab.page.keyboard.press("Enter");
      await tab.says("#last", "One");
      await tab.settled();
      await tab.page.keyboard.type("Two");
      await tab.page.keyboard.press("Enter");
      await tab.says("#last", "OneTwo");
    });

    test("shows markup that somebody says as the text it is", async () => {
      const tab = await stage.visitor.open("/room");
      const text = `<img src=x onerror="window.broken = 1"> & 'so' on`;
      await tab.page.fill("input[name=text]", text);
      await tab.page.click("button[type=submit]");
      await tab.says("#last", text);
      expect(await tab.page.evaluate(() => document.querySelector("#last")!.childElementCount)).toBe(0);
    });
  });

  describe("/form", () => {
    const blank = "can't be blank";

    test("says what is wrong while it is typed", async () => {
      const tab = await stage.visitor.open("/form");
      await tab.page.focus("#user_name");
      await tab.page.keyboard.type("a");
      await eventually(() => errors(tab)).toEqual({
        name: ["is too short"],
        email: [blank],
        username: [blank],
        city: [blank],
        phone: [blank],
      });
      await tab.page.keyboard.type("lice");
      await tab.page.fill("#user_email", "alice at home");
      await tab.page.fill("#user_username", "A!");
      await tab.page.fill("#user_city", "Rome");
      await tab.page.fill("#user_phone", "5 five 5");
      await eventually(() => errors(tab)).toEqual({
        name: [],
        email: ["must have the @ sign and no spaces"],
        username: ["is too short", "has invalid characters"],
        city: [],
        phone: ["is invalid"],
      });
      await tab.page.fill("#user_email", "alice@example.com");
      await tab.page.fill("#user_username", "alice_1");
      await tab.page.fill("#user_phone", "555 0100");
      await eventually(() => errors(tab)).toEqual({ name: [], email: [], username: [], city: [], phone: [] });
    });

    test("leaves focus, caret and text to the user who types", async () => {
      const tab = await stage.visitor.open("/form");
      await tab.page.focus("#user_username");
      await tab.page.keyboard.type("alice!");
      await eventually(async () => (await errors(tab))["username"]).toEqual(["has invalid characters"]);
      for (let i = 0; i < 4; i++) await tab.page.keyboard.press("ArrowLeft");
      await tab.page.keyboard.type("XY");
      await tab.settled();
      expect(await typing(tab)).toEqual({ id: "user_username", value: "alXYice!", caret: 4 });
      await tab.page.keyboard.press("End");
      await tab.page.keyboard.press("Backspace");
      for (let i = 0; i < 3; i++) await tab.page.keyboard.press("ArrowLeft");
      await tab.page.keyboard.press("Backspace");
      await tab.page.keyboard.press("Backspace");
      await eventually(async () => (await errors(tab))["username"]).toEqual([]);
      await tab.settled();
      expect(await typing(tab)).toEqual({ id: "user_username", value: "alice", caret: 2 });
    });

    test("save checks everything, and keeps what was entered", async () => {
      const tab = await stage.visitor.open("/form");
      await tab.page.click("button[type=submit]");
      await eventually(() => errors(tab)).toEqual({
        name: [blank],
        email: [blank],
        username: [blank],
        city: [blank],
        phone: [blank],
      });
      await tab.page.fill("#user_name", "Alice");
      await tab.page.fill("#user_city", `"Rome" <1>`);
      await tab.page.press("#user_city", "Enter");
      await tab.settled();
      expect(await errors(tab)).toEqual({ name: [], email: [blank], username: [blank], city: [], phone: [blank] });
      expect(await tab.page.inputValue("#user_name")).toBe("Alice");
      expect(await tab.page.inputValue("#user_city")).toBe(`"Rome" <1>`);
    });
  });

  describe("/stream", () => {
    test("adds at the end, and leaves the others as they are", async () => {
      const tab = await stage.visitor.open("/stream");
      await tab.page.evaluate(() => Object.assign(document.querySelector("#messages-3")!, { mark: "third" }));
      await tab.click("#add");
      expect(await messageIds(tab)).toEqual(range(1, 11));
      expect(await tab.text("#messages-11 .author")).toBe("user4");
      expect(await tab.text("#messages-11 .body")).toBe("Message number 11");
      expect(await tab.page.evaluate(() => Reflect.get(document.querySelector("#messages-3")!, "mark"))).toBe("third");
    });

    test("keeps the last 50", async () => {
      const tab = await stage.visitor.open("/stream");
      await addInPage(tab, 40);
      expect(await messageIds(tab)).toEqual(range(1, 50));
      await addInPage(tab, 2);
      expect(await messageIds(tab)).toEqual(range(3, 52));
    });
  });

  describe("/crash", () => {
    test("boom ends that view alone, which is live again on the same socket", async () => {
      const [tab, sibling, counter] = [
        await stage.visitor.open("/crash"),
        await stage.visitor.open("/crash"),
        await stage.visitor.open("/counter"),
      ];
      for (const each of [tab, sibling, counter]) await each.click("#inc");
      await tab.click("#inc");
      await tab.says("#count", "2");
      const states = await tab.noteStates();
      await tab.page.click("#boom");
      await tab.says("#count", "0");
      await tab.live();
      const shown = (await states()).map(({ classes }) => classes);
      expect(shown[0]).toBe("phx-error phx-loading phx-server-error");
      expect(shown.at(-1)).toBe("phx-connected");
      await tab.click("#inc");
      await tab.says("#count", "1");
      for (const each of [sibling, counter]) {
        await each.click("#inc");
        await each.says("#count", "2");
      }
      for (const each of [tab, sibling, counter]) {
        expect(each.hasKeptItsSocket()).toBe(true);
        expect(each.loads).toBe(1);
      }
      await eventually(() => stage.server.reports.some((report) => report.includes("boom"))).toBe(true);
    });
  });
});

// ---- looking at pages ------------------------------------------------------------------------------------------------

/** The dashboard's cells. */
function rows(tab: Tab): Promise<string[][]> {
  return tab.page.$$eval("#items tbody tr", (all) =>
    all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)),
  );
}

/** Notes on each row's element and text which row it is. */
async function markRows(tab: Tab): Promise<void> {
  await tab.page.$$eval("#items tbody tr", (all) => {
    for (const row of all) {
      Object.assign(row, { mark: row.id });
      Object.assign(row.querySelector(".name")!.firstChild!, { mark: row.id });
    }
  });
}

/** Rows whose element or text is not the one that `markRows` found. */
function marksThatMoved(tab: Tab): Promise<number> {
  return tab.page.$$eval(
    "#items tbody tr",
    (all) =>
      all.filter((row) => {
        const text = row.querySelector(".name")!.firstChild!;
        return Reflect.get(row, "mark") !== row.id || Reflect.get(text, "mark") !== row.id;
      }).length,
  );
}

/** The form's messages by field. */
function errors(tab: Tab): Promise<Record<string, string[]>> {
  return tab.page.$$eval("#user-form .field", (fields) =>
    Object.fromEntries(
      fields.map((field) => [
        field.querySelector("input")!.id.slice("user_".length),
        [...field.querySelectorAll(".error")].map((error) => error.textContent),
      ]),
    ),
  );
}

/** Where the user is typing. */
function typing(tab: Tab): Promise<{ id: string; value: string; caret: number | null }> {
  return tab.page.evaluate(() => {
    const { id, value, selectionStart } = document.activeElement as HTMLInputElement;
    return { id, value, caret: selectionStart };
  });
}

function messageIds(tab: Tab): Promise<number[]> {
  return tab.page.$$eval("#messages > li", (items) => items.map(({ id }) => Number(id.slice("messages-".length))));
}

/** Notes from now on when a chart of /system slides on. @returns reads the notes: wall clock, milliseconds */
async function noteSamples(tab: Tab): Promise<() => Promise<number[]>> {
  const notes = await tab.page.evaluateHandle(() => {
    const times: number[] = [];
    new MutationObserver(() => times.push(Date.now())).observe(document.querySelector(".chart svg")!, {
      attributeFilter: ["viewBox"],
    });
    return times;
  });
  return () => notes.jsonValue();
}

/** So many clicks on Add, each as soon as the one before has been answered. */
async function addInPage(tab: Tab, times: number): Promise<void> {
  await tab.page.evaluate(async (times) => {
    const add = document.querySelector<HTMLElement>("#add")!;
    for (let i = 0; i < times; i++) {
      const answered = new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          if (add.hasAttribute("data-phx-ref-loading")) return;
          observer.disconnect();
          resolve();
        });
        observer.observe(add, { attributeFilter: ["data-phx-ref-loading"] });
      });
      add.click();
      await answered;
    }
  }, times);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function integerUpTo(max: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= 1 && value <= max;
}
