import { describe, expect, test } from "vitest";
import { pageTokens } from "../../bench/liveview/load/page-html.ts";
import { type PageEventName, pageEvents } from "../../bench/liveview/load/pages.ts";

const row = { "3": "9023", "4": "91744" };
const tenRows = Object.fromEntries([11, 12, 13, 14, 15, 16, 17, 18, 19, 20].map((i) => [i, row]));
const reversed = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, 99 - i]));
const added = (id: number) => ({
  "0": {
    k: { "0": { "0": ` id="messages-${id}"`, "1": "user4", "2": `Message number ${id}` }, kc: 1 },
    stream: ["0", [[`messages-${id}`, -1, -50, false]], []],
  },
});
const blank = { "0": "can&#39;t be blank" };
const invalid = {
  "0": "a",
  "1": { k: { "0": { "0": "is too short" }, kc: 1 } },
  "2": blank,
  "3": blank,
  "4": blank,
  "5": blank,
};

describe("pageEvents", () => {
  test.each<[PageEventName, number, unknown]>([
    ["counter inc", 7, { "0": "7" }],
    ["counter inc", 7, { "3": { "1": "7" } }],
    ["dashboard tick", 1, { "0": { k: { ...tenRows, kc: 100 } } }],
    ["dashboard one", 1, { "0": { k: { "4": { "3": "1" }, kc: 100 } } }],
    ["dashboard one", 1, undefined],
    ["dashboard shuffle", 1, { "0": { k: { ...reversed, kc: 100, km: true } } }],
    ["form validate", 1, invalid],
    ["form validate", 2, { "0": "alice", "1": ' value="alice_0000002"', "2": "Rome", "3": "555 0100" }],
    ["stream add", 1, added(11)],
    ["stream add", 90, added(100)],
  ])("%s: the right answer number %i is right", (name, nth, diff) => {
    expect(pageEvents[name].check({ diff }, nth)).toBeUndefined();
  });

  test.each<[PageEventName, number, unknown]>([
    ["counter inc", 7, { "0": "6" }],
    ["counter inc", 7, { "0": "7", "1": "7" }],
    ["counter inc", 7, undefined],
    ["dashboard tick", 1, { "0": { k: { "1": row, kc: 100 } } }],
    ["dashboard tick", 1, { "0": { k: { ...tenRows, "50": row, kc: 100 } } }],
    ["dashboard one", 1, { "0": { k: { "4": row, kc: 100 } } }],
    ["dashboard shuffle", 1, { "0": { k: { "0": [99, row], kc: 100, km: true } } }],
    ["form validate", 1, {}],
    ["form validate", 2, invalid],
    ["form validate", 4, { "0": "alice", "1": "alice_0000002", "2": "Rome", "3": "555 0100" }],
    ["stream add", 2, added(11)],
  ])("%s: a wrong answer number %i is told", (name, nth, diff) => {
    expect(pageEvents[name].check({ diff }, nth)).toEqual(expect.any(String));
  });

  test("payloads are JSON, with any number in their slots", () => {
    for (const { payloads } of Object.values(pageEvents)) {
      for (const pieces of payloads as readonly (readonly (string | { digits: number })[])[]) {
        const text = pieces.map((piece) => (typeof piece === "string" ? piece : "1".repeat(piece.digits))).join("");
        expect(JSON.parse(text)).toMatchObject({ type: expect.any(String), event: expect.any(String) });
      }
    }
  });
});

describe("pageTokens", () => {
  const html = `<meta name="csrf-token" content="a&amp;b"><div class="x" id="phx-A" data-phx-main
    data-phx-session="SES" data-phx-static="STA"><p id="no"></p></div>`;

  test("finds what a join needs, in whatever order the attributes are", () => {
    expect(pageTokens("HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2", html)).toEqual({
      cookie: "a=1; b=2",
      csrfToken: "a&b",
      id: "phx-A",
      session: "SES",
      static: "STA",
    });
  });

  test("reads an empty static as null", () => {
    expect(pageTokens("", html.replace("STA", "")).static).toBeNull();
  });

  test("says what is missing", () => {
    expect(() => pageTokens("", "<p>nothing</p>")).toThrow("no element with data-phx-session");
    expect(() => pageTokens("", '<div id="a" data-phx-session="x">')).toThrow("no content");
  });
});
