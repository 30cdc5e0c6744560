// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them, and payloads
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { each } from "../../liveview/template/each.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import { raw } from "../../liveview/template/rendered.ts";
import { html } from "../../liveview/template/template.ts";
import { WireClient } from "../support/wire-merge.ts";

const page = (value: Parameters<typeof html>[1]) => html`<main>${value}</main>`;
const bold = (text: string | number) => html`<b>${text}</b>`;

/** The messages for a sequence of values in one hole, without the full tree before them. */
function messages(...values: Parameters<typeof html>[1][]): string[] {
  const renderer = new ViewRenderer();
  renderer.full(page(""));
  return values.map((value) => renderer.diff(page(value)));
}

describe("ViewRenderer.full", () => {
  test("F1, F12: sends dynamics and statics of the root, and no root flag", () => {
    const text = new ViewRenderer().full(html`<p title=${"a"}>${1} "${'<"'}"</p>`);
    expect(text).toBe(`{"0":" title=\\"a\\"","1":"1","2":"&lt;\\"","s":["<p",">"," \\"","\\"</p>"]}`);
  });

  test("sends a template without holes", () => {
    expect(new ViewRenderer().full(html`<p>hi</p>`)).toBe('{"s":["<p>hi</p>"]}');
  });

  test("F12: flags nested templates that are one element", () => {
    const text = new ViewRenderer().full(html`${html`<i>${1}</i>`}${html`<i>${1}</i>!`}`);
    expect(text).toBe('{"0":{"0":"1","r":1,"s":["<i>","</i>"]},"1":{"0":"1","s":["<i>","</i>!"]},"s":["","",""]}');
  });

  test("F6: shares statics that come again, where this is shorter", () => {
    const text = new ViewRenderer().full(html`${bold("x")}${bold("y")}${bold("z")}${html`<i></i>`}`);
    expect(text).toBe(
      '{"p":{"0":["<b>","</b>"]},"0":{"0":"x","r":1,"s":0},"1":{"0":"y","r":1,"s":0},"2":{"0":"z","r":1,"s":0},' +
        '"3":{"r":1,"s":["<i></i>"]},"s":["","","","",""]}',
    );
  });

  test("starts anew when it is called again", () => {
    const renderer = new ViewRenderer();
    const first = renderer.full(page(bold(1)));
    renderer.diff(page(bold(2)));
    expect(renderer.full(page(bold(1)))).toBe(first);
  });

  test("refuses what is no template", () => {
    // @ts-expect-error: a string is no template
    expect(() => new ViewRenderer().full("<p></p>")).toThrow("Expected render to return html`...`, got a string.");
  });
});

describe("ViewRenderer.diff", () => {
  test("F1, F15: sends only what changed", () => {
    const view = (a: number, b: string) => html`<p>${a} ${b}</p>`;
    const renderer = new ViewRenderer();
    renderer.full(view(1, "x"));
    expect(renderer.diff(view(1, "y"))).toBe('{"1":"y"}');
    expect(renderer.diff(view(2, "z"))).toBe('{"0":"2","1":"z"}');
    expect(renderer.diff(view(2, "z"))).toBe("");
  });

  test("is the full tree when there was none", () => {
    expect(new ViewRenderer().diff(page("x"))).toBe('{"0":"x","s":["<main>","</main>"]}');
  });

  test("F5: sends everything when the template at the top is another", () => {
    const renderer = new ViewRenderer();
    renderer.full(page("x"));
    expect(renderer.diff(html`<p>${"x"}</p>`)).toBe('{"0":"x","s":["<p>","</p>"]}');
  });

  test("F20: sends numbers as strings, since a number on the wire is a component", () => {
    expect(messages(7, 8n, -0.5, Number.NaN, Number.NaN)).toEqual([
      '{"0":"7"}',
      '{"0":"8"}',
      '{"0":"-0.5"}',
      '{"0":"NaN"}',
      "",
    ]);
  });

  test("F20: takes all ways of showing nothing for the same", () => {
    expect(messages(null, undefined, false, true, [], each([], String, bold), "x", null)).toEqual([
      "",
      "",
      "",
      "",
      "",
      "",
      '{"0":"x"}',
      '{"0":""}',
    ]);
  });

  test("F4, F23: sends a nested template once, then what changed in it", () => {
    expect(messages(bold(1), bold(2), bold(2), html`<i>${2}</i>`, "plain")).toEqual([
      '{"0":{"0":"1","r":1,"s":["<b>","</b>"]}}',
      '{"0":{"0":"2"}}',
      "",
      '{"0":{"0":"2","r":1,"s":["<i>","</i>"]}}',
      '{"0":"plain"}',
    ]);
  });

  test("F4: sends a template again after something else stood in its place", () => {
    expect(messages(bold(1), null, bold(1)).at(-1)).toBe('{"0":{"0":"1","r":1,"s":["<b>","</b>"]}}');
  });

  test("compares trusted HTML by what it says", () => {
    expect(messages(raw("<hr>"), raw("<hr>"), raw("<br>"), "<br>")).toEqual([
      '{"0":"<hr>"}',
      "",
      '{"0":"<br>"}',
      '{"0":"&lt;br&gt;"}',
    ]);
  });

  test("compares attributes by what they show", () => {
    const renderer = new ViewRenderer();
    const view = (lang: string | boolean | null) => html`<p lang=${lang} title="a ${1}"></p>`;
    renderer.full(view("a"));
    expect(renderer.diff(view(' lang="a"'))).toBe('{"0":" lang=\\" lang=&quot;a&quot;\\""}');
    expect(renderer.diff(view(null))).toBe('{"0":""}');
    expect(renderer.diff(view(false))).toBe("");
    expect(renderer.diff(view(true))).toBe('{"0":" lang"}');
  });

  test("T4, F24: class and style are always there, so that a change is the value alone", () => {
    const renderer = new ViewRenderer();
    const view = (names: Parameters<typeof html>[1], style: Parameters<typeof html>[1] = null) =>
      html`<p class=${names} style=${style}></p>`;
    expect(renderer.full(view("a b"))).toBe('{"0":"a b","1":"","s":["<p class=\\"","\\" style=\\"","\\"></p>"]}');
    expect(renderer.diff(view(["a", { b: true, c: false }, null]))).toBe("");
    expect(renderer.diff(view(['"'], { top: 1 }))).toBe('{"0":"&quot;","1":"top: 1"}');
    expect(renderer.diff(view(null))).toBe('{"0":"","1":""}');
    for (const nothing of [undefined, false, true, [], ""]) expect(renderer.diff(view(nothing))).toBe("");
  });

  test("never changes a template that is shown in two places", () => {
    const shared = html`<b>${"same"}</b>`;
    const renderer = new ViewRenderer();
    const client = new WireClient();
    client.receive(renderer.full(html`${shared}${shared}`));
    const view = (first: unknown, second: unknown) => html`<p>${first as string}${second as string}</p>`;
    client.receive(renderer.diff(view(shared, shared))).html();
    client.receive(renderer.diff(view(bold("other"), shared)));
    expect(client.html()).toBe("<p><b>other</b><b>same</b></p>");
    expect(renderToString(shared)).toBe("<b>same</b>");
  });
});

describe("ViewRenderer with arrays", () => {
  test("sends entries that share a template as a list, by position", () => {
    expect(
      messages([bold("a"), bold("b")], [bold("a"), bold("c")], [bold("a"), bold("c"), bold("d")], [bold("x")], []),
    ).toEqual([
      '{"0":{"k":{"0":{"0":"a"},"1":{"0":"b"},"kc":2},"s":["<b>","</b>"]}}',
      '{"0":{"k":{"1":{"0":"c"},"kc":2}}}',
      '{"0":{"k":{"2":{"0":"d"},"kc":3}}}',
      '{"0":{"k":{"0":{"0":"x"},"kc":1}}}',
      '{"0":{"k":{"kc":0}}}',
    ]);
  });

  test("refills an emptied list without its statics", () => {
    expect(messages([bold("a")], [], [bold("b")]).at(-1)).toBe('{"0":{"k":{"0":{"0":"b"},"kc":1}}}');
  });

  test("takes strings, numbers and nothing as entries", () => {
    expect(messages(["a", 1, null], ["a", 2, null], ["a", 2])).toEqual([
      '{"0":{"k":{"0":{"0":"a"},"1":{"0":"1"},"2":{"0":""},"kc":3},"s":["",""]}}',
      '{"0":{"k":{"1":{"0":"2"},"kc":3}}}',
      '{"0":{"k":{"kc":2}}}',
    ]);
  });

  test("sends a list anew, once, when its entries become of different templates", () => {
    const italic = (text: string) => html`<i>${text}</i>`;
    expect(messages([bold("a")], [bold("a"), italic("b")], [italic("a"), italic("b")]).slice(1)).toEqual([
      '{"0":{"k":{"0":{"0":{"0":"a","r":1,"s":["<b>","</b>"]}},"1":{"0":{"0":"b","r":1,"s":["<i>","</i>"]}},"kc":2},"s":["",""]}}',
      '{"0":{"k":{"0":{"0":{"0":"a","r":1,"s":["<i>","</i>"]}},"kc":2}}}',
    ]);
  });
});

describe("ViewRenderer with each", () => {
  interface Row {
    id: number;
    text: string;
  }
  const row = (id: number, text = `t${id}`): Row => ({ id, text });
  const view = (row: Row) => html`<li>${row.id}:${row.text}</li>`;
  const list = (rows: Row[]) => each(rows, (row) => row.id, view);
  const rows = [row(1), row(2), row(3)];
  const toNext = (next: Row[]) => messages(list(rows), list(next))[1];

  test("F7: sends the whole list first", () => {
    expect(messages(list([row(1), row(2)]))[0]).toBe(
      '{"0":{"k":{"0":{"0":"1","1":"t1"},"1":{"0":"2","1":"t2"},"kc":2},"s":["<li>",":","</li>"]}}',
    );
  });

  test("F7: sends changed cells only", () => {
    expect(toNext([rows[0]!, row(2, "new"), rows[2]!])).toBe('{"0":{"k":{"1":{"1":"new"},"kc":3}}}');
  });

  test("F15: sends nothing for equal rows in new objects", () => {
    expect(toNext([row(1), row(2), row(3)])).toBe("");
  });

  test("F7: sends a new entry in full, and where the others come from", () => {
    expect(toNext([row(9), ...rows])).toBe('{"0":{"k":{"0":{"0":"9","1":"t9"},"1":0,"2":1,"3":2,"kc":4,"km":true}}}');
  });

  test("sends an appended entry without naming the others", () => {
    expect(toNext([...rows, row(4)])).toBe('{"0":{"k":{"3":{"0":"4","1":"t4"},"kc":4}}}');
  });

  test("sends only the count when the last ones go", () => {
    expect(toNext(rows.slice(0, 1))).toBe('{"0":{"k":{"kc":1}}}');
    expect(toNext([])).toBe('{"0":{"k":{"kc":0}}}');
  });

  test("F7: sends what moved and changed as a pair", () => {
    expect(toNext([rows[0]!, rows[2]!, row(2, "new")])).toBe(
      '{"0":{"k":{"1":2,"2":[1,{"1":"new"}],"kc":3,"km":true}}}',
    );
  });

  test("replaces an entry that another key takes the place of, without moves", () => {
    expect(toNext([rows[0]!, row(7), rows[2]!])).toBe('{"0":{"k":{"1":{"0":"7","1":"t7"},"kc":3}}}');
  });

  test("does not call a render function that is the same for an item that is identical", () => {
    let calls = 0;
    const counting = (row: Row) => {
      calls++;
      return view(row);
    };
    const counted = (rows: Row[]) => each(rows, (row) => row.id, counting);
    const renderer = new ViewRenderer();
    renderer.full(page(counted(rows)));
    expect(calls).toBe(3);
    renderer.diff(page(counted([...rows].reverse())));
    expect(calls).toBe(3);
    renderer.diff(page(counted([...rows, row(4)])));
    expect(calls).toBe(4);
  });

  test("notices an item that changes and changes back", () => {
    const edited = [rows[0]!, row(2, "new"), rows[2]!];
    expect(messages(list(rows), list(edited), list(rows), list(rows)).slice(2)).toEqual([
      '{"0":{"k":{"1":{"1":"t2"},"kc":3}}}',
      "",
    ]);
  });

  test("calls a render function made anew, for what it closes over", () => {
    const renderer = new ViewRenderer();
    const marked = (mark: string) =>
      page(
        each(
          rows,
          (row) => row.id,
          (row) => html`<li>${row.id}${mark}</li>`,
        ),
      );
    // Both literals of `marked` are the same place in the code, so one template.
    renderer.full(marked("a"));
    expect(renderer.diff(marked("b"))).toBe('{"0":{"k":{"0":{"1":"b"},"1":{"1":"b"},"2":{"1":"b"},"kc":3}}}');
  });

  test("calls a render function that takes the index for items that moved", () => {
    const numbered = (row: Row, index: number) => html`<li>${index}:${row.text}</li>`;
    const list = (rows: Row[]) => each(rows, (row) => row.id, numbered);
    expect(messages(list(rows), list([rows[1]!, rows[0]!, rows[2]!]))[1]).toBe(
      '{"0":{"k":{"0":[1,{"0":"0"}],"1":[0,{"0":"1"}],"kc":3,"km":true}}}',
    );
  });

  test("notices an array that was changed in place", () => {
    const own = [row(1), row(2)];
    const renderer = new ViewRenderer();
    renderer.full(page(list(own)));
    own[1] = row(2, "new");
    own.push(row(3));
    expect(renderer.diff(page(list(own)))).toBe('{"0":{"k":{"1":{"1":"new"},"2":{"0":"3","1":"t3"},"kc":3}}}');
  });

  test("T6, F7: refuses a key that comes twice", () => {
    const twice =
      "each(): two items have the key 1. Keys must be unique in a list.\n> 1 | <main>${…}</main>\n    |       ^";
    expect(() => messages(list([row(1), row(1)]))).toThrow(twice);
    expect(() => toNext([...rows, row(1)])).toThrow(twice);
    expect(() => toNext([row(3), row(3)])).toThrow("two items have the key 3");
    expect(() => toNext([rows[0]!, row(1, "again"), rows[2]!])).toThrow("two items have the key 1");
  });

  test("refuses a key that is none, and an entry that is no template", () => {
    const noKey = each(rows, () => undefined as unknown as string, view);
    const nan = each([Number.NaN, Number.NaN], Number, bold);
    expect(() => messages(nan)).toThrow("two items have the key NaN");
    expect(() => messages(noKey)).toThrow("expected the key of an item to be a string or a number, got undefined");
    const noView = each(rows, (row) => row.id, (() => "text") as unknown as typeof view);
    expect(() => messages(noView)).toThrow("expected render to return html`...`, got a string");
  });

  test("sends a list anew, once, when entries become of different templates", () => {
    const either = (row: Row) => (row.text === "edit" ? html`<input value="${row.id}">` : view(row));
    const list = (rows: Row[]) => each(rows, (row) => row.id, either);
    const sent = messages(list(rows), list([rows[0]!, row(2, "edit"), rows[2]!]), list(rows));
    expect(sent[1]).toContain('"kc":3},"s":["",""]}');
    expect(sent[2]).toBe('{"0":{"k":{"1":{"0":{"0":"2","1":"t2","r":1,"s":["<li>",":","</li>"]}},"kc":3}}}');
  });

  test("shows long lists, and what is appended to them", () => {
    const long = Array.from({ length: 1100 }, (_, i) => row(i));
    const renderer = new ViewRenderer();
    const client = new WireClient();
    client.receive(renderer.full(page(list(long)))).html();
    const more = [...long, row(1100)];
    expect(renderer.diff(page(list(more)))).toBe('{"0":{"k":{"1100":{"0":"1100","1":"t1100"},"kc":1101}}}');
    const last = [more.at(-1)!, ...long];
    expect(client.receive(renderer.full(page(list(last)))).html()).toBe(renderToString(page(list(last))));
  });

  test("refuses arguments of another kind at once", () => {
    // @ts-expect-error: a Set is no array
    expect(() => each(new Set([1]), String, bold)).toThrow(
      "each(): expected an array or a stream, got an object (Set).",
    );
    // @ts-expect-error: a list needs keys
    expect(() => each([1], bold)).toThrow("each(): expected render to be a function, got undefined.");
    // @ts-expect-error: HTML is a string
    expect(() => raw(1)).toThrow("raw(): expected a string of HTML, got a number.");
  });
});

describe("telemetry", () => {
  test("F18: a diagnostics channel tells of each message what was rendered, and what came of it", () => {
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    const renderer = new ViewRenderer();
    const render = (assigns: object) => page((assigns as { n: number }).n);
    subscribe("lintel.liveview.render", listen);
    try {
      renderer.fullOf({ n: 1 }, render);
      renderer.diffOf({ n: 2 }, render);
      renderer.diffOf({ n: 2 }, render);
    } finally {
      unsubscribe("lintel.liveview.render", listen);
    }
    renderer.diffOf({ n: 3 }, render);
    expect(heard).toEqual([
      { forced: true, view: true, changed: true, length: '{"0":"1","s":["<main>","</main>"]}'.length },
      { forced: false, view: true, changed: true, length: '{"0":"2"}'.length },
      { forced: false, view: true, changed: false, length: 0 },
    ]);
  });
});

describe("function components as entries of a keyed list", () => {
  interface Row {
    readonly id: number;
    readonly name: string;
  }
  const setUp = () => {
    const called: string[] = [];
    const row = component(({ row, selected }: { row: Row; selected: boolean }) => {
      called.push(row.name);
      return html`<li class=${selected && "on"}>${row.name}</li>`;
    });
    const renderer = new ViewRenderer();
    const page = (rows: readonly Row[], selected: number) =>
      html`<ul>${each(
        rows,
        ({ id }) => id,
        (of) => row({ row: of, selected: of.id === selected }),
      )}</ul>`;
    const show = (rows: readonly Row[], selected: number): [diff: string, called: string] => {
      called.length = 0;
      return [renderer.diff(page(rows, selected)), called.join()];
    };
    return { show, client: new WireClient(), page };
  };
  const [a, b, c] = ["a", "b", "c"].map((name, id) => ({ id, name })) as [Row, Row, Row];

  test("F2: are called for those alone whose inputs have changed, though what makes them is made anew", () => {
    const { show, client, page } = setUp();
    const shows = (rows: readonly Row[], selected: number): [string, string] => {
      const [diff, called] = show(rows, selected);
      expect(client.receive(diff).html()).toBe(renderToString(page(rows, selected)));
      return [diff, called];
    };
    expect(shows([a, b, c], 0)[1]).toBe("a,b,c");
    expect(shows([a, b, c], 0)).toEqual(["", ""]);
    expect(shows([a, b, c], 1)).toEqual(['{"0":{"k":{"0":{"0":""},"1":{"0":"on"},"kc":3}}}', "a,b"]);
    expect(shows([c, b, a], 1)).toEqual(['{"0":{"k":{"0":2,"2":0,"kc":3,"km":true}}}', ""]);
    expect(shows([c, { id: 3, name: "d" }, a], 1)[1]).toBe("d");
    expect(shows([a, { id: 0.5, name: "e" }, c], 2)[1]).toBe("e,c");
    expect(shows([a], 2)).toEqual(['{"0":{"k":{"kc":1}}}', ""]);
    expect(shows([a, c], 0)[1]).toBe("a,c");
    expect(shows([{ ...a, name: "A" }, c], 0)[1]).toBe("A");
  });

  test("may show another one", () => {
    const bold = component(({ text }: { text: string }) => html`<li>${text}</li>`);
    const loud = component(({ text }: { text: string }) => bold({ text: `${text}!` }));
    const view = html`<ul>${each(["a"], String, (text) => loud({ text }))}</ul>`;
    expect(renderToString(view)).toBe("<ul><li>a!</li></ul>");
    expect(new WireClient().receive(new ViewRenderer().full(view)).html()).toBe("<ul><li>a!</li></ul>");
  });
});
