/** Live navigation in a real browser: with our client, and with the official one. */
import { beforeEach, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeNavigation } from "../support/navigation-suite.ts";

describeNavigation((on) => {
  const { path, isAt, notes, forgetNotes, historyLength, sent, stays } = on;
  const isOurs = on.stage.client.name === "our client";
  let tab: Tab;
  beforeEach(() => {
    tab = on.tab;
  });
  const scrolledTo = (): Promise<number> => tab.page.evaluate(() => Math.round(window.scrollY));
  /** Scrolls, and waits until that is noted in the browser's history. */
  const scroll = async (to: number): Promise<void> => {
    await tab.page.evaluate((top) => window.scrollTo(0, top), to);
    await eventually(() => tab.page.evaluate(() => (window.history.state as { scroll?: number } | null)?.scroll)).toBe(
      to,
    );
  };
  const top = (selector: string): Promise<number> =>
    tab.page.$eval(selector, (el) => Math.round(el.getBoundingClientRect().top) + 0); // no -0

  test("N3, N9: a patch link keeps the process, and says what it does", async () => {
    const process = await tab.text("#process");
    await forgetNotes();
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    expect(await tab.text("#row-1")).toBe("101");
    expect(await tab.text("#process")).toBe(process);
    const to = `${on.stage.server.url}/rows?page=2`;
    expect(await notes("page-loading-start")).toEqual([{ to, kind: "patch" }]);
    expect(await notes("page-loading-stop")).toEqual([{ to, kind: "patch" }]);
    const detail = { href: to, patch: true, pop: false, direction: "forward" };
    expect(await notes("before-navigate")).toEqual([detail]);
    expect(await notes("navigate")).toEqual([detail]);
    expect(await tab.page.getAttribute("#next", "class")).toBeFalsy();
    stays();
  });

  test("N3, N9: a navigate link brings another view on the same socket, at the top, in a container of its own", async () => {
    const container = await tab.page.$("[data-phx-main]");
    const id = await container!.getAttribute("id");
    const session = await container!.getAttribute("data-phx-session");
    await scroll(300);
    await forgetNotes();
    await tab.page.evaluate(() => document.querySelector<HTMLElement>("#room")!.click());
    await isAt("Room green, by day", "/room/green");
    expect(await tab.text("#referer")).toBe(`${on.stage.server.url}/rows`);
    expect(await container!.evaluate((el) => el.isConnected)).toBe(false);
    expect(await tab.page.locator("[data-phx-main]").count()).toBe(1);
    expect(await tab.page.getAttribute("[data-phx-main]", "id")).toBe(id);
    expect(await tab.page.getAttribute("[data-phx-main]", "data-phx-session")).toBe(session);
    expect(await tab.page.locator("ol").count()).toBe(0);
    await eventually(scrolledTo).toBe(0);
    const to = `${on.stage.server.url}/room/green`;
    // The official client says "initial" beside it.
    const kinds = async (event: string) => (await notes(event)).filter(({ kind }) => isOurs || kind !== "initial");
    await eventually(() => kinds("page-loading-stop")).toEqual([{ to, kind: "redirect" }]);
    expect(await kinds("page-loading-start")).toEqual([{ to, kind: "redirect" }]);
    expect(await notes("navigate")).toEqual([{ href: to, patch: false, pop: false, direction: "forward" }]);
    await tab.click("#night");
    await isAt("Room green, by night", "/room/green?light=night");
    stays();
  });

  test("N3: a patch link to another view navigates there", async () => {
    await tab.click("#as-patch");
    await isAt("Room white, by day", "/room/white");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    stays();
  });

  test("N13: nested views of the next one are there when it is shown, and live", async () => {
    const seen = await tab.page.evaluateHandle(() => {
      const texts = new Set<string | null | undefined>();
      new MutationObserver(() => {
        if (document.querySelector("#place")) texts.add(document.querySelector("#lamp")?.textContent);
      }).observe(document.body, { subtree: true, childList: true });
      return texts;
    });
    await tab.click("#room");
    await isAt("Room green, by day", "/room/green");
    expect(await seen.evaluate((texts) => [...texts])).toEqual(["off"]);
    await tab.click("#lamp-turn");
    await tab.says("#lamp-turn", "on");
    await tab.click("#rows");
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.click("#room");
    await isAt("Room green, by day", "/room/green");
    expect(await tab.text("#lamp-turn")).toBe("off");
    stays();
  });

  test("N8: back and forward are patches where the view is the same, and navigations where it is not", async () => {
    const process = await tab.text("#process");
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.click("#next");
    await isAt("Rows, page 3", "/rows?page=3");
    await forgetNotes();
    await tab.page.goBack();
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.page.goForward();
    await isAt("Rows, page 3", "/rows?page=3");
    expect(await tab.text("#process")).toBe(process);
    expect((await notes("navigate")).map(({ patch, pop, direction }) => ({ patch, pop, direction }))).toEqual([
      { patch: true, pop: true, direction: "backward" },
      { patch: true, pop: true, direction: "forward" },
    ]);
    await tab.click("#room");
    await isAt("Room green, by day", "/room/green");
    await forgetNotes();
    await tab.page.goBack();
    await isAt("Rows, page 3", "/rows?page=3");
    expect(await tab.text("#process")).not.toBe(process);
    await tab.page.goForward();
    await isAt("Room green, by day", "/room/green");
    expect((await notes("navigate")).map(({ patch, pop, direction }) => ({ patch, pop, direction }))).toEqual([
      { patch: false, pop: true, direction: "backward" },
      { patch: false, pop: true, direction: "forward" },
    ]);
    stays();
  });

  test("N7: links that replace leave no entry behind", async () => {
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    const length = await historyLength();
    await tab.click("#swap");
    await isAt("Rows, page 3", "/rows?page=3");
    await tab.click("#room-instead");
    await isAt("Room grey, by day", "/room/grey");
    expect(await historyLength()).toBe(length);
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    stays();
  });

  test("V20, N7: the server patches: in an event, in a message, in params, and with replacement", async () => {
    const process = await tab.text("#process");
    await tab.click("#push-patch");
    await isAt("Rows, page 7", "/rows?page=7");
    const length = await historyLength();
    await tab.click("#push-replace");
    await isAt("Rows, page 8", "/rows?page=8");
    expect(await historyLength()).toBe(length);
    await tab.click("#push-later");
    await isAt("Rows, page 9", "/rows?page=9");
    await forgetNotes();
    await tab.click("#to-four");
    await isAt("Rows, page 40", "/rows?page=40");
    expect(await notes("navigate")).toHaveLength(1);
    expect(await notes("page-loading-stop")).toHaveLength(1);
    expect(await tab.text("#process")).toBe(process);
    stays();
  });

  test("V20, V18, N12: the server navigates, with a flash that is shown once", async () => {
    await tab.click("#push-navigate");
    await isAt("Room blue, by day", "/room/blue");
    expect(await tab.text("#flash")).toBe("Come in");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    await tab.page.goForward();
    await isAt("Room blue, by day", "/room/blue");
    expect(await tab.text("#flash")).toBe("");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    const length = await historyLength();
    await tab.click("#push-leave");
    await isAt("Room late, by day", "/room/late");
    expect(await historyLength()).toBe(length);
    stays();
  });

  test("N11: a mount on the connection goes on elsewhere", async () => {
    await tab.click("#gate");
    await isAt("Room garden, by day", "/room/garden");
    expect(await tab.text("#flash")).toBe("Through the gate");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    stays();
  });

  test("N3, E7: a view that was navigated to comes back after a crash at its present address, without the flash", async () => {
    await tab.click("#push-navigate");
    await isAt("Room blue, by day", "/room/blue");
    await tab.click("#night");
    await isAt("Room blue, by night", "/room/blue?light=night");
    const process = await tab.text("#process");
    const frames = sent();
    await tab.page.click("#crash");
    await eventually(() => tab.text("#process")).not.toBe(process);
    await isAt("Room blue, by night", "/room/blue?light=night");
    expect(await tab.text("#flash")).toBe("");
    const join = frames.find((frame) => frame.includes("phx_join") && frame.includes("redirect"))!;
    expect(JSON.parse(join)[4]).toMatchObject({ redirect: `${on.stage.server.url}/room/blue?light=night` });
    expect(JSON.parse(join)[4]).not.toHaveProperty("flash");
    expect(JSON.parse(join)[4]).not.toHaveProperty("url");
    stays();
    tab.complaints.length = 0; // the official client tells the console of the crash
  });

  test("a view that is left while it has much to say says nothing in the next one", async () => {
    await tab.click("#push-start");
    await eventually(async () => Number(await tab.text("#ticks"))).toBeGreaterThan(20);
    for (let n = 0; n < 5; n++) {
      await tab.click("#room");
      await isAt("Room green, by day", "/room/green");
      expect(await tab.page.locator("#ticks").count()).toBe(0);
      await tab.click("#rows");
      await isAt("Rows, page 2", "/rows?page=2");
      await tab.click("#push-start");
      await eventually(async () => Number(await tab.text("#ticks"))).toBeGreaterThan(2);
    }
    stays();
  });

  test("N8: the fragment alone is the browser's business", async () => {
    const frames = sent();
    await tab.page.click("#hash");
    await eventually(path).toBe("/rows#row-60");
    await eventually(() => top("#row-60")).toBe(0);
    await tab.page.goBack();
    await eventually(path).toBe("/rows");
    await tab.page.goForward();
    await eventually(path).toBe("/rows#row-60");
    expect(await tab.text("#seen")).toBe("1");
    expect(frames.filter((frame) => !frame.includes("heartbeat"))).toEqual([]);
    stays();
  });

  test("N15: a fragment in the address of a live link is scrolled to", async () => {
    await tab.click("#to-row");
    await isAt("Rows, page 1", "/rows?page=1#row-60");
    await eventually(() => top("#row-60")).toBe(0);
    await tab.page.evaluate(() => document.querySelector<HTMLElement>("#window")!.click());
    await isAt("Room green, by day", "/room/green#window");
    await eventually(() => top("#window")).toBe(0);
    stays();
  });

  test("N15: each entry of the history is come back to where it was left", async () => {
    await scroll(500);
    await tab.page.evaluate(() => document.querySelector<HTMLElement>("#next")!.click());
    await isAt("Rows, page 2", "/rows?page=2");
    expect(await scrolledTo()).toBe(500); // a patch stays where it is
    await tab.page.evaluate(() => {
      window.scrollTo(0, 900);
      document.querySelector<HTMLElement>("#room")!.click(); // before it is noted in the browser's history
    });
    await isAt("Room green, by day", "/room/green");
    await eventually(scrolledTo).toBe(0);
    await tab.page.goBack();
    await isAt("Rows, page 2", "/rows?page=2");
    await eventually(scrolledTo).toBe(900);
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    await eventually(scrolledTo).toBe(500);
    await tab.page.reload();
    await tab.live();
    await eventually(scrolledTo).toBe(500);
  });

  test("N10: what a page forbids does not happen, by links and by the browser's history", async () => {
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.click("#room");
    await isAt("Room green, by day", "/room/green");
    await tab.page.evaluate(() => {
      window.addEventListener("phx:before-navigate", (event) => {
        if ("isLocked" in window) event.preventDefault();
      });
      Object.assign(window, { isLocked: true });
    });
    const process = await tab.text("#process");
    const frames = sent();
    await tab.page.click("#rows");
    await tab.page.click("#night");
    await tab.page.evaluate(() => window.history.back());
    await eventually(async () => (await notes("before-navigate")).at(-1)).toMatchObject({
      pop: true,
      direction: "backward",
    });
    await eventually(path).toBe("/room/green");
    expect(frames.filter((frame) => !frame.includes("heartbeat"))).toEqual([]);
    expect(await tab.text("#process")).toBe(process);
    await tab.page.evaluate(() => Reflect.deleteProperty(window, "isLocked"));
    await tab.page.goBack();
    await isAt("Rows, page 2", "/rows?page=2");
    stays();
  });

  test("JS commands patch and navigate", async () => {
    const process = await tab.text("#process");
    await tab.click("#js-patch");
    await isAt("Rows, page 3", "/rows?page=3");
    expect(await tab.text("#process")).toBe(process);
    const length = await historyLength();
    await tab.click("#js-navigate");
    await isAt("Room js, by day", "/room/js");
    expect(await historyLength()).toBe(length);
    stays();
  });

  test("the last of several navigations wins, with one entry in the history", async () => {
    const length = await historyLength();
    // With a patch among them the official client loads a page.
    const links = isOurs ? ["room", "next", "as-patch", "room-instead", "room"] : ["room", "room-instead", "room"];
    await tab.page.evaluate((ids) => {
      for (const id of ids) document.querySelector<HTMLElement>(`#${id}`)!.click();
    }, links);
    await isAt("Room green, by day", "/room/green");
    await eventually(historyLength).toBe(length + 1);
    await tab.click("#lamp-turn");
    await tab.says("#lamp-turn", "on");
    expect(await tab.page.locator("[data-phx-main]").count()).toBe(1);
    stays();
    if (!isOurs) return;
    const starts = await notes("page-loading-start");
    expect(await notes("page-loading-stop")).toEqual(starts);
  });

  // The official client keeps the first address, or has the first one's for the second one's page.
  test.runIf(isOurs)("the page is that of its address, whoever patches, and however quickly", async () => {
    const inOneGo = (...ids: string[]) =>
      tab.page.evaluate((all) => {
        for (const id of all) document.querySelector<HTMLElement>(`#${id}`)!.click();
      }, ids);
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    const length = await historyLength();
    await inOneGo("push-patch", "next"); // the server is at 7 before it hears of 3
    await isAt("Rows, page 3", "/rows?page=3");
    expect(await historyLength()).toBe(length + 2);
    await tab.page.goBack();
    await isAt("Rows, page 7", "/rows?page=7");
    await inOneGo("to-four", "next"); // and at 40 before it hears of 8
    await isAt("Rows, page 8", "/rows?page=8");
    await inOneGo("slow", "push-patch"); // but here it has the last word
    await isAt("Rows, page 7", "/rows?page=7");
    await tab.page.evaluate(() => {
      document.querySelector<HTMLElement>("#push-patch")!.click();
      document.querySelector<HTMLElement>("#push-replace")!.click();
      window.history.back();
    });
    await isAt("Rows, page 5", "/rows?page=5&wait=100");
    await tab.page.goForward();
    await tab.settled();
    expect(path()).toBe(`/rows?page=${/\d+/.exec((await tab.text("h1"))!)![0]}`);
    stays();
  });

  test("N9: a view without a title does not keep that of the one before", async () => {
    await tab.page.evaluate(() => {
      document.querySelector("title")!.dataset["default"] = "A site";
    });
    await tab.click("#to-titled");
    await eventually(() => tab.page.title()).toBe("Titled");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    await eventually(() => tab.page.title()).toBe("A site");
  });

  test("what is to be done when an element goes is done when its view is left", async () => {
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    expect(await notes("farewell")).toEqual([]);
    await tab.click("#room");
    await isAt("Room green, by day", "/room/green");
    expect(await notes("farewell")).toHaveLength(1);
  });

  // The official client loads that address as a page.
  test.runIf(isOurs)("a view that crashes over an address comes back at the one before", async () => {
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    const process = await tab.text("#process");
    await tab.page.click("#to-crash");
    await eventually(() => tab.text("#process")).not.toBe(process);
    await isAt("Rows, page 2", "/rows?page=2");
    const kinds = async (event: string) => (await notes(event)).map(({ kind }) => kind).sort();
    await eventually(() => kinds("page-loading-stop")).toEqual(["error", "initial", "patch", "patch"]);
    expect(await kinds("page-loading-start")).toEqual(["error", "initial", "patch", "patch"]);
    await tab.click("#next");
    await isAt("Rows, page 3", "/rows?page=3");
    stays();
  });
});
