import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { clockSkewMs, maxTokenLength, SecretError, TokenError, TokenSigner } from "../../liveview/session/token.ts";

const oldSecret = "an-old-secret-of-thirty-two-bytes";
const newSecret = "a-new-secret-of-thirty-two-bytes!";
const day = { maxAgeMs: 86_400_000 };

/** A signer whose clock is `clock.ms`. */
function signerAt(ms: number, secrets: string | string[] = newSecret) {
  const clock = { ms };
  return { clock, signer: new TokenSigner(secrets, () => clock.ms) };
}

describe("TokenSigner", () => {
  test("gives back what it signed, and when", () => {
    const { clock, signer } = signerAt(1_700_000_000_123);
    const token = signer.sign("session", { id: "phx-1", n: [1, null, "é"] });
    clock.ms += 5_000;
    expect(signer.verify("session", token, day)).toEqual({
      ok: true,
      data: { id: "phx-1", n: [1, null, "é"] },
      issuedMs: 1_700_000_000_123,
    });
  });

  test("gives back any JSON, in characters that are safe in URLs, attributes and cookies", () => {
    const { signer } = signerAt(1_000);
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.string(), (data, purpose) => {
        const token = signer.sign(purpose, data as never);
        expect(token).toMatch(/^[\w.-]+$/);
        const result = signer.verify(purpose, token, day);
        expect(result.ok && JSON.stringify(result.data)).toBe(JSON.stringify(data));
      }),
    );
  });

  test("refuses a token made for another purpose", () => {
    const { signer } = signerAt(1_000);
    const token = signer.sign("session", 1);
    expect(signer.verify("flash", token, day)).toEqual({ ok: false, reason: "invalid" });
  });

  test("refuses a token of another secret", () => {
    const token = signerAt(1_000, oldSecret).signer.sign("session", 1);
    expect(signerAt(1_000).signer.verify("session", token, day)).toEqual({ ok: false, reason: "invalid" });
  });

  test("with a key ring, the first secret signs and all of them verify", () => {
    const before = signerAt(1_000, oldSecret).signer;
    const during = signerAt(1_000, [newSecret, oldSecret]).signer;
    const after = signerAt(1_000, newSecret).signer;
    expect(during.verify("session", before.sign("session", "old"), day)).toMatchObject({ ok: true, data: "old" });
    expect(after.verify("session", during.sign("session", "new"), day)).toMatchObject({ ok: true, data: "new" });
    expect(before.verify("session", during.sign("session", "new"), day)).toMatchObject({ ok: false });
  });

  test.each([
    ["as old as allowed", 10_000, "ok"],
    ["a millisecond older", 10_001, "expired"],
    ["from a clock that is ahead within the skew", -clockSkewMs, "ok"],
    ["from further in the future", -clockSkewMs - 1, "invalid"],
  ])("judges a token that is %s", (_, ageMs, verdict) => {
    const { clock, signer } = signerAt(5_000_000);
    const token = signer.sign("session", 1);
    clock.ms += ageMs;
    const result = signer.verify("session", token, { maxAgeMs: 10_000 });
    expect(result.ok ? "ok" : result.reason).toBe(verdict);
  });

  test("keeps a token for ever when asked to", () => {
    const { clock, signer } = signerAt(0);
    const token = signer.sign("session", 1);
    clock.ms = 9e15;
    expect(signer.verify("session", token, { maxAgeMs: Number.POSITIVE_INFINITY }).ok).toBe(true);
  });

  test.each([
    [undefined, "missing"],
    [null, "missing"],
    ["", "missing"],
    ["v2.abcdefgh.1.e30.xxxx", "outdated"],
    ["v0.whatever", "outdated"],
    ["v1.", "invalid"],
    ["v99999.x", "invalid"],
    ["...", "invalid"],
    ["eyJhbGciOiJub25lIn0.e30.", "invalid"],
    [42, "invalid"],
    [{}, "invalid"],
    [["v1.abcdefgh.1.e30.xxxx"], "invalid"],
    ["\0", "invalid"],
  ])("refuses %j as %s", (token, reason) => {
    expect(signerAt(1_000).signer.verify("session", token, day)).toEqual({ ok: false, reason });
  });

  test("accepts none of 200 mutations of a token, nor of all flips of one bit", () => {
    const { signer } = signerAt(1_700_000_000_000);
    const token = signer.sign("session", { user: 7, admin: false });
    const mutations = new Set<string>();
    const bytes = Buffer.from(token);
    for (let i = 0; i < bytes.length; i++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[i]! ^= 1 << bit;
        mutations.add(flipped.toString("latin1"));
      }
      mutations.add(token.slice(0, i));
      mutations.add(token.slice(i + 1));
      mutations.add(`${token.slice(0, i)}A${token.slice(i)}`);
      mutations.add(token.slice(0, i) + token.slice(i + 1));
    }
    const [version, kid, issued, payload, mac] = token.split(".");
    const admin = Buffer.from('{"user":7,"admin":true}').toString("base64url");
    for (const forged of [
      [version, kid, issued, admin, mac],
      [version, kid, "zzzzzzzz", payload, mac],
      [version, "AAAAAAAA", issued, payload, mac],
      [version, kid, issued, payload, createHmac("sha256", newSecret).update(payload!).digest("base64url")],
      [version, kid, issued, payload, `${mac}=`],
      [version, kid, issued, payload, ""],
      [version, kid, issued, payload, "A".repeat(43)],
      ["none", kid, issued, payload, mac],
      [version, kid, issued, `${payload}=`, mac],
      [version, kid, `0${issued}`, payload, mac],
      [version, kid, issued, payload, mac, mac],
      [version, kid, payload, issued, mac],
    ]) {
      mutations.add(forged.join("."));
    }
    for (const padded of [` ${token}`, `${token} `, `${token}\n`, `${token}\0`, token.toUpperCase(), `"${token}"`]) {
      mutations.add(padded);
    }
    mutations.delete(token);
    mutations.delete("");
    expect(mutations.size).toBeGreaterThan(200);
    for (const mutation of mutations) {
      const result = signer.verify("session", mutation, day);
      expect(result.ok ? mutation : result.reason).toMatch(/^(invalid|outdated)$/);
    }
  });

  test("looks at no token that is longer than the cap, and makes none", () => {
    const { signer } = signerAt(1_000);
    const fits = "x".repeat(12_000);
    const token = signer.sign("session", fits);
    expect(token.length).toBeLessThanOrEqual(maxTokenLength);
    expect(signer.verify("session", token, day)).toMatchObject({ ok: true, data: fits });
    expect(() => signer.sign("session", "x".repeat(13_000))).toThrow(TokenError);
    expect(signer.verify("session", `v2.${"x".repeat(maxTokenLength)}`, day)).toMatchObject({ reason: "invalid" });
  });

  test.each([[undefined], [() => 1], [1n]])("refuses to sign %s, which JSON cannot carry", (data) => {
    expect(() => signerAt(1_000).signer.sign("session", data as never)).toThrow(TokenError);
  });

  test.each([
    ["", "got 0 bytes"],
    ["x".repeat(32), undefined],
    ["x".repeat(31), "got 31 bytes"],
    ["é".repeat(16), undefined],
    [[], "got 0 of them"],
    [[newSecret, "short"], "secret 2: expected a string of at least 32 bytes, got 5 bytes"],
    [Array(17).fill(newSecret), "got 17 of them"],
    [undefined, "got undefined"],
    [[undefined], "got a undefined"],
  ])("with secret %j: %s", (secret, problem) => {
    const make = () => new TokenSigner(secret as string, () => 0);
    if (problem === undefined) expect(make).not.toThrow();
    else expect(make).toThrow(problem);
    if (problem !== undefined) expect(make).toThrow(SecretError);
  });

  test("never shows a secret in its errors", () => {
    expect(() => new TokenSigner("hunter2", () => 0)).toThrow(expect.not.stringContaining("hunter2"));
  });

  test.each([-1, Number.NaN])("refuses to verify with a maxAgeMs of %s", (maxAgeMs) => {
    const { signer } = signerAt(1_000);
    expect(() => signer.verify("session", "", { maxAgeMs })).toThrow(OptionError);
  });

  test("still verifies after more purposes than it keeps keys for", () => {
    const { signer } = signerAt(1_000);
    const token = signer.sign("first", 1);
    for (let i = 0; i < 300; i++) signer.sign(`purpose ${i}`, 1);
    expect(signer.verify("first", token, day).ok).toBe(true);
  });
});
