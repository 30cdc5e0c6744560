import { describe, expect, test } from "vitest";
import { decodeFrame, encodeFrame } from "../../client/frame.ts";
import { msgpack } from "../../client/msgpack.ts";

describe("frames as JSON", () => {
  test("travel as arrays of five", () => {
    expect(encodeFrame(["4", "8", "lv:phx-A", "event", { type: "click" }], false)).toBe(
      '["4","8","lv:phx-A","event",{"type":"click"}]',
    );
    const text = '["4",null,"lv:phx-A","diff",{"0":"1"}]';
    expect(decodeFrame(text, null)).toEqual(["4", null, "lv:phx-A", "diff", { 0: "1" }]);
  });

  test.each([["no json"], ['{"a":1}'], ["[1,2,3]"], ['[1,null,"t","e",{}]'], [new ArrayBuffer(3)]])(
    "%s is none",
    (data) => {
      expect(decodeFrame(data, null)).toBeNull();
      expect(decodeFrame(data, msgpack)).toBeNull();
    },
  );
});

describe("compact frames", () => {
  test("have integers for refs and for what is said most", () => {
    expect(encodeFrame(["4", "8", "lv:phx-A", "event", { type: "click" }], true)).toBe('[4,8,0,{"type":"click"}]');
    expect(encodeFrame(["4", null, "lv:phx-A", "ack", { seq: 8 }], true)).toBe('[4,null,1,{"seq":8}]');
    expect(encodeFrame(["4", "9", "lv:phx-A", "cids_destroyed", { cids: [1] }], true)).toBe(
      '[4,9,"cids_destroyed",{"cids":[1]}]',
    );
  });

  test.each([
    ["[4,8,0,{}]", ["4", "8", null, "phx_reply", { status: "ok", response: {} }]],
    ['[4,8,1,{"reason":"x"}]', ["4", "8", null, "phx_reply", { status: "error", response: { reason: "x" } }]],
    ['[4,8,3,{"0":"1"}]', ["4", "8", null, "phx_reply", { status: "ok", response: { diff: { 0: "1" } } }]],
    ['[4,null,2,{"0":"1"}]', ["4", null, null, "diff", { 0: "1" }]],
    ['[4,null,"phx_error",{}]', ["4", null, null, "phx_error", {}]],
  ])("%s", (text, frame) => {
    expect(decodeFrame(text, null)).toEqual(frame);
  });

  test.each(['["4",8,0,{}]', "[4,8,9,{}]", "[4,{},0,{}]", "[4,8,null,{}]"])("%s is none", (text) => {
    expect(decodeFrame(text, null)).toBeNull();
  });
});
