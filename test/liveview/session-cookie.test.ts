import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { csrfMatches, csrfToken } from "../../liveview/session/csrf.ts";
import { SessionCookie, type SessionCookieOptions, SessionError } from "../../liveview/session/session-cookie.ts";
import { TokenSigner } from "../../liveview/session/token.ts";

const hour = 3_600_000;

function setup(options: Partial<SessionCookieOptions> = {}) {
  const clock = { ms: 1_700_000_000_000 };
  const systemMs = () => clock.ms;
  const signer = new TokenSigner("a secret of at least thirty-two bytes", systemMs);
  const sessions = new SessionCookie({ signer, randomBytes, systemMs, ...options });
  return { clock, sessions, signer };
}

/** What a browser sends back for a `set-cookie`. */
const sentBack = (setCookie: string | undefined) => setCookie!.split(";")[0]!;

describe("SessionCookie", () => {
  test("gives a visitor without a cookie a fresh session, and sends it", () => {
    const { sessions } = setup();
    const session = sessions.read(undefined);
    expect(session).toMatchObject({ data: {}, csrfSecret: expect.stringMatching(/^[\w-]{32}$/) });
    expect(sessions.write(session)).toMatch(/^_lintel_session=v1[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test("reads back what it wrote, the CSRF secret included", () => {
    const { sessions } = setup();
    const first = sessions.read(undefined);
    const header = sentBack(sessions.write(first, { userId: 7, roles: ["admin"] }));
    const second = sessions.read(`theme=dark; ${header}; other=1`);
    expect({ ...second.data }).toEqual({ userId: 7, roles: ["admin"] });
    expect(csrfMatches(csrfToken(first.csrfSecret, randomBytes), second.csrfSecret)).toBe(true);
  });

  test("sends a cookie again only when its content changed", () => {
    const { sessions } = setup();
    const header = sentBack(sessions.write(sessions.read(undefined), { userId: 7 }));
    const session = sessions.read(header);
    expect(sessions.write(session)).toBeUndefined();
    expect(sessions.write(session, { userId: 7 })).toBeUndefined();
    expect(sessions.write(session, { userId: 8 })).toBeDefined();
    expect(sessions.write(session, {})).toBeDefined();
  });

  test("renews a cookie at half-time, and forgets it at the end", () => {
    const { clock, sessions } = setup({ maxAgeMs: hour });
    const header = sentBack(sessions.write(sessions.read(undefined), { userId: 7 }));
    clock.ms += hour / 2 - 1;
    expect(sessions.write(sessions.read(header))).toBeUndefined();
    clock.ms += 1;
    expect(sessions.write(sessions.read(header))).toContain("; Max-Age=3600;");
    clock.ms += hour / 2;
    expect(sessions.find(header)).toBeDefined();
    clock.ms += 1;
    expect(sessions.find(header)).toBeUndefined();
  });

  test("without maxAgeMs the browser keeps it until it closes, and the server takes it for 14 days", () => {
    const { clock, sessions } = setup();
    const setCookie = sessions.write(sessions.read(undefined));
    expect(setCookie).not.toContain("Max-Age");
    clock.ms += 14 * 24 * hour;
    expect(sessions.find(sentBack(setCookie))).toBeDefined();
    clock.ms += 1;
    expect(sessions.find(sentBack(setCookie))).toBeUndefined();
  });

  test("is sent over https alone, and under another name, when asked to", () => {
    const { sessions } = setup({ secure: true, name: "__Host-app" });
    const setCookie = sessions.write(sessions.read(undefined));
    expect(setCookie).toMatch(/^__Host-app=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(sessions.find(sentBack(setCookie))).toBeDefined();
  });

  test.each([
    ["", "an empty header"],
    ["theme=dark", "other cookies"],
    ["_lintel_session=", "no value"],
    ["_lintel_session=v1.forged", "a forged value"],
    ["_lintel_session=%", "a broken escape"],
    [";;;===;;;", "nonsense"],
  ])("finds no session in %j: %s", (header) => {
    expect(setup().sessions.find(header)).toBeUndefined();
  });

  test("does not take the cookie of another name, nor another token of ours", () => {
    const { sessions, signer } = setup();
    const other = new SessionCookie({ signer, randomBytes, systemMs: () => 1_700_000_000_000, name: "other" });
    const stolen = sentBack(other.write(other.read(undefined))).replace("other=", "_lintel_session=");
    expect(sessions.find(stolen)).toBeUndefined();
    expect(sessions.find(`_lintel_session=${signer.sign("live session", ["x", {}])}`)).toBeUndefined();
  });

  test("a fresh session after a log-in has another CSRF secret", () => {
    const { sessions } = setup();
    const before = sessions.read(sentBack(sessions.write(sessions.read(undefined))));
    const after = sessions.read(sentBack(sessions.write(sessions.fresh({ userId: 7 }))));
    expect(after.csrfSecret).not.toBe(before.csrfSecret);
  });

  test("clear makes the browser forget it", () => {
    expect(setup().sessions.clear()).toBe("_lintel_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
  });

  test("refuses a session that is too large for a cookie, with a way out", () => {
    const { sessions } = setup();
    const session = sessions.read(undefined);
    expect(sessions.write(session, { note: "x".repeat(2_000) })).toBeDefined();
    for (const length of [2_300, 4_000, 100_000]) {
      const write = () => sessions.write(session, { note: "x".repeat(length) });
      expect(write).toThrow(SessionError);
      expect(write).toThrow(/at most 3072 bytes, got .*store/);
    }
  });

  test.each([[[1]], ["text"], [null], [() => 1], [{ big: 1n }]])("refuses %s as data", (data) => {
    const { sessions } = setup();
    expect(() => sessions.write(sessions.read(undefined), data as never)).toThrow(SessionError);
  });

  test("names from a cookie reach no prototype", () => {
    const { sessions } = setup();
    const data = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    const session = sessions.read(sentBack(sessions.write(sessions.read(undefined), data)));
    expect(Object.getPrototypeOf(session.data)).toBeNull();
    expect(session.data["polluted"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test.each([[{ name: "a b" }], [{ name: "a;b" }], [{ name: "" }], [{ maxAgeMs: 0 }], [{ maxAgeMs: Number.NaN }]])(
    "refuses the options %j",
    (options) => {
      expect(() => setup(options)).toThrow(OptionError);
    },
  );
});
