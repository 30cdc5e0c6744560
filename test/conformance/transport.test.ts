/**
 * What every transport must do, over real sockets. Where the two differ and cannot be made alike, `isUws` says so here
 * and uws.ts says it to its readers.
 */
import { describe, expect, test } from "vitest";
import { realWorld } from "../../kernel/real-world.ts";
import { chooseTransport } from "../../liveview/transport/choose.ts";
import { ListenError } from "../../liveview/transport/errors.ts";
import type { HttpResponse, SendResult } from "../../liveview/transport/transport.ts";
import { BINARY, CLOSE, CONTINUATION, closePayload, frame, handshake, PING, RawClient, TEXT } from "./raw-client.ts";
import { type Answer, ask, Client, open, refusal, type Server, type Socket, serve } from "./transport-harness.ts";

const NEVER = new Promise<never>(() => {});
const UNUSABLE = {} as unknown as HttpResponse;

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

  describe("upgrade", () => {
    test("gives the socket what the handler gave, from a request that is kept", async () => {
      const server = await serve(name, {
        upgrade: async (request) => {
          await new Promise(setImmediate);
          return {
            accept: true,
            data: `${request.query} ${request.headers["user-agent"] ?? "-"} ${request.remoteAddress}`,
          };
        },
      });
      await open(server.port, "/live/websocket?vsn=2.0.0");
      expect(server.sockets[0]!.data).toBe("vsn=2.0.0 - 127.0.0.1");
      expect(server.requests[0]).toMatchObject({ method: "GET", path: "/live/websocket" });
      expect(server.requests[0]!.body).toBeUndefined();
    });

    test("negotiates no compression", async () => {
      const server = await serve(name);
      const client = await open(server.port);
      expect(client.ws.extensions).toBe("");
    });

    test("answers with the protocol that the handler chose", async () => {
      const server = await serve(name, { upgrade: () => ({ accept: true, data: "", protocol: "phoenix" }) });
      const client = await open(server.port, "/live/websocket", ["other", "phoenix"]);
      expect(client.ws.protocol).toBe("phoenix");
      const raw = await RawClient.connect(server.port);
      raw.write(handshake("/live/websocket"));
      expect(await raw.status()).toBe(500);
      expect(server.errors).toHaveLength(1);
    });

    test("answers with no protocol when the handler chose none", async () => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write(handshake("/live/websocket", { "sec-websocket-protocol": "phoenix" }));
      expect(await client.status()).toBe(101);
      expect(client.received.toString().toLowerCase()).not.toContain("sec-websocket-protocol");
      client.vanish();
    });

    test("sends the handler's refusal", async () => {
      const server = await serve(name, { upgrade: () => ({ accept: false, status: 403, body: "no" }) });
      const answer = await refusal(server.port);
      expect([answer.status, answer.body.toString()]).toEqual([403, "no"]);
      expect(server.events).toEqual(["upgrade"]);
    });

    test("answers 404 on another path, and asks nobody", async () => {
      const server = await serve(name);
      for (const path of [
        "/",
        "/live",
        "/live/websocket/",
        "/live/websocket2",
        "/LIVE/websocket",
        "/live%2Fwebsocket",
      ]) {
        expect((await refusal(server.port, path)).status).toBe(404);
      }
      expect(server.events).toEqual([]);
    });

    test("answers 500 when the handler throws, rejects, or refuses with nonsense", async () => {
      for (const upgrade of [
        () => {
          throw new Error("x");
        },
        () => Promise.reject(new Error("x")),
        () => undefined as never,
        () => ({ accept: false, status: 101 }) as const,
      ]) {
        const server = await serve(name, { upgrade });
        expect((await refusal(server.port)).status).toBe(500);
        expect(server.errors.map(({ where }) => where)).toEqual(["upgrade"]);
      }
    });

    test("opens nothing for a client that left meanwhile", async () => {
      let accept: () => void = () => {};
      const server = await serve(name, {
        upgrade: () =>
          new Promise((resolve) => {
            accept = () => resolve({ accept: true, data: "" });
          }),
      });
      const client = await RawClient.connect(server.port);
      client.write(handshake("/live/websocket"));
      await server.seen("upgrade");
      client.vanish();
      await client.closed;
      await ask(server.port, "/");
      accept();
      await ask(server.port, "/");
      expect(server.events.filter((event) => event !== "request")).toEqual(["upgrade"]);
      expect(server.errors).toEqual([]);
    });

    test("reads frames that came together with the handshake", async () => {
      const server = await serve(name, {
        upgrade: async () => {
          await new Promise(setImmediate);
          return { accept: true, data: "" };
        },
      });
      const client = await RawClient.connect(server.port);
      if (isUws) {
        // uWebSockets.js cannot keep them for an answer that comes later; no browser sends before it is open.
        client.write(handshake("/live/websocket"));
        await client.status();
        client.write(frame(TEXT, "early"));
      } else client.write(Buffer.concat([Buffer.from(handshake("/live/websocket")), frame(TEXT, "early")]));
      await server.seen("message");
      expect(server.messages).toEqual(["early"]);
      client.vanish();
    });

    test.each<[string, Record<string, string | undefined>, number]>([
      ["no version", { "sec-websocket-version": undefined }, 426],
      ["version 8", { "sec-websocket-version": "8" }, 426],
      ["no key", { "sec-websocket-key": undefined }, 400],
      ["a short key", { "sec-websocket-key": "AQID" }, 400],
      ["a key of the right length that is no base64", { "sec-websocket-key": "????????????????????????" }, 400],
      ["32 KB of spaces as protocol", { "sec-websocket-protocol": `a,${" ".repeat(32_000)}b` }, 431],
    ])("refuses a handshake with %s", async (_, lines, status) => {
      const server = await serve(name);
      const client = await RawClient.connect(server.port);
      client.write(handshake("/live/websocket", lines));
      expect(await client.status()).toBe(status);
      expect(server.events).toEqual([]);
      await client.closed;
    });

    test("answers 503 to one socket too many, and takes another when one has left", async () => {
      const server = await serve(name, {}, { maxSockets: 2 });
      const first = await open(server.port);
      await open(server.port);
      expect((await refusal(server.port)).status).toBe(503);
      first.ws.close();
      await server.seen("close");
      await open(server.port);
    });

    test("counts upgrades under way as sockets, until their client leaves", async () => {
      const upgrade = ({ query }: { query: string }) =>
        query === "never" ? NEVER : ({ accept: true, data: query } as const);
      const server = await serve(name, { upgrade }, { maxSockets: 1 });
      const client = await RawClient.connect(server.port);
      client.write(handshake("/live/websocket?never"));
      await server.seen("upgrade");
      expect((await refusal(server.port)).status).toBe(503);
      client.vanish();
      await client.closed;
      await ask(server.port, "/");
      await open(server.port);
    });
  });

  describe("messages", () => {
    test("go both ways as text, as bytes, empty, and in every script", async () => {
      const server = await serve(name, {
        message: (socket, data, isBinary) => {
          expect(socket.send(isBinary ? data.slice() : Buffer.from(data).toString())).toBe("sent");
        },
      });
      const client = await open(server.port);
      const sent = [
        "plain",
        "",
        "grüße, 世界 🙂 \0 \u2028",
        "x".repeat(65_536),
        Buffer.from([0, 255, 128, 1]),
        Buffer.alloc(0),
      ];
      for (const message of sent) client.ws.send(message);
      expect(await client.received(sent.length)).toEqual(sent);
      expect(server.messages.map(String)).toEqual(
        sent.map((one) => String(one instanceof Buffer ? Uint8Array.from(one) : one)),
      );
    });

    test("keep their order", async () => {
      const server = await serve(name, { message: (socket, data) => void socket.send(Buffer.from(data).toString()) });
      const client = await open(server.port);
      const sent = Array.from({ length: 2000 }, (_, i) => String(i));
      for (const message of sent) client.ws.send(message);
      expect(await client.received(2000)).toEqual(sent);
    });

    test("bytes go as text when told so", async () => {
      const server = await serve(name, { open: (socket) => void socket.send(Buffer.from("[null]"), false) });
      const client = await open(server.port);
      expect(await client.received(1)).toEqual(["[null]"]);
    });

    test("corked ones arrive in order, and what the cork throws reaches its caller", async () => {
      const server = await serve(name, {
        open: (socket) => {
          socket.cork(() => {
            for (let i = 0; i < 100; i++) socket.send(`${i} ${"x".repeat(1000)}`);
          });
          expect(() =>
            socket.cork(() => {
              socket.send("before");
              throw new RangeError("mine");
            }),
          ).toThrow(RangeError);
          socket.cork(() => socket.cork(() => socket.send("nested")));
          socket.send("after");
        },
      });
      const client = await open(server.port);
      const received = await client.received(103);
      expect(received.slice(0, 100).map((text) => Number.parseInt(String(text), 10))).toEqual([...Array(100).keys()]);
      expect(received.slice(100)).toEqual(["before", "nested", "after"]);
      expect(server.errors).toEqual([]);
    });

    test("may be of the limit, in one frame or in fragments with a ping between them", async () => {
      const server = await serve(name, {}, { maxFrameBytes: 1000 });
      const client = await RawClient.websocket(server.port);
      client.write(frame(TEXT, "x".repeat(1000)));
      client.write(frame(BINARY, Buffer.alloc(400), { fin: false }));
      client.write(frame(PING, "p"));
      client.write(frame(CONTINUATION, Buffer.alloc(600)));
      client.write(frame(TEXT, "ü".slice(0), { fin: true }));
      await server.seen("message", 3);
      expect(server.messages).toEqual(["x".repeat(1000), new Uint8Array(1000), "ü"]);
      client.vanish();
    });

    test("may come in 64 fragments, cut in the middle of a character, a byte at a time", async () => {
      const server = await serve(name);
      const client = await RawClient.websocket(server.port);
      const text = Buffer.from("ü".repeat(32));
      const pieces = [...text].map((byte, i) =>
        frame(i === 0 ? TEXT : CONTINUATION, [byte] as never, { fin: i === 63 }),
      );
      client.socket.setNoDelay(true);
      for (const byte of Buffer.concat(pieces)) client.write(Buffer.from([byte]));
      await server.seen("message");
      expect(server.messages).toEqual(["ü".repeat(32)]);
      client.vanish();
    });

    const invalid = Buffer.from([0x61, 0xff, 0x62]);
    test.each<[string, Buffer, number]>([
      ["a frame over the limit", frame(TEXT, "x".repeat(1001)), 1009],
      [
        "fragments over the limit",
        Buffer.concat([frame(TEXT, "x".repeat(600), { fin: false }), frame(CONTINUATION, "x".repeat(600))]),
        1009,
      ],
      ["a length of 2^63", Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4]), 1009],
      ["text that is no UTF-8", frame(TEXT, invalid), 1007],
      [
        "fragments that are no UTF-8",
        Buffer.concat([frame(TEXT, "a", { fin: false }), frame(CONTINUATION, invalid)]),
        1007,
      ],
      ["a surrogate in UTF-8", frame(TEXT, Buffer.from([0xed, 0xa0, 0x80])), 1007],
      ["a reserved opcode", frame(3, "x"), 1002],
      ["a reserved control opcode", frame(11, "x"), 1002],
      ["a reserved bit", frame(TEXT, "x", { rsv: 4 }), 1002],
      ["a continuation of nothing", frame(CONTINUATION, "x"), 1002],
      ["text within fragments of text", Buffer.concat([frame(TEXT, "a", { fin: false }), frame(TEXT, "b")]), 1002],
      ["a fragmented ping", frame(PING, "x", { fin: false }), 1002],
      ["a ping of 126 bytes", frame(PING, "x".repeat(126)), 1002],
    ])("close the socket when they are %s, and reach no handler", async (_, bytes, code) => {
      const server = await serve(name, {}, { maxFrameBytes: 1000 });
      const client = await RawClient.websocket(server.port);
      const start = client.received.length;
      client.write(bytes);
      // ws says why, uWebSockets.js just goes.
      if (!isUws) {
        const received = (await client.until((all) => all.length >= start + 4)).subarray(start);
        expect([received[0], received.readUInt16BE(2)]).toEqual([0x88, code]);
        client.socket.destroy();
      }
      await client.closed;
      await server.seen("close");
      expect(server.messages).toEqual([]);
      expect(server.events).toEqual(["upgrade", "open", "close 1006"]);
    });

    test("that are not masked reach no handler", async () => {
      const server = await serve(name);
      const client = await RawClient.websocket(server.port);
      client.write(frame(TEXT, "not masked", { masked: false }));
      await ask(server.port, "/");
      await ask(server.port, "/");
      expect(server.messages).toEqual([]);
      client.vanish();
      await server.seen("close");
    });
  });

  describe("close", () => {
    test("by the server: the peer and the handler learn its code, once", async () => {
      const server = await serve(name);
      const client = await open(server.port);
      server.sockets[0]!.close(4001, "grüße");
      server.sockets[0]!.close(4002, "again");
      expect(await client.closed).toEqual({ code: 4001, reason: "grüße" });
      await server.seen("close");
      expect(server.events).toEqual(["upgrade", "open", "close 4001"]);
    });

    test("by the server: calls no handler before it returns", async () => {
      let within = "";
      const server = await serve(name, {
        message: (socket) => {
          socket.close(1000);
          within = server.events.at(-1)!;
        },
      });
      const client = await open(server.port);
      client.ws.send("x");
      await client.closed;
      await server.seen("close 1000");
      expect(within).toBe("message");
    });

    test("by the server: no message comes after it, not even of those that arrived together", async () => {
      const server = await serve(name, { message: (socket) => socket.close(4000) });
      const client = await RawClient.websocket(server.port);
      client.write(Buffer.concat([frame(TEXT, "one"), frame(TEXT, "two"), frame(TEXT, "three")]));
      await client.until((bytes) => bytes.includes(closePayload(4000)));
      client.write(frame(TEXT, "four"));
      client.write(frame(CLOSE, closePayload(4000)));
      await server.seen("close");
      client.socket.end();
      await client.closed;
      expect(server.messages).toEqual(["one"]);
      expect(server.events.at(-1)).toBe("close 4000");
    });

    test("by the client: the handler learns its code", async () => {
      const server = await serve(name);
      (await open(server.port)).ws.close(4002, "bye");
      await server.seen("close 4002");
      (await open(server.port)).ws.close();
      await server.seen("close 1005");
      (await open(server.port)).ws.terminate();
      await server.seen("close 1006");
      (await RawClient.websocket(server.port)).vanish();
      await server.seen("close 1006", 2);
      expect(server.events.filter((event) => event.startsWith("close"))).toHaveLength(4);
    });

    test("answers the peer's close frame, whatever is wrong with it", async () => {
      const server = await serve(name);
      const payloads = [
        closePayload(1000),
        closePayload(999),
        closePayload(1005),
        closePayload(5000),
        Buffer.from([3]),
      ];
      for (const payload of [...payloads, closePayload(1000, Buffer.from([0xff]))]) {
        const client = await RawClient.websocket(server.port);
        const start = client.received.length;
        client.write(frame(CLOSE, payload));
        await client.until((bytes) => bytes.length >= start + 2);
        client.socket.end();
        await client.closed;
      }
      await server.seen("close", 6);
    });

    test("leaves a socket that does nothing more", async () => {
      const server = await serve(name);
      const client = await open(server.port);
      const socket = server.sockets[0]!;
      client.ws.terminate();
      await server.seen("close");
      expect(socket.send("x")).toBe("closed");
      expect(socket.send(Buffer.from("x"))).toBe("closed");
      expect(socket.bufferedAmount).toBe(0);
      let isRun = false;
      socket.cork(() => {
        isRun = true;
        expect(socket.send("x")).toBe("closed");
      });
      expect(isRun).toBe(true);
      socket.close(1000);
      expect(server.events.filter((event) => event.startsWith("close"))).toHaveLength(1);
    });

    test("within a cork is sent after what was sent before it", async () => {
      const server = await serve(name, {
        open: (socket) =>
          socket.cork(() => {
            socket.send("last words");
            socket.close(4000, "done");
            expect(socket.send("never")).toBe("closed");
          }),
      });
      const client = await open(server.port);
      expect(await client.received(1)).toEqual(["last words"]);
      expect((await client.closed).code).toBe(4000);
      expect(server.errors).toEqual([]);
    });

    test("refuses codes that must not be sent, and cuts a long reason between characters", async () => {
      const server = await serve(name);
      const client = await open(server.port);
      const socket = server.sockets[0]!;
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
        expect(() => socket.close(code)).toThrow(/^Socket close code: expected 1000 to 1014/);
      }
      socket.close(3000, `a${"ü".repeat(100)}`);
      expect(await client.closed).toEqual({ code: 3000, reason: `a${"ü".repeat(61)}` });
    });
  });

  describe("backpressure", () => {
    const MEGABYTE = 1_048_576;
    const chunk = Buffer.alloc(65_536, 1);

    /** Sends until the result comes; loopback takes some megabytes before anything waits. */
    function sendUntil(socket: Socket, result: SendResult): { sentBytes: number; mostBuffered: number } {
      let sentBytes = 0;
      let mostBuffered = 0;
      while (sentBytes < 64 * MEGABYTE) {
        const got = socket.send(chunk);
        mostBuffered = Math.max(mostBuffered, socket.bufferedAmount);
        sentBytes += chunk.length;
        if (got === result) return { sentBytes, mostBuffered };
      }
      throw new Error(`No "${result}" after ${sentBytes} bytes.`);
    }

    test.each([false, true])(
      "closes a reader that is deaf at the limit, never skips a frame (corked: %s)",
      async (isCorked) => {
        const server = await serve(name, {}, { maxBackpressureBytes: MEGABYTE });
        const client = await RawClient.websocket(server.port);
        client.socket.pause();
        const socket = server.sockets[0]!;
        let sent = { sentBytes: 0, mostBuffered: 0 };
        const send = () => {
          sent = sendUntil(socket, "closed");
        };
        if (isCorked) socket.cork(send);
        else send();
        expect(sent.mostBuffered).toBeGreaterThan(MEGABYTE / 2);
        expect(sent.mostBuffered).toBeLessThan(MEGABYTE + 2 * chunk.length);
        expect(socket.send("x")).toBe("closed");
        expect(socket.bufferedAmount).toBe(0);
        await server.seen("close 1006");
        expect(server.events).toEqual(["upgrade", "open", "close 1006"]);
        client.vanish();
      },
    );

    test("tells when the queue has drained, and nothing was lost", async () => {
      const server = await serve(name, {}, { maxBackpressureBytes: 4 * MEGABYTE });
      const client = await open(server.port);
      client.ws.pause();
      const socket = server.sockets[0]!;
      const { sentBytes } = sendUntil(socket, "buffered");
      expect(socket.bufferedAmount).toBeGreaterThan(0);
      expect(socket.send("the last")).toBe("buffered");
      client.ws.resume();
      await server.seen("drain");
      expect(socket.bufferedAmount).toBe(0);
      const received = await client.received(sentBytes / chunk.length + 1);
      expect(received.at(-1)).toBe("the last");
      expect(received.slice(0, -1).every((one) => chunk.equals(one as Buffer))).toBe(true);
      expect(server.events.filter((event) => event === "drain")).toHaveLength(1);
    });
  });

  describe("robustness", () => {
    test("lives through 200 handshakes and requests of garbage", async () => {
      const server = await serve(name);
      const good = handshake("/live/websocket");
      let seed = 7;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return Math.floor((seed / 2_147_483_648) * below);
      };
      for (let i = 0; i < 200; i++) {
        const client = await RawClient.connect(server.port);
        const bytes = i % 2 === 0 ? Buffer.from(good) : Buffer.alloc(random(400));
        const changes = i % 2 === 0 ? 1 + random(12) : bytes.length;
        for (let k = 0; k < changes; k++) bytes[random(bytes.length)] = random(256);
        client.write(i % 3 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
        client.write(Buffer.from([random(256), random(256), random(256)]));
        if (i % 4 === 0) client.vanish();
        else client.socket.end();
      }
      expect((await ask(server.port, "/alive")).body.toString()).toBe("/alive");
      await open(server.port);
      expect(server.errors).toEqual([]);
    });

    test("lives through 300 connections of garbage frames", async () => {
      const server = await serve(name);
      let seed = 11;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return Math.floor((seed / 2_147_483_648) * below);
      };
      for (let i = 0; i < 300; i++) {
        const client = await RawClient.websocket(server.port);
        client.write(Buffer.from(Array.from({ length: 1 + random(64) }, () => random(256))));
        if (i % 3 === 0) client.vanish();
        else client.socket.end();
      }
      await server.seen("close", 300);
      expect((await ask(server.port, "/alive")).body.toString()).toBe("/alive");
      expect(server.errors).toEqual([]);
    });

    test("lives when every handler throws, a thousand times each", async () => {
      const fail = (): never => {
        throw new Error("on purpose");
      };
      let failing = "request";
      const failIf = (handler: string) => () => (failing === handler ? fail() : undefined);
      const server = await serve(name, {
        request: ({ path }) => (failing === "request" ? fail() : { status: 200, headers: {}, body: path }),
        upgrade: ({ query }) => (failing === "upgrade" ? fail() : { accept: true, data: query }),
        open: failIf("open"),
        message: failIf("message"),
        close: failIf("close"),
        onError: fail,
      });
      const times = async (count: number, run: () => Promise<unknown>): Promise<void> => {
        for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, run));
      };
      await times(1000, async () => expect((await ask(server.port, "/")).status).toBe(500));
      failing = "upgrade";
      await times(1000, async () => expect((await refusal(server.port)).status).toBe(500));
      failing = "open";
      await times(1000, async () => expect((await new Client(server.port).closed).code).toBe(1011));
      failing = "message";
      await times(1000, async () => {
        const client = await open(server.port);
        client.ws.send("x");
        expect((await client.closed).code).toBe(1011);
      });
      await server.seen("close", 2000);
      failing = "close";
      await times(1000, async () => (await open(server.port)).ws.close());
      await server.seen("close", 3000);
      failing = "";
      expect((await ask(server.port, "/alive")).body.toString()).toBe("/alive");
      const counts: Record<string, number> = {};
      for (const { where } of server.errors) counts[where] = (counts[where] ?? 0) + 1;
      expect(counts).toEqual({
        request: 1000,
        upgrade: 1000,
        open: 1000,
        message: 1000,
        close: 1000,
      });
    }, 30_000);

    test("closes the socket of an async handler that rejects, and of a drain handler that throws", async () => {
      const server = await serve(
        name,
        {
          message: async () => {
            await new Promise(setImmediate);
            throw new Error("later");
          },
          drain: () => {
            throw new Error("drain");
          },
        },
        { maxBackpressureBytes: 8_388_608 },
      );
      const client = await open(server.port);
      client.ws.send("x");
      expect((await client.closed).code).toBe(1011);
      const slow = await open(server.port);
      slow.ws.pause();
      while (server.sockets[1]!.send(Buffer.alloc(65_536)) !== "buffered");
      slow.ws.resume();
      expect((await slow.closed).code).toBe(1011);
      expect(server.errors.map(({ where }) => where)).toEqual(["message", "drain"]);
    });
  });

  describe("listener", () => {
    test("close sends 1012 to every socket, answers what is under way, and frees the port", async () => {
      let answer: (response: HttpResponse) => void = () => {};
      const request = () =>
        new Promise<HttpResponse>((resolve) => {
          answer = resolve;
        });
      const server = await serve(name, { request }, {}, realWorld);
      const clients = await Promise.all(Array.from({ length: 20 }, () => open(server.port)));
      const underWay: Promise<Answer> = ask(server.port, "/under-way");
      await server.seen("request");
      const closing = server.listener.close();
      expect(server.listener.close()).toBe(closing);
      for (const client of clients) expect((await client.closed).code).toBe(1012);
      answer({ status: 200, headers: {}, body: "done" });
      expect((await underWay).body.toString()).toBe("done");
      await closing;
      expect(server.events.filter((event) => event === "close 1012")).toHaveLength(20);
      await expect(RawClient.connect(server.port)).rejects.toThrow(/ECONNREFUSED/);
      const again = await serve(name, {}, { port: server.port });
      expect(again.port).toBe(server.port);
      expect((await ask(again.port, "/again")).body.toString()).toBe("/again");
    });

    test("close waits for nobody who never answers", async () => {
      const server: Server = await serve(name, { request: () => NEVER, upgrade: () => NEVER });
      const silent = await RawClient.connect(server.port);
      const request = await RawClient.connect(server.port);
      request.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const upgrade = await RawClient.connect(server.port);
      upgrade.write(handshake("/live/websocket"));
      await server.seen("request");
      await server.seen("upgrade");
      await server.listener.close();
      await Promise.all([silent.closed, request.closed, upgrade.closed]);
    }, 10_000);

    test.each(["uws", "ws"] as const)(
      "says which address it cannot bind, since a server of %s has it",
      async (other) => {
        const server = await serve(other);
        const failure = await serve(name, {}, { port: server.port }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ListenError);
        expect(failure).toMatchObject({
          code: "ERR_LISTEN",
          message: expect.stringContaining(`127.0.0.1:${server.port}`),
        });
        expect((await ask(server.port, "/still")).body.toString()).toBe("/still");
      },
    );

    test("says why it cannot bind an address that is not ours", async () => {
      const failure = await serve(name, {}, { host: "192.0.2.1" }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "ERR_LISTEN", message: expect.stringContaining("EADDRNOTAVAIL") });
    });

    test.each<[string, object]>([
      ["port", { port: 70_000 }],
      ["port", { port: "80" }],
      ["host", { host: "" }],
      ["socketPath", { socketPath: "live" }],
      ["socketPath", { socketPath: "/live?x" }],
      ["maxFrameBytes", { maxFrameBytes: 0 }],
      ["maxBodyBytes", { maxBodyBytes: -1 }],
      ["maxBackpressureBytes", { maxBackpressureBytes: Number.POSITIVE_INFINITY }],
      ["idleTimeoutMs", { idleTimeoutMs: 0 }],
      ["maxSockets", { maxSockets: 1.5 }],
    ])("refuses a %s that makes no sense: %j", async (option, options) => {
      const transport = await chooseTransport(name, realWorld);
      const handlers = { request: fail, upgrade: fail, open: fail, message: fail, close: fail };
      await expect(transport.listen({ port: 0, ...options }, handlers)).rejects.toMatchObject({
        code: "ERR_OPTION",
        message: expect.stringContaining(`"${option}"`),
      });
    });
  });
});

function fail(): never {
  throw new Error("No handler should have been called.");
}
