import { describe, expect, test } from "vitest";
import { isPlainClick, liveLink } from "../../../client/navigation/links.ts";

const page = "https://example.test/rows?page=1";

function anchor(attributes: Record<string, string>): Pick<Element, "getAttribute" | "hasAttribute"> {
  const all = new Map(
    Object.entries({ "data-phx-link": "patch", "data-phx-link-state": "push", href: "/rows", ...attributes }),
  );
  return { getAttribute: (name) => all.get(name) ?? null, hasAttribute: (name) => all.has(name) };
}

describe("liveLink", () => {
  test("N3: what it says, with the absolute address", () => {
    expect(liveLink(anchor({ href: "?page=2" }), page)).toEqual({
      kind: "patch",
      history: "push",
      href: "https://example.test/rows?page=2",
    });
    const other = anchor({ "data-phx-link": "redirect", "data-phx-link-state": "replace", href: "/a#b" });
    expect(liveLink(other, page)).toEqual({ kind: "redirect", history: "replace", href: "https://example.test/a#b" });
  });

  test("an address in an SVG", () => {
    const link = { ...anchor({ "xlink:href": "/svg" }) };
    const inSvg = { ...link, getAttribute: (name: string) => (name === "href" ? null : link.getAttribute(name)) };
    expect(liveLink(inSvg, page)?.href).toBe("https://example.test/svg");
  });

  test.each<Record<string, string>>([
    { download: "" },
    { target: "_blank" },
    { target: "frame" },
    { href: "https://other.test/rows" },
    { href: "//other.test/rows" },
    { href: "mailto:someone@example.test" },
    { href: "javascript:alert(1)" },
  ])("N8: %j is the browser's", (attributes) => {
    expect(liveLink(anchor(attributes), page)).toBeNull();
  });

  test.each(["", "_self", "_SELF"])('target "%s" is its own tab', (target) => {
    expect(liveLink(anchor({ target }), page)).not.toBeNull();
  });

  test("other kinds and states are nobody's", () => {
    expect(() => liveLink(anchor({ "data-phx-link": "navigate" }), page)).toThrow(
      'Link: expected data-phx-link to be "patch" or "redirect", got "navigate".',
    );
    expect(() => liveLink(anchor({ "data-phx-link-state": "" }), page)).toThrow(
      'Link: expected data-phx-link-state to be "push" or "replace", got "".',
    );
  });
});

describe("isPlainClick", () => {
  const click = {
    button: 0,
    ctrlKey: false,
    shiftKey: false,
    metaKey: false,
    altKey: false,
    defaultPrevented: false,
  };

  test("N8: the first button and nothing else", () => {
    expect(isPlainClick(click)).toBe(true);
  });

  test.each([
    { button: 1 },
    { ctrlKey: true },
    { shiftKey: true },
    { metaKey: true },
    { altKey: true },
    { defaultPrevented: true },
  ])("N8: not with %j", (change) => {
    expect(isPlainClick({ ...click, ...change })).toBe(false);
  });
});
