import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Channel, type ChannelLink } from "../../client/channel.ts";
import type { Frame } from "../../liveview/protocol.ts";

/** A socket's end, with what was sent and what the channel reported. */
function setUp() {
  const sent: Frame[] = [];
  const log: unknown[] = [];
  let ref = 0;
  const link = { open: true, behind: false };
  const channelLink: ChannelLink = {
    isOpen: () => link.open,
    nextRef: () => String(++ref),
    send: (frame, _isCompact, maxBytes = Number.POSITIVE_INFINITY) => {
      const size = JSON.stringify(frame).length;
      if (size > maxBytes) return size;
      sent.push(frame);
      return 0;
    },
    forget: () => log.push("forgotten"),
  };
  const channel = new Channel(
    "lv:a",
    channelLink,
    {
      joinPayload: () => ({ session: "TOK" }),
      joined: (response) => log.push(["joined", response]),
      refused: (response) => log.push(["refused", response]),
      lost: (cause) => log.push(["lost", cause]),
      closed: () => log.push("closed"),
      message: (event, payload) => log.push([event, payload]),
      isBehind: () => link.behind,
    },
    { joinTimeout: 10_000, rejoinAfterMs: () => 50 },
  );
  const reply = (joinRef: string, to: string, status: "ok" | "error", response: object) =>
    channel.receive([joinRef, to, "lv:a", "phx_reply", { status, response }]);
  return { channel, sent, log, link, reply };
}

function joined() {
  const set = setUp();
  set.channel.join();
  set.reply("1", "1", "ok", {});
  set.log.length = 0;
  set.sent.length = 0;
  return set;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Channel", () => {
  test("joins with one ref as join_ref and ref", () => {
    const { channel, sent, log, reply } = setUp();
    channel.join();
    expect(sent).toEqual([["1", "1", "lv:a", "phx_join", { session: "TOK" }]]);
    expect(channel.isJoined()).toBe(false);
    reply("1", "1", "ok", { rendered: {} });
    expect(log).toEqual([["joined", { rendered: {} }]]);
    expect(channel.isJoined()).toBe(true);
  });

  test("waits for the socket to open", () => {
    const { channel, sent, link } = setUp();
    link.open = false;
    channel.join();
    expect(sent).toEqual([]);
    link.open = true;
    channel.socketOpened();
    expect(sent).toHaveLength(1);
  });

  test("sends pushes under its join ref, and matches their replies", () => {
    const { channel, sent, log, reply } = joined();
    channel.push("event", { e: 1 }, 30_000, { ok: (response) => log.push(response) });
    expect(sent).toEqual([["1", "2", "lv:a", "event", { e: 1 }]]);
    reply("1", "9", "ok", { nobody: 1 });
    reply("1", "2", "ok", { diff: {} });
    reply("1", "2", "ok", { again: 1 });
    expect(log).toEqual([{ diff: {} }]);
  });

  test("does not send while it is not joined", () => {
    const { channel, sent } = setUp();
    expect(channel.push("event", {}, 30_000, {})).toBe(null);
    expect(sent).toEqual([]);
  });

  test("reports a push that is not answered", () => {
    const { channel, log } = joined();
    channel.push("event", {}, 30_000, { timeout: () => log.push("timeout") });
    vi.advanceTimersByTime(30_000);
    expect(log).toEqual(["timeout"]);
  });

  test("drops what belongs to an earlier join", () => {
    const { channel, log, reply } = joined();
    channel.receive(["1", "1", "lv:a", "phx_error", {}]);
    vi.advanceTimersByTime(50);
    reply("2", "2", "ok", {});
    log.length = 0;
    channel.receive(["1", null, "lv:a", "diff", { 0: "old" }]);
    channel.receive(["1", "1", "lv:a", "phx_close", {}]);
    channel.receive(["2", null, "lv:a", "diff", { 0: "new" }]);
    channel.receive([null, null, "lv:a", "diff", { 0: "any" }]);
    expect(log).toEqual([
      ["diff", { 0: "new" }],
      ["diff", { 0: "any" }],
    ]);
  });

  test("joins again after a crash, and forgets the pushes that were under way", () => {
    const { channel, sent, log } = joined();
    channel.push("event", {}, 30_000, { timeout: () => log.push("timeout") });
    channel.receive(["1", "1", "lv:a", "phx_error", {}]);
    expect(log).toEqual([["lost", "server"]]);
    vi.advanceTimersByTime(50);
    expect(sent.at(-1)).toEqual(["3", "3", "lv:a", "phx_join", { session: "TOK" }]);
    vi.advanceTimersByTime(60_000);
    expect(log).not.toContain("timeout");
  });

  test("acknowledges every so many frames, and what was put off only once it has been applied", () => {
    const { channel, sent, link, reply } = setUp();
    channel.join();
    reply("1", "1", "ok", { ack: 2 });
    sent.length = 0;
    const receive = (frames: number) => {
      for (let n = 0; n < frames; n++) channel.receive(["1", null, "lv:a", "diff", {}]);
    };
    receive(5);
    const ack = (seq: number) => ["1", null, "lv:a", "ack", { seq }];
    expect(sent.splice(0)).toEqual([ack(2), ack(4)]);
    link.behind = true;
    receive(4);
    expect(sent).toEqual([]);
    link.behind = false;
    channel.caughtUp();
    channel.caughtUp();
    expect(sent).toEqual([ack(9)]);
  });

  test("joins again as soon as the socket is back", () => {
    const { channel, sent, log, link } = joined();
    link.open = false;
    channel.socketClosed();
    expect(log).toEqual([["lost", "socket"]]);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([]);
    link.open = true;
    channel.socketOpened();
    expect(sent[0]![3]).toBe("phx_join");
  });

  test("tries a refused join again, unless it was left", () => {
    const { channel, sent, log, reply } = setUp();
    channel.join();
    reply("1", "1", "error", { reason: "join crashed" });
    expect(log).toEqual([["refused", { reason: "join crashed" }]]);
    vi.advanceTimersByTime(50);
    expect(sent).toHaveLength(2);
    reply("2", "2", "error", {});
    channel.leave();
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(2);
  });

  test("takes a join back that is not answered", () => {
    const { channel, sent, log } = setUp();
    channel.join();
    vi.advanceTimersByTime(10_000);
    expect(sent.at(-1)).toEqual(["1", "2", "lv:a", "phx_leave", {}]);
    expect(log).toEqual([["refused", { reason: "timeout" }]]);
  });

  test("does not join again after the server closed it", () => {
    const { channel, sent, log } = joined();
    channel.receive(["1", "1", "lv:a", "phx_close", {}]);
    vi.advanceTimersByTime(60_000);
    expect(log).toEqual(["forgotten", "closed"]);
    expect(sent).toEqual([]);
  });

  test("SE7: what is larger than the server takes is refused here, and the channel lives on", () => {
    const { channel, sent, log, reply } = setUp();
    channel.join();
    reply("1", "1", "ok", { max: 100 });
    const push = (text: string): string | null =>
      channel.push("event", { text }, 1000, {
        ok: () => log.push("ok"),
        error: ({ reason }) => log.push(reason),
        timeout: () => log.push("timeout"),
      });
    expect(push("x".repeat(100))).toBe("2");
    expect(log.at(-1)).toBe("too large: expected at most 100 bytes, got 136");
    vi.advanceTimersByTime(5000);
    expect(log.at(-1)).toBe("too large: expected at most 100 bytes, got 136");
    expect(sent).toHaveLength(1);
    push("short");
    reply("1", "3", "ok", {});
    expect(log.at(-1)).toBe("ok");
    // Another join has limits of its own.
    channel.receive(["1", null, "lv:a", "phx_error", {}]);
    vi.advanceTimersByTime(50);
    reply("4", "4", "ok", {});
    push("x".repeat(100));
    expect(sent.at(-1)![4]).toEqual({ text: "x".repeat(100) });
  });

  test("leaves under its join ref", () => {
    const { channel, sent } = joined();
    channel.leave();
    expect(sent).toEqual([["1", "2", "lv:a", "phx_leave", {}]]);
  });
});
