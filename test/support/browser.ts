/**
 * A real Chromium for tests: LINTEL_CHROMIUM, else the one on the PATH, driven by playwright-core.
 *
 *   TestBrowser ── Visitor (own cookies) ── Tab ── one websocket, counted
 *                                       └── Tab     what it wrote to the console
 *
 * Each launch has a fresh profile in a temporary directory, which goes when the browser closes.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type WebSocket,
} from "playwright-core";
import { expect } from "vitest";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Milliseconds that a page may take for anything, on a busy machine. */
const patienceMs = 15_000;

export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #visitors: Visitor[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** @throws {Error} when there is no Chromium */
  static async launch(): Promise<TestBrowser> {
    return new TestBrowser(await chromium.launch({ executablePath: findChromium(), headless: true, args: flags }));
  }

  /**
   * Somebody new, without cookies.
   *
   * @param url of the server that the visitor's paths refer to
   * @param options playwright's; default: a window of 1000 by 800
   */
  async visitor(url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await this.#browser.newContext({
      baseURL: url,
      viewport: { width: 1000, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    const visitor = new Visitor(context);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Closes all tabs; the visitors keep their cookies. @returns what the tabs complained about */
  async closeTabs(): Promise<string[]> {
    const tabs = this.#visitors.flatMap((visitor) => visitor.tabs.splice(0));
    await Promise.all(tabs.map(({ page }) => page.close()));
    return tabs.flatMap(({ complaints }) => complaints);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

export class Visitor {
  readonly context: BrowserContext;
  readonly tabs: Tab[] = [];

  constructor(context: BrowserContext) {
    this.context = context;
  }

  /** Opens a tab and waits until its view is live. */
  async open(path: string): Promise<Tab> {
    const tab = new Tab(await this.context.newPage());
    this.tabs.push(tab);
    await tab.page.goto(path);
    await tab.live();
    return tab;
  }
}

/** What a view's container tells by its classes. */
export interface ShownState {
  /** In the order of the alphabet. */
  readonly classes: string;
  /** Wall clock, milliseconds. */
  readonly atMs: number;
}

export class Tab {
  readonly page: Page;
  /** Errors and warnings on the console, and errors that nobody caught. */
  readonly complaints: string[] = [];
  /** Websockets that it has opened so far. */
  readonly sockets: WebSocket[] = [];
  /** Documents that it has loaded so far. */
  loads = 0;

  constructor(page: Page) {
    this.page = page;
    page.on("websocket", (socket) => this.sockets.push(socket));
    page.on("domcontentloaded", () => (this.loads += 1));
    page.on("pageerror", (error) => this.complaints.push(`${error.name}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
  }

  /** Waits until the page's view is live. */
  async live(): Promise<void> {
    await this.page.locator("[data-phx-main].phx-connected").waitFor();
  }

  /** Clicks, and waits for the answer. */
  async click(selector: string): Promise<void> {
    await this.page.bringToFront(); // a tab behind another one draws, and so clicks, once a second
    await this.page.click(selector);
    await this.settled();
  }

  /** Waits until every event has been answered. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector("[data-phx-ref-loading]") === null);
  }

  async text(selector: string): Promise<string | null> {
    return this.page.textContent(selector);
  }

  /** Waits until an element says so. */
  async says(selector: string, text: string): Promise<void> {
    await eventually(() => this.text(selector)).toBe(text);
  }

  /** Notes from now on each state that the view's container shows. @returns reads the notes */
  async noteStates(): Promise<() => Promise<ShownState[]>> {
    const notes = await this.page.evaluateHandle(() => {
      const container = document.querySelector("[data-phx-main]")!;
      const states: ShownState[] = [];
      new MutationObserver(() => {
        states.push({ classes: [...container.classList].sort().join(" "), atMs: Date.now() });
      }).observe(container, { attributeFilter: ["class"] });
      return states;
    });
    return () => notes.jsonValue();
  }

  /** Its first websocket is its only one, and open. */
  hasKeptItsSocket(): boolean {
    return this.sockets.length === 1 && !this.sockets[0]!.isClosed();
  }
}

/** `expect`, asked again until it holds. */
export function eventually<T>(actual: () => T | Promise<T>) {
  return expect.poll(actual, { timeout: patienceMs, interval: 20 });
}

function findChromium(): string {
  const named = process.env["LINTEL_CHROMIUM"];
  if (named) return named;
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error("No Chromium: install one, or set LINTEL_CHROMIUM to its path.");
}
