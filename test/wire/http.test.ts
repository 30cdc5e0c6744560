/** What the server answers over plain HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, http, responseOf } from "../support/wire-client.ts";

describe.each(setups)("pages over HTTP ($name)", (setup) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
  });
  afterAll(async () => {
    expect(server.reports).toEqual([]);
    expect(await server.stop()).toBe(0);
  });

  test("a page comes with its session cookie and the usual headers", async () => {
    const { status, headers, body } = await http(server, "/counter");
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "max-age=0, private, must-revalidate",
      "content-security-policy": "base-uri 'self'; frame-ancestors 'self';",
      "referrer-policy": "strict-origin-when-cross-origin",
      "x-content-type-options": "nosniff",
      "content-length": String(Buffer.byteLength(body)),
    });
    expect(headers["set-cookie"]).toEqual([
      expect.stringMatching(/^_lintel_session=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test("a visitor who comes back keeps the cookie, and gets another container and CSRF token", async () => {
    const first = await getPage(server, "/counter");
    const second = await getPage(server, "/counter", first.cookie);
    expect(second.headers["set-cookie"]).toBeUndefined();
    expect(second.id).not.toBe(first.id);
    expect(second.csrf).not.toBe(first.csrf);
    await using wire = await connect(server, first, { csrf: second.csrf });
    expect(responseOf(await wire.join(first))["rendered"]).toHaveProperty("0", "0");
  });

  test.each(["_lintel_session=garbage", "__proto__=1; constructor=2", "=", ";;;", "_lintel_session=%00%zz"])(
    "the cookie %j is as good as none",
    async (cookie) => {
      const { status, headers } = await http(server, "/counter", { headers: { cookie } });
      expect(status).toBe(200);
      expect(headers["set-cookie"]).toHaveLength(1);
    },
  );

  test("HEAD has the headers of GET, and no body", async () => {
    const get = await getPage(server, "/counter");
    const head = await http(server, "/counter", { method: "HEAD", headers: { cookie: get.cookie } });
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is not allowed", async (method) => {
    expect(await http(server, "/counter", { method })).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD" },
      body: "",
    });
  });

  test.each(["/", "/nothing", "/counter/more", "/favicon.ico", "/%zz", "/counter%2f", "/../counter", "/__proto__"])(
    "%s is not found",
    async (path) => {
      expect(await http(server, path)).toMatchObject({ status: 404, body: "Not found\n" });
    },
  );

  test.each([
    ["a thousand and one params", "a&".repeat(1001)],
    ["a long name", `${"n".repeat(257)}=1`],
    ["a name that is nested deeply", `a${"[b]".repeat(8)}=1`],
  ])("a query with %s is a bad request", async (_, query) => {
    expect(await http(server, `/counter?${query}`)).toMatchObject({ status: 400, body: "Bad request\n" });
  });

  test("a head beyond 16 KiB is refused", async () => {
    expect((await http(server, `/counter?q=${"x".repeat(17_000)}`)).status).toBe(431);
  });

  test("two hundred pages at once are all answered", async () => {
    const pages = await Promise.all(Array.from({ length: 200 }, () => getPage(server, "/dashboard")));
    expect(new Set(pages.map(({ id }) => id)).size).toBe(200);
  });
});
