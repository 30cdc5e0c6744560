/** Where a view may send its browser, and what flash may hold: what is refused, and by which words. */
import { describe, expect, test } from "vitest";
import { defineApp, html, live, liveComponent, liveRender, liveSession, liveView } from "../../liveview/index.ts";
import { TokenSigner } from "../../liveview/session/token.ts";
import { flashCookie, maxFlashBytes, noFlash, signFlash, verifyFlash, withMessage } from "../../liveview/view/flash.ts";
import { isLocalPath, moveTo, redirectTo } from "../../liveview/view/navigation.ts";
import { deadHtml, joinView } from "../support/live-views.ts";

/** What a browser makes of it as a link on our page. */
const hostOf = (to: string): string => new URL(to, "https://ours.test/page").host;

describe("a local path (N17)", () => {
  test.each([
    "/",
    "/a/b?c=d#e",
    "/?to=//x",
    "/a//b",
    "/a\\b",
    "/ä b",
    "/%2f%2fevil.test",
    "/.//evil.test",
    "/..//evil.test",
  ])("%j stays here, also as it is sent", (to) => {
    expect(isLocalPath(to)).toBe(true);
    expect(hostOf(moveTo("patch", to).to)).toBe("ours.test");
    expect(redirectTo(to).to).toMatch(/^[\x21-\x7e]+$/);
  });

  test.each([
    "//evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\r\nset-cookie: a=b",
    "/a\u0000",
    "https://evil.test/",
    "javascript:alert(1)",
    " /a",
    "a",
    "",
    "\ud800/",
    "/\ud800",
    `/${"a".repeat(8_192)}`,
    null,
    undefined,
    7,
    ["/a"],
    { external: 7 },
  ])("%j is none", (to) => {
    expect(() => moveTo("navigate", to as string)).toThrow(/^pushNavigate: expected a path of this site/);
    expect(() => redirectTo(to as string)).toThrow(
      expect.objectContaining({ code: "ERR_NAVIGATION", message: expect.stringMatching(/^redirect: expected /) }),
    );
  });
});

describe("another site (N17)", () => {
  test.each(["https://example.test/a b", "http://example.test"])("%s", (external) => {
    expect(redirectTo({ external }).to).toBe(new URL(external).href);
  });

  test.each(["/a", "//example.test", "example.test", "javascript:alert(1)", "data:text/html,x", "myapp://x", "", null])(
    "%j is none, unless its scheme is given",
    (external) => {
      expect(() => redirectTo({ external: external as string })).toThrow(/absolute URL, http or https, got/);
    },
  );

  test("other schemes by their name, and none that runs code", () => {
    expect(redirectTo({ external: "myapp://open?x=1", scheme: "myapp" }).to).toBe("myapp://open?x=1");
    expect(() => redirectTo({ external: "https://a.test", scheme: "myapp" })).toThrow(/of scheme myapp, got/);
    for (const scheme of ["javascript", "data", "vbscript", "JavaScript"]) {
      expect(() => redirectTo({ external: `${scheme}:alert(1)`, scheme })).toThrow(
        /^redirect: expected external to be/,
      );
    }
    expect(() => redirectTo("/a", { status: 200 as 302 })).toThrow(/expected status to be 301, 302, 303, 307 or 308/);
  });
});

describe("flash (V18)", () => {
  let nowMs = 1_000_000;
  const signer = new TokenSigner("s".repeat(32), () => nowMs);

  test("as large as it may be, it fits into a cookie; larger it is refused", () => {
    const text = "\u00e4".repeat((maxFlashBytes - '{"info":""}'.length) / 2);
    const flash = withMessage(noFlash, "info", text, "View v");
    const token = signFlash(signer, flash)!;
    expect(`${flashCookie}=${token}`.length).toBeLessThan(4_096 - "; Max-Age=60; Path=/; SameSite=Lax".length);
    expect(verifyFlash(signer, token)).toEqual(flash);
    expect(() => withMessage(flash, "info", `${text}..`, "View v")).toThrow(
      /^View v: putFlash\("info"\): .* got 25\d\d/,
    );
  });

  test("is good for 60 s, for nothing but flash, and holds texts", () => {
    const token = signFlash(signer, { info: "a" });
    nowMs += 59_000;
    expect(verifyFlash(signer, token)).toEqual({ info: "a" });
    nowMs += 2_000;
    expect(verifyFlash(signer, token)).toBe(noFlash);
    for (const other of [signer.sign("another", { info: "a" }), "", null, undefined, 7, {}]) {
      expect(verifyFlash(signer, other)).toBe(noFlash);
    }
    const odd = signer.sign("live view flash", { info: 1, error: { a: 1 }, ok: "yes" });
    expect(verifyFlash(signer, odd)).toEqual({ ok: "yes" });
    expect(signFlash(signer, noFlash)).toBeUndefined();
  });

  test.each<[unknown, unknown]>([
    ["", "x"],
    ["__proto__", "x"],
    [7, "x"],
    ["info", 7],
    ["info", undefined],
  ])("putFlash(%j, %j) is refused", (kind, message) => {
    expect(() => withMessage(noFlash, kind as string, message as string, "View v")).toThrow(/^View v: putFlash/);
  });

  test("is an assign that nobody sets (V11)", async () => {
    const Mounts = liveView({ mount: () => ({ flash: {} }), render: () => html`<p></p>` });
    const page = await joinView(Mounts);
    expect(JSON.stringify(page.sim.reports)).toContain('the assign \\"flash\\" is not yours to set: putFlash');
    const Assigns = liveView({
      mount: () => ({ n: 0 }),
      events: {
        // @ts-expect-error it is not among the assigns of mount
        set: (socket) => socket.assign({ flash: { info: "x" } }),
      },
      render: ({ n, flash }) => html`<p>${n}${flash.info}</p>`,
    });
    const assigns = await joinView(Assigns);
    await assigns.event("set");
    expect(JSON.stringify(assigns.sim.reports)).toContain("is not yours to set");
  });

  test("put in mount it is shown by page and view; a change of it renders what reads it, and nothing else (F2)", async () => {
    const calls = { hole: 0, other: 0 };
    const View = liveView({
      mount: ({ putFlash }) => {
        putFlash("info", "hello");
        return { n: 0 };
      },
      events: {
        more: (socket) => socket.update("n", (n) => n + 1),
        clear: (socket) => socket.clearFlash("info"),
        again: (socket) => socket.clearFlash(),
      },
      render: (_assigns, { html }) =>
        html`<p>${({ flash }) => {
          calls.hole += 1;
          return flash["info"];
        }} ${({ n }) => {
          calls.other += 1;
          return n;
        }}</p>`,
    });
    expect(await deadHtml(View)).toBe("<p>hello 0</p>");
    calls.hole = calls.other = 0;
    const page = await joinView(View);
    expect(page.html()).toBe("<p>hello 0</p>");
    await page.event("more");
    expect(calls).toEqual({ hole: 1, other: 2 });
    expect(await page.event("clear")).toEqual({ diff: { 0: "" } });
    expect(calls).toEqual({ hole: 2, other: 2 });
    expect(await page.event("again")).toEqual({});
  });
});

describe("who cannot navigate", () => {
  test("a component in mount, update or updateMany (C7): it runs within a render", async () => {
    const inMount = liveComponent({
      name: "InUpdate",
      update: (_, socket) => void socket.pushNavigate("/x"),
      render: () => html`<b></b>`,
    });
    const inMany = liveComponent({
      name: "InMany",
      updateMany: (props: readonly object[], sockets) => {
        sockets[0]!.redirect("/x");
        return props.map(() => ({}));
      },
      render: () => html`<b></b>`,
    });
    for (const use of [inMount, inMany]) {
      const View = liveView({ mount: () => ({ n: 0 }), render: () => html`<p>${use({ id: "a" })}</p>` });
      const page = await joinView(View);
      expect(JSON.stringify(page.sim.reports)).toContain("mount and update cannot navigate");
    }
  });

  test("a nested view has no URL: no params callback, no patch", async () => {
    const WithParams = liveView({
      name: "WithParams",
      mount: () => ({}),
      params: () => {},
      render: () => html`<p></p>`,
    });
    expect(() => liveRender(WithParams, { id: "kid" })).toThrow(/no params callback, for a nested view has no URL/);
    const Patches = liveView({
      mount: () => ({ n: 0 }),
      events: { go: (socket) => socket.pushPatch("/x") },
      render: () => html`<p></p>`,
    });
    const page = await joinView(Patches); // joined without a URL
    await page.event("go");
    expect(JSON.stringify(page.sim.reports)).toContain("pushPatch: expected a view that has a URL");
  });
});

describe("live sessions (N4)", () => {
  const View = liveView({ mount: () => ({}), render: () => html`<p></p>` });

  test("refuse what cannot be one", () => {
    expect(() => liveSession("default", [])).toThrow(/expected a name other than "default"/);
    expect(() => liveSession("", [])).toThrow(/expected a name other than "default", got ""/);
    expect(() => liveSession("a", [], { layout: 7 as never })).toThrow(/expected layout to be a function/);
    expect(() => liveSession("a", liveSession("b", [live("/", View)]))).toThrow(
      /is in "b" already. Live sessions do not nest/,
    );
    const routes = [...liveSession("a", [live("/", View)]), ...liveSession("a", [live("/x", View)])];
    expect(() => defineApp({ routes })).toThrow(/one live session of the name "a", got two/);
  });
});
