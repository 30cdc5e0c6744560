/**
 * TokenSigner: data that goes to a browser and comes back unchanged, or not at all.
 *
 *   v1 . kid . issued . payload . mac        only A-Z a-z 0-9 - _ and dots: safe in URLs, attributes and cookies
 *    │    │      │         │       └ HMAC-SHA-256 over everything before it, base64url
 *    │    │      │         └ JSON, base64url: signed, not encrypted. The browser can read it
 *    │    │      └ milliseconds since 1970, base 36
 *    │    └ which secret of the key ring signed it
 *    └ version of this format
 *
 *   secret ── HKDF ──▷ one key per purpose        a token made for one purpose is noise to every other
 *
 * Invariants: nothing of a token is decoded before its MAC was found right (compared in constant time); what may be
 * wrong with it is told apart only for the server's own use; there is one algorithm, and a token cannot ask for another.
 * Cost: one HMAC each way, keys are derived once per purpose.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { LintelError, OptionError, shown } from "../../kernel/errors.ts";

/** What JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * `invalid`: not ours, altered, for another purpose, or issued in the future. `expired`: ours, but too old.
 * `outdated`: of another version of this format. `missing`: there was no token.
 */
export type TokenRefusal = "invalid" | "expired" | "outdated" | "missing";

export type TokenResult =
  | { readonly ok: true; readonly data: unknown; readonly issuedMs: number }
  | { readonly ok: false; readonly reason: TokenRefusal };

/** A secret that cannot be trusted with signing. It is thrown when the signer is made, never later. */
export class SecretError extends LintelError {
  override readonly name = "SecretError";
  readonly code = "ERR_SECRET";
}

/** Data that cannot become a token: it is no JSON, or too large. */
export class TokenError extends LintelError {
  override readonly name = "TokenError";
  readonly code = "ERR_TOKEN";
}

/** Longest token that is made, or looked at, in characters. */
export const maxTokenLength = 16_384;

/** How far the clock of another machine of ours may be ahead, in milliseconds. */
export const clockSkewMs = 60_000;

const version = "v1";
const minSecretBytes = 32;
const maxSecrets = 16;
/** Purposes are words of the program, so few; a program that makes them up as it goes pays by deriving again. */
const maxCachedPurposes = 256;

const shape = /^v1\.([\w-]{8})\.([0-9a-z]{1,9})\.([\w-]+)\.([\w-]{43})$/;
const otherVersion = /^v\d{1,4}\./;

/** One secret of the ring, with what was derived from it. */
interface RingKey {
  readonly id: string;
  readonly secret: Buffer;
  readonly byPurpose: Map<string, Buffer>;
}

export class TokenSigner {
  readonly #ring: readonly [RingKey, ...RingKey[]];
  readonly #systemMs: () => number;

  /**
   * @param secrets at least 32 bytes of a secret random string (as UTF-8). A list is a key ring: the first signs, all
   *   verify. To rotate, put the new secret in front, and drop the old one when the oldest token has expired
   * @param systemMs milliseconds since 1970
   * @throws {SecretError} when there is no secret, more than 16, or one that is too short
   */
  constructor(secrets: string | readonly string[], systemMs: () => number) {
    const list = typeof secrets === "string" ? [secrets] : secrets;
    if (!Array.isArray(list) || list.length === 0 || list.length > maxSecrets) {
      const got = Array.isArray(list) ? `${list.length} of them` : typeof secrets;
      throw new SecretError(`TokenSigner: expected a secret or a list of 1 to ${maxSecrets} secrets, got ${got}.`);
    }
    const [first, ...rest] = list.map(ringKey);
    this.#ring = [first!, ...rest];
    this.#systemMs = systemMs;
  }

  /**
   * Makes a token.
   *
   * @param purpose what the token is for, such as `"live session"`; verify with the same
   * @param data readable by whoever holds the token
   * @throws {TokenError} when the data is no JSON, or its token would be longer than 16,384 characters
   */
  sign(purpose: string, data: JsonValue): string {
    const payload = Buffer.from(toJson(purpose, data)).toString("base64url");
    const key = this.#ring[0];
    const head = `${version}.${key.id}.${Math.floor(this.#systemMs()).toString(36)}.${payload}`;
    const token = `${head}.${mac(key, purpose, head)}`;
    if (token.length > maxTokenLength) {
      throw new TokenError(
        `Token for ${shown(purpose)}: expected at most ${maxTokenLength} characters, got ${token.length}. ` +
          "Put an id into the token, and what belongs to it into a store.",
      );
    }
    return token;
  }

  /**
   * Checks a token and gives back what was signed. It takes anything, and throws for nothing that comes from outside.
   *
   * @param purpose the one it was signed with
   * @param token as it came; undefined, null and "" are `missing`
   * @param options.maxAgeMs milliseconds after which it is `expired`; `Infinity` for never
   * @returns the data as `JSON.parse` made it: of the shape that was signed, if all that ever signed for this purpose agree
   * @throws {OptionError} when `maxAgeMs` is negative or no number
   */
  verify(purpose: string, token: unknown, options: { readonly maxAgeMs: number }): TokenResult {
    if (!(options.maxAgeMs >= 0)) {
      throw new OptionError(
        `Token for ${shown(purpose)}: expected maxAgeMs to be 0 or more, got ${shown(options.maxAgeMs)}.`,
      );
    }
    if (token === undefined || token === null || token === "") return refused.missing;
    if (typeof token !== "string" || token.length > maxTokenLength) return refused.invalid;
    const parts = shape.exec(token);
    if (parts === null) {
      return otherVersion.test(token) && !token.startsWith(`${version}.`) ? refused.outdated : refused.invalid;
    }

    const [, id, issued, payload, given] = parts as unknown as [string, string, string, string, string];
    if (!this.#isSigned(purpose, id, token.slice(0, -given.length - 1), given)) return refused.invalid;

    const issuedMs = Number.parseInt(issued, 36);
    const ageMs = this.#systemMs() - issuedMs;
    if (ageMs < -clockSkewMs) return refused.invalid;
    if (ageMs > options.maxAgeMs) return refused.expired;
    return { ok: true, data: JSON.parse(Buffer.from(payload, "base64url").toString()), issuedMs };
  }

  #isSigned(purpose: string, id: string, head: string, given: string): boolean {
    for (const key of this.#ring) {
      if (key.id === id && timingSafeEqual(Buffer.from(mac(key, purpose, head)), Buffer.from(given))) return true;
    }
    return false;
  }
}

const refused = {
  missing: { ok: false, reason: "missing" },
  invalid: { ok: false, reason: "invalid" },
  outdated: { ok: false, reason: "outdated" },
  expired: { ok: false, reason: "expired" },
} as const satisfies Record<TokenRefusal, TokenResult>;

function ringKey(secret: unknown, index: number): RingKey {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : undefined;
  if (bytes === undefined || bytes.length < minSecretBytes) {
    const got = bytes === undefined ? `a ${typeof secret}` : `${bytes.length} bytes`;
    throw new SecretError(
      `TokenSigner secret ${index + 1}: expected a string of at least ${minSecretBytes} bytes, got ${got}. ` +
        "Make one with: openssl rand -base64 48",
    );
  }
  return { id: derive(bytes, "key id", 6).toString("base64url"), secret: bytes, byPurpose: new Map() };
}

/** The MAC as text. Texts are compared, not the bytes they stand for: base64 has several texts for the same bytes. */
function mac(key: RingKey, purpose: string, head: string): string {
  let derived = key.byPurpose.get(purpose);
  if (derived === undefined) {
    if (key.byPurpose.size >= maxCachedPurposes) key.byPurpose.clear();
    derived = derive(key.secret, `purpose:${purpose}`, 32);
    key.byPurpose.set(purpose, derived);
  }
  return createHmac("sha256", derived).update(head).digest("base64url");
}

function derive(secret: Buffer, info: string, size: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "lintel token v1", info, size));
}

function toJson(purpose: string, data: JsonValue): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new TokenError(`Token for ${shown(purpose)}: expected data that JSON can carry.`, { cause });
  }
  if (json === undefined) {
    throw new TokenError(`Token for ${shown(purpose)}: expected data that JSON can carry, got a ${typeof data}.`);
  }
  return json;
}
