import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csrfMatches, csrfSecret, csrfToken } from "../../liveview/session/csrf.ts";

/** Zeros, then ones, then twos: each draw another, none random. */
function counted() {
  let draws = 0;
  return (size: number) => new Uint8Array(size).fill(draws++);
}

describe("csrfToken", () => {
  test("is another one at each call, and each matches", () => {
    const secret = csrfSecret(randomBytes);
    const tokens = new Set(Array.from({ length: 100 }, () => csrfToken(secret, randomBytes)));
    expect(tokens.size).toBe(100);
    for (const token of tokens) expect(csrfMatches(token, secret)).toBe(true);
  });

  test("does not show the secret", () => {
    const random = counted();
    random(1);
    const secret = csrfSecret(random);
    expect(csrfToken(secret, random)).not.toContain(secret);
  });

  test("is made of the randomness it is given", () => {
    expect(csrfToken(csrfSecret(counted()), counted())).toBe("A".repeat(64));
  });
});

describe("csrfMatches", () => {
  const secret = csrfSecret(randomBytes);

  test("refuses the token of another session", () => {
    expect(csrfMatches(csrfToken(csrfSecret(randomBytes), randomBytes), secret)).toBe(false);
  });

  test("refuses every token with a bit flipped", () => {
    const token = Buffer.from(csrfToken(secret, randomBytes), "base64url");
    for (let i = 0; i < token.length * 8; i++) {
      const flipped = Buffer.from(token);
      flipped[i >> 3]! ^= 1 << (i & 7);
      expect(csrfMatches(flipped.toString("base64url"), secret)).toBe(false);
    }
  });

  test.each([
    undefined,
    null,
    "",
    42,
    {},
    [csrfToken(secret, randomBytes)],
    secret,
    `${csrfToken(secret, randomBytes)}A`,
    csrfToken(secret, randomBytes).slice(1),
    "!".repeat(64),
    "é".repeat(64),
  ])("refuses %j", (token) => {
    expect(csrfMatches(token, secret)).toBe(false);
  });

  test("refuses anything when the session has no proper secret", () => {
    expect(csrfMatches("A".repeat(64), "")).toBe(false);
    expect(csrfMatches("A".repeat(64), undefined as never)).toBe(false);
  });

  test("refuses any text that was not made from the secret", () => {
    fc.assert(fc.property(fc.string({ minLength: 60, maxLength: 70 }), (token) => !csrfMatches(token, secret)));
  });
});
