/** A component that moves from one component to another: with our client it takes along what only the browser has. */
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/browser.ts";
import { describeWithClients } from "../support/browser-suite.ts";

describeWithClients({ APP: "test/fixtures/apps/moves.js" }, (stage) => {
  const isOurs = stage.client.name.startsWith("our");

  afterEach(async () => {
    expect(await stage.browser.closeTabs()).toEqual([]);
  });

  test("C2: its state goes with it, and with our client its element, what was entered there, and its stream", async () => {
    const tab = await stage.visitor.open("/");
    const inHouse = (id: string): Promise<number> => tab.page.locator(`#${id} #guest`).count();
    const visits = (): Promise<(string | null)[]> => tab.page.locator("#visits li").allTextContents();
    await tab.click("#visit");
    await tab.says("#visit", "1");
    await tab.page.fill("#name", "Ann");
    await tab.page.evaluate(() => Object.assign(document.querySelector("#guest")!, { isFirst: true }));
    // Forwards it leaves the first patch for the second one, backwards it is still there when it is asked for.
    for (const house of ["two", "one", "two"]) {
      await tab.click(`#to-${house}`);
      await tab.says("#at", house);
      await eventually(() => inHouse(house)).toBe(1);
      expect(await tab.page.locator("#guest").count()).toBe(1);
      expect(await tab.text("#visit")).toBe("1");
      if (!isOurs) continue;
      expect(await visits()).toEqual(["0", "1"]);
      expect(await tab.page.inputValue("#name")).toBe("Ann");
      expect(await tab.page.$eval("#guest", (el) => "isFirst" in el)).toBe(true);
    }
    await tab.click("#visit");
    await tab.says("#visit", "2");
    await tab.click("#to-away");
    await tab.says("#at", "away");
    await tab.click("#to-one");
    await eventually(() => inHouse("one")).toBe(1);
    expect(tab.hasKeptItsSocket()).toBe(true);
  });
});
