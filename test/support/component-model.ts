/**
 * Random pages of templates, lists, components, streams and boundaries, as data; what the server makes of them, and what a
 * browser must show for them, by a model that knows nothing of diffs, cids or cycles.
 *
 *   Spec ── shownBy ──▷ values for holes, with components         ─▷ the server's tree
 *        └─ Model.html ─▷ the same with components written out, their state from the model
 */
import fc from "fast-check";
import {
  boundary,
  type ComponentUse,
  each,
  html,
  liveComponent,
  type Rendered,
  raw,
  renderToString,
  type Stream,
  stream,
  type TextValue,
} from "../../liveview/index.ts";

/** What stands in a hole, as data: fast-check can shrink and show it. */
export type Spec = string | number | null | TemplateSpec | ListSpec | ComponentSpec | { readonly raw: string };
interface TemplateSpec {
  readonly template: keyof typeof templates;
  readonly values: readonly [Spec, Spec];
}
interface ListSpec {
  readonly list: "array" | "keyed" | "inline";
  readonly entries: readonly { readonly key: number; readonly spec: Spec }[];
}
interface ComponentSpec {
  readonly component: Kind;
  readonly id: string;
  readonly content: Spec;
  /** It throws, in one of its callbacks. Only inside a boundary. */
  readonly crash: "update" | "render" | null;
  /** It has a boundary of its own. */
  readonly guarded: boolean;
}
type Kind = "plain" | "other" | "slotted" | "stream";

const templates = {
  element: (a: TextValue) => html`<p>${a}</p>`,
  text: (a: TextValue, b: TextValue) => html`${a}-${b}`,
  fixed: () => html`<b>fixed</b>`,
  nested: (a: TextValue, b: TextValue) => html`<section>${html`<i>${b}</i>`}${html`<i>${a}</i>`}</section>`,
  conditional: (a: TextValue, b: TextValue) => html`<ul>${a === "a" && html`<li>${b}</li>`}${b}</ul>`,
};

// ---- what is shown by components, with their state as arguments -------------------------------------------------------

const plainView = (id: string, content: TextValue, count: TextValue): Rendered =>
  html`<div id=${`p${id}`}>${content}${html`<em>${count}</em>`}</div>`;
/** Another template for an odd count. */
const otherView = (content: TextValue, count: number): Rendered =>
  count % 2 === 0 ? html`<article>${count}: ${content}</article>` : html`<aside>${content}</aside>`;
const slottedView = (content: TextValue, count: number): Rendered => html`<nav>${count}${content}</nav>`;
const streamView = (id: string, items: TextValue): Rendered =>
  html`<ol id=${`s${id}`} phx-update="stream">${items}</ol>`;
const streamItem = (domId: string, n: number): Rendered => html`<li id=${domId}>${n}</li>`;
const fallbackView = (): Rendered => html`<del>failed</del>`;

// ---- the components ----------------------------------------------------------------------------------------------------

interface Given {
  readonly spec: ComponentSpec;
}

class Boom extends Error {}

const update = ({ spec }: Given) => {
  if (spec.crash === "update") throw new Boom("update");
  return { spec };
};
const boomIn = (spec: ComponentSpec, where: "render"): void => {
  if (spec.crash === where) throw new Boom(where);
};

const Plain = liveComponent({
  name: "plain",
  mount: () => ({ count: 0 }),
  update,
  render: (assigns) => {
    const { spec } = assigns;
    boomIn(spec, "render");
    return plainView(spec.id, shownBy(spec.content), () => assigns.count);
  },
});

const Other = liveComponent({
  name: "other",
  mount: () => ({ count: 0 }),
  updateMany: (all: readonly Given[]) => all.map(({ spec }) => ({ spec })), // a throw would be that of all of them
  render: ({ spec, count }) => {
    if (spec.crash !== null) throw new Boom(spec.crash);
    return otherView(shownBy(spec.content), count);
  },
});

/** Its content is made by whoever shows it. */
const Slotted = liveComponent({
  name: "slotted",
  mount: () => ({ count: 0 }),
  update: ({ spec, content }: Given & { content: TextValue }) => ({ ...update({ spec }), content }),
  render: ({ spec, content, count }) => {
    boomIn(spec, "render");
    return slottedView(content, count);
  },
});

const Streamed = liveComponent({
  name: "stream",
  mount: ({ id }) => ({ count: 0, items: stream<{ id: number }>(`i${id}`, [{ id: 0 }]) }),
  update,
  render: ({ spec, items }) => {
    boomIn(spec, "render");
    return streamView(
      spec.id,
      each(items, (domId, { id }) => streamItem(domId, id)),
    );
  },
});

/** What a bump does to a component's assigns. */
export function bump(assigns: { count: number; items?: Stream<{ id: number }> }): { count: number } {
  const count = assigns.count + 1;
  assigns.items?.insert({ id: count });
  return { count };
}

/** Equal specs are one object, so that equal props are identical. */
const interned = new Map<string, unknown>();
export function intern<T>(value: T): T {
  const text = JSON.stringify(value);
  const known = interned.get(text) as T | undefined;
  if (known !== undefined) return known;
  if (interned.size > 20_000) interned.clear();
  interned.set(text, value);
  return value;
}

const row = (entry: { key: number; spec: Spec }): Rendered | ComponentUse => {
  const { spec } = entry;
  // An entry may be a component by itself.
  if (isComponent(spec) && entry.key % 2 === 0) return useOf(spec);
  return html`<li id="k${entry.key}">${shownBy(spec)}</li>`;
};

export function shownBy(spec: Spec): TextValue {
  if (typeof spec !== "object" || spec === null) return spec;
  if ("raw" in spec) return raw(spec.raw);
  if ("template" in spec) return templates[spec.template](shownBy(spec.values[0]), shownBy(spec.values[1]));
  if (isComponent(spec)) return useOf(spec);
  switch (spec.list) {
    case "array":
      return spec.entries.map((entry) => (entry.key === 4 ? shownBy(entry.spec) : row(entry)));
    case "keyed":
      return each(spec.entries.map(intern), (entry) => entry.key, row);
    case "inline":
      return each(
        spec.entries,
        (entry) => entry.key,
        (entry) => row(entry),
      );
  }
}

function useOf(spec: ComponentSpec): ComponentUse {
  const given = { id: spec.id, spec: intern(spec) };
  const use = { plain: Plain, other: Other, stream: Streamed, slotted: Slotted }[spec.component]({
    ...given,
    content: spec.component === "slotted" ? shownBy(spec.content) : null,
  });
  return spec.guarded ? boundary({ fallback: fallbackView, maxRestarts: Number.POSITIVE_INFINITY }, use) : use;
}

/** The page's assigns. */
export interface PageAssigns {
  readonly first: Spec;
  readonly second: Spec;
  /** The page is made by another template. */
  readonly isOther: boolean;
}

const mainView = (first: TextValue, second: TextValue): Rendered => html`<main>${first}<hr>${second}</main>`;
const otherMainView = (first: TextValue, second: TextValue): Rendered => html`<article>${first}${second}</article>`;

/** The view's render. */
export const renderPageOf = (assigns: PageAssigns): Rendered =>
  assigns.isOther
    ? otherMainView(shownBy(assigns.first), shownBy(assigns.second))
    : mainView(shownBy(assigns.first), () => shownBy(assigns.second));

// ---- the model ---------------------------------------------------------------------------------------------------------

interface ModelState {
  count: number;
  failed: boolean;
  marked: boolean;
  /** Items of a stream that were not shown yet. */
  pending: number[];
  readonly spec: ComponentSpec;
}

export class Model {
  /** By kind and id. */
  readonly states = new Map<string, ModelState>();
  /** In the page now: not inside of a boundary that shows its fallback. */
  #visible = new Map<string, ComponentSpec>();

  get visible(): ComponentSpec[] {
    return [...this.#visible.values()];
  }

  isFailed(spec: ComponentSpec): boolean {
    return this.states.get(keyOf(spec))?.failed === true;
  }

  bump(spec: ComponentSpec): void {
    const state = this.states.get(keyOf(spec))!;
    state.count += 1;
    if (spec.component === "stream") state.pending.push(state.count);
  }

  /** A boundary tries again. */
  restart(spec: ComponentSpec): void {
    const state = this.states.get(keyOf(spec))!;
    state.failed = false;
    state.count = 0;
    state.pending = spec.component === "stream" ? [0] : [];
  }

  mark(keys: readonly string[]): void {
    for (const key of keys) {
      const state = this.states.get(key);
      if (state !== undefined) state.marked = true;
    }
  }

  destroy(keys: readonly string[]): void {
    for (const key of keys) if (this.states.get(key)?.marked === true) this.states.delete(key);
  }

  /** What a browser shows after this render. Streams show what was pending, once. */
  html({ first, second, isOther }: PageAssigns): string {
    this.#visible = new Map();
    const view = isOther ? otherMainView : mainView;
    return renderToString(view(this.#written(first), this.#written(second)));
  }

  #written(spec: Spec): TextValue {
    if (typeof spec !== "object" || spec === null) return spec;
    if ("raw" in spec) return raw(spec.raw);
    if ("template" in spec) {
      return templates[spec.template](this.#written(spec.values[0]), this.#written(spec.values[1]));
    }
    if ("list" in spec) {
      return spec.entries.map(({ key, spec: inner }) => {
        if (spec.list === "array" && key === 4) return this.#written(inner);
        if (isComponent(inner) && key % 2 === 0) return this.#written(inner);
        return html`<li id="k${key}">${this.#written(inner)}</li>`;
      });
    }
    return this.#component(spec);
  }

  #component(spec: ComponentSpec): TextValue {
    const key = keyOf(spec);
    let state = this.states.get(key);
    if (state === undefined) {
      state = { count: 0, failed: false, marked: false, pending: spec.component === "stream" ? [0] : [], spec };
      this.states.set(key, state);
    }
    state.marked = false;
    this.#visible.set(key, spec);
    if (spec.guarded && !state.failed && crashes(spec)) {
      state.failed = true;
      // What was inside is dropped. Ids there begin with this one's.
      for (const inner of this.states.keys()) if (isInside(inner, spec)) this.states.delete(inner);
    }
    if (state.failed) return fallbackView();
    switch (spec.component) {
      case "plain":
        return plainView(spec.id, this.#written(spec.content), state.count);
      case "other":
        return otherView(this.#written(spec.content), state.count);
      case "slotted":
        return slottedView(this.#written(spec.content), state.count);
      case "stream": {
        const items = state.pending.splice(0).map((n) => streamItem(`i${spec.id}-${n}`, n));
        return streamView(spec.id, items);
      }
    }
  }
}

/** Is there anything in it that throws, and whose boundary it is? */
function crashes(spec: ComponentSpec): boolean {
  return spec.crash !== null || componentsIn(spec.content).some((inner) => !inner.guarded && crashes(inner));
}

/** Components that a tree shows by itself, not by a component in it; slots are written by the tree. */
function componentsIn(spec: Spec): ComponentSpec[] {
  if (typeof spec !== "object" || spec === null || "raw" in spec) return [];
  if ("template" in spec) {
    const [a, b] = spec.values;
    return [...componentsIn(a), ...componentsIn(b)];
  }
  if ("list" in spec) return spec.entries.flatMap(({ spec: inner }) => componentsIn(inner));
  return [spec];
}

export function keyOf({ component, id }: ComponentSpec): string {
  return `${component} ${id}`;
}

function isInside(key: string, guardian: ComponentSpec): boolean {
  return key.slice(key.indexOf(" ") + 1).startsWith(`${keyOf(guardian).replace(" ", "_")}.`);
}

export function isComponent(spec: Spec): spec is ComponentSpec {
  return typeof spec === "object" && spec !== null && "component" in spec;
}

// ---- random pages ------------------------------------------------------------------------------------------------------

const crash = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom<ComponentSpec["crash"]>("update", "render") },
);

const { spec: anySpec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom<Spec>("a", "b", "", "<&>\"'", 0, 1, null, { raw: "<u></u>" }) },
    {
      weight: 2,
      arbitrary: fc.record({
        template: fc.constantFrom(...(Object.keys(templates) as (keyof typeof templates)[])),
        values: fc.tuple(tie("spec"), tie("spec")),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        list: fc.constantFrom<ListSpec["list"]>("array", "keyed", "inline"),
        entries: fc.uniqueArray(fc.record({ key: fc.nat(5), spec: tie("spec") }), {
          selector: ({ key }) => key,
          maxLength: 5,
        }),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        component: fc.constantFrom<Kind>("plain", "other", "slotted", "stream"),
        id: fc.constantFrom("1", "2", "3"),
        content: tie("spec"),
        crash,
        guarded: fc.constant(false),
      }),
    },
  ),
}));

/**
 * Makes a page of what fast-check has thought up: a component that is there already becomes text; ids inside of a boundary
 * begin with its own, so that nothing moves out of it or into it; nothing crashes outside of one; and what a template shows
 * twice is no component.
 */
const guardedId = "3";

export function consistent(specs: readonly Spec[]): Spec[] {
  const seen = new Set<string>();
  const visit = (spec: Spec, prefix: string): Spec => {
    if (typeof spec !== "object" || spec === null || "raw" in spec) return spec;
    if ("template" in spec) {
      const [a, b] = spec.values;
      switch (spec.template) {
        case "fixed":
          return { ...spec, values: ["", ""] };
        case "element":
          return { ...spec, values: [visit(a, prefix), ""] };
        case "conditional":
          // It asks what the first one is, and may show the other one twice.
          return { ...spec, values: [typeof a === "object" ? "a" : a, hasComponents(b) ? "b" : visit(b, prefix)] };
        default:
          return { ...spec, values: [visit(a, prefix), visit(b, prefix)] };
      }
    }
    if ("list" in spec) {
      return { ...spec, entries: spec.entries.map(({ key, spec: inner }) => ({ key, spec: visit(inner, prefix) })) };
    }
    const own = { ...spec, id: prefix + spec.id, guarded: spec.id === guardedId };
    if (seen.has(keyOf(own))) return "twice";
    seen.add(keyOf(own));
    const within = own.guarded ? `${keyOf(own).replace(" ", "_")}.` : prefix;
    const content = own.component === "stream" ? "" : visit(own.content, within);
    return { ...own, crash: within === "" ? null : own.crash, content };
  };
  return specs.map((spec) => visit(spec, ""));
}

/** The same specs but for one leaf. */
export function edited(specs: readonly Spec[], which: number, to: Spec): Spec[] {
  let leaves = 0;
  const walk = (spec: Spec, at: (leaf: Spec) => Spec): Spec => {
    if (typeof spec !== "object" || spec === null || "raw" in spec) return at(spec);
    if ("template" in spec) return { ...spec, values: [walk(spec.values[0], at), walk(spec.values[1], at)] };
    if ("list" in spec) {
      return { ...spec, entries: spec.entries.map(({ key, spec: inner }) => ({ key, spec: walk(inner, at) })) };
    }
    return { ...spec, content: walk(spec.content, at) };
  };
  for (const spec of specs) {
    walk(spec, (leaf) => {
      leaves += 1;
      return leaf;
    });
  }
  let left = leaves === 0 ? 0 : which % leaves;
  return specs.map((spec) => walk(spec, (leaf) => (left-- === 0 ? to : leaf)));
}

function hasComponents(spec: Spec): boolean {
  return componentsIn(spec).length > 0;
}

export const spec: fc.Arbitrary<Spec> = anySpec;
