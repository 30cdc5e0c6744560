/** Live navigation in a real browser, over a line that changes what the server says, or breaks. */
import type { WebSocketRoute } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";

describeWithClients({ APP: "test/fixtures/apps/navigation.js" }, (stage) => {
  const isOurs = stage.client.name === "our client";

  afterEach(async () => {
    expect(await stage.browser.closeTabs()).toEqual([]);
  });

  /** A tab whose frames from the server go through `pass`. */
  const open = async (pass: (frame: string, connection: WebSocketRoute) => string | null): Promise<Tab> => {
    const visitor = await stage.browser.visitor(stage.server.url);
    await visitor.context.routeWebSocket(/websocket/, (page) => {
      const line = page.connectToServer();
      line.onMessage((frame) => {
        const passed = pass(String(frame), page);
        if (passed !== null) page.send(passed);
      });
    });
    return visitor.open("/rows");
  };

  test("5.4: the container becomes what the next view wants, tag and attributes, and remains its own", async () => {
    // The official client takes over the attributes, but shows no other tag than the first one.
    const [first, second] = isOurs ? ["main", "section"] : ["div", "div"];
    let container = `["${first}",{"class":"wide","data-mood":"calm"}]`;
    const tab = await open((frame) => frame.replace('["div",{}]', container));
    const identity = () =>
      tab.page.$eval("[data-phx-main]", (el) =>
        ["id", "data-phx-session", "data-phx-static", "data-phx-root-id"].map((name) => el.getAttribute(name)),
      );
    const before = await identity();
    await tab.click("#room");
    await tab.page.locator(`${first}.wide.phx-connected[data-phx-main][data-mood=calm]`).waitFor();
    expect(await identity()).toEqual(before);
    await tab.click("#lamp-turn");
    await tab.says("#lamp-turn", "on");
    container = `["${second}",{"class":"narrow"}]`;
    const process = await tab.text("#process");
    await tab.page.click("#crash");
    await eventually(() => tab.text("#process")).not.toBe(process);
    await tab.page.locator(`${second}.narrow.phx-connected[data-phx-main]:not(.wide):not([data-mood])`).waitFor();
    expect(await identity()).toEqual(before);
    await tab.click("#night");
    await tab.says("h1", "Room green, by night");
    expect(tab.loads).toBe(1);
    tab.complaints.length = 0; // the official client tells the console of the crash
  });

  // The official client loads the page again.
  test.runIf(isOurs).each([
    ["before the view was joined", "container"],
    ["before the view in it was joined, with its flash", '"lv:lamp","phx_reply"'],
  ])("a navigation outlives the connection, %s", async (_, last) => {
    let cuts = 1;
    const tab = await open((frame, connection) => {
      if (!frame.includes(last) || cuts === 0) return frame;
      cuts -= 1;
      void connection.close({ code: 1012 });
      return null;
    });
    const length = await tab.page.evaluate(() => window.history.length);
    await tab.page.evaluate(() => {
      const states: string[] = [];
      Object.assign(window, { states });
      new MutationObserver(() => states.push(document.querySelector("[data-phx-main]")!.className)).observe(
        document.querySelector("[data-phx-main]")!,
        { attributeFilter: ["class"] },
      );
    });
    await tab.page.click("#push-navigate");
    await tab.says("h1", "Room blue, by day");
    await tab.live();
    expect(await tab.text("#flash")).toBe("Come in");
    expect(await tab.page.evaluate("window.states")).toContain("phx-client-error phx-loading phx-error");
    expect(await tab.page.evaluate(() => window.history.length)).toBe(length + 1);
    await tab.click("#lamp-turn");
    await tab.says("#lamp-turn", "on");
    expect(tab.loads).toBe(1);
  });
});
