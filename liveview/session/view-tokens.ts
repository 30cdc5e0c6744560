/**
 * The tokens in a view's container: made by the dead render, presented by the join.
 *
 *   data-phx-session   which view this is, and for whose session:  [id, route, live session, binding]
 *   data-phx-static    what the dead render leaves to the join:     [id], or [id, flash]
 *
 * Signed, good for 14 days. The binding ties them to the session cookie, so that a token which leaks is of no use in
 * another visitor's browser. Source: wire protocol 2.3, 5.3.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { asFlash, type Flash, isEmptyFlash, noFlash } from "../view/flash.ts";
import type { TokenSigner } from "./token.ts";

export const viewTokenMaxAgeMs = 14 * 24 * 60 * 60 * 1000;

const sessionPurpose = "live view session";
const staticPurpose = "live view static";

export interface ViewIdentity {
  readonly id: string;
  /** Path of the route, as written in the app. */
  readonly route: string;
  /** Name of its live session. */
  readonly liveSession: string;
}

/** What a join may rely on. */
export interface VerifiedView extends ViewIdentity {
  /** Of the dead render. */
  readonly flash: Flash;
}

/** A digest of a session's secret: proves that two things belong to one session without telling the secret. */
export function sessionBinding(csrfSecret: string): string {
  return createHash("sha256").update(`lintel session binding\0${csrfSecret}`).digest("base64url").slice(0, 16);
}

export function signViewTokens(
  signer: TokenSigner,
  identity: ViewIdentity,
  binding: string,
  flash: Flash = noFlash,
): { session: string; static: string } {
  const { id, route, liveSession } = identity;
  return {
    session: signer.sign(sessionPurpose, [id, route, liveSession, binding]),
    static: isEmptyFlash(flash) ? signStaticToken(signer, id) : signer.sign(staticPurpose, [id, flash]),
  };
}

/** @returns undefined when a token is missing, altered, too old, of another view, or of another session */
export function verifyViewTokens(
  signer: TokenSigner,
  tokens: { session: unknown; static: unknown },
  id: string,
  binding: string,
): VerifiedView | undefined {
  const session = signer.verify(sessionPurpose, tokens.session, { maxAgeMs: viewTokenMaxAgeMs });
  if (!session.ok || !Array.isArray(session.data)) return undefined;
  const [signedId, route, liveSession, signedBinding] = session.data as unknown[];
  if (signedId !== id || typeof route !== "string" || typeof liveSession !== "string") return undefined;
  if (!isSame(signedBinding, binding)) return undefined;
  const flash = staticFlash(signer, tokens.static, id);
  return flash && { id, route, liveSession, flash };
}

/** The static token of a view that is not the page's own: nested ones have only this one in a page. */
export function signStaticToken(signer: TokenSigner, id: string): string {
  return signer.sign(staticPurpose, [id]);
}

/** Is this the static token of that view, or none at all? */
export function isStaticTokenOf(signer: TokenSigner, token: unknown, id: string): boolean {
  return staticFlash(signer, token, id) !== undefined;
}

/** The flash in a static token, empty when there is none; undefined: the token is of another view. */
function staticFlash(signer: TokenSigner, token: unknown, id: string): Flash | undefined {
  if (token === null || token === undefined || token === "") return noFlash;
  const fixed = signer.verify(staticPurpose, token, { maxAgeMs: viewTokenMaxAgeMs });
  return fixed.ok && Array.isArray(fixed.data) && fixed.data[0] === id ? asFlash(fixed.data[1]) : undefined;
}

/** Compared in constant time. */
export function isSame(one: unknown, other: string): boolean {
  if (typeof one !== "string" || one.length !== other.length) return false;
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
