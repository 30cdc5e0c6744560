/** Where live navigation ends and a page is loaded, or was to be: with our client, and with the official one. */
import { beforeEach, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeNavigation } from "../support/navigation-suite.ts";

describeNavigation((on) => {
  const { path, isAt, notes, sent, stays } = on;
  const isOurs = on.stage.client.name === "our client";
  let tab: Tab;
  beforeEach(() => {
    tab = on.tab;
  });

  test("V20, N12: the server redirects: a page load, with the flash in a cookie that is gone after it", async () => {
    await tab.page.click("#push-redirect");
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("By the door");
    expect(tab.loads).toBe(2);
    const cookies = await on.visitor.context.cookies();
    expect(cookies.map(({ name }) => name)).not.toContain("__phoenix_flash__");
    await tab.page.reload();
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("");
  });

  test("N4: what is of another live session is loaded as a page", async () => {
    await tab.click("#admin");
    await isAt("Admin 0", "/admin");
    expect(tab.loads).toBe(2);
    tab.complaints.length = 0; // the official client tells the console why
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

  test("V18: a flash that came with a page load is not shown again on the way back to it", async () => {
    await tab.page.click("#push-redirect");
    await isAt("Room red, by day", "/room/red");
    expect(await tab.text("#flash")).toBe("By the door");
    await tab.page.goto(`${on.stage.server.url}/admin`);
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
    const waiting = await on.stage.browser.visitor(on.stage.server.url);
    await waiting.context.clock.install();
    tab = on.tab = await waiting.open("/rows");
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

  test("N8: clicks that want a tab or a window are the browser's", async () => {
    for (const click of [
      () => tab.page.click("#room", { modifiers: ["ControlOrMeta"] }),
      () => tab.page.click("#room", { button: "middle" }),
      () => tab.page.click("#new-tab"),
    ]) {
      const opened = on.visitor.context.waitForEvent("page");
      await click();
      const page = await opened;
      await page.locator("h1", { hasText: "Room green" }).waitFor();
      await page.close();
    }
    await isAt("Rows, page 1", "/rows");
    expect(await notes("before-navigate")).toEqual([]);
    stays();
  });

  // With the official one the page stays as it is, dead.
  test.runIf(isOurs).each([
    ["a download", { headers: { "content-disposition": "attachment" }, body: "red" }],
    ["an answer without content", { status: 204 }],
  ] as const)("a view that redirects to %s comes back, as long as somebody is there", async (_, answer) => {
    const here = await on.stage.browser.visitor(on.stage.server.url);
    await here.context.clock.install();
    await here.context.route("**/room/red", (route) => route.fulfill(answer));
    tab = on.tab = await here.open("/rows");
    await tab.click("#next");
    await isAt("Rows, page 2", "/rows?page=2");
    const process = await tab.text("#process");
    const request = tab.page.waitForRequest("**/room/red");
    await tab.page.click("#push-redirect");
    await request;
    await tab.page.locator("[data-phx-main].phx-loading").waitFor();
    await here.context.clock.fastForward(2_000);
    await isAt("Rows, page 2", "/rows?page=2");
    expect(await tab.text("#process")).not.toBe(process);
    await tab.click("#next");
    await isAt("Rows, page 3", "/rows?page=3");
    stays();
    // By itself it does so three times, and no more.
    const redirect = (): Promise<unknown> =>
      tab.page.evaluate(() => document.querySelector<HTMLElement>("#push-redirect")!.click());
    for (let n = 1; n <= 4; n++) {
      await redirect();
      await tab.page.locator("[data-phx-main].phx-loading").waitFor();
      await here.context.clock.fastForward(2_000);
      if (n < 4) await tab.live();
    }
    expect(await tab.page.locator("[data-phx-main].phx-loading").count()).toBe(1);
  });

  // With the official one the page stays as it is, dead.
  test.runIf(isOurs)(
    "11.5: a form that was submitted over HTTP, and brings a download, leaves the page live",
    async () => {
      const here = await on.stage.browser.visitor(on.stage.server.url);
      await here.context.clock.install();
      await here.context.route("**/room/red?", (route) =>
        route.fulfill({ headers: { "content-disposition": "attachment" }, body: "red" }),
      );
      tab = on.tab = await here.open("/rows");
      await tab.click("#next");
      const process = await tab.text("#process");
      const request = tab.page.waitForRequest("**/room/red?");
      await tab.page.click("#push-post");
      await request;
      await here.context.clock.fastForward(5_000);
      await eventually(() => tab.text("#process")).not.toBe(process);
      await isAt("Rows, page 2", "/rows?page=2");
      await tab.click("#next");
      await isAt("Rows, page 3", "/rows?page=3");
      expect(tab.loads).toBe(1);
    },
  );
});
