import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { opcodes, ServerFrameParser } from "../../bench/liveview/load/frame-parser.ts";

/** A frame as a server writes it. */
function frame(opcode: number, payload: string, final = true): Buffer {
  const body = Buffer.from(payload);
  const header =
    body.length < 126
      ? Buffer.from([0, body.length])
      : body.length < 65_536
        ? Buffer.from([0, 126, body.length >> 8, body.length & 255])
        : Buffer.concat([
            Buffer.from([0, 127, 0, 0, 0, 0]),
            Buffer.from(new Uint32Array([body.length]).buffer).swap32(),
          ]);
  header[0] = (final ? 0x80 : 0) | opcode;
  return Buffer.concat([header, body]);
}

/** Parses chunks, and gives the messages as `opcode:payload`. */
function parse(...chunks: Buffer[]): string[] {
  const messages: string[] = [];
  const parser = new ServerFrameParser((opcode, bytes, start, end) =>
    messages.push(`${opcode}:${bytes.toString("utf8", start, end)}`),
  );
  for (const chunk of chunks) parser.push(chunk);
  return messages;
}

describe("ServerFrameParser", () => {
  test("finds several frames in one chunk", () => {
    expect(parse(Buffer.concat([frame(1, "one"), frame(9, ""), frame(2, "two")]))).toEqual(["1:one", "9:", "2:two"]);
  });

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])("reads a payload of %i bytes", (length) => {
    expect(parse(frame(1, "x".repeat(length)))).toEqual([`1:${"x".repeat(length)}`]);
  });

  test("hands out a frame that arrived whole as a range of its own chunk", () => {
    const chunk = Buffer.concat([frame(1, "one"), frame(1, "two")]);
    const seen: unknown[] = [];
    new ServerFrameParser((_, bytes, start, end) => seen.push([bytes === chunk, start, end])).push(chunk);
    expect(seen).toEqual([
      [true, 2, 5],
      [true, 7, 10],
    ]);
  });

  test("reads a part of a buffer only", () => {
    const messages: string[] = [];
    const parser = new ServerFrameParser((_, bytes, start, end) => messages.push(bytes.toString("utf8", start, end)));
    parser.push(Buffer.concat([Buffer.from("??"), frame(1, "one"), Buffer.from("??")]), 2, 7);
    expect(messages).toEqual(["one"]);
  });

  test("puts fragments together, with a ping between them", () => {
    expect(parse(frame(1, "a", false), frame(0, "b", false), frame(9, "!"), frame(0, "c"), frame(1, "d"))).toEqual([
      "9:!",
      "1:abc",
      "1:d",
    ]);
  });

  test("reads the same messages however the stream is cut", () => {
    const message = fc.tuple(
      fc.constantFrom(opcodes.text, opcodes.binary, opcodes.ping),
      fc.constantFrom(0, 5, 125, 126, 300, 70_000),
    );
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.infiniteStream(fc.constantFrom(1, 2, 3, 7, 130, 4_000, 66_000)),
        (sent, cuts) => {
          const payloads = sent.map(([opcode, length], i) => [opcode, String(i).repeat(length)] as const);
          const stream = Buffer.concat(payloads.map(([opcode, payload]) => frame(opcode, payload)));
          const chunks: Buffer[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = cuts.next().value!;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(parse(...chunks)).toEqual(payloads.map(([opcode, payload]) => `${opcode}:${payload}`));
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([
    ["a masked frame", [0x81, 0x81, 1, 2, 3, 4, 5]],
    ["reserved bits", [0xc1, 0x00]],
    ["a continuation of nothing", [0x80, 0x00]],
    ["an absurd length", [0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]],
  ])("refuses %s", (_, bytes) => {
    expect(() => parse(Buffer.from(bytes))).toThrow();
  });
});
