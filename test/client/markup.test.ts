import { describe, expect, test } from "vitest";
import { idInStartTag, isSingleRoot, placeholder, rootStart } from "../../client/markup.ts";

describe("rootStart", () => {
  test("finds the tag behind white space and comments", () => {
    expect(rootStart(["<p>", "</p>"])).toEqual({ tag: "p", attributesAt: 2 });
    expect(rootStart(["<li", ">", "</li>"])).toEqual({ tag: "li", attributesAt: 3 });
    expect(rootStart(["\n <!-- <x> -->\n<my-el class='a'>"])).toEqual({ tag: "my-el", attributesAt: 21 });
  });

  test("finds none in text, and none behind a dynamic", () => {
    expect(rootStart(["text <p>", "</p>"])).toBeNull();
    expect(rootStart(["", "<p></p>"])).toBeNull();
  });
});

describe("isSingleRoot", () => {
  test.each([
    [["<li>", "</li>"]],
    [["<tr", "><td>", "</td><td>", "</td></tr>\n"]],
    [['<a title="a > b">', "<br><img src='x'>", "</a>"]],
    [["<circle r='1'/>"]],
    [["<!-- one --><p>", "</p><!-- two -->"]],
  ])("sees one element in %j", (statics) => {
    expect(isSingleRoot(statics)).toBe(true);
  });

  test.each([
    [["<li>", "</li><li></li>"]],
    [["<li>", "</li>", ""]],
    [["<li>", "</li>text"]],
    [["<li>", "<li></li>"]],
    [["<td>a<b></td>"]],
    [["<p><script>'</p>'</script>", "</p>"]],
    [["", ""]],
  ])("sees none, or more, or something unclear in %j", (statics) => {
    expect(isSingleRoot(statics)).toBe(false);
  });
});

describe("idInStartTag", () => {
  test("reads a quoted id of the start tag only", () => {
    expect(idInStartTag('<p class="a>b" id="x">', 2)).toBe("x");
    expect(idInStartTag("<p id='x'>", 2)).toBe("x");
    expect(idInStartTag('<p data-id="no"><b id="inner">', 2)).toBeNull();
    expect(idInStartTag("<p title=\" id='no'\">", 2)).toBeNull();
  });
});

describe("placeholder", () => {
  test("closes what must be closed", () => {
    expect(placeholder("p", "x", "m1")).toBe('<p id="x" data-phx-id="m1" data-phx-skip></p>');
    expect(placeholder("input", null, "m1")).toBe('<input data-phx-id="m1" data-phx-skip>');
  });
});
