import { describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { stream } from "../../liveview/diff/stream.ts";
import { untracked } from "../../liveview/diff/tracking.ts";
import { each } from "../../liveview/template/each.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import type { Rendered, TextValue } from "../../liveview/template/rendered.ts";
import { renderSlot, type Slot } from "../../liveview/template/slots.ts";
import { type Html, html } from "../../liveview/template/template.ts";
import { WireClient } from "../support/wire-merge.ts";

/** Notes that the code around it ran; gives the value back. */
type Count = <T>(name: string, value?: T) => T;

/** A view whose assigns change: `set` sends a diff, `calls` counts what ran meanwhile. */
class View<Assigns extends object> {
  readonly #renderer = new ViewRenderer();
  readonly #client = new WireClient();
  readonly #render: (assigns: Assigns) => Rendered;
  #assigns: Assigns;
  calls: Record<string, number> = {};

  constructor(assigns: Assigns, render: (assigns: Assigns, html: Html<Assigns>, count: Count) => Rendered) {
    this.#assigns = assigns;
    this.#render = (assigns) => render(assigns, html, this.#count as Count);
    this.#client.receive(this.#renderer.fullOf(assigns, this.#render as (assigns: object) => Rendered)).html();
    this.calls = {};
  }

  readonly #count = (name: string, value?: unknown): unknown => {
    this.calls[name] = (this.calls[name] ?? 0) + 1;
    return value;
  };

  /** @returns the diff; the client's page has been compared with a fresh render of all */
  set(change: Partial<Assigns>): string {
    this.#assigns = { ...this.#assigns, ...change };
    this.calls = {};
    const diff = this.#renderer.diffOf(this.#assigns, this.#render as (assigns: object) => Rendered);
    const { calls } = this;
    this.calls = {};
    const fresh = renderToString(this.#render(this.#assigns), this.#assigns);
    expect(this.#client.receive(diff).html()).toBe(fresh);
    this.calls = calls;
    return diff;
  }
}

describe("a function in a hole", () => {
  test("F2: runs only when an assign that it read has changed", () => {
    const view = new View({ a: 1, b: 1 }, (_, html, count) => {
      count("render");
      return html`<p>${({ a }) => count("a", a)} ${({ b }) => count("b", b)}</p>`;
    });
    expect(view.set({ a: 2 })).toBe('{"0":"2"}');
    expect(view.calls).toEqual({ a: 1 });
    expect(view.set({ b: 2 })).toBe('{"1":"2"}');
    expect(view.calls).toEqual({ b: 1 });
    expect(view.set({ a: 2, b: 2 })).toBe("");
    expect(view.calls).toEqual({});
  });

  test("F2: may close over render's assigns, and run as rarely", () => {
    const view = new View({ a: 1, b: 1 }, (assigns, html, count) => {
      count("render");
      return html`<p class=${() => count("b", assigns.b)}>${() => count("a", assigns.a)}</p>`;
    });
    expect(view.set({ a: 2 })).toBe('{"1":"2"}');
    expect(view.calls).toEqual({ a: 1 });
    expect(view.set({ b: 2 })).toBe('{"0":"2"}');
    expect(view.calls).toEqual({ b: 1 });
  });

  test("F2: runs with render when render has read what changed, for it may close over that", () => {
    const view = new View({ a: 1, b: 1 }, ({ a }, html, count) => {
      count("render");
      return html`<p>${a} ${({ b }) => count("b", a * 10 + b)}</p>`;
    });
    expect(view.set({ a: 2 })).toBe('{"0":"2","1":"21"}');
    expect(view.calls).toEqual({ render: 1, b: 1 });
    expect(view.set({ b: 2 })).toBe('{"1":"22"}');
    expect(view.calls).toEqual({ b: 1 });
  });

  test("F2: reads fields of plain objects one by one", () => {
    const view = new View(
      { user: { name: "Ann", mail: "a@x", address: { city: "Rome", zip: "1" } } },
      (_, html, count) => {
        return html`<p>${({ user }) => count("name", user.name)} ${({ user }) => count("city", user.address.city)}</p>`;
      },
    );
    const user = { name: "Ann", mail: "a@x", address: { city: "Rome", zip: "1" } };
    expect(view.set({ user: { ...user, mail: "b@x" } })).toBe("");
    expect(view.calls).toEqual({});
    expect(view.set({ user: { ...user, name: "Bob" } })).toBe('{"0":"Bob"}');
    expect(view.calls).toEqual({ name: 1 });
    expect(view.set({ user: { ...user, name: "Bob", address: { city: "Rome", zip: "2" } } })).toBe("");
    expect(view.calls).toEqual({});
    expect(view.set({ user: { ...user, name: "Bob", address: { city: "Oslo", zip: "2" } } })).toBe('{"1":"Oslo"}');
    expect(view.calls).toEqual({ city: 1 });
  });

  test("F2: reads objects that are frozen, and such that become something else", () => {
    const freeze = (name: string) => Object.freeze({ inner: Object.freeze({ name }) });
    const view = new View<{ user: { inner: { name: string } } | null }>({ user: freeze("a") }, (_, html, count) => {
      return html`<p>${({ user }) => count("user", user === null ? "nobody" : user.inner.name)}</p>`;
    });
    expect(view.set({ user: freeze("a") })).toBe("");
    expect(view.calls).toEqual({});
    expect(view.set({ user: null })).toBe('{"0":"nobody"}');
    expect(view.set({ user: freeze("b") })).toBe('{"0":"b"}');
  });

  test("F2: an object asked for its fields' names, or taken whole, counts as a whole", () => {
    const view = new View({ tally: { a: 1 } as Record<string, number>, chosen: { id: 1 } }, (_, html, count) => {
      return html`<p>${({ tally }) => count("tally", Object.keys(tally).join())}
        ${({ chosen }) => count("chosen", untracked(chosen).id)}</p>`;
    });
    expect(view.set({ tally: { a: 1, b: 2 } })).toBe('{"0":"a,b"}');
    view.set({ chosen: { id: 1 } });
    expect(view.calls).toEqual({ chosen: 1 });
  });

  test("F2: untracked gives the object itself, to be compared", () => {
    const rows = [{ id: 1 }, { id: 2 }];
    const view = new View({ rows, selected: rows[0]! }, (_, html) => {
      const row = (row: { id: number }) =>
        html`<li class=${({ selected }) => (untracked(selected) === row ? "on" : false)}>${row.id}</li>`;
      return html`<ul>${({ rows }) => each(rows, (row) => row.id, row)}</ul>`;
    });
    expect(view.set({ selected: rows[1]! })).toBe('{"0":{"k":{"0":{"0":""},"1":{"0":"on"},"kc":2}}}');
  });

  test("F2: what it reads may depend on what it has read", () => {
    const view = new View({ which: "a" as "a" | "b", a: 1, b: 1 }, (_, html, count) => {
      return html`<p>${(assigns) => count("hole", assigns[assigns.which])}</p>`;
    });
    view.set({ b: 2 });
    expect(view.calls).toEqual({});
    expect(view.set({ which: "b" })).toBe('{"0":"2"}');
    view.set({ a: 3 });
    expect(view.calls).toEqual({});
    expect(view.set({ b: 4 })).toBe('{"0":"4"}');
  });

  test("F3: inside of another one runs alone, and with the other", () => {
    const view = new View({ a: 1, b: 1, c: 1 }, (_, html, count) => {
      return html`<p>${({ a }) =>
        count(
          "outer",
          html`<b>${a}</b> ${({ b }) => count("inner", html`<i>${a}${b}</i>${({ c }) => count("most", c)}`)}`,
        )}</p>`;
    });
    expect(view.set({ c: 2 })).toBe('{"0":{"1":{"2":"2"}}}');
    expect(view.calls).toEqual({ most: 1 });
    expect(view.set({ b: 2 })).toBe('{"0":{"1":{"1":"2"}}}');
    expect(view.calls).toEqual({ inner: 1, most: 1 });
    expect(view.set({ a: 2 })).toBe('{"0":{"0":"2","1":{"0":"2"}}}');
    expect(view.calls).toEqual({ outer: 1, inner: 1, most: 1 });
  });

  test("F3: an object that an outer one has read may be looked into by an inner one", () => {
    const view = new View({ user: { name: "a", role: "x" } }, (_, html) => {
      return html`<p>${({ user }) => html`<b>${user.role}</b> ${() => user.name}`}</p>`;
    });
    expect(view.set({ user: { name: "b", role: "x" } })).toBe('{"0":{"1":"b"}}');
    expect(view.set({ user: { name: "b", role: "y" } })).toBe('{"0":{"0":"y"}}');
  });

  test("F3: an inner one that looks into an object only later finds what it is by then", () => {
    const view = new View({ user: { name: "a", role: "x" }, n: 1 }, (_, html) => {
      return html`<p>${({ user }) => html`<b>${user.role}</b> ${({ n }) => n > 1 && user.name}`}</p>`;
    });
    expect(view.set({ user: { name: "b", role: "x" } })).toBe("");
    expect(view.set({ n: 2 })).toBe('{"0":{"1":"b"}}');
    expect(view.set({ user: { name: "c", role: "x" } })).toBe('{"0":{"1":"c"}}');
  });

  test("F2: asking whether an assign is there counts as reading it", () => {
    const view = new View({ a: 1 } as Record<string, number>, (_, html) => {
      return html`<p>${(assigns) => ("b" in assigns ? "there" : "not there")}</p>`;
    });
    expect(view.set({ a: 2 })).toBe("");
    expect(view.set({ b: 1 })).toBe('{"0":"there"}');
  });

  test("F2: so does asking whether an object has a field, and comparing one with another", () => {
    const [a, b]: Record<string, number>[] = [{ x: 1 }, { x: 1 }];
    const view = new View({ a: a!, b: b! }, (_, html) => {
      return html`<p>${({ a }) => a.x! > 0 && ("y" in a ? "there" : "not there")} ${({ a, b }) => (a === b ? "same" : "not")}</p>`;
    });
    expect(view.set({ a: { x: 1, y: 2 } })).toBe('{"0":"there"}');
    expect(view.set({ a: b! })).toBe('{"0":"not there","1":"same"}');
    expect(view.set({ b: a! })).toBe('{"1":"not"}');
  });

  test("F3: in lists of which the first entries had none", () => {
    const row = (isLive: boolean): Rendered =>
      html`<li>${isLive ? ((({ n }: { n: number }) => n) as () => number) : "fixed"}</li>`;
    const keyed = new View({ n: 1, rows: [false] }, (_, html) => {
      return html`<ul>${({ rows }) =>
        each(
          rows.map((isLive, key) => ({ isLive, key })),
          ({ key }) => key,
          ({ isLive }) => row(isLive),
        )}</ul>`;
    });
    const unkeyed = new View({ n: 1, rows: [false] }, (_, html) => html`<ul>${({ rows }) => rows.map(row)}</ul>`);
    for (const view of [keyed, unkeyed]) {
      expect(view.set({ rows: [false, true] })).toBe('{"0":{"k":{"1":{"0":"1"},"kc":2}}}');
      expect(view.set({ n: 2 })).toBe('{"0":{"k":{"1":{"0":"2"},"kc":2}}}');
    }
  });

  test("F3: in rows: runs for each row, or for none, while rows are not rendered again", () => {
    const rows = [1, 2, 3].map((id) => ({ id, text: `t${id}` }));
    const view = new View({ rows, selected: 1, title: "x" }, (_, html, count) => {
      const row = ({ id, text }: (typeof rows)[number]) => {
        count("row");
        return html`<li class=${({ selected }) => count("class", selected === id && "on")}>${text}</li>`;
      };
      return html`<h1>${({ title }) => title}</h1><ul>${({ rows }) =>
        count(
          "rows",
          each(rows, (row) => row.id, row),
        )}</ul>`;
    });
    view.set({ title: "y" });
    expect(view.calls).toEqual({});
    expect(view.set({ selected: 3 })).toBe('{"1":{"k":{"0":{"0":""},"2":{"0":"on"},"kc":3}}}');
    expect(view.calls).toEqual({ class: 3 });
    view.set({ rows: [rows[2]!, rows[0]!, { id: 2, text: "new" }] });
    expect(view.calls).toEqual({ rows: 1, row: 1, class: 1 });
    // Moved, and one changed, while what the others read has changed too.
    expect(view.set({ rows: [rows[1]!, rows[2]!, rows[0]!], selected: 1 })).toBe(
      '{"1":{"k":{"0":[2,{"1":"t2"}],"1":[0,{"0":""}],"2":[1,{"0":"on"}],"kc":3,"km":true}}}',
    );
  });

  test("F3: in a branch that comes and goes", () => {
    const view = new View({ open: false, n: 1 }, (_, html, count) => {
      return html`<p>${({ open }) => open && html`<b>${({ n }) => count("n", n)}</b>`}</p>`;
    });
    view.set({ n: 2 });
    expect(view.calls).toEqual({});
    expect(view.set({ open: true })).toBe('{"0":{"0":"2","r":1,"s":["<b>","</b>"]}}');
    expect(view.set({ n: 3 })).toBe('{"0":{"0":"3"}}');
    expect(view.set({ open: false })).toBe('{"0":""}');
    view.set({ n: 4 });
    expect(view.calls).toEqual({});
  });

  test("F3: in a view that had none so far", () => {
    const view = new View({ open: false, n: 1, other: 1 }, ({ open, other }, html, count) => {
      count("render");
      return html`<p>${other}${open && html`<b>${({ n }) => count("n", n)}</b>`}</p>`;
    });
    view.set({ n: 2 });
    expect(view.calls).toEqual({ render: 1 });
    view.set({ open: true });
    expect(view.set({ n: 3 })).toBe('{"1":{"0":"3"}}');
    view.set({ n: 4 });
    expect(view.calls).toEqual({ n: 1 });
    view.set({ open: false });
    view.set({ other: 2 });
    expect(view.calls).toEqual({ render: 1 });
  });

  test("F8: a list whose assign did not change costs nothing, not even a look at its items", () => {
    const rows = [1, 2, 3];
    const view = new View({ rows, n: 1 }, (_, html, count) => {
      const key = (id: number) => count("key", id);
      return html`<p>${({ n }) => n}${({ rows }) =>
        count(
          "rows",
          each(rows, key, (id) => count("row", html`<b>${id}</b>`)),
        )}</p>`;
    });
    view.set({ n: 2 });
    expect(view.calls).toEqual({});
  });

  test("takes the place of a value, and gives it back", () => {
    const renderer = new ViewRenderer();
    const page = (value: TextValue) => html`<p>${value}</p>`;
    renderer.full(page("a"));
    expect(renderer.diff(page(() => "a"))).toBe("");
    expect(renderer.diff(page(() => html`<b>${1}</b>`))).toBe('{"0":{"0":"1","r":1,"s":["<b>","</b>"]}}');
    expect(renderer.diff(page(html`<i></i>`))).toBe('{"0":{"r":1,"s":["<i></i>"]}}');
    expect(renderer.diff(page(["x", () => "y"]))).toBe('{"0":{"k":{"0":{"0":"x"},"1":{"0":"y"},"kc":2},"s":["",""]}}');
    expect(renderer.diff(page(["x", () => "z"]))).toBe('{"0":{"k":{"1":{"0":"z"},"kc":2}}}');
  });

  test("shows a stream when something is pending in it", () => {
    const messages = stream<{ id: number }>("m", [{ id: 1 }]);
    const renderer = new ViewRenderer();
    const assigns = { messages, n: 1 };
    const render = () =>
      html`<p>${((a: typeof assigns) => a.n) as () => number}</p>
        <ul id="m" phx-update="stream">${((a: typeof assigns) => each(a.messages, (id) => html`<li id=${id}></li>`)) as () => TextValue}</ul>`;
    renderer.fullOf(assigns, render);
    expect(renderer.diffOf({ messages, n: 2 }, render)).toBe('{"0":"2"}');
    messages.insert({ id: 2 });
    expect(renderer.diffOf({ messages, n: 2 }, render)).toContain('["m-2",-1,null,false]');
  });

  test("T23: cannot write to the assigns", () => {
    const write = (how: (assigns: { a: number; o: { b: number } }) => void) => () =>
      new View({ a: 1, o: { b: 1 } }, (_, html) => html`<p>${(assigns) => void how(assigns as never)}</p>`);
    expect(write((assigns) => void (assigns.a = 2))).toThrow('Cannot set "a" in render');
    expect(write((assigns) => void (assigns.o.b = 2))).toThrow('Cannot set "b" in render');
    expect(write((assigns) => void delete (assigns as { a?: number }).a)).toThrow('Cannot set "a" in render');
  });

  test("T23: all assigns taken at once are all read", () => {
    const view = new View({ a: 1, b: 1 } as Record<string, number>, (_, html, count) => {
      return html`<p>${(assigns) => count("all", JSON.stringify({ ...assigns }))}</p>`;
    });
    view.set({ b: 2 });
    expect(view.calls).toEqual({ all: 1 });
    view.set({ c: 3 });
    expect(view.calls).toEqual({ all: 1 });
    view.set({});
    expect(view.calls).toEqual({});
  });

  test("leaves no trace when it throws", () => {
    const view = new View({ a: 1 }, (_, html, count) => html`<p>${({ a }) => count("a", a)}</p>`);
    const bad = new ViewRenderer();
    expect(() =>
      bad.fullOf(
        {},
        () =>
          html`<p>${() => {
            throw new Error("boom");
          }}</p>`,
      ),
    ).toThrow("boom");
    expect(view.set({ a: 2 })).toBe('{"0":"2"}');
    expect(view.set({ a: 2 })).toBe("");
  });
});

describe("component", () => {
  test("F3: is not called when its inputs are identical", () => {
    let calls = 0;
    const card = component(({ title, n }: { title: string; n: number }) => {
      calls++;
      return html`<b>${title}</b>${n}`;
    });
    const renderer = new ViewRenderer();
    const page = (title: string, n: number, x: number) => html`<p>${card({ title, n })}${x}</p>`;
    renderer.full(page("a", 1, 1));
    expect(calls).toBe(1);
    expect(renderer.diff(page("a", 1, 2))).toBe('{"1":"2"}');
    expect(calls).toBe(1);
    expect(renderer.diff(page("b", 1, 2))).toBe('{"0":{"0":"b"}}');
    expect(calls).toBe(2);
  });

  test("F3: a slot is compared by what it is made of; what changed in it is sent alone", () => {
    let calls = 0;
    const card = component(({ title, inner }: { title: string; inner: Slot }) => {
      calls++;
      return html`<h2>${title}</h2>${renderSlot(inner)}`;
    });
    const renderer = new ViewRenderer();
    const page = (title: string, a: number, b: number) =>
      html`<p>${card({ title, inner: html`<b>${a}</b>${[html`<i>${b}</i>`]}` })}</p>`;
    renderer.full(page("t", 1, 1));
    expect(renderer.diff(page("t", 1, 1))).toBe("");
    expect(calls).toBe(1);
    expect(renderer.diff(page("t", 1, 2))).toBe('{"0":{"1":{"1":{"k":{"0":{"0":"2"},"kc":1}}}}}');
    expect(calls).toBe(2);
  });

  test("F3: whatever is given as content is compared by all that it is made of", () => {
    let calls = 0;
    const card = component(({ inner }: { inner?: TextValue }) => {
      calls++;
      return html`<em>${inner}</em>`;
    });
    const bold = component(({ n, m }: { n: number; m?: number }) => html`<b>${n}${m}</b>`);
    const italic = component(({ n }: { n: number }) => html`<i>${n}</i>`);
    const [items, same] = [["a"], (item: string) => item];
    const row = (item: string) => html`<b>${item}</b>`;
    const other = (item: string) => html`<i>${item}</i>`;
    const text = (n: number) => html`<u>${n}</u>`;
    const page = (inner: TextValue) => html`<p>${card({ inner })}</p>`;
    /** Is it called again, for the second content in place of the first? The page is right in either case. */
    const isCalled = (first: TextValue, second: TextValue): boolean => {
      const renderer = new ViewRenderer();
      const client = new WireClient();
      client.receive(renderer.full(page(first))).html();
      calls = 0;
      const diff = renderer.diff(page(second));
      const called = calls > 0;
      expect(client.receive(diff).html()).toBe(renderToString(page(second)));
      return called;
    };
    expect(isCalled(each(items, same, row), each(items, same, row))).toBe(false);
    expect(isCalled(each(items, same, row), each(["b"], same, row))).toBe(true);
    expect(isCalled(each(items, same, row), each(items, same, other))).toBe(true);
    expect(
      isCalled(
        each(items, same, row),
        each(items, (item) => item, row),
      ),
    ).toBe(true);
    expect(isCalled(bold({ n: 1 }), bold({ n: 1 }))).toBe(false);
    expect(isCalled(bold({ n: 1 }), bold({ n: 2 }))).toBe(true);
    expect(isCalled(bold({ n: 1 }), bold({ n: 1, m: 2 }))).toBe(true);
    expect(isCalled(bold({ n: 1, m: 2 }), bold({ n: 1 }))).toBe(true);
    expect(isCalled(bold({ n: 1 }), italic({ n: 1 }))).toBe(true);
    expect(isCalled([text(1), "x"], [text(1), "x"])).toBe(false);
    expect(isCalled([text(1), "x"], [text(1)])).toBe(true);
    expect(isCalled([text(1)], text(1))).toBe(true);
    expect(isCalled(text(1), text(2))).toBe(true);
    expect(isCalled(text(1), row("1"))).toBe(true);
    expect(isCalled(Number.NaN, Number.NaN)).toBe(false);
  });

  test("F3: functions in it run although it is not called", () => {
    let calls = 0;
    const shown = (({ n }: { n: number }) => n) as () => number;
    const card = component(({ inner }: { inner: Slot }) => {
      calls++;
      return html`<b>${inner}</b>`;
    });
    const view = new View({ n: 1, x: 1 }, ({ x }) => html`<p>${card({ inner: shown })}${x}</p>`);
    const before = calls;
    expect(view.set({ n: 2 })).toBe('{"0":{"0":"2"}}');
    expect(view.set({ x: 2, n: 3 })).toBe('{"0":{"0":"3"},"1":"2"}');
    expect(calls - before).toBe(2); // those of the fresh renders that the diffs are compared with
  });

  test("F3: functions in it run also where it had none at first", () => {
    const shown = (({ n }: { n: number }) => n) as () => number;
    const card = component(({ open }: { open: boolean }) => html`<b>${open && shown}</b>`);
    const view = new View({ n: 1, open: false }, (_, html) => html`<p>${({ open }) => card({ open })}</p>`);
    expect(view.set({ open: true })).toBe('{"0":{"0":"1"}}');
    expect(view.set({ n: 2 })).toBe('{"0":{"0":"2"}}');
  });

  test("F3: an object that it is given by a tracked hole counts as a whole", () => {
    const name = component(({ user }: { user: { name: string; role: string } }) => html`<b>${user.name}</b>`);
    const view = new View({ user: { name: "a", role: "x" }, n: 1 }, (_, html) => {
      return html`<p>${({ user, n }) => html`${user.role}${n}${name({ user })}`}</p>`;
    });
    view.set({ n: 2 });
    expect(view.set({ user: { name: "b", role: "x" } })).toBe('{"0":{"2":{"0":"b"}}}');
  });

  test("F3: is called for a stream that has something to show", () => {
    let calls = 0;
    const list = component(({ messages }: { messages: ReturnType<typeof stream<{ id: number }>> }) => {
      calls++;
      return html`<ul id="m" phx-update="stream">${each(messages, (id) => html`<li id=${id}></li>`)}</ul>`;
    });
    const messages = stream<{ id: number }>("m");
    const renderer = new ViewRenderer();
    const page = () => html`<p>${list({ messages })}</p>`;
    renderer.full(page());
    renderer.diff(page());
    expect(calls).toBe(1);
    messages.insert({ id: 1 });
    expect(renderer.diff(page())).toContain('["m-1",-1,null,false]');
    expect(calls).toBe(2);
  });

  test("F3: another one at its place shows its own", () => {
    const one = component(({ n }: { n: number }) => html`<b>${n}</b>`);
    const two = component(({ n }: { n: number }) => html`<i>${n}</i>`);
    const renderer = new ViewRenderer();
    const page = (value: TextValue) => html`<p>${value}</p>`;
    renderer.full(page(one({ n: 1 })));
    expect(renderer.diff(page(two({ n: 1 })))).toBe('{"0":{"0":"1","r":1,"s":["<i>","</i>"]}}');
    expect(renderer.diff(page(html`<i></i>`))).toContain('"s":["<i></i>"]');
    expect(renderer.diff(page(one({ n: 2 })))).toContain('"s":["<b>","</b>"]');
    expect(renderer.diff(page([one({ n: 2 }), one({ n: 3 })]))).toContain('"kc":2');
    expect(renderer.diff(page([one({ n: 2 }), one({ n: 4 })]))).toBe('{"0":{"k":{"1":{"0":{"0":"4"}},"kc":2}}}');
  });

  test("is an entry of a list", () => {
    const row = component(({ n }: { n: number }) => html`<li>${n}</li>`);
    const renderer = new ViewRenderer();
    const page = (ns: number[]) => html`<ul>${each(ns, String, (n) => row({ n }))}</ul>`;
    expect(renderer.full(page([1, 2]))).toContain('"s":["<li>","</li>"]');
    expect(renderer.diff(page([2, 1]))).toBe('{"0":{"k":{"0":1,"1":0,"kc":2,"km":true}}}');
  });

  test("refuses what is no function, and inputs that are none", () => {
    expect(() => component("x" as never)).toThrow("component(): expected a function, got a string.");
    expect(() => component((_: object) => "")("x" as never)).toThrow("takes its inputs in an object, got a string");
    expect(renderToString(html`<p>${component(() => "a")()}</p>`)).toBe("<p>a</p>");
    expect(() => renderToString(html`<p title=${component(() => "a")() as never}></p>`)).toThrow("attribute title");
  });
});

describe("each", () => {
  test("F7: a keyed list of unchanged items costs one identity check an item", () => {
    let keys = 0;
    let renders = 0;
    let reads = 0;
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, text: "x" }));
    const counted = new Proxy(rows, {
      get: (target, key, receiver) => {
        if (typeof key === "string" && /^\d+$/.test(key)) reads++;
        return Reflect.get(target, key, receiver);
      },
    });
    const key = ({ id }: { id: number }) => {
      keys++;
      return id;
    };
    const render = ({ text }: { text: string }) => {
      renders++;
      return html`<li>${text}</li>`;
    };
    const renderer = new ViewRenderer();
    const page = (items: typeof rows) => html`<ul>${each(items, key, render)}</ul>`;
    renderer.full(page(rows));
    keys = renders = 0;
    expect(renderer.diff(page(counted))).toBe("");
    expect([reads, keys, renders]).toEqual([100, 0, 0]);
  });
});
