import { describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import {
  asyncFailed,
  asyncLoading,
  asyncOk,
  asyncResult,
  type ComponentCall,
  component,
  dynamicTag,
  each,
  focusWrap,
  form,
  html,
  inputsFor,
  intersperse,
  link,
  liveFileInput,
  liveFlash,
  liveImgPreview,
  liveTitle,
  portal,
  raw,
  renderSlot,
  renderToString,
  type Slot,
  type SlotEntries,
  type TextValue,
  toForm,
  uploadErrors,
  usedInput,
} from "../../liveview/index.ts";

const shown = (value: TextValue) => renderToString(html`${value}`);
/** Is it one root element for the client? */
const isRoot = (call: ComponentCall) => new ViewRenderer().full(html`${call}`).includes('"r":1');

describe("link", () => {
  test("T15: patches, navigates, replaces, and is an ordinary one", () => {
    expect(shown(link({ patch: "/a?b=1&c", inner: "x" }))).toBe(
      '<a href="/a?b=1&amp;c" data-phx-link="patch" data-phx-link-state="push">x</a>',
    );
    expect(shown(link({ navigate: "/a", replace: true, inner: html`<b>x</b>`, class: ["p", false] }))).toBe(
      '<a href="/a" data-phx-link="redirect" data-phx-link-state="replace" class="p"><b>x</b></a>',
    );
    expect(shown(link({ href: "javascript:alert(1)", inner: "x", rel: "me", "aria-label": "y" }))).toBe(
      '<a href="#blocked" rel="me" aria-label="y">x</a>',
    );
    expect(isRoot(link({ href: "/", inner: "x" }))).toBe(true);
    // @ts-expect-error: nowhere to go
    expect(() => shown(link({ inner: "x" }))).toThrow("link(): expected one of patch, navigate and href, got none");
  });

  test("T15: of another method names it, its address and the token", () => {
    expect(shown(link({ href: "/session", method: "delete", csrfToken: "T", inner: "Out" }))).toBe(
      '<a href="/session" data-method="delete" data-csrf="T" data-to="/session">Out</a>',
    );
    expect(shown(link({ href: " java\nscript:alert(1)", method: "post", inner: "x" }))).toBe(
      '<a href="#blocked" data-method="post" data-to="#blocked">x</a>',
    );
    // @ts-expect-error: a live link sends no form
    expect(shown(link({ navigate: "/a", method: "delete", inner: "x" }))).not.toContain("data-method");
  });
});

describe("form", () => {
  const errors = { name: ["is too short"], "addresses.1.city": ["is unknown"] };
  const user = { name: "A", addresses: { 0: { city: "Rome" }, 1: { city: "x", _persistent_id: "7" } } };

  test("T25: toForm gives its fields ids, names, values and errors", () => {
    const of = toForm(user, { as: "user", errors });
    expect(of.field("name")).toMatchObject({ id: "user_name", name: "user[name]", value: "A", errors: errors.name });
    expect(toForm({}).field("name")).toMatchObject({ id: "name", name: "name", value: undefined, errors: [] });
    expect(toForm({}, { as: "a[b]" }).field("c")).toMatchObject({ id: "a_b_c", name: "a[b][c]" });
    expect(toForm({}, { as: "a", id: "x" }).field("c").id).toBe("x_c");
    for (const [values, got] of [
      ["x", "a string"],
      [[], "an array"],
      [null, "null"],
      [new Map(), "an object (Map)"],
    ] as const) {
      expect(() => toForm(values as never)).toThrow(`expected an object of values by field, got ${got}.`);
    }
  });

  test("T25: errors of unused inputs are kept back, until all are shown", () => {
    const params = {
      ...{ name: "", _unused_name: "", more: { a: "", _unused_a: "" }, used: { a: "" } },
      ...{ tags: [""], _unused_tags: [""], dates: { year: "" }, _unused_dates: "" },
      rows: { 0: { a: "", _unused_a: "", _persistent_id: "0" }, 1: { a: "", _unused_a: "", b: "" } },
    };
    const used = Object.fromEntries(
      [...Object.keys(params), "missing", "toString"].map((key) => [key, usedInput(params, key)]),
    );
    expect(Object.keys(used).filter((key) => !key.startsWith("_") && used[key])).toEqual(["used", "rows"]);
    expect(usedInput(params.rows, "0")).toBe(false);
    expect(toForm(params, { errors }).field("name").errors).toEqual([]);
    expect(toForm(params, { errors, showAll: true }).field("name").errors).toEqual(["is too short"]);
    const inner = { errors: { "more.a": ["is empty"] } };
    const nested = (showAll: boolean) =>
      toForm(params, { ...inner, showAll })
        .nested("more", params.more)
        .field("a");
    expect([nested(false).errors, nested(true).errors]).toEqual([[], ["is empty"]]);
    expect(toForm({ constructor: "x" }, { errors: {} }).field("toString").value).toBeUndefined();
  });

  test("T15: form takes bindings, and an action with its method and token", () => {
    expect(
      shown(form({ for: toForm({}, { as: "user" }), "phx-change": "check", inner: (f) => f.field("a").name })),
    ).toBe('<form id="user" phx-change="check">user[a]</form>');
    expect(
      shown(form({ for: toForm({}), action: "/u", method: "put", csrfToken: "T", multipart: true, inner: "x" })),
    ).toBe(
      '<form action="/u" method="post" enctype="multipart/form-data">' +
        '<input type="hidden" name="_method" value="put" hidden><input type="hidden" name="_csrf_token" value="T" hidden>x</form>',
    );
    // @ts-expect-error: a form is made by toForm
    expect(() => shown(form({ for: { name: "a" }, inner: "" }))).toThrow(
      "expected for to be made by toForm, got a plain",
    );
    expect(shown(form({ for: toForm({}), action: "/s", method: "get", csrfToken: "T", inner: "" }))).toBe(
      '<form action="/s" method="get"></form>',
    );
  });

  test("T15: inputsFor nests names and errors, of one and of many", () => {
    const of = toForm(user, { as: "user", errors });
    const city = (address: ReturnType<typeof toForm>): TextValue => {
      const { name, id, value, errors } = address.field("city");
      return `${name} ${id} ${String(value)} ${errors.join()};`;
    };
    expect(shown(inputsFor({ field: of.field("addresses"), inner: city, skipHidden: true }))).toBe(
      "user[addresses][0][city] user_addresses_0_city Rome ;user[addresses][1][city] user_addresses_1_city x is unknown;",
    );
    expect(shown(inputsFor({ field: of.field("addresses"), inner: "" }))).toContain(
      '<input type="hidden" name="user[addresses][1][_persistent_id]" value="7" hidden>',
    );
    const many = toForm({ a: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [i, { city: i }])) });
    const cities = shown(
      inputsFor({ field: many.field("a"), inner: (f) => `${f.field("city").value};`, skipHidden: true }),
    );
    expect(cities).toBe("0;1;2;3;4;5;6;7;8;9;10;");
    const one = toForm({ home: { city: "Oslo" } }, { as: "u" });
    expect(shown(inputsFor({ field: one.field("home"), inner: city }))).toBe("u[home][city] u_home_city Oslo ;");
    expect(shown(inputsFor({ field: one.field("none"), inner: city, default: [{}], skipHidden: true }))).toContain(
      "u[none][0]",
    );
    expect(() => shown(inputsFor({ field: toForm({ a: "text" }).field("a"), inner: city }))).toThrow(
      "inputsFor(): expected the value of a to be an object or a list of objects, got a string",
    );
  });
});

describe("liveTitle", () => {
  test("T15: tells the client what surrounds a title, and what stands for none", () => {
    expect(shown(liveTitle({ title: "<Rows>", default: "Shop", prefix: "a ", suffix: " · b" }))).toBe(
      '<title data-prefix="a " data-default="Shop" data-suffix=" · b">a &lt;Rows&gt; · b</title>',
    );
    for (const title of [undefined, "", " \n"]) {
      expect(shown(liveTitle({ title, default: "Shop" }))).toBe('<title data-default="Shop">Shop</title>');
    }
    expect(shown(liveTitle({ title: " " }))).toBe("<title></title>");
  });
});

describe("focusWrap", () => {
  test("T15: has the two ends that the client's hook looks for", () => {
    // @ts-expect-error: it needs an id
    expect(() => shown(focusWrap({ inner: "" }))).toThrow(
      "expected an id, which <div> needs for its phx-hook, got undefined",
    );
    expect(shown(focusWrap({ id: "w", class: "c", inner: html`<b></b>` }))).toBe(
      '<div id="w" phx-hook="Phoenix.FocusWrap" class="c">\n  <div id="w-start" tabindex="0" aria-hidden="true"></div>\n' +
        '  <b></b>\n  <div id="w-end" tabindex="0" aria-hidden="true"></div>\n</div>',
    );
  });
});

describe("dynamicTag", () => {
  test("T13: checks the tag, and its attributes", () => {
    expect(shown(dynamicTag({ tag: "h2", class: ["a"], title: '"', inner: "<" }))).toBe(
      '<h2 class="a" title="&quot;">&lt;</h2>',
    );
    expect(shown(dynamicTag({ tag: "my-box" }))).toBe("<my-box></my-box>");
    expect(shown(dynamicTag({ tag: "pre", inner: "\na" }))).toBe("<pre>\n\na</pre>"); // a browser drops the first one
    for (const tag of ["script", "STYLE", "img", "h1 onclick=x", "a>b", "", "-x", "textarea", "iframe"]) {
      expect(() => shown(dynamicTag({ tag }))).toThrow("dynamicTag(): expected the name of an element");
    }
    expect(() => shown(dynamicTag({ tag: "a", onclick: "x" } as never))).toThrow("onclick runs as code");
    expect(shown(dynamicTag({ tag: "a", href: "javascript:x" } as never))).toBe('<a href="#blocked"></a>');
    expect(() => shown(dynamicTag({ tag: "p", "phx-hook": "X" }))).toThrow("<p> has phx-hook, so it needs an id");
  });
});

describe("portal", () => {
  test("T14: is a template with one element that has an id", () => {
    expect(shown(portal({ id: "p", target: "#t", container: "span", class: "c", inner: html`<b></b>` }))).toBe(
      '<template id="p" data-phx-portal="#t"><span id="_lv_portal_wrap_p" class="c"><b></b></span></template>',
    );
    // @ts-expect-error: it needs a target
    expect(() => shown(portal({ id: "p", inner: "" }))).toThrow(
      "portal(): expected target to be a string, got undefined.",
    );
    expect(() => shown(portal({ id: "", target: "#t", inner: "" }))).toThrow(
      "expected id to be a string, got an empty",
    );
  });
});

describe("asyncResult", () => {
  test("T15: shows the value, else why there is none, else that it loads", () => {
    const of = (assign: Parameters<typeof asyncResult<string>>[0]["assign"]) =>
      shown(
        asyncResult({
          assign,
          loading: "…",
          failed: (reason) => `failed: ${reason}`,
          inner: (text) => html`<b>${text}</b>`,
        }),
      );
    const loading = asyncLoading<string>();
    expect(of(loading)).toBe("…");
    expect(of(asyncFailed(loading, "timeout"))).toBe("failed: timeout");
    expect(of(asyncOk("a"))).toBe("<b>a</b>");
    expect(of(asyncLoading(asyncOk("a")))).toBe("<b>a</b>");
    expect(of(asyncFailed(asyncLoading(asyncOk("a")), "x"))).toBe("<b>a</b>");
    expect(shown(asyncResult({ assign: loading, inner: "x" }))).toBe("");
    expect(of(asyncFailed(loading, undefined))).toBe("failed: failed");
    expect(() => of(undefined as never)).toThrow("asyncResult(): expected assign to be an AsyncResult, got undefined.");
  });
});

describe("intersperse", () => {
  test("T15: stands between entries only", () => {
    const of = (items: string[]) => shown(intersperse({ items, separator: html`<i>/</i>`, inner: (item) => item }));
    expect([of([]), of(["a"]), of(["a", "b", "c"])]).toEqual(["", "a", "a<i>/</i>b<i>/</i>c"]);
  });
});

describe("uploads", () => {
  const entry = { ref: "0", uploadRef: "phx-F1", isDone: false, isPreflighted: true };
  const upload = {
    ref: "phx-F1",
    name: "doc",
    accept: ".txt",
    maxEntries: 2,
    entries: [entry],
    errors: [["phx-F1", "too_many_files"]],
  } as const;

  test("T15: liveFileInput has all that the client reads, empty lists too", () => {
    expect(shown(liveFileInput({ upload, class: "c" }))).toBe(
      '<input id="phx-F1" type="file" name="doc" accept=".txt" multiple data-phx-hook="Phoenix.LiveFileUpload" ' +
        'data-phx-upload-ref="phx-F1" data-phx-active-refs="0" data-phx-done-refs="" data-phx-preflighted-refs="0" ' +
        'data-phx-error-refs="phx-F1" class="c">',
    );
    expect(shown(liveFileInput({ upload: { ...upload, entries: [], errors: [] } }))).toContain(
      'data-phx-active-refs=""',
    );
    const one = shown(liveFileInput({ upload: { ...upload, maxEntries: 1, autoUpload: true } }));
    expect(one).not.toContain(" multiple");
    expect(one).toContain(" data-phx-auto-upload");
  });

  test("T15, T25: liveImgPreview, uploadErrors", () => {
    expect(shown(liveImgPreview({ entry, alt: "a" }))).toBe(
      '<img id="phx-preview-0" data-phx-upload-ref="phx-F1" data-phx-entry-ref="0" data-phx-hook="Phoenix.LiveImgPreview" data-phx-update="ignore" alt="a">',
    );
    expect(uploadErrors(upload)).toEqual(["too_many_files"]);
    expect(uploadErrors(upload, entry)).toEqual([]);
  });

  test("T25: liveFlash", () => {
    expect([liveFlash({ info: "a" }, "info"), liveFlash({}, "toString"), liveFlash(undefined, "info")]).toEqual([
      "a",
      undefined,
      undefined,
    ]);
  });
});

describe("slots", () => {
  interface Row {
    readonly id: number;
    readonly name: string;
  }
  const table = component(
    ({
      rows,
      columns,
      inner,
    }: {
      rows: readonly Row[];
      columns: SlotEntries<{ label: string }, [row: Row]>;
      inner?: Slot;
    }) => html`
      <table>${renderSlot(inner)}<tr>${columns.map(({ label }) => html`<th>${label}</th>`)}</tr>${each(
        rows,
        (row) => row.id,
        (row) => html`<tr>${columns.map((column) => html`<td>${renderSlot(column, row)}</td>`)}</tr>`,
      )}</table>`,
  );
  const rows = [{ id: 1, name: "Ann" }];

  test("T7, T10: default, named, several entries with attributes and an argument", () => {
    expect(
      shown(
        table({
          rows,
          columns: [
            { label: "Id", content: (row) => row.id },
            { label: "Name", content: ({ name }) => html`<b>${name}</b>` },
          ],
          inner: html`<caption>c</caption>`,
        }),
      ),
    ).toBe(
      "<table><caption>c</caption><tr><th>Id</th><th>Name</th></tr><tr><td>1</td><td><b>Ann</b></td></tr></table>",
    );
  });

  test("T10: an absent slot shows nothing, and an entry without content cannot be shown", () => {
    expect(shown(table({ rows: [], columns: [] }))).toBe("<table><tr></tr></table>");
    expect(() => shown(table({ rows, columns: [{ label: "Id" }] }))).toThrow(
      "renderSlot(): expected the entry to have content, got a plain object with label.",
    );
    expect(shown(renderSlot([{ content: "a" }, { content: () => "b" }]))).toBe("ab");
  });

  test("T8, T24: a conditional in a component sends a branch's statics once a switch", () => {
    const badge = component(({ count }: { count: number }) => (count > 0 ? html`<b>${count}</b>` : html`<i>none</i>`));
    const renderer = new ViewRenderer();
    const page = (count: number) => html`<p>${badge({ count })}</p>`;
    renderer.full(page(0));
    expect(renderer.diff(page(1))).toBe('{"0":{"0":"1","r":1,"s":["<b>","</b>"]}}');
    expect(renderer.diff(page(2))).toBe('{"0":{"0":"2"}}');
    expect(renderer.diff(page(0))).toBe('{"0":{"r":1,"s":["<i>none</i>"]}}');
  });

  test("T8: what becomes of the object with the inputs is not the component's", () => {
    const inputs = { n: 1 };
    const call = component(({ n }: { n: number }) => html`<b>${n}</b>`)(inputs);
    inputs.n = 2;
    expect(shown(call)).toBe("<b>1</b>");
  });

  test("T9: attributes are the type of the inputs, checked where they are given; defaults are JavaScript's", () => {
    type Inputs = { count: number; kind?: "plain" | "loud"; onOpen?: () => string };
    const badge = component(
      ({ count, kind = "plain", onOpen = () => "-" }: Inputs) => html`<b class=${kind}>${count}${onOpen()}</b>`,
    );
    expect(shown(badge({ count: 1 }))).toBe('<b class="plain">1-</b>');
    expect(shown(badge({ count: 2, kind: "loud", onOpen: () => "!" }))).toBe('<b class="loud">2!</b>');
    // What the compiler refuses is not looked at again when it runs.
    // @ts-expect-error: count is required
    expect(shown(badge({ kind: "loud" }))).toBe('<b class="loud">-</b>');
    // @ts-expect-error: it is a number
    expect(shown(badge({ count: "1" }))).toBe('<b class="plain">1-</b>');
    // @ts-expect-error: none of the values
    expect(shown(badge({ count: 1, kind: "shy" }))).toBe('<b class="shy">1-</b>');
    // @ts-expect-error: no such attribute
    expect(shown(badge({ count: 1, color: "red" }))).toBe('<b class="plain">1-</b>');
    // @ts-expect-error: a function of other things
    expect(shown(badge({ count: 1, onOpen: (door: number) => `${door}` }))).toBe('<b class="plain">1undefined</b>');
  });

  test("T8: components take components as content", () => {
    const box = component(({ inner }: { inner: Slot }) => html`<div>${renderSlot(inner)}</div>`);
    expect(shown(box({ inner: box({ inner: [raw("<hr>"), box({ inner: "x" })] }) }))).toBe(
      "<div><div><hr><div>x</div></div></div>",
    );
  });
});
