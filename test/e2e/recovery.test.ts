/**
 * What comes back by itself in a real browser, and how soon: once with our client, once with the official one.
 *
 *   the server restarts      ─▷ the page is live again, not reloaded
 *   a scheduler thread ends  ─▷ its views are live again within a second, on the same open sockets
 *   the session is not valid ─▷ the page reloads itself, once
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";

describeWithClients({}, (stage) => {
  beforeEach(async () => {
    stage.visitor = await stage.browser.visitor(stage.server.url);
  });

  afterEach(async () => {
    // The browser itself writes to the console when nobody listens at the port.
    const unexpected = (await stage.browser.closeTabs()).filter(
      (line) => !/^WebSocket connection to .* failed/.test(line),
    );
    expect(unexpected).toEqual([]);
  });

  describe("a server that restarts", () => {
    test("brings pages back live without a reload", async () => {
      const [counter, room] = [await stage.visitor.open("/counter"), await stage.visitor.open("/room")];
      await counter.click("#inc");
      await counter.says("#count", "1");

      await stage.server.stop();
      for (const tab of [counter, room]) await tab.page.locator("[data-phx-main].phx-client-error").waitFor();
      await counter.says("#count", "1");

      stage.server = await stage.server.again();
      for (const tab of [counter, room]) await tab.live();
      await counter.says("#count", "0");
      await counter.click("#inc");
      await counter.says("#count", "1");
      await room.page.bringToFront();
      await room.page.fill("input[name=text]", "still here");
      await room.page.click("button[type=submit]");
      await room.says("#last", "still here");
      for (const tab of [counter, room]) expect(tab.loads).toBe(1);
    });

    test("gets back what was entered into a form, and its user goes on typing", async () => {
      const tab = await stage.visitor.open("/form");
      await fillIn(tab);

      await stage.server.kill();
      await tab.page.locator("[data-phx-main].phx-client-error").waitFor();
      await tab.page.keyboard.type("X"); // while nobody is there

      stage.server = await stage.server.again();
      await tab.live();
      await isFilledIn(tab, "aliXce");
      expect(tab.loads).toBe(1);
    });
  });

  describe("a scheduler thread that ends", () => {
    test("brings all its views back within a second, on the same sockets, and HTTP never refuses", async () => {
      await stage.visitor.context.addInitScript(stage.client.rejoinSoon);
      const stranger = await stage.browser.visitor(stage.server.url);
      await stranger.context.addInitScript(stage.client.rejoinSoon);
      const tabs = [
        await stage.visitor.open("/counter"),
        await stage.visitor.open("/dashboard"),
        await stage.visitor.open("/room"),
        await stranger.open("/stream"),
        await stranger.open("/crash"),
        await stranger.open("/form"),
      ];
      const [counter, , room] = tabs as [Tab, Tab, Tab];
      await counter.click("#inc");
      await counter.says("#count", "1");
      const notes = await Promise.all(tabs.map((tab) => tab.noteStates()));
      // The page waits for a thread; the file is answered by the thread that owns the port.
      const visits = ["/counter", "/assets/lintel.js"].map((path) => new HttpVisits(`${stage.server.url}${path}`));

      const killedAtMs = Date.now();
      stage.server.killThread();

      await counter.says("#count", "0");
      const waitsMs: number[] = [];
      for (const states of notes) {
        await eventually(async () => (await states()).at(-1)?.classes).toBe("phx-connected");
        waitsMs.push((await states()).at(-1)!.atMs - killedAtMs);
      }
      const [pages, files] = await Promise.all(visits.map((visit) => visit.stop()));

      expect(Math.max(...waitsMs)).toBeLessThan(1000);
      expect(new Set(pages!.statuses)).toEqual(new Set([200]));
      expect(new Set(files!.statuses)).toEqual(new Set([200]));
      expect(files!.longestMs).toBeLessThan(1000);
      console.log(`${stage.client.name}: thread ended, live again after ${waitsMs.join(", ")} ms;`);
      console.log(`slowest of ${pages!.statuses.length} pages ${pages!.longestMs} ms,`);
      console.log(`of ${files!.statuses.length} files ${files!.longestMs} ms.`);
      await counter.click("#inc");
      await counter.says("#count", "1");
      await room.page.bringToFront();
      await room.page.fill("input[name=text]", "still here");
      await room.page.click("button[type=submit]");
      await room.says("#last", "still here");
      for (const tab of tabs) {
        expect(tab.hasKeptItsSocket()).toBe(true);
        expect(tab.loads).toBe(1);
      }
      expect(stage.server.reports.some((report) => report.includes("a new thread takes its place"))).toBe(true);
    });

    test("gets back what was entered into a form, with focus and caret", async () => {
      const tab = await stage.visitor.open("/form");
      await fillIn(tab);
      const states = await tab.noteStates();

      stage.server.killThread();
      await eventually(async () => (await states()).map(({ classes }) => classes)).toEqual([
        "phx-error phx-loading phx-server-error",
        "phx-connected",
      ]);
      await tab.page.keyboard.type("X");
      await isFilledIn(tab, "aliXce");
      expect(tab.hasKeptItsSocket()).toBe(true);
      expect(tab.loads).toBe(1);
    });

    test("does not touch the views of another thread", async () => {
      const two = await stage.client.startServer({ SCHEDULERS: "2" });
      try {
        const guest = await stage.browser.visitor(two.url);
        const tabs: Tab[] = [];
        for (let i = 0; i < 4; i++) tabs.push(await guest.open("/crash"));
        for (const tab of tabs) await tab.click("#inc");
        const notes = await Promise.all(tabs.map((tab) => tab.noteStates()));

        two.killThread();
        const counts = () => Promise.all(tabs.map((tab) => tab.text("#count")));
        await eventually(async () => (await counts()).filter((count) => count === "0").length).toBe(2);
        for (const tab of tabs) await tab.live();

        const untouched = (await Promise.all(notes.map((states) => states()))).map((states) => states.length === 0);
        expect((await counts()).map((count) => count === "1")).toEqual(untouched);
        for (const tab of tabs) await tab.click("#inc");
        expect((await counts()).sort()).toEqual(["1", "1", "2", "2"]);
      } finally {
        await two[Symbol.asyncDispose]();
      }
    });
  });

  describe("a page whose session the server does not accept", () => {
    test("of another visitor: reloads itself once, and is live", async () => {
      const tab = await stage.visitor.open("/counter");
      const stranger = await stage.browser.visitor(stage.server.url);
      await stranger.open("/counter");
      const cookies = await stranger.context.cookies();
      await stage.visitor.context.clearCookies();
      await stage.visitor.context.addCookies(cookies);
      await reconnect(tab);
      await reloadsOnce(tab);
    });

    test("gone from the browser: reloads itself once, and is live", async () => {
      const tab = await stage.visitor.open("/counter");
      await stage.visitor.context.clearCookies();
      await reconnect(tab);
      await reloadsOnce(tab);
    });

    test("signed with a secret that the restarted server does not know: reloads itself once, and is live", async () => {
      const tab = await stage.visitor.open("/counter");
      await stage.server.stop();
      stage.server = await stage.server.again({
        LINTEL_SECRET: "another secret for tests, of thirty-two bytes or more",
      });
      await reloadsOnce(tab);
    });
  });
});

// ---- what visitors do ------------------------------------------------------------------------------------------------

/** Fills in a part of /form; the user's caret is in the middle of the username. */
async function fillIn({ page }: Tab): Promise<void> {
  await page.fill("#user_name", "A");
  await page.fill("#user_city", "Rome");
  await page.focus("#user_username");
  await page.keyboard.type("alice");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
}

/** The page has all of it, and what the server says of it, and the user is still typing there. */
async function isFilledIn(tab: Tab, username: string): Promise<void> {
  const { page } = tab;
  await eventually(() => page.locator(".error").allTextContents()).toEqual([
    "is too short",
    "can't be blank",
    "has invalid characters",
    "can't be blank",
  ]);
  await tab.settled();
  expect(await page.inputValue("#user_name")).toBe("A");
  expect(await page.inputValue("#user_city")).toBe("Rome");
  expect(await page.inputValue("#user_username")).toBe(username);
  expect(
    await page.evaluate(() => {
      const { id, selectionStart } = document.activeElement as HTMLInputElement;
      return { id, caret: selectionStart };
    }),
  ).toEqual({ id: "user_username", caret: 4 });
}

/** The connection drops, and comes back with the cookies that the browser has now. */
async function reconnect({ page }: Tab): Promise<void> {
  await page.evaluate(() => {
    const { liveSocket } = window as unknown as { liveSocket: { disconnect(done: () => void): void; connect(): void } };
    liveSocket.disconnect(() => {});
    liveSocket.connect();
  });
}

async function reloadsOnce(tab: Tab): Promise<void> {
  await eventually(() => tab.loads).toBe(2);
  await tab.live();
  await tab.click("#inc");
  await tab.says("#count", "1");
  expect(tab.loads).toBe(2);
}

/** Somebody who gets a page over HTTP, again and again, each time on a new connection. */
class HttpVisits {
  readonly #statuses: (number | string)[] = [];
  readonly #done: Promise<void>;
  #longestMs = 0;
  #stopping = false;

  constructor(url: string) {
    this.#done = this.#visit(url);
  }

  /** @returns a status for each visit, or why it failed; and how long the longest took, in milliseconds */
  async stop(): Promise<{ statuses: (number | string)[]; longestMs: number }> {
    this.#stopping = true;
    await this.#done;
    return { statuses: this.#statuses, longestMs: Math.round(this.#longestMs) };
  }

  async #visit(url: string): Promise<void> {
    while (!this.#stopping) {
      const startMs = performance.now();
      try {
        const response = await fetch(url, { headers: { connection: "close" } });
        await response.text();
        this.#statuses.push(response.status);
      } catch (error) {
        this.#statuses.push(String((error as Error).cause ?? error));
      }
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startMs);
    }
  }
}
