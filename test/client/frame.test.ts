import { describe, expect, test } from "vitest";
import { decodeFrame, encodeFrame } from "../../client/frame.ts";

describe("frames", () => {
  test("travel as JSON arrays of five", () => {
    expect(encodeFrame(["4", "8", "lv:phx-A", "event", { type: "click" }])).toBe(
      '["4","8","lv:phx-A","event",{"type":"click"}]',
    );
    expect(decodeFrame('["4",null,"lv:phx-A","diff",{"0":"1"}]')).toEqual(["4", null, "lv:phx-A", "diff", { 0: "1" }]);
  });

  test.each([["no json"], ['{"a":1}'], ["[1,2,3]"], ['[1,null,"t","e",{}]'], [new ArrayBuffer(3)]])(
    "%s is none",
    (data) => {
      expect(decodeFrame(data)).toBeNull();
    },
  );
});
