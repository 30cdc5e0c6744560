/** T5: some 400 payloads in every context of a template, in a real browser, as first render, join and diffs: nothing runs. */
import { describe, expect, test } from "vitest";
import { payloads } from "../fixtures/xss-payloads.ts";
import type { Tab } from "../support/browser.ts";
import { useBrowser } from "../support/browser-suite.ts";
import { clients } from "../support/clients.ts";

const browser = useBrowser();

test("there are enough of them, all different", () => {
  expect(new Set(payloads).size).toBe(payloads.length);
  expect(payloads.length).toBeGreaterThanOrEqual(400);
});

describe.each(clients)("with $name", (client) => {
  test("T5: no payload runs, becomes markup, or is lost", async () => {
    await using server = await client.startServer({ APP: "test/fixtures/apps/xss.js" });
    const visitor = await browser().visitor(server.url);
    await visitor.context.addInitScript(() => {
      const page = window as unknown as { executed: unknown[] };
      page.executed = [];
      window.alert = (what) => void page.executed.push(what);
    });

    const dead = await (await visitor.context.request.get("/xss")).text();
    const blank = await visitor.context.newPage();
    await blank.route("**/*", (route) =>
      route.fulfill({ contentType: "text/html", body: dead.replace(/<script defer[^>]*>/, "") }),
    );
    await blank.goto("/xss");
    expect(await blank.evaluate(inspect), "dead render").toEqual(clean(0));
    await blank.close();

    const tab = await visitor.open("/xss");
    expect(await tab.page.evaluate(inspect), "after the join").toEqual(clean(0));
    for (let shift = 7; shift <= 28; shift += 7) {
      await tab.click("#shift");
      await tab.says("#shifted", String(shift));
      expect(await tab.page.evaluate(inspect), `after ${shift}`).toEqual(clean(shift));
    }
    await pressCommands(tab);
    await tab.click("#shift");
    expect(await tab.text("#events"), "a text in phx-click is an event's name, and no command").toBe("");
    expect(await tab.page.evaluate(inspect)).toEqual(clean(35));
    await browser().closeTabs();
  });
});

/** What an inspection finds where all is well. */
function clean(shift: number): Inspection {
  return {
    executed: [],
    foreign: [],
    texts: payloads.map((_, at) => plain(payloads[(at + shift) % payloads.length]!)),
  };
}

interface Inspection {
  /** What ran. */
  readonly executed: unknown[];
  /** Elements and attributes that no template has, and addresses that run. */
  readonly foreign: string[];
  /** By payload: its text as all its holes show it, or what they show instead. */
  readonly texts: string[];
}

/** HTML has no NUL, no lone surrogate, and one kind of line end: what a parser, or UTF-8, makes of the others. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what this is about
  return text.replace(/\r\n?/g, "\n").replace(/[\u0000\ufffd\ud800-\udfff]/g, "");
}

function inspect(): Inspection {
  const plainText = (text: string): string =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as in `plain`, which is not there in a browser
    text.replace(/\r\n?/g, "\n").replace(/[\u0000\ufffd\ud800-\udfff]/g, "");
  const known = new Set("MAIN SECTION DIV P B I TEXTAREA SELECT OPTION SPAN INPUT A FORM BUTTON OUTPUT".split(" "));
  const foreign: string[] = [];
  for (const el of document.querySelectorAll("main, main *")) {
    if (!known.has(el.tagName)) foreign.push(el.outerHTML.slice(0, 100));
    for (const { name } of el.attributes)
      if (/^(?:on|style|srcdoc|autofocus)/.test(name)) foreign.push(`${el.tagName} ${name}`);
    const addresses = [
      (el as HTMLAnchorElement).href,
      (el as HTMLFormElement).action,
      (el as HTMLButtonElement).formAction,
    ];
    for (const url of addresses) {
      if (typeof url === "string" && /^(?!https?:|mailto:|tel:)[^/?#]*:/i.test(url)) foreign.push(url.slice(0, 60));
    }
  }
  if (document.querySelectorAll("script").length > 1 || document.querySelector("iframe, object, embed, base"))
    foreign.push("script");
  const texts = [...document.querySelectorAll("#all > div")].map((div) => {
    const shown = new Set([
      ...[...div.querySelectorAll("[data-shows]")].map((el) => plainText(el.textContent!)),
      ...[...div.querySelectorAll("[data-attribute]")].map((el) =>
        plainText(el.getAttribute(el.getAttribute("data-attribute")!)!),
      ),
    ]);
    return [...shown].join(" OR ");
  });
  return { executed: (window as unknown as { executed: unknown[] }).executed, foreign, texts };
}

/** Clicks every element whose phx-click is a payload. */
async function pressCommands(tab: Tab): Promise<void> {
  await tab.page.$$eval("button.command", (buttons) => {
    for (const button of buttons) (button as HTMLButtonElement).click();
  });
  await tab.settled();
}
