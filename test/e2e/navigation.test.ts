/** Live navigation in a real browser: with our client, and with the official one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually, type Tab, TestBrowser, type Visitor } from "../support/browser.ts";
import { clients, type PageServer } from "../support/clients.ts";

interface Note {
  readonly event: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Runs in the page: notes what the client says on `window`, over page loads too. */
const noting = `
  window.notes = [];
  for (const event of ["page-loading-start", "page-loading-stop", "before-navigate", "navigate", "farewell"]) {
    window.addEventListener("phx:" + event, ({ detail }) => window.notes.push({ event, detail }));
  }
`;

let browser: TestBrowser;

beforeAll(async () => {
  browser = await TestBrowser.launch();
});

afterAll(() => browser[Symbol.asyncDispose]());

describe.each(clients)("with $name", (client) => {
  let server: PageServer;
  let visitor: Visitor;
  let tab: Tab;

  beforeAll(async () => {
    server = await client.startServer({ APP: "test/fixtures/apps/navigation.js" });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  beforeEach(async () => {
    visitor = await browser.visitor(server.url);
    await visitor.context.addInitScript(noting);
    await visitor.context.addInitScript(client.rejoinSoon);
    tab = await visitor.open("/rows");
  });
  afterEach(async () => {
    expect(await browser.closeTabs()).toEqual([]);
  });

  const isOurs = client.name === "our client";
  const path = (): string => tab.page.url().slice(server.url.length);
  /** Waits for the heading and the address, and for the view to be live. */
  const isAt = async (heading: string, address: string): Promise<void> => {
    await tab.says("h1", heading);
    await eventually(path).toBe(address);
    await tab.live();
  };
  const notes = async (event: string): Promise<Note["detail"][]> =>
    ((await tab.page.evaluate("window.notes")) as Note[])
      .filter((note) => note.event === event)
      .map(({ detail }) => detail);
  const forgetNotes = (): Promise<unknown> => tab.page.evaluate("window.notes.length = 0");
  const historyLength = (): Promise<number> => tab.page.evaluate(() => window.history.length);
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
  /** All that was sent to the server from now on. */
  const sent = (): string[] => {
    const frames: string[] = [];
    tab.sockets.at(-1)!.on("framesent", ({ payload }) => frames.push(String(payload)));
    return frames;
  };
  const stays = (): void => {
    expect(tab.loads).toBe(1);
    expect(tab.hasKeptItsSocket()).toBe(true);
  };

  test("N3, N9: a patch link keeps the process, and says what it does", async () => {
    const process = await tab.text("#process");
    await forgetNotes();
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    expect(await tab.text("#row-1")).toBe("101");
    expect(await tab.text("#process")).toBe(process);
    const to = `${server.url}/rows?page=2`;
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
    expect(await tab.text("#referer")).toBe(`${server.url}/rows`);
    expect(await container!.evaluate((el) => el.isConnected)).toBe(false);
    expect(await tab.page.locator("[data-phx-main]").count()).toBe(1);
    expect(await tab.page.getAttribute("[data-phx-main]", "id")).toBe(id);
    expect(await tab.page.getAttribute("[data-phx-main]", "data-phx-session")).toBe(session);
    expect(await tab.page.locator("ol").count()).toBe(0);
    await eventually(scrolledTo).toBe(0);
    const to = `${server.url}/room/green`;
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

  test("V20, N12: the server redirects: a page load, with the flash in a cookie that is gone after it", async () => {
    await tab.page.click("#push-redirect");
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("By the door");
    expect(tab.loads).toBe(2);
    const cookies = await visitor.context.cookies();
    expect(cookies.map(({ name }) => name)).not.toContain("__phoenix_flash__");
    await tab.page.reload();
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("");
  });

  test("N11: a mount on the connection goes on elsewhere", async () => {
    await tab.click("#gate");
    await isAt("Room garden, by day", "/room/garden");
    expect(await tab.text("#flash")).toBe("Through the gate");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    stays();
  });

  test("N4: what is of another live session is loaded as a page", async () => {
    await tab.click("#admin");
    await isAt("Admin 0", "/admin");
    expect(tab.loads).toBe(2);
    tab.complaints.length = 0; // the official client tells the console why
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
    expect(JSON.parse(join)[4]).toMatchObject({ redirect: `${server.url}/room/blue?light=night` });
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

  test("N8: clicks that want a tab or a window are the browser's", async () => {
    for (const click of [
      () => tab.page.click("#room", { modifiers: ["ControlOrMeta"] }),
      () => tab.page.click("#room", { button: "middle" }),
      () => tab.page.click("#new-tab"),
    ]) {
      const opened = visitor.context.waitForEvent("page");
      await click();
      const page = await opened;
      await page.locator("h1", { hasText: "Room green" }).waitFor();
      await page.close();
    }
    await isAt("Rows, page 1", "/rows");
    expect(await notes("before-navigate")).toEqual([]);
    stays();
  });

  test("N3: without a connection live links load pages", async () => {
    await tab.page.evaluate("liveSocket.disconnect()");
    await tab.page.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    expect(tab.loads).toBe(2);
    await tab.page.evaluate("liveSocket.disconnect()");
    await tab.page.click("#room");
    await isAt("Room green, by day", "/room/green");
    expect(tab.loads).toBe(3);
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

  test("V18: a flash that came with a page load is not shown again on the way back to it", async () => {
    await tab.page.click("#push-redirect");
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("By the door");
    await tab.page.goto(`${server.url}/admin`);
    await tab.page.goBack();
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("");
  });

  // The official client does not start.
  test.runIf(isOurs)("a page whose session storage is full is live all the same", async () => {
    await tab.page.evaluate(() => {
      for (let size = 1 << 20; size >= 1; size >>= 1) {
        try {
          for (let n = 0; ; n++) window.sessionStorage.setItem(`${size}/${n}`, "x".repeat(size));
        } catch {
          // So much does not fit in any more.
        }
      }
      window.sessionStorage.removeItem("phx:nav-history-position");
      try {
        for (let n = 0; ; n++) window.sessionStorage.setItem(`rest/${n}`, "");
      } catch {
        // Full.
      }
    });
    await tab.page.reload();
    await tab.live();
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
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

  // The official client goes on and on.
  test.runIf(isOurs)("views that send the browser round in circles are given a rest", async () => {
    const frames = sent();
    let answers = 0;
    tab.sockets[0]!.on("framereceived", ({ payload }) => {
      if (String(payload).includes("live_redirect")) answers += 1;
    });
    await tab.page.click("#circle");
    await eventually(() => answers).toBe(21);
    await tab.page.evaluate(() => new Promise(requestAnimationFrame)); // the last answer has been acted upon
    expect(frames.filter((frame) => frame.includes("phx_join"))).toHaveLength(21);
    expect(path()).toBe("/rows");
    expect(tab.loads).toBe(1);
  });

  // The official one does it, too, but does not show that it waits.
  test.runIf(isOurs)("a view that cannot be joined is loaded as a page", async () => {
    const waiting = await browser.visitor(server.url);
    await waiting.context.clock.install();
    tab = await waiting.open("/rows");
    await tab.page.click("#strict");
    await tab.page.locator("[data-phx-main].phx-server-error").waitFor();
    expect(path()).toBe("/rows");
    await waiting.context.clock.fastForward(10_000);
    await tab.says("h1", "Strict 0");
    expect(path()).toBe("/strict");
    await tab.page.locator("[data-phx-main].phx-server-error").waitFor();
  });

  // With the official one the page is at rest for ever.
  test.runIf(isOurs)("back from a view that could not be joined, before the page is loaded again", async () => {
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    await tab.page.click("#strict");
    await tab.page.locator("[data-phx-main].phx-server-error").waitFor();
    await tab.page.goBack();
    await isAt("Rows, page 1", "/rows");
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
  });
});
