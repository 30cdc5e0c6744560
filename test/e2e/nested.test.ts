/** Nested views in a real browser: with our client, and with the official one. */
import type { WebSocketRoute } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, Tab, type Visitor } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";

describeWithClients({ APP: "test/fixtures/apps/nested.js", SCHEDULERS: "2" }, (stage) => {
  let tab: Tab;

  beforeEach(async () => {
    const visitor = await stage.browser.visitor(stage.server.url);
    await visitor.context.addInitScript(stage.client.rejoinSoon);
    tab = await visitor.open("/nested");
    await isLive("kid", "leaf");
  });
  afterEach(async () => {
    await stage.browser.closeTabs();
  });

  const isLive = (...ids: string[]): Promise<void> => isLiveOn(tab, ...ids);
  const isLiveOn = async (tab: Tab, ...ids: string[]): Promise<void> => {
    for (const id of ids) await tab.page.locator(`#${id}.phx-connected`).waitFor();
  };
  /** Clicks what makes a view crash, and waits for the process that comes in its place. */
  const crash = async (button: string, process: string): Promise<void> => {
    const before = await tab.text(process);
    await tab.page.click(button);
    await eventually(() => tab.text(process)).not.toBe(before);
  };

  test("V25: a page shows its nested views before they are connected; then each works by itself", async () => {
    const dead = await (await tab.page.context().request.get("/nested")).text();
    expect(dead).toMatch(/<section id="kid" [^>]*>\s*<h2>Ann<\/h2>[\s\S]*<div id="leaf"[\s\S]*<\/div>\s*<\/section>/);
    await tab.click("#kid-inc");
    await tab.click("#leaf-inc");
    await tab.click("#leaf-inc");
    await tab.click("#inc");
    const counts = await Promise.all(["#count", "#kid-count", "#leaf-count"].map((id) => tab.text(id)));
    expect(counts).toEqual(["1", "1", "2"]);
    expect(await tab.text("h2")).toBe("Ann");
    expect(await tab.text("#kid-process")).not.toBe(await tab.text("#process"));
    expect(tab.complaints).toEqual([]);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });

  test("F21: patches of the parent leave the child's content alone, and bring its container's attributes", async () => {
    await tab.click("#kid-inc");
    await tab.page.fill("#kid-input", "typed");
    const input = await tab.page.$("#kid-input");
    const process = await tab.text("#kid-process");
    for (let n = 1; n <= 3; n++) {
      await tab.click("#inc");
      await tab.says("#count", String(n));
      expect(await tab.page.getAttribute("#kid", "data-at")).toBe(String(n));
      // The official client takes away what the server's container does not have, its own class too.
      if (stage.client.name === "our client")
        expect(await tab.page.getAttribute("#kid", "class")).toBe("phx-connected");
    }
    expect(await tab.text("#kid-count")).toBe("1");
    expect(await tab.page.inputValue("#kid-input")).toBe("typed");
    await tab.click("#kid-inc");
    expect(await tab.text("#kid-count")).toBe("2");
    expect(await input!.evaluate((el) => el.isConnected)).toBe(true);
    expect(await tab.text("#kid-process")).toBe(process);
    expect(tab.complaints).toEqual([]);
  });

  test("V25: a child that was taken out and is shown again is mounted anew", async () => {
    await tab.click("#kid-inc");
    const process = await tab.text("#kid-process");
    await tab.click("#toggle");
    expect(await tab.page.locator("#kid").count()).toBe(0);
    await tab.click("#toggle");
    await isLive("kid", "leaf");
    expect(await tab.text("#kid-count")).toBe("0");
    expect(await tab.text("#kid-process")).not.toBe(process);
    await tab.click("#leaf-inc");
    expect(await tab.text("#leaf-count")).toBe("1");
    expect(tab.complaints).toEqual([]);
  });

  test("V25, E7: a child that crashes comes back alone, with its own child", async () => {
    await tab.click("#inc");
    await tab.click("#kid-inc");
    const process = await tab.text("#process");
    await crash("#kid-crash", "#kid-process");
    await isLive("kid", "leaf");
    expect(await tab.text("#kid-count")).toBe("0");
    await tab.click("#kid-inc");
    await tab.click("#leaf-inc");
    await tab.click("#inc");
    expect(await Promise.all(["#count", "#kid-count", "#leaf-count"].map((id) => tab.text(id)))).toEqual([
      "2",
      "1",
      "1",
    ]);
    expect(await tab.text("#process")).toBe(process);
    expect(tab.loads).toBe(1);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });

  test("V25: the parent's crash brings all of them back, on the same page", async () => {
    await tab.click("#kid-inc");
    const process = await tab.text("#kid-process");
    await crash("#crash", "#process");
    await eventually(() => tab.text("#kid-process")).not.toBe(process);
    await isLive("kid", "leaf");
    expect(await tab.text("#kid-count")).toBe("0");
    await tab.click("#leaf-inc");
    await tab.click("#kid-inc");
    expect(await Promise.all(["#count", "#kid-count", "#leaf-count"].map((id) => tab.text(id)))).toEqual([
      "0",
      "1",
      "1",
    ]);
    expect(tab.loads).toBe(1);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });

  /** A tab that opens a page, whose frames from the server go through `pass`; it does not wait for the page to be live. */
  const load = async (
    path: string,
    pass: (frame: string, page: WebSocketRoute) => boolean,
    prepare: (visitor: Visitor) => Promise<void> = async () => {},
  ): Promise<Tab> => {
    const visitor = await stage.browser.visitor(stage.server.url);
    await prepare(visitor);
    await visitor.context.addInitScript(stage.client.rejoinSoon);
    await visitor.context.addInitScript(() => {
      const loads: string[] = [];
      Object.assign(window, { loads });
      for (const stage of ["start", "stop"]) {
        window.addEventListener(`phx:page-loading-${stage}`, (event) => {
          loads.push(`${stage} ${(event as CustomEvent<{ kind: string }>).detail.kind}`);
        });
      }
    });
    await visitor.context.routeWebSocket(/websocket/, (page) => {
      page.connectToServer().onMessage((frame) => {
        if (pass(String(frame), page)) page.send(frame);
      });
    });
    const tab = new Tab(await visitor.context.newPage());
    visitor.tabs.push(tab);
    await tab.page.goto(path);
    return tab;
  };
  const isLeafs = (frame: string): boolean => frame.includes('"lv:leaf"');
  const loads = (tab: Tab): Promise<unknown> => tab.page.evaluate("window.loads");

  test("V25, 5.7: a page is shown with its nested views, and theirs; what is said meanwhile waits", async () => {
    const held: (() => void)[] = [];
    let greetings = 0;
    let answer: (() => void) | undefined;
    const isOurs = stage.client.name === "our client"; // the official one has a container of another tag joined twice
    const tab = await load(isOurs ? "/greeted?retag" : "/greeted", (frame, page) => {
      if (/"\d":"1?1"/.test(frame)) greetings += 1;
      if (/"\d":"21"/.test(frame)) {
        answer = () => page.send(frame);
        return false;
      }
      if (!isLeafs(frame) || held.length > 0) return true;
      held.push(() => page.send(frame));
      return false;
    });
    await eventually(() => held.length).toBe(1);
    await eventually(() => greetings).toBe(1);
    await tab.page.evaluate(() => new Promise(requestAnimationFrame)); // what has come has been acted upon
    await tab.page.locator("[data-phx-main].phx-loading:not(.phx-connected)").waitFor();
    expect([await tab.text("#process"), await tab.text("#greeter-is")]).toEqual(["", "dead"]);
    expect(await loads(tab)).toEqual(["start initial"]);
    await tab.page.click("#greet");
    await eventually(() => greetings).toBe(2);
    await tab.page.locator("#greet:not(.phx-click-loading)").click();
    await eventually(() => answer !== undefined).toBe(true);
    expect(await tab.text("#process")).toBe("");
    held[0]!();
    await tab.live();
    expect(await tab.text("#process")).not.toBe("");
    expect(await tab.text("#greetings")).toBe("11");
    await tab.page.locator("#greet.phx-click-loading").waitFor();
    answer!();
    await tab.says("#greetings", "21");
    await tab.page.locator("#greet:not(.phx-click-loading)").click();
    await tab.says("#greetings", "31");
    expect(await tab.text("#greeter-is")).toBe("live");
    expect(await tab.page.locator("#greeter #leaf.phx-connected").count()).toBe(1);
    if (isOurs) expect(await tab.page.locator("section#greeter.phx-connected").count()).toBe(1);
    expect(await loads(tab)).toEqual(["start initial", "stop initial"]);
    await tab.click("#leaf-inc");
    expect(await tab.text("#leaf-count")).toBe("1");
    expect(tab.complaints).toEqual([]);
    expect(tab.loads).toBe(1);
  });

  // The official client shows the page without its nested views, and then once more with them.
  test.runIf(stage.client.name === "our client")("5.7: a page outlives the connection while it is joined", async () => {
    let cuts = 1;
    const tab = await load("/greeted", (frame, page) => {
      if (cuts === 0 || !isLeafs(frame)) return true;
      cuts -= 1;
      void page.close({ code: 1012 });
      return false;
    });
    await tab.live();
    await isLiveOn(tab, "greeter", "leaf");
    expect(await loads(tab)).toEqual(["start initial", "stop initial", "start error", "stop error"]);
    await tab.click("#leaf-inc");
    expect(await tab.text("#leaf-count")).toBe("1");
    expect(tab.loads).toBe(1);
  });

  // The official client waits for it for ever.
  test.runIf(stage.client.name === "our client")(
    "5.7: a nested view that cannot be joined does not keep the page",
    async () => {
      let attempts = 0;
      const tab = await load("/greeted?failing", (frame) => {
        if (frame.includes('"lv:failing"') && frame.includes('"join crashed"')) attempts += 1;
        return true;
      });
      await tab.says("#greetings", "1");
      await tab.page.locator("[data-phx-main].phx-server-error").waitFor();
      expect(await tab.text("#greeter-is")).toBe("live");
      expect(await loads(tab)).toEqual(["start initial", "stop initial"]);
      expect(attempts).toBe(3);
      await tab.page.click("#to-nested");
      await isLiveOn(tab, "kid", "leaf");
      expect(attempts).toBe(3);
    },
  );

  // With the official one it stays as it is, dead.
  test.runIf(stage.client.name === "our client")(
    "5.7: a nested view that ends for a file's sake, before its page is shown, is not awaited, and comes back",
    async () => {
      const held: (() => void)[] = [];
      let isClosed = false;
      const tab = await load(
        "/greeted?fetching",
        (frame, page) => {
          if (frame.includes("phx_close")) isClosed = true;
          if (!isLeafs(frame) || held.length > 0) return true;
          held.push(() => page.send(frame));
          return false;
        },
        async ({ context }) => {
          await context.clock.install();
          await context.route("**/file", (route) => route.fulfill({ status: 204 }));
        },
      );
      await eventually(() => held.length > 0 && isClosed).toBe(true);
      await tab.page.locator("#greeter.phx-loading").waitFor();
      expect(await tab.text("#process")).toBe("");
      held[0]!();
      await tab.live();
      await isLiveOn(tab, "leaf");
      expect(await tab.text("#greeter-is")).toBe("dead");
      await tab.page.clock.fastForward(2_000);
      await tab.says("#greeter-is", "live");
      await isLiveOn(tab, "greeter");
      expect(tab.loads).toBe(1);
    },
  );

  test("5.7: who leaves a page that is not joined yet gets the next one", async () => {
    let held = 0;
    const tab = await load("/greeted", (frame) => !isLeafs(frame) || held++ > 0);
    await eventually(() => held).toBe(1);
    await tab.page.click("#to-nested");
    await tab.page.locator("#kid.phx-connected").waitFor();
    expect(await tab.page.locator("#greeter").count()).toBe(0);
    expect(tab.page.url()).toBe(`${stage.server.url}/nested`);
  });

  test("V25: a child that cannot be mounted is given up after three attempts; the page says so, and works", async () => {
    const visitor = await stage.browser.visitor(stage.server.url);
    await visitor.context.addInitScript(stage.client.rejoinSoon);
    const tab = await visitor.open("/failing");
    await tab.click("#inc");
    await tab.page.locator("[data-phx-main].phx-server-error").waitFor();
    await tab.click("#inc");
    await tab.says("#count", "2");
    expect(tab.loads).toBe(1);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });
});
