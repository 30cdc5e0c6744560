/**
 * What every transport must do, over real sockets: upgrades. Where the two differ and cannot be made alike, `isUws`
 * says so here and uws.ts says it to its readers.
 */
import { describe, expect, test } from "vitest";
import { frame, handshake, RawClient, TEXT } from "./raw-client.ts";
import { ask, NEVER, open, refusal, serve } from "./transport-harness.ts";

describe.each(["uws", "ws"] as const)("transport %s", (name) => {
  const isUws = name === "uws";

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
});
