/** What the server writes, the client reads the same, whatever the encoding. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFrame } from "../../client/frame.ts";
import { msgpack } from "../../client/msgpack.ts";
import type { FrameEncoding } from "../../liveview/protocol.ts";
import { frameWriter, type OutgoingFrame } from "../../liveview/wire/frame-writer.ts";

const topic = "lv:phx-A";
const encodings = ["json", "compact", "msgpack"] as const;

/** A frame as the client's channel gets it, without the topic, which a compact one has not. */
function read(outgoing: OutgoingFrame): unknown {
  const data = typeof outgoing === "string" ? outgoing : new Uint8Array(outgoing).buffer;
  const frame = decodeFrame(data, msgpack);
  if (frame === null) return null;
  const [joinRef, ref, , event, payload] = frame;
  return { joinRef, ref, event, payload };
}

describe.each(encodings)("F19: frames written as %s", (encoding) => {
  const frames = frameWriter(encoding, "4", topic);

  test("are read by the client as they were meant", () => {
    expect(frames.encoding).toBe(encoding);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, ref) => {
        const json = JSON.stringify(value).replaceAll('"__proto__":', '"proto":'); // a name that msgpackr never brings back
        const payload = JSON.parse(json) as object;
        const of = (event: string, answered: string | null, body: unknown): object => ({
          joinRef: "4",
          ref: answered,
          event,
          payload: body,
        });
        const reply = (status: string, response: unknown) => of("phx_reply", String(ref), { status, response });
        expect(read(frames.reply(String(ref), "ok", json))).toEqual(reply("ok", payload));
        expect(read(frames.reply(String(ref), "error", json))).toEqual(reply("error", payload));
        expect(read(frames.diffReply(String(ref), json))).toEqual(reply("ok", { diff: payload }));
        expect(read(frames.diff(json))).toEqual(of("diff", null, payload));
      }),
      { numRuns: 300 },
    );
  });

  test("give back a ref that no client of ours sends as it came", () => {
    for (const ref of ['"],[', "007", "x", "1e3"]) {
      expect(read(frames.reply(ref, "ok", "{}"))).toMatchObject({ ref });
    }
  });
});

test.each<[unknown, string, FrameEncoding]>([
  ["compact", "4", "compact"],
  ["msgpack", "4", "msgpack"],
  ["json", "4", "json"],
  [undefined, "4", "json"],
  ["toString", "4", "json"],
  [{ compact: true }, "4", "json"],
  ["compact", "x4", "json"],
  ["msgpack", "-4", "json"],
  ["compact", "4".repeat(16), "json"],
])("a client that asks for %j with join ref %j gets %s", (asked, joinRef, encoding) => {
  expect(frameWriter(asked, joinRef, topic).encoding).toBe(encoding);
});
