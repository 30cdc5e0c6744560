import { describe, expect, test } from "vitest";
import { checkOrigin, type OriginOptions, originPolicy } from "../../liveview/session/origin.ts";

const allowed = (options: OriginOptions, origin: string | undefined, host?: string): boolean =>
  checkOrigin(originPolicy(options), origin, host);

describe("checkOrigin, same origin", () => {
  test.each<[origin: string, host: string, isAllowed: boolean]>([
    // What browsers send for a page of this server.
    ["http://example.test", "example.test", true],
    ["https://example.test", "example.test", true],
    ["http://example.test:4000", "example.test:4000", true],
    ["https://example.test", "example.test:443", true],
    ["http://example.test:80", "example.test", true],
    ["http://localhost:4000", "localhost:4000", true],
    ["http://127.0.0.1:4000", "127.0.0.1:4000", true],
    ["http://[::1]:4000", "[::1]:4000", true],
    ["HTTP://Example.TEST", "example.test", true],
    ["https://xn--grn-joa.example.test", "xn--grn-joa.example.test", true],
    // Other hosts that look like it.
    ["https://evil.test", "example.test", false],
    ["https://example.test.evil.test", "example.test", false],
    ["https://evilexample.test", "example.test", false],
    ["https://sub.example.test", "example.test", false],
    ["https://example.test", "sub.example.test", false],
    ["https://example.test.", "example.test", false],
    ["https://example.tes", "example.test", false],
    // Other ports.
    ["http://example.test:4001", "example.test:4000", false],
    ["http://example.test", "example.test:4000", false],
    ["http://example.test:4000", "example.test", false],
    ["http://example.test:443", "example.test", false],
    ["http://example.test:80000", "example.test:80000", false],
    ["http://example.test:080", "example.test", false],
    ["http://example.test:", "example.test", false],
    // No origins, but texts that some parser takes for one.
    ["null", "example.test", false],
    ["null", "null", false],
    ["", "example.test", false],
    ["*", "example.test", false],
    ["example.test", "example.test", false],
    ["//example.test", "example.test", false],
    ["https://example.test/", "example.test", false],
    ["https://example.test/path", "example.test", false],
    ["https://example.test?x", "example.test", false],
    ["https://example.test#x", "example.test", false],
    ["https://user@example.test", "example.test", false],
    ["https://example.test@evil.test", "example.test", false],
    ["https://evil.test\\@example.test", "example.test", false],
    ["https://evil.test#example.test", "example.test", false],
    ["https:example.test", "example.test", false],
    ["https:///example.test", "example.test", false],
    ["https:\\\\example.test", "example.test", false],
    ["https://exam\tple.test", "example.test", false],
    ["https://example.test\n", "example.test", false],
    [" https://example.test", "example.test", false],
    ["https://example.test https://evil.test", "example.test", false],
    ["https://evil.test, https://example.test", "example.test", false],
    ["https://example%2etest", "example.test", false],
    ["https://grün.example.test", "grün.example.test", false],
    ["https://ｅxample.test", "example.test", false],
    ["https://0x7f.1", "127.0.0.1", false],
    ["https://2130706433", "127.0.0.1", false],
    ["https://.example.test", ".example.test", false],
    ["https://example..test", "example..test", false],
    // Other schemes.
    ["file://", "example.test", false],
    ["ws://example.test", "example.test", false],
    ["chrome-extension://example.test", "example.test", false],
    ["javascript://example.test", "example.test", false],
    // Hosts that are none.
    ["https://example.test", "", false],
    ["https://example.test", "example.test, evil.test", false],
    ["https://example.test", "example.test/", false],
    ["https://example.test", "user@example.test", false],
  ])("%j at host %j: %s", (origin, host, isAllowed) => {
    expect(allowed({}, origin, host)).toBe(isAllowed);
  });

  test("refuses a request without host", () => {
    expect(allowed({}, "https://example.test", undefined)).toBe(false);
  });
});

describe("checkOrigin, allow-list", () => {
  const allow = ["https://example.test", "//any.test", "//port.test:4000", "//*.wild.test", "https://*.tls.test:8443"];
  test.each<[origin: string, isAllowed: boolean]>([
    ["https://example.test", true],
    ["https://example.test:443", true],
    ["https://EXAMPLE.test", true],
    ["http://example.test", false],
    ["https://example.test:8443", false],
    ["https://www.example.test", false],
    ["http://any.test", true],
    ["https://any.test:4443", true],
    ["http://port.test:4000", true],
    ["https://port.test:4000", true],
    ["http://port.test", false],
    ["http://a.wild.test", true],
    ["https://b.a.wild.test:4000", true],
    ["http://wild.test", false],
    ["http://.wild.test", false],
    ["http://evilwild.test", false],
    ["http://a.wild.test.evil.test", false],
    ["http://a.wild.testing", false],
    ["http://evil.test/.wild.test", false],
    ["http://evil.test?.wild.test", false],
    ["http://evil.test\\.wild.test", false],
    ["http://evil@a.wild.test", false],
    ["https://a.tls.test:8443", true],
    ["http://a.tls.test:8443", false],
    ["https://a.tls.test", false],
    ["null", false],
  ])("%j: %s", (origin, isAllowed) => {
    // The host header plays no part.
    expect(allowed({ allow }, origin, "evil.test")).toBe(isAllowed);
  });

  test("allows nothing when it is empty", () => {
    expect(allowed({ allow: [] }, "https://example.test", "example.test")).toBe(false);
  });

  test.each([
    "",
    "*",
    "//*",
    "//*.",
    "*.example.test",
    "example.test",
    "https://",
    "https://example.test/",
    "https://a.*.test",
    "https://*example.test",
    "//example.test:99999",
    "//example.test:0",
    "ws://example.test",
    "https://user@example.test",
    5 as unknown as string,
  ])("refuses the rule %j", (rule) => {
    expect(() => originPolicy({ allow: [rule] })).toThrow(
      expect.objectContaining({ code: "ERR_OPTION", message: expect.stringMatching(/^Allowed origin: expected /) }),
    );
  });
});

describe("checkOrigin, no origin", () => {
  test("is refused, unless it is allowed by option; null and empty are still refused then", () => {
    expect(allowed({}, undefined, "example.test")).toBe(false);
    expect(allowed({ allow: ["//example.test"] }, undefined, "example.test")).toBe(false);
    expect(allowed({ allowMissing: true }, undefined, "example.test")).toBe(true);
    expect(allowed({ allowMissing: true }, "null", "example.test")).toBe(false);
    expect(allowed({ allowMissing: true }, "", "example.test")).toBe(false);
  });
});

test("checkOrigin is quick on long input", () => {
  for (const text of ["a.".repeat(32_000), "a-".repeat(32_000), ":".repeat(64_000), "[".repeat(64_000)]) {
    expect(allowed({}, `https://${text}`, text)).toBe(false);
    expect(allowed({}, `https://${text.slice(0, 280)}!`, text.slice(0, 280))).toBe(false);
  }
});
