/**
 * What every transport must do, over real sockets: closes, clients that do as they like, the listener. Where the two differ and cannot be made alike, `isUws`
 * says so here and uws.ts says it to its readers.
 */
import { describe, expect, test } from "vitest";
import { realWorld } from "../../kernel/real-world.ts";
import { chooseTransport } from "../../liveview/transport/choose.ts";
import { ListenError } from "../../liveview/transport/errors.ts";
import type { HttpResponse } from "../../liveview/transport/transport.ts";
import { CLOSE, closePayload, frame, handshake, RawClient, TEXT } from "./raw-client.ts";
import { type Answer, ask, Client, NEVER, open, refusal, type Server, serve } from "./transport-harness.ts";

describe.each(["uws", "ws"] as const)("transport %s", (name) => {
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
