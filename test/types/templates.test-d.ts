/**
 * What must compile, and what must not, in templates and function components. Checked by `tsc` as part of `npm test`;
 * nothing here runs. A line under `@ts-expect-error` that does compile is an error.
 */
import {
  asyncOk,
  asyncResult,
  attrs,
  component,
  dynamicTag,
  each,
  form,
  type GlobalAttributes,
  html,
  intersperse,
  JS,
  link,
  liveView,
  portal,
  renderSlot,
  type Slot,
  type SlotEntries,
  toForm,
} from "../../liveview/index.ts";

// T9: attributes are the component's own type: required, optional, of a few values.
const badge = component(({ count, kind = "plain" }: { count: number; kind?: "plain" | "loud" }) => {
  return html`<b class=${kind}>${count}</b>`;
});
badge({ count: 1 });
badge({ count: 1, kind: "loud" });
// @ts-expect-error count is required
badge({});
// @ts-expect-error and a number
badge({ count: "1" });
// @ts-expect-error none of the values
badge({ count: 1, kind: "shy" });
// @ts-expect-error no such attribute
badge({ count: 1, color: "red" });
// @ts-expect-error it needs inputs
badge();

const rule = component(() => html`<hr>`);
rule();
const maybe = component(({ title = "none" }: { title?: string } = {}) => html`<i>${title}</i>`);
maybe();
maybe({ title: "x" });

// T10, T7: slots, required and not, with several entries, with arguments; generic in what they show.
const table = component(
  <Row>({
    rows,
    columns,
    caption,
  }: {
    rows: readonly Row[];
    columns: SlotEntries<{ label: string }, [row: Row, index: number]>;
    caption?: Slot;
  }) =>
    html`<table>${renderSlot(caption)}${rows.map((row, i) => columns.map((column) => renderSlot(column, row, i)))}</table>`,
);
table({ rows: [{ name: "a" }], columns: [{ label: "Name", content: (row, i) => `${i} ${row.name.toUpperCase()}` }] });
// @ts-expect-error a row has no such field
table({ rows: [{ name: "a" }], columns: [{ label: "Name", content: (row) => row.nme }] });
// @ts-expect-error a column needs its label
table({ rows: [1], columns: [{ content: (row) => row }] });
// @ts-expect-error columns are required
table({ rows: [1] });
// @ts-expect-error a date is no content
table({ rows: [1], columns: [], caption: new Date() });

// T11: what any element can have may be passed on.
const box = component(
  ({ inner, ...rest }: { inner: Slot } & GlobalAttributes) => html`<div ${attrs(rest)}>${inner}</div>`,
);
box({ inner: "x", class: ["a", { b: true }], "aria-label": "y", "data-x": 1, "phx-click": JS.push("a"), title: "z" });
// @ts-expect-error no attribute of every element
box({ inner: "x", href: "/" });
// @ts-expect-error a handler that runs as code is none
box({ inner: "x", onclick: "alert(1)" });

// F2: functions in holes know the assigns, by html of render's context, and by render's own parameter.
liveView({
  mount: () => ({ count: 1, user: { name: "Ann" }, rows: [{ id: 1, text: "a" }] }),
  events: { inc: () => {} },
  render: (assigns, { html, events }) => html`
    <p phx-click=${events.inc}>${({ count }) => count + 1} ${({ user }) => user.name.toUpperCase()}</p>
    <p class=${({ count }) => ["a", count > 1 && "b"]} style=${() => ({ width: `${assigns.count}%` })}></p>
    ${({ rows }) =>
      each(
        rows,
        (row) => row.id,
        (row) => html`<b>${row.text}${({ count }) => count.toFixed()}</b>`,
      )}`,
});
liveView({
  mount: () => ({ count: 1 }),
  // @ts-expect-error there is no assign "cuont"
  render: (_, { html }) => html`<p>${({ cuont }) => cuont}</p>`,
});
liveView({
  mount: () => ({ count: 1 }),
  // @ts-expect-error count is a number
  render: (_, { html }) => html`<p>${({ count }) => count.toUpperCase()}</p>`,
});
liveView({
  mount: () => ({ when: new Date() }),
  // @ts-expect-error a function's result is content, too
  render: (_, { html }) => html`<p>${({ when }) => when}</p>`,
});
liveView({
  mount: () => ({ count: 1 }),
  render: (assigns) => {
    // @ts-expect-error assigns are not written to
    assigns.count = 2;
    return html`<p>${() => assigns.count}</p>`;
  },
});

// T15: built-ins.
link({ patch: "/a", inner: "x" });
link({ navigate: "/a", replace: true, inner: html`<b></b>`, class: "c", rel: "me" });
link({ href: "/a", method: "delete", inner: "x" });
// @ts-expect-error one of patch, navigate, href
link({ inner: "x" });
// @ts-expect-error only one of them
link({ patch: "/a", href: "/b", inner: "x" });
// @ts-expect-error a live link sends no form
link({ patch: "/a", method: "delete", inner: "x" });
// @ts-expect-error no such method
link({ href: "/a", method: "trace", inner: "x" });

form({ for: toForm({ name: "a" }), inner: (f) => f.field("name").errors.join() });
// @ts-expect-error a form is made by toForm
form({ for: { name: "a" }, inner: "" });
asyncResult({ assign: asyncOk({ name: "a" }), inner: (user) => user.name });
// @ts-expect-error the result has no such field
asyncResult({ assign: asyncOk({ name: "a" }), inner: (user) => user.nme });
intersperse({ items: [1, 2], separator: "/", inner: (n, i) => n.toFixed(i) });
// @ts-expect-error a portal needs its target
portal({ id: "a", inner: "x" });
dynamicTag({ tag: "h1", class: "a", inner: "x" });

// T4: a hole takes what attributes take.
html`<p class=${["a", false, ["b", { c: true }]]} style=${{ width: 1, color: null }} ${attrs({ hidden: true })}></p>`;
// @ts-expect-error attributes by name are made by attrs
html`<p ${new Map()}></p>`;
// @ts-expect-error an attribute is no template
attrs({ title: html`<b></b>` });
JS.push("inc", { value: { by: 1 } }).show({ to: "#a", transition: ["fade", "a", "b"] });
// @ts-expect-error a transition has three parts
JS.show({ transition: ["fade", "a"] });
