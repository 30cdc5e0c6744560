/** Where an element may stand (liveview/template/nesting.ts) is what Chromium's own parser says. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { endedBy } from "../../liveview/template/nesting.ts";
import { TestBrowser } from "../support/browser.ts";

const outer = "p a button form nobr div span h1 label".split(" ");
const between: readonly (readonly string[])[] = [
  [],
  ...["span", "b", "div", "object", "section", "my-el", "template", "label", "a", "button", "p"].map((tag) => [tag]),
  ["table", "tbody", "tr", "td"],
  ["svg", "foreignObject"],
  ["ul", "li"],
  ["em", "span"],
];
const inner = (
  "a abbr address article aside b blockquote button center code details dialog div dl em fieldset figcaption figure footer " +
  "form h1 h3 header hgroup i label main menu my-el nav nobr object ol option p pre search section select span strong " +
  "summary svg table template ul"
).split(" ");

let browser: TestBrowser;

beforeAll(async () => {
  browser = await TestBrowser.launch();
});

afterAll(() => browser[Symbol.asyncDispose]());

test("T1: what is refused is what a browser would not build as it is written", async () => {
  const chains = outer.flatMap((first) => between.flatMap((middle) => inner.map((last) => [first, ...middle, last])));
  const texts = chains.map((tags) =>
    ["main", ...tags].reduceRight((content, tag) => `<${tag}>${content}</${tag}>`, ""),
  );
  const { context } = await browser.visitor("http://127.0.0.1");
  const page = await context.newPage();
  const built = await page.evaluate(
    (all) =>
      all.map((text) => {
        const template = document.createElement("template");
        template.innerHTML = text;
        return template.innerHTML === text;
      }),
    texts,
  );
  await context.close();
  const accepted = chains.map((tags) => {
    const open = tags.map((tag) => ({ name: tag.toLowerCase() }));
    return open.every(({ name }, depth) => endedBy(name, open.slice(0, depth)) === undefined);
  });
  expect(texts.filter((_, i) => accepted[i] !== built[i])).toEqual([]);
  expect(accepted.filter((isAccepted) => !isAccepted).length).toBeGreaterThan(500);
});
