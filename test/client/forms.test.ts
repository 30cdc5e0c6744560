import { describe, expect, test } from "vitest";
import { encodePairs, type FieldInfo, unusedName } from "../../client/forms.ts";

const field = (name: string, used = false, hidden = false): FieldInfo => ({ name, used, hidden });

describe("unusedName", () => {
  test.each([
    ["a", "_unused_a"],
    ["u[name]", "u[_unused_name]"],
    ["tags[]", "_unused_tags[]"],
    ["u[t][]", "u[_unused_t][]"],
    ["u[a][0][b]", "u[a][0][_unused_b]"],
  ])("marks %s as %s", (name, marked) => {
    expect(unusedName(name)).toBe(marked);
  });
});

describe("encodePairs", () => {
  test("puts a marker before each pair that was not used", () => {
    const encoded = encodePairs(
      [
        ["a", "foo"],
        ["b", "new"],
      ],
      [field("a"), field("b", true)],
    );
    expect(encoded).toBe("_unused_a=&a=foo&b=new");
  });

  test("escapes as forms do", () => {
    expect(encodePairs([["user[name]", "a b&é"]], [field("user[name]", true)])).toBe("user%5Bname%5D=a+b%26%C3%A9");
  });

  test("marks no hidden fields, unless a visible one has the same name", () => {
    expect(encodePairs([["h", "1"]], [field("h", false, true)])).toBe("h=1");
    const checkbox = [field("c", false, true), field("c")];
    expect(encodePairs([["c", "false"]], checkbox)).toBe("_unused_c=&c=false");
  });

  test("counts a name as used when any of its controls is", () => {
    expect(encodePairs([["r", "1"]], [field("r"), field("r", true)])).toBe("r=1");
  });

  test("marks neither the submitter, nor what no control stands for, nor anything when told so", () => {
    expect(encodePairs([["btn", "1"]], [field("btn")], { submitter: "btn" })).toBe("btn=1");
    expect(encodePairs([["x", "1"]], [])).toBe("x=1");
    expect(encodePairs([["a", "1"]], [field("a")], { unmarked: true })).toBe("a=1");
  });

  test("takes only one name when asked to", () => {
    const fields = [field("a", true), field("b", true)];
    expect(
      encodePairs(
        [
          ["a", "1"],
          ["b", "2"],
          ["b", "3"],
        ],
        fields,
        { only: "b" },
      ),
    ).toBe("b=2&b=3");
  });
});
