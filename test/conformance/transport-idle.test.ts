/** Idle timeouts, over real sockets and, for uWebSockets.js, in real time: it knows no less than 8 s. Hence a file apart. */
import { describe, expect, test } from "vitest";
import { frame, PING, RawClient, TEXT } from "./raw-client.ts";
import { open, serve } from "./transport-harness.ts";

describe.each(["uws", "ws"] as const)("transport %s", (name) => {
  test("closes who says nothing, not who answers pings or asks", async () => {
    const server = await serve(name, {}, { idleTimeoutMs: 8000 });
    const answering = await open(server.port);
    const asking = await RawClient.websocket(server.port);
    const pings = setInterval(() => asking.write(frame(PING, "still here")), 100);
    // Answers no ping, and leaves a message unfinished.
    const silent = await RawClient.websocket(server.port);
    silent.write(frame(TEXT, "half", { fin: false }));
    await silent.closed;
    clearInterval(pings);
    await server.seen("close 1006");
    expect(answering.ws.readyState).toBe(answering.ws.OPEN);
    expect(asking.socket.destroyed).toBe(false);
    expect(server.messages).toEqual([]);
    asking.vanish();
  }, 20_000);
});
