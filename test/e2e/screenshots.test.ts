/** Pictures of every page of the demo, in test-results/, to be looked at: wide and light, narrow and dark, and in trouble. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Tab, TestBrowser } from "../support/browser.ts";
import { clients, type PageServer } from "../support/clients.ts";

const directory = fileURLToPath(new URL("../../test-results/", import.meta.url));

/** What is done on a page before its picture is taken. */
const scenes: readonly (readonly [name: string, path: string, act?: (tab: Tab) => Promise<void>])[] = [
  ["index", "/"],
  ["counter", "/counter", (tab) => tab.click("#inc")],
  ["dashboard", "/dashboard", (tab) => tab.click("#tick")],
  ["room", "/room", say],
  ["form", "/form", fillInBadly],
  ["crash", "/crash", (tab) => tab.click("#inc")],
  ["stream", "/stream", (tab) => tab.click("#add")],
  ["watches", "/watches", breakOne],
  ["system", "/system", (tab) => eventually(() => tab.page.locator(".chart path").count()).toBeGreaterThan(4)],
];

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  wide: {},
  narrow: { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
};

let browser: TestBrowser;
let server: PageServer;

beforeAll(async () => {
  mkdirSync(directory, { recursive: true });
  browser = await TestBrowser.launch();
  server = await clients[0]!.startServer();
});

afterEach(async () => {
  expect(await browser.closeTabs()).toEqual([]);
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe.each(Object.entries(looks))("screenshots, %s", (look, options) => {
  test("of every page, none wider than its window", async () => {
    const visitor = await browser.visitor(server.url, options);
    const tab = await visitor.open("/");
    for (const [name, path, act] of scenes) {
      await tab.page.goto(path);
      await tab.live();
      await act?.(tab);
      await picture(tab, `${name}-${look}`);
      expect(
        await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        name,
      ).toBeLessThanOrEqual(0);
    }
  });
});

test("screenshot of a page without its server", async () => {
  const visitor = await browser.visitor(server.url);
  const tab = await visitor.open("/counter");
  await server.stop();
  const said = tab.page.locator("[data-phx-main].phx-client-error");
  await said.waitFor();
  await eventually(() => said.evaluate((view) => Number(getComputedStyle(view, "::before").opacity))).toBe(1);
  await picture(tab, "disconnected");
  server = await server.again();
  await tab.live();
  tab.complaints.length = 0; // the browser's own, about the port where nobody listened
});

async function picture({ page }: Tab, name: string): Promise<void> {
  await page.screenshot({ path: `${directory}${name}.png`, fullPage: true, animations: "disabled" });
}

async function say(tab: Tab): Promise<void> {
  await tab.page.fill("input[name=text]", "Hello from the other tab");
  await tab.page.click("button[type=submit]");
  await tab.says("#last", "Hello from the other tab");
}

async function breakOne(tab: Tab): Promise<void> {
  await tab.click("#watch-Blaise .break");
  // It may have been mended in the meantime: then that is what the picture shows.
  await tab.page.locator("#watch-Blaise").waitFor();
}

async function fillInBadly(tab: Tab): Promise<void> {
  await tab.page.fill("#user_name", "A");
  await tab.page.fill("#user_email", "alice at home");
  await tab.page.fill("#user_username", "Al!");
  await eventually(() => tab.page.locator(".error").count()).toBe(5);
}
