/**
 * The tree against the official client's: the same messages must come to the same HTML.
 */
import { describe, expect, test } from "vitest";
import { Tree } from "../../client/tree.ts";
import type { WireTree } from "../../liveview/protocol.ts";
import { bareHtml, officialHtml, Rendered } from "./official-rendered.ts";

type Message = Record<string, unknown>;

const onPage = () => true;

/** All patches of a diff, each asked for when the one before is done with. */
const update = (tree: Tree, diff: WireTree, isOnPage: Parameters<Tree["update"]>[1]) => [
  ...tree.update(diff, isOnPage),
];

/** Both clients after the same messages; each renders after each message, as on a page. */
function afterAll(messages: Message[]): { ours: string; theirs: string } {
  const [join, ...diffs] = messages;
  const tree = new Tree("v", structuredClone(join) as WireTree);
  let ours = tree.toHtml().html;
  const rendered = new Rendered("v", structuredClone(join));
  let theirs = bareHtml(rendered.toString().buffer);
  for (const diff of diffs) {
    update(tree, structuredClone(diff) as WireTree, onPage);
    ours = tree.toHtml().html;
    rendered.mergeDiff(structuredClone(diff));
    theirs = officialHtml(rendered);
  }
  return { ours: bareHtml(ours), theirs };
}

function expectSame(messages: Message[], html: string): void {
  const { ours, theirs } = afterAll(messages);
  expect(ours).toBe(theirs);
  expect(ours).toBe(html);
}

describe("Tree, as the official client", () => {
  test("interleaves statics and dynamics", () => {
    expectSame([{ 0: "1", s: ["<p>", "</p>"] }, { 0: "2" }], "<p>2</p>");
  });

  test("replaces a dynamic by another kind, and back", () => {
    expectSame(
      [{ 0: "", s: ["<p>", "</p>"] }, { 0: { s: ["<b>", "</b>"], 0: "x", r: 1 } }, { 0: { 0: "y" } }],
      "<p><b>y</b></p>",
    );
    expectSame([{ 0: { s: ["<b>", "</b>"], 0: "x" }, s: ["<p>", "</p>"] }, { 0: "" }], "<p></p>");
  });

  test("resolves shared templates, which are valid for one message", () => {
    expectSame(
      [
        {
          0: { 0: "x1", r: 1, s: 0 },
          1: { 0: "x2", r: 1, s: 0 },
          s: 1,
          p: { 0: ["<b>", "</b>"], 1: ["", "\n", ""] },
        },
        { 0: { 0: "y", s: 0 }, p: { 0: ["<i>", "</i>"] } },
      ],
      "<i>y</i>\n<b>x2</b>",
    );
  });

  test("resolves templates inside of list entries and of lists in lists", () => {
    expectSame(
      [
        {
          0: {
            s: 1,
            k: { 0: { 0: { s: 0, 0: "a" } }, 1: { 0: { s: 2, k: { 0: { 0: { s: 0, 0: "b" } }, kc: 1 } } }, kc: 2 },
          },
          s: ["<ul>", "</ul>"],
          p: { 0: ["<b>", "</b>"], 1: ["<li>", "</li>"], 2: ["<i>", "</i>"] },
        },
      ],
      "<ul><li><b>a</b></li><li><i><b>b</b></i></li></ul>",
    );
  });

  test("replaces everything when the top has statics", () => {
    expectSame(
      [
        { 0: 1, s: ["<p>", "</p>"], c: { 1: { s: ["<b>", "</b>"], 0: "old", r: 1 } } },
        { 0: 2, s: ["<div>", "</div>"], c: { 2: { s: ["<b>", "</b>"], 0: "new", r: 1 } } },
      ],
      "<div><b>new</b></div>",
    );
  });

  const list = (entries: Message) => ({ 0: { s: ["<li>", "</li>"], k: entries }, s: ["<ul>", "</ul>"] });
  const three = { 0: { 0: "a" }, 1: { 0: "b" }, 2: { 0: "c" }, kc: 3 };

  test("changes, adds and drops list entries", () => {
    expectSame([list(three), { 0: { k: { 1: { 0: "B" }, kc: 3 } } }], "<ul><li>a</li><li>B</li><li>c</li></ul>");
    expectSame(
      [list(three), { 0: { k: { 3: { 0: "d" }, kc: 4 } } }],
      "<ul><li>a</li><li>b</li><li>c</li><li>d</li></ul>",
    );
    expectSame([list(three), { 0: { k: { kc: 1 } } }], "<ul><li>a</li></ul>");
    expectSame([list(three), { 0: { k: { kc: 0 } } }, { 0: { k: { 0: { 0: "z" }, kc: 1 } } }], "<ul><li>z</li></ul>");
  });

  test("moves list entries, with and without a change, and puts a new one where another was", () => {
    expectSame([list(three), { 0: { k: { 0: 2, 2: 0, kc: 3, km: true } } }], "<ul><li>c</li><li>b</li><li>a</li></ul>");
    expectSame(
      [list(three), { 0: { k: { 0: { 0: "new" }, 1: 0, 2: [1, { 0: "B" }], 3: 2, kc: 4, km: true } } }],
      "<ul><li>new</li><li>a</li><li>B</li><li>c</li></ul>",
    );
    expectSame([list(three), { 0: { k: { 0: 1, 1: 2, kc: 2, km: true } } }], "<ul><li>b</li><li>c</li></ul>");
  });

  test("keeps what is nested in entries when they move", () => {
    const nested = { s: ["<b>", "</b>"], 0: "x", r: 1 };
    expectSame(
      [
        list({ 0: { 0: nested }, 1: { 0: "plain" }, kc: 2 }),
        { 0: { k: { 0: 1, 1: [0, { 0: { 0: "y" } }], kc: 2, km: true } } },
      ],
      "<ul><li>plain</li><li><b>y</b></li></ul>",
    );
  });

  test("forgets the items of a stream once they were rendered", () => {
    const item = (id: string) => ({ 0: ` id="${id}"`, 1: id });
    expectSame(
      [
        {
          0: {
            s: ["<li", ">", "</li>"],
            k: { 0: item("i-1"), kc: 1 },
            stream: ["0", [["i-1", -1, null, false]], []],
          },
          s: ["<ul>", "</ul>"],
        },
        { 0: { k: { 0: item("i-2"), kc: 1 }, stream: ["0", [["i-2", -1, null, false]], []] } },
      ],
      "<ul></ul>", // already rendered once after the last message
    );
  });

  test("renders components where their cid stands", () => {
    expectSame(
      [
        {
          0: 1,
          1: 2,
          s: ["<div>", "", "</div>"],
          c: { 1: { 0: "a", r: 1, s: ["<p>", "</p>"] }, 2: { 0: "b", s: 1 } },
        },
        { c: { 2: { 0: "B" } } },
      ],
      "<div><p>a</p><p>B</p></div>",
    );
  });

  test("shares a component's statics from before, nested ones and lists included", () => {
    expectSame(
      [
        {
          0: 1,
          s: ["<div>", "</div>"],
          c: {
            1: {
              0: { s: ["<i>", "</i>"], 0: "x" },
              1: { s: ["<li>", "</li>"], k: { 0: { 0: { s: ["<u>", "</u>"], 0: "1" } }, kc: 1 } },
              r: 1,
              s: ["<p>", "", "</p>"],
            },
          },
        },
        { 0: 2, c: { 2: { 0: { 0: "y" }, 1: { k: { 0: { 0: { 0: "2" } }, kc: 1 } }, s: -1 } } },
      ],
      "<div><p><i>y</i><li><u>2</u></li></p></div>",
    );
  });

  test("shares the statics that a component had before it changes in the same message", () => {
    expectSame(
      [
        {
          0: 1,
          s: ["<div>", "", "</div>"],
          1: "",
          c: { 1: { 0: { s: ["<i>", "</i>"], 0: "x" }, r: 1, s: ["<p>", "</p>"] } },
        },
        { 1: 2, c: { 1: { 0: { s: ["<b>", "</b>"], 0: "z" } }, 2: { 0: { 0: "y" }, s: -1 } } },
      ],
      "<div><p><b>z</b></p><p><i>y</i></p></div>",
    );
  });

  test("follows chains of shared statics in one message", () => {
    expectSame(
      [
        {
          0: 1,
          1: 2,
          2: 3,
          s: ["", "", "", ""],
          c: { 3: { 0: "c", s: 2 }, 2: { 0: "b", s: 1 }, 1: { 0: "a", r: 1, s: ["<p>", "</p>"] } },
        },
      ],
      "<p>a</p><p>b</p><p>c</p>",
    );
  });
});

describe("Tree.update", () => {
  const page = () =>
    new Tree("v", {
      0: "top",
      1: { s: ['<p id="one">', "</p>"], 0: "a", r: 1 },
      2: { s: ["<section>", "", "</section>"], 0: { s: ["<b>", "</b>"], 0: "x", r: 1 }, 1: "y", r: 1 },
      s: ["<h1>", "</h1>", "", ""],
    });

  test("renders only the innermost root around a change", () => {
    const tree = page();
    tree.toHtml();
    expect(update(tree, { 2: { 0: { 0: "X" } } }, onPage)).toMatchObject([
      { root: { magicId: "m3-v" }, html: '<b data-phx-id="m3-v">X</b>' },
    ]);
  });

  test("knows the root it belongs to by magic id and id", () => {
    const tree = page();
    tree.toHtml();
    const [patch] = update(tree, { 1: { 0: "A" } }, onPage);
    expect(patch!.root).toMatchObject({ magicId: "m1-v", domId: "one" });
  });

  test("leaves placeholders for the roots that did not change", () => {
    const tree = page();
    tree.toHtml();
    const [patch] = update(tree, { 0: "TOP", 2: { 1: "Y" } }, onPage);
    expect(patch!.root).toBeNull();
    expect(patch!.html).toBe(
      '<h1>TOP</h1><p id="one" data-phx-id="m1-v" data-phx-skip></p>' +
        '<section data-phx-id="m2-v"><b data-phx-id="m3-v" data-phx-skip></b>Y</section>',
    );
  });

  test("skips a root again after a change inside of it was patched", () => {
    const tree = page();
    tree.toHtml();
    update(tree, { 2: { 0: { 0: "X" } } }, onPage);
    const [patch] = update(tree, { 0: "TOP" }, onPage);
    expect(patch!.html).toContain('<section data-phx-id="m2-v" data-phx-skip></section>');
  });

  test("renders a root and a change inside of it once", () => {
    const tree = page();
    tree.toHtml();
    const patches = update(tree, { 2: { 0: { 0: "X" }, 1: "Y" } }, onPage);
    expect(patches.map(({ html }) => html)).toEqual([
      '<section data-phx-id="m2-v"><b data-phx-id="m3-v">X</b>Y</section>',
    ]);
  });

  test("renders single rows of a list, though the server marks no roots there", () => {
    const tree = new Tree("v", {
      0: {
        s: ['<tr id="row-', '"><td>', "</td></tr>"],
        k: { 0: { 0: "1", 1: "a" }, 1: { 0: "2", 1: "b" }, kc: 2 },
      },
      s: ["<table>", "</table>"],
    });
    tree.toHtml();
    const patches = update(tree, { 0: { k: { 1: { 1: "B" }, kc: 2 } } }, onPage);
    expect(patches).toMatchObject([
      { root: { domId: "row-2" }, html: '<tr data-phx-id="m2-v" id="row-2"><td>B</td></tr>' },
    ]);
    const [moved] = update(tree, { 0: { k: { 0: 1, 1: 0, kc: 2, km: true } } }, onPage);
    expect(moved!.html).toBe(
      '<table><tr id="row-2" data-phx-id="m2-v" data-phx-skip></tr><tr id="row-1" data-phx-id="m1-v" data-phx-skip></tr></table>',
    );
  });

  test("renders a changed component alone, and not at all while it is not on the page", () => {
    const tree = () => {
      const made = new Tree("v", { 0: 1, s: ["<div>", "</div>"], c: { 1: { 0: "a", r: 1, s: ["<p>", "</p>"] } } });
      made.toHtml();
      return made;
    };
    expect(update(tree(), { c: { 1: { 0: "b" } } }, onPage)[0]!.html).toBe(
      '<p data-phx-id="c1-v" data-phx-component="1" data-phx-view="v">b</p>',
    );
    const absent = tree();
    expect(update(absent, { c: { 1: { 0: "b" } } }, () => false)).toEqual([]);
    expect(update(absent, { 0: 1 }, onPage)[0]!.html).toContain(">b</p>");
  });

  test("gives the operations of a stream along with its HTML", () => {
    const tree = new Tree("v", { 0: { s: ["<li", "></li>"], k: { kc: 0 } }, s: ["<ul>", "</ul>"] });
    tree.toHtml();
    const [patch] = update(tree, { 0: { k: { kc: 0 }, stream: ["0", [], ["i-1"]] } }, onPage);
    expect(patch!.streams).toEqual([["0", [], ["i-1"]]]);
  });

  test("refuses a diff that does not fit", () => {
    const tree = new Tree("v", { 0: { s: ["<li>", "</li>"], k: { kc: 0 } }, s: ["", ""] });
    expect(() => update(tree, { 0: { k: { 0: 7, kc: 1, km: true } } }, onPage)).toThrow("moves list entry 7 to 0");
    expect(() => update(tree, { 0: { s: 3 } }, onPage)).toThrow("names template 3");
    expect(() => update(tree, { c: { 2: { s: -1 } } }, onPage)).toThrow("component 1, which the client does not have");
  });
});
