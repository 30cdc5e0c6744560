/** Who may open a socket, and who may join what. Wire protocol, 3.1 and 5.3. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forgePage } from "../support/forge.ts";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, joinFrame, type Page, responseOf, type Tampered } from "../support/wire-client.ts";

const dayMs = 24 * 60 * 60 * 1000;

describe.each(setups)("tokens ($name)", (setup) => {
  let server: RunningServer;
  let page: Page;
  /** Of the same visitor. */
  let sibling: Page;
  let stranger: Page;

  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
    page = await getPage(server, "/counter");
    sibling = await getPage(server, "/counter", page.cookie);
    stranger = await getPage(server, "/counter");
  });
  afterAll(async () => {
    expect(server.reports).toEqual([]);
    expect(await server.stop()).toBe(0);
  });

  /** The answer to a join, on a socket where a good join is made afterwards. */
  async function refusal(join: ReturnType<typeof joinFrame>): Promise<string> {
    await using wire = await connect(server, page);
    wire.send(join);
    const text = await wire.reply("4");
    expect(responseOf(await wire.join(page, { ref: "5" }))["rendered"]).toHaveProperty("0", "0");
    return text;
  }

  const refused = (topic: string, reason: string): string =>
    `["4","4","${topic}","phx_reply",{"status":"error","response":{"reason":"${reason}"}}]`;

  test.each<[string, (page: Page) => Record<string, unknown>]>([
    ["a session token with a flipped bit in its payload", ({ session }) => ({ session: flipped(session, 3) })],
    ["a session token with a flipped bit in its time", ({ session }) => ({ session: flipped(session, 2) })],
    ["a session token with a flipped bit in its signature", ({ session }) => ({ session: flipped(session, 4) })],
    ["a static token with a flipped bit", (good) => ({ static: flipped(good.static, 3) })],
    ["a static token with a flipped bit in its signature", (good) => ({ static: flipped(good.static, 4) })],
    ["a session token cut short", ({ session }) => ({ session: session.slice(0, -1) })],
    ["no session token", () => ({ session: undefined })],
    ["a session token of null", () => ({ session: null })],
    ["an empty session token", () => ({ session: "" })],
    ["a session token that is a number", () => ({ session: 7 })],
    ["a session token that is an object", () => ({ session: { toString: "v1" } })],
    ["a static token that is a list", (good) => ({ static: [good.static] })],
    ["the static token as session token", (good) => ({ session: good.static })],
    ["the session token as static token", (good) => ({ static: good.session })],
    [
      "a session token made 15 days ago",
      (good) => ({ session: forgePage(good, good.id, { agoMs: 15 * dayMs }).session }),
    ],
    ["a static token made 15 days ago", (good) => ({ static: forgePage(good, good.id, { agoMs: 15 * dayMs }).static })],
    ["a session token from the future", (good) => ({ session: forgePage(good, good.id, { agoMs: -dayMs }).session })],
    [
      "a session token of another secret",
      (good) => ({ session: forgePage(good, good.id, { secret: "another secret, thirty-two bytes or more" }).session }),
    ],
    ["the session token of another view of this visitor", () => ({ session: sibling.session })],
    ["the static token of another view of this visitor", () => ({ static: sibling.static })],
  ])("%s: stale", async (_, payload) => {
    expect(await refusal(joinFrame(page, { payload: payload(page) }))).toBe(refused(page.topic, "stale"));
  });

  test("both tokens of another view on this topic: stale", async () => {
    const { session } = sibling;
    expect(await refusal(joinFrame(page, { payload: { session, static: sibling.static } }))).toBe(
      refused(page.topic, "stale"),
    );
  });

  test("a container of another visitor: stale", async () => {
    expect(await refusal(joinFrame(stranger))).toBe(refused(stranger.topic, "stale"));
  });

  test("a topic that is not the token's: stale", async () => {
    expect(await refusal(joinFrame(page, { topic: sibling.topic }))).toBe(refused(sibling.topic, "stale"));
  });

  test.each([null, "", undefined])("a static token of %j is fine", async (none) => {
    await using wire = await connect(server, page);
    expect(responseOf(await wire.join(page, { payload: { static: none } }))["rendered"]).toHaveProperty("0", "0");
  });

  test("tokens of 13 days ago are fine", async () => {
    await using wire = await connect(server, page);
    const old = forgePage(page, "an-old-page", { agoMs: 13 * dayMs });
    expect(responseOf(await wire.join(old))["rendered"]).toHaveProperty("0", "0");
  });

  test.each<[string, unknown]>([
    ["of another route", "http://127.0.0.1/dashboard"],
    ["of no route", "http://127.0.0.1/nothing"],
    ["that is none", "not a url"],
    ["without a host", "http://"],
    ["with a bracket", "http://["],
    ["that is a script", "javascript:alert(1)"],
    ["that is empty", ""],
    ["that is missing", undefined],
    ["that is null", null],
    ["that is a number", 7],
    ["that is an object", { href: "http://127.0.0.1/counter" }],
    ["with a path that cannot be decoded", "http://127.0.0.1/%zz"],
    ["with params beyond limits", `http://127.0.0.1/counter?${"a&".repeat(1001)}`],
  ])("a url %s: unauthorized", async (_, url) => {
    expect(await refusal(joinFrame(page, { payload: { url } }))).toBe(refused(page.topic, "unauthorized"));
  });

  test("a redirect mounts the view of its url; one that is null is none", async () => {
    await using wire = await connect(server, page);
    const elsewhere = { url: undefined, redirect: "http://127.0.0.1/room" };
    expect(responseOf(await wire.join(page, { payload: elsewhere }))["rendered"]).toHaveProperty("1", "");
    const { url } = { url: "http://127.0.0.1/room" };
    expect(responseOf(await wire.join(page, { ref: "5", payload: { url, redirect: null } }))).toEqual({
      reason: "unauthorized",
    });
  });

  test.each<[string, (of: { page: Page; stranger: Page }) => Tampered]>([
    ["no CSRF token", () => ({ csrf: null })],
    ["an empty CSRF token", () => ({ csrf: "" })],
    ["a CSRF token of another visitor", (of) => ({ csrf: of.stranger.csrf })],
    ["a CSRF token with a changed character", (of) => ({ csrf: changed(of.page.csrf, 40) })],
    ["a CSRF token in a list", (of) => ({ query: `_csrf_token[]=${of.page.csrf}&vsn=2.0.0` })],
    ["no cookie", () => ({ cookie: null })],
    ["a cookie that is garbage", () => ({ cookie: "_lintel_session=garbage; __proto__=1" })],
    ["a cookie with a flipped bit", (of) => ({ cookie: changed(of.page.cookie, 60) })],
    ["the cookie of another visitor", (of) => ({ cookie: of.stranger.cookie })],
    ["a query beyond limits", (of) => ({ query: `${"a&".repeat(1001)}_csrf_token=${of.page.csrf}` })],
  ])("%s: the socket opens, joins are stale", async (_, tampered) => {
    await using wire = await connect(server, page, tampered({ page, stranger }));
    expect(await wire.join(page)).toBe(refused(page.topic, "stale"));
    wire.send('[null,"17","phoenix","heartbeat",{}]');
    expect(await wire.reply("17")).toBe('[null,"17","phoenix","phx_reply",{"status":"ok","response":{}}]');
    expect(wire.isOpen).toBe(true);
  });

  test.each<[string, (port: number) => string | null]>([
    ["a foreign site", () => "https://evil.test"],
    ["another port", () => "http://127.0.0.1:1"],
    ["a host that begins alike", (port) => `http://127.0.0.1.evil.test:${port}`],
    ["user info before a foreign host", (port) => `http://127.0.0.1:${port}@evil.test`],
    ["null, as a sandboxed frame sends it", () => "null"],
    ["none", () => null],
  ])("Origin: %s: 403", async (_, origin) => {
    await expect(connect(server, page, { origin: origin(server.port) })).rejects.toMatchObject({ status: 403 });
  });
});

/** Flips the lowest bit of a character in the middle of one part of a token, so that it stays of the token's alphabet. */
function flipped(token: string, part: number): string {
  const before = token.split(".").slice(0, part).join(".").length + 1;
  const length = token.split(".")[part]!.length;
  return changed(token, before + Math.floor(length / 2));
}

/** Another character of the same kind at a place. */
function changed(text: string, at: number): string {
  const other = text[at] === "A" ? "B" : /\d/.test(text[at]!) ? (text[at] === "1" ? "2" : "1") : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
}
