/** Nested views: what travels for them, dead and connected, and the tokens of their joins. Wire protocol 2.4, 2.5, 16.1. */
import { describe, expect, test } from "vitest";
import { Pid } from "../../kernel/pid.ts";
import {
  component,
  each,
  html,
  type LiveRenderOptions,
  type LiveView,
  liveComponent,
  liveRender,
  liveView,
  type MountContext,
  type Rendered,
  renderToString,
  stream,
} from "../../liveview/index.ts";
import { ChildTokens } from "../../liveview/nested/child-tokens.ts";
import { maxNested } from "../../liveview/nested/nested-table.ts";
import { TokenSigner } from "../../liveview/session/token.ts";
import { signStaticToken, signViewTokens, verifyViewTokens } from "../../liveview/session/view-tokens.ts";
import { simKernel } from "../support/kernels.ts";
import { deadHtml, type JoinedView, joinView } from "../support/live-views.ts";

const mounts: Partial<MountContext>[] = [];

const Kid = liveView({
  name: "Kid",
  mount: ({ self: _self, ...context }) => {
    const { params, session, connectParams, connected, parent, flash } = context;
    mounts.push({ params, session, connectParams, connected, ...(parent && { parent }), flash });
    return { who: String(context.session["who"] ?? "nobody") };
  },
  render: ({ who }) => html`<p>${who}</p>`,
});
const Other = liveView({ name: "Other", mount: () => ({}), render: () => html`<hr>` });
const kid = (options: Partial<LiveRenderOptions> = {}) => liveRender(Kid, { id: "kid", ...options });

interface Shown {
  readonly n: number;
  readonly show: (n: number) => unknown;
}
/** A view that shows whatever `show` makes of a number that its event sets. */
const parentOf = (show: (n: number) => Rendered) =>
  liveView({
    mount: (): Shown => ({ n: 0, show }),
    events: { to: (socket, { n }) => socket.assign({ n: Number(n) }) },
    render: ({ n }) => show(n),
  });

const tokensIn = (wire: unknown): string[] =>
  [...JSON.stringify(wire).matchAll(/data-phx-session=\\"([^\\]*)\\"/g)].map(([, token]) => token!);
const emptyContainer = (id: string, token: string, attributes = ""): string =>
  `<div id="${id}" data-phx-session="${token}" data-phx-static="" data-phx-parent-id="v"${attributes}></div>`;
/** What the parent's process ended with. */
const crashOf = (page: JoinedView): string => JSON.stringify(page.sim.reports);

describe("a page (V25)", () => {
  test("holds the child, mounted with its own session and nothing else, in its container", async () => {
    mounts.length = 0;
    const View = parentOf(() => html`<main>${kid({ session: { who: "<Ann>" } })}</main>`);
    expect(await deadHtml(View)).toBe(
      '<main><div id="kid" data-phx-session="" data-phx-static="static-kid" data-phx-parent-id="v"><p>&lt;Ann&gt;</p></div></main>',
    );
    expect(mounts).toEqual([
      { params: {}, session: { who: "<Ann>" }, connectParams: undefined, connected: false, flash: {} },
    ]);
  });

  test("a child's child names its own parent; the container's tag and attributes are the parent's to choose", async () => {
    const Nest = liveView({
      name: "Nest",
      mount: () => ({}),
      render: () => html`<i>${kid({ container: { tag: "section", class: ["a", "b"], "data-x": '"' } })}</i>`,
    });
    expect(await deadHtml(parentOf(() => html`<b>${liveRender(Nest, { id: "nest" })}</b>`))).toBe(
      '<b><div id="nest" data-phx-session="" data-phx-static="static-nest" data-phx-parent-id="v"><i>' +
        '<section id="kid" data-phx-session="" data-phx-static="static-kid" data-phx-parent-id="nest" class="a b" data-x="&quot;"><p>nobody</p></section>' +
        "</i></div></b>",
    );
  });

  test("children wait for their mounts together, and stand in lists, function components and live components", async () => {
    const Slow = liveView({
      name: "Slow",
      mount: async ({ session }) => {
        await Promise.resolve();
        return { n: session["n"] };
      },
      render: ({ n }) => html`${String(n)}`,
    });
    const slow = (n: number) => liveRender(Slow, { id: `slow-${n}`, session: { n } });
    const Box = liveComponent({ name: "Box", render: () => html`<u>${slow(3)}</u>` });
    const box = component(() => html`<s>${slow(2)}</s>`);
    const page = await deadHtml(
      parentOf(
        () =>
          html`${each(
            [1],
            (n) => n,
            (n) => html`<b>${slow(n)}</b>`,
          )}${box()}${Box({ id: 1 })}`,
      ),
    );
    expect(page.replace(/<div id="slow-\d"[^>]*>|<\/div>/g, "|")).toBe("<b>|1|</b><s>|2|</s><u>|3|</u>");
  });

  test.each<[string, () => Rendered, string]>([
    ["its mount", () => html`${liveRender(Broken, { id: "b" })}`, "broken on purpose"],
    ["two of one id", () => html`${kid()}${kid()}`, 'liveRender Kid \\"kid\\": the id is shown already'],
    ["one around itself", () => html`${liveRender(Endless, { id: "e" })}`, "Does it show itself?"],
  ])("%s fails the page as the parent's own failure would", async (_what, show, message) => {
    const sim = simKernel();
    expect(await deadHtml(parentOf(show), sim)).toBe("");
    expect(JSON.stringify(sim.reports)).toContain(message);
  });
  const Broken = liveView({
    name: "Broken",
    mount: () => {
      throw new Error("broken on purpose");
    },
    render: () => html``,
  });
  const Endless: LiveView<{ n: number }, never> = liveView({
    name: "Endless",
    mount: ({ session }) => ({ n: Number(session["n"] ?? 0) }),
    render: ({ n }): Rendered => html`${liveRender(Endless, { id: `e${n}`, session: { n: n + 1 } })}`,
  });
});

describe("connected (F21)", () => {
  test("the parent's tree has one string for the child: an empty container with a token", async () => {
    mounts.length = 0;
    const page = await joinView(parentOf(() => html`<main>${kid({ session: { who: "Ann" } })}</main>`));
    const [token] = tokensIn(page.rendered);
    expect(token).toMatch(/-Kid-kid-__who___Ann__-1$/);
    expect(page.rendered).toEqual({ 0: emptyContainer("kid", token!), s: ["<main>", "</main>"] });
    expect(mounts, "the parent's process mounts nothing").toEqual([]);
  });

  test("nothing is sent for it while it is shown, and no token made; not of another session either", async () => {
    const page = await joinView(parentOf((n) => html`<p>${n}</p>${kid({ session: { n } })}`));
    expect(await page.event("to", { n: 1 })).toEqual({ diff: { 0: "1" } });
    expect(await page.event("to", { n: 2 })).toEqual({ diff: { 0: "2" } });
    expect(page.signed).toBe(1);
  });

  test("dead HTML equals connected HTML, but for what the containers are for", async () => {
    const View = parentOf(
      () => html`<main>${kid({ container: { tag: "aside", hidden: true } })}${[kid({ id: "b" })]}</main>`,
    );
    const plain = (page: string): string =>
      page.replaceAll(/ data-phx-(?:session|static)="[^"]*"/g, "").replaceAll("<p>nobody</p>", "");
    const [dead, page] = [await deadHtml(View), await joinView(View)];
    expect(plain(dead)).toBe(plain(page.html()));
    expect(plain(dead)).toContain('<aside id="kid" data-phx-parent-id="v" hidden></aside>');
    expect((await joinView(Kid)).html()).toBe("<p>nobody</p>");
  });

  test("attributes of its container may change: the token does not", async () => {
    const page = await joinView(parentOf((n) => html`${kid({ container: { class: `c${n}` } })}`));
    const [token] = tokensIn(page.rendered);
    expect(await page.event("to", { n: 1 })).toEqual({ diff: { 0: emptyContainer("kid", token!, ' class="c1"') } });
    expect(page.signed).toBe(1);
  });

  test("one that moves, or comes to another template, keeps its token; one that had gone has another session's", async () => {
    const list = (n: number) =>
      html`<ul>${each(
        n === 0 ? [1, 2] : [2, 1],
        (k) => k,
        (k) => kid({ id: `k${k}` }),
      )}</ul>`;
    const page = await joinView(
      parentOf((n) =>
        n < 2
          ? list(n)
          : n === 2
            ? html`<b>${kid({ id: "k1" })}</b>`
            : html`<i>${n === 3 ? "" : kid({ id: "k1", session: { n } })}</i>`,
      ),
    );
    const [first] = tokensIn(page.rendered);
    expect(await page.event("to", { n: 1 })).toEqual({ diff: { 0: { k: { 0: 1, 1: 0, kc: 2, km: true } } } });
    expect(tokensIn(await page.event("to", { n: 2 }))).toEqual([first]);
    expect(tokensIn(await page.event("to", { n: 3 }))).toEqual([]);
    expect(page.signed).toBe(2);
    expect(tokensIn(await page.event("to", { n: 4 }))[0]).toMatch(/-3$/);
    expect(await page.event("to", { n: 4 })).toEqual({});
  });

  test("in components and functions in holes it is the same string, and is not sent with what changes around it", async () => {
    const Box = liveComponent({
      name: "Box",
      mount: () => ({ n: 0 }),
      events: { more: (socket) => socket.update("n", (n) => n + 1) },
      render: ({ n }) => html`<u>${n}${kid()}</u>`,
    });
    const page = await joinView(parentOf(() => html`${Box({ id: 1 })}${() => kid({ id: "b" })}`));
    expect(tokensIn(page.rendered)).toHaveLength(2);
    expect(await page.event("more", {}, 1)).toEqual({ diff: { c: { 1: { 0: "1" } } } });
    expect(page.signed).toBe(2);
  });

  test("one in a component and one beside it cannot have one id", async () => {
    const Box = liveComponent({ name: "Box", render: () => html`<u>${kid()}</u>` });
    const page = await joinView(parentOf((n) => html`${Box({ id: 1 })}${n > 0 && kid()}`));
    await page.event("to", { n: 1 });
    expect(crashOf(page)).toContain('liveRender Kid \\"kid\\": the id is shown already');
  });

  test("in an item of a stream it is sent with the item", async () => {
    const View = liveView({
      mount: () => ({ items: stream<{ id: number }>("items").insert({ id: 1 }) }),
      events: { add: (socket) => socket.streamInsert("items", { id: 2 }) },
      render: ({ items }) =>
        html`<ul id="u" phx-update="stream">${each(items, (domId, { id }) => html`<li id=${domId}>${kid({ id: `k${id}` })}</li>`)}</ul>`,
    });
    const page = await joinView(View);
    expect(tokensIn(page.rendered)).toHaveLength(1);
    expect(tokensIn(await page.event("add"))).toHaveLength(1);
  });

  test.each<[string, (n: number) => Rendered, string]>([
    ["two of one id", (n) => html`${kid()}${n > 0 && kid()}`, 'liveRender Kid \\"kid\\": the id is shown already'],
    [
      "another view under the id",
      (n) => html`${n === 0 ? kid() : liveRender(Other, { id: "kid" })}`,
      'got that of Kid \\"kid\\"',
    ],
    [
      "too many",
      (n) => html`${Array.from({ length: n * (maxNested + 1) }, (_, i) => kid({ id: `k${i}` }))}`,
      "maxNested",
    ],
  ])("%s: the parent crashes in the same render", async (_what, show, message) => {
    const page = await joinView(parentOf(show));
    expect(page.self.isAlive).toBe(true);
    await page.event("to", { n: 1 });
    expect(page.self.isAlive).toBe(false);
    expect(crashOf(page)).toContain(message);
  });
});

describe("liveRender refuses", () => {
  const Nameless = liveView({ mount: () => ({}), render: () => html`` });
  const Twin = liveView({ name: "Twin", mount: () => ({}), render: () => html`` });
  const SecondTwin = liveView({ name: "Twin", mount: () => ({}), render: () => html`` });
  const loop: Record<string, never> = {};
  Object.assign(loop, { loop });

  test.each<[string, () => unknown, string]>([
    ["what is no view", () => liveRender({} as typeof Kid, { id: "a" }), "expected a view made by liveView(), got {}"],
    ["a view without a name", () => liveRender(Nameless, { id: "a" }), "expected a view with a name"],
    ["two views of one name", () => liveRender(Twin, { id: "a" }), 'liveRender "Twin": expected a name of its own'],
    ["the other one too", () => liveRender(SecondTwin, { id: "a" }), 'liveRender "Twin": expected a name of its own'],
    ["no id", () => liveRender(Kid, {} as LiveRenderOptions), 'liveRender "Kid": expected id to be 1 to 128 letters'],
    ["an id that is no word", () => kid({ id: 'a" onclick="b' }), "expected id to be 1 to 128 letters"],
    ["a session that is a list", () => kid({ session: [] as never }), "expected session to be an object, got an array"],
    ["a session that is a loop", () => kid({ session: loop }), "expected a session that JSON can carry"],
    [
      "a session that is large",
      () => kid({ session: { a: "x".repeat(9000) } }),
      "at most 8192 bytes of JSON, got 9008",
    ],
    ["a tag without content", () => kid({ container: { tag: "input" } }), "element with ordinary content"],
    ["an attribute of the framework", () => kid({ container: { "data-phx-main": true } }), "is not for you to set"],
    ["phx-update", () => kid({ container: { "phx-update": "ignore" } }), "phx-update is there twice"],
    ["a handler", () => kid({ container: { onclick: "x" } as never }), "onclick runs as code"],
  ])("%s", (_what, use, message) => {
    expect(use).toThrow(message);
  });

  test("a place that no view renders", () => {
    expect(() => renderToString(html`${kid()}`)).toThrow('Kid "kid": a nested view can be shown by a live view only');
  });

  test("a name that is none", () => {
    for (const name of ["", 7 as unknown as string, "x".repeat(201)]) {
      expect(() => liveView({ name, mount: () => ({}), render: () => html`` })).toThrow("expected name to be 1 to 200");
    }
  });
});

describe("tokens of children (V25)", () => {
  const signer = new TokenSigner("a secret for tests, of thirty-two bytes or more", () => 1_700_000_000_000);
  const tokens = new ChildTokens(signer, "this run");
  const { kernel } = simKernel();
  const parent = new Pid(kernel, 3, 77);
  const session = tokens.sign(kid({ session: { who: "Ann" } }), parent, "binding");
  const fixed = signStaticToken(signer, "kid");

  test("say which view, whose child, and its session", () => {
    const said = tokens.verify({ session, static: fixed }, "kid", "binding");
    expect(said).toEqual({
      view: Kid.definition,
      name: "Kid",
      parent: { thread: 3, serial: 77 },
      session: { who: "Ann" },
    });
    expect(tokens.verify({ session, static: null }, "kid", "binding")).toEqual(said);
  });

  test.each<[string, unknown, unknown, string, string]>([
    ["another id", session, null, "kid2", "binding"],
    ["another visitor", session, null, "kid", "another"],
    ["another id's static token", session, signStaticToken(signer, "kid2"), "kid", "binding"],
    ["an altered one", session.replace(/.$/, (last) => (last === "A" ? "B" : "A")), null, "kid", "binding"],
    [
      "a page's",
      signViewTokens(signer, { id: "kid", route: "/", liveSession: "default" }, "binding").session,
      null,
      "kid",
      "binding",
    ],
    ["another run's", new ChildTokens(signer, "an earlier run").sign(kid(), parent, "binding"), null, "kid", "binding"],
    ["none", "", fixed, "kid", "binding"],
    ["something else", { a: 1 }, fixed, "kid", "binding"],
  ])("refused: %s", (_what, given, fixedToken, id, binding) => {
    expect(tokens.verify({ session: given, static: fixedToken }, id, binding)).toBeUndefined();
  });

  test("are no page's tokens", () => {
    expect(verifyViewTokens(signer, { session, static: fixed }, "kid", "binding")).toBeUndefined();
  });

  test("the largest session fits", () => {
    const id = "i".repeat(128);
    const Long = liveView({ name: "L".repeat(200), mount: () => ({}), render: () => html`` });
    const use = liveRender(Long, { id, session: { a: "x".repeat(8192 - 8) } });
    expect(tokens.verify({ session: tokens.sign(use, parent, "binding"), static: null }, id, "binding")).toBeDefined();
  });
});
