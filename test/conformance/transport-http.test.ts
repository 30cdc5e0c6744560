/**
 * What every transport must do, over real sockets: HTTP. Where the two differ and cannot be made alike, `isUws`
 * says so here and uws.ts says it to its readers.
 */
import { describe, expect, test } from "vitest";
import type { HttpResponse } from "../../liveview/transport/transport.ts";
import { RawClient } from "./raw-client.ts";
import { ask, NEVER, serve, UNUSABLE } from "./transport-harness.ts";

describe.each(["uws", "ws"] as const)("transport %s", (name) => {
  const isUws = name === "uws";

  describe("HTTP", () => {
    test("hands over method, path, query, body and address, and sends the answer", async () => {
      const server = await serve(name, {
        request: ({ body }) => ({ status: 201, headers: { "X-One": "1", "content-type": "text/plain" }, body: body! }),
      });
      const answer = await ask(server.port, "/a%20b/c?x=1&y=%C3%A9", { method: "POST", body: "grüße" });
      expect(answer.status).toBe(201);
      expect(answer.headers).toMatchObject({ "x-one": "1", "content-type": "text/plain", "content-length": "7" });
      expect(answer.body.toString()).toBe("grüße");
      expect(server.requests[0]).toMatchObject({
        method: "POST",
        path: "/a%20b/c",
        query: "x=1&y=%C3%A9",
        remoteAddress: "127.0.0.1",
      });
    });

    test("has no query and no body where there is none", async () => {
      const server = await serve(name);
      await ask(server.port, "/a?");
      expect(server.requests[0]).toMatchObject({ method: "GET", path: "/a", query: "" });
      expect(server.requests[0]!.body).toBeUndefined();
      await ask(server.port, "/", { method: "DELETE" });
      expect(server.requests[1]!.body).toEqual(Buffer.alloc(0));
    });

    test("joins headers of one name, cookies by semicolon, and keeps names that objects have", async () => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write(
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCOOKIE: b=2\r\n__proto__: p\r\nconstructor: c\r\n\r\n",
      );
      expect(await client.status()).toBe(200);
      const { headers } = server.requests[0]!;
      expect(Object.getPrototypeOf(headers)).toBeNull();
      expect(Object.entries(headers)).toEqual([
        ["host", "a"],
        ["x-a", "1, 2"],
        ["cookie", "a=1; b=2"],
        ["__proto__", "p"],
        ["constructor", "c"],
      ]);
      client.vanish();
    });

    test("writes several lines for an array, and none of the framing headers that a handler gives", async () => {
      const server = await serve(name, {
        request: () => ({
          status: 200,
          headers: { "set-cookie": ["a=1", "b=2"], "Content-Length": "999", "transfer-encoding": "chunked", date: "x" },
          body: "four",
        }),
      });
      const answer = await ask(server.port, "/");
      expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
      expect(answer.headers["transfer-encoding"]).toBeUndefined();
      const names = answer.rawHeaders.filter((_, i) => i % 2 === 0).map((header) => header.toLowerCase());
      expect(names.filter((header) => header === "content-length")).toEqual(["content-length"]);
      expect(answer.headers["content-length"]).toBe("4");
      expect(answer.body.toString()).toBe("four");
    });

    test("waits for a promise", async () => {
      const server = await serve(name, {
        request: async ({ path }) => {
          await new Promise(setImmediate);
          return { status: 200, headers: {}, body: `late ${path}` };
        },
      });
      expect((await ask(server.port, "/x")).body.toString()).toBe("late /x");
      const post = await ask(server.port, "/y", { method: "POST", body: "b" });
      expect(post.body.toString()).toBe("late /y");
    });

    test("answers HEAD with the length and no body, and the connection goes on", async () => {
      const server = await serve(name, { request: () => ({ status: 200, headers: {}, body: "grüße" }) });
      const client = await RawClient.connect(server.port);
      client.write("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
      const head = (await client.until((bytes) => bytes.includes("\r\n\r\n"))).toString();
      expect(head).toMatch(/content-length: 7\r\n/i);
      expect(head.endsWith("\r\n\r\n")).toBe(true);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const both = (await client.until((bytes) => bytes.includes("grüße"))).toString();
      expect(both.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
      client.vanish();
    });

    test.each([204, 304])("answers %i without body and length", async (status) => {
      const server = await serve(name, { request: () => ({ status, headers: { etag: '"x"' }, body: "gone" }) });
      const client = await RawClient.connect(server.port);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(await client.status()).toBe(status);
      client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const text = (await client.until((bytes) => bytes.toString().split("HTTP/1.1").length > 2)).toString();
      expect(text).not.toContain("gone");
      expect(text.toLowerCase()).not.toContain("content-length");
      client.vanish();
    });

    test("takes a body of the limit, and answers 413 to one byte more, declared or chunked", async () => {
      const server = await serve(
        name,
        { request: ({ body }) => ({ status: 200, headers: {}, body: String(body!.length) }) },
        { maxBodyBytes: 100_000 },
      );
      const post = (body: Uint8Array | Uint8Array[]) => ask(server.port, "/", { method: "POST", body });
      expect((await post(Buffer.alloc(100_000))).body.toString()).toBe("100000");
      expect((await post([Buffer.alloc(50_000), Buffer.alloc(50_000)])).body.toString()).toBe("100000");
      expect((await post(Buffer.alloc(100_001))).status).toBe(413);
      expect((await post([Buffer.alloc(50_000), Buffer.alloc(50_001)])).status).toBe(413);
      expect(server.requests).toHaveLength(2);
    });

    test("sends a large body whole to a reader that pauses", async () => {
      const body = Buffer.alloc(12_000_000);
      for (let i = 0; i < body.length; i += 4) body.writeUInt32LE(i, i);
      const server = await serve(name, { request: () => ({ status: 200, headers: {}, body }) });
      const client = await RawClient.connect(server.port);
      client.socket.pause();
      client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await server.seen("request");
      // Another client is served meanwhile.
      expect((await ask(server.port, "/", { method: "HEAD" })).status).toBe(200);
      const chunks: Buffer[] = [];
      client.socket.removeAllListeners("data");
      client.socket.on("data", (chunk) => chunks.push(chunk));
      client.socket.resume();
      let size = 0;
      while (size < body.length) {
        await new Promise((resolve) => client.socket.once("data", resolve));
        size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      }
      const all = Buffer.concat(chunks);
      const start = all.indexOf("\r\n\r\n") + 4;
      while (size < body.length + start) {
        await new Promise((resolve) => client.socket.once("data", resolve));
        size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      }
      expect(Buffer.concat(chunks).subarray(start).equals(body)).toBe(true);
      client.vanish();
    });

    test.each<[string, () => HttpResponse | Promise<HttpResponse>]>([
      [
        "throws",
        () => {
          throw new Error("secret cause");
        },
      ],
      ["rejects", () => Promise.reject(new Error("secret cause"))],
      [
        "throws undefined",
        () => {
          throw undefined;
        },
      ],
      ["gives nothing", () => undefined as unknown as HttpResponse],
      ["gives an empty object", () => UNUSABLE],
      ["gives a status that is none", () => ({ status: 42, headers: {}, body: "" })],
      ["gives a status that is a fraction", () => ({ status: 200.5, headers: {}, body: "" })],
      ["gives a body that is none", () => ({ status: 200, headers: {}, body: 5 as unknown as string })],
      ["gives a promise of nothing", () => Promise.resolve(undefined as unknown as HttpResponse)],
      ["injects a header by CR LF", () => ({ status: 200, headers: { x: "a\r\nset-cookie: secret=1" }, body: "" })],
      ["injects a header by LF", () => ({ status: 200, headers: { x: "a\nset-cookie: secret=1" }, body: "" })],
      ["injects a header in an array", () => ({ status: 200, headers: { x: ["a", "b\rc"] }, body: "" })],
      ["gives NUL in a value", () => ({ status: 200, headers: { x: "a\0b" }, body: "" })],
      ["gives a value that is not ASCII", () => ({ status: 200, headers: { x: "grün" }, body: "" })],
      ["gives a value that is no string", () => ({ status: 200, headers: { x: 5 as unknown as string }, body: "" })],
      ["gives null as a value", () => ({ status: 200, headers: { x: null as unknown as string }, body: "" })],
      ["gives a name with a colon", () => ({ status: 200, headers: { "x: y\r\nset-cookie": "secret" }, body: "" })],
      ["gives an empty name", () => ({ status: 200, headers: { "": "secret" }, body: "" })],
    ])("answers 500, says nothing more and reports it when a handler %s", async (_, request) => {
      const server = await serve(name, { request });
      const answer = await ask(server.port, "/");
      expect(answer.status).toBe(500);
      expect(answer.body.toString()).toBe("Internal Server Error");
      expect(answer.rawHeaders.join()).not.toContain("secret");
      expect(server.errors.map(({ where }) => where)).toEqual(["request"]);
    });

    test("forgets a request whose client leaves before the answer, and ignores the answer", async () => {
      let answerLate: (response: HttpResponse) => void = () => {};
      const server = await serve(name, {
        request: ({ path }) => {
          if (path === "/never") return NEVER;
          if (path === "/late")
            return new Promise((resolve) => {
              answerLate = resolve;
            });
          return { status: 200, headers: {}, body: "alive" };
        },
      });
      for (const path of ["/never", "/late"]) {
        const client = await RawClient.connect(server.port);
        client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await server.seen("request", path === "/never" ? 1 : 2);
        client.vanish();
        await client.closed;
      }
      expect((await ask(server.port, "/")).body.toString()).toBe("alive");
      answerLate({ status: 200, headers: {}, body: "too late" });
      expect((await ask(server.port, "/")).body.toString()).toBe("alive");
      expect(server.errors).toEqual([]);
    });

    test("forgets a body whose client leaves in the middle of it", async () => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write("POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
      await ask(server.port, "/");
      client.vanish();
      await client.closed;
      await ask(server.port, "/");
      expect(server.requests.map(({ path }) => path)).toEqual(["/", "/"]);
    });

    // Ways to smuggle a second request past a proxy, or to be understood in two ways. Status 0: closed or left to time out.
    test.each<[string, string, (number | undefined)[]]>([
      [
        "two content lengths",
        "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        [400],
      ],
      ["a list of content lengths", "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", [400]],
      ["a signed content length", "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", [400]],
      [
        "length and chunks",
        "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [400],
      ],
      ["a target in absolute form", "GET http://b/bad HTTP/1.1\r\nHost: a\r\n\r\n", [400, 505]],
      ["a target without slash", "GET bad HTTP/1.1\r\nHost: a\r\n\r\n", [400, 505]],
      ["bytes beyond ASCII in the path", "GET /bad\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", [400]],
      ["two hosts", "GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]],
      ["no host", "GET /bad HTTP/1.1\r\n\r\n", isUws ? [undefined] : [400]],
      ["a folded header", "GET /bad HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", isUws ? [undefined] : [400]],
      ["lines ended by LF", "GET /bad HTTP/1.1\nHost: a\n\n", [400, 505]],
      ["a space before the colon", "GET /bad HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", isUws ? [undefined, 400] : [400]],
    ])("lets no handler see a request with %s", async (_, text, statuses) => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write(text);
      if (!statuses.includes(undefined)) {
        expect(statuses).toContain(await client.status());
        await client.closed;
      }
      await ask(server.port, "/good");
      await ask(server.port, "/good");
      expect(server.requests.map(({ path }) => path)).toEqual(["/good", "/good"]);
      client.vanish();
    });

    test("takes 12 KB of headers, and answers 431 to 20 KB and to 200 lines", async () => {
      const server = await serve(name);
      expect((await ask(server.port, "/", { headers: { cookie: "a".repeat(12_000) } })).status).toBe(200);
      for (const lines of [`x: ${"a".repeat(20_000)}\r\n`, "x: 1\r\n".repeat(200)]) {
        const client = await RawClient.connect(server.port);
        client.write(`GET /bad HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
        expect(await client.status()).toBe(431);
        await client.closed;
      }
      expect(server.requests).toHaveLength(1);
    });

    test("ignores an upgrade to something else", async () => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write("GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
      expect((await client.until((bytes) => bytes.includes("/plain"))).toString()).toMatch(/^HTTP\/1\.1 200 /);
      client.vanish();
    });
  });
});
