/**
 * describeWithClients: tests in a real browser, with our client and then with the official one.
 *
 *   file ── one browser ─┬─ our client            its own server and visitor
 *                        └─ the official client   the same
 */
import { afterAll, beforeAll, describe } from "vitest";
import { TestBrowser, type Visitor } from "./browser.ts";
import { type ClientUnderTest, clients, type PageServer } from "./clients.ts";

/** What the tests with a client share; filled before the first of them. */
export interface Stage {
  readonly client: ClientUnderTest;
  browser: TestBrowser;
  /** Disposed of in the end; a test that restarts it puts the new one here. */
  server: PageServer;
  visitor: Visitor;
}

/** @param env of the server: `APP` names one of test/fixtures/apps, instead of the pages */
export function describeWithClients(env: Readonly<Record<string, string>>, tests: (stage: Stage) => void): void {
  const browser = useBrowser();
  describe.each(clients)("with $name", (client) => {
    const stage = { client } as Stage;
    beforeAll(async () => {
      stage.browser = browser();
      stage.server = await client.startServer(env);
      stage.visitor = await stage.browser.visitor(stage.server.url);
    });
    afterAll(() => stage.server[Symbol.asyncDispose]());
    tests(stage);
  });
}

/** A browser for the tests of this file, or of this describe block. @returns it, once they run */
export function useBrowser(): () => TestBrowser {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await TestBrowser.launch();
  });
  afterAll(() => browser[Symbol.asyncDispose]());
  return () => browser;
}
