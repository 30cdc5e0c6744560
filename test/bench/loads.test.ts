/** The load generator against small servers, right ones and wrong ones: a wrong one must never get a figure. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { runClosedLoop, runOpenLoop } from "../../bench/liveview/load/event-loads.ts";
import { runFanout } from "../../bench/liveview/load/fanout-load.ts";
import { verify } from "../../bench/liveview/load/load.ts";
import { runMounts } from "../../bench/liveview/load/mount-load.ts";

const short = { host: "127.0.0.1", warmupMs: 10, durationMs: 60 };
let running: { http: Server; sockets: WebSocketServer } | undefined;

/** Serves the counter and the room. `answer` may spoil a reply, or withhold it. */
async function serve(answer: (text: string, nth: number, socket: WebSocket) => string | undefined = (text) => text) {
  const seen = {
    joins: 0,
    origins: new Set<string | undefined>(),
    cookies: new Set<string | undefined>(),
    tokens: new Set(),
  };
  const http = createServer((_, response) => {
    response.setHeader("set-cookie", "sid=1; HttpOnly");
    response.write('<meta name="csrf-token" content="TOKEN">'); // chunked
    response.end('<div id="phx-A" data-phx-main data-phx-session="S" data-phx-static=""></div>');
  });
  const sockets = new WebSocketServer({ server: http, path: "/live/websocket" });
  sockets.on("connection", (socket, request) => {
    seen.origins.add(request.headers.origin);
    seen.cookies.add(request.headers.cookie);
    seen.tokens.add(new URL(request.url!, "http://x").searchParams.get("_csrf_token"));
    let count = 0;
    socket.on("message", (data) => {
      const [joinRef, ref, topic, event, payload] = JSON.parse(data.toString());
      const reply = (response: unknown) =>
        JSON.stringify([joinRef, ref, topic, "phx_reply", { status: "ok", response }]);
      if (event === "heartbeat") socket.send(reply({}));
      else if (event === "phx_join") {
        seen.joins += 1;
        socket.send(reply({ rendered: { "0": "0", s: ["<p>", "</p>"] } }));
      } else if (payload.event === "say") {
        for (const listener of sockets.clients) {
          const push = answer(JSON.stringify([joinRef, null, topic, "diff", { "1": payload.value.text }]), 0, listener);
          if (push !== undefined) listener.send(push);
        }
        socket.send(reply({}));
      } else {
        count += 1;
        const text = answer(reply({ diff: { "0": String(count) } }), count, socket);
        if (text !== undefined) socket.send(text);
      }
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  running = { http, sockets };
  return { port: (http.address() as AddressInfo).port, seen };
}

afterEach(() => {
  for (const socket of running?.sockets.clients ?? []) socket.terminate();
  running?.http.close();
  running = undefined;
});

const counter = { ...short, page: "counter inc" } as const;

describe("the load generator", () => {
  test("closed loop: comes as a browser does, and counts the answers", async () => {
    const { port, seen } = await serve();
    const result = await runClosedLoop({ ...counter, mode: "closed", port, connections: 5, outstanding: 3 });
    expect(result).toMatchObject({ failures: [], lost: 0 });
    expect(result.events).toBeGreaterThan(10);
    expect(result.bytesPerReply).toBeGreaterThan(80);
    expect(result.latencyMs.p50).toBeGreaterThan(0);
    expect(seen.joins).toBe(5);
    expect([...seen.origins]).toEqual([`http://127.0.0.1:${port}`]);
    expect([...seen.cookies]).toEqual(["sid=1"]);
    expect([...seen.tokens]).toEqual(["TOKEN"]);
  });

  test("open loop: sends what is due, no more and no less", async () => {
    const { port } = await serve();
    const result = await runOpenLoop({ ...counter, mode: "open", port, connections: 3, rate: 350 });
    expect(result).toMatchObject({ failures: [], lost: 0, latencyMs: { count: 21 }, sentLateMs: { count: 21 } });
  });

  test("mounts: each step is timed", async () => {
    const { port, seen } = await serve();
    const result = await runMounts({ ...counter, mode: "mount", port, connections: 2 });
    expect(result.failures).toEqual([]);
    expect(result.stepsMs?.join.count).toBeGreaterThan(0);
    expect(seen.joins).toBeGreaterThanOrEqual(result.events);
  });

  test("fan-out: every message reaches every connection", async () => {
    const { port } = await serve();
    const room = { ...short, mode: "fanout", page: "room say", port, connections: 4 } as const;
    const closed = await runFanout(room);
    expect(closed.failures).toEqual([]);
    expect(closed.events).toBeGreaterThan(4);
    const open = await runFanout({ ...room, rate: 110 });
    expect(open).toMatchObject({ failures: [], reachedMs: { first: { count: 6 }, last: { count: 6 } } });
  });

  test("fan-out: a message for a stranger is told", async () => {
    const { port } = await serve((text) => text.replace("lgm:0000", "lgm:0009"));
    const result = await runFanout({ ...short, mode: "fanout", page: "room say", port, connections: 2 });
    expect(result.failures[0]).toContain("not on its way");
  });

  test("a server that does all right is verified", async () => {
    const { port } = await serve();
    expect(await verify({ ...counter, mode: "mount", port, connections: 1 })).toEqual([]);
  });

  test.each<[string, (text: string, nth: number, socket: WebSocket) => string | undefined, string]>([
    [
      "a wrong count",
      (text, nth) => (nth === 3 ? text.replace('"3"', '"4"') : text),
      'expected the diff to hold ["3"]',
    ],
    ["an error", (text) => text.replace('"ok"', '"error"'), '"status":"error"'],
    ["the reply to another event", (text) => text.replace('"100000', '"100001'), "expected the reply to 10000001"],
    ["a crash of the view", () => '["4","4","lv:phx-A","phx_error",{}]', "phx_error"],
    ["a closed socket", (_text, _nth, socket) => void socket.close(1012), "closed with code 1012"],
    ["a dropped socket", (_text, _nth, socket) => void socket.terminate(), "the socket closed"],
  ])("%s is a failure, and gives no figure", async (_, answer, problem) => {
    const { port } = await serve(answer);
    expect((await verify({ ...counter, mode: "mount", port, connections: 1 })).join()).toContain(problem);
    const result = await runClosedLoop({ ...counter, mode: "closed", port, connections: 1, outstanding: 1 });
    expect(result.failures.join()).toContain(problem);
    expect(result.eventsPerSecond).toBe(0);
  });

  test("nobody there is a failure, told at once", async () => {
    const result = await runClosedLoop({ ...counter, mode: "closed", port: 1, connections: 2, outstanding: 1 });
    expect(result.failures.join()).toContain("ECONNREFUSED");
  });
});
