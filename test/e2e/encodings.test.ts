/** F19: our client with binary frames, in a real browser: the pages are the same, and text is what it is for V2 alone. */
import { expect, test } from "vitest";
import type { Visitor } from "../support/browser.ts";
import { useBrowser } from "../support/browser-suite.ts";
import { clients, msgpackClient, type PageServer } from "../support/clients.ts";
import { outline } from "../support/outline.ts";
import { expectedPages } from "./expected-pages.ts";

const browser = useBrowser();

interface Received {
  readonly texts: string[];
  binary: number;
}

/** What the page's sockets deliver from here on. */
function listen(visitor: Visitor): Received {
  const received: Received = { texts: [], binary: 0 };
  visitor.context.on("page", (page) =>
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        if (typeof payload === "string") received.texts.push(payload);
        else received.binary += 1;
      }),
    ),
  );
  return received;
}

test("F19: msgpack, on each page", async () => {
  await using server: PageServer = await msgpackClient.startServer();
  const visitor = await browser().visitor(server.url);
  const received = listen(visitor);
  for (const [path, html] of Object.entries(expectedPages)) {
    const tab = await visitor.open(path);
    const expected = await tab.page.evaluate(outline, { html });
    expect(await tab.page.evaluate(outline, { selector: "[data-phx-main] > main" }), path).toBe(expected);
  }
  const tab = await visitor.open("/counter");
  for (let count = 1; count <= 3; count++) {
    await tab.page.click("[phx-click=inc]");
    await tab.says("#count", String(count));
  }
  expect(received.binary).toBeGreaterThanOrEqual(3);
  expect(received.texts.filter((text) => !text.includes('"rendered"'))).toEqual([]);
  expect(await browser().closeTabs()).toEqual([]);
});

test("F19: compact is what our client asks for by itself; the official one is not asked", async () => {
  for (const client of clients) {
    await using server: PageServer = await client.startServer();
    const visitor = await browser().visitor(server.url);
    const received = listen(visitor);
    const tab = await visitor.open("/counter");
    await tab.page.click("[phx-click=inc]");
    await tab.says("#count", "1");
    expect(received.binary).toBe(0);
    expect(received.texts.at(-1)).toMatch(
      client === clients[0]
        ? /^\[\d+,\d+,3,\{"0":"1"\}\]$/
        : /^\["\d+","\d+","lv:phx-.*,\{"status":"ok","response":\{"diff"/,
    );
    expect(await browser().closeTabs()).toEqual([]);
  }
});
