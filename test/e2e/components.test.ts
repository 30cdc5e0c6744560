/** Components and boundaries in a real browser, at the demo's /watches: with our client, and with the official one. */
import { afterEach, expect, test } from "vitest";
import { eventually, type Tab } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";

describeWithClients({}, (stage) => {
  afterEach(async () => {
    expect(await stage.browser.closeTabs()).toEqual([]);
  });

  const open = async (): Promise<Tab> => {
    const tab = await stage.visitor.open("/watches");
    // The very elements that are there now, to be known again.
    await tab.page.evaluate(() => {
      for (const watch of document.querySelectorAll(".watch")) Object.assign(watch, { isFirst: true });
    });
    return tab;
  };
  const firstOnes = (tab: Tab): Promise<string[]> =>
    tab.page.$$eval(".watch", (watches) => watches.filter((watch) => "isFirst" in watch).map(({ id }) => id));
  const namesShown = (tab: Tab): Promise<(string | null)[]> => tab.page.locator(".watch h2").allTextContents();
  /** Notes from now on what fallbacks say, as soon as it is there. @returns reads the notes */
  const noteBroken = async (tab: Tab): Promise<() => Promise<string[]>> => {
    const notes = await tab.page.evaluateHandle(() => {
      const said: string[] = [];
      new MutationObserver(() => {
        const text = document.querySelector(".broken .time + p")?.textContent;
        if (text && text !== said.at(-1)) said.push(text);
      }).observe(document.querySelector("#watches")!, {
        subtree: true,
        childList: true,
        attributes: true,
        characterData: true,
      });
      return said;
    });
    return () => notes.jsonValue();
  };
  const secondsOf = async (tab: Tab, name: string): Promise<number> => {
    const [minutes, seconds] = (await tab.text(`#watch-${name} .time`))!.split(":");
    return Number(minutes) * 60 + Number(seconds);
  };
  const runsFor = async (tab: Tab, name: string, seconds: number): Promise<void> => {
    await eventually(() => secondsOf(tab, name)).toBeGreaterThanOrEqual(seconds);
  };

  test("each has a state and messages of its own; an event with its number is its own (C3, C6)", async () => {
    const tab = await open();
    await tab.click("#watch-Ada .toggle");
    await tab.says("#watch-Ada .toggle", "Go on");
    expect(await tab.text("#watch-Blaise .toggle")).toBe("Stop");
    const stopped = await secondsOf(tab, "Ada");
    await runsFor(tab, "Blaise", stopped + 2);
    expect(await secondsOf(tab, "Ada")).toBe(stopped);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });

  test("a selector as target reaches each of them (C3)", async () => {
    const tab = await open();
    await tab.click("#watch-Blaise .toggle");
    await tab.click("#all");
    const labels = () => tab.page.locator(".toggle").allTextContents();
    await eventually(labels).toEqual(["Go on", "Stop", "Go on"]);
  });

  test("turned around, each takes its state along, and the page its elements and what was written there (C2)", async () => {
    const tab = await open();
    await tab.click("#watch-Ada .toggle");
    await tab.page.fill("#watch-Ada input", "my note");
    await tab.page.focus("#watch-Blaise input");
    await tab.page.keyboard.type("typ");
    await tab.page.evaluate(() => (document.querySelector("#turn") as HTMLElement).click());
    await eventually(() => namesShown(tab)).toEqual(["Charles", "Blaise", "Ada"]);
    await tab.page.keyboard.type("ing");
    expect(await tab.page.inputValue("#watch-Ada input")).toBe("my note");
    expect(await tab.page.inputValue("#watch-Blaise input")).toBe("typing");
    expect(await tab.text("#watch-Ada .toggle")).toBe("Go on");
    expect(await firstOnes(tab)).toEqual(["watch-Charles", "watch-Blaise", "watch-Ada"]);
  });

  test("one that breaks is mended, with a new state; its neighbours and the page notice nothing (C16, M11)", async () => {
    const tab = await open();
    await runsFor(tab, "Charles", 1);
    await tab.click("#watch-Ada .toggle");
    await tab.page.focus("#watch-Charles input");
    await tab.page.keyboard.type("still ");
    const said = await noteBroken(tab);
    for (const times of [1, 2]) {
      await tab.page.evaluate(() => (document.querySelector("#watch-Blaise .break") as HTMLElement).click());
      await eventually(async () => (await said()).length).toBe(times);
      await tab.page.locator("#watch-Blaise:not(.broken)").waitFor();
    }
    expect(await said()).toEqual([
      expect.stringMatching(/^A new one in 0\.\d s\.$/),
      expect.stringMatching(/^A new one in 0\.\d s\. It broke 2 times in a row\.$/),
    ]);
    await tab.page.keyboard.type("here");
    expect(await secondsOf(tab, "Blaise")).toBeLessThanOrEqual(1);
    expect(await tab.page.inputValue("#watch-Charles input")).toBe("still here");
    expect(await tab.text("#watch-Ada .toggle")).toBe("Go on");
    expect(await firstOnes(tab)).toEqual(expect.arrayContaining(["watch-Ada", "watch-Charles"]));
    expect(tab.hasKeptItsSocket()).toBe(true);
    expect(tab.loads).toBe(1);
    await runsFor(tab, "Blaise", 2);
  });

  test("a fourth crash within five seconds crashes the view, which comes back anew", async () => {
    const tab = await open();
    const states = await tab.noteStates();
    const said = await noteBroken(tab);
    // Each time that there is something to break.
    await tab.page.evaluate(() => {
      const timer = setInterval(() => {
        document.querySelector<HTMLElement>("#watch-Blaise:not(.broken) .break")?.click();
        if (document.querySelector(".phx-error") !== null) clearInterval(timer);
      }, 10);
    });
    await eventually(async () => (await states()).some(({ classes }) => classes.includes("phx-server-error"))).toBe(
      true,
    );
    await tab.live();
    await tab.page.locator("#watch-Blaise:not(.broken)").waitFor();
    expect(await said()).toHaveLength(3);
    expect(tab.hasKeptItsSocket()).toBe(true);
    tab.complaints.length = 0; // the official client tells the console of the crash
  });

  test("one that has left is forgotten, and begins anew when it comes back (C5)", async () => {
    const tab = await open();
    await tab.click("#watch-Charles .toggle");
    const frames: string[] = [];
    tab.sockets[0]!.on("framesent", ({ payload }) => frames.push(String(payload)));
    await tab.click("#fewer");
    await eventually(() => namesShown(tab)).toEqual(["Ada", "Blaise"]);
    await eventually(() => frames.some((frame) => frame.includes("cids_destroyed"))).toBe(true);
    await tab.settled();
    await tab.click("#more");
    await tab.says("#watch-Charles .toggle", "Stop");
    await runsFor(tab, "Charles", 1);
  });
});
