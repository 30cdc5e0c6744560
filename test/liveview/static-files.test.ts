import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StaticFile, StaticFiles } from "../../liveview/app/static-files.ts";
import type { HttpRequest } from "../../liveview/transport/transport.ts";

const get = (path: string, headers: Record<string, string> = {}, method = "GET"): HttpRequest => ({
  method,
  path,
  query: "vsn=d",
  headers,
  remoteAddress: "",
});
const file = (path: string, text = path): StaticFile => ({ path, body: Buffer.from(text) });

describe("StaticFiles", () => {
  const files = new StaticFiles([
    file("/app.js", "js"),
    file("/page.html"),
    file("/logo.png"),
    file("/data.json"),
    file("/icon.svg"),
    file("/LICENSE"),
    { ...file("/page"), contentType: "text/html; charset=utf-8" },
    file("/my file?#[1].txt", "spaces"),
    file("/grüße.txt", "umlaut"),
  ]);

  test("answers with the body, its type, a strong tag, and the order to ask again", () => {
    const answer = files.respond(get("/app.js"));
    expect(answer).toEqual({
      status: 200,
      headers: {
        "content-type": "text/javascript; charset=utf-8",
        etag: expect.stringMatching(/^"[\w-]{27}"$/),
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      },
      body: Buffer.from("js"),
    });
  });

  test.each([
    ["/page.html", "text/html; charset=utf-8"],
    ["/logo.png", "image/png"],
    ["/data.json", "application/json; charset=utf-8"],
    ["/icon.svg", "image/svg+xml; charset=utf-8"],
    ["/LICENSE", "application/octet-stream"],
    ["/page", "text/html; charset=utf-8"],
  ])("knows the type of %s", (path, type) => {
    expect(files.respond(get(path))!.headers["content-type"]).toBe(type);
  });

  test("answers HEAD like GET: the transport leaves the body out", () => {
    expect(files.respond(get("/app.js", {}, "HEAD"))).toEqual(files.respond(get("/app.js")));
  });

  test("answers 304 to who has it", () => {
    const etag = files.respond(get("/app.js"))!.headers["etag"] as string;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"other",${etag} , W/"x"`, "*"]) {
      expect(files.respond(get("/app.js", { "if-none-match": known }))).toMatchObject({
        status: 304,
        headers: { etag },
        body: "",
      });
    }
    for (const other of ['"other"', etag.slice(0, -2), etag.slice(1, -1), "", ",,,"]) {
      expect(files.respond(get("/app.js", { "if-none-match": other }))!.status).toBe(200);
    }
  });

  test("gives equal content one tag, and other content another", () => {
    const same = new StaticFiles([file("/a", "x"), file("/b", "x"), file("/c", "y")]);
    const [a, b, c] = ["/a", "/b", "/c"].map((path) => same.respond(get(path))!.headers["etag"]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  test("answers 405 to other methods", () => {
    expect(files.respond(get("/app.js", {}, "POST"))).toEqual({
      status: 405,
      headers: { allow: "GET, HEAD" },
      body: "",
    });
  });

  test("finds names as browsers encode them", () => {
    const encoded = (name: string) => new URL(`http://a/${name}`).pathname;
    expect(files.respond(get(encoded("my file%3F%23[1].txt")))!.body).toEqual(Buffer.from("spaces"));
    expect(files.respond(get(encoded("grüße.txt")))!.body).toEqual(Buffer.from("umlaut"));
  });

  test.each([
    "/",
    "",
    "/app.js/",
    "//app.js",
    "/APP.JS",
    "/./app.js",
    "/x/../app.js",
    "/%61pp.js",
    "/app.js%00",
    "/app.js?",
    "app.js",
    "/__proto__",
  ])("is not at %j", (path) => expect(files.respond(get(path))).toBeUndefined());

  test("lets browsers keep what is named by its content", () => {
    const isImmutable = (path: string) => path.startsWith("/hashed/");
    const both = new StaticFiles([file("/hashed/app.1234.js"), file("/app.js")], { isImmutable });
    expect(both.respond(get("/hashed/app.1234.js"))!.headers["cache-control"]).toBe(
      "public, max-age=31536000, immutable",
    );
    expect(both.respond(get("/app.js"))!.headers["cache-control"]).toBe("no-cache");
  });

  test("refuses a path without slash, a path given twice, and too many bytes", () => {
    expect(() => new StaticFiles([file("app.js")])).toThrow(/expected a path that begins with "\/"/);
    expect(() => new StaticFiles([file("/a"), file("/a")])).toThrow(/"\/a" is given twice/);
    expect(() => new StaticFiles([file("/a", "xxx"), file("/b", "xxx")], { maxTotalBytes: 5 })).toThrow(
      expect.objectContaining({ code: "ERR_OPTION", message: expect.stringContaining("at most 5 bytes") }),
    );
  });
});

describe("StaticFiles.fromDirectory", () => {
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "lintel-static-"));
    await mkdir(join(root, "public/css"), { recursive: true });
    await mkdir(join(root, "public/.git"));
    await writeFile(join(root, "secret.txt"), "secret");
    await writeFile(join(root, "public/index.html"), "<p>");
    await writeFile(join(root, "public/css/app.css"), "a{}");
    await writeFile(join(root, "public/.env"), "secret");
    await writeFile(join(root, "public/.git/config"), "secret");
    await symlink(join(root, "secret.txt"), join(root, "public/link.txt"));
    await symlink(root, join(root, "public/up"));
  });
  afterAll(() => rm(root, { recursive: true }));

  test("serves what is in it, below a prefix, and nothing hidden, linked or outside", async () => {
    const files = await StaticFiles.fromDirectory(join(root, "public"), { prefix: "/assets/" });
    expect(files.size).toBe(2);
    expect(files.respond(get("/assets/css/app.css"))!.body).toEqual(Buffer.from("a{}"));
    expect(files.respond(get("/assets/index.html"))!.status).toBe(200);
    for (const path of [
      "/index.html",
      "/assets/../secret.txt",
      "/assets/..%2fsecret.txt",
      "/assets/link.txt",
      "/assets/.env",
    ]) {
      expect(files.respond(get(path))).toBeUndefined();
    }
  });

  test("serves at the root by default", async () => {
    const files = await StaticFiles.fromDirectory(join(root, "public"));
    expect(files.respond(get("/index.html"))!.status).toBe(200);
  });

  test("refuses a directory that is too large, and one that does not exist", async () => {
    await expect(StaticFiles.fromDirectory(root, { maxTotalBytes: 3 })).rejects.toMatchObject({ code: "ERR_OPTION" });
    await expect(StaticFiles.fromDirectory(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
