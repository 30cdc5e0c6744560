/** Built-in components in a real browser, with both clients. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Tab, type Visitor } from "../support/browser.ts";
import { useBrowser } from "../support/browser-suite.ts";
import { clients, type PageServer } from "../support/clients.ts";

const browser = useBrowser();

describe.each(clients)("with $name", (client) => {
  let server: PageServer;
  let visitor: Visitor;
  let tab: Tab;

  beforeAll(async () => {
    server = await client.startServer({ APP: "test/fixtures/apps/builtins.js" });
    visitor = await browser().visitor(server.url);
    tab = await visitor.open("/builtins");
  });

  afterAll(async () => {
    expect(await browser().closeTabs()).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  const target = () => tab.page.$$eval("#target > *", (els) => els.map((el) => el.id));
  const focused = () => tab.page.evaluate(() => document.activeElement?.id);

  test("T14: a portal's content stands at its target, and its events reach the view", async () => {
    expect(await target()).toEqual(["before", "_lv_portal_wrap_portal"]);
    await tab.page.click("#inside-inc");
    await tab.says("#count", "1");
    await tab.says("#inside", "1");
    await tab.page.click("#inc");
    await tab.says("#inside", "2");
    expect(await target()).toEqual(["before", "_lv_portal_wrap_portal"]);
    expect(await tab.page.$$eval("#inside", (els) => els.length)).toBe(1);
  });

  test("T14: a portal within a portal goes on to its own target, and follows", async () => {
    const deep = () =>
      tab.page.$$eval("body > #_lv_portal_wrap_deeper > #deep", (els) => els.map((el) => el.textContent));
    expect(await deep()).toEqual(["2"]);
    await tab.page.evaluate(() => document.getElementById("inc")!.click());
    await eventually(async () => expect(await deep()).toEqual(["3"]));
    await tab.page.click("#toggle");
    await eventually(async () => expect(await deep()).toEqual([]));
    await tab.page.click("#toggle");
    await eventually(async () => expect(await deep()).toEqual(["3"]));
  });

  test("T14: five portals within each other, all kept up to date", async () => {
    const chain = () => tab.page.$$eval("body > [id^=_lv_portal_wrap_level]", (els) => els.map((el) => el.id.at(-1)));
    expect(await chain()).toEqual(["1", "2", "3", "4", "5"]);
    await tab.page.evaluate(() => document.getElementById("inc")!.click());
    await tab.says("#_lv_portal_wrap_level-5 > #fifth", "4");
    expect(await chain()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("T14: a live view in a portal is live there, has portals of its own, and goes with it", async () => {
    await tab.says("#_lv_portal_wrap_house > #guest > #guest-inc", "live");
    await tab.page.click("#guest-inc");
    await tab.says("#guest-count", "1");
    await tab.says("#guests #guest-away", "1");
    await tab.page.evaluate(() => document.getElementById("inc")!.click());
    await tab.says("#host-count", "5");
    expect(await tab.page.textContent("#guest-count")).toBe("1");
    await tab.page.click("#host");
    await eventually(async () => expect(await tab.page.$$("#guest, #guest-away, #host-count")).toEqual([]));
    if (client.name !== "our client") return; // the official one does not join such a child a second time
    await tab.page.click("#host");
    await tab.says("#guest-inc", "live");
    await tab.says("#guests #guest-away", "0");
    await tab.page.click("#guest-inc");
    await tab.says("#guest-count", "1");
  });

  test("T14: what is typed in it stays; it goes with its template, and comes back", async () => {
    await tab.page.fill("#inside-text", "kept");
    await tab.page.evaluate(() => document.getElementById("inc")!.click()); // the focus stays
    await tab.says("#inside", "6");
    expect(await tab.page.inputValue("#inside-text")).toBe("kept");
    await tab.page.click("#toggle");
    await eventually(async () => expect(await target()).toEqual(["before"]));
    await tab.page.click("#toggle");
    await tab.says("#inside", "6");
    expect(await target()).toEqual(["before", "_lv_portal_wrap_portal"]);
  });

  test("F2: functions in rows follow what they read", async () => {
    const selected = () => tab.page.$$eval("#rows li", (els) => els.map((el) => el.className));
    expect(await selected()).toEqual(["selected", ""]);
    await tab.page.click("#select");
    await eventually(async () => expect(await selected()).toEqual(["", "selected"]));
  });

  test("T15: a focus wrap takes the focus, and keeps it", async () => {
    const isFocused = (id: string) => eventually(async () => expect(await focused()).toBe(id));
    await tab.page.click("#ask");
    await isFocused("yes");
    for (const [key, id] of [
      ["Tab", "no"],
      ["Tab", "yes"],
      ["Shift+Tab", "no"],
      ["Shift+Tab", "yes"],
    ] as const) {
      await tab.page.keyboard.press(key);
      await isFocused(id);
    }
    await tab.page.click("#ask");
    await eventually(async () => expect(await tab.page.$("#dialog")).toBeNull());
  });
});

test("T15: a link of another method sends a form with the page's token", async () => {
  const [ours] = clients;
  const server = await ours!.startServer({ APP: "test/fixtures/apps/builtins.js" });
  const visitor = await browser().visitor(server.url);
  const tab = await visitor.open("/builtins");
  const [request] = await Promise.all([
    tab.page.waitForRequest((request) => request.url().endsWith("/gone")),
    tab.page.click("#delete"),
  ]);
  expect(request.method()).toBe("POST");
  const fields = new URLSearchParams(request.postData() ?? "");
  expect(fields.get("_method")).toBe("delete");
  expect(fields.get("_csrf_token")).toMatch(/.{10,}/);
  await browser().closeTabs();
  await server[Symbol.asyncDispose]();
});
