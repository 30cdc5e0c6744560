/**
 * What every transport must do, over real sockets: messages, in what order and how many. Where the two differ and cannot be made alike, `isUws`
 * says so here and uws.ts says it to its readers.
 */
import { describe, expect, test } from "vitest";
import type { SendResult } from "../../liveview/transport/transport.ts";
import { BINARY, CONTINUATION, frame, PING, RawClient, TEXT } from "./raw-client.ts";
import { ask, open, type Socket, serve } from "./transport-harness.ts";

describe.each(["uws", "ws"] as const)("transport %s", (name) => {
  const isUws = name === "uws";

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
});
