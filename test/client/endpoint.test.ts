import { describe, expect, test } from "vitest";
import { socketUrl } from "../../client/endpoint.ts";

describe("socketUrl", () => {
  test("completes a path with the page's host and scheme", () => {
    expect(socketUrl("/live", {}, "https://example.test/a?b#c")).toBe("wss://example.test/live/websocket?vsn=2.0.0");
    expect(socketUrl("/live/", {}, "http://localhost:4000/")).toBe("ws://localhost:4000/live/websocket?vsn=2.0.0");
  });

  test("keeps a full address", () => {
    expect(socketUrl("wss://other.test/live", {}, "https://example.test/")).toBe(
      "wss://other.test/live/websocket?vsn=2.0.0",
    );
  });

  test("writes nested params with brackets, and leaves out what is not there", () => {
    const url = new URL(socketUrl("/live", { _csrf_token: "T+", a: { b: 1 }, c: [1, 2], d: undefined }, "http://x/"));
    expect([...url.searchParams]).toEqual([
      ["_csrf_token", "T+"],
      ["a[b]", "1"],
      ["c[]", "1"],
      ["c[]", "2"],
      ["vsn", "2.0.0"],
    ]);
  });
});
