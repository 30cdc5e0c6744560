/**
 * describeNavigation: tests that move about in test/fixtures/apps/navigation.ts, with our client and with the official one.
 *
 *   each test ── its own visitor, with a tab at /rows ── what the client says on `window` is noted
 *             └─ ends without complaints on the console
 */
import { afterEach, beforeEach, expect } from "vitest";
import { eventually, type Tab, type Visitor } from "./browser.ts";
import { describeWithClients, type Stage } from "./browser-suite.ts";

export interface Note {
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

/** What a test has; its functions are about the tab. */
export class NavigationStage {
  readonly stage: Stage;
  visitor!: Visitor;
  tab!: Tab;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  readonly path = (): string => this.tab.page.url().slice(this.stage.server.url.length);

  /** Waits for the heading and the address, and for the view to be live. */
  readonly isAt = async (heading: string, address: string): Promise<void> => {
    await this.tab.says("h1", heading);
    await eventually(this.path).toBe(address);
    await this.tab.live();
  };

  readonly notes = async (event: string): Promise<Note["detail"][]> =>
    ((await this.tab.page.evaluate("window.notes")) as Note[])
      .filter((note) => note.event === event)
      .map(({ detail }) => detail);

  readonly forgetNotes = (): Promise<unknown> => this.tab.page.evaluate("window.notes.length = 0");

  readonly historyLength = (): Promise<number> => this.tab.page.evaluate(() => window.history.length);

  /** All that was sent to the server from now on. */
  readonly sent = (): string[] => {
    const frames: string[] = [];
    this.tab.sockets.at(-1)!.on("framesent", ({ payload }) => frames.push(String(payload)));
    return frames;
  };

  /** No page was loaded but the first one, and it has one socket. */
  readonly stays = (): void => {
    expect(this.tab.loads).toBe(1);
    expect(this.tab.hasKeptItsSocket()).toBe(true);
  };
}

export function describeNavigation(tests: (on: NavigationStage) => void): void {
  describeWithClients({ APP: "test/fixtures/apps/navigation.js" }, (stage) => {
    const on = new NavigationStage(stage);
    beforeEach(async () => {
      on.visitor = await stage.browser.visitor(stage.server.url);
      await on.visitor.context.addInitScript(noting);
      await on.visitor.context.addInitScript(stage.client.rejoinSoon);
      on.tab = await on.visitor.open("/rows");
    });
    afterEach(async () => {
      expect(await stage.browser.closeTabs()).toEqual([]);
    });
    tests(on);
  });
}
