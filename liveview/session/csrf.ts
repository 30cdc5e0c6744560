/**
 * CSRF tokens: proof that a request comes from a page that we gave to this very visitor.
 *
 *   session secret   s                         24 bytes, base64url; lives in the signed session cookie
 *   token            mask ‖ (mask xor s)       48 bytes, base64url; lives in the page
 *
 * The secret itself is never in a page: under compression, a secret that stands beside text which a stranger controls
 * can be guessed byte by byte from lengths (BREACH). A fresh mask makes each token new, and all of them match.
 */
import { timingSafeEqual } from "node:crypto";

/** Bytes that nobody can guess. */
export type RandomBytes = (size: number) => Uint8Array;

const secretBytes = 24;
const secretShape = /^[\w-]{32}$/;
const tokenShape = /^[\w-]{64}$/;

/** Makes the secret of a new session: 32 characters, safe in URLs and cookies. */
export function csrfSecret(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(secretBytes)).toString("base64url");
}

/** Tells whether a value can be a session's CSRF secret. */
export function isCsrfSecret(value: unknown): value is string {
  return typeof value === "string" && secretShape.test(value);
}

/**
 * Makes a token to put into a page: another one at each call.
 *
 * @param sessionSecret as made by `csrfSecret`
 * @returns 64 characters, safe in URLs and attributes
 */
export function csrfToken(sessionSecret: string, randomBytes: RandomBytes): string {
  const token = Buffer.alloc(2 * secretBytes);
  token.set(randomBytes(secretBytes));
  const secret = Buffer.from(sessionSecret, "base64url");
  for (let i = 0; i < secretBytes; i++) token[secretBytes + i] = token[i]! ^ secret[i]!;
  return token.toString("base64url");
}

/**
 * Tells whether a token was made from this session's secret, in a time that says nothing about the secret.
 *
 * @param token whatever the request carried
 */
export function csrfMatches(token: unknown, sessionSecret: string): boolean {
  if (typeof token !== "string" || !tokenShape.test(token) || !isCsrfSecret(sessionSecret)) return false;
  const bytes = Buffer.from(token, "base64url");
  const unmasked = Buffer.alloc(secretBytes);
  for (let i = 0; i < secretBytes; i++) unmasked[i] = bytes[i]! ^ bytes[secretBytes + i]!;
  return timingSafeEqual(unmasked, Buffer.from(sessionSecret, "base64url"));
}
