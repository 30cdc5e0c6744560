import { describe, expect, test } from "vitest";
import { FrameTemplate, maskedFrame } from "../../bench/liveview/load/client-frame.ts";

const mask = Uint8Array.of(0x12, 0xff, 0x00, 0x7a);

/** Reads a masked frame as a server does. */
function unmask(frame: Buffer): { opcode: number; text: string } {
  expect(frame[1]! & 0x80).toBe(0x80);
  const short = frame[1]! & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  const body = Buffer.from(frame.subarray(header + 4)).map((byte, i) => byte ^ frame[header + (i & 3)]!);
  expect(body.length).toBe(length);
  return { opcode: frame[0]! & 0x0f, text: Buffer.from(body).toString() };
}

describe("maskedFrame", () => {
  test.each([0, 3, 125, 126, 65_535, 65_536])("carries %i bytes", (length) => {
    expect(unmask(maskedFrame(1, "x".repeat(length), mask))).toEqual({ opcode: 1, text: "x".repeat(length) });
  });

  test("hides the text on the wire", () => {
    expect(maskedFrame(1, "hello", mask).toString("latin1")).not.toContain("hello");
  });
});

describe("FrameTemplate", () => {
  test("fills numbers into their slots, and leaves the template as it was", () => {
    const template = new FrameTemplate(['["4","', { digits: 8 }, '","é_', { digits: 3 }, '"]'], mask);
    expect(unmask(template.fill(10_000_001, 7)).text).toBe('["4","10000001","é_007"]');
    expect(unmask(template.fill(10_000_042, 123)).text).toBe('["4","10000042","é_123"]');
    expect(unmask(template.fill(0)).text).toBe('["4","00000000","é_000"]');
  });

  test.each([1, 2, 3, 4, 5])("finds its slot behind %i characters, wherever the mask stands", (length) => {
    const template = new FrameTemplate(["x".repeat(length), { digits: 5 }], mask);
    expect(unmask(template.fill(90_210)).text).toBe(`${"x".repeat(length)}90210`);
  });
});
